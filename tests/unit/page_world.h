/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page allocator and its cleaner, whose steps the test makes. Includes the sources, to lay out
 * the banks anew for each test. Owned by the test's main thread.
 */
#ifndef PAGE_WORLD_H
#define PAGE_WORLD_H

#include "fake_hart.h"

#include "../../core/page.c"

#include "../../core/page_clean.c"
#include "../../core/page_owner.c"

#include <pthread.h>

#define BASE FAKE_ARENA_BASE
#define LINKS sizeof(struct list)

/* ---- the cleaner's thread ---- */

static void (*thread_entry)(void *opaque);
static unsigned int woken;
static jmp_buf waits;

struct thread *thread_create_background(const char *name, void (*entry)(void *opaque), void *opaque)
{
	static struct thread thread;

	assert_string_equal(name, "cleaner");
	thread_entry = entry;
	return &thread;
}

void thread_wait(uint64_t deadline)
{
	assert_int_equal(deadline, TIMER_NEVER);
	longjmp(waits, 1);
}

void thread_wake(struct thread *thread)
{
	assert_ptr_equal(thread, cleaner);
	woken++;
}

static inline void cleaner_until_it_waits(void)
{
	if (!setjmp(waits))
		thread_entry(NULL);
}

void log_error(const char *format, ...)
{
}

/* ---- helpers ---- */

static inline int setup(void **state)
{
	fake_hart_reset();
	spin_init(&page_lock, LOCK_PAGES);
	memset(page_banks, 0, sizeof(page_banks));
	page_bank_count = 0;
	page_dirty = (struct page_dirty){ UINT64_MAX, 0 };
	pages_total = pages_free = 0;
	region_count = 0;
	cleaner = NULL;
	woken = 0;
	return 0;
}

static inline int teardown(void **state)
{
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	return 0;
}

static inline uint64_t clean_all(void)
{
	uint64_t steps = 0;

	while (page_clean_step())
		steps++;
	return steps;
}

static inline hpa_t taken(unsigned int order)
{
	hpa_t page;

	assert_true(page_alloc(order, &page));
	return page;
}

static inline void soil(hpa_t page, uint64_t size)
{
	memset(hpa_to_hva(page), 0xa5, size);
}

/* A block of a VM that has written to all of it. */
static inline hpa_t soiled(unsigned int order)
{
	hpa_t page = taken(order);

	page_own(page, PAGE_SIZE << order, page_owner_vm(1));
	soil(page, PAGE_SIZE << order);
	return page;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
