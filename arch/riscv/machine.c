/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM's vCPUs get: the intersection of what the harts of its affinity have. Computed once
 * when the VM is created, from records that do not change after boot.
 */
#include <arch/csr.h>
#include <arch/describe.h>
#include <arch/isa.h>
#include <arch/sbi.h>
#include <arch/sbi_list.h>
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

/* A counter has the same number of bits everywhere: the guest knows them. */
static void counters_intersect(struct arch_vm *arch, const struct hart_counters *counters)
{
	arch->counters &= counters->present;
	for (unsigned int i = 0; i < 32; i++)
		if (arch->counter_width[i] != counters->width[i])
			arch->counters &= ~(uint32_t)BIT(i);
}

/* Takes out of @arch what @hart does not have. */
static void intersect(struct arch_vm *arch, const struct arch_hart *hart)
{
	arch->features &= hart->features;
	arch->henvcfg &= hart->henvcfg;
	arch->hstateen0 &= hart->hstateen0;
	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		arch->limits[i] &= hart->limits[i];
	counters_intersect(arch, &hart->counters);
	isa_intersect(&arch->isa, &hart->isa);
	arch->triggers = MIN(arch->triggers, hart->dbtr.triggers);
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
	log_error("%s: hart %lu has no %s", vm->name, (unsigned long)hart->id, vm_gpa_mode(levels));
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

/* A device tree may name a mode that satp does not take. */
static void mmu_type_limit(struct arch_vm *arch)
{
	static const struct {
		const char *name;
		unsigned int mode;
	} each[] = { { "riscv,sv57", SATP_SV57 },
		     { "riscv,sv48", SATP_SV48 },
		     { "riscv,sv39", SATP_SV39 } };

	for (unsigned int i = 0; arch->mmu_type && i < ARRAY_SIZE(each); i++)
		if (strcmp(each[i].name, arch->mmu_type) <= 0 &&
		    arch->limits[LIMIT_SATP_MODES] >> each[i].mode & 1) {
			arch->mmu_type = each[i].name;
			return;
		}
}

/* The bits of henvcfg that guests have from the start; FWFT sets others, see sbi/fwft.c. */
#define HENVCFG_GUEST (HENVCFG_PBMTE | HENVCFG_STCE | HENVCFG_CBIE | HENVCFG_CBCFE | HENVCFG_CBZE)

/* Likewise of hstateen0; they have priv. 1.12 and with it senvcfg. */
#define HSTATEEN0_GUEST \
	(HSTATEEN0_SE0 | HSTATEEN0_ENVCFG | HSTATEEN0_CSRIND | HSTATEEN0_AIA | HSTATEEN0_IMSIC)

/*
 * Decides which extensions the guest has, and takes away what would let it use others. What it has
 * is then what a hart that joins the affinity has to have, no more.
 */
static void extensions_offer(struct arch_vm *arch, const struct isa_set *disabled, bool fwft)
{
	struct isa_controls controls = {
		.features = arch->features,
		.henvcfg = arch->henvcfg,
		.hstateen0 = arch->hstateen0 & HSTATEEN0_GUEST,
	};

	if (!fwft)
		controls.features &= ~FEATURES_FWFT;
	/* Without the size of a block there is no use in it. */
	if (!arch->cbom_block)
		controls.henvcfg &= ~(HENVCFG_CBIE | HENVCFG_CBCFE);
	if (!arch->cboz_block)
		controls.henvcfg &= ~HENVCFG_CBZE;
	/* CBIE is a field: 01 makes CBO.INVAL flush, which is all that a guest may do. */
	if ((controls.henvcfg & HENVCFG_CBIE) == HENVCFG_CBIE)
		controls.henvcfg &= ~HENVCFG_CBIE | HENVCFG_CBIE_FLUSH;
	isa_offer(&arch->isa, disabled, &controls, &arch->offered);
	arch->features = controls.features;
	arch->henvcfg = controls.henvcfg;
	arch->hstateen0 = controls.hstateen0;
	isa_intersect(&arch->isa, &arch->offered);
	arch->cbom_block = isa_has(&arch->offered, ISA_ZICBOM) ? arch->cbom_block : 0;
	arch->cboz_block = isa_has(&arch->offered, ISA_ZICBOZ) ? arch->cboz_block : 0;
	arch->cbop_block = isa_has(&arch->offered, ISA_ZICBOP) ? arch->cbop_block : 0;
}

/* Without SBI PMU a guest has cycle, time and instret as they are, and no other counters. */
static void counters_offer(struct vm *vm)
{
	struct arch_vm *arch = &vm->arch;

	if (!sbi_find(vm, SBI_EXT_PMU))
		arch->counters = 0;
	arch->hvien = arch->features >> FEATURE_SSCOFPMF & 1 ? BIT(IRQ_LCOFI) : 0;
}

static void start_with(struct arch_vm *arch, const struct arch_hart *hart)
{
	*arch = (struct arch_vm){
		.features = hart->features,
		.henvcfg = hart->henvcfg & HENVCFG_GUEST,
		.hstateen0 = hart->hstateen0,
		.counters = hart->counters.present,
		.isa = hart->isa,
		.triggers = hart->dbtr.triggers,
		.vlenb = hart->vlenb,
		.cbom_block = hart->cbom_block,
		.cboz_block = hart->cboz_block,
		.cbop_block = hart->cbop_block,
		.mmu_type = hart->mmu_type,
	};
	memcpy(arch->limits, hart->limits, sizeof(arch->limits));
	memcpy(arch->counter_width, hart->counters.width, sizeof(arch->counter_width));
}

bool arch_harts_offer(const struct hart *only, struct isa_set *offered)
{
	static const struct isa_set none;
	struct arch_vm arch;
	bool first = true;

	for (unsigned int i = 0; i < hart_count; i++) {
		if (!hart_known(harts[i]) || (only && harts[i] != only))
			continue;
		if (first)
			start_with(&arch, &harts[i]->arch);
		first = false;
		intersect(&arch, &harts[i]->arch);
	}
	if (first)
		return false;
	extensions_offer(&arch, &none, true);
	*offered = arch.offered;
	return true;
}

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
			start_with(arch, &hart->arch);
		first = false;
		intersect(arch, &hart->arch);
		error = levels_choose(vm, hart, levels);
	}
	if (first)
		return -ENOTSUP;
	if (error)
		return error;
	mmu_type_limit(arch);
	vm->gstage.napot = arch->features >> FEATURE_SVNAPOT & 1;
	vm->gstage.dirty_by_hardware = option_get("dirty");
	if (vm->config.sbi_disabled & BIT(SBI_LIST_pmu))
		arch->features &= ~BIT(FEATURE_SSCOFPMF);
	/* With a PLIC its vCPUs know of no AIA. */
	if (vm->config.irqchip == VM_IRQCHIP_PLIC)
		arch->features &= ~BIT(FEATURE_SSAIA);
	extensions_offer(arch, &vm->config.isa_disabled,
			 !(vm->config.sbi_disabled >> SBI_LIST_fwft & 1));
	/* menvcfg.PBMTE, which is the G-stage's, says whether henvcfg's can be set. */
	vm->gstage.pbmt = arch->henvcfg & HENVCFG_PBMTE;
	if (arch->features & BIT(FEATURE_MISALIGNED) &&
	    vm->config.misaligned == VM_MISALIGNED_EMULATE)
		arch->kept = CAUSES_MISALIGNED;
	vm->imsic = arch->features >> FEATURE_SSAIA & 1;
	if (vm->config.sbi_disabled >> SBI_LIST_dbtr & 1 || arch->triggers < DBTR_TRIGGERS_LEAST) {
		arch->features &= ~BIT(FEATURE_SDTRIG);
		arch->triggers = 0;
	}
	sbi_vm_init(vm);
	counters_offer(vm);
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

