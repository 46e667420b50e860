/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hardware counters of SBI PMU count: the work that was done, in the modes that were asked
 * for, and nothing of others; reads from S- and U-mode; overflow interrupts (Sscofpmf). With
 * exact=1 the machine counts instructions (-icount), and counts are compared with those executed.
 */
#include "lib/code.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/pmu.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "counts";

#define LCOFI (1ul << 13)
#define CSR_SCOUNTOVF 0xda0
#define WORK 10000ul
#define WORK_INSTRUCTIONS (2 * WORK)
#define COUNT_BITS 42 /* of what is counted at a time */

static unsigned long present; /* hardware counters, one bit each */
static unsigned long programmable;
static bool exact, filters;
static unsigned long slack;

static void counters_find(void)
{
	for (unsigned long i = 0; i < FIRMWARE_FIRST; i++)
		if (!pmu(PMU_GET_INFO, i, 0, 0, 0, 0).error)
			present |= 1ul << i;
	programmable = present & ~5ul;
	exact = args_number("exact", 0);
	slack = args_number("slack", 6000);
}

/* Counts n rounds of work with a counter that has its event, from `value` on. */
static unsigned long counted(unsigned long counter, unsigned long value, unsigned long n)
{
	unsigned long end;

	CHECK_EQ(pmu_start(counter, value), 0, "start");
	pmu_work(n);
	end = pmu_read(counter);
	CHECK_EQ(pmu_stop(counter, 0), 0, "stop");
	return end - value;
}

static void work_check(unsigned long counter, unsigned long value, const char *what)
{
	unsigned long count = counted(counter, value, WORK);

	CHECK(count > 0, "%s: nothing was counted", what);
	if (exact)
		CHECK(count >= WORK_INSTRUCTIONS && count <= WORK_INSTRUCTIONS + slack,
		      "%s: %lu counted, %lu executed", what, count, WORK_INSTRUCTIONS);
}

static long config(unsigned long set, unsigned long flags, unsigned long event)
{
	long counter = pmu_config(0, set, flags, event);

	CHECK(counter >= 0, "event %#lx: error %ld", event, counter);
	return counter;
}

static void test_work(void)
{
	unsigned long before, after;
	long counter;

	test_begin("instructions of some work");
	counter = config(present, CONFIG_CLEAR, EVENT_INSTRUCTIONS);
	CHECK_EQ(pmu_read(counter), 0, "value before the start");
	work_check(counter, 0, "from 0");
	work_check(counter, 1ul << 40, "from a value");
	before = pmu_read(counter);
	pmu_work(WORK);
	after = pmu_read(counter);
	CHECK_EQ(after, before, "value while it is stopped");
	CHECK_EQ(pmu(PMU_START, counter, 1, 0, 0, 0).error, 0, "start without a value");
	pmu_work(WORK);
	pmu_stop(counter, 0);
	after = pmu_read(counter);
	CHECK(after > before, "it did not go on");
	if (exact)
		CHECK(after - before >= WORK_INSTRUCTIONS &&
			      after - before <= WORK_INSTRUCTIONS + slack,
		      "%lu counted", after - before);
	CHECK_EQ(pmu_stop(counter, STOP_RESET), SBI_ERR_ALREADY_STOPPED, "reset");
	test_end();

	test_begin("cycles");
	counter = config(present, CONFIG_CLEAR | CONFIG_AUTO_START, EVENT_CYCLES);
	pmu_work(WORK);
	CHECK(pmu_read(counter) > 0, "nothing was counted");
	CHECK_EQ(pmu_stop(counter, STOP_RESET), 0, "stop");
	test_end();
}

static void test_fixed(void)
{
	test_begin("cycle and instret");
	for (unsigned long counter = 0; counter <= 2; counter += 2) {
		unsigned long event = counter ? EVENT_INSTRUCTIONS : EVENT_CYCLES;
		unsigned long before = pmu_read(counter);

		pmu_work(WORK);
		CHECK(pmu_read(counter) > before, "the hart's own stands still");
		CHECK_EQ(pmu_config(counter, 1, CONFIG_SKIP_MATCH | CONFIG_CLEAR, event), counter,
			 "counter");
		CHECK_EQ(pmu_read(counter), 0, "value before the start");
		work_check(counter, 0, "from 0");
		work_check(counter, 12345, "from a value");
		before = pmu_read(counter);
		pmu_work(WORK);
		CHECK_EQ(pmu_read(counter), before, "value while it is stopped");
		CHECK_EQ(pmu_config(counter, 1, 0, 3 - event), SBI_ERR_NOT_SUPPORTED,
			 "the other's event");
		CHECK_EQ(pmu_stop(counter, STOP_RESET), SBI_ERR_ALREADY_STOPPED, "reset");
		before = pmu_read(counter);
		pmu_work(WORK);
		CHECK(pmu_read(counter) > before, "the hart's own stands still afterwards");
	}
	test_end();
}

