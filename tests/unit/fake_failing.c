/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands between all callers and the allocators (the linker's --wrap), so that one allocation
 * of a sequence can fail. One thread.
 */
#include "fake_hart.h"

#include <core/alloc.h>
#include <core/page.h>

bool __wrap_page_alloc(unsigned int order, hpa_t *page);
bool __real_page_alloc(unsigned int order, hpa_t *page);
void *__wrap_page_alloc_zero(void);
void *__real_page_alloc_zero(void);
void *__wrap_alloc_zero(size_t size);
void *__real_alloc_zero(size_t size);

void (*fake_allocation_hook)(void);

static long left = -1;
static bool failed;

void fake_allocations_fail_after(long count)
{
	left = count;
	failed = false;
}

bool fake_allocation_failed(void)
{
	return failed;
}

static bool fails(void)
{
	bool now = left == 0;

	if (fake_allocation_hook)
		fake_allocation_hook();
	if (left >= 0)
		left--;
	failed |= now;
	return now;
}

bool __wrap_page_alloc(unsigned int order, hpa_t *page)
{
	return !fails() && __real_page_alloc(order, page);
}

void *__wrap_page_alloc_zero(void)
{
	return fails() ? NULL : __real_page_alloc_zero();
}

void *__wrap_alloc_zero(size_t size)
{
	return fails() ? NULL : __real_alloc_zero(size);
}
