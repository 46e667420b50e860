/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC against the RISC-V PLIC specification 1.0.0: gateways, claims and completions,
 * who is notified, and claims of several vCPUs at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "plic_world.h"

/* ---- gateways ---- */

static void high_wire_is_pending_whatever_the_registers_say(void **state)
{
	(void)state;
	for (unsigned int source = 1; source <= NDEV; source++) {
		assert_false(pending(source));
		wire(source, true);
		assert_true(pending(source));
	}
	assert_int_equal(get(PENDING(0)), 0xfffffffe);
	assert_int_equal(get(PENDING(2)), 0xffffffff);
	assert_int_equal(vm->extirq_changes, 0);
}

static void request_is_not_retracted(void **state)
{
	(void)state;
	open(7, 1);
	wire(7, true);
	wire(7, false);
	assert_true(pending(7));
	assert_true(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 7);
	put(CLAIM(S(0)), 7);
	assert_false(pending(7));
	assert_false(vm->extirq[0]);
}

static void claim_clears_pending_and_completion_of_a_high_level_sets_it(void **state)
{
	(void)state;
	open(7, 1);
	wire(7, true);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(vm->extirq[0]);
		assert_int_equal(get(CLAIM(S(0))), 7);
		assert_false(pending(7));
		assert_false(vm->extirq[0]);
		assert_int_equal(get(CLAIM(S(0))), 0);
		put(CLAIM(S(0)), 7);
		assert_true(pending(7));
	}
	wire(7, false);
	assert_int_equal(get(CLAIM(S(0))), 7);
	put(CLAIM(S(0)), 7);
	assert_false(pending(7));
}

