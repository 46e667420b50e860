/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds for the memory ranges of a VM together. Owns no state, so no lock is needed.
 */
#include "vmdesc_property.h"

#include <inttypes.h>
#include <string.h>

uint64_t vm_config_memory_end(const struct vm_config *config)
{
	uint64_t end = config->memory_base + config->memory_size;

	for (uint32_t i = 0; i < config->range_count; i++)
		end = MAX(end, config->ranges[i].base + config->ranges[i].size);
	return end;
}

static void ranges_sort(struct vm_config *config)
{
	for (uint32_t i = 1; i < config->range_count; i++) {
		struct vm_range_config range = config->ranges[i];
		uint32_t at = i;

		for (; at && config->ranges[at - 1].base > range.base; at--)
			config->ranges[at] = config->ranges[at - 1];
		config->ranges[at] = range;
	}
}

static void range_check(const struct property_context *context, const struct vm_config *config,
			const struct vm_range_config *range)
{
	unsigned int bits = vm_gpa_bits(config->gstage_levels);
	uint64_t end = range->base + range->size;

	if (end > BIT(bits))
		report_error(context->report,
			     "%s/ranges/%s: base + size (0x%" PRIx64
			     ") is beyond the %u bits of %s (mmu-type)",
			     context->path, range->name, end, bits,
			     vm_gpa_mode(config->gstage_levels));
	if (range->shared && range->file.name)
		report_error(context->report,
			     "%s/ranges/%s: shared: '%s' cannot have a file ('%.60s'), too",
			     context->path, range->name, range->shared, range->file.name);
	if (range->size && range->file.size > range->size)
		report_error(context->report,
			     "%s/ranges/%s: file: '%.60s' has %" PRIu64
			     " bytes, but size is %" PRIu64,
			     context->path, range->name, range->file.name,
			     (uint64_t)range->file.size, range->size);
}

/* Whether both are something: what has been told to be wrong is nothing. */
static bool overlap(uint64_t base, uint64_t size, const struct vm_range_config *range)
{
	return size && range->size && base < range->base + range->size && range->base < base + size;
}

static void overlaps_check(const struct property_context *context, const struct vm_config *config,
			   const struct vm_range_config *range)
{
	if (overlap(config->memory_base, config->memory_size, range))
		report_error(context->report,
			     "%s/ranges/%s: 0x%" PRIx64 " + 0x%" PRIx64
			     " overlaps memory-base: 0x%" PRIx64 " + 0x%" PRIx64,
			     context->path, range->name, range->base, range->size,
			     config->memory_base, config->memory_size);
	for (const struct vm_range_config *other = config->ranges; other != range; other++) {
		if (overlap(other->base, other->size, range))
			report_error(context->report,
				     "%s/ranges/%s: 0x%" PRIx64 " + 0x%" PRIx64
				     " overlaps ranges/%s: 0x%" PRIx64 " + 0x%" PRIx64,
				     context->path, range->name, range->base, range->size,
				     other->name, other->base, other->size);
		if (!strcmp(other->name, range->name))
			report_error(context->report, "%s/ranges/%s: there are two of that name",
				     context->path, range->name);
	}
}

void vmdesc_ranges_check(const struct property_context *context, struct vm_config *config)
{
	ranges_sort(config);
	for (uint32_t i = 0; i < config->range_count; i++) {
		range_check(context, config, &config->ranges[i]);
		overlaps_check(context, config, &config->ranges[i]);
	}
}
