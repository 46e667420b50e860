/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets of harts as lists of ranges, the way people write them: "0-1,4". Hart ids are sparse, so
 * that a set is never a bit mask. Owns no state, no lock.
 */
#include <core/vmdesc.h>

#include <core/text.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HART_ID_MAX UINT32_MAX

/* Reads a decimal number and moves *@text behind it. */
static bool id_parse(const char **text, uint64_t *id)
{
	const char *p = *text;

	*id = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		*id = *id * 10 + (uint64_t)(*p - '0');
		if (*id > HART_ID_MAX)
			return false;
	}
	if (p == *text)
		return false;
	*text = p;
	return true;
}

int hart_range_parse(const char **text, struct hart_range *range)
{
	if (!id_parse(text, &range->first))
		return -EINVAL;
	range->last = range->first;
	if (**text == '-') {
		(*text)++;
		if (!id_parse(text, &range->last))
			return -EINVAL;
	}
	return range->first <= range->last ? 0 : -ERANGE;
}

static const char *range_problem(int error)
{
	if (error == -ERANGE)
		return "a range that ends before it begins";
	return error ? "not a list of hart ids such as 0-1,4" : NULL;
}

/* Puts @range at its place in the ascending @ranges. */
static bool range_insert(struct hart_range *ranges, int count, struct hart_range range)
{
	int at = count;

	while (at > 0 && ranges[at - 1].first > range.first)
		at--;
	if ((at > 0 && ranges[at - 1].last >= range.first) ||
	    (at < count && ranges[at].first <= range.last))
		return false;
	memmove(&ranges[at + 1], &ranges[at], (size_t)(count - at) * sizeof(ranges[0]));
	ranges[at] = range;
	return true;
}

int hart_ranges_parse(const char *text, struct hart_range *ranges, int max, const char **problem)
{
	struct hart_range range;
	int count = 0;

	do {
		*problem = range_problem(hart_range_parse(&text, &range));
		if (!*problem && count == max)
			*problem = "too many ranges";
		if (!*problem && !range_insert(ranges, count, range))
			*problem = "a hart is named twice";
		if (!*problem && *text && *text != ',')
			*problem = "not a list of hart ids such as 0-1,4";
		if (*problem)
			return -EINVAL;
		count++;
	} while (*text++ == ',');
	return count;
}

const char *hart_ranges_print(const struct hart_range *ranges, unsigned int count, char *buffer,
			      size_t size)
{
	struct text text = text_in(buffer, size);

	for (unsigned int i = 0; i < count; i++) {
		text_add(&text, "%s%" PRIu64, i ? "," : "", ranges[i].first);
		if (ranges[i].last != ranges[i].first)
			text_add(&text, "-%" PRIu64, ranges[i].last);
	}
	return buffer;
}

bool vm_config_allows_hart(const struct vm_config *config, uint64_t hart)
{
	if (!config->affinity_count)
		return true;
	for (uint32_t i = 0; i < config->affinity_count; i++) {
		if (hart >= config->affinity[i].first && hart <= config->affinity[i].last)
			return true;
	}
	return false;
}
