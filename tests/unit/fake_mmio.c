/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fake_mmio.h. Mapped addresses are never touched: they only stand for physical ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_mmio.h"

#include <arch/mmio.h>
#include <core/hostdt.h>

/* What drivers allocate lives as long as the machine. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

#define VIRTUAL UINT64_C(0x500000000000) /* of physical 0 */

struct fake_device fake_device;
uint64_t fake_mapped;
int fake_irq_result;
irq_handler fake_irq_handler;
void *fake_irq_opaque;

static uint64_t blob[4096];
static char lines[16384];

void fake_tree(const char *source)
{
	char command[64];
	FILE *file = tmpfile(), *pipe;
	size_t size;

	assert_non_null(file);
	fprintf(file, "/dts-v1/;\n%s", source);
	fflush(file);
	snprintf(command, sizeof(command), "dtc -q -f -I dts -O dtb /dev/fd/%d", fileno(file));
	pipe = popen(command, "r");
	assert_non_null(pipe);
	size = fread(blob, 1, sizeof(blob), pipe);
	assert_int_equal(pclose(pipe), 0);
	fclose(file);
	assert_int_equal(hostdt_init(blob, size), 0);
	fake_mapped = 0;
	fake_irq_handler = NULL;
	fake_irq_result = 0;
}

void *mmio_map(hpa_t base, uint64_t size)
{
	assert_true(size > 0);
	fake_mapped += size;
	return (void *)(VIRTUAL + base.v);
}

static uint64_t offset_of(const void *address, unsigned int bytes)
{
	uint64_t at = (uint64_t)address - VIRTUAL;

	assert_true(at >= fake_device.base && at - fake_device.base < fake_device.size);
	assert_int_equal(at % bytes, 0);
	return at - fake_device.base;
}

uint64_t fake_mmio_read(const void *address, unsigned int bytes)
{
	assert_false(fake_device.silent);
	return fake_device.read(offset_of(address, bytes), bytes);
}

void fake_mmio_write(void *address, unsigned int bytes, uint64_t value)
{
	assert_false(fake_device.silent);
	fake_device.write(offset_of(address, bytes), bytes, value);
}

bool fake_mmio_answers(const void *address)
{
	return !fake_device.silent;
}

int irq_request(int node, unsigned int index, irq_handler handler, void *opaque)
{
	fake_irq_handler = handler;
	fake_irq_opaque = opaque;
	return fake_irq_result;
}

static void line(const char *text)
{
	snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s\n", text);
}

const char *fake_findings(enum finding_kind kind)
{
	lines[0] = '\0';
	findings_describe(kind, line);
	return lines;
}
