/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fake_boot.h. Harts that are found live until the next reset.
 */
#include "fake_boot.h"

#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hart_power.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/timer.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char fake_boot_log[8192];
struct hart *harts[MAX_HARTS];
unsigned int hart_count;
struct hart *boot_hart;
bool fake_boot_memory_out;
uint64_t fake_boot_hidden;

static struct hart first;

void fake_boot_reset(uint64_t boot_hart_id)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i] != &first)
			free(harts[i]);
	memset(&first, 0, sizeof(first));
	fake_boot_log[0] = '\0';
	hart_count = 0;
	fake_boot_memory_out = false;
	boot_hart = &first;
	hart_insert(boot_hart, boot_hart_id);
}

struct hart *hart_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->id == id)
			return harts[i];
	return NULL;
}

static void line_add(const char *before, const char *fmt, va_list args)
{
	size_t length = strlen(fake_boot_log);

	snprintf(fake_boot_log + length, sizeof(fake_boot_log) - length, "%s", before);
	length = strlen(fake_boot_log);
	vsnprintf(fake_boot_log + length, sizeof(fake_boot_log) - length, fmt, args);
	length = strlen(fake_boot_log);
	if (length + 1 < sizeof(fake_boot_log))
		memcpy(fake_boot_log + length, "\n", 2);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line_add("", fmt, args);
	va_end(args);
}

void finding_add(enum finding_kind kind, const char *where, const char *fmt, ...)
{
	char before[96];
	va_list args;

	snprintf(before, sizeof(before), "%s: %s", where,
		 kind == FINDING_LEFT_OUT ? "left out: " : "");
	va_start(args, fmt);
	line_add(before, fmt, args);
	va_end(args);
}

void *alloc_zero(size_t size)
{
	return calloc(1, size);
}

void alloc_free(void *p)
{
	free(p);
}

uintptr_t mmu_stack_create(void)
{
	return 0x1000;
}

int sched_hart_init(struct hart *hart)
{
	return 0;
}

int timer_hart_init(struct hart *hart)
{
	return fake_boot_memory_out && hart != boot_hart ? -ENOMEM : 0;
}

uint64_t option_number(const char *name, uint64_t fallback)
{
	return fallback;
}

bool option_hides(const char *feature, uint64_t hart_id)
{
	return hart_id < 64 && fake_boot_hidden >> hart_id & 1;
}

void page_region_add(uint64_t start, uint64_t end, uint16_t owner, const char *what)
{
}
