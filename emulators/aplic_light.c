/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC: registers that are read, or written without anything to deliver, by light
 * functions (<core/light.h>). device.lock guards all of it.
 */
#include <core/light.h>

#include "aplic.h"

static inline uint32_t bitmap_peek(const struct aplic *aplic, uint64_t offset)
	REQUIRES(aplic->device.lock)
{
	unsigned int word = offset / 4 % APLIC_WORDS;

	if (offset < BITMAPS_FIRST || (offset & 0xff) >= BITMAP_BYTES)
		return 0;
	switch ((enum aplic_bitmap)(offset >> 8 & 3)) {
	case BITMAP_SETIP:
		return aplic->pending[word];
	case BITMAP_IN_CLRIP:
		return aplic->rectified[word];
	case BITMAP_SETIE:
		return aplic->enabled[word];
	case BITMAP_CLRIE:
		break;
	}
	return 0;
}

LIGHT int64_t aplic_peek(const struct aplic *aplic, uint64_t offset)
{
	uint64_t in_page = offset % KIB(4);

	switch (offset / KIB(4)) {
	case PAGE_SOURCECFG:
		if (in_page)
			return aplic->source[source_at(aplic, in_page)].mode;
		return DOMAINCFG_FIXED | (aplic->enable ? DOMAINCFG_IE : 0) |
		       (aplic->msi ? DOMAINCFG_DM : 0);
	case PAGE_BITMAPS:
		return bitmap_peek(aplic, in_page);
	case PAGE_SETIPNUM:
		return 0;
	case PAGE_TARGET:
		return in_page ? aplic->source[source_at(aplic, in_page)].target : aplic->genmsi;
	default:
		return -1;
	}
}

/** Whether a write of @source to setipnum changes nothing: AIA 1.0, 4.7. */
static inline bool setip_is_idle(const struct aplic *aplic, uint32_t source)
	REQUIRES(aplic->device.lock)
{
	if (source > aplic->sources)
		return true;
	source = index_mask(source, aplic->sources + 1);
	return !source_bit(aplic->active, source) ||
	       (source_is_level(aplic, source) && !source_bit(aplic->rectified, source));
}

LIGHT bool aplic_put(struct aplic *aplic, uint64_t offset, uint32_t value)
{
	uint64_t in_page = offset % KIB(4);
	unsigned int source = source_at(aplic, in_page);

	switch (offset / KIB(4)) {
	case PAGE_SETIPNUM: /* at the end of each level-sensitive interrupt */
		return in_page == 0 && setip_is_idle(aplic, value);
	case PAGE_TARGET:
		if (!source || !aplic->msi)
			return false;
		if (source_bit(aplic->active, source))
			aplic->source[source].target = value & aplic_target_mask(aplic);
		return true;
	default:
		return false;
	}
}

LIGHT int64_t aplic_read_light(struct device *device, uint64_t offset, unsigned int width)
{
	struct aplic *aplic = aplic_of(device);
	int64_t value;

	if (width != 4 || offset % 4 || !light_lock(&aplic->device.lock))
		return -1;
	value = aplic_peek(aplic, offset);
	light_unlock(&aplic->device.lock);
	return value;
}

LIGHT bool aplic_write_light(struct device *device, uint64_t offset, unsigned int width,
			     uint64_t value)
{
	struct aplic *aplic = aplic_of(device);
	bool done;

	if (width != 4 || offset % 4 || !light_lock(&aplic->device.lock))
		return false;
	done = aplic_put(aplic, offset, (uint32_t)value);
	light_unlock(&aplic->device.lock);
	return done;
}
