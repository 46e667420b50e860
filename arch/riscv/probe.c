/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart has: each optional register is tried under an expected trap, each field is
 * written and read back. Then the hart's registers are set for running guests. Each hart does
 * this for itself.
 */
#include <arch/boot.h>
#include <arch/describe.h>
#include <arch/fence.h>
#include <arch/gstage.h>
#include <arch/trap.h>
#include <arch/vmid.h>
#include <core/hart.h>
#include <core/hart_files.h>
#include <core/options.h>
#include <drivers/irqchip.h>

bool arch_has_hypervisor(void)
{
	unsigned long value;

	return csr_try_read(CSR_HSTATUS, &value);
}

/* Writes all ones to a CSR and returns what sticks; it is 0 afterwards. */
#define writable_bits(csr)                           \
	({                                           \
		csr_write(csr, ~0UL);                \
		unsigned long bits_ = csr_read(csr); \
		csr_write(csr, 0);                   \
		bits_;                               \
	})

static bool field_sticks(uint64_t field)
{
	uint64_t old = csr_read(CSR_SSTATUS);
	bool sticks;

	csr_set(CSR_SSTATUS, field);
	sticks = (csr_read(CSR_SSTATUS) & field) == field;
	csr_write(CSR_SSTATUS, old);
	return sticks;
}

static void feature_set(struct hart *hart, enum hart_feature feature, bool present)
{
	if (present && !option_hides(feature_name(feature), hart->id))
		hart->arch.features |= BIT(feature);
}

static void features_probe(struct hart *hart)
{
	struct arch_hart *arch = &hart->arch;
	unsigned long value;

	arch->features = 0;
	arch->hstateen0 = UINT64_MAX;
	/* It may be 0 and due at once when STCE is tried (QEMU then keeps VSTIP pending). */
	csr_try_write(CSR_VSTIMECMP, ~0UL);
	if (csr_try_read(CSR_HENVCFG, &value))
		arch->henvcfg = writable_bits(CSR_HENVCFG);
	feature_set(hart, FEATURE_HENVCFG, csr_try_read(CSR_HENVCFG, &value));
	if (!arch_hart_has(arch, FEATURE_HENVCFG))
		arch->henvcfg = 0;
	feature_set(hart, FEATURE_SSTC,
		    arch->henvcfg & HENVCFG_STCE && csr_try_read(CSR_STIMECMP, &value));
	feature_set(hart, FEATURE_SSAIA, csr_try_read(CSR_HVICTL, &value));
	feature_set(hart, FEATURE_HSTATEEN0, csr_try_read(CSR_HSTATEEN0, &value));
	if (arch_hart_has(arch, FEATURE_HSTATEEN0))
		arch->hstateen0 = writable_bits(CSR_HSTATEEN0);
	else
		csr_try_write(CSR_HSTATEEN0, arch->hstateen0); /* hidden: nothing is guarded */
	feature_set(hart, FEATURE_SSTATEEN0, csr_try_read(CSR_SSTATEEN0, &value));
	feature_set(hart, FEATURE_SENVCFG, csr_try_read(CSR_SENVCFG, &value));
	feature_set(hart, FEATURE_FP, field_sticks(SSTATUS_FS));
	feature_set(hart, FEATURE_VECTOR, field_sticks(SSTATUS_VS));
	feature_set(hart, FEATURE_SVINVAL, isa_has(&arch->isa, ISA_SVINVAL));
	feature_set(hart, FEATURE_SVNAPOT, isa_has(&arch->isa, ISA_SVNAPOT));
	feature_set(hart, FEATURE_HTINST, true);
	if (arch_hart_has(arch, FEATURE_VECTOR)) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		arch->vlenb = (uint32_t)csr_read(CSR_VLENB);
		csr_clear(CSR_SSTATUS, SSTATUS_VS);
	}
}

/*
 * Each mode is tried by itself: an unsupported MODE is not ignored but WARL, and Sv57x4 does
 * not promise Sv48x4 (privileged specification, 'hgatp').
 */
