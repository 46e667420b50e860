/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts, clock and memory of fake_hart.h. A broken invariant is a failed assertion of cmocka,
 * which expect_assert_failure() may expect on the main thread.
 */
#include "fake_hart.h"

#include <arch/csr.h>
#include <arch/fence.h>
#include <core/check.h>
#include <core/timer.h>
#include <drivers/irqchip.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

struct hart fake_harts[FAKE_HARTS];
uint64_t fake_timer[FAKE_HARTS];
static bool fake_timer_interrupted[FAKE_HARTS]; /* and not set since */
uint32_t fake_timer_sets[FAKE_HARTS];
bool fake_timer_pending;
uint32_t fake_kicks[FAKE_HARTS];
uint64_t fake_now;
char *fake_arena;
void (*fake_wait_hook)(void);
void (*fake_relax_hook)(void);
void (*fake_time_hook)(void);
void (*fake_kick_hook)(unsigned int index);
void (*fake_fence_hook)(enum fake_fence what, uint64_t at, uint64_t vmid);
_Thread_local struct hart *fake_hart_self;
_Thread_local bool fake_irq_on;
uint32_t panicking;

static pthread_t main_thread;

void fake_hart_reset(void)
{
	main_thread = pthread_self();
	if (!fake_arena)
		fake_arena = mmap(NULL, FAKE_ARENA_SIZE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fake_arena == MAP_FAILED)
		abort();
	memset(fake_harts, 0, sizeof(fake_harts));
	for (unsigned int i = 0; i < FAKE_HARTS; i++) {
		hart_set_index(&fake_harts[i], i);
		fake_harts[i].id = 10 * i;
		fake_harts[i].state = HART_ONLINE;
		fake_harts[i].arch.vmid_bits = 14;
		fake_harts[i].arch.vmid_generation = 1;
		fake_timer[i] = UINT64_MAX;
		fake_timer_interrupted[i] = false;
		fake_timer_sets[i] = 0;
		fake_kicks[i] = 0;
	}
	fake_hart_self = &fake_harts[0];
	fake_timer_pending = false;
	fake_irq_on = false;
	fake_now = 0;
	fake_wait_hook = NULL;
	fake_relax_hook = NULL;
	fake_time_hook = NULL;
	fake_kick_hook = NULL;
	fake_fence_hook = NULL;
}

void fake_arena_soil(uint64_t start, uint64_t size)
{
	memset(hpa_to_hva(hpa(start)), 0xa5, size);
}

bool fake_arena_is_clear(uint64_t start, uint64_t size)
{
	const uint64_t *words = hpa_to_hva(hpa(start));

	for (uint64_t i = 0; i < size / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

uint64_t fake_hart_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t time_now(void)
{
	if (fake_time_hook)
		fake_time_hook();
	return arch_time();
}

void arch_timer_interrupted(void)
{
	fake_timer_interrupted[fake_hart_self->index] = true;
}

void arch_timer_set(uint64_t deadline)
{
	unsigned int index = fake_hart_self->index;

	if (!fake_timer_interrupted[index] && fake_timer[index] == deadline)
		return;
	fake_timer_interrupted[index] = false;
	fake_timer_sets[index]++;
	__atomic_store_n(&fake_timer[index], deadline, __ATOMIC_SEQ_CST);
}

/* Of tests that do not look at CSRs. */
__attribute__((weak)) void fake_csr_write(unsigned int csr, unsigned long value)
{
}

void fake_relax(void)
{
	if (fake_relax_hook)
		fake_relax_hook();
	else
		sched_yield();
}

void fake_wait(void)
{
	if (fake_wait_hook)
		fake_wait_hook();
}

void ipi_send(unsigned int index)
{
	__atomic_fetch_add(&fake_kicks[index], 1, __ATOMIC_SEQ_CST);
	if (fake_kick_hook)
		fake_kick_hook(index);
}

void panic(const char *fmt, ...)
{
	static char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!pthread_equal(pthread_self(), main_thread)) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
	mock_assert(0, text, __FILE__, __LINE__);
	abort();
}

void panic_halt(void)
{
	abort();
}
