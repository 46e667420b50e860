/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VMs that insist on guest interrupt files are promised, while limits change, harts come and
 * go, and VMs too. VMs and the scheduler are stand-ins. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/gstage.h>
#include <arch/vsfile.h>
#include <core/alloc.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HARTS 4
#define VMS 6
#define VCPUS 6
#define FILES 5

static struct vm *vms[VMS]; /* the oldest first; NULL at the end */
static unsigned int wakes, identities, evictions, offers;
static char said[256]; /* the last error */
static uint64_t state = 1;

/* ---- stand-ins ---- */

struct vm *vm_next(struct vm *vm)
{
	for (unsigned int i = 0; vm && i < VMS; i++)
		if (vms[i] == vm)
			return i + 1 < VMS ? vms[i + 1] : NULL;
	return vms[0];
}

int vm_pause(struct vm *vm, const char *reason)
{
	if (vm->state != VM_RUNNING)
		return -EBUSY;
	vm->state = VM_PAUSED;
	snprintf(vm->reason, sizeof(vm->reason), "%s", reason);
	return 0;
}

int vm_resume(struct vm *vm)
{
	if (vm->state != VM_PAUSED)
		return -EBUSY;
	vm->state = VM_RUNNING;
	vm->no_vsfile = false;
	return 0;
}

void vm_manager_wake(void)
{
	wakes++;
}

int sched_set_affinity(struct sched_entity *entity, const struct hartset *affinity)
{
	entity->affinity = *affinity;
	return 0;
}

/* Gives its line back, if it has one. */
void intfile_evict(struct vcpu *vcpu)
{
	evictions++;
	if (vcpu->intfile.hart)
		hart_files_give(vcpu->intfile.hart, vcpu->intfile.line, NULL);
	vcpu->intfile.hart = NULL;
}

void intfile_offer(struct hart *hart)
{
	offers++;
}

void vcpu_notify(struct vcpu *vcpu, uint32_t bits)
{
}

int gstage_leaf_prepare(struct gstage *gstage, gpa_t at)
{
	return 0;
}

unsigned int arch_vsfile_identities(const struct hart *hart)
{
	return identities;
}

bool option_pair(const char *name, uint64_t key, uint64_t *value)
{
	return false;
}

#define SAYS(name)                                        \
	void name(const char *fmt, ...)                   \
	{                                                 \
		va_list args;                             \
		va_start(args, fmt);                      \
		vsnprintf(said, sizeof(said), fmt, args); \
		va_end(args);                             \
	}

SAYS(log_info)
SAYS(log_warn)
SAYS(log_error)

/* ---- VMs ---- */

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(fake_hart_random(&state) % limit);
}

static struct vm *vm_make(unsigned int vcpus, uint64_t affinity, enum vm_files policy)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	vm->config.interrupt_files = policy;
	vm->config.interrupt_identities = 255;
	vm->config.vcpus = vcpus;
	vm->imsic = true;
	vm->affinity.bits[0] = affinity;
	vm->state = VM_RUNNING;
	snprintf(vm->name, sizeof(vm->name), "vm");
	for (unsigned int i = 0; i < vcpus; i++) {
		vm->vcpus[i] = calloc(1, sizeof(struct vcpu));
		vm->vcpus[i]->vm = vm;
		vm->vcpus[i]->sched.affinity = vm->affinity;
	}
	vm->vcpu_count = vcpus;
	return vm;
}

static void vm_free(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		intfile_evict(vm->vcpus[i]);
		free(vm->vcpus[i]);
	}
	free(vm);
}

static unsigned int vm_count(void)
{
	unsigned int count = 0;

	while (count < VMS && vms[count])
		count++;
	return count;
}

static void vm_drop(unsigned int index)
{
	intfile_vm_unreserve(vms[index]);
	vm_free(vms[index]);
	memmove(&vms[index], &vms[index + 1], (VMS - 1 - index) * sizeof(vms[0]));
	vms[VMS - 1] = NULL;
}

static int setup(void **unused)
{
	static bool added;

	fake_hart_reset();
	if (!added)
		page_add(hpa(FAKE_ARENA_BASE), MIB(1));
	added = true;
	hart_count = HARTS;
	for (unsigned int i = 0; i < HARTS; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(hart_files_init(harts[i], FILES), 0);
	}
	identities = 255;
	evictions = 0;
	said[0] = '\0';
	return 0;
}

static int teardown(void **unused)
{
	while (vms[0])
		vm_drop(0);
	return 0;
}

/* ---- what must hold ---- */

static unsigned int homes_at(const struct hart *hart)
{
	unsigned int homes = 0;

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			homes += vm->vcpus[i]->intfile.home == hart;
	return homes;
}

