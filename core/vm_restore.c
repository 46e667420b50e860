/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts a saved VM in the place of one, or makes one for it. The control lock guards all of it; it
 * is handed on between steps, while the VM is paused.
 */
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/console.h>
#include <core/log.h>
#include <core/report_log.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vm_save_parts.h"

/* ---- memory ---- */

/* Pages that the image has not are zero. What is so already is left alone. */
static void clear(struct vm *vm, const struct vm_chunk *chunk, uint64_t from, uint64_t to)
{
	uint8_t *memory = hpa_to_hva(chunk->hpa);

	for (uint64_t at = from; at < to; at += PAGE_SIZE) {
		if (page_is_zero(memory + at))
			continue;
		memset(memory + at, 0, PAGE_SIZE);
		gstage_written(&vm->gstage, gpa(chunk->gpa.v + at), PAGE_SIZE);
	}
}

/* How far the runs of the image were gone through. */
struct source {
	const struct save_image *image;
	unsigned int run;
};

/* [@from, @to) of @chunk. */
static void part_restore(struct vm *vm, const struct vm_chunk *chunk, struct source *source,
			 uint64_t from, uint64_t to)
{
	const struct save_image *image = source->image;
	uint8_t *memory = hpa_to_hva(chunk->hpa);

	while (from < to) {
		const struct save_segment *run = &image->runs[source->run];
		uint64_t at = chunk->gpa.v + from, end = to;

		if (source->run == image->run_count || run->vaddr >= chunk->gpa.v + to) {
			clear(vm, chunk, from, to);
			return;
		}
		if (run->vaddr > at) {
			end = run->vaddr - chunk->gpa.v;
			clear(vm, chunk, from, end);
		} else if (run->vaddr + run->filesz > at) {
			end = MIN(to, run->vaddr + run->filesz - chunk->gpa.v);
			memcpy(memory + from, image->data + run->offset + (at - run->vaddr),
			       end - from);
			gstage_written(&vm->gstage, gpa(at), end - from);
		} else {
			source->run++;
			continue;
		}
		from = end;
	}
}

static void memory_restore(struct vm *vm, const struct save_image *image,
			   struct save_progress *progress)
{
	struct source source = { .image = image };

	for (unsigned int i = 0; i < vm->chunk_count; i++) {
		const struct vm_chunk *chunk = &vm->chunks[i];
		uint64_t end;

		if (chunk->range->owner != VM_OWNER_VM)
			continue;
		for (uint64_t at = 0; at < chunk->size; at = end) {
			end = MIN(at + SAVE_STEP, chunk->size);
			part_restore(vm, chunk, &source, at, end);
			/* When the manager restores, the shell could destroy the VM meanwhile. */
			if (!progress)
				continue;
			progress->step(progress, end - at);
			vm_control_yield();
		}
	}
}

/* ---- all of it ---- */

/* The interrupt controller first: the others drive its wires. */
static void devices_restore(struct vm *vm, const struct save_image *image)
{
	for (unsigned int turn = 0; turn < 2; turn++)
		for (unsigned int i = 0; i < vm->device_count; i++) {
			struct device *device = vm->devices[i];

			if (device->ops->save && (device == vm->irqchip) == (turn == 0))
				device->ops->restore(
					device, save_device_find(image, device->ops->name) + 1);
		}
}

/* The VM is held and all was checked; so an error is one of ours. */
static int state_restore(struct vm *vm, const struct save_image *image)
{
	const struct save_register *refused = NULL;
	char reason[sizeof(vm->reason)];
	int error = 0;

	vm->time_offset = image->machine->time - time_now();
	for (unsigned int i = 0; i < vm->vcpu_count && !refused; i++)
		refused = vcpu_restore(vm->vcpus[i], image, &error);
	if (refused) {
		snprintf(reason, sizeof(reason), "restored in part: register %s: error %d",
			 refused->name, error);
		vm_end(vm, VM_FAILED, true, reason);
		return error;
	}
	devices_restore(vm, image);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		__atomic_fetch_or(&vm->vcpus[i]->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
	console_typed_replace(vm->console, image->typed, image->typed_count);
	vm_machine_restored(vm);
	return 0;
}

static int replace(struct vm *vm, const struct save_image *image, struct save_progress *progress)
{
	int error;

	vm_replaced(vm);
	vm_machine_reset(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_reset(vm->vcpus[i]);
	__atomic_store_n(&vm->active, 0, __ATOMIC_SEQ_CST);
	memory_restore(vm, image, progress);
	error = state_restore(vm, image);
	if (error)
		return error;
	log_info("%s: restored", vm->name);
	return vm_resume(vm);
}

int vm_restore(struct vm *vm, const struct save_image *image, struct report *report,
	       struct save_progress *progress)
{
	bool running = vm->state == VM_RUNNING, held = vm->held;

	if (!vm_restore_check(vm, image, report))
		return -EINVAL;
	if (intfile_vm_reserve(vm, true)) {
		report_error(report, "saved VM: there are too few guest interrupt files for it");
		return -ENOSPC;
	}
	if (running)
		vm_pause(vm, "its saved state is looked at");
	vm_hold(vm);
	if (vm_restore_check_registers(vm, image, report))
		return replace(vm, image, progress);
	if (running)
		vm_resume(vm);
	else if (!held)
		vm_release(vm);
	return -EINVAL;
}

int vm_restore_own(struct vm *vm)
{
	const struct vm_file *file = &vm->config.restore;
	struct save_image image;
	struct report_log report;

	report_log_init(&report, vm->name);
	if (save_open(file->data, file->size, &image, &report.report))
		return -EINVAL;
	return vm_restore(vm, &image, &report.report, NULL);
}

/* ---- a new VM ---- */

/* The harts of the machine where it was saved may not be here. */
static void affinity_adapt(struct vm_config *config, const char *name)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_online(harts[i]) && vm_config_allows_hart(config, harts[i]->id))
			return;
	log_warn("%s: none of the harts of its cpu-affinity is here: it may run on all", name);
	config->affinity_count = 0;
}

struct vm *vm_create_saved(const struct save_image *image, const struct bundle *bundle,
			   const char *name, struct report *report)
{
	static struct vm_config config; /* large; the control lock guards it */
	struct save_image copy = *image;
	void *description = alloc_zero(image->description_size);
	struct vm *vm = NULL;

	if (!description) {
		report_error(report, "saved VM: out of memory");
		return NULL;
	}
	memcpy(description, image->description, image->description_size);
	copy.description = description;
	if (save_config(&copy, bundle, &config, report) == 0) {
		snprintf(config.name, sizeof(config.name), "%s", name);
		affinity_adapt(&config, name);
		vm = vm_create(&config);
	}
	if (vm)
		vm->description = description;
	else
		alloc_free(description);
	return vm;
}
