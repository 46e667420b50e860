/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of what guests do with software events, next to a simple model that is written
 * after the words of SBI 3.0, "Supervisor Software Events Extension": each vCPU has a stack of
 * what its handlers have interrupted. All results, attributes and registers have to be the same.
 * SSE_STEPS is another number of steps, SSE_SEED begins another sequence.
 */
#include "fake_sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VCPUS 4
#define EVENTS 4 /* the last one is global */

static const uint32_t ids[EVENTS] = { DOUBLE_TRAP, PMU_OVERFLOW, LOCAL, GLOBAL };

/* ---- the model ---- */

/** What a guest sees of its sstatus, and where it is. */
struct context {
	bool spp, spie, sie, spelp, sdt;
	bool supervisor, landing_pad;
	uint64_t pc, sepc, a6, a7;
};

struct model_event {
	unsigned int state;
	bool pending;
	uint64_t priority, config, pc, arg;
	uint64_t sepc, flags, a6, a7;
	unsigned int on; /* the vCPU that runs it */
};

struct model_vcpu {
	struct context now;
	bool unmasked, stopped;
	unsigned int stack[EVENTS], depth; /* events that it runs */
};

static struct model {
	struct model_event events[VCPUS][EVENTS]; /* of the global one that of vCPU 0 */
	struct model_vcpu vcpus[VCPUS];
	unsigned int preferred;
	bool chosen; /* by the guest */
} model;

static uint64_t delivered;

static struct model_event *event_of(unsigned int v, unsigned int e)
{
	return &model.events[e == EVENTS - 1 ? 0 : v][e];
}

/** The event that the specification delivers to @v now, or EVENTS. @here: the global one comes. */
static unsigned int model_next(unsigned int v, bool here)
{
	const struct model_vcpu *vcpu = &model.vcpus[v];
	unsigned int best = EVENTS;

	for (unsigned int e = 0; e < EVENTS; e++) {
		const struct model_event *event = event_of(v, e);

		if (event->state == SSE_ENABLED && event->pending && (e < EVENTS - 1 || here) &&
		    (best == EVENTS || event->priority < event_of(v, best)->priority))
			best = e;
	}
	if (best == EVENTS || !vcpu->unmasked || vcpu->stopped)
		return EVENTS;
	for (unsigned int i = 0; i < vcpu->depth; i++) {
		unsigned int running = vcpu->stack[i];
		uint64_t a = event_of(v, best)->priority, b = event_of(v, running)->priority;

		if (b < a || (b == a && running < best))
			return EVENTS;
	}
	return best;
}

static void model_deliver(unsigned int v, unsigned int e)
{
	struct model_event *event = event_of(v, e);
	struct model_vcpu *vcpu = &model.vcpus[v];
	struct context *now = &vcpu->now;

	event->state = SSE_RUNNING;
	event->pending = false;
	event->on = v;
	event->flags = (now->spp ? 1 : 0) | (now->spie ? 2 : 0) | (now->spelp ? 16 : 0) |
		       (now->sdt ? 32 : 0);
	event->sepc = now->sepc;
	event->a6 = now->a6;
	event->a7 = now->a7;
	*now = (struct context){ .spp = now->supervisor,
				 .spie = now->sie,
				 .spelp = now->landing_pad,
				 .sdt = true,
				 .supervisor = true,
				 .pc = event->pc,
				 .sepc = now->pc,
				 .a6 = v,
				 .a7 = event->arg };
	vcpu->stack[vcpu->depth++] = e;
	delivered++;
}

static void model_done(unsigned int v)
{
	struct model_event *event = event_of(v, model.vcpus[v].stack[--model.vcpus[v].depth]);

	event->state = event->config & 1 ? SSE_REGISTERED : SSE_ENABLED;
}