static void check_vcpu(const struct vm *vm, const struct vcpu *vcpu)
{
	const struct hart *home = vcpu->intfile.home;

	assert_int_equal(vm->reserved, home != NULL);
	if (!home) {
		assert_int_equal(vcpu->sched.affinity.bits[0], vm->affinity.bits[0]);
		return;
	}
	assert_true(hart_online(home));
	assert_true(hartset_has(&vm->affinity, home->index));
	assert_int_equal(vcpu->sched.affinity.bits[0], BIT(home->index));
}

static void check(void)
{
	for (unsigned int i = 0; i < HARTS; i++) {
		assert_int_equal(harts[i]->files->reserved, homes_at(harts[i]));
		assert_true(harts[i]->files->reserved <= harts[i]->files->limit);
	}
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		if (vm->config.interrupt_files == VM_FILES_HARDWARE)
			assert_true(vm->reserved || vm->state == VM_PAUSED);
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			check_vcpu(vm, vm->vcpus[i]);
	}
}

/* Lines that @vm could have if only older VMs had any. */
static unsigned int room_for(const struct vm *vm)
{
	unsigned int room = 0;

	for (unsigned int i = 0; i < HARTS; i++)
		if (hart_online(harts[i]) && hartset_has(&vm->affinity, i))
			room += harts[i]->files->limit;
	for (const struct vm *old = vm_next(NULL); old != vm; old = vm_next((struct vm *)old))
		for (unsigned int i = 0; i < old->vcpu_count; i++) {
			const struct hart *home = old->vcpus[i]->intfile.home;

			room -= home && hartset_has(&vm->affinity, home->index);
		}
	return room;
}

/* A limit changes: who is paused for it did not fit. */
static void limit_set(struct hart *hart, unsigned int limit)
{
	bool ran[VMS];

	for (unsigned int i = 0; i < vm_count(); i++)
		ran[i] = vms[i]->state == VM_RUNNING;
	assert_int_equal(intfile_set_limit(hart, limit), 0);
	check();
	for (unsigned int i = 0; i < vm_count(); i++)
		if (ran[i] && vms[i]->state == VM_PAUSED) {
			assert_true(room_for(vms[i]) < vms[i]->vcpu_count);
			assert_true(vms[i]->no_vsfile);
			assert_non_null(strstr(vms[i]->reason, "no-vsfile: hart "));
		}
}

static void create(void)
{
	struct vm *vm = vm_make(1 + below(VCPUS), 1 + below(BIT(HARTS) - 1),
				below(4) ? VM_FILES_HARDWARE : VM_FILES_AUTO);
	unsigned int count = vm_count(), left = 0;
	int error;

	assert_int_equal(intfile_vm_init(vm), 0);
	error = intfile_vm_reserve(vm, true);
	for (unsigned int i = 0; error && i < HARTS; i++)
		if (hart_online(harts[i]) && hartset_has(&vm->affinity, i))
			left += harts[i]->files->limit - harts[i]->files->reserved;
	if (error) {
		assert_true(left < vm->vcpu_count);
		vm_free(vm);
		return;
	}
	vm->config.on_no_vsfile = below(2) ? VM_SHORTAGE_WAIT : VM_SHORTAGE_PAUSE;
	vms[count] = vm;
}

static void hart_toggle(struct hart *hart)
{
	if (hart_online(hart)) {
		intfile_hart_leave(hart);
		assert_int_equal(hart->files->reserved, 0);
		hart->state = HART_OFFLINE;
	} else {
		hart->state = HART_ONLINE;
		intfile_hart_join(hart);
	}
}

static void resume_one(void)
{
	struct vm *vm = vm_count() ? vms[below(vm_count())] : NULL;

	if (vm && vm->state == VM_PAUSED && intfile_vm_reserve(vm, false) == 0)
		assert_int_equal(vm_resume(vm), 0);
}

/* Of the harts of @set, lines that are promised to nobody or to @vm. */
static unsigned int room_to_move(const struct vm *vm, const struct hartset *set)
{
	unsigned int room = 0;

	for (unsigned int i = 0; i < HARTS; i++)
		if (hart_online(harts[i]) && hartset_has(set, i)) {
			room += harts[i]->files->limit - harts[i]->files->reserved;
			for (unsigned int v = 0; v < vm->vcpu_count; v++)
				room += vm->vcpus[v]->intfile.home == harts[i];
		}
	return room;
}

/* Either all of it changes, or nothing does; and nobody moves who need not. */
static void affinity_set(struct vm *vm, const struct hartset *set)
{
	bool fits = !vm->reserved || room_to_move(vm, set) >= vm->vcpu_count;
	struct hartset before = vm->affinity;
	struct hart *homes[VCPUS];

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		homes[i] = vm->vcpus[i]->intfile.home;
	assert_int_equal(intfile_vm_set_affinity(vm, set), fits ? 0 : -ENOSPC);
	assert_int_equal(vm->affinity.bits[0], fits ? set->bits[0] : before.bits[0]);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (!fits || (homes[i] && hartset_has(set, homes[i]->index)))
			assert_ptr_equal(vm->vcpus[i]->intfile.home, homes[i]);
	intfile_vm_follow(vm);
}