static void gstage_probe(struct hart *hart)
{
	static const char *const names[] = { [3] = "sv39x4", [4] = "sv48x4", [5] = "sv57x4" };
	struct arch_hart *arch = &hart->arch;

	arch->gstage_modes = 0;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		uint64_t mode = levels + 5;

		if (option_hides(names[levels], hart->id))
			continue;
		csr_write(CSR_HGATP, mode << HGATP_MODE_SHIFT);
		if (csr_read(CSR_HGATP) >> HGATP_MODE_SHIFT == mode)
			arch->gstage_modes |= (uint8_t)BIT(levels);
		csr_write(CSR_HGATP, 0);
	}
	for (unsigned int levels = 3; levels <= 5; levels++)
		if (arch->gstage_modes & BIT(levels)) {
			uint64_t mode = levels + 5;
			uint64_t vmid;

			csr_write(CSR_HGATP,
				  mode << HGATP_MODE_SHIFT | HGATP_VMID_MASK << HGATP_VMID_SHIFT);
			vmid = csr_read(CSR_HGATP) >> HGATP_VMID_SHIFT & HGATP_VMID_MASK;
			arch->vmid_bits = (uint8_t)MIN(option_number("vmid.bits", HGATP_VMID_BITS),
						       (uint64_t)__builtin_popcountl(vmid));
			csr_write(CSR_HGATP, 0);
			break;
		}
}

/* Guest interrupt files: highest writable bit of hgeie, limited by what the IMSIC's reg covers. */
static void guest_files_probe(struct hart *hart)
{
	uint64_t bits;

	if (!arch_hart_has(&hart->arch, FEATURE_SSAIA))
		return;
	bits = writable_bits(CSR_HGEIE);
	if (bits)
		hart->arch.guest_files = (uint8_t)MIN(63U - (unsigned int)__builtin_clzll(bits),
						      imsic_guest_files(hart->index));
	csr_write(CSR_HGEIE, 0);
	csr_set(CSR_HIE, BIT(IRQ_SGEI));
}

/* VMs were promised what the hart had when it came first. */
static bool is_the_same(const struct arch_hart *a, const struct arch_hart *b)
{
	return a->features == b->features && a->henvcfg == b->henvcfg &&
	       a->hstateen0 == b->hstateen0 && a->gstage_modes == b->gstage_modes &&
	       a->vmid_bits == b->vmid_bits && a->guest_files == b->guest_files &&
	       a->vlenb == b->vlenb;
}

const char *arch_hart_init(struct hart *hart)
{
	struct arch_hart *arch = &hart->arch;
	struct arch_hart before = *arch;

	csr_write(CSR_SIE, 0);
	if (!arch_has_hypervisor())
		return "it has no hypervisor extension (H)";
	csr_write(CSR_HIDELEG, 0);
	csr_write(CSR_HVIP, 0);
	features_probe(hart);
	gstage_probe(hart);
	vmid_reset(hart);
	if (!arch->gstage_modes)
		return "no G-stage mode works";
	guest_files_probe(hart);
	if (before.gstage_modes && !is_the_same(arch, &before)) {
		*arch = before;
		return "it is not what it was when it came first";
	}
	if (arch_hart_has(arch, FEATURE_SSAIA) && hart_files_init(hart, arch->guest_files))
		return "no memory for it";

	/* All that a guest can handle by itself; 9 to 11, 16 and 20 to 23 cannot be set. */
	csr_write(CSR_HEDELEG, ~0UL);
	arch->hedeleg = csr_read(CSR_HEDELEG);
	csr_write(CSR_HIDELEG, HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP);
	csr_write(CSR_HCOUNTEREN, 7); /* cycle, time, instret */
	csr_write(CSR_HTIMEDELTA, 0);
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_HSTATUS, HSTATUS_VSXL_64);
	if (arch_hart_has(arch, FEATURE_SSAIA)) {
		csr_write(CSR_HVIEN, 0);
		csr_write(CSR_HVICTL, 0);
		csr_write(CSR_HVIPRIO1, 0);
		csr_write(CSR_HVIPRIO2, 0);
	}
	arch->hgatp = 0;
	arch->henvcfg_loaded = 0;
	arch->timer_set = false;
	return NULL;
}

void arch_hart_release(struct hart *hart)
{
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HGATP, 0);
	hart->arch.hgatp = 0;
	hart->arch.fp_owner = hart->arch.vector_owner = NULL;
	hart->loaded = NULL;
	hfence_gvma_all();
	hfence_vvma_all();
}
