/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fake_boards.h. A register's address stands for a physical one and is never touched.
 */
#include "fake_boards.h"

#include "input.h"

#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <core/alloc.h>
#include <core/finding.h>
#include <core/hart.h>
#include <core/hart_power.h>
#include <core/hostdt.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/timer.h>
#include <stdarg.h>
#include <string.h>

#define VIRTUAL UINT64_C(0x100000000000000) /* of physical 0 */
#define OBJECTS 4096
#define MAPPINGS 2048
#define KEPT 256 /* registers, a power of two */
#define UART_IDLE 0x60606060 /* what LSR reads without data */

struct hart *harts[MAX_HARTS];
unsigned int hart_count;
struct hart *boot_hart;
_Thread_local struct hart *fake_hart_self;
uint64_t timebase = 10000000;

static struct hart first;
static void *objects[OBJECTS];
static unsigned int object_count;
static struct {
	uint64_t start, end;
} mappings[MAPPINGS];
static unsigned int mapping_count;
static struct {
	uint64_t at;
	uint32_t value;
} kept[KEPT];
static enum fake_devices devices;
static uint64_t random_state;
static char words[512];

/* ---- the drivers' variables, which tests/fuzz/statics.h has put there ---- */

extern char __start_boot_bss[], __stop_boot_bss[], __start_boot_data[], __stop_boot_data[];
static char *image_bss, *image_data;

/* Their neighbours in memory may be guard zones. */
static void __attribute__((no_sanitize("address"), noinline)) bytes_copy(volatile char *to,
									 const volatile char *from,
									 size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = from[i];
}

static void statics_reset(void)
{
	size_t bss = (size_t)(__stop_boot_bss - __start_boot_bss);
	size_t data = (size_t)(__stop_boot_data - __start_boot_data);

	if (!image_data) {
		image_bss = malloc(bss);
		image_data = malloc(data);
		bytes_copy(image_bss, __start_boot_bss, bss);
		bytes_copy(image_data, __start_boot_data, data);
	}
	bytes_copy(__start_boot_bss, image_bss, bss);
	bytes_copy(__start_boot_data, image_data, data);
}

void fake_boards_reset(uint64_t boot_hart_id, enum fake_devices kind, uint64_t seed)
{
	statics_reset();
	while (object_count)
		free(objects[--object_count]);
	memset(kept, 0, sizeof(kept));
	mapping_count = hart_count = 0;
	memset(&first, 0, sizeof(first));
	first.state = HART_STARTING;
	boot_hart = fake_hart_self = &first;
	devices = kind;
	random_state = seed;
	hart_insert(boot_hart, boot_hart_id);
}

struct hart *hart_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->id == id)
			return harts[i];
	return NULL;
}

void hart_ipi(void)
{
}

void panic(const char *fmt, ...)
{
	fputs(fmt, stderr);
	abort();
}

/* ---- memory ---- */

void *alloc_zero(size_t size)
{
	if (object_count == OBJECTS)
		return NULL;
	return objects[object_count++] = calloc(1, size);
}

void alloc_free(void *p)
{
	for (unsigned int i = object_count; p && i--;)
		if (objects[i] == p) {
			objects[i] = objects[--object_count];
			free(p);
			return;
		}
	MUST(!p);
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
	return 0;
}

void page_region_add(uint64_t start, uint64_t end, uint16_t owner, const char *what)
{
}

unsigned long NO_THREAD_SAFETY spin_lock(struct spinlock *lock)
{
	return 0;
}

void NO_THREAD_SAFETY spin_unlock(struct spinlock *lock, unsigned long flags)
{
}

/* ---- devices ---- */

/* Once more what drivers/driver.c looks for: that is what is tested. */
static bool is_ram(uint64_t start, uint64_t size)
{
	hpa_t base;
	uint64_t length;

	for (unsigned int i = 0; !hostdt_memory(i, &base, &length); i++)
		if (start < base.v ? base.v - start < size : start - base.v < length)
			return true;
	return false;
}

void *mmio_map(hpa_t base, uint64_t size)
{
	MUST(size && base.v < UINT64_C(1) << 56 && size < UINT64_C(1) << 56);
	MUST(base.v + size <= UINT64_C(1) << 56 && !is_ram(base.v, size));
	if (mapping_count == MAPPINGS)
		return NULL;
	mappings[mapping_count].start = base.v;
	mappings[mapping_count++].end = base.v + size;
	return (void *)(VIRTUAL + base.v);
}

bool fake_page_is_device(uint64_t page)
{
	return page >> 56 == 0 && !is_ram(page, PAGE_SIZE);
}

static uint64_t register_at(const void *address, unsigned int bytes)
{
	static unsigned int last;
	uint64_t at = (uint64_t)address - VIRTUAL;

	MUST(at % bytes == 0);
	if (last < mapping_count && at >= mappings[last].start && at + bytes <= mappings[last].end)
		return at;
	for (last = 0; last < mapping_count; last++)
		if (at >= mappings[last].start && at + bytes <= mappings[last].end)
			return at;
	MUST(!"an access outside of what was mapped");
	return 0;
}

static uint64_t random_number(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return random_state >> 32;
}

uint64_t fake_mmio_read(const void *address, unsigned int bytes)
{
	uint64_t at = register_at(address, bytes);

	MUST(devices != DEVICES_SILENT);
	if (devices == DEVICES_RANDOM)
		return random_number();
	if (devices == DEVICES_ONES)
		return UINT64_MAX;
	return kept[at / 4 % KEPT].at == at + 1 ? kept[at / 4 % KEPT].value : UART_IDLE;
}

void fake_mmio_write(void *address, unsigned int bytes, uint64_t value)
{
	uint64_t at = register_at(address, bytes);

	MUST(devices != DEVICES_SILENT);
	kept[at / 4 % KEPT].at = at + 1;
	kept[at / 4 % KEPT].value = (uint32_t)value;
}

bool fake_mmio_answers(const void *address)
{
	register_at(address, 1);
	return devices != DEVICES_SILENT;
}

unsigned long fake_csr_read(unsigned int csr)
{
	return random_number();
}

void fake_csr_write(unsigned int csr, unsigned long value)
{
}

/* ---- the firmware and the clock ---- */

void firmware_send_ipi(uint64_t hart_id)
{
}

void firmware_console_write(const char *text, size_t length)
{
}

size_t firmware_console_read(char *text, size_t room)
{
	return 0;
}

bool firmware_has_reset(void)
{
	return false;
}

bool firmware_has_legacy_shutdown(void)
{
	return false;
}

void firmware_shutdown(bool failure)
{
}

void firmware_reboot(void)
{
}

void firmware_legacy_shutdown(void)
{
}

uint64_t time_now(void)
{
	return 0;
}

/* ---- words ---- */

static void __attribute__((format(printf, 1, 0))) say(const char *fmt, va_list args)
{
	MUST(vsnprintf(words, sizeof(words), fmt, args) >= 0);
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void finding_add(enum finding_kind kind, const char *where, const char *fmt, ...)
{
	va_list args;

	MUST(*where);
	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void finding_add_hart(enum finding_kind kind, unsigned int hart_index, const char *fmt, ...)
{
	va_list args;

	MUST(hart_index < hart_count);
	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

const char *option_get(const char *name)
{
	return NULL;
}

bool option_hides(const char *feature, uint64_t hart_id)
{
	return false;
}

uint64_t option_number(const char *name, uint64_t fallback)
{
	return fallback;
}
