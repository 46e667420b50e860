/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt files that move between fake harts at random, against a model in which each vCPU simply
 * has one file. After each step every register is where it should be, each line has one owner, the
 * guest's page leads to that line or nowhere, and no sleeper misses what came.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "fake_vsfile.h"
#include "gstage_walker.h"
#include "intfile_world.h"

#include <arch/csr.h>
#include <arch/gstage.h>
#include <arch/sbi.h>
#include <arch/vsfile.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>

#define STEPS 20000

static uint64_t state;

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(fake_hart_random(&state) % limit);
}

static struct fake_vsfile *hardware(const struct vcpu *vcpu)
{
	return vcpu->intfile.hart ? &fake_vsfiles[vcpu->intfile.hart->index][vcpu->intfile.line]
				  : NULL;
}

static bool deliverable(const struct model *model)
{
	for (unsigned int id = 1; id < 256; id++)
		if ((model->pending[id / 64] & model->enabled[id / 64]) >> (id % 64) & 1)
			return model->delivery && (!model->threshold || id < model->threshold);
	return false;
}

static void check_registers(unsigned int i)
{
	const struct fake_vsfile *file = hardware(&vcpus[i]);
	const struct model *model = &models[i];

	for (unsigned int word = 0; word < 4; word++) {
		assert_int_equal(file ? file->pending[word] : files[i].pending[word],
				 model->pending[word]);
		assert_int_equal(file ? file->enabled[word] : files[i].enabled[word],
				 model->enabled[word]);
		if (file)
			assert_int_equal(files[i].pending[word] | files[i].enabled[word], 0);
	}
	assert_int_equal(file ? file->threshold : files[i].threshold, model->threshold);
	assert_int_equal(file ? file->delivery : files[i].delivery, model->delivery);
}

static void check_place(unsigned int i)
{
	const struct intfile *file = &vcpus[i].intfile;
	unsigned int access;
	hpa_t page;
	int found = gstage_walk(&vm.gstage, gpa(PAGES + i * PAGE_SIZE), &page, &access);

	assert_int_equal(file->busy, 0);
	if (!file->hart) {
		assert_true(found < 0);
		assert_false(vcpus[i].sched.has_file);
		return;
	}
	assert_int_equal(found, 0);
	assert_int_equal(page.v, arch_vsfile_page(file->hart, file->line).v);
	assert_int_equal(access, GSTAGE_READ | GSTAGE_WRITE);
	/* I/O, where the harts have Svpbmt. */
	assert_int_equal(walker_walk(&vm.gstage, PAGES + i * PAGE_SIZE).memory_type,
			 vm.gstage.pbmt ? 2 : 0);
	assert_ptr_equal(file->hart->files->owners[file->line], &vcpus[i]);
	assert_true(vcpus[i].sched.has_file);
}

static void check_all(void)
{
	unsigned int placed = 0, used = 0;

	for (unsigned int i = 0; i < VCPUS; i++) {
		check_registers(i);
		check_place(i);
		placed += vcpus[i].intfile.hart != NULL;
		if (models[i].asleep && deliverable(&models[i]) && vcpus[i].arch.vsie)
			assert_true(models[i].told ||
				    (hardware(&vcpus[i]) && hardware(&vcpus[i])->watched));
		/* It would be woken for ever by what it does not take. */
		if (models[i].asleep && !vcpus[i].arch.vsie && hardware(&vcpus[i]))
			assert_false(hardware(&vcpus[i])->watched);
	}
	for (unsigned int i = 0; i < HARTS; i++)
		used += (unsigned int)__builtin_popcountll(harts[i]->files->used);
	assert_int_equal(placed, used);
	for (unsigned int i = 0; i < HARTS; i++)
		assert_int_equal(hart_files_free(harts[i]),
				 (unsigned int)__builtin_popcountll(harts[i]->files->used) < i);
}

/* ---- steps ---- */

static void load(unsigned int i)
{
	struct hart *hart = harts[below(HARTS)];

	if (models[i].on || hart->running)
		return;
	act_as(hart);
	hart->running = &vcpus[i];
	models[i].on = hart;
	models[i].asleep = models[i].told = false;
	hartset_add(&vm.gstage.harts, hart->index);
	intfile_load(&vcpus[i]);
	assert_true(!vcpus[i].intfile.hart || vcpus[i].intfile.hart == hart);
	assert_int_equal(vcpus[i].arch.hstatus, vcpus[i].intfile.hart ? vcpus[i].intfile.line : 0);
}

static void leave(unsigned int i)
{
	struct hart *hart = models[i].on;

	if (!hart)
		return;
	act_as(hart);
	models[i].on = NULL;
	hart->running = NULL;
	if (below(2) && !deliverable(&models[i])) {
		models[i].asleep = true;
		vcpus[i].arch.vsie = below(4) ? BIT(IRQ_SEI) : 0;
		intfile_sleep(&vcpus[i]);
	}
}

static void inject(unsigned int i)
{
	unsigned int id = below(300);
	bool exists = id > 0 && id < 256;

	act_as(harts[below(HARTS)]);
	models[i].told = models[i].asleep && models[i].told;
	intfile_inject(&vcpus[i], id);
	if (exists && !hardware(&vcpus[i]) && swfile_signals(&files[i], id))
		assert_true(models[i].told);
	if (exists)
		models[i].pending[id / 64] |= BIT(id % 64);
}

