/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random changes of limits, harts, affinities and VMs: who insists on guest interrupt files has
 * them or stands still, and nobody stands still who need not. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "policy_world.h"

#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/vm_parts.h>
#include <errno.h>

static uint64_t random_state = 1;

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(fake_hart_random(&random_state) % limit);
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
	check_all();
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
		check_all();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(promises_are_kept_whatever_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
