/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IMSIC at supervisor level: IPIs between harts, MSIs of devices on the boot hart, and where
 * the pages of the guest interrupt files are. The pages are found while booting and do not change
 * afterwards. The table of actions only grows; the lock of irqchip.c serialises that.
 */
#include "imsic.h"

#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/mmio.h>
#include <core/check.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <drivers/driver.h>

#define SETEIPNUM_LE 0x000

#define IDENTITY_IPI 1
#define IDENTITY_DEVICES 2 /* the first of those for devices */
/* Host devices are few: passed-through ones interrupt their guest's file. */
#define IDENTITIES 256

/* Without more pending after so many, an interrupt storm of one device would never end. */
#define BATCH 64

static struct imsic {
	int node; /* 0: none */
	uint32_t phandle;
	unsigned int ids; /* highest identity */
	unsigned int guest_ids; /* and of guest interrupt files */
	unsigned int guest_bits, hart_bits, group_bits, group_shift; /* of addresses */
	bool deaf; /* the boot hart cannot take identities */
} imsic;

static struct imsic_hart {
	void *page; /* of the hart's own file; NULL: IPIs go through SBI */
	hpa_t base; /* the same, and the guest files' pages follow */
	unsigned int pages; /* that `reg` covers, guest files included; 0: none */
} imsic_harts[MAX_HARTS];

static struct irq_action *actions[IDENTITIES];

/*
 * siselect/sireg is a pair that interrupt handlers leave alone, but it is used with interrupts
 * off nevertheless.
 */
static void file_write(unsigned int reg, uint64_t value)
{
	csr_write(CSR_SISELECT, reg);
	csr_write(CSR_SIREG, value);
}

/** The identities that this hart takes, of the 64 that begin with @first. */
static uint64_t identities_enabled(unsigned int first)
{
	uint64_t enabled = first ? 0 : BIT(IDENTITY_IPI);

	/*
	 * Those for devices are all enabled on the boot hart, taken or not: its eie can only be
	 * written there, and a request may come from any hart. A stray one is dropped.
	 */
	if (irqchip_boot_hart() && first < IDENTITIES)
		enabled |= first ? ~UINT64_C(0) : ~UINT64_C(0) << IDENTITY_DEVICES;
	return enabled;
}

static void imsic_hart_init(void)
{
	struct hart *hart = hart_self();

	if (!arch_hart_has(&hart->arch, FEATURE_SSAIA)) {
		finding_add_hart(FINDING_LESS, hart->index, "IMSIC not used: it has no Ssaia");
		imsic_harts[hart->index].page = NULL;
		imsic.deaf |= irqchip_boot_hart();
		return;
	}
	file_write(ISELECT_EIDELIVERY, 0);
	file_write(ISELECT_EITHRESHOLD, 0);
	for (unsigned int first = 0; first < imsic.ids; first += 64) {
		file_write(ISELECT_EIP0 + first / 32, 0);
		file_write(ISELECT_EIE0 + first / 32, identities_enabled(first));
	}
	file_write(ISELECT_EIDELIVERY, 1);
}

static void imsic_external(void)
{
	/* AIA 1.0, 3.10: only csrrw claims exactly what it returns. */
	for (unsigned int i = 0; i < BATCH; i++) {
		unsigned int identity = csr_swap(CSR_STOPEI, 0) >> 16 & 0x7ff;

		if (!identity)
			return;
		if (identity == IDENTITY_IPI) {
			hart_ipi();
		} else if (identity < IDENTITIES) {
			struct irq_action *action = __atomic_load_n(&actions[identity],
								    __ATOMIC_ACQUIRE);

			if (action)
				irq_handle(action);
		}
	}
}

static void imsic_ipi(unsigned int hart_index)
{
	void *page = imsic_harts[hart_index].page;

	if (page)
		mmio_write32((char *)page + SETEIPNUM_LE, IDENTITY_IPI);
	else
		firmware_send_ipi(harts[hart_index]->id);
}

unsigned int imsic_guest_files(unsigned int hart_index)
{
	unsigned int pages = hart_index < MAX_HARTS ? imsic_harts[hart_index].pages : 0;

	return pages ? MIN(pages - 1, 63) : 0;
}

int imsic_page(unsigned int hart_index, unsigned int file, hpa_t *page)
{
	if (hart_index >= MAX_HARTS || file >= imsic_harts[hart_index].pages)
		return -ENOENT;
	*page = hpa(imsic_harts[hart_index].base.v + file * PAGE_SIZE);
	return 0;
}

unsigned int imsic_guest_identities(void)
{
	return imsic.guest_ids;
}

static void *file_page(unsigned int hart_index, unsigned int file)
{
	DCHECK(file < imsic_harts[hart_index].pages);
	return (char *)imsic_harts[hart_index].page + file * PAGE_SIZE;
}

void imsic_file_store(unsigned int hart_index, unsigned int file, unsigned int identity)
{
	mmio_write32((char *)file_page(hart_index, file) + SETEIPNUM_LE, identity);
}

void imsic_file_barrier(unsigned int hart_index, unsigned int file)
{
	/* Loads of one device do not overtake stores to it, and this one has to come back. */
	mmio_barrier();
	mmio_read32((char *)file_page(hart_index, file) + SETEIPNUM_LE);
}

