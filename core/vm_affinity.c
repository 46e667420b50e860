/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which harts the vCPUs of a VM may run on: found when it is created, changed by the operator. All
 * of it runs in threads with the control lock held, so that no VM, hart or promise changes.
 */
#include <arch/vcpu.h>
#include <core/log.h>
#include <core/thread.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MOVE_POLL_US 200

int vm_affinity_init(struct vm *vm)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_known(harts[i]) && vm_config_allows_hart(&vm->config, harts[i]->id)) {
			hartset_add(&vm->affinity, i);
			count += hart_online(harts[i]);
		}
	if (!count)
		log_error("%s: cpu-affinity: none of these harts is on-line", vm->name);
	return count ? 0 : -ENOTSUP;
}

/* Adds @hart to @set if @vm can run there. 0, or -ENOTSUP (reported). */
static int hart_join(const struct vm *vm, const struct hart *hart, struct hartset *set)
{
	char text[80];
	const char *problem = arch_vm_problem(vm, hart, text, sizeof(text));

	if (problem) {
		log_error("%s: cpu-affinity: hart %" PRIu64 " has %s", vm->name, hart->id, problem);
		return -ENOTSUP;
	}
	hartset_add(set, hart->index);
	return 0;
}

/* The same for all harts of @range. Stops at the first that is not there, however long it is. */
static int range_join(const struct vm *vm, struct hart_range range, struct hartset *set)
{
	int error = 0;

	for (uint64_t id = range.first; id <= range.last && !error; id++) {
		const struct hart *hart = hart_by_id(id);

		if (hart && hart_known(hart)) {
			error = hart_join(vm, hart, set);
			continue;
		}
		log_error("%s: cpu-affinity: hart %" PRIu64 " %s", vm->name, id,
			  hart ? "never came" : "is not there");
		return -ENOENT;
	}
	return error;
}

/* The harts that @ranges, or no range at all for every hart, mean for @vm. */
static int harts_join(const struct vm *vm, const struct hart_range *ranges, unsigned int count,
		      struct hartset *set)
{
	int error = 0;

	for (unsigned int i = 0; i < count && !error; i++)
		error = range_join(vm, ranges[i], set);
	for (unsigned int i = 0; !count && i < hart_count && !error; i++)
		if (hart_known(harts[i]))
			error = hart_join(vm, harts[i], set);
	return error;
}

static bool any_online(const struct hartset *set)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_online(harts[i]) && hartset_has(set, i))
			return true;
	return false;
}

/* Until none of its vCPUs is on a hart that it was taken away from. */
static void wait_until_moved(const struct vm *vm)
{
	bool waiting = true;

	while (waiting) {
		waiting = false;
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			waiting |= !sched_settled(&vm->vcpus[i]->sched);
		if (waiting)
			thread_sleep(MOVE_POLL_US);
	}
}

int vm_set_affinity(struct vm *vm, const struct hart_range *ranges, unsigned int count)
{
	struct hartset set = { 0 };
	int error = harts_join(vm, ranges, count, &set);

	if (!error && !any_online(&set)) {
		log_error("%s: cpu-affinity: none of these harts is on-line", vm->name);
		error = -ENOTSUP;
	}
	if (!error)
		error = intfile_vm_set_affinity(vm, &set);
	if (error)
		return error;
	memcpy(vm->config.affinity, ranges, count * sizeof(ranges[0]));
	vm->config.affinity_count = count;
	wait_until_moved(vm);
	intfile_vm_follow(vm);
	vm_roomy_update();
	vm_manager_wake();
	return 0;
}
