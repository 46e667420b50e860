/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before the real <arch/mmu.h> in unit tests: host-physical memory is an arena of the
 * test's address space, see fake_hart.h. An address outside of it stops the test.
 */
#ifndef FAKE_ARCH_MMU_H
#define FAKE_ARCH_MMU_H

#include <core/types.h>

/** Where the arena begins, and its bytes; only what is touched takes memory. */
#define FAKE_ARENA_BASE UINT64_C(0x80000000)
#define FAKE_ARENA_SIZE GIB(8)

extern char *fake_arena;
extern uint64_t mmu_ram_base;

static inline void *hpa_to_hva(hpa_t at)
{
	if (at.v - FAKE_ARENA_BASE >= FAKE_ARENA_SIZE)
		__builtin_trap();
	return fake_arena + (at.v - FAKE_ARENA_BASE);
}

static inline hpa_t hva_to_hpa(const void *at)
{
	uint64_t offset = (uint64_t)((const char *)at - fake_arena);

	if (offset >= FAKE_ARENA_SIZE)
		__builtin_trap();
	return hpa(offset + FAKE_ARENA_BASE);
}

uintptr_t mmu_stack_create(void);

#endif
