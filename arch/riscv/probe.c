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
#include <arch/pmu.h>
#include <arch/quirks.h>
#include <arch/trap.h>
#include <arch/vmid.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/hart_files.h>
#include <core/options.h>
#include <drivers/irqchip.h>
#include <string.h>

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

void hart_feature_set(struct hart *hart, enum hart_feature feature, bool present)
{
	if (present && !option_hides(feature_name(feature), hart->id) &&
	    !(hart->arch.broken >> feature & 1))
		hart->arch.features |= BIT(feature);
}

/* Whether sstateenN can be read and written and has no bit. */
#define is_empty(csr)                                                            \
	({                                                                       \
		unsigned long held_ = 1;                                         \
		csr_try_write(csr, ~0UL) && csr_try_read(csr, &held_) && !held_; \
	})

/*
 * Guests that may use sstateen0 have the other three, too (Smstateen, "State Enable Extensions").
 * They have no bits yet, so that one answer does for all vCPUs: what a guest does with them traps.
 */
static bool state_enables_probe(const struct arch_hart *arch)
{
	bool there = arch_hart_has(arch, FEATURE_SSTATEEN0) &&
		     arch_hart_has(arch, FEATURE_HSTATEEN0) && arch->hstateen0 & HSTATEEN0_SE0;

	there &= csr_try_write(CSR_HSTATEEN1, 0) && is_empty(CSR_SSTATEEN1);
	there &= csr_try_write(CSR_HSTATEEN2, 0) && is_empty(CSR_SSTATEEN2);
	there &= csr_try_write(CSR_HSTATEEN3, 0) && is_empty(CSR_SSTATEEN3);
	return there;
}

static void features_probe(struct hart *hart)
{
	struct arch_hart *arch = &hart->arch;
	unsigned int firmware = firmware_features_set(hart);
	unsigned long value;

	arch->features = 0;
	arch->hstateen0 = UINT64_MAX;
	/* It may be 0 and due at once when STCE is tried (QEMU then keeps VSTIP pending). */
	csr_try_write(CSR_VSTIMECMP, ~0UL);
	if (csr_try_read(CSR_HENVCFG, &value))
		arch->henvcfg = writable_bits(CSR_HENVCFG);
	hart_feature_set(hart, FEATURE_HENVCFG, csr_try_read(CSR_HENVCFG, &value));
	if (!arch_hart_has(arch, FEATURE_HENVCFG))
		arch->henvcfg = 0;
	guest_features_probe(hart, firmware);
	hart_feature_set(hart, FEATURE_SSTC,
			 arch->henvcfg & HENVCFG_STCE && csr_try_read(CSR_STIMECMP, &value));
	hart_feature_set(hart, FEATURE_SSAIA, csr_try_read(CSR_HVICTL, &value));
	hart_feature_set(hart, FEATURE_HSTATEEN0, csr_try_read(CSR_HSTATEEN0, &value));
	if (arch_hart_has(arch, FEATURE_HSTATEEN0))
		arch->hstateen0 = writable_bits(CSR_HSTATEEN0);
	else
		csr_try_write(CSR_HSTATEEN0, arch->hstateen0); /* hidden: nothing is guarded */
	hart_feature_set(hart, FEATURE_SSTATEEN0, csr_try_read(CSR_SSTATEEN0, &value));
	hart_feature_set(hart, FEATURE_SENVCFG, csr_try_read(CSR_SENVCFG, &value));
	hart_feature_set(hart, FEATURE_FP, field_sticks(SSTATUS_FS));
	hart_feature_set(hart, FEATURE_VECTOR, field_sticks(SSTATUS_VS));
	hart_feature_set(hart, FEATURE_SVINVAL, isa_has(&arch->isa, ISA_SVINVAL));
	hart_feature_set(hart, FEATURE_SVNAPOT, isa_has(&arch->isa, ISA_SVNAPOT));
	hart_feature_set(hart, FEATURE_SSSTATEEN, state_enables_probe(arch));
	hart_feature_set(hart, FEATURE_ZKR, csr_try_swap_zero(CSR_SEED, &value));
	hart_feature_set(hart, FEATURE_HTINST, true);
	hart_feature_set(hart, FEATURE_HTVAL, true);
	if (arch_hart_has(arch, FEATURE_VECTOR)) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		arch->vlenb = (uint32_t)csr_read(CSR_VLENB);
		csr_clear(CSR_SSTATUS, SSTATUS_VS);
	}
}

