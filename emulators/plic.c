/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC (RISC-V PLIC specification 1.0.0) in the layout of QEMU's `virt`: 95 sources,
 * 7 priorities, and for each vCPU two contexts, M (2h) and S (2h + 1). All sources are
 * level-sensitive, active high. The S context drives the vCPU's external interrupt; the M context
 * has its registers, but nobody to notify. device.lock guards all of it.
 *
 * A source's gateway and its pending bit:
 *
 *   idle --(wire high)--> pending --(claim)--> claimed --(completion)--> idle
 *
 * A request that was forwarded stays when the wire falls, and nothing is forwarded while it is
 * pending or claimed.
 */
#include <core/alloc.h>
#include <core/check.h>
#include <emulators/bits.h>

#include "plic.h"

#define PLIC_SIZE 0x600000u
#define PRIORITY_END 0x1000u
#define PENDING_BASE 0x1000u
#define ENABLE_BASE 0x2000u
#define ENABLE_STRIDE 0x80u
#define CONTEXT_BASE 0x200000u
#define CONTEXT_STRIDE 0x1000u

#define CONTEXT_THRESHOLD 0u
#define CONTEXT_CLAIM 4u

_Static_assert(CONTEXT_BASE + 2 * PLIC_MAX_VCPUS * CONTEXT_STRIDE <= PLIC_SIZE,
	       "every_context_is_within_the_window");

/** What an access means. */
struct reg {
	enum {
		REG_NONE,
		REG_PRIORITY, /* of source `index` */
		REG_PENDING, /* word `index` */
		REG_ENABLE, /* word `index` of a context */
		REG_THRESHOLD, /* of a context */
		REG_CLAIM,
	} kind;
	unsigned int index;
	unsigned int context;
};

static struct plic *plic_of(struct device *device)
{
	return container_of(device, struct plic, device);
}

/* ---- notifications ---- */

/** Something that a line depends on has changed. */
static void lines_update(struct plic *plic) REQUIRES(plic->device.lock)
{
	uint64_t lines = 0, changed;

	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		for (uint32_t left = plic->pending[word]; left != 0; left &= left - 1) {
			unsigned int source = word * 32 + bit_lowest(left);

			lines |= plic->targets[source] & plic->admits[plic->priority[source]];
		}
	}
	changed = lines ^ plic->lines;
	plic->lines = lines;
	for (; changed != 0; changed &= changed - 1) {
		unsigned int vcpu = bit_lowest(changed);

		vm_extirq_set(plic->device.vm, vcpu, lines >> vcpu & 1);
	}
}

/** The gateway forwards a request if its wire asks for one and it may. */
static void source_forward(struct plic *plic, unsigned int source) REQUIRES(plic->device.lock)
{
	if (!plic_bit(plic->input, source) || plic_bit(plic->claimed, source) ||
	    plic_bit(plic->pending, source))
		return;
	plic_bit_put(plic->pending, source, true);
	lines_update(plic);
}

void plic_source_set(struct device *device, unsigned int source, bool level)
{
	struct plic *plic = plic_of(device);
	unsigned long flags;

	if (source == 0 || source > PLIC_SOURCES)
		return;
	flags = spin_lock(&plic->device.lock);
	plic_bit_put(plic->input, source, level);
	source_forward(plic, source);
	spin_unlock(&plic->device.lock, flags);
}

/* ---- registers ---- */

/** "Interrupt Claim Process": the threshold does not matter; of equal priorities the lowest. */
static uint32_t claim(struct plic *plic, unsigned int context) REQUIRES(plic->device.lock)
{
	unsigned int best = 0;

	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		uint32_t left = plic->pending[word] & plic->context[context].enabled[word];

		for (; left != 0; left &= left - 1) {
			unsigned int source = word * 32 + bit_lowest(left);

			if (plic->priority[source] > plic->priority[best])
				best = source;
		}
	}
	if (best != 0) {
		plic_bit_put(plic->pending, best, false);
		plic_bit_put(plic->claimed, best, true);
		lines_update(plic);
	}
	return best;
}

