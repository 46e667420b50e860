/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC: one supervisor-level interrupt domain with no children (AIA 1.0,
 * chapter 4), in MSI or direct mode for life. This file owns domaincfg, the sources and the
 * forwarding by MSI; device.lock guards all of it.
 */
#include <core/alloc.h>
#include <core/check.h>
#include <emulators/bits.h>

#include "aplic.h"

#define SOURCECFG_D BIT(10)
#define SOURCECFG_SM 7u

#define EIID_MAX_MASK 0x7ffu

/** Sends the MSI of a target (or genmsi) register; one that reaches nobody is lost. */
static void msi_send(struct aplic *aplic, uint32_t target) REQUIRES(aplic->device.lock)
{
	vm_msi_send(aplic->device.vm, target >> 18, target & EIID_MAX_MASK);
}

/** The pending or enable bit of @source may have changed: deliver what there is to deliver. */
static void source_changed(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock)
{
	if (!aplic->msi) {
		idc_source_changed(aplic, source);
		return;
	}
	/* AIA 1.0, 4.9: when the MSI is sent the pending bit is cleared. */
	if (aplic->enable && source_bit(aplic->pending, source) &&
	    source_bit(aplic->enabled, source)) {
		source_bit_put(aplic->pending, source, false);
		msi_send(aplic, aplic->source[source].target);
	}
}

bool aplic_source_rectified(const struct aplic *aplic, unsigned int source)
{
	bool input = source_bit(aplic->input, source);

	switch (aplic->source[source].mode) {
	case SOURCE_EDGE1:
	case SOURCE_LEVEL1:
		return input;
	case SOURCE_EDGE0:
	case SOURCE_LEVEL0:
		return !input;
	default:
		return false;
	}
}

/* The next four follow AIA 1.0, 4.7; @source is active. */

static void pending_set(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock)
{
	/* In direct mode the pending bit of a level source already is the rectified input. */
	if (source_is_level(aplic, source) && !source_bit(aplic->rectified, source))
		return;
	source_bit_put(aplic->pending, source, true);
	source_changed(aplic, source);
}

static void pending_clear(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock)
{
	if (source_is_level(aplic, source) && !aplic->msi)
		return;
	source_bit_put(aplic->pending, source, false);
	source_changed(aplic, source);
}

static void enabled_set(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock)
{
	source_bit_put(aplic->enabled, source, true);
	source_changed(aplic, source);
}

static void enabled_clear(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock)
{
	source_bit_put(aplic->enabled, source, false);
	source_changed(aplic, source);
}

static void bit_write(struct aplic *aplic, enum aplic_bitmap bitmap, unsigned int source)
	REQUIRES(aplic->device.lock)
{
	switch (bitmap) {
	case BITMAP_SETIP:
		pending_set(aplic, source);
		break;
	case BITMAP_IN_CLRIP:
		pending_clear(aplic, source);
		break;
	case BITMAP_SETIE:
		enabled_set(aplic, source);
		break;
	case BITMAP_CLRIE:
		enabled_clear(aplic, source);
		break;
	}
}

/** A write of a source number: setipnum and its relatives. Ignored unless it is active. */
static void number_write(struct aplic *aplic, enum aplic_bitmap bitmap, uint32_t source)
	REQUIRES(aplic->device.lock)
{
	if (source > aplic->sources)
		return;
	source = index_mask(source, aplic->sources + 1);
	if (source_bit(aplic->active, source))
		bit_write(aplic, bitmap, source);
}

static void bitmap_write(struct aplic *aplic, uint64_t offset, uint32_t value)
	REQUIRES(aplic->device.lock)
{
	enum aplic_bitmap bitmap = (enum aplic_bitmap)(offset >> 8 & 3);
	unsigned int word = offset / 4 % APLIC_WORDS;

	if (offset < BITMAPS_FIRST)
		return;
	if ((offset & 0xff) == BITMAP_NUMBER) {
		number_write(aplic, bitmap, value);
	} else if ((offset & 0xff) < BITMAP_BYTES) {
		for (value &= aplic->active[word]; value != 0; value &= value - 1)
			bit_write(aplic, bitmap, word * 32 + bit_lowest(value));
	}
}

void aplic_msis_send(struct aplic *aplic)
{
	for (unsigned int word = 0; word <= aplic->sources / 32; word++) {
		uint32_t ready = aplic->pending[word] & aplic->enabled[word];

		for (; ready != 0; ready &= ready - 1)
			source_changed(aplic, word * 32 + bit_lowest(ready));
	}
}