/* Rounds of work in U-mode, counted by a counter that runs. */
static unsigned long counted_user(unsigned long counter)
{
	/* addi a0, a0, -1; bnez a0, -4 */
	static const uint32_t loop[] = { 0xfff50513, 0xfe051ee3 };
	struct frame frame = { .x = { [10] = WORK } };

	CHECK_EQ(pmu_start(counter, 0), 0, "start");
	CHECK(code_run(&frame, loop, 2, true), "cause %lu in U-mode", frame.cause);
	CHECK_EQ(pmu_stop(counter, 0), 0, "stop");
	return pmu_read(counter);
}

static void test_modes(void)
{
	unsigned long all, user, supervisor;
	long counter;

	if (!test_begin_if("S- and U-mode", programmable, "no counter that can tell modes apart"))
		return;
	counter = pmu_config(0, programmable, CONFIG_SINH | CONFIG_UINH, EVENT_INSTRUCTIONS);
	filters = counter >= 0 && counted(counter, 0, WORK) == 0;
	if (!filters) {
		test_skip("harts that cannot tell modes apart");
		test_end();
		return;
	}
	CHECK_EQ(counted_user(counter), 0, "what counts nowhere");
	pmu_stop(counter, STOP_RESET);
	counter = config(programmable, CONFIG_SINH, EVENT_INSTRUCTIONS);
	CHECK_EQ(counted(counter, 0, WORK), 0, "S-mode of what counts U-mode");
	user = counted_user(counter);
	CHECK(user > 0, "U-mode of what counts U-mode is 0");
	pmu_stop(counter, STOP_RESET);
	counter = config(programmable, CONFIG_UINH, EVENT_INSTRUCTIONS);
	supervisor = counted_user(counter);
	CHECK(counted(counter, 0, WORK) > 0, "S-mode of what counts S-mode is 0");
	pmu_stop(counter, STOP_RESET);
	counter = config(programmable, 0, EVENT_INSTRUCTIONS);
	all = counted_user(counter);
	if (exact) {
		CHECK(user >= WORK_INSTRUCTIONS && user <= WORK_INSTRUCTIONS + 10, "user %lu",
		      user);
		CHECK(supervisor > 0 && supervisor < slack, "supervisor %lu", supervisor);
		CHECK(all >= user && all <= user + slack, "all %lu", all);
	}
	pmu_stop(counter, STOP_RESET);
	test_end();
}

/* csrr a0, csr in U-mode; true when it was allowed. */
static bool user_reads(unsigned int csr)
{
	struct frame frame = code_one(code_csr(2, csr, 10, 0), 0, 0, true);

	if (!code_completed(&frame))
		CHECK_EQ(frame.cause, CAUSE_ILLEGAL, "cause");
	return code_completed(&frame);
}

static void test_reads(void)
{
	long counter;
	struct trap trap;

	test_begin("who reads counters");
	counter = config(present, CONFIG_CLEAR, EVENT_INSTRUCTIONS);
	for (unsigned int started = 0; started < 2; started++) {
		csr_write(CSR_SCOUNTEREN, 0);
		CHECK(!user_reads(CSR_CYCLE + (unsigned int)counter), "U-mode reads it");
		csr_write(CSR_SCOUNTEREN, 1ul << counter);
		CHECK(user_reads(CSR_CYCLE + (unsigned int)counter), "U-mode does not read it");
		pmu_start(counter, 0);
	}
	pmu_stop(counter, STOP_RESET);
	csr_write(CSR_SCOUNTEREN, 7);
	for (unsigned int i = 3; i < 19; i++) {
		unsigned long value = 1;

		trap = trap_try(value = pmu_read(i));
		if (!(present >> i & 1))
			CHECK(trap.count == 1 && trap.cause == CAUSE_ILLEGAL, "counter %u is read",
			      i);
		else
			CHECK(!trap.count && (value == 0 || (long)i == counter),
			      "counter %u, of no event: %lu", i, value);
	}
	trap = trap_try(csr_write(0xc03, 1));
	CHECK_EQ(trap.cause, CAUSE_ILLEGAL, "cause of a write");
	CHECK(!user_reads(CSR_SCOUNTOVF), "U-mode reads scountovf");
	test_end();
}

