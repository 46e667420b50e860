/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a saved VM fits what a description says. Runs on the target and in the packer. The
 * description in the image is parsed to a static buffer: the control lock guards it.
 */
#include <core/save.h>

#include <core/vmdesc.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void number_check(struct report *report, const char *what, uint64_t saved, uint64_t now)
{
	if (saved != now)
		report_error(report,
			     "saved VM: %s: it has %" PRIu64 " (0x%" PRIx64
			     "), the description %" PRIu64 " (0x%" PRIx64 ")",
			     what, saved, saved, now, now);
}

static void range_check(struct report *report, const struct vm_range_config *saved,
			const struct vm_range_config *now)
{
	const char *regions[2] = { saved->shared ? saved->shared : "",
				   now->shared ? now->shared : "" };

	if (strcmp(saved->name, now->name) != 0 || saved->base != now->base ||
	    saved->size != now->size)
		report_error(report,
			     "saved VM: ranges: it has %s at 0x%" PRIx64 " + 0x%" PRIx64
			     ", the description %s at 0x%" PRIx64 " + 0x%" PRIx64,
			     saved->name, saved->base, saved->size, now->name, now->base,
			     now->size);
	else if (saved->read_only != now->read_only)
		report_error(report, "saved VM: ranges/%s: it is %s, in the description %s",
			     saved->name, saved->read_only ? "read-only" : "writable",
			     now->read_only ? "read-only" : "writable");
	else if (strcmp(regions[0], regions[1]) != 0)
		report_error(report,
			     "saved VM: ranges/%s: it shows the region '%s', in the description "
			     "'%s'",
			     saved->name, regions[0], regions[1]);
}

static void configs_compare(struct report *report, const struct vm_config *saved,
			    const struct vm_config *now)
{
	number_check(report, "cpus", saved->vcpus, now->vcpus);
	number_check(report, "memory-base", saved->memory_base, now->memory_base);
	number_check(report, "memory-size", saved->memory_size, now->memory_size);
	number_check(report, "interrupt-identities", saved->interrupt_identities,
		     now->interrupt_identities);
	number_check(report, "ranges", saved->range_count, now->range_count);
	for (uint32_t i = 0; i < MIN(saved->range_count, now->range_count); i++)
		range_check(report, &saved->ranges[i], &now->ranges[i]);
}

/* What is the VM's own at @at: its end and *@flags; 0: nothing is. */
static uint64_t own_end(const struct vm_config *config, uint64_t at, uint32_t *flags)
{
	*flags = SAVE_READ | SAVE_WRITE | SAVE_EXECUTE;
	if (at - config->memory_base < config->memory_size)
		return config->memory_base + config->memory_size;
	for (uint32_t i = 0; i < config->range_count; i++) {
		const struct vm_range_config *range = &config->ranges[i];

		if (at - range->base >= range->size || range->shared)
			continue;
		if (range->read_only)
			*flags = SAVE_READ | SAVE_EXECUTE;
		return range->base + range->size;
	}
	return 0;
}

/* Each run of memory is in one range of the VM's own. */
static void memory_check(struct report *report, const struct save_image *image,
			 const struct vm_config *config)
{
	for (unsigned int i = 0; i < image->run_count; i++) {
		const struct save_segment *run = &image->runs[i];
		uint32_t flags;
		uint64_t end = own_end(config, run->vaddr, &flags);

		if (end && run->filesz <= end - run->vaddr && run->flags == flags)
			continue;
		report_error(report,
			     "saved VM: its memory 0x%" PRIx64 " + 0x%" PRIx64 " (flags %" PRIu32
			     ") is not within one range of the description",
			     run->vaddr, run->filesz, run->flags);
		return;
	}
}

int save_config(const struct save_image *image, const struct bundle *bundle,
		struct vm_config *config, struct report *report)
{
	unsigned int errors = report->errors;

	if (vmdesc_parse_saved(image->description, image->description_size, bundle, config, report))
		return -EINVAL;
	number_check(report, "cpus", image->machine->vcpus, config->vcpus);
	memory_check(report, image, config);
	return report->errors == errors ? 0 : -EINVAL;
}

int save_config_check(const struct save_image *image, const struct vm_config *config,
		      struct report *report)
{
	static struct vm_config saved;
	unsigned int errors = report->errors;

	if (save_config(image, NULL, &saved, report))
		return -EINVAL;
	configs_compare(report, &saved, config);
	return report->errors == errors ? 0 : -EINVAL;
}