static void model_complete(unsigned int v)
{
	struct model_vcpu *vcpu = &model.vcpus[v];
	const struct model_event *event = event_of(v, vcpu->stack[vcpu->depth - 1]);
	struct context *now = &vcpu->now;

	*now = (struct context){ .supervisor = now->spp,
				 .landing_pad = now->spelp,
				 .sie = now->spie,
				 .spp = event->flags & 1,
				 .spie = event->flags & 2,
				 .spelp = event->flags & 16,
				 .sdt = event->flags & 32,
				 .pc = now->sepc,
				 .sepc = event->sepc,
				 .a6 = event->a6,
				 .a7 = event->a7 };
	model_done(v);
}

/* ---- what the harts hold for each vCPU ---- */

static uint64_t seed;

static uint64_t below(uint64_t limit)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (seed >> 33) % limit;
}

static uint64_t status_of(const struct context *now)
{
	return (now->spp ? SSTATUS_SPP : 0) | (now->spie ? SSTATUS_SPIE : 0) |
	       (now->sie ? SSTATUS_SIE : 0) | (now->spelp ? SSTATUS_SPELP : 0) |
	       (now->sdt ? SSTATUS_SDT : 0) | SSTATUS_SUM;
}

/** The vCPU's registers as the model has them go to the hart. */
static void context_load(unsigned int v)
{
	const struct context *now = &model.vcpus[v].now;

	fake.csrs[CSR_SEPC] = now->pc;
	fake.csrs[CSR_VSEPC] = now->sepc;
	fake.csrs[CSR_VSSTATUS] = status_of(now);
	fake.csrs[CSR_SSTATUS] = (now->supervisor ? SSTATUS_SPP : 0) |
				 (now->landing_pad ? SSTATUS_SPELP : 0);
	fake.csrs[CSR_HSTATUS] = HSTATUS_SPV | (now->supervisor ? HSTATUS_SPVP : 0);
	fake.vcpus[v].arch.regs[REG_A6] = now->a6;
	fake.vcpus[v].arch.regs[REG_A7] = now->a7;
}

static void context_check(unsigned int v)
{
	const struct context *now = &model.vcpus[v].now;

	assert_int_equal(fake.csrs[CSR_SEPC], now->pc);
	assert_int_equal(fake.csrs[CSR_VSEPC], now->sepc);
	/* SIE and SDT are not both set in hardware; that is the hart's affair. */
	assert_int_equal(fake.csrs[CSR_VSSTATUS], status_of(now));
	assert_int_equal(fake.csrs[CSR_SSTATUS], (now->supervisor ? SSTATUS_SPP : 0) |
							 (now->landing_pad ? SSTATUS_SPELP : 0));
	assert_int_equal(fake.vcpus[v].arch.regs[REG_A6], now->a6);
	assert_int_equal(fake.vcpus[v].arch.regs[REG_A7], now->a7);
}

/** A guest in S-mode that is about to make a call: anything that it may have done meanwhile. */
static void context_change(unsigned int v)
{
	struct context *now = &model.vcpus[v].now;

	now->supervisor = true;
	now->landing_pad = false;
	now->spp = below(2);
	now->spie = below(2);
	now->sie = below(2);
	now->spelp = below(2);
	now->sdt = below(2);
	now->sepc = below(1000) * 2;
	now->pc = below(1000) * 2;
}

/* ---- the real thing next to it ---- */

/** A call by @v, whose a6 and a7 are those of the call then. */
static long call(unsigned int v, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2)
{
	long error;

	context_change(v);
	model.vcpus[v].now.a6 = function;
	model.vcpus[v].now.a7 = SBI_EXT_SSE;
	context_load(v);
	error = sse(v, function, a0, a1, a2, FAKE_RAM_BASE, 0);
	if (function != FID_COMPLETE)
		context_check(v);
	return error;
}

