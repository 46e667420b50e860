/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of saved VMs: gives them to vCPUs, and tries them before with vCPUs that never run. The
 * control lock guards all of it.
 */
#include <arch/registers.h>
#include <core/alloc.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vm_save_parts.h"

const struct save_register *vcpu_restore(struct vcpu *vcpu, const struct save_image *image,
					 int *error)
{
	const struct save_register *reg = NULL;

	while ((reg = save_register_next(image, vcpu->index, reg))) {
		if (reg->number == REGISTER(REGISTER_TIMER, REGISTER_TIME_OFFSET))
			continue;
		*error = vcpu_register_set(vcpu, reg->number, reg + 1, reg->size);
		if (*error)
			return reg;
	}
	return NULL;
}

static void refusal_tell(struct report *report, unsigned int index, const struct save_register *reg,
			 int error)
{
	uint64_t value = 0;

	memcpy(&value, reg + 1, MIN(reg->size, sizeof(value)));
	if (error == -ENOENT)
		report_error(report,
			     "saved VM: vCPU %u: it has the register %s (0x%" PRIx32
			     "), here there is none",
			     index, reg->name, reg->number);
	else if (error == -EMSGSIZE)
		report_error(report,
			     "saved VM: vCPU %u: its register %s has %" PRIu32
			     " bytes, here it has another size",
			     index, reg->name, reg->size);
	else
		report_error(report,
			     "saved VM: vCPU %u: its register %s is 0x%" PRIx64
			     ", which it cannot be here",
			     index, reg->name, value);
}

static void nothing(void *opaque)
{
	(void)opaque;
}

/* A VM of which nothing runs: what belongs to all vCPUs of one is a register, too. */
static struct vm *shadow_create(const struct vm *vm)
{
	struct vm *shadow = alloc_zero(sizeof(*shadow));

	if (!shadow)
		return NULL;
	memcpy(shadow, vm, sizeof(*shadow));
	for (shadow->vcpu_count = 0; shadow->vcpu_count < vm->vcpu_count; shadow->vcpu_count++) {
		struct vcpu *vcpu = vcpu_create(shadow, shadow->vcpu_count);

		shadow->vcpus[shadow->vcpu_count] = vcpu;
		if (!vcpu)
			break;
	}
	return shadow;
}

static void shadow_destroy(struct vm *shadow)
{
	struct hartset all;

	for (unsigned int i = 0; i < shadow->vcpu_count; i++)
		timer_cancel(&shadow->vcpus[i]->timer);
	/* When all harts have answered none of these timers is expiring. */
	memset(&all, 0xff, sizeof(all));
	hart_call(&all, nothing, NULL);
	for (unsigned int i = 0; i < shadow->vcpu_count; i++)
		vcpu_destroy(shadow->vcpus[i]);
	alloc_free(shadow);
}

static bool any_started(const struct save_image *image)
{
	for (unsigned int i = 0; i < image->machine->vcpus; i++) {
		const struct save_register *reg = NULL;
		uint64_t hsm = HSM_STOPPED;

		while ((reg = save_register_next(image, i, reg)))
			if (reg->number == REGISTER(REGISTER_CORE, 33) && reg->size == sizeof(hsm))
				memcpy(&hsm, reg + 1, sizeof(hsm));
		if (hsm != HSM_STOPPED)
			return true;
	}
	return false;
}

bool vm_restore_check_registers(const struct vm *vm, const struct save_image *image,
				struct report *report)
{
	struct vm *shadow = shadow_create(vm);
	const struct save_register *refused = NULL;
	bool complete = shadow && shadow->vcpu_count == vm->vcpu_count;
	int error = 0;

	if (!complete)
		report_error(report, "saved VM: out of memory to try its registers");
	for (unsigned int i = 0; complete && i < vm->vcpu_count && !refused; i++) {
		refused = vcpu_restore(shadow->vcpus[i], image, &error);
		if (refused)
			refusal_tell(report, i, refused, error);
	}
	if (shadow)
		shadow_destroy(shadow);
	if (!complete || refused)
		return false;
	if (!any_started(image)) {
		report_error(report, "saved VM: none of its vCPUs is started");
		return false;
	}
	return true;
}
