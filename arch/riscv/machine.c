/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM's vCPUs get: the intersection of what the harts of its affinity have. Computed once
 * when the VM is created, from records that do not change after boot.
 */
#include <arch/csr.h>
#include <arch/describe.h>
#include <arch/isa.h>
#include <arch/sbi.h>
#include <core/guestfdt.h>
#include <core/hart.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const gstage_names[] = { [3] = "Sv39x4", [4] = "Sv48x4", [5] = "Sv57x4" };

/* Takes out of @arch what @hart does not have. */
static void intersect(struct arch_vm *arch, const struct arch_hart *hart)
{
	arch->features &= hart->features;
	arch->henvcfg &= hart->henvcfg;
	arch->hstateen0 &= hart->hstateen0;
	isa_intersect(&arch->isa, &hart->isa);
	/* "riscv,sv39", "riscv,sv48", "riscv,sv57": the lesser one comes first. */
	if (hart->mmu_type && (!arch->mmu_type || strcmp(hart->mmu_type, arch->mmu_type) < 0))
		arch->mmu_type = hart->mmu_type;
	/* Vector registers of different lengths cannot move between harts. */
	if (arch->vlenb != hart->vlenb)
		arch->features &= ~BIT(FEATURE_VECTOR);
	if (arch->cbom_block != hart->cbom_block)
		arch->cbom_block = 0;
	if (arch->cboz_block != hart->cboz_block)
		arch->cboz_block = 0;
	if (arch->cbop_block != hart->cbop_block)
		arch->cbop_block = 0;
}

static int levels_choose(struct vm *vm, const struct hart *hart, unsigned int levels)
{
	if (hart->arch.gstage_modes & BIT(levels))
		return 0;
	log_error("%s: hart %lu has no %s", vm->name, (unsigned long)hart->id,
		  gstage_names[levels]);
	return -ENOTSUP;
}

/* The smallest mode that reaches the end of all memory and that all harts have, or just reaches. */
static unsigned int levels_smallest(const struct vm *vm)
{
	unsigned int least = gstage_levels_for(gpa(vm_config_memory_end(&vm->config) - 1));
	unsigned int modes = UINT32_MAX;

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_known(harts[i]) && hartset_has(&vm->affinity, i))
			modes &= harts[i]->arch.gstage_modes;
	for (unsigned int levels = least; levels <= 5; levels++)
		if (modes & BIT(levels))
			return levels;
	return least;
}

/* The bits of henvcfg that guests may use; ADUE stays clear, so that they see Svade. */
#define HENVCFG_GUEST (HENVCFG_PBMTE | HENVCFG_STCE | HENVCFG_CBIE | HENVCFG_CBCFE | HENVCFG_CBZE)

int arch_vm_init(struct vm *vm)
{
	struct arch_vm *arch = &vm->arch;
	unsigned int levels = vm->config.gstage_levels;
	bool first = true;
	int error = 0;

	if (!levels)
		levels = levels_smallest(vm);
	for (unsigned int i = 0; i < hart_count && !error; i++) {
		const struct hart *hart = harts[i];

		if (!hart_known(hart) || !hartset_has(&vm->affinity, i))
			continue;
		if (first)
			*arch = (struct arch_vm){
				.features = hart->arch.features,
				.henvcfg = hart->arch.henvcfg & HENVCFG_GUEST,
				.hstateen0 = hart->arch.hstateen0,
				.isa = hart->arch.isa,
				.vlenb = hart->arch.vlenb,
				.cbom_block = hart->arch.cbom_block,
				.cboz_block = hart->arch.cboz_block,
				.cbop_block = hart->arch.cbop_block,
				.mmu_type = hart->arch.mmu_type,
			};
		first = false;
		intersect(arch, &hart->arch);
		error = levels_choose(vm, hart, levels);
	}
	if (first)
		return -ENOTSUP;
	if (error)
		return error;
	if (!(arch->features & BIT(FEATURE_SSTC)))
		arch->henvcfg &= ~HENVCFG_STCE;
	/* CBIE is a field: 01 makes CBO.INVAL flush, which is all that a guest may do. */
	if ((arch->henvcfg & HENVCFG_CBIE) == HENVCFG_CBIE)
		arch->henvcfg &= ~HENVCFG_CBIE | HENVCFG_CBIE_FLUSH;
	vm->imsic = arch->features >> FEATURE_SSAIA & 1;
	arch->hstateen0 &= HSTATEEN0_SE0 | HSTATEEN0_ENVCFG |
			   (vm->imsic ? HSTATEEN0_CSRIND | HSTATEEN0_AIA | HSTATEEN0_IMSIC : 0);
	sbi_vm_init(vm);
	vm->gstage.napot = arch->features >> FEATURE_SVNAPOT & 1;
	/* menvcfg.PBMTE, which is the G-stage's, says whether henvcfg's can be set. */
	vm->gstage.dirty_by_hardware = option_get("dirty");
	vm->gstage.pbmt = arch->henvcfg & HENVCFG_PBMTE;
	return gstage_init(&vm->gstage, levels, page_owner_vm(vm->id));
}