/** Who is to run the global event, as far as the specification and the guest decide it. */
static void target_check(void)
{
	const struct sse_event *event = sse_event(&fake.vcpus[0], SSE_SOFTWARE_GLOBAL);
	const struct model_event *expected = event_of(0, EVENTS - 1);
	unsigned int unmasked = 0;

	for (unsigned int v = 0; v < VCPUS; v++)
		unmasked |= model.vcpus[v].unmasked ? 1u << v : 0;
	if (expected->state != SSE_ENABLED || !expected->pending || !unmasked) {
		assert_null(event->target);
		return;
	}
	if (unmasked >> model.preferred & 1) {
		assert_ptr_equal(event->target, &fake.vcpus[model.preferred]);
		return;
	}
	if (!model.chosen || model.vcpus[model.preferred].stopped)
		assert_non_null(event->target);
	assert_true(!event->target || unmasked >> event->target->index & 1);
}

static void look(unsigned int v)
{
	const struct sse_event *global = sse_event(&fake.vcpus[0], SSE_SOFTWARE_GLOBAL);
	unsigned int next = model_next(v, global->target == &fake.vcpus[v]);
	bool told = fake.vcpus[v].pending & PENDING_SSE;

	/* Nobody who can take one was not told. */
	assert_true(told || next == EVENTS);
	if (!told)
		return;
	fake.vcpus[v].pending = 0;
	if (!model.vcpus[v].stopped)
		context_change(v);
	context_load(v);
	sse_deliver(&fake.vcpus[v]);
	if (next != EVENTS)
		model_deliver(v, next);
	context_check(v);
	target_check();
}

static void attributes_check(unsigned int v, unsigned int e)
{
	const struct model_event *event = event_of(v, e);
	const uint64_t expected[] = {
		event->state | (event->pending ? 4 : 0) | 8,
		event->priority,
		event->config,
		e == EVENTS - 1 ? model.preferred : v,
		event->pc,
		event->arg,
		event->sepc,
		event->flags,
		event->a6,
		event->a7,
	};
	uint64_t values[SSE_ATTRIBUTES];

	assert_int_equal(call(v, FID_READ, ids[e], 0, 10), 0);
	fake_sse_get(values, 10);
	assert_memory_equal(values, expected, sizeof(expected));
}

static void step_write(unsigned int v, unsigned int e)
{
	struct model_event *event = event_of(v, e);
	bool mine = event->state == SSE_RUNNING && (e < EVENTS - 1 || event->on == v);
	unsigned int id = (unsigned int)below(10);
	uint64_t value = below(70);
	uint64_t *const fields[] = {
		NULL, &event->priority, &event->config, NULL,	    NULL,
		NULL, &event->sepc,	&event->flags,	&event->a6, &event->a7
	};
	bool read_only = !fields[id] && (id != SSE_PREFERRED_HART || e < EVENTS - 1);
	bool legal = id == SSE_CONFIG		   ? value < 2
		     : id == SSE_PREFERRED_HART	   ? value < VCPUS
		     : id == SSE_INTERRUPTED_FLAGS ? value < 64
						   : true;
	bool now = id >= SSE_INTERRUPTED_SEPC ? mine : event->state <= SSE_REGISTERED;
	long error = read_only ? SBI_DENIED
		     : !legal  ? SBI_INVALID_PARAM
		     : !now    ? SBI_INVALID_STATE
			       : SBI_SUCCESS;

	fake_sse_put(&value, 1);
	assert_int_equal(call(v, FID_WRITE, ids[e], id, 1), error);
	if (error)
		return;
	if (fields[id]) {
		*fields[id] = value;
	} else {
		model.preferred = (unsigned int)value;
		model.chosen = true;
	}
}

static void step_state(unsigned int v, unsigned int e)
{
	static const unsigned int from[] = { SSE_UNUSED, SSE_REGISTERED, SSE_REGISTERED,
					     SSE_ENABLED };
	static const unsigned int to[] = { SSE_REGISTERED, SSE_UNUSED, SSE_ENABLED,
					   SSE_REGISTERED };
	struct model_event *event = event_of(v, e);
	static const unsigned int functions[] = { 0, 0, 0, 0, 2, 2, 2, 2, 1, 3 };
	unsigned int function = functions[below(ARRAY_SIZE(functions))];
	uint64_t pc = below(1000), arg = below(1000);
	bool odd = function == 0 && pc & 1;
	bool fits = event->state == from[function];

	assert_int_equal(call(v, FID_REGISTER + function, ids[e], pc, arg),
			 odd	 ? SBI_INVALID_PARAM
			 : !fits ? SBI_INVALID_STATE
				 : SBI_SUCCESS);
	if (odd || !fits)
		return;
	event->state = to[function];
	if (function == 0) {
		event->pc = pc;
		event->arg = arg;
	}
}

