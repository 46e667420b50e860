/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers as somebody outside sees them: every hart loads known values into all of its registers
 * and stands still. Who watches (tests/system/test_registers.py) reads them, sets others, and lets
 * it go on: it must find exactly those. Then its timers are tried against the clock of the RTC, as
 * the time may have been set, too. Arguments: offset=<ticks> (0) by which the time goes forward.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/spin.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "registers";

#define VLENB_MAX 256
#define CSR_VCSR 0x00f
#define VTYPE_E16_M2 9
#define VTYPE_E64_M1 0x18
#define DEADLINE_LOADED 0x0123456789abcdeful
#define DEADLINE_SET 0x1234ul
#define TIMER_LATE_US 120000000ul /* more than any machine is held up; the time is put by months */
#define STIP (1ul << IRQ_STI)
#define SEIP (1ul << IRQ_SEI)
#define SSIP (1ul << IRQ_SSI)

/* Numbers of registers, as vcpu regs has them. */
#define NUMBER_X(n) (0x01000000u + (n))
#define NUMBER_CSR(n) (0x02000000u + (n))
#define NUMBER_FILE(n) (0x03000000u + (n))
#define NUMBER_F(n) (0x04000000u + (n))
#define NUMBER_V(n) (0x05000000u + (n))

void float_load(const uint64_t values[32]);
void float_store(uint64_t values[32]);
void vector_load(const void *bytes);
void vector_store(void *bytes);
unsigned long vector_configure(unsigned long vl, unsigned long vtype);

enum round { LOADED, SET };

/* What a hart found; and what it loads. */
static struct area {
	struct spin spin;
	uint64_t f[32];
	uint64_t v[32 * VLENB_MAX / 8];
	uint64_t time, rtc;
	uint64_t satp;
	unsigned int errors;
} areas[MAX_HARTS];

static bool has_float, has_vector, has_sstc, has_senvcfg;
static unsigned long offset;
static volatile uint32_t *rtc;

