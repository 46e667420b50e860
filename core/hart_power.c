/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/hart_power.h>

#include <arch/boot.h>
#include <arch/irqflags.h>
#include <core/check.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <errno.h>
#include <inttypes.h>

/* Simulated machines can be slow. */
#define START_TIMEOUT_US 10000000
#define STOP_TIMEOUT_US 10000000 /* what runs leaves at its next interrupt */
#define POLL_US 1000

static bool state_change(struct hart *hart, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&hart->state, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static uint32_t state_of(const struct hart *hart)
{
	return __atomic_load_n(&hart->state, __ATOMIC_SEQ_CST);
}

/* While booting there are no threads yet. */
static void wait_a_little(void)
{
	if (hart_self()->thread)
		thread_sleep(POLL_US);
	else
		arch_relax();
}

/* ---- coming ---- */

bool hart_start(struct hart *hart)
{
	uint32_t before = hart->state;
	uint64_t end = time_now() + us_to_ticks(START_TIMEOUT_US);
	long error;

	hart->absent_reason = NULL;
	__atomic_store_n(&hart->state, HART_STARTING, __ATOMIC_SEQ_CST);
	error = arch_hart_start(hart);
	while (!error && time_now() < end && state_of(hart) == HART_STARTING)
		wait_a_little();
	state_change(hart, HART_STARTING, before);
	if (hart_online(hart))
		return true;
	__atomic_store_n(&hart->state, before, __ATOMIC_SEQ_CST);
	if (error)
		hart->absent_reason = "the firmware does not start it";
	else if (!hart->absent_reason)
		hart->absent_reason = "it did not come within ten seconds";
	log_warn("hart %" PRIu64 ": left out: %s (error %ld)", hart->id, hart->absent_reason,
		 error);
	return false;
}

static void listen(struct hart *self)
{
	irqchip_hart_init();
	timer_program(self, TIMER_NEVER);
	arch_irq_sources_enable();
}

bool hart_arrive(void)
{
	struct hart *self = hart_self();

	listen(self);
	profile_hart_arrive();
	return state_change(self, HART_STARTING, HART_ONLINE);
}

/* Not to be used: stopped, so that it may be started again. */
static _Noreturn void stay_out(void)
{
	arch_hart_stop();
	for (;;)
		arch_wait();
}

_Noreturn void init_secondary(uint64_t hart_id)
{
	struct hart *self = hart_self();
	const char *problem;

	CHECK(self->id == hart_id);
	problem = arch_hart_init(self);
	if (problem) {
		self->absent_reason = problem;
		state_change(self, HART_STARTING, HART_ABSENT);
		stay_out();
	}
	if (!hart_arrive())
		stay_out();
	hart_loop();
}

/* ---- going ---- */

void hart_leave(void)
{
	struct hart *self = hart_self();
	long error;

	sched_drain(self);
	arch_hart_release(self);
	if (!state_change(self, HART_LEAVING, HART_OFFLINE))
		return;
	/* Who asked before that waits for an answer; who asks after it does without. */
	hart_serve();
	error = arch_hart_stop();
	listen(self);
	__atomic_store_n(&self->stop_error, error, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->state, HART_ONLINE, __ATOMIC_SEQ_CST);
}

/* Whether @vcpu may run on another hart that is on-line than @but. */
static bool may_run_elsewhere(const struct vcpu *vcpu, const struct hart *but)
{
	const struct hartset *affinity = vcpu->intfile.home == but ? &vcpu->vm->affinity
								   : &vcpu->sched.affinity;

	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i] != but && hart_online(harts[i]) && hartset_has(affinity, i))
			return true;
	return false;
}

static bool is_indispensable(const struct hart *hart)
{
	if (hart == boot_hart) {
		log_error("hart %" PRIu64 ": stays: devices interrupt it", hart->id);
		return true;
	}
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			if (!may_run_elsewhere(vm->vcpus[i], hart)) {
				log_error("hart %" PRIu64 ": stays: %s may run nowhere else",
					  hart->id, vm->name);
				return true;
			}
	return false;
}

static int wait_until_stopped(struct hart *hart)
{
	uint64_t end = time_now() + us_to_ticks(STOP_TIMEOUT_US);

	while (time_now() < end) {
		if (hart_online(hart)) {
			log_error("hart %" PRIu64 ": the firmware does not stop it (error %ld)",
				  hart->id, hart->stop_error);
			return -EIO;
		}
		if (state_of(hart) == HART_OFFLINE) {
			timer_adopt(hart);
			if (arch_hart_stopped(hart))
				return 0;
		}
		thread_sleep(POLL_US);
	}
	if (state_change(hart, HART_LEAVING, HART_ONLINE)) {
		log_error("hart %" PRIu64 ": stays: it did not leave its work in time", hart->id);
		return -ETIMEDOUT;
	}
	log_warn("hart %" PRIu64 ": is off, but the firmware does not say so", hart->id);
	return 0;
}

int hart_power_off(struct hart *hart)
{
	int error;

	if (!hart_online(hart))
		return -EINVAL;
	if (is_indispensable(hart))
		return -EBUSY;
	intfile_hart_leave(hart);
	__atomic_store_n(&hart->state, HART_LEAVING, __ATOMIC_SEQ_CST);
	__atomic_store_n(&hart->resched, 1, __ATOMIC_SEQ_CST);
	hart_kick(hart);
	/* If this thread runs there: a timer that it armed now would stop with the hart. */
	while (hart_self() == hart)
		thread_yield();
	error = wait_until_stopped(hart);
	if (error) {
		intfile_hart_join(hart);
		return error;
	}
	vm_roomy_update();
	log_info("hart %" PRIu64 ": off-line", hart->id);
	return 0;
}

int hart_power_on(struct hart *hart)
{
	if (state_of(hart) != HART_OFFLINE)
		return -EINVAL;
	if (!hart_start(hart))
		return -EIO;
	log_info("hart %" PRIu64 ": on-line", hart->id);
	intfile_hart_join(hart);
	vm_roomy_update();
	return 0;
}
