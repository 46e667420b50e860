/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small objects: what is bigger than a cache line and smaller than guest memory. Takes
 * LOCK_HEAP, so that it may be called with any lock of a lower rank held.
 */
#ifndef CORE_ALLOC_H
#define CORE_ALLOC_H

#include <stddef.h>

/** @size bytes (> 0), all zero, aligned for any object; NULL when memory is out. Any hart. */
void *alloc_zero(size_t size);

/** Gives back what alloc_zero() returned; NULL is allowed. Any hart. */
void alloc_free(void *p);

#endif
