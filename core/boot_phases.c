/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The phases of booting, in the order in which they ended. No lock: they end one after the other.
 */
#include <core/boot_phases.h>
#include <core/log.h>
#include <core/text.h>
#include <core/timer.h>
#include <inttypes.h>

static struct {
	const char *name;
	uint64_t end;
} phases[BOOT_PHASES_MAX];
static unsigned int count;
static uint64_t begin;

void boot_phases_begin(uint64_t time)
{
	begin = time;
}

void boot_phase_end(const char *name)
{
	if (count == BOOT_PHASES_MAX)
		count--;
	phases[count].name = name;
	phases[count++].end = time_now();
}

void boot_phases_report(void)
{
	uint64_t since = begin;
	char buffer[240];
	struct text text = text_in(buffer, sizeof(buffer));

	for (unsigned int i = 0; i < count; i++) {
		text_add(&text, "%s%s %" PRIu64, i ? ", " : "", phases[i].name,
			 ticks_to_us(phases[i].end - since));
		since = phases[i].end;
	}
	if (count)
		log_info("boot phases: %s; %" PRIu64 " us together", buffer,
			 ticks_to_us(since - begin));
}
