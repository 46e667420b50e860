/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fake of fake_dbtr.h. One thread, no lock.
 */
#include "fake_dbtr.h"

#include "fake_pmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct fake_dbtr fake_dbtr;

static struct dbtr_entry page;

void fake_dbtr_reset(unsigned int triggers)
{
	memset(&fake_dbtr, 0, sizeof(fake_dbtr));
	fake_hart.arch.dbtr = (struct dbtr_hart){ .page = &page };
	fake_hart.arch.dbtr.triggers = (uint8_t)triggers;
}

unsigned int fake_dbtr_used(void)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < FAKE_TRIGGERS; i++)
		used += fake_dbtr.used[i];
	return used;
}

/* The hypervisor wants V = 1 only, and nothing that ends in debug mode. */
static long install(void)
{
	const uint64_t wrong = TDATA1_DMODE | MCONTROL6_M | MCONTROL6_S | MCONTROL6_U | 15UL << 12;
	unsigned int i = 0;

	assert_int_equal(page.words[1] >> TDATA1_TYPE_SHIFT, 6);
	assert_int_equal(page.words[1] & wrong, 0);
	assert_int_equal(page.words[3], 0);
	if (fake_dbtr.refuse) {
		fake_dbtr.refuse--;
		return SBI_FAILED;
	}
	while (i < fake_hart.arch.dbtr.triggers && fake_dbtr.used[i])
		i++;
	if (i == fake_hart.arch.dbtr.triggers)
		return SBI_FAILED;
	fake_dbtr.used[i] = true;
	fake_dbtr.tdata1[i] = page.words[1] & ~fake_dbtr.lost;
	fake_dbtr.tdata2[i] = page.words[2];
	page.words[0] = i;
	return SBI_SUCCESS;
}

static long read_one(unsigned long base, unsigned long count)
{
	if (base + count >= fake_hart.arch.dbtr.triggers)
		return SBI_BAD_RANGE;
	assert_int_equal(count, 1);
	page = (struct dbtr_entry){ { 1, fake_dbtr.tdata1[base], fake_dbtr.tdata2[base], 0 } };
	return SBI_SUCCESS;
}

static long uninstall(unsigned long base, unsigned long mask)
{
	for (unsigned int i = 0; i < 64; i++) {
		if (!(mask << base >> i & 1))
			continue;
		assert_true(i < FAKE_TRIGGERS && fake_dbtr.used[i]);
		fake_dbtr.used[i] = false;
	}
	return SBI_SUCCESS;
}

struct sbi_result fake_dbtr_call(unsigned long function, unsigned long a0, unsigned long a1)
{
	fake_dbtr.calls++;
	switch (function) {
	case 2:
		return sbi_error(read_one(a0, a1));
	case 3:
		assert_int_equal(a0, 1);
		return sbi_error(install());
	case 5:
		return sbi_error(uninstall(a0, a1));
	}
	fail_msg("function %lu", function);
	return sbi_error(SBI_NOT_SUPPORTED);
}
