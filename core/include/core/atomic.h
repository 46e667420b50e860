/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores of atomic words. GCC 12 makes an AMO of each atomic store to RISC-V, also of those that
 * are ordered by nothing or by a fence that is there already; these are plain stores.
 */
#ifndef CORE_ATOMIC_H
#define CORE_ATOMIC_H

/** Not torn, and ordered by nothing. */
#define atomic_store_relaxed(at, value) ((void)(*(volatile __typeof__(*(at)) *)(at) = (value)))

/** After everything before it. */
#define atomic_store_release(at, value)                  \
	do {                                             \
		__atomic_thread_fence(__ATOMIC_RELEASE); \
		atomic_store_relaxed(at, value);         \
	} while (0)

#endif
