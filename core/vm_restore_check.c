/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a saved VM can go on in a VM of this machine, but for its registers. The control lock
 * guards all of it.
 */
#include <core/text.h>
#include <inttypes.h>
#include <string.h>

#include "vm_save_parts.h"

/* ---- the machine ---- */

static void number_check(struct report *report, const char *what, uint32_t saved, uint32_t now)
{
	if (saved != now)
		report_error(report, "saved VM: %s: it has %" PRIu32 ", here it is %" PRIu32, what,
			     saved, now);
}

static bool list_has(const char *list, const char *word, size_t length)
{
	for (;; list++) {
		size_t item = strcspn(list, " ");

		if (item == length && memcmp(list, word, length) == 0)
			return true;
		list += item;
		if (!*list)
			return false;
	}
}

/* All that the guest was given is there; there may be more. */
static void isa_check(struct report *report, const char *saved, const char *now)
{
	char missing[160];
	struct text text = text_in(missing, sizeof(missing));

	for (;; saved++) {
		size_t length = strcspn(saved, " ");

		if (length && !list_has(now, saved, length))
			text_add(&text, " %.*s", (int)MIN(length, sizeof(missing)), saved);
		saved += length;
		if (!*saved)
			break;
	}
	if (text.length)
		report_error(report,
			     "saved VM: ISA: it has%s, which the harts here, or the description, "
			     "have not",
			     missing);
}

static void machine_check(const struct vm *vm, const struct save_image *image,
			  struct report *report)
{
	const struct save_machine *saved = image->machine;
	struct save_machine now;
	const char *isa;

	save_machine_fill(vm, &now, &isa);
	isa_check(report, image->isa, isa);
	number_check(report, "bits of the vector registers (VLEN)", saved->vlenb * 8,
		     saved->vlenb ? now.vlenb * 8 : 0);
	number_check(report, "bytes of a cbom block", saved->cbom_block,
		     saved->cbom_block ? now.cbom_block : 0);
	number_check(report, "bytes of a cboz block", saved->cboz_block,
		     saved->cboz_block ? now.cboz_block : 0);
	number_check(report, "bytes of a cbop block", saved->cbop_block,
		     saved->cbop_block ? now.cbop_block : 0);
	number_check(report, "timebase-frequency", saved->timebase, now.timebase);
	if (saved->interrupt_files != now.interrupt_files)
		report_error(report, "saved VM: interrupts: it has %s, here there is %s",
			     saved->interrupt_files ? "an IMSIC" : "an APLIC in direct mode",
			     now.interrupt_files ? "an IMSIC" : "an APLIC in direct mode");
	/* "riscv,sv39", "riscv,sv48", "riscv,sv57": the lesser one comes first. */
	if (strcmp(saved->mmu_type, now.mmu_type) > 0)
		report_error(report, "saved VM: mmu-type: its vCPUs have %s, those here %s",
			     saved->mmu_type, now.mmu_type);
}

/* ---- devices ---- */

static void device_check(const struct device *device, const struct save_image *image,
			 struct report *report)
{
	const struct device_ops *ops = device->ops;
	const struct save_device *saved = save_device_find(image, ops->name);
	const char *problem;

	if (!ops->save)
		return;
	if (!saved) {
		report_error(report, "saved VM: it has no device %s", ops->name);
		return;
	}
	if (saved->version != ops->state_version) {
		report_error(report,
			     "saved VM: device %s: version %" PRIu32 ", but this reads version "
			     "%" PRIu32,
			     ops->name, saved->version, ops->state_version);
		return;
	}
	problem = ops->check(device, saved + 1, saved->size);
	if (problem)
		report_error(report, "saved VM: device %s: %s", ops->name, problem);
}

static void devices_check(const struct vm *vm, const struct save_image *image,
			  struct report *report)
{
	for (unsigned int i = 0; i < vm->device_count; i++)
		device_check(vm->devices[i], image, report);
	for (unsigned int i = 0; i < image->device_count; i++) {
		const char *name = image->devices[i]->name;
		bool known = false;

		for (unsigned int j = 0; j < vm->device_count; j++)
			known |= vm->devices[j]->ops->save &&
				 strcmp(vm->devices[j]->ops->name, name) == 0;
		if (!known)
			report_error(report, "saved VM: it has a device %s, here there is none",
				     name);
	}
}

bool vm_restore_check(struct vm *vm, const struct save_image *image, struct report *report)
{
	unsigned int errors = report->errors;

	if (save_config_check(image, &vm->config, report))
		return false;
	machine_check(vm, image, report);
	devices_check(vm, image, report);
	return report->errors == errors;
}
