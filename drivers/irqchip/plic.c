/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC of machines without AIA. Only the boot hart's supervisor context is used. The
 * registers of a source are written once, when it is requested, under the lock of irqchip.c;
 * enable_lock guards the enables, which claims write as well where there is QUIRK_PLIC_CLAIM.
 */
#include <arch/csr.h>
#include <arch/mmio.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <core/lock.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
#include <drivers/quirks.h>
#include <errno.h>

/* RISC-V PLIC 1.0.0, "Memory Map". */
#define PRIORITY(source) ((source) * 4)
#define PENDING(word) (0x1000 + (word) * 4)
#define ENABLE(context, word) (0x2000 + (context) * 0x80 + (word) * 4)
#define CONTEXT(context) (0x200000 + (context) * UINT64_C(0x1000))
#define CONTEXT_THRESHOLD 0
#define CONTEXT_CLAIM 4

#define SOURCES_MAX 1023
#define WORDS ((SOURCES_MAX + 1) / 32)
#define EDGE_TYPES 3U /* of the second cell: rising, falling */
#define CONTEXTS_MAX 15872U
#define BATCH 64 /* an interrupt storm of one device must not keep the hart for ever */

struct plic {
	struct irqchip chip;
	char *base; /* priorities and enables */
	char *claim; /* the page of the boot hart's context */
	uint32_t sources;
	uint32_t context; /* the boot hart's */
	uint64_t quirks; /* BIT(enum device_quirk) */
	struct irq_action **actions; /* by source */
	uint32_t enabled[WORDS]; /* what the boot hart's context has; atomic */
	uint32_t edges[WORDS]; /* sources that complete before they are handled; atomic */
};

/* The one that interrupts the boot hart. */
static struct plic *root;
static struct spinlock enable_lock = SPINLOCK_INIT(LOCK_HOST_PLIC);

static uint32_t plic_read(struct plic *plic, size_t reg)
{
	return mmio_read32(plic->base + reg);
}

static void plic_write(struct plic *plic, size_t reg, uint32_t value)
{
	mmio_write32(plic->base + reg, value);
}

static void enable_write(struct plic *plic, uint32_t word, uint32_t sources)
{
	plic_write(plic, ENABLE(plic->context, word), sources);
}

/** Adds @source to a set of them, which the interrupt handler of the boot hart reads. */
static uint32_t set_add(uint32_t *set, uint32_t source)
{
	uint32_t bit = (uint32_t)BIT(source % 32);

	return __atomic_or_fetch(&set[source / 32], bit, __ATOMIC_ACQ_REL);
}

static int plic_request(struct irqchip *chip, const uint32_t *cells, unsigned int count,
			struct irq_action *action)
{
	struct plic *plic = container_of(chip, struct plic, chip);
	uint32_t source = count >= 1 ? cells[0] : 0;
	unsigned long flags;

	/* A second cell, where there is one, is the type: the PLIC's gateways know it. */
	if (!source || source > plic->sources || count > 2)
		return -EINVAL;
	if (plic->actions[source])
		return -EBUSY;
	action->source = source;
	if (count == 2 && cells[1] & EDGE_TYPES && quirk_has(plic->quirks, QUIRK_PLIC_EDGE))
		set_add(plic->edges, source);
	__atomic_store_n(&plic->actions[source], action, __ATOMIC_RELEASE);
	plic_write(plic, PRIORITY(source), 1);
	flags = spin_lock(&enable_lock);
	enable_write(plic, source / 32, set_add(plic->enabled, source));
	spin_unlock(&enable_lock, flags);
	return 0;
}

static uint32_t claim(struct plic *plic)
{
	return mmio_read32(plic->claim + CONTEXT_CLAIM);
}

static uint32_t enabled_word(const struct plic *plic, uint32_t word)
{
	return __atomic_load_n(&plic->enabled[word], __ATOMIC_ACQUIRE);
}

/** The lowest source that is pending and enabled, 0 for none. */
static uint32_t first_pending(struct plic *plic)
{
	for (uint32_t word = 0; word <= plic->sources / 32; word++) {
		uint32_t sources = enabled_word(plic, word);

		if (sources)
			sources &= plic_read(plic, PENDING(word));
		if (sources)
			return word * 32 + (uint32_t)__builtin_ctz(sources);
	}
	return 0;
}

/** QUIRK_PLIC_CLAIM: claims while no other source is enabled. */
static uint32_t claim_alone(struct plic *plic)
{
	uint32_t source = first_pending(plic), claimed;
	unsigned long flags;

	if (!source)
		return 0;
	flags = spin_lock(&enable_lock);
	for (uint32_t word = 0; word <= plic->sources / 32; word++)
		if (enabled_word(plic, word))
			enable_write(plic, word,
				     word == source / 32 ? (uint32_t)BIT(source % 32) : 0);
	claimed = claim(plic);
	for (uint32_t word = 0; word <= plic->sources / 32; word++)
		if (enabled_word(plic, word))
			enable_write(plic, word, enabled_word(plic, word));
	spin_unlock(&enable_lock, flags);
	return claimed;
}

