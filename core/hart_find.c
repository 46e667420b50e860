/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harts that the device tree has: which of them take part, and which are left out and why.
 * Runs once on the boot hart, before the others start, so there is no lock.
 */
#include <core/hart_power.h>

#include <arch/isa.h>
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hostdt.h>
#include <core/options.h>
#include <core/sched.h>
#include <core/timer.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

void hart_insert(struct hart *hart, uint64_t id)
{
	unsigned int at = hart_count++;

	hart->id = id;
	for (; at > 0 && harts[at - 1]->id > id; at--) {
		harts[at] = harts[at - 1];
		hart_set_index(harts[at], at);
	}
	harts[at] = hart;
	hart_set_index(hart, at);
}

/* What each hart needs besides its struct. False when memory is out. */
static bool hart_prepare(struct hart *hart, int node)
{
	if (isa_parse_cpu(host_fdt, node, &hart->arch.isa)) {
		char path[NODE_PATH_MAX];

		hostdt_path_of(node, path, sizeof(path));
		finding_add(FINDING_LESS, path, "its ISA is missing or malformed");
	}
	hart->arch.cbom_block = hostdt_u32(node, "riscv,cbom-block-size", 0);
	hart->arch.cboz_block = hostdt_u32(node, "riscv,cboz-block-size", 0);
	hart->arch.cbop_block = hostdt_u32(node, "riscv,cbop-block-size", 0);
	hart->arch.mmu_type = hostdt_string(node, "mmu-type", 0);
	if (sched_hart_init(hart) || timer_hart_init(hart))
		return false;
	/* The last one, as nothing takes it back. */
	hart->stack_top = mmu_stack_create();
	hostdt_hart_note(node, hart->id);
	return hart->stack_top != 0;
}

static void hart_free(struct hart *hart)
{
	if (!hart)
		return;
	alloc_free(hart->timers);
	alloc_free(hart->queue);
	alloc_free(hart);
}

/* Why a hart with that cpu node cannot take part, or NULL. */
static const char *node_problem(int node)
{
	if (!hostdt_enabled(node))
		return "disabled in the device tree";
	if (!hostdt_string(node, "mmu-type", 0))
		return "it has no MMU, so no S-mode";
	return NULL;
}

/* Another hart than that which boots. NULL, or why it is left out. */
static const char *hart_add(uint64_t id, int node)
{
	const char *problem = node_problem(node);
	struct hart *hart;

	if (problem)
		return problem;
	hart = alloc_zero(sizeof(*hart));
	if (hart)
		hart->id = id;
	if (!hart || !hart_prepare(hart, node)) {
		hart_free(hart);
		return "no memory for it";
	}
	hart_insert(hart, id);
	return NULL;
}

int harts_find(void)
{
	uint64_t most = MIN(option_number("harts", MAX_HARTS), (uint64_t)MAX_HARTS);
	uint64_t id;

	for (int node = hostdt_cpu_next(-1, &id); node >= 0; node = hostdt_cpu_next(node, &id)) {
		struct hart *known = hart_by_id(id);
		const char *problem = NULL;
		char where[32];

		snprintf(where, sizeof(where), "hart %" PRIu64, id);
		if (known && known->stack_top)
			problem = "/cpus has it twice";
		else if (known && !hart_prepare(known, node))
			return -ENOMEM;
		else if (!known && hart_count < most)
			problem = hart_add(id, node);
		else if (!known)
			finding_add(FINDING_LEFT_OUT, where, "more than %" PRIu64 " harts", most);
		if (problem)
			finding_add(FINDING_LEFT_OUT, where, "%s", problem);
	}
	return boot_hart->stack_top ? 0 : -ENOENT;
}

int hart_find_other(uint64_t but, unsigned int *tried, uint64_t *id)
{
	unsigned int at = 0;

	for (int node = hostdt_cpu_next(-1, id); node >= 0; node = hostdt_cpu_next(node, id)) {
		struct isa_set isa = { 0 };

		if (at++ < *tried)
			continue;
		*tried = at;
		if (*id != but && !node_problem(node) && !isa_parse_cpu(host_fdt, node, &isa) &&
		    isa_has(&isa, ISA_H) && !option_hides("h", *id))
			return 0;
	}
	return -ENOENT;
}
