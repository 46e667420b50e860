/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CSRs of VS-mode as registers of vCPUs, under the numbers that the guest uses. A value is
 * refused that not all harts of the VM can hold (enum csr_limit), so that what a guest wrote is
 * accepted and found again. The vCPU is in no hart; the control lock is held.
 */
#include <arch/csr.h>
#include <arch/hart.h>
#include <core/vm.h>
#include <errno.h>

#include "register_groups.h"

#define SSTATUS_FIELDS                                                                      \
	(SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_UBE | SSTATUS_SPP | SSTATUS_VS | SSTATUS_FS | \
	 SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SPELP | SSTATUS_SDT)

/* The interrupts of sie and sip that hideleg gives to the guest. */
#define SIE_BITS (BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI))

static uint64_t limit(const struct vcpu *vcpu, enum csr_limit which)
{
	return vcpu->vm->arch.limits[which];
}

/* ---- which there are ---- */

static bool has_senvcfg(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_SENVCFG);
}

static bool has_sstateen0(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_SSTATEEN0);
}

static bool has_shadow_stack(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_SHADOW_STACK);
}

static bool has_sstc(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_SSTC);
}

static bool has_ssaia(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return arch_vcpu_has(&vcpu->arch, FEATURE_SSAIA);
}

/* ---- those that are a field of struct arch_vcpu: the index is its offset ---- */

static uint64_t *field(const struct vcpu *vcpu, unsigned int offset)
{
	return (uint64_t *)((uintptr_t)&vcpu->arch + offset);
}

static uint64_t csr_get(const struct vcpu *vcpu, unsigned int index)
{
	return *field(vcpu, index);
}

static int csr_set_any(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	*field(vcpu, index) = value;
	return 0;
}

static int csr_set_within(struct vcpu *vcpu, unsigned int index, uint64_t value, uint64_t bits)
{
	if (value & ~bits)
		return -EINVAL;
	return csr_set_any(vcpu, index, value);
}

static int sie_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return csr_set_within(vcpu, index, value, SIE_BITS | vcpu->vm->arch.hvien);
}

static int stvec_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (!(limit(vcpu, LIMIT_STVEC_MODES) >> (value & STVEC_MODE) & 1))
		return -EINVAL;
	return csr_set_any(vcpu, index, value);
}

static int scounteren_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return csr_set_within(vcpu, index, value, limit(vcpu, LIMIT_SCOUNTEREN));
}

static int senvcfg_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (!(limit(vcpu, LIMIT_CBIES) >> (value >> SENVCFG_CBIE_SHIFT & 3) & 1) ||
	    !(limit(vcpu, LIMIT_PMMS) >> (value >> SENVCFG_PMM_SHIFT & 3) & 1))
		return -EINVAL;
	return csr_set_within(vcpu, index, value, limit(vcpu, LIMIT_SENVCFG));
}

/* Bits that hstateen0 keeps from the guest are read-only zero to it. */
static int sstateen0_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	uint64_t bits = limit(vcpu, LIMIT_SSTATEEN0);

	if (arch_vcpu_has(&vcpu->arch, FEATURE_HSTATEEN0))
		bits &= vcpu->arch.hstateen0;
	return csr_set_within(vcpu, index, value, bits);
}

static int sepc_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return csr_set_within(vcpu, index, value, ~UINT64_C(1));
}

static int scause_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return csr_set_within(vcpu, index, value, limit(vcpu, LIMIT_SCAUSE));
}

static int siselect_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	return csr_set_within(vcpu, index, value, limit(vcpu, LIMIT_SISELECT));
}

static int satp_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	if (!(limit(vcpu, LIMIT_SATP_MODES) >> (value >> SATP_MODE_SHIFT) & 1) ||
	    value & SATP_ASID_PPN & ~limit(vcpu, LIMIT_SATP))
		return -EINVAL;
	return csr_set_any(vcpu, index, value);
}

/* ---- sstatus ---- */

static uint64_t sstatus_bits(const struct vcpu *vcpu)
{
	uint64_t bits = limit(vcpu, LIMIT_SSTATUS) & SSTATUS_FIELDS;

	if (!arch_vcpu_has(&vcpu->arch, FEATURE_FP))
		bits &= ~SSTATUS_FS;
	if (!arch_vcpu_has(&vcpu->arch, FEATURE_VECTOR))
		bits &= ~SSTATUS_VS;
	if (!arch_vcpu_has(&vcpu->arch, FEATURE_DOUBLE_TRAP))
		bits &= ~SSTATUS_SDT;
	return bits;
}