bool imsic_has_phandle(uint32_t phandle)
{
	return imsic.node && phandle && phandle == imsic.phandle;
}

int imsic_identity_take(struct irq_action *action)
{
	if (imsic.deaf)
		return -ENOENT;
	for (unsigned int i = IDENTITY_DEVICES; i < IDENTITIES && i <= imsic.ids; i++) {
		if (!actions[i]) {
			__atomic_store_n(&actions[i], action, __ATOMIC_RELEASE);
			return (int)i;
		}
	}
	return -ENOSPC;
}

uint32_t imsic_boot_target(void)
{
	uint64_t base = imsic_harts[hart_self()->index].base.v;
	uint64_t hart = base >> (PAGE_SHIFT + imsic.guest_bits) & (BIT(imsic.hart_bits) - 1);
	uint64_t group = base >> imsic.group_shift & (BIT(imsic.group_bits) - 1);

	return (uint32_t)(group << imsic.hart_bits | hart);
}

/** Notes the pages of entry @number of `interrupts-extended`, which is for @hart. */
static void hart_add(unsigned int number, struct hart *hart)
{
	struct imsic_hart *slot = &imsic_harts[hart->index];
	uint32_t answer;
	int err;

	if (slot->pages)
		return;
	err = imsic_pages_find(imsic.node, imsic.guest_bits, number, &slot->base, &slot->pages);
	if (!err)
		err = device_range(slot->base, MIN(slot->pages, 64U) * PAGE_SIZE);
	if (!err) {
		slot->page = mmio_map(slot->base, MIN(slot->pages, 64U) * PAGE_SIZE);
		err = slot->page ? 0 : -ENOMEM;
	}
	if (!err && !mmio_try_read32(slot->page, &answer))
		err = -ENXIO;
	if (!err)
		return;
	slot->page = NULL;
	slot->pages = 0;
	finding_add_hart(FINDING_LESS, hart->index, "no interrupt file of the IMSIC: %s (error %d)",
			 device_problem(err), -err);
}

static int geometry_read(int node, unsigned int parents)
{
	unsigned int hart_bits = 0;

	while (BIT(hart_bits) < parents)
		hart_bits++;
	imsic.ids = hostdt_u32(node, "riscv,num-ids", 0);
	imsic.guest_ids = hostdt_u32(node, "riscv,num-guest-ids", imsic.ids);
	imsic.guest_bits = hostdt_u32(node, "riscv,guest-index-bits", 0);
	imsic.hart_bits = hostdt_u32(node, "riscv,hart-index-bits", hart_bits);
	imsic.group_bits = hostdt_u32(node, "riscv,group-index-bits", 0);
	imsic.group_shift = hostdt_u32(node, "riscv,group-index-shift", 24);
	if (imsic.guest_ids < 63 || imsic.guest_ids > 2047 || imsic.guest_ids % 64 != 63)
		return -EINVAL;
	if (imsic.ids < 63 || imsic.ids > 2047 || imsic.guest_bits > 7 || imsic.hart_bits > 14 ||
	    imsic.group_bits > 7 || imsic.hart_bits + imsic.group_bits > 14 ||
	    imsic.group_shift > 55)
		return -EINVAL;
	return 0;
}

/** Counts the harts it serves. -ENODEV when it is not for S-mode, -EINVAL when nobody can tell. */
static int parents_count(int node)
{
	int count = hostdt_hart_interrupts(node);
	uint64_t hart_id;
	uint32_t cause;

	for (int i = 0; i < count; i++)
		if (!hostdt_hart_interrupt(node, (unsigned int)i, &hart_id, &cause) &&
		    cause != IRQ_SEI)
			return -ENODEV;
	return count;
}

static int imsic_probe(int node)
{
	int parents = parents_count(node);
	char path[NODE_PATH_MAX];
	int err;

	if (parents < 0)
		return parents;
	if (imsic.node)
		return -EBUSY;
	err = geometry_read(node, (unsigned int)parents);
	if (err)
		return err;
	imsic.node = node;
	imsic.phandle = hostdt_u32(node, "phandle", 0);
	for (unsigned int i = 0; i < (unsigned int)parents; i++) {
		uint64_t hart_id;
		uint32_t cause;
		struct hart *hart = NULL;

		if (!hostdt_hart_interrupt(node, i, &hart_id, &cause))
			hart = hart_by_id(hart_id);
		if (hart)
			hart_add(i, hart);
	}
	err = imsic_harts[hart_self()->index].page ? 0 : -ENXIO;
	if (!err)
		err = irqchip_set_root("IMSIC", imsic_external, imsic_hart_init);
	if (err) {
		imsic.node = 0;
		return err;
	}
	irqchip_set_ipi("IMSIC", imsic_ipi);
	hostdt_path_of(node, path, sizeof(path));
	finding_add(
		FINDING_DEVICE, path,
		"IMSIC, %u identities, guests %u, index bits: guest %u, hart %u, group %u at %u",
		imsic.ids, imsic.guest_ids, imsic.guest_bits, imsic.hart_bits, imsic.group_bits,
		imsic.group_shift);
	return 0;
}

static const char *const imsic_compatible[] = { "riscv,imsics", NULL };

const struct driver imsic_driver = {
	.name = "imsic",
	.compatible = imsic_compatible,
	.probe = imsic_probe,
};
