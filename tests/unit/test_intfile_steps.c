/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a vCPU that insists on a file does while it has none, and when those that write MSIs by
 * themselves are pointed elsewhere.
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

static struct vm other;

/* vCPU 0 insists on the line of hart 1, which vCPU 1 of another VM had last. */
static void insisting_world(void)
{
	other = vm;
	vcpus[1].vm = &other;
	act_as(harts[1]);
	fake_now = 1000000;
	harts[1]->running = &vcpus[1];
	intfile_load(&vcpus[1]);
	assert_ptr_equal(vcpus[1].intfile.hart, harts[1]);
	vm.config.interrupt_files = VM_FILES_HARDWARE;
	vcpus[0].intfile.home = harts[1];
	harts[1]->running = &vcpus[0];
}

static unsigned int turns;

/* The vCPU that insists is loaded while the one that has its line is being moved. */
static void load_meanwhile(void (*relax)(void))
{
	insisting_world();
	vcpus[1].intfile.busy = 1;
	turns = 0;
	fake_relax_hook = relax;
	intfile_load(&vcpus[0]);
	fake_relax_hook = NULL;
}

static void mover_ends(void)
{
	fake_now++;
	if (++turns == 100)
		vcpus[1].intfile.busy = 0;
}

/* Another hart is just moving the one that it would be taken from. */
static void insisting_vcpu_waits_for_its_line(void **unused)
{
	load_meanwhile(mover_ends);
	assert_true(turns >= 100);
	assert_ptr_equal(vcpus[0].intfile.hart, harts[1]);
	assert_null(vcpus[1].intfile.hart);
	assert_int_equal(vcpus[0].intfile.counts.software, 0);
	assert_int_equal(harts[1]->files->counts.software, 0);
	assert_false(models[0].left);
}

static void home_moves(void)
{
	/* Who moves it can have it. */
	assert_int_equal(vcpus[0].intfile.busy, 0);
	if (++turns == 100)
		vcpus[0].intfile.home = harts[2];
}

static void insisting_vcpu_leaves_a_hart_that_is_no_home_any_more(void **unused)
{
	load_meanwhile(home_moves);
	vcpus[1].intfile.busy = 0;
	assert_null(vcpus[0].intfile.hart);
	assert_true(models[0].left);
	assert_int_equal(vcpus[0].intfile.counts.software, 0);
}

/* It runs, and its line is taken away: it finds another before it is in the guest again. */
static void insisting_vcpu_does_not_go_on_without_a_file(void **unused)
{
	vm.config.interrupt_files = VM_FILES_HARDWARE;
	vcpus[0].intfile.home = harts[2];
	act_as(harts[2]);
	harts[2]->running = &vcpus[0];
	intfile_load(&vcpus[0]);
	act_as(harts[1]);
	vcpus[0].pending = 0;
	intfile_evict(&vcpus[0]);
	assert_true(vcpus[0].pending & PENDING_FILE);
	act_as(harts[2]);
	intfile_retry(&vcpus[0]);
	assert_ptr_equal(vcpus[0].intfile.hart, harts[2]);
	assert_false(models[0].left);
}

/* ---- what writes MSIs by itself ---- */

static struct {
	unsigned int to_file, to_memory;
} retargeted;

/* As a memory-resident interrupt file: what came meanwhile is in the SW-file. Identity 5. */
static void retarget(struct vcpu *vcpu, struct hart *hart, unsigned int line)
{
	const struct fake_vsfile *file = &fake_vsfiles[1][1];
	unsigned int access;
	hpa_t page;
	int mapped = gstage_walk(&vm.gstage, gpa(PAGES), &page, &access);

	assert_ptr_equal(vcpu, &vcpus[0]);
	assert_int_equal(vcpu->intfile.busy, 1);
	assert_int_equal(fake_hart_self->lock_ranks, 0);
	assert_ptr_equal(vcpu->intfile.hart, hart);
	if (hart) {
		retargeted.to_file++;
		assert_ptr_equal(hart, harts[1]);
		assert_int_equal(line, 1);
		assert_int_equal(mapped, 0);
		assert_int_equal(page.v, arch_vsfile_page(hart, line).v);
		/* Empty and silent; what the vCPU has is in the SW-file yet. */
		for (unsigned int word = 0; word < 4; word++)
			assert_int_equal(file->pending[word] | file->enabled[word], 0);
		assert_int_equal(file->delivery | file->threshold, 0);
		assert_int_equal(files[0].enabled[0], 0x70);
		assert_int_equal(files[0].pending[0], 0x40);
		assert_int_equal(files[0].delivery, 1);
		swfile_add_word(vcpu->file, 0, 0x20);
	} else {
		retargeted.to_memory++;
		assert_true(mapped < 0);
		/* The last ones of those that went to the file arrive: it has not been drained. */
		assert_int_equal(file->enabled[0], 0x70);
		assert_int_equal(file->pending[0], 0x60);
		assert_int_equal(file->delivery, 1);
		fake_vsfiles[1][1].pending[0] |= 0x10;
		assert_int_equal(files[0].pending[0] | files[0].enabled[0], 0);
	}
}

static void writers_are_pointed_elsewhere_at_their_step(void **unused)
{
	static const struct msi_writer writer = { .retarget = retarget };

	memset(&retargeted, 0, sizeof(retargeted));
	vm.msi_writer = &writer;
	files[0].enabled[0] = 0x70;
	files[0].pending[0] = 0x40;
	files[0].delivery = 1;
	act_as(harts[1]);
	harts[1]->running = &vcpus[0];
	hartset_add(&vm.gstage.harts, 1);
	intfile_load(&vcpus[0]);
	assert_int_equal(retargeted.to_file, 1);
	assert_int_equal(retargeted.to_memory, 0);
	assert_int_equal(fake_vsfiles[1][1].pending[0], 0x60);
	act_as(harts[2]);
	intfile_evict(&vcpus[0]);
	assert_int_equal(retargeted.to_file, 1);
	assert_int_equal(retargeted.to_memory, 1);
	assert_int_equal(files[0].pending[0], 0x70);
	assert_int_equal(fake_vsfiles[1][1].pending[0], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, intfile_setup, intfile_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(insisting_vcpu_waits_for_its_line),
		TEST(insisting_vcpu_leaves_a_hart_that_is_no_home_any_more),
		TEST(insisting_vcpu_does_not_go_on_without_a_file),
		TEST(writers_are_pointed_elsewhere_at_their_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
