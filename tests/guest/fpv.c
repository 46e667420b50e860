/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers of all harts at once: each hart keeps its own pattern in
 * them over timer interrupts, WFI and SBI calls. Run it with more vCPUs than harts.
 * Argument: seconds=<n> (2).
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "fpv";

#define VLENB_MAX 128
#define CSR_VCSR 0x00f

#define FS_CLEAN (2ul << 13)
#define VS_CLEAN (2ul << 9)

void float_load(const uint64_t values[32]);
void float_store(uint64_t values[32]);
void vector_load(const void *bytes);
void vector_store(void *bytes);
unsigned long vector_configure(unsigned long vl, unsigned long vtype);

struct counts {
	unsigned long rounds;
	unsigned long float_errors, fcsr_errors, vector_errors, vcsr_errors;
	unsigned long interrupts;
};

static bool has_float, has_vector;
static unsigned long seconds;
static volatile struct counts counts[MAX_HARTS];
static uint8_t wanted_bytes[MAX_HARTS][32 * VLENB_MAX], found_bytes[MAX_HARTS][32 * VLENB_MAX];

static bool on_timer(struct frame *frame)
{
	(void)frame;
	if (this_hart()->last_cause != IRQ_STI)
		return false;
	sbi_set_timer(time_now() + ticks_per_second / 1000);
	counts[this_hart()->id].interrupts++;
	return true;
}

/* Lets others run, in a different way each round. */
static void pass_time(unsigned long round)
{
	irq_enable();
	switch (round % 4) {
	case 0:
		wfi();
		break;
	case 1:
		delay_us(1500);
		break;
	case 2:
		sbi_call(SBI_BASE, 0, 0, 0, 0);
		break;
	default:
		for (int i = 0; i < 3; i++)
			wfi();
	}
	irq_disable();
}

/* The guest may call its registers clean, or turn the unit off: they keep their values. */
static void status_change(unsigned long round)
{
	if (round % 3 == 1) {
		csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
		csr_set(CSR_SSTATUS, FS_CLEAN | (has_vector ? VS_CLEAN : 0));
	} else if (round % 3 == 2) {
		csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	}
}

static void units_on(void)
{
	csr_set(CSR_SSTATUS, SSTATUS_FS | (has_vector ? SSTATUS_VS : 0));
}

static void fill(unsigned long id, unsigned long round, uint64_t values[32], unsigned long *vl)
{
	for (unsigned int n = 0; n < 32; n++)
		values[n] = (id + 1) << 56 | round << 16 | n << 8 | 0x5a;
	if (has_float) {
		float_load(values);
		csr_write(CSR_FCSR, (id + round) % 5 << 5 | (id * 7 + round) % 32);
	}
	if (has_vector) {
		for (unsigned int i = 0; i < sizeof(wanted_bytes[0]); i++)
			wanted_bytes[id][i] = (uint8_t)(id * 37 + round * 11 + i * 3 + i / 256);
		vector_load(wanted_bytes[id]);
		/* e8 or e16, m1; the length differs by hart */
		*vl = vector_configure(1 + (id + round) % 7, round & 1 ? 8 : 0);
		csr_write(CSR_VCSR, (id + round) % 8);
	}
}

static void compare(unsigned long id, unsigned long round, const uint64_t values[32],
		    unsigned long vl)
{
	volatile struct counts *count = &counts[id];
	uint64_t found[32];

	if (has_float) {
		count->fcsr_errors += csr_read(CSR_FCSR) !=
				      ((id + round) % 5 << 5 | (id * 7 + round) % 32);
		float_store(found);
		count->float_errors += memcmp(found, values, sizeof(found)) != 0;
	}
	if (has_vector) {
		size_t length = 32 * csr_read(CSR_VLENB);

		count->vcsr_errors += csr_read(CSR_VL) != vl ||
				      csr_read(CSR_VTYPE) != (round & 1 ? 8u : 0u) ||
				      csr_read(CSR_VCSR) != (id + round) % 8;
		vector_store(found_bytes[id]);
		count->vector_errors += memcmp(found_bytes[id], wanted_bytes[id], length) != 0;
	}
}

static void keep_registers(void *argument)
{
	unsigned long id = this_hart()->id, vl = 0;
	unsigned long end = time_now() + seconds * ticks_per_second;
	uint64_t values[32];

	(void)argument;
	this_hart()->on_interrupt = on_timer;
	csr_write(CSR_SIE, 1ul << IRQ_STI);
	sbi_set_timer(time_now() + ticks_per_second / 1000);
	do {
		unsigned long round = counts[id].rounds;

		units_on();
		fill(id, round, values, &vl);
		status_change(round);
		pass_time(round);
		units_on();
		compare(id, round, values, vl);
		counts[id].rounds++;
	} while (time_now() < end);
	csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	csr_write(CSR_SIE, 0);
	sbi_set_timer(-1ul);
}

/* What one unit's instructions do with the unit off, and on. */
static void test_off(void)
{
	struct trap trap;

	test_begin("units that are off");
	csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	trap = trap_try((void)csr_read(CSR_FCSR));
	CHECK(trap.count == 1 && trap.cause == CAUSE_ILLEGAL, "fcsr with FS off: %u traps",
	      trap.count);
	if (has_vector) {
		trap = trap_try((void)csr_read(CSR_VCSR));
		CHECK(trap.count == 1 && trap.cause == CAUSE_ILLEGAL, "vcsr with VS off: %u traps",
		      trap.count);
	}
	units_on();
	CHECK_EQ(trap_try((void)csr_read(CSR_FCSR)).count, 0, "traps with FS on");
	csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	test_end();
}

void payload_main(void)
{
	bool ran;

	has_float = fdt_has_extension("d");
	has_vector = fdt_has_extension("v");
	seconds = args_number("seconds", 2);
	if (!has_float) {
		test_begin_if("floating point", false, "no D in the device tree");
		return;
	}
	test_off();
	test_begin(has_vector ? "registers of the F, D and V extensions"
			      : "registers of the F and D extensions");
	if (has_vector) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		if (csr_read(CSR_VLENB) > VLENB_MAX)
			has_vector = false;
		csr_clear(CSR_SSTATUS, SSTATUS_VS);
	}
	ran = harts_run(hart_count, keep_registers, NULL, (unsigned int)seconds + 20);
	CHECK(ran, "a hart did not start or end");
	for (unsigned int i = 0; i < hart_count; i++) {
		volatile struct counts *count = &counts[hart_ids[i]];

		print("  hart %lu: %lu rounds, %lu interrupts", hart_ids[i], count->rounds,
		      count->interrupts);
		CHECK(count->rounds > 0, "hart %lu did nothing", hart_ids[i]);
		CHECK(!count->float_errors, "hart %lu: f registers wrong %lu times", hart_ids[i],
		      count->float_errors);
		CHECK(!count->fcsr_errors, "hart %lu: fcsr wrong %lu times", hart_ids[i],
		      count->fcsr_errors);
		CHECK(!count->vector_errors, "hart %lu: v registers wrong %lu times", hart_ids[i],
		      count->vector_errors);
		CHECK(!count->vcsr_errors, "hart %lu: vector CSRs wrong %lu times", hart_ids[i],
		      count->vcsr_errors);
	}
	test_end();
	test_begin("vector");
	if (!fdt_has_extension("v"))
		test_skip("no V in the device tree");
	else
		CHECK(has_vector, "VLENB is more than %u", VLENB_MAX);
	test_end();
}
