/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that save and restore VMs, list what was saved, and send it over the console. The
 * control lock is held but while an image is sent: only commands, one at a time, change images.
 */
#include "command.h"

#include <core/bundle.h>
#include <core/number.h>
#include <core/save_area.h>
#include <core/thread.h>
#include <core/vm_save.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "save_send.h"

#define PROGRESS_US 2000000

static void shell_emit(struct report *report, enum report_level level, const char *message)
{
	(void)report;
	shell_printf("%s%s\n", level == REPORT_WARNING ? "warning: " : "", message);
}

/* ---- how far it is ---- */

struct progress {
	struct save_progress progress;
	const char *what;
	uint64_t done, all; /* bytes */
	uint64_t next; /* when to tell */
};

static void progress_step(struct save_progress *base, uint64_t bytes)
{
	struct progress *progress = container_of(base, struct progress, progress);

	progress->done += bytes;
	if (time_now() < progress->next)
		return;
	progress->next = time_now() + us_to_ticks(PROGRESS_US);
	shell_printf("%s: %" PRIu64 " of %" PRIu64 " MiB\n", progress->what, progress->done >> 20,
		     progress->all >> 20);
}

static void check_step(void *opaque, uint64_t bytes)
{
	progress_step(opaque, bytes);
	vm_control_yield();
}

static struct progress progress_of(const char *what, uint64_t all)
{
	return (struct progress){
		.progress.step = progress_step,
		.what = what,
		.all = all,
		.next = time_now() + us_to_ticks(PROGRESS_US),
	};
}

static uint64_t ms_since(uint64_t begin)
{
	return ticks_to_us(time_now() - begin) / 1000;
}

static uint64_t own_memory(const struct vm *vm)
{
	uint64_t size = 0;

	for (unsigned int i = 0; i < vm->range_count; i++)
		if (vm->ranges[i].owner == VM_OWNER_VM)
			size += vm->ranges[i].size;
	return size;
}

/* ---- vm save ---- */

/* Saves @vm, which is paused, to the area. */
static int save(struct vm *vm)
{
	struct progress progress = progress_of("saving", own_memory(vm));
	uint64_t begin = time_now();
	size_t room, size;
	void *data = save_area_room(&room);
	int error = vm_save(vm, data, room, &size, &progress.progress);

	if (!error)
		error = save_area_keep(vm->name, size);
	if (error == -ENOSPC)
		shell_printf(
			"%s: not saved: it does not fit in %zu KiB; vm saved <name> drop makes "
			"room, the option save.size more\n",
			vm->name, room >> 10);
	else if (!error)
		shell_printf("%s: saved, %zu KiB in %" PRIu64 " ms\n", vm->name, size >> 10,
			     ms_since(begin));
	return error == -ENOSPC ? -EAGAIN : error;
}

static int save_locked(const char *name, bool go_on)
{
	struct vm *vm = vm_find(name);
	bool paused;
	int error;

	if (!vm) {
		shell_printf("There is no VM \"%.32s\".\n", name);
		return -EAGAIN;
	}
	if (!save_area_size()) {
		shell_printf("There is no memory for it: see the option save.size\n");
		return -EAGAIN;
	}
	paused = vm_pause(vm, "saved") == 0;
	error = save(vm);
	if (go_on || (error && paused))
		vm_resume(vm);
	return error;
}

/* -EAGAIN: the reason was told. */
static int vm_save_command(const char *name, const char *what)
{
	const struct save_slot *slot;
	char found[VM_NAME_MAX + 1];
	struct vm *vm;
	int error;

	if (what && strcmp(what, "resume") != 0 && strcmp(what, "console") != 0) {
		shell_printf("vm save <vm> [resume|console]\n");
		return 0;
	}
	vm_control_lock();
	error = save_locked(name, what && strcmp(what, "resume") == 0);
	vm = vm_find(name);
	snprintf(found, sizeof(found), "%s", vm ? vm->name : "");
	vm_control_unlock();
	slot = save_slot_find(found);
	if (!error && slot && what && strcmp(what, "console") == 0)
		save_send(slot, 0, slot->size);
	return error == -EAGAIN ? 0 : error;
}

int vm_save_run(unsigned int argc, char *const *argv)
{
	return vm_save_command(argv[0], argc > 1 ? argv[1] : NULL);
}

/* ---- vm restore ---- */

