/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMs have room: a hart for each vCPU that may run where theirs may. Those wait for
 * interrupts in the guest (core/sched.h). All of it under the control lock.
 */
#include <core/options.h>
#include <core/vm.h>

static bool intersects(const struct hartset *one, const struct hartset *other)
{
	uint64_t both = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(one->bits); i++)
		both |= one->bits[i] & other->bits[i];
	return both;
}

static bool has_room(const struct vm *vm)
{
	unsigned int room = 0, vcpus = 0;

	for (unsigned int i = 0; i < hart_count; i++)
		room += hart_online(harts[i]) && hartset_has(&vm->affinity, i);
	for (struct vm *other = vm_next(NULL); other; other = vm_next(other))
		if (intersects(&vm->affinity, &other->affinity))
			vcpus += other->vcpu_count;
	return vcpus <= room;
}

void vm_roomy_update(void)
{
	bool native = option_has("wfi", "native");

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		bool roomy = native && has_room(vm);

		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			sched_set_roomy(&vm->vcpus[i]->sched, roomy);
	}
}
