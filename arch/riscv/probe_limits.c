/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the registers of VS-mode can hold on this hart (enum csr_limit): each is written and read
 * back. Before the hart runs any guest; no lock.
 */
#include <arch/boot.h>
#include <arch/csr.h>
#include <arch/fence.h>
#include <arch/fp.h>
#include <arch/trap.h>
#include <core/hart.h>

/* What is left of all ones in a CSR, which is 0 afterwards. One that refuses them: @otherwise. */
#define bits_held(csr, otherwise)                                          \
	({                                                                 \
		unsigned long held_ = (otherwise);                         \
		if (csr_try_write(csr, ~0UL) && csr_try_read(csr, &held_)) \
			csr_write(csr, 0);                                 \
		held_;                                                     \
	})

/* The values that a field of @width bits at @shift takes, one bit each. The CSR is 0 afterwards. */
#define values_held(csr, shift, width)                                           \
	({                                                                       \
		uint64_t held_ = 0;                                              \
		for (uint64_t i_ = 0; i_ < BIT(width); i_++) {                   \
			csr_write(csr, i_ << (shift));                           \
			if ((csr_read(csr) >> (shift) & (BIT(width) - 1)) == i_) \
				held_ |= BIT(i_);                                \
		}                                                                \
		csr_write(csr, 0);                                               \
		held_;                                                           \
	})

/* WLRL: a hart may take an exception for causes that it does not have. */
#define CAUSES (CAUSE_INTERRUPT | 63)

/* UXL stays what it is; SDT is there with henvcfg.DTE only, and a write of it clears SIE. */
static uint64_t sstatus_probe(const struct arch_hart *arch)
{
	uint64_t before = csr_read(CSR_VSSTATUS), held;

	if (arch_hart_has(arch, FEATURE_HENVCFG))
		csr_write(CSR_HENVCFG, ~0UL);
	csr_write(CSR_VSSTATUS, before | ~(SSTATUS_UXL | SSTATUS_SDT));
	held = csr_read(CSR_VSSTATUS);
	csr_write(CSR_VSSTATUS, before | SSTATUS_SDT);
	held |= csr_read(CSR_VSSTATUS) & SSTATUS_SDT;
	csr_write(CSR_VSSTATUS, before);
	if (arch_hart_has(arch, FEATURE_HENVCFG))
		csr_write(CSR_HENVCFG, 0);
	return held;
}

static void satp_probe(uint64_t *limits)
{
	limits[LIMIT_SATP] = 0;
	limits[LIMIT_SATP_MODES] = values_held(CSR_VSATP, SATP_MODE_SHIFT, 4);
	for (uint64_t mode = SATP_SV39; mode < 16; mode++)
		if (limits[LIMIT_SATP_MODES] >> mode & 1) {
			csr_write(CSR_VSATP, mode << SATP_MODE_SHIFT | SATP_ASID_PPN);
			limits[LIMIT_SATP] |= csr_read(CSR_VSATP) & SATP_ASID_PPN;
		}
	csr_write(CSR_VSATP, 0);
	hfence_vvma_all();
}

static void vector_probe(uint64_t *limits)
{
	limits[LIMIT_VTYPES] = 0;
	csr_set(CSR_SSTATUS, SSTATUS_VS);
	for (uint64_t vtype = 0; vtype < 64; vtype++)
		if (vector_takes(vtype))
			limits[LIMIT_VTYPES] |= BIT(vtype);
	csr_clear(CSR_SSTATUS, SSTATUS_VS);
}

void limits_probe(struct arch_hart *arch)
{
	uint64_t *limits = arch->limits;

	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		limits[i] = 0;
	limits[LIMIT_SSTATUS] = sstatus_probe(arch);
	limits[LIMIT_STVEC_MODES] = values_held(CSR_VSTVEC, 0, 2);
	limits[LIMIT_SCOUNTEREN] = bits_held(CSR_SCOUNTEREN, 0);
	limits[LIMIT_SCAUSE] = bits_held(CSR_VSCAUSE, CAUSES);
	if (arch_hart_has(arch, FEATURE_SENVCFG)) {
		limits[LIMIT_SENVCFG] = bits_held(CSR_SENVCFG, 0);
		limits[LIMIT_CBIES] = values_held(CSR_SENVCFG, SENVCFG_CBIE_SHIFT, 2);
		limits[LIMIT_PMMS] = values_held(CSR_SENVCFG, SENVCFG_PMM_SHIFT, 2);
	}
	if (arch_hart_has(arch, FEATURE_SSTATEEN0))
		limits[LIMIT_SSTATEEN0] = bits_held(CSR_SSTATEEN0, 0);
	if (arch_hart_has(arch, FEATURE_SSAIA))
		limits[LIMIT_SISELECT] = bits_held(CSR_VSISELECT, 0x1ff);
	if (arch_hart_has(arch, FEATURE_VECTOR))
		vector_probe(limits);
	satp_probe(limits);
}
