/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command about guest interrupt files. It takes the life-cycle lock, as limits may pause VMs.
 */
#include "command.h"

#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/number.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>

static void print_files(const struct hart *hart)
{
	const struct hart_files *files = hart->files;
	const struct hart_file_counts *counts = &files->counts;

	shell_printf("%4" PRIu64 " %5u %5u %8u %4d %10" PRIu64 " %8" PRIu64 " %8" PRIu64
		     " %10" PRIu64 " %8" PRIu64 " %9" PRIu64 " %8" PRIu64 "\n",
		     hart->id, files->count, files->limit, files->reserved,
		     __builtin_popcountll(files->used), counts->hits, counts->found,
		     counts->software, counts->promotions, counts->steals, counts->handovers,
		     counts->wakes);
}

/* Of all vCPUs that were loaded, how many went on with a file of the hart. */
static void print_rate(void)
{
	uint64_t with = 0, all;

	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->files)
			with += harts[i]->files->counts.hits + harts[i]->files->counts.found;
	all = with;
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->files)
			all += harts[i]->files->counts.software;
	if (all)
		shell_printf("loads with a file: %" PRIu64 " of %" PRIu64 ", %" PRIu64 ".%" PRIu64
			     " %%\n",
			     with, all, with * 100 / all, with * 1000 / all % 10);
}

static void print_owners(struct hart *hart)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			if (vm->vcpus[i]->intfile.hart == hart)
				shell_printf("  hart %" PRIu64 " line %u: %s vCPU %u\n", hart->id,
					     vm->vcpus[i]->intfile.line, vm->name, i);
}

static int print_all(void)
{
	shell_printf("%4s %5s %5s %8s %4s %10s %8s %8s %10s %8s %9s %8s\n", "hart", "files",
		     "limit", "reserved", "used", "hits", "found", "software", "promotions",
		     "steals", "handovers", "wakes");
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->files)
			print_files(harts[i]);
	print_rate();
	for (unsigned int i = 0; i < hart_count; i++)
		print_owners(harts[i]);
	return 0;
}

static int limit_set(const char *hart_text, const char *limit_text)
{
	struct hart *hart = hart_named(hart_text);
	uint64_t limit;

	if (!hart || !hart_online(hart)) {
		shell_printf("There is no hart %.20s on-line.\n", hart_text);
		return 0;
	}
	if (!number_parse(limit_text, &limit) || limit >= HART_LINES ||
	    intfile_set_limit(hart, (unsigned int)limit))
		shell_printf("Hart %" PRIu64 " has %u guest interrupt files.\n", hart->id,
			     hart->files ? hart->files->count : 0);
	return 0;
}

int host_files_run(unsigned int argc, char *const *argv)
{
	int result;

	if (argc == 1) {
		shell_printf("How many? host files <hart> <n>\n");
		return 0;
	}
	vm_control_lock();
	result = argc == 2 ? limit_set(argv[0], argv[1]) : print_all();
	vm_control_unlock();
	return result;
}
