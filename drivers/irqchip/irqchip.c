/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts, whatever the controller: what the drivers register, and the way from a device
 * node to its controller. Requests are serialised by request_lock; the rest is set while booting
 * and does not change afterwards.
 */
#include <arch/csr.h>
#include <arch/firmware.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hostdt.h>
#include <core/lock.h>
#include <drivers/driver.h>
#include <drivers/irqchip.h>
#include <errno.h>
#include <stdio.h>

/* Most #interrupt-cells of a controller that has a driver. */
#define CELLS_MAX 4

/* Those that receive messages come first: the others may send to them. */
static const struct driver *const msi_drivers[] = {
#ifdef DRIVER_IMSIC
	&imsic_driver,
#endif
	NULL,
};

static const struct driver *const wired_drivers[] = {
#ifdef DRIVER_APLIC
	&aplic_driver,
#endif
#ifdef DRIVER_PLIC
	&plic_driver,
#endif
	NULL,
};

static struct {
	const char *name;
	void (*external)(void);
	void (*hart_init)(void);
} root;

static struct {
	const char *name;
	void (*send)(unsigned int hart_index);
} ipi;

static struct irqchip *chips;
static char description[96];
static struct spinlock request_lock = SPINLOCK_INIT(LOCK_HOST_DEVICE);

static void ipi_send_by_firmware(unsigned int hart_index)
{
	firmware_send_ipi(harts[hart_index]->id);
}

void irqchip_register(struct irqchip *chip)
{
	chip->next = chips;
	chips = chip;
}

int irqchip_set_root(const char *name, void (*external)(void), void (*hart_init)(void))
{
	if (root.external)
		return -EBUSY;
	root.name = name;
	root.external = external;
	root.hart_init = hart_init;
	return 0;
}

void irqchip_set_ipi(const char *name, void (*send)(unsigned int hart_index))
{
	ipi.name = name;
	ipi.send = send;
}

bool irqchip_boot_hart(void)
{
	return hart_self() == boot_hart;
}

static void describe(void)
{
	const char *wired = chips ? chips->name : "no wired interrupts";

	snprintf(description, sizeof(description), "%s%s%s, IPIs by %s",
		 root.external ? root.name : "", root.external && root.name != wired ? ", " : "",
		 root.name != wired ? wired : "", ipi.name);
}

void irqchip_init(void)
{
	irqchip_set_ipi("SBI", ipi_send_by_firmware);
	drivers_probe(msi_drivers);
	drivers_probe(wired_drivers);
	if (!chips)
		finding_add(FINDING_LESS, "interrupts",
			    "no controller of devices' interrupts can be used: devices are polled");
	describe();
}

void irqchip_hart_init(void)
{
	if (root.hart_init)
		root.hart_init();
	csr_set(CSR_SIE, BIT(IRQ_SSI) | (root.external ? BIT(IRQ_SEI) : 0));
}

static struct irqchip *chip_at(int node)
{
	struct irqchip *chip = chips;

	while (chip && chip->node != node)
		chip = chip->next;
	return chip;
}

int irq_request(int node, unsigned int index, irq_handler handler, void *opaque)
{
	uint32_t cells[CELLS_MAX];
	struct irq_action *action;
	struct irqchip *chip;
	int controller, err;
	int count = hostdt_interrupt(node, index, &controller, cells, CELLS_MAX);

	if (count < 0)
		return count;
	chip = chip_at(controller);
	if (!chip)
		return -ENOENT;
	action = alloc_zero(sizeof(*action));
	if (!action)
		return -ENOMEM;
	action->handler = handler;
	action->opaque = opaque;
	action->chip = chip;

	unsigned long flags = spin_lock(&request_lock);

	err = chip->request(chip, cells, (unsigned int)count, action);
	spin_unlock(&request_lock, flags);
	if (err)
		alloc_free(action);
	return err;
}

void irqchip_external(void)
{
	if (root.external)
		root.external();
}

void ipi_send(unsigned int hart_index)
{
	ipi.send(hart_index);
}

const char *irqchip_describe(void)
{
	return description;
}
