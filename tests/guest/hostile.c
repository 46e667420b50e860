/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tries everything: on all harts at once, random instructions in S- and U-mode,
 * random CSR and device accesses, and every SBI call with awkward arguments. It protects only
 * itself, so that it ends well; what it does is the same again for the same seed and timing.
 * Arguments: seed=<n> (1), seconds=<n> (5). Prints `hostile alive <n>` each second.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/fuzz.h"
#include "lib/hart.h"
#include "lib/plic.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "hostile";

#define WATCHDOG_US 500

struct hart_state {
	struct fuzz fuzz;
	uint64_t *root;
	unsigned long actions, traps, timeouts, interrupts, starts;
} __attribute__((aligned(64)));

static struct hart_state states[MAX_HARTS];
static unsigned long seed, seconds, start_time;
static volatile bool time_is_up;
static bool bare;

static void watchdog_set(void)
{
	sbi_set_timer(time_now() + WATCHDOG_US * (ticks_per_second / 1000000));
}

/* Takes whatever comes; the timer also ends what runs in the sandbox. */
static bool on_interrupt(struct frame *frame)
{
	struct hart *hart = this_hart();
	struct hart_state *state = &states[hart->id];

	state->interrupts++;
	switch (hart->last_cause) {
	case IRQ_STI:
		state->timeouts++;
		watchdog_set();
		sandbox_stop(frame);
		break;
	case IRQ_SSI:
		csr_clear(CSR_SIP, 1ul << IRQ_SSI);
		break;
	case IRQ_SEI:
		for (unsigned int i = 0; aia.has_imsic && i < 64 && imsic_claim(); i++)
			;
		if (!aia.has_imsic || csr_read(CSR_SIP) & 1ul << IRQ_SEI)
			csr_clear(CSR_SIE, 1ul << IRQ_SEI);
		break;
	default:
		csr_clear(CSR_SIE, 1ul << hart->last_cause);
	}
	return true;
}

/* Undoes what an action may have left in the CSRs that this payload depends on. */
static void csrs_restore(struct fuzz *fuzz)
{
	irq_disable();
	csr_clear(CSR_SSTATUS, SSTATUS_SUM | SSTATUS_MXR | SSTATUS_VS | SSTATUS_FS | 1 << 6);
	csr_write(CSR_SENVCFG, 0);
	csr_write(CSR_SIE,
		  1ul << IRQ_STI | 1ul << IRQ_SSI |
			  ((aia.has_imsic || plic.address) && fuzz_below(fuzz, 4) ? 1ul << IRQ_SEI
										  : 0));
	watchdog_set();
}

/* The UART may be in loop-back or at its divisor, and OpenSBI's console goes through it. */
static void report(const char *what, unsigned long number)
{
	volatile uint8_t *uart = (volatile uint8_t *)fdt_device("ns16550a").address;

	if (uart) {
		uart[3] = 3;
		uart[4] = 8;
		uart[1] = 0;
	}
	print("%s %lu", what, number);
}

/* Runs what is in the code buffer from `pc` with random registers. */
static void run(struct hart_state *state, unsigned long pc, bool user)
{
	struct frame frame;

	memset(&frame, 0, sizeof(frame));
	for (unsigned int n = 1; n < 32; n++)
		frame.x[n] = user ? fuzz_user_value(&state->fuzz) : fuzz_value(&state->fuzz);
	frame.pc = pc;
	frame.status = (csr_read(CSR_SSTATUS) & ~(unsigned long)SSTATUS_SIE) | SSTATUS_SPIE;
	frame.status &= ~(unsigned long)SSTATUS_SPP;
	if (!user)
		frame.status |= SSTATUS_SPP;
	/* OpenSBI 1.9 dies of some stores that take an access fault while FS is off. */
	if (bare || fuzz_below(&state->fuzz, 2))
		frame.status |= SSTATUS_FS;
	if (user && fuzz_below(&state->fuzz, 2))
		frame.status |= SSTATUS_VS;
	sandbox_run(&frame);
	if ((long)frame.cause >= 0)
		state->traps++;
}

