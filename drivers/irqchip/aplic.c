/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * APLIC domains at supervisor level, which take the interrupts of devices over wires. A domain
 * passes them on as messages to the IMSIC, or delivers them itself (direct mode). The registers
 * of a source are written once, when it is requested, under the lock of irqchip.c.
 */
#include "imsic.h"

#include <arch/csr.h>
#include <arch/mmio.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <drivers/driver.h>

/* AIA 1.0, 4.5: registers of a domain. */
#define DOMAINCFG 0x0000
#define DOMAINCFG_IE 0x100U
#define DOMAINCFG_DM 0x004U /* deliver by MSIs */
#define SOURCECFG(source) (0x0004 + ((source) - 1) * 4)
#define SETIENUM 0x1edc
#define CLRIE(word) (0x1f00 + (word) * 4)
#define SETIPNUM_LE 0x2000
#define TARGET(source) (0x3004 + ((source) - 1) * 4)
#define TARGET_HART_SHIFT 18
#define DOMAIN_SIZE 0x4000

/* AIA 1.0, 4.8.1: interrupt delivery control, one structure a hart, direct mode only. */
#define IDC(number) (0x4000 + (number) * IDC_SIZE)
#define IDC_SIZE 32
#define IDC_IDELIVERY 0x00
#define IDC_ITHRESHOLD 0x08
#define IDC_CLAIMI 0x1c

#define SOURCES_MAX 1023
#define IDC_MAX 16384U
#define BATCH 64 /* as in imsic.c */

struct aplic {
	struct irqchip chip;
	char *base;
	uint32_t sources;
	bool msi;
	uint32_t target; /* the boot hart's number at this domain */
	struct irq_action **actions; /* by source */
};

/* The domain that delivers to the boot hart in direct mode. */
static struct aplic *direct;

static uint32_t aplic_read(struct aplic *aplic, size_t reg)
{
	return mmio_read32(aplic->base + reg);
}

static void aplic_write(struct aplic *aplic, size_t reg, uint32_t value)
{
	mmio_write32(aplic->base + reg, value);
}

static struct aplic *aplic_of(struct irqchip *chip)
{
	return container_of(chip, struct aplic, chip);
}

/** The source mode for a type of the device tree's binding, or 0. AIA 1.0, 4.5.2. */
static uint32_t source_mode(uint32_t type)
{
	static const uint8_t modes[] = {
		[0] = 6, /* not said: as most devices */
		[1] = 4, /* rising edge */
		[2] = 5, /* falling edge */
		[4] = 6, /* level high */
		[8] = 7, /* level low */
	};

	return type < sizeof(modes) ? modes[type] : 0;
}

static bool mode_is_level(uint32_t mode)
{
	return mode >= 6;
}

/*
 * AIA 1.0, 4.9.2: sending the MSI clears the pending bit of a level source, and a level that
 * stays high does not set it again. This write sets it only if the level is still high.
 */
static void level_handled(struct irq_action *action)
{
	aplic_write(aplic_of(action->chip), SETIPNUM_LE, action->source);
}

static int route_msi(struct aplic *aplic, struct irq_action *action, uint32_t mode)
{
	int identity = imsic_identity_take(action);

	if (identity < 0)
		return identity;
	action->handled = mode_is_level(mode) ? level_handled : NULL;
	aplic_write(aplic, TARGET(action->source),
		    aplic->target << TARGET_HART_SHIFT | (uint32_t)identity);
	return 0;
}

static void route_direct(struct aplic *aplic, struct irq_action *action)
{
	aplic_write(aplic, TARGET(action->source),
		    aplic->target << TARGET_HART_SHIFT | 1 /* priority */);
}

static int aplic_request(struct irqchip *chip, const uint32_t *cells, unsigned int count,
			 struct irq_action *action)
{
	struct aplic *aplic = aplic_of(chip);
	uint32_t source = count == 2 ? cells[0] : 0;
	uint32_t mode = count == 2 ? source_mode(cells[1]) : 0;
	int err = 0;

	if (!source || source > aplic->sources || !mode)
		return -EINVAL;
	if (aplic->actions[source])
		return -EBUSY;
	action->source = source;
	aplic_write(aplic, SOURCECFG(source), mode);
	/* AIA 1.0, 4.5.2: of a source that this domain does not have it stays 0. */
	if (aplic_read(aplic, SOURCECFG(source)) != mode)
		err = -ENOENT;
	else if (aplic->msi)
		err = route_msi(aplic, action, mode);
	else
		route_direct(aplic, action);
	if (err) {
		aplic_write(aplic, SOURCECFG(source), 0);
		return err;
	}
	__atomic_store_n(&aplic->actions[source], action, __ATOMIC_RELEASE);
	aplic_write(aplic, SETIENUM, source);
	if (action->handled) /* the level may have been high before */
		action->handled(action);
	return 0;
}