static void step_complete(unsigned int v)
{
	struct model_vcpu *vcpu = &model.vcpus[v];
	long error = call(v, FID_COMPLETE, 0x77, 0, 0);

	assert_int_equal(error, vcpu->depth ? 0x77 : 0);
	if (vcpu->depth)
		model_complete(v);
	context_check(v);
}

static void step_mask(unsigned int v)
{
	bool unmask = below(4) != 0;
	bool change = model.vcpus[v].unmasked != unmask;
	long error = unmask ? SBI_ALREADY_STARTED : SBI_ALREADY_STOPPED;

	assert_int_equal(call(v, unmask ? FID_UNMASK : FID_MASK, 0, 0, 0),
			 change ? SBI_SUCCESS : error);
	model.vcpus[v].unmasked = unmask;
}

/** HSM stop; and a start, some time later. */
static void step_stop(unsigned int v)
{
	struct model_vcpu *vcpu = &model.vcpus[v];

	fake_call(v, SBI_EXT_HSM, 1, 0, 0, 0, 0, 0);
	fake.vcpus[v].hsm = HSM_STOPPED;
	fake_trace();
	while (vcpu->depth)
		model_done(v);
	memset(model.events[v], 0, (EVENTS - 1) * sizeof(model.events[v][0]));
	*vcpu = (struct model_vcpu){ .stopped = true };
}

static void step_start(unsigned int v)
{
	fake.vcpus[v].hsm = HSM_START_PENDING;
	sbi_vcpu_reset(&fake.vcpus[v]);
	fake.vcpus[v].hsm = HSM_STARTED;
	fake.vcpus[v].pending = 0;
	memset(model.events[v], 0, (EVENTS - 1) * sizeof(model.events[v][0]));
	model.vcpus[v] = (struct model_vcpu){ 0 };
}

static void step_inject(unsigned int v, unsigned int e)
{
	unsigned int to = (unsigned int)below(VCPUS + 1);

	assert_int_equal(call(v, FID_INJECT, ids[e], to, 0),
			 to == VCPUS && e < EVENTS - 1 ? SBI_INVALID_PARAM : SBI_SUCCESS);
	if (to < VCPUS || e == EVENTS - 1)
		event_of(e == EVENTS - 1 ? 0 : to, e)->pending = true;
}

static void step(void)
{
	unsigned int v = (unsigned int)below(VCPUS), e = (unsigned int)below(EVENTS);
	unsigned int what = (unsigned int)below(100);

	if (model.vcpus[v].stopped) {
		if (what < 20)
			step_start(v);
		return;
	}
	/* A vCPU looks before it goes on, but others may come before it. */
	look(v);
	if (what < 2)
		step_stop(v);
	else if (what < 10)
		step_mask(v);
	else if (what < 35)
		step_state(v, e);
	else if (what < 55)
		step_inject(v, e);
	else if (what < 75)
		step_complete(v);
	else if (what < 90)
		step_write(v, e);
	else
		attributes_check(v, e);
	target_check();
}

static uint64_t number(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : fallback;
}

static void random_sequences_are_as_the_model_says(void **state)
{
	uint64_t steps = number("SSE_STEPS", 300000);
	unsigned int deepest = 0;

	seed = number("SSE_SEED", 1);
	memset(&model, 0, sizeof(model));
	for (uint64_t i = 0; i < steps; i++) {
		step();
		for (unsigned int v = 0; v < VCPUS; v++)
			deepest = MAX(deepest, model.vcpus[v].depth);
	}
	assert_in_range(deepest, 3, EVENTS);
	assert_true(delivered > steps / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(random_sequences_are_as_the_model_says, fake_sse_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