/** "Interrupt Completion": whoever enables the source may complete it, claimed or not. */
static void complete(struct plic *plic, unsigned int context, uint32_t source)
	REQUIRES(plic->device.lock)
{
	if (source > PLIC_SOURCES)
		return;
	source = index_mask(source, PLIC_IDS);
	if (!plic_bit(plic->context[context].enabled, source))
		return;
	plic_bit_put(plic->claimed, source, false);
	source_forward(plic, source);
}

/** Of an S context: that its enables in @word have @changed. */
static void targets_change(struct plic *plic, unsigned int context, unsigned int word,
			   uint32_t changed) REQUIRES(plic->device.lock)
{
	for (; changed != 0; changed &= changed - 1)
		plic->targets[word * 32 + bit_lowest(changed)] ^= BIT(context / 2);
}

/** Of an S context: by its threshold. */
static void admits_update(struct plic *plic, unsigned int context) REQUIRES(plic->device.lock)
{
	for (unsigned int priority = 1; priority < PLIC_PRIORITIES; priority++) {
		plic->admits[priority] &= ~BIT(context / 2);
		if (priority > plic->context[context].threshold)
			plic->admits[priority] |= BIT(context / 2);
	}
}

void plic_registers_changed(struct plic *plic)
{
	for (unsigned int source = 0; source < PLIC_IDS; source++)
		plic->targets[source] = 0;
	for (unsigned int context = 0; context < plic->contexts; context++) {
		if (!plic_is_supervisor(context))
			continue;
		for (unsigned int word = 0; word < PLIC_WORDS; word++)
			targets_change(plic, context, word, plic->context[context].enabled[word]);
		admits_update(plic, context);
	}
	lines_update(plic);
}

static void enable_write(struct plic *plic, unsigned int context, unsigned int word, uint32_t value)
	REQUIRES(plic->device.lock)
{
	uint32_t *enabled = &plic->context[context].enabled[word];
	uint32_t changed;

	if (word == 0)
		value &= ~UINT32_C(1);
	changed = *enabled ^ value;
	*enabled = value;
	if (!plic_is_supervisor(context))
		return;
	targets_change(plic, context, word, changed);
	lines_update(plic);
}

static void threshold_write(struct plic *plic, unsigned int context, uint32_t value)
	REQUIRES(plic->device.lock)
{
	value %= PLIC_PRIORITIES;
	plic->context[context].threshold = (uint8_t)value;
	if (!plic_is_supervisor(context))
		return;
	admits_update(plic, context);
	lines_update(plic);
}

static struct reg reg_of_context(const struct plic *plic, uint64_t offset)
{
	uint64_t context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;
	uint64_t in_context = offset % CONTEXT_STRIDE;
	struct reg reg = { .kind = REG_NONE };

	if (context >= plic->contexts || in_context > CONTEXT_CLAIM)
		return reg;
	reg.kind = in_context == CONTEXT_CLAIM ? REG_CLAIM : REG_THRESHOLD;
	reg.context = (unsigned int)index_mask(context, plic->contexts);
	return reg;
}

static struct reg reg_of_enable(const struct plic *plic, uint64_t offset)
{
	uint64_t context = (offset - ENABLE_BASE) / ENABLE_STRIDE;
	uint64_t word = offset % ENABLE_STRIDE / 4;
	struct reg reg = { .kind = REG_NONE };

	if (context >= plic->contexts || word >= PLIC_WORDS)
		return reg;
	reg.kind = REG_ENABLE;
	reg.index = (unsigned int)index_mask(word, PLIC_WORDS);
	reg.context = (unsigned int)index_mask(context, plic->contexts);
	return reg;
}

/** "Memory Map": registers of 32 bits; what is not there, or not accessed as such, is REG_NONE. */
static struct reg reg_decode(const struct plic *plic, uint64_t offset, unsigned int width)
{
	uint64_t index = offset % PRIORITY_END / 4;
	struct reg reg = { .kind = REG_NONE };