/* The VM of that name, made for the image if there is none: *@made. */
static struct vm *vm_for(const char *name, const struct save_image *image, struct report *report,
			 bool *made)
{
	struct vm *vm = vm_find_name(name);
	int error;

	*made = !vm;
	if (vm)
		return vm;
	error = vm_manager_make(name, &vm);
	if (error == -ENOENT)
		return vm_create_saved(image, vm_manager_bundle(), name, report);
	return error ? NULL : vm;
}

static void restore(const char *name, const void *data, size_t size)
{
	struct report report = { .emit = shell_emit };
	struct progress progress = progress_of("checking", size);
	uint64_t begin = time_now();
	struct save_image image;
	struct vm *vm;
	bool made;

	if (save_open(data, size, &image, &report) ||
	    save_memory_check(&image, &report, check_step, &progress.progress))
		return;
	vm = vm_for(name, &image, &report, &made);
	if (!vm) {
		shell_printf("%s: not made: see the log\n", name);
		return;
	}
	progress = progress_of("restoring", own_memory(vm));
	if (vm_restore(vm, &image, &report, &progress.progress) == 0)
		shell_printf("%s: restored in %" PRIu64 " ms\n", vm->name, ms_since(begin));
	else if (made)
		vm_destroy(vm);
}

static int restore_file(const char *name, const char *file)
{
	const struct bundle *bundle = vm_manager_bundle();
	const void *data;
	size_t size;

	if (!bundle || bundle_find(bundle, file, &data, &size))
		shell_printf("The bundle has no file \"%.64s\".\n", file);
	else
		restore(name, data, size);
	return 0;
}

static int restore_saved(const char *name)
{
	const void *data;
	size_t size;

	if (save_area_find(name, &data, &size))
		shell_printf("No VM \"%.32s\" was saved; vm saved lists them\n", name);
	else
		restore(name, data, size);
	return 0;
}

int vm_restore_run(unsigned int argc, char *const *argv)
{
	char name[VM_NAME_MAX + 1];
	struct vm *vm;

	if (argc == 2 || (argc > 2 && strcmp(argv[1], "file") != 0)) {
		shell_printf("vm restore <name> [file <file of the bundle>]\n");
		return 0;
	}
	if (!vm_name_is_valid(argv[0])) {
		shell_printf("\"%.40s\" cannot be the name of a VM.\n", argv[0]);
		return 0;
	}
	vm_control_lock();
	vm = vm_find(argv[0]);
	snprintf(name, sizeof(name), "%s", vm ? vm->name : argv[0]);
	if (argc > 2)
		restore_file(name, argv[2]);
	else
		restore_saved(name);
	vm_control_unlock();
	return 0;
}

/* ---- vm saved ---- */

static void saved_list(void)
{
	const struct save_slot *slot;
	size_t room;

	save_area_room(&room);
	shell_printf("%-16s %9s\n", "name", "KiB");
	for (unsigned int i = 0; (slot = save_area_slot(i)); i++)
		shell_printf("%-16s %9zu\n", slot->name, slot->size >> 10);
	shell_printf("free: %zu of %zu KiB\n", room >> 10, save_area_size() >> 10);
}

static void saved_send(const struct save_slot *slot, unsigned int argc, char *const *argv)
{
	uint64_t from = 0, count = slot->size;

	if ((argc > 0 && !number_parse(argv[0], &from)) ||
	    (argc > 1 && !number_parse(argv[1], &count)) || from > slot->size) {
		shell_printf("vm saved <name> send [offset] [bytes]: up to %zu\n", slot->size);
		return;
	}
	save_send(slot, from, MIN(count, slot->size - from));
}

int vm_saved_run(unsigned int argc, char *const *argv)
{
	const struct save_slot *slot = argc > 0 ? save_slot_find(argv[0]) : NULL;

	if (argc == 0) {
		saved_list();
	} else if (!slot) {
		shell_printf("No VM \"%.32s\" was saved; vm saved lists them\n", argv[0]);
	} else if (argc > 1 && strcmp(argv[1], "send") == 0) {
		saved_send(slot, argc - 2, argv + 2);
	} else if (argc == 2 && strcmp(argv[1], "drop") == 0) {
		vm_control_lock();
		save_area_drop(slot->name);
		vm_control_unlock();
	} else {
		shell_printf("vm saved [name] [drop|send] [offset] [bytes]\n");
	}
	return 0;
}
