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

	shell_printf("%4u %5u %5u %8u %4d %10" PRIu64 " %8" PRIu64 " %10" PRIu64 " %8" PRIu64
		     " %9" PRIu64 " %8" PRIu64 "\n",
		     hart->index, files->count, files->limit, files->reserved,
		     __builtin_popcountll(files->used), counts->hits, counts->software,
		     counts->promotions, counts->steals, counts->handovers, counts->wakes);
}

static void print_owners(struct hart *hart)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			if (vm->vcpus[i]->intfile.hart == hart)
				shell_printf("  hart %u line %u: %s vCPU %u\n", hart->index,
					     vm->vcpus[i]->intfile.line, vm->name, i);
}

static int print_all(void)
{
	shell_printf("%4s %5s %5s %8s %4s %10s %8s %10s %8s %9s %8s\n", "hart", "files", "limit",
		     "reserved", "used", "hits", "software", "promotions", "steals", "handovers",
		     "wakes");
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->files)
			print_files(harts[i]);
	for (unsigned int i = 0; i < hart_count; i++)
		print_owners(harts[i]);
	return 0;
}

static int limit_set(const char *hart_text, const char *limit_text)
{
	uint64_t index, limit;

	if (!number_parse(hart_text, &index) || index >= hart_count || !hart_online(harts[index])) {
		shell_printf("There is no hart %.20s on-line.\n", hart_text);
		return 0;
	}
	if (!number_parse(limit_text, &limit) || limit >= HART_LINES ||
	    intfile_set_limit(harts[index], (unsigned int)limit))
		shell_printf("Hart %u has %u guest interrupt files.\n", (unsigned int)index,
			     harts[index]->files ? harts[index]->files->count : 0);
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