/* What a guest may have in its CSRs already, whatever features it has. */
static const char *limits_problem(const struct arch_vm *arch, const struct arch_hart *hart,
				  char *text, size_t size)
{
	static const struct {
		enum csr_limit limit;
		const char *name;
	} each[] = {
		{ LIMIT_SATP, "satp" },
		{ LIMIT_SATP_MODES, "the modes of satp" },
		{ LIMIT_STVEC_MODES, "the modes of stvec" },
		{ LIMIT_SCOUNTEREN, "scounteren" },
	};
	const char *problem = NULL;

	for (unsigned int i = 0; i < ARRAY_SIZE(each) && !problem; i++)
		problem = bits_problem(each[i].name,
				       arch->limits[each[i].limit] & ~hart->limits[each[i].limit],
				       text, size);
	return problem;
}

/* The opposite of intersect(): nothing may have to be taken out. */
const char *arch_vm_problem(const struct vm *vm, const struct hart *hart, char *text, size_t size)
{
	const struct arch_vm *arch = &vm->arch;
	uint64_t missing = arch->features & ~hart->arch.features;
	enum isa_extension extension = isa_missing(&arch->isa, &hart->arch.isa);
	const char *name = NULL, *problem;

	if (!(hart->arch.gstage_modes & BIT(vm->gstage.levels)))
		name = vm_gpa_mode(vm->gstage.levels);
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
	if (!problem)
		problem = limits_problem(arch, &hart->arch, text, size);
	if (!problem)
		problem = bits_problem("the counters",
				       arch->counters & ~hart->arch.counters.present, text, size);
	if (!problem && arch->triggers > hart->arch.dbtr.triggers) {
		snprintf(text, size, "%u debug triggers, its vCPUs were given %u",
			 hart->arch.dbtr.triggers, arch->triggers);
		return text;
	}
	return problem ? problem : size_problem(arch, &hart->arch, text, size);
}

void arch_vm_machine(const struct vm *vm, struct guest_machine *machine, const char **extensions,
		     unsigned int room)
{
	const struct arch_vm *arch = &vm->arch;

	machine->timebase_frequency = (uint32_t)timebase;
	machine->extension_count = isa_list(&arch->offered, extensions, room);
	machine->extensions = extensions;
	machine->mmu_type = arch->mmu_type;
	machine->cbom_block_size = arch->cbom_block;
	machine->cboz_block_size = arch->cboz_block;
	machine->cbop_block_size = arch->cbop_block;
	machine->vlenb = arch->features & BIT(FEATURE_VECTOR) ? arch->vlenb : 0;
}
