/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A test of fences: the first of three pages of a guest's RAM is mapped to its own memory and to
 * that of the second in turns. What lies there is a number that grows with each turn; the third
 * page has the number that everybody must see by now. The payload `remap` looks. It runs with the
 * life-cycle lock held.
 */
#include "command.h"

#include <arch/gstage.h>
#include <arch/mmu.h>
#include <core/number.h>
#include <core/vm.h>
#include <inttypes.h>

#define TURNS 1000
#define TURNS_MAX 1000000
#define PAGES 3

static void turns(struct vm *vm, gpa_t at, volatile uint64_t *const *words, uint64_t count)
{
	int error = 0;
	uint64_t done = 0;

	/* Ends, as it began, with the page's own memory. */
	count = align_up(count, 2);
	while (done < count && !error) {
		volatile uint64_t *word = words[++done & 1];

		*word = words[2][0] + 1;
		error = gstage_remap(&vm->gstage, at, hva_to_hpa((void *)(uintptr_t)word));
		if (!error)
			__atomic_store_n(&words[2][0], words[2][0] + 1, __ATOMIC_SEQ_CST);
	}
	if (error)
		shell_printf("%s: no memory to split its leaves\n", vm->name);
	else
		shell_printf("%s: page 0x%" PRIx64 " remapped %" PRIu64 " times\n", vm->name, at.v,
			     done);
}

static void remap(struct vm *vm, gpa_t at, uint64_t count)
{
	volatile uint64_t *words[PAGES];
	uint64_t room;

	if (!is_aligned(at.v, PAGE_SIZE) || !vm_is_ram(vm, at, PAGES * PAGE_SIZE, GSTAGE_WRITE)) {
		shell_printf("%s: no three pages of RAM at 0x%" PRIx64 "\n", vm->name, at.v);
		return;
	}
	for (unsigned int i = 0; i < PAGES; i++)
		words[i] = vm_ram(vm, gpa(at.v + i * PAGE_SIZE), GSTAGE_WRITE, &room);
	turns(vm, at, words, count);
	gstage_merge(&vm->gstage, at, PAGES * PAGE_SIZE);
}

int vm_remap_run(unsigned int argc, char *const *argv)
{
	uint64_t at, count = TURNS;
	struct vm *vm;

	vm_control_lock();
	vm = vm_find(argv[0]);
	if (!vm)
		shell_printf("There is no VM \"%.32s\".\n", argv[0]);
	else if (!number_parse(argv[1], &at))
		shell_printf("A guest-physical address: \"%.32s\" is none.\n", argv[1]);
	else if (argc > 2 && (!number_parse(argv[2], &count) || count > TURNS_MAX))
		shell_printf("Times: 0 to %u.\n", TURNS_MAX);
	else
		remap(vm, gpa(at), count);
	vm_control_unlock();
	return 0;
}