	if (width != 4 || offset % 4 != 0)
		return reg;
	if (offset >= CONTEXT_BASE)
		return reg_of_context(plic, offset);
	if (offset >= ENABLE_BASE)
		return reg_of_enable(plic, offset);
	if (offset >= PENDING_BASE && index < PLIC_WORDS)
		reg.kind = REG_PENDING;
	else if (offset < PRIORITY_END && index >= 1 && index < PLIC_IDS)
		reg.kind = REG_PRIORITY;
	reg.index = (unsigned int)index_mask(index, PLIC_IDS);
	return reg;
}

static uint32_t reg_read(struct plic *plic, struct reg reg) REQUIRES(plic->device.lock)
{
	switch (reg.kind) {
	case REG_PRIORITY:
		return plic->priority[reg.index];
	case REG_PENDING:
		return plic->pending[reg.index];
	case REG_ENABLE:
		return plic->context[reg.context].enabled[reg.index];
	case REG_THRESHOLD:
		return plic->context[reg.context].threshold;
	case REG_CLAIM:
		return claim(plic, reg.context);
	case REG_NONE:
		break;
	}
	return 0;
}

static void reg_write(struct plic *plic, struct reg reg, uint32_t value) REQUIRES(plic->device.lock)
{
	switch (reg.kind) {
	case REG_PRIORITY:
		plic->priority[reg.index] = value % PLIC_PRIORITIES;
		lines_update(plic);
		break;
	case REG_ENABLE:
		enable_write(plic, reg.context, reg.index, value);
		break;
	case REG_THRESHOLD:
		threshold_write(plic, reg.context, value);
		break;
	case REG_CLAIM:
		complete(plic, reg.context, value);
		break;
	case REG_PENDING:
	case REG_NONE:
		break;
	}
}

static uint64_t plic_read(struct device *device, uint64_t offset, unsigned int width)
{
	struct plic *plic = plic_of(device);
	struct reg reg = reg_decode(plic, offset, width);
	unsigned long flags;
	uint32_t value;

	if (reg.kind == REG_NONE) {
		device_odd_access(device);
		return 0;
	}
	flags = spin_lock(&plic->device.lock);
	value = reg_read(plic, reg);
	spin_unlock(&plic->device.lock, flags);
	return value;
}

static void plic_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct plic *plic = plic_of(device);
	struct reg reg = reg_decode(plic, offset, width);
	unsigned long flags;

	if (reg.kind == REG_NONE) {
		device_odd_access(device);
		return;
	}
	flags = spin_lock(&plic->device.lock);
	reg_write(plic, reg, (uint32_t)value);
	spin_unlock(&plic->device.lock, flags);
}

/* ---- life ---- */

/** The wires keep their levels, they belong to the devices; what is high asks anew. */
static void plic_reset(struct device *device)
{
	struct plic *plic = plic_of(device);
	unsigned long flags = spin_lock(&plic->device.lock);

	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		plic->pending[word] = plic->input[word];
		plic->claimed[word] = 0;
	}
	for (unsigned int source = 0; source < PLIC_IDS; source++)
		plic->priority[source] = 0;
	for (unsigned int context = 0; context < plic->contexts; context++)
		plic->context[context] = (struct plic_context){ 0 };
	plic_registers_changed(plic);
	spin_unlock(&plic->device.lock, flags);
}

static void plic_destroy(struct device *device)
{
	alloc_free(plic_of(device));
}

static const struct device_ops plic_ops = {
	.name = "plic",
	.read = plic_read,
	.write = plic_write,
	.reset = plic_reset,
	.destroy = plic_destroy,
	.state_version = 1,
	.state_size = plic_state_size,
	.save = plic_save,
	.check = plic_check,
	.restore = plic_restore,
};

struct device *plic_create(struct vm *vm, gpa_t base, unsigned int vcpus)
{
	struct plic *plic;

	CHECK(vcpus >= 1 && vcpus <= PLIC_MAX_VCPUS);
	plic = alloc_zero(sizeof(*plic) + 2 * vcpus * sizeof(struct plic_context));
	if (plic == NULL)
		return NULL;
	plic->device.ops = &plic_ops;
	plic->device.vm = vm;
	plic->device.base = base;
	plic->device.size = PLIC_SIZE;
	spin_init(&plic->device.lock, LOCK_IRQCHIP);
	plic->contexts = 2 * vcpus;
	plic_reset(&plic->device);
	return &plic->device;
}