/* All that there are, at once; then none is left. */
static void test_all(void)
{
	unsigned long used = 0, sum = 0;
	long counter;

	test_begin("all counters at once");
	while ((counter = pmu_config(0, present, CONFIG_CLEAR, EVENT_INSTRUCTIONS)) >= 0 ||
	       (counter = pmu_config(0, present, CONFIG_CLEAR, EVENT_CYCLES)) >= 0) {
		CHECK(!(used >> counter & 1), "counter %ld twice", counter);
		used |= 1ul << counter;
	}
	CHECK_EQ(used & 5, 5, "cycle and instret");
	if (filters)
		CHECK_EQ(used, present, "counters in use");
	CHECK_EQ(pmu(PMU_START, 0, used, START_SET_VALUE, 0, 0).error, 0, "start of all");
	pmu_work(WORK);
	CHECK_EQ(pmu(PMU_STOP, 0, used, 0, 0, 0).error, 0, "stop of all");
	/* Of counters with the same event, QEMU moves only one. */
	CHECK(pmu_read(0) > 0 && pmu_read(2) > 0, "cycle or instret is 0");
	for (unsigned long left = used & programmable; left; left &= left - 1)
		sum += pmu_read((unsigned long)__builtin_ctzl(left));
	CHECK(sum > 0 || !(used & programmable), "all others are 0");
	pmu(PMU_STOP, 0, used, STOP_RESET, 0, 0);
	test_end();
}

/* ---- overflow ---- */

static volatile unsigned long overflows, overflowed;

static bool on_overflow(struct frame *frame)
{
	(void)frame;
	if (this_hart()->last_cause != 13)
		return false;
	overflowed = csr_read(CSR_SCOUNTOVF);
	overflows++;
	csr_clear(CSR_SIP, LCOFI);
	return true;
}

/* Whether so many interrupts were taken; for 0, whether one is pending. */
static bool overflows_came(unsigned long count)
{
	return count ? overflows >= count : (csr_read(CSR_SIP) & LCOFI) != 0;
}

/*
 * Works until then, with a counter that was started at @value. Without -icount QEMU loses an
 * overflow when its own timer comes after the counter was stopped, with the vCPU for example: no
 * other comes until the counter is started again.
 */
static void work_until(unsigned long counter, unsigned long value, unsigned long count)
{
	unsigned long end = time_now() + WAIT_TICKS(5);

	while (!overflows_came(count) && time_now() < end) {
		unsigned long before = overflows, later = time_now() + ticks_per_second / 5;

		while (!overflows_came(count) && overflows == before &&
		       time_now() < (exact ? end : later))
			pmu_work(WORK);
		if (overflows_came(count) || overflows != before)
			continue;
		irq_disable();
		pmu_stop(counter, 0);
		if (overflows == before && !(csr_read(CSR_SIP) & LCOFI))
			pmu_start(counter, value);
		if (count)
			irq_enable();
	}
}

static void test_overflow(void)
{
	unsigned long bit;
	long counter;

	test_begin("overflow");
	if (!fdt_has_extension("sscofpmf")) {
		struct trap trap = trap_try(csr_set(CSR_SIE, LCOFI));

		CHECK(trap.count || !(csr_read(CSR_SIE) & LCOFI), "sie has LCOFI");
		test_skip("no sscofpmf in the device tree");
		test_end();
		return;
	}
	this_hart()->on_interrupt = on_overflow;
	counter = config(programmable, CONFIG_CLEAR, EVENT_INSTRUCTIONS);
	bit = 1ul << counter;
	csr_clear(CSR_SIP, LCOFI);
	CHECK_EQ(csr_read(CSR_SCOUNTOVF), 0, "scountovf before");
	csr_set(CSR_SIE, LCOFI);
	CHECK(csr_read(CSR_SIE) & LCOFI, "sie has no LCOFI");
	pmu_start(counter, -(WORK_INSTRUCTIONS * 3));
	irq_enable();
	work_until(counter, -(WORK_INSTRUCTIONS * 3), 1);
	irq_disable();
	CHECK_EQ(overflows, 1, "interrupts");
	CHECK_EQ(overflowed, bit, "scountovf in the handler");
	CHECK((long)pmu_read(counter) >= 0, "value %#lx after it ran over", pmu_read(counter));
	CHECK_EQ(csr_read(CSR_SCOUNTOVF), bit, "scountovf afterwards");
	CHECK(!(csr_read(CSR_SIP) & LCOFI), "sip after the handler");
	pmu_stop(counter, 0);
	CHECK_EQ(csr_read(CSR_SCOUNTOVF), bit, "scountovf after the stop");
	pmu_start(counter, 0);
	CHECK_EQ(csr_read(CSR_SCOUNTOVF), 0, "scountovf after a start");
	pmu_stop(counter, 0);
	/* Disabled: it stays pending, and wakes nobody until it is enabled. */
	csr_clear(CSR_SIE, LCOFI);
	pmu_start(counter, -WORK_INSTRUCTIONS);
	work_until(counter, -WORK_INSTRUCTIONS, 0);
	CHECK(overflows_came(0), "it does not become pending");
	pmu_stop(counter, 0);
	csr_set(CSR_SIE, LCOFI);
	wfi();
	irq_enable();
	irq_disable();
	CHECK_EQ(overflows, 2, "interrupts of one that was pending");
	csr_clear(CSR_SIE, LCOFI);
	pmu_stop(counter, STOP_RESET);
	test_end();
}