/* The value of a register (or of its 64-bit word @word) in a round: splitmix64 of all that. */
static uint64_t pattern(unsigned long hart, enum round round, uint32_t number, uint64_t word)
{
	uint64_t z = number ^ word << 32 ^ (uint64_t)round << 56 ^ hart << 60;

	z += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t file_pattern(unsigned long hart, enum round round, unsigned int select)
{
	bool first = select == EIP0 || select == EIE0;

	return pattern(hart, round, NUMBER_FILE(select), 0) & ~(uint64_t)first;
}

static uint64_t units(void)
{
	return (has_float ? SSTATUS_FS : 0) | (has_vector ? SSTATUS_VS : 0);
}

static uint64_t sstatus_of(enum round round)
{
	uint64_t uxl_sd = 2ul << 32 | (units() ? 1ul << 63 : 0);

	return uxl_sd | units() |
	       (round == LOADED ? SSTATUS_SUM | SSTATUS_SPIE : SSTATUS_MXR | SSTATUS_SPP);
}

/* ---- loading ---- */

static void file_load(unsigned long id)
{
	if (!aia.has_imsic)
		return;
	ireg_write(EITHRESHOLD, 40);
	for (unsigned int word = 0; word < (aia.ids + 1) / 64; word++) {
		ireg_write(EIE0 + 2 * word, file_pattern(id, LOADED, EIE0 + 2 * word));
		ireg_write(EIP0 + 2 * word, file_pattern(id, LOADED, EIP0 + 2 * word));
	}
	ireg_write(EIDELIVERY, 1);
	csr_write(CSR_SISELECT, EITHRESHOLD);
}

static void units_load(unsigned long id, struct area *area)
{
	if (has_float) {
		for (unsigned int n = 0; n < 32; n++)
			area->f[n] = pattern(id, LOADED, NUMBER_F(n), 0);
		float_load(area->f);
		delay_us(20000); /* others may run: their fcsr must not stay */
		csr_write(CSR_FCSR, 0x5f);
	}
	if (has_vector) {
		size_t words = csr_read(CSR_VLENB) / 8;

		for (unsigned int n = 0; n < 32; n++)
			for (size_t word = 0; word < words; word++)
				area->v[n * words + word] = pattern(id, LOADED, NUMBER_V(n), word);
		vector_load(area->v);
		vector_configure(5, VTYPE_E16_M2);
		delay_us(20000);
		csr_write(CSR_VCSR, 5);
		csr_write(CSR_VSTART, 3);
	}
}

static void csrs_load(unsigned long id)
{
	if (has_sstc)
		csr_write(CSR_STIMECMP, DEADLINE_LOADED);
	else
		sbi_set_timer(DEADLINE_LOADED);
	csr_write(CSR_SIE, SSIP | SEIP);
	csr_set(CSR_SIP, SSIP);
	csr_write(CSR_SCOUNTEREN, 5);
	if (has_senvcfg)
		csr_write(CSR_SENVCFG, 1);
	csr_write(CSR_SEPC, pattern(id, LOADED, NUMBER_CSR(CSR_SEPC), 0) & ~1ul);
	csr_write(CSR_SCAUSE, 5);
	csr_write(CSR_STVAL, pattern(id, LOADED, NUMBER_CSR(CSR_STVAL), 0));
	csr_write(CSR_SSCRATCH, pattern(id, LOADED, NUMBER_CSR(CSR_SSCRATCH), 0));
	csr_clear(CSR_SSTATUS, SSTATUS_MXR | SSTATUS_SPP);
	csr_set(CSR_SSTATUS, SSTATUS_SUM | SSTATUS_SPIE);
}

/* ---- comparing ---- */

static void compare(unsigned long id, const char *name, unsigned int index, uint64_t found,
		    uint64_t wanted)
{
	if (found != wanted && areas[id].errors++ < 8)
		print("  hart %lu: %s%u is %#lx, not %#lx", id, name, index, (unsigned long)found,
		      (unsigned long)wanted);
}

#define CSRS 13

/* All at once, before anything else changes them. */
static void csrs_read(uint64_t found[CSRS])
{
	found[0] = csr_read(CSR_SSTATUS);
	found[1] = csr_read(CSR_SIE);
	found[2] = csr_read(CSR_STVEC);
	found[3] = csr_read(CSR_SCOUNTEREN);
	found[4] = csr_read(CSR_SEPC);
	found[5] = csr_read(CSR_SCAUSE);
	found[6] = csr_read(CSR_STVAL);
	found[7] = csr_read(CSR_SATP);
	found[8] = csr_read(CSR_SIP) & SSIP;
	found[9] = has_senvcfg ? csr_read(CSR_SENVCFG) : 0xf0;
	found[10] = has_sstc ? csr_read(CSR_STIMECMP) : DEADLINE_SET;
	found[11] = aia.has_imsic ? csr_read(CSR_SISELECT) : EIE0;
	found[12] = has_float ? csr_read(CSR_FCSR) : 0x23;
}

static void csrs_compare(unsigned long id, const uint64_t found[CSRS])
{
	static const char *const names[CSRS] = {
		"sstatus ", "sie ", "stvec ",	"scounteren ", "sepc ",	    "scause ", "stval ",
		"satp ",    "sip ", "senvcfg ", "stimecmp ",   "siselect ", "fcsr ",
	};
	const uint64_t wanted[CSRS] = {
		sstatus_of(SET),
		STIP,
		0xffffffff80001001,
		2,
		pattern(id, SET, NUMBER_CSR(CSR_SEPC), 0) & ~1ul,
		1ul << 63 | 9,
		pattern(id, SET, NUMBER_CSR(CSR_STVAL), 0),
		areas[id].satp,
		0,
		0xf0,
		DEADLINE_SET,
		EIE0,
		0x23,
	};

	for (unsigned int i = 0; i < CSRS; i++)
		compare(id, names[i], i, found[i], wanted[i]);
}

static void units_compare(unsigned long id, struct area *area)
{
	if (has_float) {
		float_store(area->f);
		for (unsigned int n = 0; n < 32; n++)
			compare(id, "f", n, area->f[n], pattern(id, SET, NUMBER_F(n), 0));
	}
	if (has_vector) {
		size_t words = csr_read(CSR_VLENB) / 8;

		compare(id, "vstart ", 0, csr_read(CSR_VSTART), 1);
		compare(id, "vl ", 0, csr_read(CSR_VL), 2);
		compare(id, "vtype ", 0, csr_read(CSR_VTYPE), VTYPE_E64_M1);
		compare(id, "vcsr ", 0, csr_read(CSR_VCSR), 2);
		csr_write(CSR_VSTART, 0);
		vector_store(area->v);
		for (unsigned int n = 0; n < 32; n++)
			for (size_t word = 0; word < words; word++)
				compare(id, "v", n, area->v[n * words + word],
					pattern(id, SET, NUMBER_V(n), word));
	}
}

static void file_compare(unsigned long id)
{
	unsigned int top = 0;

	if (!aia.has_imsic)
		return;
	compare(id, "SEIP ", 0, csr_read(CSR_SIP) & SEIP, SEIP);
	compare(id, "eidelivery ", 0, ireg_read(EIDELIVERY), 1);
	compare(id, "eithreshold ", 0, ireg_read(EITHRESHOLD), 0);
	for (unsigned int word = 0; word < (aia.ids + 1) / 64; word++) {
		uint64_t eip = file_pattern(id, SET, EIP0 + 2 * word);
		uint64_t eie = file_pattern(id, SET, EIE0 + 2 * word);

		compare(id, "eip", 2 * word, ireg_read(EIP0 + 2 * word), eip);
		compare(id, "eie", 2 * word, ireg_read(EIE0 + 2 * word), eie);
		for (unsigned int bit = 0; bit < 64 && !top; bit++)
			if (eip >> bit & eie >> bit & 1)
				top = word * 64 + bit;
	}
	compare(id, "stopei ", 0, csr_read(CSR_STOPEI), top << 16 | top);
	ireg_write(EIDELIVERY, 0);
}

/* ---- timers ---- */

/* A read of the low half latches the high one, for all harts. */
static uint64_t rtc_now(void)
{
	static int latch;
	uint64_t low, high;

	lock(&latch);
	low = rtc[0];
	high = rtc[1];
	unlock(&latch);
	return high << 32 | low;
}

static bool timer_pending(void)
{
	return csr_read(CSR_SIP) & STIP;
}

/* Sleeps for @us by a timer: not too short, and not too long by another clock. */
static void timer_try(unsigned long id, bool by_csr, unsigned long us)
{
	uint64_t began = rtc_now();
	uint64_t deadline = time_now() + us * (ticks_per_second / 1000000), slept;

	if (by_csr)
		csr_write(CSR_STIMECMP, deadline);
	else
		sbi_set_timer(deadline);
	while (!timer_pending())
		wfi();
	slept = (rtc_now() - began) / 1000;
	if (time_now() < deadline || slept + 500 < us || slept > us + TIMER_LATE_US) {
		areas[id].errors++;
		print("  hart %lu: a timer of %lu us came after %lu us, %ld ticks late", id, us,
		      (unsigned long)slept, (long)(time_now() - deadline));
	}
	sbi_set_timer(-1ul);
}

static void timers_try(unsigned long id)
{
	csr_write(CSR_SIE, STIP);
	for (unsigned long us = 1000; us <= 100000; us *= 10) {
		timer_try(id, false, us);
		if (has_sstc)
			timer_try(id, true, us);
	}
	csr_write(CSR_SIE, 0);
}

/* ---- all of it ---- */

static void stand_still(void *argument)
{
	unsigned long id = this_hart()->id;
	struct area *area = &areas[id];
	uint64_t found[CSRS];
	uint64_t began;

	(void)argument;
	for (unsigned int n = 1; n < 32; n++)
		area->spin.loaded[n] = pattern(id, LOADED, NUMBER_X(n), 0);
	print("hart %lu: here %#lx end %#lx area %#lx satp %#lx", id, (unsigned long)spin_here,
	      (unsigned long)spin_end, (unsigned long)area, (unsigned long)area->satp);
	began = time_now();
	csr_set(CSR_SSTATUS, units());
	file_load(id);
	units_load(id, area);
	csrs_load(id);
	spin_run(&area->spin);
	csrs_read(found);
	csr_write(CSR_SSCRATCH, this_hart());
	csr_write(CSR_STVEC, trap_vector);
	for (unsigned int n = 1; n < 32; n++)
		compare(id, "x", n, area->spin.found[n], pattern(id, SET, NUMBER_X(n), 0));
	csrs_compare(id, found);
	units_compare(id, area);
	file_compare(id);
	if (time_now() - began < offset)
		compare(id, "time ", 0, time_now() - began, offset);
	while (!timer_pending()) /* its deadline was set to one that has passed */
		;
	csr_write(CSR_SATP, 0);
	sfence_vma();
	csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
	timers_try(id);
}

void payload_main(void)
{
	unsigned long value;

	has_float = fdt_has_extension("d");
	has_vector = fdt_has_extension("v");
	has_sstc = fdt_has_extension("sstc");
	has_senvcfg = trap_try(value = csr_read(CSR_SENVCFG)).count == 0;
	(void)value;
	rtc = (volatile uint32_t *)fdt_device("google,goldfish-rtc").address;
	offset = args_number("offset", 0);
	aia_init();
	test_begin("registers that were set from outside");
	if (has_vector) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		CHECK(csr_read(CSR_VLENB) <= VLENB_MAX, "VLENB is %lu", csr_read(CSR_VLENB));
		csr_clear(CSR_SSTATUS, SSTATUS_VS);
	}
	for (unsigned int i = 0; i < hart_count; i++)
		areas[hart_ids[i]].satp = SATP_SV39 | (5 + hart_ids[i]) << 44 |
					  (uint64_t)sv39_create_identity() >> 12;
	CHECK(harts_run(hart_count, stand_still, NULL, 600), "a hart did not start or end");
	for (unsigned int i = 0; i < hart_count; i++)
		CHECK(!areas[hart_ids[i]].errors, "hart %lu: %u differ", hart_ids[i],
		      areas[hart_ids[i]].errors);
	test_end();
}
