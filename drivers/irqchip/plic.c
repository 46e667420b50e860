/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC of machines without AIA. Only the boot hart's supervisor context is used. The
 * registers of a source are written once, when it is requested, under the lock of irqchip.c.
 */
#include <arch/csr.h>
#include <arch/mmio.h>
#include <core/alloc.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
#include <errno.h>

/* RISC-V PLIC 1.0.0, "Memory Map". */
#define PRIORITY(source) ((source) * 4)
#define ENABLE(context, word) (0x2000 + (context) * 0x80 + (word) * 4)
#define CONTEXT(context) (0x200000 + (context) * UINT64_C(0x1000))
#define CONTEXT_THRESHOLD 0
#define CONTEXT_CLAIM 4

#define SOURCES_MAX 1023
#define CONTEXTS_MAX 15872
#define BATCH 64 /* an interrupt storm of one device must not keep the hart for ever */

struct plic {
	struct irqchip chip;
	char *base; /* priorities and enables */
	char *claim; /* the page of the boot hart's context */
	uint32_t sources;
	uint32_t context; /* the boot hart's */
	struct irq_action **actions; /* by source */
};

/* The one that interrupts the boot hart. */
static struct plic *root;

static uint32_t plic_read(struct plic *plic, size_t reg)
{
	return mmio_read32(plic->base + reg);
}

static void plic_write(struct plic *plic, size_t reg, uint32_t value)
{
	mmio_write32(plic->base + reg, value);
}

static int plic_request(struct irqchip *chip, const uint32_t *cells, unsigned int count,
			struct irq_action *action)
{
	struct plic *plic = container_of(chip, struct plic, chip);
	uint32_t source = count >= 1 ? cells[0] : 0;
	size_t enable = ENABLE(plic->context, source / 32);

	/* A second cell, where there is one, is the type: the PLIC's gateways know it. */
	if (!source || source > plic->sources || count > 2)
		return -EINVAL;
	if (plic->actions[source])
		return -EBUSY;
	action->source = source;
	__atomic_store_n(&plic->actions[source], action, __ATOMIC_RELEASE);
	plic_write(plic, PRIORITY(source), 1);
	plic_write(plic, enable, plic_read(plic, enable) | (uint32_t)BIT(source % 32));
	return 0;
}

static void plic_external(void)
{
	char *claim;

	if (!irqchip_boot_hart())
		return;
	claim = root->claim + CONTEXT_CLAIM;
	for (unsigned int i = 0; i < BATCH; i++) {
		uint32_t source = mmio_read32(claim);
		struct irq_action *action = NULL;

		if (!source)
			return;
		if (source <= root->sources)
			action = __atomic_load_n(&root->actions[source], __ATOMIC_ACQUIRE);
		if (action)
			irq_handle(action);
		mmio_write32(claim, source);
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
 * many contexts there are, or -ENODEV when the boot hart has none.
 */
static int contexts_walk(struct plic *plic, uint64_t size, bool off)
{
	bool found = false;
	uint32_t i;

	for (i = 0; i < CONTEXTS_MAX && CONTEXT(i + 1) <= size; i++) {
		uint64_t hart_id;
		uint32_t cause;
		int err = hostdt_hart_interrupt(plic->chip.node, i, &hart_id, &cause);

		if (err == -ENOENT)
			break;
		if (err || cause != IRQ_SEI)
			continue;
		for (uint32_t word = 0; off && word <= plic->sources / 32; word++)
			plic_write(plic, ENABLE(i, word), 0);
		if (hart_id == hart_self()->id) {
			plic->context = i;
			found = true;
		}
	}
	return found ? (int)i : -ENODEV;
}

static int plic_setup(struct plic *plic)
{
	hpa_t base;
	uint64_t size;
	int contexts, err = hostdt_reg(plic->chip.node, 0, &base, &size);

	if (err)
		return err;
	plic->sources = hostdt_u32(plic->chip.node, "riscv,ndev", 0);
	if (!plic->sources || plic->sources > SOURCES_MAX || !is_aligned(base.v, PAGE_SIZE))
		return -EINVAL;
	contexts = contexts_walk(plic, size, false);
	if (contexts < 0)
		return contexts;
	/* All of it is 64 MiB: only what is used gets mapped. */
	plic->base = mmio_map(base, ENABLE((uint64_t)contexts, 0));
	plic->claim = mmio_map(hpa(base.v + CONTEXT(plic->context)), PAGE_SIZE);
	plic->actions = alloc_zero((plic->sources + 1) * sizeof(*plic->actions));
	if (!plic->base || !plic->claim || !plic->actions)
		return -ENOMEM;
	contexts_walk(plic, size, true);
	for (uint32_t source = 1; source <= plic->sources; source++)
		plic_write(plic, PRIORITY(source), 0);
	return irqchip_set_root("PLIC", plic_external, plic_hart_init);
}

static int plic_probe(int node)
{
	struct plic *plic = alloc_zero(sizeof(*plic));
	int err;

	if (!plic)
		return -ENOMEM;
	plic->chip.node = node;
	plic->chip.name = "PLIC";
	plic->chip.request = plic_request;
	err = plic_setup(plic);
	if (err) {
		alloc_free(plic->actions);
		alloc_free(plic);
		return err;
	}
	root = plic;
	irqchip_register(&plic->chip);
	return 0;
}

static const char *const plic_compatible[] = {
	"sifive,plic-1.0.0",
	"riscv,plic0",
	"thead,c900-plic",
	NULL,
};

const struct driver plic_driver = {
	.name = "plic",
	.compatible = plic_compatible,
	.probe = plic_probe,
};