static void aplic_external(void)
{
	if (!irqchip_boot_hart())
		return;
	for (unsigned int i = 0; i < BATCH; i++) {
		uint32_t source = aplic_read(direct, IDC(direct->target) + IDC_CLAIMI) >> 16;
		struct irq_action *action;

		if (!source)
			return;
		if (source > direct->sources)
			continue;
		action = __atomic_load_n(&direct->actions[source], __ATOMIC_ACQUIRE);
		if (action)
			irq_handle(action);
	}
}

static void aplic_hart_init(void)
{
	if (!irqchip_boot_hart())
		return;
	aplic_write(direct, IDC(direct->target) + IDC_ITHRESHOLD, 0);
	aplic_write(direct, IDC(direct->target) + IDC_IDELIVERY, 1);
}

/**
 * Whether the domain sends MSIs to the IMSIC in use, or otherwise which of its IDC structures is
 * the boot hart's. Returns 0, -ENODEV (a domain of machine level, or of other harts only), -ENOENT
 * (its IMSIC cannot be used) or -EINVAL.
 */
static int delivery_find(struct aplic *aplic)
{
	int node = aplic->chip.node;
	uint32_t length, msi_parent = hostdt_u32(node, "msi-parent", 0);
	int count = hostdt_hart_interrupts(node);

	if (hostdt_property(node, "riscv,children", &length))
		return -ENODEV; /* the one above the supervisor's */
	aplic->msi = imsic_has_phandle(msi_parent);
	if (aplic->msi) {
		aplic->target = imsic_boot_target();
		return 0;
	}
	if (count <= 0)
		return count ? count : msi_parent ? -ENOENT : -ENODEV;
	for (unsigned int i = 0; i < MIN((unsigned int)count, IDC_MAX); i++) {
		uint64_t hart_id;
		uint32_t cause;

		if (hostdt_hart_interrupt(node, i, &hart_id, &cause))
			continue;
		if (cause != IRQ_SEI)
			return -ENODEV;
		if (hart_id == hart_self()->id) {
			/* Otherwise they are numbered as they are named here. */
			aplic->target = hostdt_u32_at(node, "riscv,hart-indexes", i, i);
			return aplic->target < IDC_MAX ? 0 : -EINVAL;
		}
	}
	return -ENODEV;
}

/** Brings the domain to a known state: all sources off. Returns 0 or -ENOTSUP. */
static int domain_reset(struct aplic *aplic)
{
	uint32_t config = DOMAINCFG_IE | (aplic->msi ? DOMAINCFG_DM : 0);

	aplic_write(aplic, DOMAINCFG, 0);
	for (uint32_t word = 0; word <= aplic->sources / 32; word++)
		aplic_write(aplic, CLRIE(word), UINT32_MAX);
	for (uint32_t source = 1; source <= aplic->sources; source++)
		aplic_write(aplic, SOURCECFG(source), 0);
	aplic_write(aplic, DOMAINCFG, config);
	config ^= aplic_read(aplic, DOMAINCFG);
	return config & (DOMAINCFG_IE | DOMAINCFG_DM) ? -ENOTSUP : 0;
}

static int aplic_setup(struct aplic *aplic)
{
	void *base;
	uint32_t answer;
	int err = delivery_find(aplic);

	if (err)
		return err;
	aplic->sources = hostdt_u32(aplic->chip.node, "riscv,num-sources", 0);
	if (!aplic->sources || aplic->sources > SOURCES_MAX)
		return -EINVAL;
	err = device_map(aplic->chip.node, 0,
			 aplic->msi ? DOMAIN_SIZE : IDC(aplic->target + UINT64_C(1)), PAGE_SIZE,
			 &base);
	if (err)
		return err;
	aplic->base = base;
	aplic->actions = alloc_zero((aplic->sources + 1) * sizeof(*aplic->actions));
	if (!aplic->actions)
		return -ENOMEM;
	if (!mmio_try_read32(aplic->base + DOMAINCFG, &answer))
		return -ENXIO;
	err = domain_reset(aplic);
	if (!err && !aplic->msi)
		err = irqchip_set_root("APLIC", aplic_external, aplic_hart_init);
	return err;
}

static int aplic_probe(int node)
{
	struct aplic *aplic = alloc_zero(sizeof(*aplic));
	char path[NODE_PATH_MAX];
	int err;

	if (!aplic)
		return -ENOMEM;
	aplic->chip.node = node;
	aplic->chip.request = aplic_request;
	err = aplic_setup(aplic);
	if (err) {
		alloc_free(aplic->actions);
		alloc_free(aplic);
		return err;
	}
	if (!aplic->msi)
		direct = aplic;
	aplic->chip.name = aplic->msi ? "APLIC by MSIs" : "APLIC";
	irqchip_register(&aplic->chip);
	hostdt_path_of(node, path, sizeof(path));
	finding_add(FINDING_DEVICE, path, "%s, %u sources, hart number %u of the boot hart",
		    aplic->chip.name, (unsigned int)aplic->sources, (unsigned int)aplic->target);
	return 0;
}

static const char *const aplic_compatible[] = { "riscv,aplic", "qemu,aplic", NULL };

const struct driver aplic_driver = {
	.name = "aplic",
	.compatible = aplic_compatible,
	.probe = aplic_probe,
};