static bool gstage_mode_sticks(uint64_t mode)
{
	csr_write(CSR_HGATP, mode << HGATP_MODE_SHIFT);
	return csr_read(CSR_HGATP) >> HGATP_MODE_SHIFT == mode;
}

/*
 * Each mode is tried by itself: an unsupported MODE is not ignored but WARL, and Sv57x4 does
 * not promise Sv48x4 (privileged specification, 'hgatp'). Bare is the last and stays.
 */
static void gstage_probe(struct hart *hart)
{
	static const char *const names[] = { [3] = "sv39x4", [4] = "sv48x4", [5] = "sv57x4" };
	struct arch_hart *arch = &hart->arch;

	arch->gstage_modes = 0;
	for (unsigned int levels = 3; levels <= 5; levels++) {
		if (!option_hides(names[levels], hart->id) && gstage_mode_sticks(levels + 5))
			arch->gstage_modes |= (uint8_t)BIT(levels);
		arch->gstage_bare = gstage_mode_sticks(0);
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

/* Bit n: cycle, instret or hpmcounter<n> can be read here, and by guests that are let. */
static uint32_t readable_counters(void)
{
	unsigned long value;
	uint32_t set = 0;

#define READABLE_1(n) set |= csr_try_read(CSR_CYCLE + n, &value) ? (uint32_t)BIT(n) : 0;
#define READABLE_5(a, b, c, d, e) \
	READABLE_1(a) READABLE_1(b) READABLE_1(c) READABLE_1(d) READABLE_1(e)
	READABLE_5(0, 2, 3, 4, 5)
	READABLE_5(6, 7, 8, 9, 10)
	READABLE_5(11, 12, 13, 14, 15)
	READABLE_5(16, 17, 18, 19, 20)
	READABLE_5(21, 22, 23, 24, 25)
	READABLE_5(26, 27, 28, 29, 30)
	READABLE_1(31)
	return set;
}

/*
 * Overflow interrupts for guests need one of the hart (sie), one for the guest (hvien), and that a
 * guest's scountovf traps: with Smcdeleg it does where scountinhibit is there (menvcfg.CDE = 1).
 */
static bool overflows_probe(const struct arch_hart *arch)
{
	unsigned long value;
	bool interrupts;

	if (!isa_has(&arch->isa, ISA_SSCOFPMF) || !arch_hart_has(arch, FEATURE_SSAIA) ||
	    !(arch->counters.present & PMU_PROGRAMMABLE) || !csr_try_read(CSR_SCOUNTOVF, &value) ||
	    !csr_try_read(CSR_SCOUNTINHIBIT, &value))
		return false;
	csr_write(CSR_HVIEN, BIT(IRQ_LCOFI));
	csr_set(CSR_SIE, BIT(IRQ_LCOFI));
	interrupts = csr_read(CSR_HVIEN) & csr_read(CSR_SIE) & BIT(IRQ_LCOFI);
	csr_clear(CSR_SIE, BIT(IRQ_LCOFI));
	csr_write(CSR_HVIEN, 0);
	return interrupts;
}

static void counters_probe(struct hart *hart)
{
	pmu_host_probe(hart, readable_counters());
	hart_feature_set(hart, FEATURE_SSCOFPMF, overflows_probe(&hart->arch));
}

/* VMs were promised what the hart had when it came first. */
static bool is_the_same(const struct arch_hart *a, const struct arch_hart *b)
{
	return a->features == b->features && a->henvcfg == b->henvcfg && a->hedeleg == b->hedeleg &&
	       a->hstateen0 == b->hstateen0 && a->gstage_modes == b->gstage_modes &&
	       a->vmid_bits == b->vmid_bits && a->guest_files == b->guest_files &&
	       a->vlenb == b->vlenb && a->dbtr.triggers == b->dbtr.triggers &&
	       memcmp(a->limits, b->limits, sizeof(a->limits)) == 0 &&
	       memcmp(&a->counters, &b->counters, sizeof(a->counters)) == 0;
}

#ifdef DEBUG
void csr_check(unsigned int csr)
{
	static const struct {
		uint16_t csr;
		uint8_t feature;
	} optional[] = {
		{ CSR_HENVCFG, FEATURE_HENVCFG },     { CSR_SENVCFG, FEATURE_SENVCFG },
		{ CSR_HSTATEEN0, FEATURE_HSTATEEN0 }, { CSR_SSTATEEN0, FEATURE_SSTATEEN0 },
		{ CSR_STIMECMP, FEATURE_SSTC },	      { CSR_HVIEN, FEATURE_SSAIA },
	};
	const struct arch_hart *arch = &hart_self()->arch;

	for (unsigned int i = 0; i < ARRAY_SIZE(optional); i++)
		CHECK(!arch->probed || optional[i].csr != csr ||
		      arch_hart_has(arch, (enum hart_feature)optional[i].feature));
}
#endif

const char *arch_hart_init(struct hart *hart)
{
	struct arch_hart *arch = &hart->arch;
	struct arch_hart before = *arch;

	arch->probed = false;
	csr_write(CSR_SIE, 0);
	hart_quirks_find(hart);
	if (!arch_has_hypervisor() || option_hides("h", hart->id))
		return "it has no hypervisor extension (H)";
	csr_write(CSR_HIDELEG, 0);
	csr_write(CSR_HVIP, 0);
	/* All that a guest can handle by itself; 9 to 11, 16 and 20 to 23 cannot be set. */
	csr_write(CSR_HEDELEG, ~0UL);
	arch->hedeleg = csr_read(CSR_HEDELEG);
	arch->kept_loaded = 0;
	arch->fp_owner = arch->vector_owner = hart;
	features_probe(hart);
	limits_probe(arch);
	gstage_probe(hart);
	vmid_reset(hart);
	if (!arch->gstage_modes)
		return "no G-stage mode works";
	guest_files_probe(hart);
	counters_probe(hart);
	triggers_probe(hart);
	if (before.gstage_modes && !is_the_same(arch, &before)) {
		*arch = before;
		return "it is not what it was when it came first";
	}
	if (arch_hart_has(arch, FEATURE_SSAIA) && hart_files_init(hart, arch->guest_files))
		return "no memory for it";

	csr_write(CSR_HIDELEG, HVIP_VSSIP | HVIP_VSTIP | HVIP_VSEIP);
	csr_write(CSR_HCOUNTEREN, 7); /* cycle, time, instret */
	csr_write(CSR_HTIMEDELTA, 0);
	arch->htimedelta = 0;
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_HSTATUS, HSTATUS_VSXL_64);
	if (arch_hart_has(arch, FEATURE_SSAIA)) {
		csr_write(CSR_HVIEN, 0);
		csr_write(CSR_HVICTL, 0);
		csr_write(CSR_HVIPRIO1, 0);
		csr_write(CSR_HVIPRIO2, 0);
	}
	arch->hgatp = arch->hvien = 0;
	arch->vm = NULL;
	arch->henvcfg_loaded = 0;
	arch->timer_set = false;
	arch->probed = true;
	return NULL;
}

void arch_hart_release(struct hart *hart)
{
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HGATP, 0);
	hart->arch.hgatp = 0;
	hart->arch.vm = NULL;
	hart->arch.fp_owner = hart->arch.vector_owner = hart;
	hart->loaded = NULL;
	hfence_gvma_all();
	hfence_vvma_all();
	/* Mode Bare is one of VMID 0, too. */
	vmid_reset(hart);
}
