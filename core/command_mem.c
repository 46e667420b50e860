/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `host mem`: who has the machine's memory. With the life-cycle lock held, so that no VM comes or
 * goes meanwhile; it only reads.
 */
#include "command.h"

#include <core/number.h>
#include <core/page.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const char *const names[] = {
	[PAGE_OWNER_FREE] = "free, cleared",   [PAGE_OWNER_HYPERVISOR] = "hypervisor",
	[PAGE_OWNER_SHARED] = "shared region", [PAGE_OWNER_FIRMWARE] = "firmware",
	[PAGE_OWNER_BUNDLE] = "bundle",	       [PAGE_OWNER_UNUSED] = "RAM that is not used",
	[PAGE_OWNER_DEVICE] = "not RAM",
};

static const char *const dirty_name = "free, not cleared yet";

void print_memory(void)
{
	uint64_t total = page_total(), left = page_free_count();

	shell_printf("memory: %" PRIu64 " MiB, free %" PRIu64 " MiB (%" PRIu64 " of %" PRIu64
		     " pages)\n",
		     total * PAGE_SIZE >> 20, left * PAGE_SIZE >> 20, left, total);
}

static void print_pages(uint64_t pages, const char *name)
{
	shell_printf("%12" PRIu64 " %12" PRIu64 "  %s\n", pages, pages * PAGE_SIZE >> 10, name);
}

static void print_counts(void)
{
	char name[VM_NAME_MAX + 24];
	uint64_t dirty = page_count(PAGE_OWNER_DIRTY), left = page_free_count();

	shell_printf("%12s %12s  %s\n", "pages", "KiB", "owner");
	/* The cleaner goes on meanwhile: what is not one is the other. */
	print_pages(left - MIN(dirty, left), names[PAGE_OWNER_FREE]);
	print_pages(dirty, dirty_name);
	print_pages(page_count(PAGE_OWNER_HYPERVISOR), names[PAGE_OWNER_HYPERVISOR]);
	print_pages(page_count(PAGE_OWNER_SHARED), "shared regions");
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		snprintf(name, sizeof(name), "VM %u (%s)", vm->id, vm->name);
		print_pages(page_count(page_owner_vm(vm->id)), name);
	}
}

static void print_owner(uint16_t owner, const struct page_region *region)
{
	shell_printf("%s", names[owner]);
	if (region && region->owner == owner && region->what)
		shell_printf(" (%s)", region->what);
	shell_printf("\n");
}

static void print_regions(void)
{
	const struct page_region *region;

	shell_printf("not in these pages:\n");
	for (unsigned int i = 0; (region = page_region(i)) != NULL; i++)
		if (region->owner != PAGE_OWNER_UNUSED) {
			shell_printf("  0x%012" PRIx64 " + 0x%-10" PRIx64 " ", region->start,
				     region->end - region->start);
			print_owner(region->owner, region);
		}
}

static void print_page_of_vm(uint16_t owner, uint64_t at)
{
	struct vm *vm = vm_next(NULL);

	while (vm && page_owner_vm(vm->id) != owner)
		vm = vm_next(vm);
	shell_printf("VM %u", owner - PAGE_OWNER_VM);
	for (unsigned int i = 0; vm && i < vm->chunk_count; i++) {
		const struct vm_chunk *chunk = &vm->chunks[i];

		if (at >= chunk->hpa.v && at - chunk->hpa.v < chunk->size)
			shell_printf(" (%s), guest-physical 0x%" PRIx64, vm->name,
				     chunk->gpa.v + (at - chunk->hpa.v));
	}
	shell_printf("\n");
}

static void print_page(uint64_t at)
{
	uint16_t owner = page_owner(hpa(at));

	shell_printf("0x%" PRIx64 ": ", at);
	if (owner == PAGE_OWNER_DIRTY)
		shell_printf("%s\n", dirty_name);
	else if (owner >= PAGE_OWNER_VM)
		print_page_of_vm(owner, at);
	else
		print_owner(owner, page_region_of(hpa(at)));
}

int host_mem_run(unsigned int argc, char *const *argv)
{
	uint64_t at = 0;

	if (argc && !number_parse(argv[0], &at)) {
		shell_printf("\"%.32s\" is no address.\n", argv[0]);
		return 0;
	}
	vm_control_lock();
	if (argc) {
		print_page(at);
	} else {
		print_memory();
		print_counts();
		print_regions();
	}
	vm_control_unlock();
	return 0;
}