/* Up to 32 instructions in U-mode, which reaches only what its page table shows it. */
static void act_user(struct hart_state *state)
{
	unsigned int count = 1 + fuzz_below(&state->fuzz, 32);

	fuzz_code(&state->fuzz, count, true);
	fuzz_user_pages(&state->fuzz, state->root);
	sv39_use(state->root, (unsigned int)fuzz_random(&state->fuzz) & 0xffff);
	run(state, FUZZ_USER_CODE, true);
	irq_disable();
	sv39_use(NULL, 0);
}

/* One instruction in S-mode without translation, of those that cannot take this payload down. */
static void act_supervisor(struct hart_state *state)
{
	fuzz_code(&state->fuzz, 1, false);
	run(state, fuzz_code_address(), false);
}

static void act_sbi(struct hart_state *state)
{
	struct fuzz_call call = fuzz_sbi_call(&state->fuzz);
	struct trap trap;

	/* The legacy extension gives faults at pointers to the guest. */
	trap_expect(&trap);
	irq_enable();
	sbi_call6(call.eid, call.fid, call.arg[0], call.arg[1], call.arg[2], call.arg[3],
		  call.arg[4], call.arg[5]);
	irq_disable();
	trap_end();
}

static void act_device(struct hart_state *state)
{
	fuzz_device_access(&state->fuzz);
	run(state, fuzz_code_address(), false);
}

static void act_sleep(struct hart_state *state)
{
	(void)state;
	irq_enable();
	wfi();
	irq_disable();
}

static void act(struct hart_state *state)
{
	static void (*const actions[])(struct hart_state *state) = {
		act_user,	act_user,	act_user,   act_supervisor, act_supervisor,
		act_supervisor, act_supervisor, act_device, act_device,	    act_device,
		act_sbi,	act_sbi,	act_sbi,    act_user,	    act_supervisor,
	};

	csrs_restore(&state->fuzz);
	if (fuzz_below(&state->fuzz, 200) == 0)
		act_sleep(state);
	else
		actions[fuzz_below(&state->fuzz, sizeof(actions) / sizeof(actions[0]))](state);
	state->actions++;
}

static void fuzz_hart(void *argument);

static void harts_restart(struct hart_state *state)
{
	unsigned long id = hart_ids[fuzz_below(&state->fuzz, hart_count)];

	if (id != boot_hart && harts[id].done && hart_start(id, fuzz_hart, NULL) == 0)
		state->starts++;
}

static void fuzz_hart(void *argument)
{
	struct hart_state *state = &states[this_hart()->id];
	unsigned long second = 0;

	(void)argument;
	this_hart()->on_interrupt = on_interrupt;
	if (!state->actions)
		fuzz_begin(&state->fuzz, seed, this_hart()->id);
	while (!time_is_up) {
		act(state);
		if (this_hart()->id != boot_hart) {
			/* Stop now and then; the boot hart starts what has stopped. */
			if (fuzz_below(&state->fuzz, 300) == 0)
				break;
			continue;
		}
		harts_restart(state);
		if (time_now() - start_time >= second * ticks_per_second) {
			csrs_restore(&state->fuzz);
			report("\nhostile alive", second++);
		}
		if (second > seconds)
			time_is_up = true;
	}
	irq_disable();
	csr_write(CSR_SIE, 0);
	csr_clear(CSR_SSTATUS, SSTATUS_SUM | SSTATUS_MXR | SSTATUS_VS | SSTATUS_FS);
}

void payload_main(void)
{
	bool ended;

	bare = sbi_is_bare();
	aia_init();
	if (!bare) /* there the firmware has contexts of it */
		plic_init();
	seed = args_number("seed", 1);
	seconds = args_number("seconds", 5);
	fuzz_init();
	for (unsigned int i = 0; i < hart_count; i++)
		states[hart_ids[i]].root = fuzz_user_root();
	test_begin("hostile");
	print("hostile seed %lu, %lu seconds, %u harts", seed, seconds, hart_count);
	start_time = time_now();
	ended = harts_run(hart_count, fuzz_hart, NULL, 20);
	report("\nhostile ends, seed", seed);
	print("  %lu starts of harts", states[boot_hart].starts);
	CHECK(ended, "a hart did not start or end");
	for (unsigned int i = 0; i < hart_count; i++) {
		struct hart_state *state = &states[hart_ids[i]];

		print("  hart %lu: %lu actions, %lu traps, %lu timeouts, %lu interrupts",
		      hart_ids[i], state->actions, state->traps, state->timeouts,
		      state->interrupts);
	}
	test_end();
}
