/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host devices in unit tests of their drivers: a device tree from source text, one device that the
 * test acts out, and what the drivers asked for. Owned by the test; one thread.
 */
#ifndef FAKE_MMIO_H
#define FAKE_MMIO_H

#include <core/finding.h>
#include <drivers/irqchip.h>

/**
 * Compiles @source with dtc and makes it the host's tree. Fails the test when that is not
 * possible.
 */
void fake_tree(const char *source);

/** The device: all mapped registers are its. @offset counts from the physical base. */
struct fake_device {
	uint64_t base, size; /* an access elsewhere fails the test */
	bool silent; /* nothing answers */
	uint64_t (*read)(uint64_t offset, unsigned int bytes);
	void (*write)(uint64_t offset, unsigned int bytes, uint64_t value);
};

extern struct fake_device fake_device;
extern uint64_t fake_mapped; /* how many bytes were mapped */

/** What irq_request() returns, and what it was given last. */
extern int fake_irq_result;
extern irq_handler fake_irq_handler;
extern void *fake_irq_opaque;

/** All findings of a kind, a line each. */
const char *fake_findings(enum finding_kind kind);

#endif