/* The running guest writes its registers. */
static void guest_writes(unsigned int i)
{
	struct fake_vsfile *file = hardware(&vcpus[i]);
	unsigned int word = below(4);
	uint64_t enabled = fake_hart_random(&state) & ~UINT64_C(1);

	if (!models[i].on)
		return;
	models[i].enabled[word] = enabled;
	models[i].pending[word] = 0;
	models[i].threshold = below(3) ? 0 : below(256);
	models[i].delivery = below(4) != 0;
	if (file) {
		file->enabled[word] = enabled;
		file->pending[word] = 0;
		file->threshold = models[i].threshold;
		file->delivery = models[i].delivery;
	} else {
		files[i].enabled[word] = enabled;
		files[i].pending[word] = 0;
		files[i].threshold = models[i].threshold;
		files[i].delivery = models[i].delivery;
	}
}

static void evict(unsigned int i)
{
	act_as(harts[below(HARTS)]);
	intfile_evict(&vcpus[i]);
	assert_null(vcpus[i].intfile.hart);
	if (models[i].on)
		assert_int_equal(vcpus[i].arch.hstatus, 0);
}

static void interrupt(unsigned int unused)
{
	act_as(harts[below(HARTS)]);
	intfile_interrupt();
}

static void retry(unsigned int i)
{
	if (!models[i].on)
		return;
	act_as(models[i].on);
	intfile_retry(&vcpus[i]);
}

static void moves_at_random_agree_with_a_model(void **unused)
{
	static void (*const steps[])(unsigned int) = {
		load, load, leave, leave, inject, inject, guest_writes, evict, interrupt, retry,
	};
	uint64_t handovers = 0;

	state = 1;
	for (unsigned int step = 0; step < STEPS; step++) {
		fake_now += below(8000);
		steps[below(ARRAY_SIZE(steps))](below(VCPUS));
		check_all();
	}
	assert_true(harts[1]->files->counts.steals > 50);
	for (unsigned int i = 0; i < HARTS; i++)
		handovers += harts[i]->files->counts.handovers;
	assert_true(handovers > 50);
	assert_true(harts[0]->files->counts.software > 50);
	assert_int_equal(harts[0]->files->counts.promotions, 0);
}

static void lines_change_hands_no_more_often_than_the_interval(void **unused)
{
	fake_now = 1000000;
	for (unsigned int i = 0; i < 100; i++) {
		unsigned int which = i % 2;

		act_as(harts[1]);
		harts[1]->running = &vcpus[which];
		intfile_load(&vcpus[which]);
		fake_now += us_to_ticks(100);
	}
	/* The first of all takes a free line; then one in 500 us. */
	assert_in_range(harts[1]->files->counts.steals, 10, 20);
	harts[1]->running = NULL;
	for (unsigned int i = 0; i < 2; i++)
		intfile_evict(&vcpus[i]);
}

static void line_that_is_freed_is_offered(void **unused)
{
	act_as(harts[1]);
	fake_now = 1000000;
	harts[1]->running = &vcpus[0];
	intfile_load(&vcpus[0]);
	harts[1]->running = &vcpus[1];
	harts[1]->files->stolen_at = fake_now;
	intfile_load(&vcpus[1]);
	assert_null(vcpus[1].intfile.hart);
	models[1].told = false;
	intfile_evict(&vcpus[0]);
	assert_true(models[1].told);
	intfile_retry(&vcpus[1]);
	assert_ptr_equal(vcpus[1].intfile.hart, harts[1]);
}

static void victim_is_who_ran_least_recently(void **unused)
{
	for (unsigned int i = 0; i < 3; i++) {
		act_as(harts[2]);
		fake_now += us_to_ticks(1000);
		harts[2]->running = &vcpus[i];
		intfile_load(&vcpus[i]);
	}
	assert_null(vcpus[0].intfile.hart);
	assert_ptr_equal(vcpus[1].intfile.hart, harts[2]);
	assert_ptr_equal(vcpus[2].intfile.hart, harts[2]);
	assert_int_equal(vcpus[0].intfile.counts.stolen, 1);
}

static void limits_are_kept(void **unused)
{
	struct hart *hart = harts[2];

	hart_files_set_limit(hart, 1);
	assert_int_equal(hart_files_take(hart, &vcpus[0]), 1);
	assert_int_equal(hart_files_take(hart, &vcpus[1]), 0);
	assert_false(hart_files_free(hart));
	hart_files_set_limit(hart, 2);
	assert_true(hart_files_free(hart));
	assert_int_equal(hart_files_take(hart, &vcpus[1]), 2);
	assert_null(hart_files_excess(hart));
	hart_files_set_limit(hart, 1);
	assert_ptr_equal(hart_files_excess(hart), &vcpus[1]);
	hart_files_set_limit(hart, 2);
	hart_files_give(hart, 1, NULL);
	assert_int_equal(hart_files_take(hart, &vcpus[2]), 1);
	assert_int_equal(hart_lines_within(0), 0);
	assert_int_equal(hart_lines_within(63), ~UINT64_C(1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, intfile_setup, intfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(moves_at_random_agree_with_a_model),
		cmocka_unit_test_setup_teardown(moves_at_random_agree_with_a_model,
						intfile_setup_without_pbmt, intfile_teardown),
		TEST(lines_change_hands_no_more_often_than_the_interval),
		TEST(line_that_is_freed_is_offered),
		TEST(victim_is_who_ran_least_recently),
		TEST(limits_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