static void gateway_forwards_nothing_before_the_completion(void **state)
{
	(void)state;
	open(7, 1);
	wire(7, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	wire(7, false);
	wire(7, true);
	wire(7, false);
	wire(7, true);
	assert_false(pending(7));
	put(CLAIM(S(0)), 7);
	assert_true(pending(7));
	/* What came and went in between was one request, and it is over. */
	assert_int_equal(get(CLAIM(S(0))), 7);
	wire(7, false);
	wire(7, true);
	wire(7, false);
	put(CLAIM(S(0)), 7);
	assert_false(pending(7));
}

static void completion_of_a_source_that_is_not_enabled_is_ignored(void **state)
{
	(void)state;
	open(7, 1);
	wire(7, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	disable(S(0), 7);
	put(CLAIM(S(0)), 7);
	put(CLAIM(S(1)), 7);
	put(CLAIM(M(0)), 7);
	assert_false(pending(7));
	enable(S(0), 7);
	assert_false(pending(7));
	put(CLAIM(S(0)), 7);
	assert_true(pending(7));
}

static void any_context_that_enables_a_source_may_complete_it(void **state)
{
	(void)state;
	open(7, 1);
	enable(S(2), 7);
	enable(M(3), 7);
	wire(7, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	put(CLAIM(S(2)), 7);
	assert_true(pending(7));
	assert_int_equal(get(CLAIM(S(2))), 7);
	put(CLAIM(M(3)), 7);
	assert_true(pending(7));
}

static void completion_of_what_was_not_claimed_changes_nothing(void **state)
{
	(void)state;
	open(7, 1);
	open(8, 1);
	put(CLAIM(S(0)), 7);
	assert_false(pending(7));
	wire(7, true);
	wire(8, true);
	put(CLAIM(S(0)), 7);
	assert_true(pending(7));
	assert_int_equal(get(CLAIM(S(0))), 7);
	/* It completes the one that it names, not the one claimed last. */
	put(CLAIM(S(0)), 8);
	assert_false(pending(7));
	assert_true(pending(8));
	assert_int_equal(get(CLAIM(S(0))), 8);
	put(CLAIM(S(0)), 7);
	assert_true(pending(7));
	assert_false(pending(8));
}

static void claims_nest(void **state)
{
	(void)state;
	open(7, 1);
	open(8, 2);
	wire(7, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	wire(8, true);
	assert_true(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 8);
	wire(8, false);
	put(CLAIM(S(0)), 8);
	assert_false(vm->extirq[0]);
	wire(7, false);
	put(CLAIM(S(0)), 7);
	assert_false(vm->extirq[0]);
}

/* ---- who is notified, and what a claim gives ---- */

static void higher_priority_then_lower_source_comes_first(void **state)
{
	static const unsigned int order[] = { 90, 3, 31, 32, 64, 95, 1, 2 };

	(void)state;
	open(90, 7);
	open(3, 6);
	open(31, 6);
	open(32, 6);
	open(64, 6);
	open(95, 2);
	open(1, 1);
	open(2, 1);
	for (unsigned int source = NDEV; source >= 1; source--)
		wire(source, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		assert_true(vm->extirq[0]);
		assert_int_equal(get(CLAIM(S(0))), order[i]);
	}
	assert_false(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 0);
}

static void priority_zero_never_interrupts(void **state)
{
	(void)state;
	open(7, 0);
	wire(7, true);
	assert_true(pending(7));
	assert_false(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 0);
	put(PRIORITY(7), 1);
	assert_true(vm->extirq[0]);
	put(PRIORITY(7), 0);
	assert_false(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 0);
}

static void threshold_masks_its_priority_and_lower_ones(void **state)
{
	(void)state;
	open(7, 1);
	wire(7, true);
	for (unsigned int priority = 1; priority <= 7; priority++) {
		put(PRIORITY(7), priority);
		for (unsigned int threshold = 0; threshold <= 7; threshold++) {
			put(THRESHOLD(S(0)), threshold);
			assert_int_equal(vm->extirq[0], priority > threshold);
		}
	}
}

static void claim_is_not_affected_by_the_threshold(void **state)
{
	(void)state;
	open(7, 1);
	open(8, 3);
	put(THRESHOLD(S(0)), 7);
	wire(7, true);
	wire(8, true);
	assert_false(vm->extirq[0]);
	assert_int_equal(get(CLAIM(S(0))), 8);
	assert_int_equal(get(CLAIM(S(0))), 7);
	assert_int_equal(vm->extirq_changes, 0);
}

static void thresholds_of_contexts_are_apart(void **state)
{
	(void)state;
	open(7, 3);
	enable(S(1), 7);
	enable(S(2), 7);
	put(THRESHOLD(S(1)), 2);
	put(THRESHOLD(S(2)), 3);
	put(THRESHOLD(M(0)), 7);
	put(THRESHOLD(M(1)), 7);
	wire(7, true);
	assert_true(vm->extirq[0]);
	assert_true(vm->extirq[1]);
	assert_false(vm->extirq[2]);
	assert_false(vm->extirq[3]);
}

static void all_that_enable_a_source_are_notified_and_one_claims_it(void **state)
{
	(void)state;
	put(PRIORITY(7), 1);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		enable(S(vcpu), 7);
	wire(7, true);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		assert_true(vm->extirq[vcpu]);
	assert_int_equal(get(CLAIM(S(2))), 7);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
		assert_false(vm->extirq[vcpu]);
		assert_int_equal(get(CLAIM(S(vcpu))), 0);
	}
}

static void claim_gives_only_what_the_context_enables(void **state)
{
	(void)state;
	open(7, 1);
	put(PRIORITY(8), 7);
	enable(S(1), 8);
	wire(7, true);
	wire(8, true);
	assert_int_equal(get(CLAIM(S(0))), 7);
	assert_int_equal(get(CLAIM(S(0))), 0);
	assert_int_equal(get(CLAIM(S(1))), 8);
}

static void machine_contexts_claim_but_notify_nobody(void **state)
{
	(void)state;
	put(PRIORITY(7), 1);
	enable(M(1), 7);
	wire(7, true);
	assert_int_equal(vm->extirq_changes, 0);
	assert_int_equal(get(CLAIM(S(1))), 0);
	assert_int_equal(get(CLAIM(M(1))), 7);
	assert_int_equal(get(CLAIM(M(1))), 0);
	put(CLAIM(M(1)), 7);
	assert_int_equal(get(CLAIM(M(1))), 7);
	assert_int_equal(vm->extirq_changes, 0);
}

static void enabling_and_disabling_moves_the_line(void **state)
{
	(void)state;
	put(PRIORITY(40), 1);
	wire(40, true);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++) {
		enable(S(vcpu), 40);
		assert_true(vm->extirq[vcpu]);
		disable(S(vcpu), 40);
		assert_false(vm->extirq[vcpu]);
	}
	assert_true(pending(40));
}

static void line_is_told_only_when_it_changes(void **state)
{
	(void)state;
	for (unsigned int source = 1; source <= NDEV; source++) {
		open(source, 1 + source % 7);
		wire(source, true);
	}
	assert_int_equal(vm->extirq_changes, 1);
	while (get(CLAIM(S(0))) != 0)
		;
	assert_int_equal(vm->extirq_changes, 2);
}

/* ---- claims of several vCPUs at once ---- */

#define RACES 20000

static unsigned int won[VCPUS];
static uint32_t in_service;
static bool twice;

static void *race(void *argument)
{
	unsigned int vcpu = (unsigned int)(uintptr_t)argument;

	while (__atomic_load_n(&won[vcpu], __ATOMIC_RELAXED) < RACES) {
		if (get(CLAIM(S(vcpu))) != 7)
			continue;
		if (__atomic_add_fetch(&in_service, 1, __ATOMIC_SEQ_CST) != 1)
			__atomic_store_n(&twice, true, __ATOMIC_RELAXED);
		won[vcpu]++;
		__atomic_sub_fetch(&in_service, 1, __ATOMIC_SEQ_CST);
		put(CLAIM(S(vcpu)), 7);
	}
	return NULL;
}

static void racing_claims_have_one_winner(void **state)
{
	pthread_t threads[VCPUS];

	(void)state;
	put(PRIORITY(7), 1);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		enable(S(vcpu), 7);
	wire(7, true);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		assert_int_equal(
			pthread_create(&threads[vcpu], NULL, race, (void *)(uintptr_t)vcpu), 0);
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		pthread_join(threads[vcpu], NULL);
	assert_false(twice);
	assert_true(pending(7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(high_wire_is_pending_whatever_the_registers_say),
		TEST(request_is_not_retracted),
		TEST(claim_clears_pending_and_completion_of_a_high_level_sets_it),
		TEST(gateway_forwards_nothing_before_the_completion),
		TEST(completion_of_a_source_that_is_not_enabled_is_ignored),
		TEST(any_context_that_enables_a_source_may_complete_it),
		TEST(completion_of_what_was_not_claimed_changes_nothing),
		TEST(claims_nest),
		TEST(higher_priority_then_lower_source_comes_first),
		TEST(priority_zero_never_interrupts),
		TEST(threshold_masks_its_priority_and_lower_ones),
		TEST(claim_is_not_affected_by_the_threshold),
		TEST(thresholds_of_contexts_are_apart),
		TEST(all_that_enable_a_source_are_notified_and_one_claims_it),
		TEST(claim_gives_only_what_the_context_enables),
		TEST(machine_contexts_claim_but_notify_nobody),
		TEST(enabling_and_disabling_moves_the_line),
		TEST(line_is_told_only_when_it_changes),
		TEST(racing_claims_have_one_winner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
