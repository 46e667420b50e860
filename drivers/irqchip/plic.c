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
	char *base;
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
	size_t claim = CONTEXT(root->context) + CONTEXT_CLAIM;

	if (!irqchip_boot_hart())
		return;
	for (unsigned int i = 0; i < BATCH; i++) {
		uint32_t source = plic_read(root, claim);
		struct irq_action *action = NULL;

		if (!source)
			return;
		if (source <= root->sources)
			action = __atomic_load_n(&root->actions[source], __ATOMIC_ACQUIRE);
		if (action)
			irq_handle(action);
		plic_write(root, claim, source);
	}
}

static void plic_hart_init(void)
{
	if (irqchip_boot_hart())
		plic_write(root, CONTEXT(root->context) + CONTEXT_THRESHOLD, 0);
}

static void context_disable(struct plic *plic, uint32_t context)
{
	for (uint32_t word = 0; word <= plic->sources / 32; word++)
		plic_write(plic, ENABLE(context, word), 0);
}

/**
 * Turns all sources off in the supervisor contexts within @size bytes of registers, and finds the
 * boot hart's. Contexts of machine mode are not ours. Returns 0, or -ENODEV when the boot hart
 * has none.
 */
static int contexts_init(struct plic *plic, uint64_t size)
{
	int found = -ENODEV;

	for (uint32_t i = 0; i < CONTEXTS_MAX && CONTEXT(i + 1) <= size; i++) {
		uint64_t hart_id;
		uint32_t cause;
		int err = hostdt_hart_interrupt(plic->chip.node, i, &hart_id, &cause);

		if (err == -ENOENT)
			break;
		if (err || cause != IRQ_SEI)
			continue;
		context_disable(plic, i);
		if (hart_id == hart_self()->id) {
			plic->context = i;
			found = 0;
		}
	}
	return found;
}

static int plic_setup(struct plic *plic)
{
	hpa_t base;
	uint64_t size;
	int err = hostdt_reg(plic->chip.node, 0, &base, &size);

	if (err)
		return err;
	plic->sources = hostdt_u32(plic->chip.node, "riscv,ndev", 0);
	if (!plic->sources || plic->sources > SOURCES_MAX || !is_aligned(base.v, PAGE_SIZE) ||
	    size < CONTEXT(1))
		return -EINVAL;
	size = MIN(size, CONTEXT(CONTEXTS_MAX));
	plic->base = mmio_map(base, size);
	plic->actions = alloc_zero((plic->sources + 1) * sizeof(*plic->actions));
	if (!plic->base || !plic->actions)
		return -ENOMEM;
	err = contexts_init(plic, size);
	if (err)
		return err;
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
	"sifive,plic-1.0.0", "riscv,plic0", "thead,c900-plic", NULL,
};

const struct driver plic_driver = {
	.name = "plic",
	.compatible = plic_compatible,
	.probe = plic_probe,
};
