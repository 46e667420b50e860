/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding, starting and joining harts; barriers, locks and waiting. The struct of a hart belongs
 * to the one who starts it until it runs, and to itself from then on.
 */
#include "hart.h"
#include "csr.h"
#include "fdt.h"
#include "sbi.h"
#include "test.h"

#include <stddef.h>

struct hart harts[MAX_HARTS];
unsigned long hart_ids[MAX_HARTS];
unsigned int hart_count;
unsigned long boot_hart;
unsigned long boot_time;
unsigned long ticks_per_second;

static char stacks[MAX_HARTS][STACK_SIZE] __attribute__((section(".noinit.stacks"), aligned(4096)));
static char trap_stacks[MAX_HARTS][TRAP_STACK_SIZE]
	__attribute__((section(".noinit.stacks"), aligned(4096)));

_Static_assert(offsetof(struct hart, stack_top) == HART_STACK_TOP, "offset in assembly");
_Static_assert(offsetof(struct hart, trap_sp) == HART_TRAP_SP, "offset in assembly");
_Static_assert(offsetof(struct hart, spill) == HART_SPILL, "offset in assembly");
_Static_assert(offsetof(struct hart, start_a0) == HART_START_A0, "offset in assembly");
_Static_assert(offsetof(struct hart, start_satp) == HART_START_SATP, "offset in assembly");
_Static_assert(offsetof(struct hart, start_sstatus) == HART_START_SSTATUS, "offset in assembly");

static void hart_prepare(unsigned long id)
{
	struct hart *hart = &harts[id];

	*hart = (struct hart){
		.id = id,
		.stack_top = (unsigned long)stacks[id] + STACK_SIZE,
		.trap_sp = (unsigned long)trap_stacks[id] + TRAP_STACK_SIZE,
	};
}

void harts_init(unsigned long boot_id)
{
	struct hart *hart = &harts[boot_id];

	boot_hart = boot_id;
	hart_prepare(boot_id);
	__asm__ volatile("mv tp, %0" : : "r"(hart) : "memory");
	csr_write(CSR_SSCRATCH, hart);
	csr_write(CSR_STVEC, trap_vector);
	ticks_per_second = fdt_number("/cpus", "timebase-frequency", 10000000);
	for (unsigned long id = 0; id < MAX_HARTS; id++)
		if (sbi_hart_status(id) >= 0)
			hart_ids[hart_count++] = id;
}

/* Called by start.S on a hart that was started. */
void hart_main(void);
void hart_main(void)
{
	struct hart *hart = this_hart();

	hart->function(hart->argument);
	irq_disable();
	csr_write(CSR_SIE, 0);
	__atomic_store_n(&hart->done, true, __ATOMIC_RELEASE);
	sbi_call(SBI_HSM, 1, 0, 0, 0);
	panic("hart_stop returned");
}

long hart_start(unsigned long id, void (*function)(void *argument), void *argument)
{
	if (sbi_hart_status(id) != HSM_STOPPED)
		return SBI_ERR_ALREADY_AVAILABLE;
	hart_prepare(id);
	harts[id].function = function;
	harts[id].argument = argument;
	fence();
	return sbi_hart_start(id, (unsigned long)hart_entry, (unsigned long)&harts[id]);
}

unsigned long hart_peer(void)
{
	unsigned long peer = this_hart()->id;

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != this_hart()->id)
			peer = hart_ids[i];
	return peer;
}

bool hart_join(unsigned long id, unsigned int seconds)
{
	return wait_for(__atomic_load_n(&harts[id].done, __ATOMIC_ACQUIRE), seconds) &&
	       wait_for(sbi_hart_status(id) == HSM_STOPPED, seconds);
}

bool harts_run(unsigned int count, void (*function)(void *argument), void *argument,
	       unsigned int seconds)
{
	bool ok = true;

	for (unsigned int i = 0; i < count; i++)
		if (hart_ids[i] != this_hart()->id)
			ok &= hart_start(hart_ids[i], function, argument) == 0;
	function(argument);
	for (unsigned int i = 0; i < count; i++)
		if (hart_ids[i] != this_hart()->id)
			ok &= hart_join(hart_ids[i], seconds);
	return ok;
}

static struct context suspended;

/*
 * hart_resumed in start.S goes on here. Back to where it was suspended: as the end of a trap. With
 * landing pads on nothing here may be cleared by memset(), which jumps by registers.
 */
void after_resume(void *argument);
void after_resume(void *argument)
{
	static struct frame frame;

	(void)argument;
	frame.status = csr_read(CSR_SSTATUS);
	frame_resume(&frame, &suspended, HART_RESUMED);
	frame_enter(&frame);
}

long hart_suspend(unsigned long extension, unsigned long type)
{
	unsigned long function = extension == SBI_HSM ? 3 : 0; /* hart_suspend, system_suspend */
	struct hart *hart = this_hart();

	hart->start_a0 = -1ul;
	hart->start_satp = -1ul;
	hart->start_sstatus = SSTATUS_SIE;
	hart->function = hart_resumed;
	if (context_save(&suspended))
		return HART_RESUMED;
	return sbi_call(extension, function, type, (unsigned long)hart_entry, (unsigned long)hart)
		.error;
}

void relax(void)
{
	unsigned long enabled = csr_swap(CSR_SIE, 1 << IRQ_STI);
	unsigned long status = csr_read(CSR_SSTATUS);

	irq_disable();
	sbi_set_timer(time_now() + ticks_per_second / 20000);
	/* Not cancelled while it is on its way: that would come after all on QEMU. */
	while (!(csr_read(CSR_SIP) & 1 << IRQ_STI))
		wfi();
	csr_write(CSR_SIE, enabled);
	sbi_set_timer(-1ul);
	csr_set(CSR_SSTATUS, status & SSTATUS_SIE);
}

void delay_us(unsigned long us)
{
	unsigned long end = time_now() + us * (ticks_per_second / 1000000);

	while (time_now() < end)
		;
}

void barrier_wait(struct barrier *barrier, unsigned int count)
{
	unsigned int round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == count) {
		__atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	if (!wait_for(__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) != round, 60))
		panic("a hart did not come to the barrier");
}

void lock(int *word)
{
	while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE))
		;
}

void unlock(int *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}
