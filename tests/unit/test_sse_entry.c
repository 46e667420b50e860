/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of what software events do to vCPUs (SBI 3.0, "Software Event Injection", "Software Event
 * Completion", "Software Event Priority"): registers, nesting, which vCPU gets a global event,
 * suspended and stopped vCPUs, double traps.
 */
#include "fake_sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SPP SSTATUS_SPP
#define SPIE SSTATUS_SPIE
#define SIE SSTATUS_SIE
#define SPELP SSTATUS_SPELP
#define SDT SSTATUS_SDT
#define OTHERS (SSTATUS_UXL_64 | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_FS)

/* ---- registers ------------------------------------------------------------------------------- */

/** What is interrupted: the guest's sstatus, and (of the hypervisor's) mode and landing pad. */
struct interrupted {
	uint64_t vsstatus, sstatus;
};

static void interrupted_set(const struct interrupted *now)
{
	fake.csrs[CSR_VSSTATUS] = now->vsstatus;
	fake.csrs[CSR_SSTATUS] = now->sstatus;
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV | (now->sstatus & SPP ? HSTATUS_SPVP : 0);
	fake.csrs[CSR_SEPC] = 0x8000aaaa;
	fake.csrs[CSR_VSEPC] = 0xffffffff80001234;
	fake.vcpus[2].arch.regs[REG_A6] = 0x66;
	fake.vcpus[2].arch.regs[REG_A7] = 0x77;
}

/** The combination @n of all bits that matter, in a vCPU with double traps (@dte) or without. */
static struct interrupted combination(unsigned int n, bool dte)
{
	struct interrupted now = { OTHERS, SSTATUS_UXL_64 | SPIE };

	now.vsstatus |= (n & 1 ? SPP : 0) | (n & 2 ? SPIE : 0) | (n & 4 ? SIE : 0);
	now.vsstatus |= (n & 8 ? SPELP : 0) | (n & 16 && dte ? SDT : 0);
	now.sstatus |= (n & 32 ? SPP : 0) | (n & 64 ? SPELP : 0);
	return now;
}

static void entry_is_checked(const struct interrupted *from, bool dte)
{
	const uint64_t *regs = fake.vcpus[2].arch.regs;
	uint64_t flags = (from->vsstatus & SPP ? 1 : 0) | (from->vsstatus & SPIE ? 2 : 0) |
			 (from->vsstatus & SPELP ? 16 : 0) | (from->vsstatus & SDT ? 32 : 0);
	uint64_t vsstatus = OTHERS | (from->sstatus & SPP) | (from->sstatus & SPELP) |
			    (from->vsstatus & SIE ? SPIE : 0) | (dte ? SDT : 0);
	const struct sse_event *event = sse_event(&fake.vcpus[2], SSE_SOFTWARE_LOCAL);

	assert_int_equal(regs[REG_A6], 2);
	assert_int_equal(regs[REG_A7], LOCAL);
	assert_int_equal(fake.csrs[CSR_SEPC], ENTRY);
	assert_int_equal(fake.csrs[CSR_VSEPC], 0x8000aaaa);
	assert_int_equal(fake.csrs[CSR_VSSTATUS], vsstatus);
	assert_int_equal(fake.csrs[CSR_SSTATUS], SSTATUS_UXL_64 | SPIE | SPP);
	assert_int_equal(fake.csrs[CSR_HSTATUS], HSTATUS_SPV | HSTATUS_SPVP);
	assert_int_equal(event->attributes[SSE_INTERRUPTED_SEPC], 0xffffffff80001234);
	assert_int_equal(event->attributes[SSE_INTERRUPTED_FLAGS], flags);
	assert_int_equal(event->attributes[SSE_INTERRUPTED_A6], 0x66);
	assert_int_equal(event->attributes[SSE_INTERRUPTED_A7], 0x77);
}

static void entry_and_end_of_a_handler(void **state)
{
	for (unsigned int n = 0; n < 256; n++) {
		bool dte = n & 128;
		struct interrupted from = combination(n, dte);
		const uint64_t *regs = fake.vcpus[2].arch.regs;

		fake_sse_setup(state);
		fake_sse_double_trap(dte);
		bring(2, LOCAL, SSE_ENABLED);
		sse(2, FID_UNMASK, 0, 0, 0, 0, 0);
		sse(0, FID_INJECT, LOCAL, 2, 0, 0, 0);
		interrupted_set(&from);
		settle();
		entry_is_checked(&from, dte);
		complete(2);
		assert_int_equal(fake.csrs[CSR_SEPC], 0x8000aaaa);
		assert_int_equal(fake.csrs[CSR_VSEPC], 0xffffffff80001234);
		assert_int_equal(fake.csrs[CSR_VSSTATUS], from.vsstatus);
		assert_int_equal(fake.csrs[CSR_SSTATUS], from.sstatus);
		assert_int_equal(fake.csrs[CSR_HSTATUS],
				 HSTATUS_SPV | (from.sstatus & SPP ? HSTATUS_SPVP : 0));
		assert_int_equal(regs[REG_A6], 0x66);
		assert_int_equal(regs[REG_A7], 0x77);
	}
}

static void handler_may_change_where_it_ends(void **state)
{
	uint64_t values[] = { 0x4444, SSE_FLAGS, 6, 7 };

	bring(2, LOCAL, SSE_RUNNING);
	fake_sse_put(values, 4);
	assert_int_equal(sse(2, FID_WRITE, LOCAL, SSE_INTERRUPTED_SEPC, 4, FAKE_RAM_BASE, 0), 0);
	fake.csrs[CSR_VSEPC] = 0x5554;
	fake.csrs[CSR_VSSTATUS] = OTHERS | SPIE;
	complete(2);
	assert_int_equal(fake.csrs[CSR_SEPC], 0x5554);
	assert_int_equal(fake.csrs[CSR_VSEPC], 0x4444);
	/* Of the flags those of the hypervisor extension mean nothing. */
	assert_int_equal(fake.csrs[CSR_VSSTATUS], OTHERS | SIE | SPP | SPIE | SPELP | SDT);
	assert_int_equal(fake.csrs[CSR_SSTATUS] & SPP, 0);
	assert_int_equal(fake.vcpus[2].arch.regs[REG_A6], 6);
	assert_int_equal(fake.vcpus[2].arch.regs[REG_A7], 7);
	/* Without double traps SDT is no bit of vsstatus. */
	fake_sse_double_trap(false);
	sse(2, FID_INJECT, LOCAL, 2, 0, 0, 0);
	settle();
	assert_int_equal(set(2, LOCAL, SSE_INTERRUPTED_FLAGS, SSE_FLAGS), 0);
	fake.csrs[CSR_VSSTATUS] = OTHERS;
	complete(2);
	assert_int_equal(fake.csrs[CSR_VSSTATUS], OTHERS | SPP | SPIE | SPELP);
}

/* ---- priorities ------------------------------------------------------------------------------ */

static const uint32_t events[] = { DOUBLE_TRAP, PMU_OVERFLOW, LOCAL, GLOBAL };

/** Whether event @a of priority @pa goes before @b of priority @pb. */
static bool before(uint32_t a, uint64_t pa, uint32_t b, uint64_t pb)
{
	return pa != pb ? pa < pb : a < b;
}

static void two_are_brought(void **state, uint32_t a, uint64_t pa, uint32_t b, uint64_t pb)
{
	fake_sse_setup(state);
	assert_int_equal(set(0, a, SSE_PRIORITY, pa), 0);
	assert_int_equal(set(0, b, SSE_PRIORITY, pb), 0);
	bring(0, a, SSE_ENABLED);
	bring(0, b, SSE_ENABLED);
	sse(0, FID_UNMASK, 0, 0, 0, 0, 0);
}

static void of_two_pending_events_the_first_in_order_runs(void **state, uint32_t a, uint64_t pa,
							  uint32_t b, uint64_t pb)
{
	bool first = before(a, pa, b, pb);

	two_are_brought(state, a, pa, b, pb);
	sse(0, FID_INJECT, a, 0, 0, 0, 0);
	sse(0, FID_INJECT, b, 0, 0, 0, 0);
	settle();
	assert_int_equal(status(0, first ? a : b), SSE_RUNNING);
	assert_int_equal(status(0, first ? b : a), SSE_ENABLED | SSE_STATUS_PENDING);
	complete(0);
	settle();
	assert_int_equal(status(0, first ? a : b), SSE_ENABLED);
	assert_int_equal(status(0, first ? b : a), SSE_RUNNING);
}

static void running_event_is_preempted_by_one_before_it(void **state, uint32_t a, uint64_t pa,
							uint32_t b, uint64_t pb)
{
	bool preempts = before(b, pb, a, pa);

	two_are_brought(state, a, pa, b, pb);
	sse(0, FID_INJECT, a, 0, 0, 0, 0);
	settle();
	sse(0, FID_INJECT, b, 0, 0, 0, 0);
	settle();
	assert_int_equal(status(0, a), SSE_RUNNING);
	assert_int_equal(status(0, b), preempts ? SSE_RUNNING : SSE_ENABLED | SSE_STATUS_PENDING);
	complete(0);
	assert_int_equal(status(0, a), preempts ? SSE_RUNNING : SSE_ENABLED);
	settle();
	assert_int_equal(status(0, b), preempts ? SSE_ENABLED : SSE_RUNNING);
}

static void events_run_by_priority_and_then_by_id(void **state)
{
	static const uint64_t priorities[] = { 0, 1, 7, UINT32_MAX };
	unsigned int count = ARRAY_SIZE(priorities);

	for (unsigned int a = 0; a < ARRAY_SIZE(events); a++)
		for (unsigned int b = 0; b < ARRAY_SIZE(events); b++)
			for (unsigned int p = 0; a != b && p < count * count; p++) {
				uint64_t pa = priorities[p / count], pb = priorities[p % count];

				of_two_pending_events_the_first_in_order_runs(state, events[a], pa,
									      events[b], pb);
				running_event_is_preempted_by_one_before_it(state, events[a], pa,
									    events[b], pb);
			}
}

static void nested_handlers_end_in_the_reverse_order(void **state)
{
	for (unsigned int i = 0; i < 4; i++)
		bring(1, events[i], SSE_ENABLED);
	sse(1, FID_UNMASK, 0, 0, 0, 0, 0);
	/* The last one goes first. */
	for (unsigned int i = 0; i < 4; i++) {
		sse(1, FID_INJECT, events[3 - i], 1, 0, 0, 0);
		fake.csrs[CSR_SEPC] = 0x1000 * (i + 1);
		settle();
		assert_int_equal(fake.csrs[CSR_SEPC], ENTRY);
		assert_int_equal(fake.csrs[CSR_VSEPC], 0x1000 * (i + 1));
	}
	for (unsigned int i = 4; i > 0; i--) {
		for (unsigned int e = 0; e < 4; e++)
			assert_int_equal(status(1, events[3 - e]),
					 e < i ? SSE_RUNNING : SSE_ENABLED);
		complete(1);
		settle();
		assert_int_equal(fake.csrs[CSR_SEPC], 0x1000 * i);
	}
	assert_int_equal(sse(1, FID_COMPLETE, 0, 0, 0, 0, 0), SBI_SUCCESS);
}

static void masked_hart_ends_its_handler_and_begins_none(void **state)
{
	bring(0, LOCAL, SSE_RUNNING);
	assert_int_equal(sse(0, FID_MASK, 0, 0, 0, 0, 0), SBI_SUCCESS);
	bring(0, DOUBLE_TRAP, SSE_ENABLED);
	sse(0, FID_INJECT, DOUBLE_TRAP, 0, 0, 0, 0);
	sse(0, FID_INJECT, LOCAL, 0, 0, 0, 0);
	settle();
	assert_int_equal(status(0, DOUBLE_TRAP), SSE_ENABLED | SSE_STATUS_PENDING);
	complete(0);
	settle();
	assert_int_equal(status(0, LOCAL), SSE_ENABLED | SSE_STATUS_PENDING);
	sse(0, FID_UNMASK, 0, 0, 0, 0, 0);
	settle();
	assert_int_equal(status(0, DOUBLE_TRAP), SSE_RUNNING);
}

/* ---- global events --------------------------------------------------------------------------- */

/** Which vCPU runs the global event; -1: none. */
static int runner(void)
{
	const struct sse_event *event = sse_event(&fake.vcpus[0], SSE_SOFTWARE_GLOBAL);

	settle();
	return sse_event_state(event) == SSE_RUNNING ? (int)event->runner : -1;
}

static void unmask(unsigned int harts)
{
	for (unsigned int i = 0; i < 4; i++)
		if (harts >> i & 1)
			assert_int_equal(sse(i, FID_UNMASK, 0, 0, 0, 0, 0), 0);
}

static void global_event_goes_to_the_preferred_hart(void **state)
{
	for (unsigned int preferred = 0; preferred < 4; preferred++)
		for (unsigned int masks = 0; masks < 16; masks++) {
			bool there = masks >> preferred & 1;

			fake_sse_setup(state);
			set(1, GLOBAL, SSE_PREFERRED_HART, preferred);
			bring(1, GLOBAL, SSE_ENABLED);
			unmask(masks);
			sse(3, FID_INJECT, GLOBAL, 0, 0, 0, 0);
			assert_int_equal(runner(), there ? (int)preferred : -1);
			/* It waits for that hart, as the guest wants it. */
			if (!there)
				unmask(1u << preferred);
			assert_int_equal(runner(), preferred);
		}
}

static void global_event_goes_to_any_hart_by_default(void **state)
{
	for (unsigned int masks = 0; masks < 16; masks++) {
		fake_sse_setup(state);
		bring(1, GLOBAL, SSE_ENABLED);
		unmask(masks);
		sse(3, FID_INJECT, GLOBAL, 0, 0, 0, 0);
		assert_int_equal(runner(), masks ? __builtin_ctz(masks) : -1);
		if (!masks)
			unmask(4);
		assert_int_equal(runner(), masks ? __builtin_ctz(masks) : 2);
	}
}

static void global_event_goes_elsewhere_when_its_hart_stops(void **state)
{
	set(0, GLOBAL, SSE_PREFERRED_HART, 2);
	bring(0, GLOBAL, SSE_ENABLED);
	unmask(4 | 2);
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	/* It was told, but stops. */
	fake_call(2, SBI_EXT_HSM, 1, 0, 0, 0, 0, 0);
	assert_int_equal(runner(), 1);
	/* That one stops in the handler: it is done, and the event goes on with others. */
	fake_call(1, SBI_EXT_HSM, 1, 0, 0, 0, 0, 0);
	assert_int_equal(status(0, GLOBAL), SSE_ENABLED);
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	assert_int_equal(runner(), -1);
	unmask(8);
	assert_int_equal(runner(), 3);
}

static void global_event_goes_elsewhere_when_its_hart_masks(void **state)
{
	bring(0, GLOBAL, SSE_ENABLED);
	unmask(1 | 8);
	sse(1, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	sse(0, FID_MASK, 0, 0, 0, 0, 0);
	assert_int_equal(runner(), 3);
	complete(3);
	/* And back to the preferred one, before another has taken it. */
	sse(1, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	unmask(1);
	assert_int_equal(runner(), 0);
}

static void global_event_wakes_nobody_if_another_is_awake(void **state)
{
	bring(0, GLOBAL, SSE_ENABLED);
	unmask(2 | 8);
	fake.vcpus[1].hsm = HSM_SUSPENDED;
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	assert_int_equal(runner(), 3);
	complete(3);
	sse(3, FID_MASK, 0, 0, 0, 0, 0);
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	assert_int_equal(runner(), -1);
	assert_true(sse_ready(&fake.vcpus[1]));
}

/* ---- harts that do not run ------------------------------------------------------------------- */

static void event_ends_a_suspend(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[1];

	bring(1, LOCAL, SSE_ENABLED);
	unmask(2);
	settle();
	fake_call(1, SBI_EXT_HSM, 3, 0x80000000, ENTRY, 0x55, 0, 0);
	assert_int_equal(vcpu->hsm, HSM_SUSPENDED);
	sse(0, FID_INJECT, LOCAL, 1, 0, 0, 0);
	/* Not before it is resumed. */
	settle();
	assert_int_equal(vcpu->hsm, HSM_SUSPENDED);
	assert_int_equal(sse_event(vcpu, SSE_SOFTWARE_LOCAL)->attributes[SSE_STATUS],
			 SSE_ENABLED | SSE_STATUS_PENDING);
	assert_true(sbi_hsm_resume(vcpu));
	assert_string_equal(fake_trace(), "restart 1 0x80000100 1 0x55");
	settle();
	assert_int_equal(sse_event(vcpu, SSE_SOFTWARE_LOCAL)->attributes[SSE_STATUS], SSE_RUNNING);
}

static void event_that_cannot_be_delivered_ends_no_suspend(void **state)
{
	struct vcpu *vcpu = &fake.vcpus[1];

	bring(1, LOCAL, SSE_ENABLED);
	fake_call(1, SBI_EXT_HSM, 3, 0, 0, 0, 0, 0);
	sse(0, FID_INJECT, LOCAL, 1, 0, 0, 0);
	assert_false(sbi_hsm_resume(vcpu));
	fake.interrupt_pending = true;
	assert_true(sbi_hsm_resume(vcpu));
	settle();
	/* What is pending before is no suspend at all. */
	fake.interrupt_pending = false;
	unmask(2);
	fake_trace();
	assert_int_equal(fake_call(1, SBI_EXT_HSM, 3, 0, 0, 0, 0, 0).error, 0);
	assert_string_equal(fake_trace(), "");
	assert_int_equal(vcpu->hsm, HSM_STARTED);
	settle();
	assert_int_equal(status(1, LOCAL), SSE_RUNNING);
}

static void started_hart_is_masked_and_has_no_events(void **state)
{
	set(1, LOCAL, SSE_PRIORITY, 9);
	bring(1, LOCAL, SSE_RUNNING);
	bring(1, GLOBAL, SSE_REGISTERED);
	fake_call(1, SBI_EXT_HSM, 1, 0, 0, 0, 0, 0);
	fake.vcpus[1].hsm = HSM_STOPPED;
	/* To one that is stopped: it does not hear of it. */
	assert_int_equal(sse(0, FID_INJECT, LOCAL, 1, 0, 0, 0), SBI_SUCCESS);
	fake.vcpus[1].hsm = HSM_START_PENDING;
	sbi_vcpu_reset(&fake.vcpus[1]);
	fake.vcpus[1].hsm = HSM_STARTED;
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(attribute(1, LOCAL, i), i == SSE_STATUS ? SSE_STATUS_INJECT
							 : i == SSE_PREFERRED_HART ? 1
										   : 0);
	assert_int_equal(sse(1, FID_MASK, 0, 0, 0, 0, 0), SBI_ALREADY_STOPPED);
	assert_int_equal(status(1, GLOBAL), SSE_REGISTERED);
}

static void reset_of_the_machine_resets_all(void **state)
{
	set(0, GLOBAL, SSE_PREFERRED_HART, 3);
	set(0, GLOBAL, SSE_PRIORITY, 3);
	bring(3, GLOBAL, SSE_RUNNING);
	bring(1, LOCAL, SSE_RUNNING);
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	for (unsigned int i = 0; i < 4; i++) {
		fake.vcpus[i].hsm = HSM_STOPPED;
		fake.vcpus[i].pending = 0;
		sbi_vcpu_reset(&fake.vcpus[i]);
	}
	for (unsigned int i = 0; i < 4; i++) {
		fake.vcpus[i].hsm = HSM_STARTED;
		assert_int_equal(fake.vcpus[i].pending, 0);
		assert_int_equal(status(i, LOCAL), SSE_UNUSED);
		assert_int_equal(status(i, GLOBAL), SSE_UNUSED);
		assert_int_equal(attribute(i, GLOBAL, SSE_PRIORITY), 0);
		assert_int_equal(attribute(i, GLOBAL, SSE_PREFERRED_HART), 0);
	}
	/* It has no preference any more. */
	unmask(4);
	bring(0, GLOBAL, SSE_ENABLED);
	sse(0, FID_INJECT, GLOBAL, 0, 0, 0, 0);
	assert_int_equal(runner(), 2);
}

/* ---- PMU overflows --------------------------------------------------------------------------- */

static void overflow_is_an_event_once_that_is_enabled(void **state)
{
	for (unsigned int from = SSE_UNUSED; from <= SSE_RUNNING; from++) {
		bool takes = from >= SSE_ENABLED;

		fake_sse_setup(state);
		bring(1, PMU_OVERFLOW, from);
		assert_int_equal(sse_pmu_overflow(&fake.vcpus[1]), takes);
		assert_int_equal(status(1, PMU_OVERFLOW), from | (takes ? SSE_STATUS_PENDING : 0));
		assert_false(sse_pmu_overflow(&fake.vcpus[0]));
		fake.vm.arch.features = 0;
		assert_false(sse_pmu_overflow(&fake.vcpus[1]));
	}
}

/* ---- double traps ---------------------------------------------------------------------------- */

static void double_trap_is_an_event_if_it_can_be(void **state)
{
	bring(1, DOUBLE_TRAP, SSE_ENABLED);
	bring(1, LOCAL, SSE_RUNNING);
	settle();
	fake.csrs[CSR_SEPC] = 0xabcd0;
	arch_vcpu_double_trap(&fake.vcpus[1], 15);
	assert_string_equal(fake_trace(), "");
	settle();
	assert_int_equal(fake.csrs[CSR_VSEPC], 0xabcd0);
	assert_int_equal(status(1, DOUBLE_TRAP), SSE_RUNNING);
	assert_int_equal(status(0, DOUBLE_TRAP), SSE_UNUSED);
}

static void double_trap_that_nobody_takes_fails_the_vm(void **state)
{
	for (unsigned int why = 0; why < 6; why++) {
		fake_sse_setup(state);
		if (why == 4)
			set(1, DOUBLE_TRAP, SSE_PRIORITY, 1);
		if (why == 4)
			bring(1, LOCAL, SSE_RUNNING);
		bring(1, DOUBLE_TRAP,
		      why == 1	 ? SSE_REGISTERED
		      : why == 2 ? SSE_RUNNING
				 : SSE_ENABLED);
		if (why != 0 && why != 2 && why != 4)
			unmask(2);
		if (why == 3)
			fake_sse_double_trap(false);
		if (why == 5)
			fake.vm.sbi_enabled = 0;
		settle();
		fake.csrs[CSR_SEPC] = 0xabcd0;
		arch_vcpu_double_trap(&fake.vcpus[1], 15);
		assert_string_equal(fake_trace(), "request fail; leave 1 park");
		assert_string_equal(fake.reason, "vCPU 1: double trap at 0xabcd0, cause 15");
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fake_sse_setup)
	const struct CMUnitTest tests[] = {
		TEST(entry_and_end_of_a_handler),
		TEST(handler_may_change_where_it_ends),
		TEST(events_run_by_priority_and_then_by_id),
		TEST(nested_handlers_end_in_the_reverse_order),
		TEST(masked_hart_ends_its_handler_and_begins_none),
		TEST(global_event_goes_to_the_preferred_hart),
		TEST(global_event_goes_to_any_hart_by_default),
		TEST(global_event_goes_elsewhere_when_its_hart_stops),
		TEST(global_event_goes_elsewhere_when_its_hart_masks),
		TEST(global_event_wakes_nobody_if_another_is_awake),
		TEST(event_ends_a_suspend),
		TEST(event_that_cannot_be_delivered_ends_no_suspend),
		TEST(started_hart_is_masked_and_has_no_events),
		TEST(reset_of_the_machine_resets_all),
		TEST(overflow_is_an_event_once_that_is_enabled),
		TEST(double_trap_is_an_event_if_it_can_be),
		TEST(double_trap_that_nobody_takes_fails_the_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
