/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the guest's PLIC share: plic.c owns its behaviour, plic_state.c what of it
 * is in saved VMs. Everything that changes is guarded by device.lock, whose rank is LOCK_IRQCHIP.
 */
#ifndef EMULATORS_PLIC_H
#define EMULATORS_PLIC_H

#include <core/device.h>
#include <core/types.h>
#include <emulators/devices.h>

#define PLIC_IDS (PLIC_SOURCES + 1) /* with 0, which is no interrupt */
#define PLIC_WORDS (PLIC_IDS / 32)
#define PLIC_PRIORITIES 8u /* 0 is never */

_Static_assert(PLIC_IDS % 32 == 0, "all_bits_of_the_words_are_sources");
struct plic_context {
	uint32_t enabled[PLIC_WORDS];
	uint8_t threshold;
};

struct plic {
	struct device device;
	unsigned int contexts;
	uint64_t lines; /* of the vCPUs, one bit each, as vm_extirq_set() was told last */

	/* One bit a source. */
	uint32_t input[PLIC_WORDS]; /* the wires */
	uint32_t pending[PLIC_WORDS];
	uint32_t claimed[PLIC_WORDS];
	uint8_t priority[PLIC_IDS];

	/* What the registers of the S contexts say, one bit a vCPU. */
	uint64_t targets[PLIC_IDS]; /* by source: who enables it */
	uint64_t admits
		[PLIC_PRIORITIES]; /* by priority: whose threshold is below; nobody's is below 0 */

	struct plic_context context[];
};

static inline bool plic_bit(const uint32_t *bitmap, unsigned int source)
{
	return bitmap[source / 32] >> (source % 32) & 1;
}

static inline void plic_bit_put(uint32_t *bitmap, unsigned int source, bool value)
{
	uint32_t bit = UINT32_C(1) << (source % 32);

	bitmap[source / 32] = (bitmap[source / 32] & ~bit) | (value ? bit : 0);
}

/** Whether @context is of S-mode, and so has somebody to notify: vCPU @context / 2. */
static inline bool plic_is_supervisor(unsigned int context)
{
	return context & 1;
}

/** Any of the registers have changed: finds what follows from them, and tells the vCPUs. */
void plic_registers_changed(struct plic *plic) REQUIRES(plic->device.lock);

/* The state in saved VMs, see struct device_ops. */
size_t plic_state_size(const struct device *device);
void plic_save(struct device *device, void *to);
const char *plic_check(const struct device *device, const void *from, size_t size);
void plic_restore(struct device *device, const void *from);

#endif
