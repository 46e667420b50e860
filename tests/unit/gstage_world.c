/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "gstage_world.h"

#include <core/page.h>

struct gstage gstage;
uint64_t free_before;

int gstage_setup(void **state)
{
	free_before = walker_memory();
	memset(&gstage, 0, sizeof(gstage));
	return 0;
}

int gstage_teardown(void **state)
{
	assert_int_equal(page_free_count(), free_before);
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	return 0;
}

uint64_t gstage_digest(void)
{
	struct walker_sweep sweep = walker_sweep(&gstage, NULL, NULL);

	assert_int_equal(page_free_count() + sweep.pages, free_before);
	return sweep.digest;
}