/* Sampling: each interrupt starts the counter anew. */
static volatile long sampler;

static bool on_sample(struct frame *frame)
{
	bool ok = on_overflow(frame);

	pmu_stop((unsigned long)sampler, 0);
	pmu_start((unsigned long)sampler, -(WORK_INSTRUCTIONS * 5));
	return ok;
}

static void test_sampling(void)
{
	if (!test_begin_if("sampling", fdt_has_extension("sscofpmf"),
			   "no sscofpmf in the device tree"))
		return;
	this_hart()->on_interrupt = on_sample;
	overflows = 0;
	sampler = config(programmable, 0, EVENT_INSTRUCTIONS);
	csr_set(CSR_SIE, LCOFI);
	pmu_start((unsigned long)sampler, -(WORK_INSTRUCTIONS * 5));
	irq_enable();
	work_until((unsigned long)sampler, -(WORK_INSTRUCTIONS * 5), 50);
	irq_disable();
	CHECK(overflows >= 50, "%lu samples", overflows);
	csr_clear(CSR_SIE, LCOFI);
	pmu_stop((unsigned long)sampler, STOP_RESET);
	csr_clear(CSR_SIP, LCOFI);
	test_end();
}

/* ---- others ---- */

static unsigned long bad[MAX_HARTS];

/* Each hart counts its own work, while others that share the machine's harts count theirs. */
static void hart_count_work(void *argument)
{
	unsigned long id = this_hart()->id, rounds = args_number("rounds", 40);
	long counter = pmu_config(0, present, CONFIG_CLEAR, EVENT_INSTRUCTIONS);
	unsigned long n = WORK * 10;

	(void)argument;
	bad[id] = counter < 0;
	for (unsigned long i = 0; i < rounds && counter >= 0; i++) {
		unsigned long count;

		/* Without -icount QEMU counts its host's ticks, and goes on while it is held up. */
		pmu_start((unsigned long)counter, i << COUNT_BITS);
		pmu_work(n);
		pmu_stop((unsigned long)counter, 0);
		count = pmu_read((unsigned long)counter) - (i << COUNT_BITS);
		bad[id] += count == 0 || count >> COUNT_BITS;
		/* What the hypervisor does for a preempted guest is not the guest's. */
		if (exact)
			bad[id] += count < 2 * n || (filters && count > 2 * n + 200);
	}
	if (counter >= 0)
		pmu_stop((unsigned long)counter, STOP_RESET);
}

static void test_harts(void)
{
	test_begin("all harts count their own");
	CHECK(harts_run(hart_count, hart_count_work, NULL, 60), "a hart did not end");
	for (unsigned int i = 0; i < hart_count; i++)
		CHECK(!bad[hart_ids[i]], "hart %lu: %lu counts are wrong", hart_ids[i],
		      bad[hart_ids[i]]);
	test_end();
}

/* Leaves its counters running, for whoever comes next to this machine's harts. */
static void leave_running(void)
{
	pmu(PMU_CONFIG, 0, present, CONFIG_AUTO_START, EVENT_INSTRUCTIONS, 0);
	pmu(PMU_CONFIG, 0, present, CONFIG_AUTO_START, EVENT_CYCLES, 0);
	pmu(PMU_CONFIG, 0, present, CONFIG_AUTO_START, EVENT_DTLB_READ_MISS, 0);
}

void payload_main(void)
{
	if (!sbi_probe(SBI_PMU) || sbi_is_bare()) {
		test_begin_if("counts", false,
			      sbi_is_bare() ? "OpenSBI numbers its counters otherwise" : "no PMU");
		return;
	}
	counters_find();
	test_work();
	test_fixed();
	test_modes();
	test_reads();
	test_all();
	test_overflow();
	test_sampling();
	test_harts();
	leave_running();
}