static void domaincfg_write(struct aplic *aplic, uint32_t value) REQUIRES(aplic->device.lock)
{
	bool enable = value & DOMAINCFG_IE;

	if (enable == aplic->enable)
		return;
	aplic->enable = enable;
	if (aplic->msi)
		aplic_msis_send(aplic);
	else
		idc_update_lines(aplic);
}

/** The mode that a write of sourcecfg asks for: reserved ones and delegation give inactive. */
static enum source_mode sourcecfg_mode(uint32_t value)
{
	unsigned int mode = value & SOURCECFG_SM;

	/* AIA 1.0, 4.5.2: a leaf domain sets the whole register to zero when D is written. */
	if ((value & SOURCECFG_D) || mode == 2 || mode == 3)
		return SOURCE_INACTIVE;
	return (enum source_mode)mode;
}

static void sourcecfg_write(struct aplic *aplic, unsigned int source, uint32_t value)
	REQUIRES(aplic->device.lock)
{
	struct aplic_source *s = &aplic->source[source];
	enum source_mode old = s->mode;
	enum source_mode mode = sourcecfg_mode(value);

	if (mode == old)
		return;
	s->mode = mode;
	source_bit_put(aplic->active, source, mode != SOURCE_INACTIVE);
	source_bit_put(aplic->rectified, source, aplic_source_rectified(aplic, source));
	if (mode == SOURCE_INACTIVE) {
		source_bit_put(aplic->pending, source, false);
		source_bit_put(aplic->enabled, source, false);
		source_changed(aplic, source);
		s->target = 0;
		return;
	}
	if (old == SOURCE_INACTIVE && !aplic->msi)
		s->target = 1; /* IPRIO is never zero */
	/* AIA 1.0, 4.5.2 leaves the choice; for a level source this way no assertion is lost. */
	if (source_is_level(aplic, source))
		source_bit_put(aplic->pending, source, source_bit(aplic->rectified, source));
	source_changed(aplic, source);
}

/** Direct mode; otherwise aplic_put() does it. */
static void target_write(struct aplic *aplic, unsigned int source, uint32_t value)
	REQUIRES(aplic->device.lock)
{
	if (!source_bit(aplic->active, source))
		return;
	if (value & TARGET_IPRIO)
		idc_retarget(aplic, source, value & (TARGET_HART | TARGET_IPRIO));
	else
		idc_retarget(aplic, source, (value & TARGET_HART) | 1);
}

/** AIA 1.0, 4.5.15: sent whatever domaincfg.IE says, and at once, so that Busy is never seen. */
static void genmsi_write(struct aplic *aplic, uint32_t value) REQUIRES(aplic->device.lock)
{
	if (!aplic->msi)
		return;
	aplic->genmsi = value & (TARGET_HART | aplic->eiid_mask);
	msi_send(aplic, aplic->genmsi);
}

static void register_write(struct aplic *aplic, uint64_t offset, uint32_t value)
	REQUIRES(aplic->device.lock)
{
	uint64_t in_page = offset % KIB(4);
	unsigned int source = source_at(aplic, in_page);

	switch (offset / KIB(4)) {
	case PAGE_SOURCECFG:
		if (in_page == 0)
			domaincfg_write(aplic, value);
		else if (source != 0)
			sourcecfg_write(aplic, source, value);
		break;
	case PAGE_BITMAPS:
		bitmap_write(aplic, in_page, value);
		break;
	case PAGE_SETIPNUM:
		if (in_page == 0)
			number_write(aplic, BITMAP_SETIP, value);
		else if (in_page == 4)
			number_write(aplic, BITMAP_SETIP, byte_swap32(value));
		break;
	case PAGE_TARGET:
		if (in_page == 0)
			genmsi_write(aplic, value);
		else if (source != 0)
			target_write(aplic, source, value);
		break;
	default:
		idc_write(aplic, offset - APLIC_IDC_BASE, value);
	}
}

/** AIA 1.0, 4.5: only naturally aligned 32-bit accesses are supported. */
static bool access_is_odd(struct device *device, uint64_t offset, unsigned int width)
{
	if (likely(width == 4 && offset % 4 == 0))
		return false;
	device_odd_access(device);
	return true;
}

