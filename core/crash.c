/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which the hypervisor breaks its own rules when the option `crash` asks for it. A new
 * one is a function and a line of the table. All of it runs in one thread; no lock.
 */
#include <core/crash.h>

#include <arch/boot.h>
#include <arch/mmu.h>
#include <core/check.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/thread.h>
#include <limits.h>
#include <string.h>

/* What is wrong here is meant: the sanitizer of debug builds is only asked where it is the test. */
#define UNCHECKED __attribute__((noinline, no_sanitize("undefined")))

static uint8_t data_page[8] = { 1 };
static volatile uintptr_t nowhere; /* the compiler does not know that it is 0 */

UNCHECKED static void store(uintptr_t at)
{
	*(volatile uint8_t *)at = 0;
}

UNCHECKED static void jump(uintptr_t at)
{
	((void (*)(void))at)();
}

/* The compiler may not know that it never ends. */
UNCHECKED static unsigned int recurse(volatile unsigned int *depth)
{
	volatile unsigned int here = *depth + 1;

	return here == 0 ? 0 : recurse(&here) + here;
}

static void crash_stack(void)
{
	volatile unsigned int depth = 0;

	recurse(&depth);
}

static void crash_text(void)
{
	store((uintptr_t)image_start);
}

static void crash_rodata(void)
{
	store((uintptr_t)text_end);
}

static void crash_alias(void)
{
	store((uintptr_t)hpa_to_hva(hva_to_hpa(image_start)));
}

static void crash_exec_rodata(void)
{
	jump((uintptr_t)text_end);
}

static void crash_exec_data(void)
{
	jump((uintptr_t)data_page);
}

static void crash_exec_ram(void)
{
	void *page = page_alloc_zero();

	if (page)
		jump((uintptr_t)page);
}

static void crash_null(void)
{
	store(nowhere);
}

UNCHECKED static void crash_protector(void)
{
	char buffer[16] = "";
	char *volatile escaped = buffer;

	memset(escaped, 0x55, 2 * sizeof(buffer));
}

static void crash_check(void)
{
	CHECK(false);
}

#ifdef DEBUG
static void crash_lock_rank(void) NO_THREAD_SAFETY
{
	static struct spinlock inner = SPINLOCK_INIT(LOCK_HEAP);
	static struct spinlock outer = SPINLOCK_INIT(LOCK_VM_LIST);

	spin_lock(&inner);
	spin_lock(&outer);
}

static void crash_ubsan(void)
{
	volatile int most = INT_MAX;

	most = most + 1;
}
#endif

static const struct {
	const char *name;
	void (*run)(void);
} crashes[] = {
	{ "stack", crash_stack },	  { "protector", crash_protector },
	{ "text", crash_text },		  { "rodata", crash_rodata },
	{ "alias", crash_alias },	  { "exec-rodata", crash_exec_rodata },
	{ "exec-data", crash_exec_data }, { "exec-ram", crash_exec_ram },
	{ "null", crash_null },		  { "check", crash_check },
#ifdef DEBUG
	{ "lock-rank", crash_lock_rank }, { "ubsan", crash_ubsan },
#endif
};

static void crash_run(void *opaque)
{
	const char *kind = opaque;

	for (unsigned int i = 0; i < ARRAY_SIZE(crashes); i++) {
		if (strcmp(crashes[i].name, kind) != 0)
			continue;
		log_warn("crash=%s: the hypervisor breaks a rule of its own now", kind);
		crashes[i].run();
		log_error("crash=%s: nothing noticed it", kind);
		return;
	}
	log_warn("crash=%s: this build does not know how to", kind);
}

void crash_start(void)
{
	const char *kind = option_get("crash");

	if (kind && !thread_create("crash", crash_run, (void *)(uintptr_t)kind))
		log_error("crash=%s: memory is out", kind);
}