static const char *block_problem(const char *name, uint32_t given, uint32_t there, char *text,
				 size_t size)
{
	if (!given || given == there)
		return NULL;
	snprintf(text, size, "%s of %u bytes, its vCPUs were given %u", name, (unsigned int)there,
		 (unsigned int)given);
	return text;
}

/* Numbers that have to be the same. */
static const char *size_problem(const struct arch_vm *arch, const struct arch_hart *hart,
				char *text, size_t size)
{
	uint32_t vlenb = arch->features & BIT(FEATURE_VECTOR) ? arch->vlenb : 0;
	const char *problem = block_problem("vector registers", vlenb, hart->vlenb, text, size);

	if (!problem)
		problem = block_problem("cbom blocks", arch->cbom_block, hart->cbom_block, text,
					size);
	if (!problem)
		problem = block_problem("cboz blocks", arch->cboz_block, hart->cboz_block, text,
					size);
	if (!problem)
		problem = block_problem("cbop blocks", arch->cbop_block, hart->cbop_block, text,
					size);
	return problem;
}

static const char *bits_problem(const char *name, uint64_t missing, char *text, size_t size)
{
	if (!missing)
		return NULL;
	snprintf(text, size, "no bits 0x%lx of %s", (unsigned long)missing, name);
	return text;
}

/* The opposite of intersect(): nothing may have to be taken out. */
const char *arch_vm_problem(const struct vm *vm, const struct hart *hart, char *text, size_t size)
{
	const struct arch_vm *arch = &vm->arch;
	uint64_t missing = arch->features & ~hart->arch.features;
	enum isa_extension extension = isa_missing(&arch->isa, &hart->arch.isa);
	const char *name = NULL, *problem;

	if (!(hart->arch.gstage_modes & BIT(vm->gstage.levels)))
		name = gstage_names[vm->gstage.levels];
	else if (missing)
		name = feature_name((enum hart_feature)__builtin_ctzll(missing));
	else if (extension != ISA_COUNT)
		name = isa_name(extension);
	else if (arch->mmu_type && hart->arch.mmu_type &&
		 strcmp(hart->arch.mmu_type, arch->mmu_type) < 0)
		name = arch->mmu_type;
	if (name) {
		snprintf(text, size, "no %s", name);
		return text;
	}
	problem = bits_problem("henvcfg", arch->henvcfg & ~hart->arch.henvcfg, text, size);
	if (!problem)
		problem = bits_problem("hstateen0", arch->hstateen0 & ~hart->arch.hstateen0, text,
				       size);
	return problem ? problem : size_problem(arch, &hart->arch, text, size);
}

void arch_vm_machine(const struct vm *vm, struct guest_machine *machine, const char **extensions,
		     unsigned int room)
{
	const struct arch_vm *arch = &vm->arch;
	struct isa_guest guest = {
		.common = &arch->isa,
		.features = arch->features,
		.henvcfg = arch->henvcfg,
		.imsic = vm->imsic,
	};

	machine->timebase_frequency = (uint32_t)timebase;
	machine->extension_count = isa_guest_list(&guest, extensions, room);
	machine->extensions = extensions;
	machine->mmu_type = arch->mmu_type;
	machine->cbom_block_size = arch->cbom_block;
	machine->cboz_block_size = arch->cboz_block;
	machine->cbop_block_size = arch->cbop_block;
}