static uint64_t aplic_read(struct device *device, uint64_t offset, unsigned int width)
{
	struct aplic *aplic = aplic_of(device);
	unsigned long flags;
	int64_t value;

	if (access_is_odd(device, offset, width))
		return 0;
	flags = spin_lock(&aplic->device.lock);
	value = aplic_peek(aplic, offset);
	if (value < 0)
		value = idc_read(aplic, offset - APLIC_IDC_BASE);
	spin_unlock(&aplic->device.lock, flags);
	return (uint64_t)value;
}

static void aplic_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct aplic *aplic = aplic_of(device);
	unsigned long flags;

	if (access_is_odd(device, offset, width))
		return;
	flags = spin_lock(&aplic->device.lock);
	if (!aplic_put(aplic, offset, (uint32_t)value))
		register_write(aplic, offset, (uint32_t)value);
	spin_unlock(&aplic->device.lock, flags);
}

void aplic_source_set(struct device *device, unsigned int source, bool level)
{
	struct aplic *aplic = aplic_of(device);
	unsigned long flags;
	bool rectified;

	if (source == 0 || source > aplic->sources)
		return;
	flags = spin_lock(&aplic->device.lock);
	source_bit_put(aplic->input, source, level);
	rectified = aplic_source_rectified(aplic, source);
	if (rectified != source_bit(aplic->rectified, source)) {
		source_bit_put(aplic->rectified, source, rectified);
		/* A level source's pending bit falls with its input, an edge source's stays. */
		if (rectified || source_is_level(aplic, source)) {
			source_bit_put(aplic->pending, source, rectified);
			source_changed(aplic, source);
		}
	}
	spin_unlock(&aplic->device.lock, flags);
}

/** The wires keep their levels: they belong to the devices. */
static void aplic_reset(struct device *device)
{
	struct aplic *aplic = aplic_of(device);
	unsigned long flags = spin_lock(&aplic->device.lock);

	aplic->enable = false;
	aplic->genmsi = 0;
	for (unsigned int word = 0; word < APLIC_WORDS; word++) {
		aplic->active[word] = 0;
		aplic->rectified[word] = 0;
		aplic->pending[word] = 0;
		aplic->enabled[word] = 0;
	}
	for (unsigned int source = 1; source <= aplic->sources; source++)
		aplic->source[source] = (struct aplic_source){ 0 };
	if (!aplic->msi)
		idc_reset(aplic);
	spin_unlock(&aplic->device.lock, flags);
}

static void aplic_destroy(struct device *device)
{
	alloc_free(aplic_of(device));
}

static const struct device_ops aplic_ops = {
	.name = "aplic",
	.read = aplic_read,
	.write = aplic_write,
	DEVICE_LIGHT(aplic),
	.reset = aplic_reset,
	.destroy = aplic_destroy,
	.state_version = 1,
	.state_size = aplic_state_size,
	.save = aplic_save,
	.check = aplic_check,
	.restore = aplic_restore,
};

uint64_t aplic_size(const struct aplic_config *config)
{
	if (config->msi)
		return APLIC_IDC_BASE;
	return align_up(APLIC_IDC_BASE + (uint64_t)config->vcpus * APLIC_IDC_SIZE, PAGE_SIZE);
}

struct device *aplic_create(struct vm *vm, const struct aplic_config *config)
{
	size_t sources_size = (config->sources + 1) * sizeof(struct aplic_source);
	size_t idcs_size = config->msi ? 0 : config->vcpus * sizeof(struct idc);
	struct aplic *aplic;

	CHECK(config->sources >= 1 && config->sources <= APLIC_MAX_SOURCE);
	CHECK(config->vcpus >= 1 && config->vcpus <= APLIC_MAX_HARTS);
	aplic = alloc_zero(sizeof(*aplic) + sources_size + idcs_size);
	if (aplic == NULL)
		return NULL;
	aplic->device.ops = &aplic_ops;
	aplic->device.vm = vm;
	aplic->device.base = config->base;
	aplic->device.size = aplic_size(config);
	spin_init(&aplic->device.lock, LOCK_IRQCHIP);
	aplic->sources = config->sources;
	aplic->msi = config->msi;
	if (config->msi) {
		/* AIA 1.0, 4.5.16: wide enough for the identities, 11 bits at most. */
		aplic->eiid_mask = EIID_MAX_MASK;
		while (aplic->eiid_mask / 2 >= config->identities)
			aplic->eiid_mask /= 2;
	} else {
		aplic->idc_count = config->vcpus;
		aplic->idcs = (struct idc *)(void *)&aplic->source[config->sources + 1];
	}
	return &aplic->device;
}
