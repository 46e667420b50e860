/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address kinds of a hypervisor as distinct types, so that mixing them does not compile,
 * and the few helpers that everything uses. No lock: all of it is pure.
 */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Guest-virtual address. */
typedef struct {
	uint64_t v;
} gva_t;

/** Guest-physical address. */
typedef struct {
	uint64_t v;
} gpa_t;

/** Host-physical address. A hypervisor-virtual address (hva) is a plain pointer. */
typedef struct {
	uint64_t v;
} hpa_t;

static inline gva_t gva(uint64_t v)
{
	return (gva_t){ v };
}

static inline gpa_t gpa(uint64_t v)
{
	return (gpa_t){ v };
}

static inline hpa_t hpa(uint64_t v)
{
	return (hpa_t){ v };
}

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE_SHIFT 12
#define PAGE_SIZE KIB(4)

#define BIT(n) (UINT64_C(1) << (n))
/** Bits @low to @high, both included. */
#define GENMASK(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/** For what is rare: its stack frame, with its guard, does not burden the caller. */
#define NOINLINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline)) /* also in light functions */

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/** @align is a power of two. */
static inline uint64_t align_down(uint64_t v, uint64_t align)
{
	return v & ~(align - 1);
}

/** @align is a power of two; the caller makes sure that v + align does not wrap. */
static inline uint64_t align_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline bool is_aligned(uint64_t v, uint64_t align)
{
	return (v & (align - 1)) == 0;
}

/**
 * Masks an index that a guest chose, so that no speculative access goes out of bounds.
 * Returns @index when @index < @size, otherwise 0, without a branch. @size <= 2^63.
 */
static inline uint64_t index_mask(uint64_t index, uint64_t size)
{
	uint64_t mask;

	/* Hides what the compiler knows from the caller's bounds check: it would fold the mask. */
	__asm__("" : "+r"(index));
	mask = (uint64_t)((int64_t)(index - size) >> 63) & ~(uint64_t)((int64_t)index >> 63);
	__asm__("" : "+r"(mask));
	return index & mask;
}

#endif