static void source_handle(struct plic *plic, uint32_t source)
{
	struct irq_action *action = NULL;
	bool edge = false;

	if (source <= plic->sources) {
		action = __atomic_load_n(&plic->actions[source], __ATOMIC_ACQUIRE);
		edge = __atomic_load_n(&plic->edges[source / 32], __ATOMIC_RELAXED) >>
			       (source % 32) &
		       1;
	}
	/* An edge that comes while it is handled is to come again. */
	if (edge)
		mmio_write32(plic->claim + CONTEXT_CLAIM, source);
	if (action)
		irq_handle(action);
	if (!edge)
		mmio_write32(plic->claim + CONTEXT_CLAIM, source);
}

static void plic_external(void)
{
	if (!irqchip_boot_hart())
		return;
	for (unsigned int i = 0; i < BATCH; i++) {
		uint32_t source = quirk_has(root->quirks, QUIRK_PLIC_CLAIM) ? claim_alone(root)
									    : claim(root);

		if (!source)
			return;
		source_handle(root, source);
	}
}

static void plic_hart_init(void)
{
	if (irqchip_boot_hart())
		mmio_write32(root->claim + CONTEXT_THRESHOLD, 0);
}

/**
 * Looks at the contexts whose registers are within @size bytes: finds the boot hart's, and with
 * @off turns all sources of all harts off. Contexts of machine mode are not ours. Returns how
 * many contexts there are, -ENODEV when the boot hart has none, -EINVAL when nobody can tell, or
 * -ENOSPC when some are beyond.
 */
static int contexts_walk(struct plic *plic, uint64_t size, bool off)
{
	int count = hostdt_hart_interrupts(plic->chip.node);
	bool found = false;
	uint64_t hart_id;
	uint32_t cause, i;

	if (count < 0)
		return count;
	for (i = 0; i < MIN((uint32_t)count, CONTEXTS_MAX) && CONTEXT(i + 1) <= size; i++) {
		if (hostdt_hart_interrupt(plic->chip.node, i, &hart_id, &cause) || cause != IRQ_SEI)
			continue;
		for (uint32_t word = 0; off && word <= plic->sources / 32; word++)
			plic_write(plic, ENABLE(i, word), 0);
		if (hart_id == hart_self()->id) {
			plic->context = i;
			found = true;
		}
	}
	if (!found && i < (uint32_t)count)
		return -ENOSPC;
	return found ? (int)i : -ENODEV;
}

static int plic_setup(struct plic *plic)
{
	int contexts, node = plic->chip.node, err;
	void *base, *context;
	uint32_t answer;
	uint64_t size;
	hpa_t start;

	plic->sources = hostdt_u32(node, "riscv,ndev", 0);
	if (!plic->sources || plic->sources > SOURCES_MAX)
		return -EINVAL;
	if (hostdt_reg(node, 0, &start, &size))
		return -EINVAL;
	contexts = contexts_walk(plic, size, false);
	if (contexts < 0)
		return contexts;
	/* All of it is 64 MiB: only what is used gets mapped. */
	err = device_reg(node, 0, CONTEXT(plic->context + UINT64_C(1)), PAGE_SIZE, &start);
	if (!err)
		err = device_map(node, 0, ENABLE((uint64_t)contexts, 0), PAGE_SIZE, &base);
	if (err)
		return err;
	context = mmio_map(hpa(start.v + CONTEXT(plic->context)), PAGE_SIZE);
	plic->actions = alloc_zero((plic->sources + 1) * sizeof(*plic->actions));
	if (!context || !plic->actions)
		return -ENOMEM;
	plic->base = base;
	plic->claim = context;
	if (!mmio_try_read32(plic->base + PRIORITY(1), &answer) ||
	    !mmio_try_read32(plic->claim + CONTEXT_THRESHOLD, &answer))
		return -ENXIO;
	contexts_walk(plic, size, true);
	for (uint32_t source = 1; source <= plic->sources; source++)
		plic_write(plic, PRIORITY(source), 0);
	return irqchip_set_root("PLIC", plic_external, plic_hart_init);
}

static int plic_probe(int node)
{
	struct plic *plic = alloc_zero(sizeof(*plic));
	char path[NODE_PATH_MAX];
	int err;

	if (!plic)
		return -ENOMEM;
	plic->chip.node = node;
	plic->chip.name = "PLIC";
	plic->chip.request = plic_request;
	plic->quirks = device_quirks(node);
	err = plic_setup(plic);
	if (err) {
		alloc_free(plic->actions);
		alloc_free(plic);
		return err;
	}
	root = plic;
	irqchip_register(&plic->chip);
	device_quirks_tell(node, plic->quirks);
	hostdt_path_of(node, path, sizeof(path));
	finding_add(FINDING_DEVICE, path, "PLIC, %u sources, context %u of the boot hart",
		    (unsigned int)plic->sources, (unsigned int)plic->context);
	return 0;
}

static const char *const plic_compatible[] = {
	"sifive,plic-1.0.0",	"riscv,plic0",		"thead,c900-plic",
	"andestech,nceplic100", "ultrarisc,cp100-plic", "eswin,eic7700-plic",
	"starfive,jh7110-plic", "microchip,mpfs-plic",	NULL,
};

const struct driver plic_driver = {
	.name = "plic",
	.compatible = plic_compatible,
	.probe = plic_probe,
};