static void affinity_set_one(void)
{
	/* Hart 0 is always on-line. */
	struct hartset set = { .bits = { 1 | below(BIT(HARTS)) } };
	unsigned int first = below(HARTS);

	if (hart_online(harts[first]))
		set.bits[0] = BIT(first) | (set.bits[0] & ~UINT64_C(1));
	if (vm_count())
		affinity_set(vms[below(vm_count())], &set);
}

/* Some harts have no file or all of them; every VM has all the harts that are left at times. */
static void promises_are_kept_whatever_changes(void **unused)
{
	for (unsigned int step = 0; step < 200000; step++) {
		struct hart *hart = harts[below(HARTS)];

		switch (below(7)) {
		case 0:
			if (vm_count() < VMS)
				create();
			break;
		case 1:
			if (vm_count() > 2)
				vm_drop(below(vm_count()));
			break;
		case 2:
			if (hart->index)
				hart_toggle(hart);
			break;
		case 3:
			resume_one();
			break;
		case 4:
			intfile_resume_waiting();
			break;
		case 5:
			affinity_set_one();
			break;
		default:
			if (hart_online(hart))
				limit_set(hart, below(FILES + 1));
		}
		check();
	}
}

static struct vm *add(unsigned int vcpus, uint64_t affinity)
{
	unsigned int count = vm_count();

	vms[count] = vm_make(vcpus, affinity, VM_FILES_HARDWARE);
	assert_int_equal(intfile_vm_init(vms[count]), 0);
	assert_int_equal(intfile_vm_reserve(vms[count], true), 0);
	return vms[count];
}

static void oldest_vm_keeps_its_files(void **unused)
{
	struct vm *old = add(6, 3), *young = add(4, 3);

	assert_int_equal(intfile_set_limit(harts[0], 1), 0);
	assert_int_equal(old->state, VM_RUNNING);
	assert_int_equal(young->state, VM_PAUSED);
	assert_string_equal(young->reason, "no-vsfile: hart 0");
	check();
	assert_int_equal(intfile_set_limit(harts[0], 5), 0);
	assert_int_equal(young->state, VM_PAUSED);
	assert_int_equal(intfile_vm_reserve(young, true), 0);
	check();
}

static void vm_that_is_too_big_does_not_take_others_with_it(void **unused)
{
	struct vm *big = add(6, 3), *small = add(2, 3);

	assert_int_equal(intfile_set_limit(harts[0], 0), 0);
	assert_int_equal(big->state, VM_PAUSED);
	assert_int_equal(small->state, VM_RUNNING);
	check();
}

