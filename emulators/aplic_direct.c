/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in direct mode (AIA 1.0, 4.8): one interrupt delivery control structure
 * (IDC) a vCPU, which picks the source to signal and drives the vCPU's line. Each IDC keeps its
 * first source in order, so that only the loss of that one makes it look at the others.
 */
#include <emulators/bits.h>

#include "aplic.h"

#define IDC_IDELIVERY 0x00
#define IDC_IFORCE 0x04
#define IDC_ITHRESHOLD 0x08
#define IDC_TOPI 0x18
#define IDC_CLAIMI 0x1c

#define ORDER_SOURCE 0x3ffu
#define ORDER_PRIORITY_SHIFT 10

/** Smaller is first: by priority number, then by source number (AIA 1.0, 4.5.16). Not 0. */
static uint32_t source_order(const struct aplic *aplic, unsigned int source)
{
	return (aplic->source[source].target & 0xff) << ORDER_PRIORITY_SHIFT | source;
}

static uint32_t idc_topi(const struct idc *idc)
{
	uint32_t priority = idc->top >> ORDER_PRIORITY_SHIFT;

	if (idc->threshold != 0 && priority >= idc->threshold)
		return 0;
	return (idc->top & ORDER_SOURCE) << 16 | priority;
}

/** AIA 1.0, 4.8.2: what the IDC's signal is derived from. */
static bool idc_signals(const struct aplic *aplic, const struct idc *idc)
{
	return aplic->enable && idc->delivery && (idc->force || idc_topi(idc) != 0);
}

static void idc_update_line(struct aplic *aplic, unsigned int hart) REQUIRES(aplic->device.lock)
{
	struct idc *idc = &aplic->idcs[hart];
	bool line = idc_signals(aplic, idc);

	if (line == idc->line)
		return;
	idc->line = line;
	vm_extirq_set(aplic->device.vm, hart, line);
}

static uint32_t top_search(const struct aplic *aplic, unsigned int hart)
	REQUIRES(aplic->device.lock)
{
	uint32_t top = 0;

	for (unsigned int word = 0; word <= aplic->sources / 32; word++) {
		uint32_t ready = aplic->pending[word] & aplic->enabled[word];

		for (; ready != 0; ready &= ready - 1) {
			unsigned int source = word * 32 + bit_lowest(ready);
			uint32_t order = source_order(aplic, source);

			if (source_hart(aplic, source) == hart && (top == 0 || order < top))
				top = order;
		}
	}
	return top;
}

void idc_source_changed(struct aplic *aplic, unsigned int source)
{
	unsigned int hart = source_hart(aplic, source);
	struct idc *idc;

	if (hart >= aplic->idc_count)
		return;
	hart = index_mask(hart, aplic->idc_count);
	idc = &aplic->idcs[hart];
	if (source_bit(aplic->pending, source) && source_bit(aplic->enabled, source)) {
		uint32_t order = source_order(aplic, source);

		if (idc->top == 0 || order < idc->top)
			idc->top = order;
	} else if ((idc->top & ORDER_SOURCE) == source) {
		idc->top = top_search(aplic, hart);
	}
	idc_update_line(aplic, hart);
}

void idc_retarget(struct aplic *aplic, unsigned int source, uint32_t target)
{
	unsigned int hart = source_hart(aplic, source);

	aplic->source[source].target = target;
	if (hart < aplic->idc_count) {
		hart = index_mask(hart, aplic->idc_count);
		if ((aplic->idcs[hart].top & ORDER_SOURCE) == source) {
			aplic->idcs[hart].top = top_search(aplic, hart);
			idc_update_line(aplic, hart);
		}
	}
	idc_source_changed(aplic, source);
}

void idc_update_lines(struct aplic *aplic)
{
	for (unsigned int hart = 0; hart < aplic->idc_count; hart++)
		idc_update_line(aplic, hart);
}

void idc_restored(struct aplic *aplic)
{
	for (unsigned int hart = 0; hart < aplic->idc_count; hart++) {
		struct idc *idc = &aplic->idcs[hart];

		idc->top = top_search(aplic, hart);
		idc->line = idc_signals(aplic, idc);
		vm_extirq_set(aplic->device.vm, hart, idc->line);
	}
}

void idc_reset(struct aplic *aplic)
{
	for (unsigned int hart = 0; hart < aplic->idc_count; hart++) {
		struct idc *idc = &aplic->idcs[hart];

		idc->top = 0;
		idc->threshold = 0;
		idc->delivery = false;
		idc->force = false;
		idc_update_line(aplic, hart);
	}
}

/** AIA 1.0, 4.8.1.5 */
static uint32_t idc_claim(struct aplic *aplic, unsigned int hart) REQUIRES(aplic->device.lock)
{
	struct idc *idc = &aplic->idcs[hart];
	uint32_t topi = idc_topi(idc);
	unsigned int source = topi >> 16;

	if (topi == 0) {
		idc->force = false;
		idc_update_line(aplic, hart);
	} else if (!source_is_level(aplic, source)) {
		source_bit_put(aplic->pending, source, false);
		idc_source_changed(aplic, source);
	}
	return topi;
}

uint32_t idc_read(struct aplic *aplic, uint64_t offset)
{
	uint64_t hart = offset / APLIC_IDC_SIZE;
	const struct idc *idc;

	if (hart >= aplic->idc_count)
		return 0;
	hart = index_mask(hart, aplic->idc_count);
	idc = &aplic->idcs[hart];
	switch (offset % APLIC_IDC_SIZE) {
	case IDC_IDELIVERY:
		return idc->delivery;
	case IDC_IFORCE:
		return idc->force;
	case IDC_ITHRESHOLD:
		return idc->threshold;
	case IDC_TOPI:
		return idc_topi(idc);
	case IDC_CLAIMI:
		return idc_claim(aplic, (unsigned int)hart);
	default:
		return 0;
	}
}

void idc_write(struct aplic *aplic, uint64_t offset, uint32_t value)
{
	uint64_t hart = offset / APLIC_IDC_SIZE;
	struct idc *idc;

	if (hart >= aplic->idc_count)
		return;
	hart = index_mask(hart, aplic->idc_count);
	idc = &aplic->idcs[hart];
	switch (offset % APLIC_IDC_SIZE) {
	case IDC_IDELIVERY:
		idc->delivery = value & 1;
		break;
	case IDC_IFORCE:
		idc->force = value & 1;
		break;
	case IDC_ITHRESHOLD:
		idc->threshold = (uint8_t)value;
		break;
	default:
		return;
	}
	idc_update_line(aplic, (unsigned int)hart);
}
