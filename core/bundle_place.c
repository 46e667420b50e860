/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the bundle by what the boot loader, or whoever built the image, says. All of it may be
 * wrong. Owns nothing; runs once, while booting.
 */
#include <core/bundle_place.h>

#include <core/hostdt.h>
#include <errno.h>
#include <inttypes.h>

/* More banks of RAM than this are not looked at; a bundle lies in one or two. */
#define BANKS_MAX 64

/** The question with all that the ways to answer it need. */
struct place {
	uint64_t image, image_size;
	const struct bundle_attached *attached;
	uint64_t start, end;
};

/** A base and a size as a range. */
static int place_range(struct place *place, uint64_t base, uint64_t size)
{
	place->start = base;
	place->end = base + size;
	return place->end < base ? -EINVAL : 0;
}

static int find_property(struct place *place)
{
	uint64_t size;
	hpa_t base;
	int err = hostdt_chosen_range("hartvisor,bundle", &base, &size);

	return err ? err : place_range(place, base.v, size);
}

static int find_initrd(struct place *place)
{
	int start = hostdt_chosen_address("linux,initrd-start", &place->start);
	int end = hostdt_chosen_address("linux,initrd-end", &place->end);

	if (start && end)
		return -ENOENT;
	return start || end ? -EINVAL : 0;
}

static int find_attached(struct place *place)
{
	if (!place->attached->size)
		return -ENOENT;
	if (place->attached->offset > UINT64_MAX - place->image)
		return -EINVAL;
	return place_range(place, place->image + place->attached->offset, place->attached->size);
}

static const struct {
	const char *name;
	int (*find)(struct place *place);
} ways[] = {
	{ "/chosen/hartvisor,bundle", find_property },
	{ "/chosen/linux,initrd-start and -end", find_initrd },
	{ "attached to the image", find_attached },
};

/** Whether a range lies in RAM, which may be several banks that touch. */
static bool in_ram(uint64_t start, uint64_t end)
{
	uint64_t size;
	hpa_t base;

	for (unsigned int i = 0; i < BANKS_MAX && !hostdt_memory(i, &base, &size); i++) {
		if (start < base.v || start - base.v >= size)
			continue;
		if (size >= end - base.v)
			return true;
		start = base.v + size;
		i = (unsigned int)-1; /* the next bank may come before this one */
	}
	return false;
}

/** Whether pages of a range have memory that nobody may map, as the firmware's. */
static bool in_no_map(uint64_t start, uint64_t end)
{
	uint64_t size;
	hpa_t base;

	start = align_down(start, PAGE_SIZE);
	end = align_up(end, PAGE_SIZE);
	for (unsigned int i = 0; !hostdt_no_map(i, &base, &size); i++)
		if (start < base.v ? base.v < end && size : start - base.v < size)
			return true;
	return false;
}

/** What is wrong with a place that was found, or NULL. */
static const char *place_problem(const struct place *place)
{
	if (place->start >= place->end)
		return "is empty";
	if (place->start < place->image + place->image_size && place->end > place->image)
		return "overlaps the hypervisor's image";
	if (!in_ram(place->start, place->end))
		return "does not lie in RAM";
	return in_no_map(place->start, place->end) ? "is in memory that must not be mapped (no-map)"
						   : NULL;
}

int bundle_locate(uint64_t image, uint64_t image_size, const struct bundle_attached *attached,
		  struct report *report, uint64_t *start, uint64_t *end)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
		struct place place = {
			.image = image,
			.image_size = image_size,
			.attached = attached,
		};
		int err = ways[i].find(&place);
		const char *problem;

		if (err == -ENOENT)
			continue;
		if (err) {
			report_error(report, "%s: malformed", ways[i].name);
			continue;
		}
		problem = place_problem(&place);
		if (!problem) {
			*start = place.start;
			*end = place.end;
			return 0;
		}
		report_error(report, "%s: 0x%" PRIx64 " to 0x%" PRIx64 " %s", ways[i].name,
			     place.start, place.end, problem);
	}
	return -ENOENT;
}