/* With what follows from @fields: UXL does not change, SD sums up FS and VS. */
static uint64_t sstatus_of(uint64_t fields)
{
	bool dirty = (fields & SSTATUS_FS) == SSTATUS_FS || (fields & SSTATUS_VS) == SSTATUS_VS;

	return fields | SSTATUS_UXL_64 | (dirty ? SSTATUS_SD : 0);
}

static uint64_t sstatus_get(const struct vcpu *vcpu, unsigned int index)
{
	(void)index;
	return sstatus_of(vcpu->arch.vsstatus & sstatus_bits(vcpu));
}

static int sstatus_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	(void)index;
	if (value != sstatus_of(value & sstatus_bits(vcpu)))
		return -EINVAL;
	vcpu->arch.vsstatus = value;
	return 0;
}

/* ---- sip ---- */

/* What software writes. STIP and SEIP follow from the timer and the interrupt file. */

static uint64_t sip_get(const struct vcpu *vcpu, unsigned int index)
{
	uint32_t pending = __atomic_load_n(&vcpu->pending, __ATOMIC_SEQ_CST);

	(void)index;
	return (vcpu->arch.hvip & vcpu->vm->arch.hvien) |
	       (vcpu->arch.hvip & HVIP_VSSIP || pending & PENDING_SSIP ? BIT(IRQ_SSI) : 0);
}

static int sip_set(struct vcpu *vcpu, unsigned int index, uint64_t value)
{
	uint64_t hvien = vcpu->vm->arch.hvien;

	(void)index;
	if (value & ~(BIT(IRQ_SSI) | hvien))
		return -EINVAL;
	__atomic_fetch_and(&vcpu->pending, ~(uint32_t)PENDING_SSIP, __ATOMIC_SEQ_CST);
	vcpu->arch.hvip = (vcpu->arch.hvip & ~(HVIP_VSSIP | hvien)) | (value & hvien) |
			  (value & BIT(IRQ_SSI) ? HVIP_VSSIP : 0);
	return 0;
}

#define CSR_AT(csr, text, member, check, setter)            \
	{                                                   \
		.first = REGISTER(REGISTER_CSR, csr),       \
		.count = 1,                                 \
		.base = offsetof(struct arch_vcpu, member), \
		.name = (text),                             \
		.exists = (check),                          \
		.get = csr_get,                             \
		.set = (setter),                            \
	}

static const struct register_row rows[] = {
	CSR_AT(CSR_SSP, "ssp", ssp, has_shadow_stack, csr_set_any),
	{ .first = REGISTER(REGISTER_CSR, CSR_SSTATUS),
	  .count = 1,
	  .name = "sstatus",
	  .get = sstatus_get,
	  .set = sstatus_set },
	CSR_AT(CSR_SIE, "sie", vsie, NULL, sie_set),
	CSR_AT(CSR_STVEC, "stvec", vstvec, NULL, stvec_set),
	CSR_AT(CSR_SCOUNTEREN, "scounteren", scounteren, NULL, scounteren_set),
	CSR_AT(CSR_SENVCFG, "senvcfg", senvcfg, has_senvcfg, senvcfg_set),
	CSR_AT(CSR_SSTATEEN0, "sstateen0", sstateen0, has_sstateen0, sstateen0_set),
	CSR_AT(CSR_SSCRATCH, "sscratch", vsscratch, NULL, csr_set_any),
	CSR_AT(CSR_SEPC, "sepc", vsepc, NULL, sepc_set),
	CSR_AT(CSR_SCAUSE, "scause", vscause, NULL, scause_set),
	CSR_AT(CSR_STVAL, "stval", vstval, NULL, csr_set_any),
	{ .first = REGISTER(REGISTER_CSR, CSR_SIP),
	  .count = 1,
	  .name = "sip",
	  .get = sip_get,
	  .set = sip_set },
	CSR_AT(CSR_STIMECMP, "stimecmp", vstimecmp, has_sstc, csr_set_any),
	CSR_AT(CSR_SISELECT, "siselect", vsiselect, has_ssaia, siselect_set),
	CSR_AT(CSR_SATP, "satp", vsatp, NULL, satp_set),
};

const struct register_group registers_csr = { rows, ARRAY_SIZE(rows) };