static void vcpus_move_only_if_they_must(void **unused)
{
	struct vm *vm = add(4, 15);
	struct hart *homes[4];

	for (unsigned int i = 0; i < 4; i++)
		homes[i] = vm->vcpus[i]->intfile.home;
	assert_int_equal(intfile_set_limit(homes[2], 0), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(vm->vcpus[i]->intfile.home == homes[i], i != 2);
	assert_int_equal(vm->state, VM_RUNNING);
}

static void place(struct vcpu *vcpu, struct hart *hart)
{
	vcpu->intfile.line = hart_files_take(hart, vcpu);
	vcpu->intfile.hart = hart;
	assert_int_not_equal(vcpu->intfile.line, 0);
}

/* Nobody may take it from there, and it may sleep for ever. */
static void vcpu_that_moves_leaves_its_line(void **unused)
{
	struct vm *old = add(4, 1), *young = add(1, 3);
	struct hart *there = young->vcpus[0]->intfile.home, *other = harts[!there->index];

	place(young->vcpus[0], there);
	assert_int_equal(intfile_set_limit(there, there->index ? 0 : 4), 0);
	assert_int_equal(young->state, VM_RUNNING);
	assert_ptr_equal(young->vcpus[0]->intfile.home, other);
	assert_int_equal(there->files->used, 0);
	assert_int_equal(old->state, VM_RUNNING);
}

static void vm_that_moves_takes_its_promises_along(void **unused)
{
	const struct hartset only_1 = { .bits = { 2 } }, only_2 = { .bits = { 4 } };
	struct vm *other = add(3, 4), *vm = add(3, 1);

	place(vm->vcpus[1], harts[0]);
	place(other->vcpus[0], harts[2]);
	assert_int_equal(intfile_vm_set_affinity(vm, &only_1), 0);
	intfile_vm_follow(vm);
	check();
	assert_int_equal(harts[0]->files->reserved, 0);
	assert_int_equal(harts[0]->files->used, 0);
	assert_int_equal(harts[1]->files->reserved, 3);
	assert_int_equal(intfile_vm_set_affinity(vm, &only_2), -ENOSPC);
	assert_string_equal(said, "vm: interrupt-files: \"hardware\": 3 files asked for, 2 free, "
				  "hart 20: 2 of 5");
	check();
	assert_int_equal(vm->affinity.bits[0], 2);
	assert_int_equal(harts[1]->files->reserved, 3);
	assert_ptr_equal(other->vcpus[0]->intfile.hart, harts[2]);
}

/* Its own lines are not in its way. */
static void vm_may_stay_where_it_fills_a_hart(void **unused)
{
	const struct hartset both = { .bits = { 3 } }, first = { .bits = { 1 } };
	struct vm *vm = add(5, 1);

	evictions = 0;
	assert_int_equal(intfile_vm_set_affinity(vm, &both), 0);
	assert_int_equal(intfile_vm_set_affinity(vm, &first), 0);
	intfile_vm_follow(vm);
	assert_int_equal(evictions, 0);
	assert_int_equal(harts[0]->files->reserved, 5);
	check();
}

/* It gets its promises when it is resumed, of the harts that it has then. */
static void vm_that_waits_for_files_may_change_harts(void **unused)
{
	const struct hartset second = { .bits = { 2 } };
	struct vm *vm = add(5, 1);

	vm->config.on_no_vsfile = VM_SHORTAGE_WAIT;
	assert_int_equal(intfile_set_limit(harts[0], 1), 0);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_int_equal(intfile_vm_set_affinity(vm, &second), 0);
	check();
	intfile_resume_waiting();
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(harts[1]->files->reserved, 5);
	check();
}

static void files_leave_harts_that_a_vm_left(void **unused)
{
	const struct hartset second = { .bits = { 2 } };
	struct vm *vm = vms[0] = vm_make(3, 3, VM_FILES_AUTO);

	assert_int_equal(intfile_vm_init(vm), 0);
	place(vm->vcpus[0], harts[0]);
	place(vm->vcpus[1], harts[1]);
	assert_int_equal(intfile_vm_set_affinity(vm, &second), 0);
	intfile_vm_follow(vm);
	assert_int_equal(evictions, 1);
	assert_int_equal(harts[0]->files->used, 0);
	assert_ptr_equal(vm->vcpus[1]->intfile.hart, harts[1]);
	check();
}

static void shortage_is_explained(void **unused)
{
	struct vm *vm = vm_make(6, 4, VM_FILES_HARDWARE);

	assert_int_equal(intfile_vm_init(vm), 0);
	assert_int_equal(intfile_vm_reserve(vm, true), -ENOSPC);
	assert_string_equal(said, "vm: interrupt-files: \"hardware\": 6 files asked for, 5 free, "
				  "hart 20: 5 of 5");
	identities = 63;
	assert_int_equal(intfile_vm_init(vm), -ENOTSUP);
	assert_string_equal(said, "vm: interrupt-files: \"hardware\": 255 identities asked for, "
				  "the files of its harts have 63");
	vm->imsic = false;
	assert_int_equal(intfile_vm_init(vm), -ENOTSUP);
	assert_string_equal(said, "vm: interrupt-files: \"hardware\": its harts have no AIA");
	vm_free(vm);
}

static void lines_above_a_new_limit_are_taken_back(void **unused)
{
	struct vm *vm = vms[0] = vm_make(4, 15, VM_FILES_AUTO);
	struct hart *hart = harts[1];

	assert_int_equal(intfile_vm_init(vm), 0);
	for (unsigned int i = 0; i < 4; i++)
		place(vm->vcpus[i], hart);
	assert_int_equal(intfile_set_limit(hart, 2), 0);
	assert_int_equal(evictions, 2);
	assert_int_equal(hart->files->used, BIT(1) | BIT(2));
	assert_int_equal(intfile_set_limit(hart, FILES + 1), -EINVAL);
	assert_int_equal(hart->files->limit, 2);
	offers = 0;
	assert_int_equal(intfile_set_limit(hart, 3), 0);
	assert_int_equal(offers, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oldest_vm_keeps_its_files),
		TEST(vm_that_is_too_big_does_not_take_others_with_it),
		TEST(vcpus_move_only_if_they_must),
		TEST(vcpu_that_moves_leaves_its_line),
		TEST(vm_that_moves_takes_its_promises_along),
		TEST(vm_may_stay_where_it_fills_a_hart),
		TEST(vm_that_waits_for_files_may_change_harts),
		TEST(files_leave_harts_that_a_vm_left),
		TEST(shortage_is_explained),
		TEST(lines_above_a_new_limit_are_taken_back),
		TEST(promises_are_kept_whatever_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
