/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Works for ever on all harts, and finds out when it was not left as it was: for VMs that are saved
 * and restored. Each hart keeps patterns in its floating-point and vector registers and in memory,
 * has a timer, looks at the time, and sends IPIs and MSIs to the next hart, each of which has to be
 * answered. Half of the time interrupts wait, so that some are pending whenever a VM is saved. Each
 * hart has a record of stolen time, which never becomes less. The boot hart tells every half
 * second, but only once all harts have had interrupts of each kind since it told last:
 * checkpoint <n> t=<time> rounds=<n> errors=<n> steal=<ns> updates=<n>
 * Argument: beats=<n> (0: for ever).
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "checkpoint";

#define SSIP (1ul << IRQ_SSI)
#define IDENTITY 5
#define VLENB_MAX 128
#define WORDS 4096
#define PATIENCE 60 /* seconds for an answer */

enum kind { IPI, MSI, TICK, KINDS };

static const char *const kind_names[KINDS] = { "IPI", "MSI", "timer's interrupt" };

void float_load(const uint64_t values[32]);
void float_store(uint64_t values[32]);
void vector_load(const void *bytes);
void vector_store(void *bytes);

static struct state {
	volatile unsigned long sent[TICK]; /* to this hart */
	volatile unsigned long answered[KINDS];
	unsigned long told[KINDS]; /* of those answered, at the last beat */
	unsigned long rounds;
	volatile unsigned long errors, last_time;
	uint64_t last_steal;
	uint64_t words[WORDS];
	uint64_t seed; /* of what is in words */
	uint8_t wanted[32 * VLENB_MAX], found[32 * VLENB_MAX];
} states[MAX_HARTS];

/* Stolen time (SBI 3.0, "Steal-time Accounting Extension"). */
static volatile struct {
	uint32_t sequence, flags;
	uint64_t steal;
	uint8_t rest[48];
} records[MAX_HARTS] __attribute__((aligned(64)));

static bool has_float, has_vector, has_steal;
static struct barrier ready;
static unsigned long beats;

static void wrong(struct state *self, const char *what)
{
	self->errors++;
	if (self->errors < 10)
		print("WRONG %s on hart %lu in round %lu", what, this_hart()->id, self->rounds);
}

static void answer(struct state *self, enum kind kind)
{
	if (self->answered[kind] == self->sent[kind])
		wrong(self, "interrupt, it came twice");
	__atomic_store_n(&self->answered[kind], self->sent[kind], __ATOMIC_SEQ_CST);
}

static bool on_interrupt(struct frame *frame)
{
	struct state *self = &states[this_hart()->id];
	unsigned int id;

	(void)frame;
	switch (this_hart()->last_cause) {
	case IRQ_STI:
		self->answered[TICK]++;
		sbi_set_timer(time_now() + ticks_per_second / 500);
		return true;
	case IRQ_SSI:
		csr_clear(CSR_SIP, SSIP);
		answer(self, IPI);
		return true;
	case IRQ_SEI:
		while ((id = imsic_claim()) != 0)
			if (id == IDENTITY)
				answer(self, MSI);
			else
				wrong(self, "identity");
		return true;
	default:
		return false;
	}
}

/* Sends an interrupt to the next hart, unless the one before was not answered yet. */
static void send(struct state *self, enum kind kind, unsigned long *since)
{
	unsigned long next = (this_hart()->id + 1) % hart_count;
	struct state *to = &states[next];

	if (__atomic_load_n(&to->answered[kind], __ATOMIC_SEQ_CST) != to->sent[kind]) {
		if (time_now() - *since > PATIENCE * ticks_per_second) {
			wrong(self, "interrupt, it was lost");
			*since = time_now();
		}
		return;
	}
	*since = time_now();
	__atomic_store_n(&to->sent[kind], to->sent[kind] + 1, __ATOMIC_SEQ_CST);
	if (kind == MSI)
		*imsic_page(next) = IDENTITY;
	else
		sbi_send_ipi(1ul << next, 0);
}

static void time_check(struct state *self)
{
	unsigned long now = time_now();

	if (now < self->last_time)
		wrong(self, "time, it went back");
	self->last_time = now;
}

static uint64_t steal_read(unsigned long id)
{
	uint32_t sequence;
	uint64_t value;

	do {
		sequence = records[id].sequence;
		fence();
		value = records[id].steal;
		fence();
	} while (sequence & 1 || sequence != records[id].sequence);
	return value;
}

static void steal_check(struct state *self)
{
	uint64_t now = steal_read(this_hart()->id);

	if (now < self->last_steal)
		wrong(self, "stolen time, it went back");
	self->last_steal = now;
}

static uint64_t mix(uint64_t seed)
{
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
	return seed ^ seed >> 27;
}

/* Each word follows from the one before: all of them from the seed, which goes on each round. */
static void memory_check(struct state *self)
{
	uint64_t value = self->seed, next = mix(self->seed + 1);

	for (unsigned int i = 0; i < WORDS; i++) {
		if (self->words[i] != value) {
			wrong(self, "memory");
			break;
		}
		value = mix(value + i);
	}
	value = next;
	for (unsigned int i = 0; i < WORDS; i++) {
		self->words[i] = value;
		value = mix(value + i);
	}
	self->seed = next;
}

static void registers_fill(struct state *self, uint64_t values[32])
{
	for (unsigned int n = 0; n < 32; n++)
		values[n] = mix(self->seed + n);
	if (has_float) {
		float_load(values);
		csr_write(CSR_FCSR, self->rounds % 5 << 5 | self->rounds % 32);
	}
	if (has_vector) {
		for (unsigned int i = 0; i < sizeof(self->wanted); i++)
			self->wanted[i] = (uint8_t)(self->seed >> i % 8 * 8) + (uint8_t)i;
		vector_load(self->wanted);
	}
}

static void registers_check(struct state *self, const uint64_t values[32])
{
	uint64_t found[32];

	if (has_float) {
		if (csr_read(CSR_FCSR) != (self->rounds % 5 << 5 | self->rounds % 32))
			wrong(self, "fcsr");
		float_store(found);
		if (memcmp(found, values, sizeof(found)) != 0)
			wrong(self, "f registers");
	}
	if (has_vector) {
		vector_store(self->found);
		if (memcmp(self->found, self->wanted, 32 * csr_read(CSR_VLENB)) != 0)
			wrong(self, "v registers");
	}
}

/* Whether a hart has had interrupts of each kind since the last beat; which one it waits for. */
static bool has_heard(const struct state *state, unsigned int *kind)
{
	for (*kind = IPI; *kind < KINDS; (*kind)++)
		if ((*kind != MSI || aia.has_imsic) && state->answered[*kind] == state->told[*kind])
			return false;
	return true;
}

/* The same of all harts. One that waits for too long is an error. */
static bool all_have_heard(struct state *self, unsigned long *since)
{
	unsigned int kind;

	for (unsigned int i = 0; i < hart_count; i++) {
		if (has_heard(&states[hart_ids[i]], &kind))
			continue;
		if (time_now() - *since > PATIENCE * ticks_per_second) {
			print("hart %lu has no %s", hart_ids[i], kind_names[kind]);
			wrong(self, "interrupts, they do not come");
			*since = time_now();
		}
		return false;
	}
	return true;
}

static void tell(struct state *self)
{
	static unsigned long next, count;
	unsigned long rounds = 0, errors = 0, steal = 0, updates = 0;

	if (time_now() < next || !all_have_heard(self, &next))
		return;
	next = time_now() + ticks_per_second / 2;
	for (unsigned int i = 0; i < hart_count; i++) {
		rounds += states[hart_ids[i]].rounds;
		errors += states[hart_ids[i]].errors;
		steal += steal_read(hart_ids[i]);
		updates += records[hart_ids[i]].sequence / 2;
		for (unsigned int kind = IPI; kind < KINDS; kind++)
			states[hart_ids[i]].told[kind] = states[hart_ids[i]].answered[kind];
	}
	print("checkpoint %lu t=%lu rounds=%lu errors=%lu steal=%lu updates=%lu", ++count,
	      time_now(), rounds, errors, steal, updates);
	if (beats && count >= beats) {
		test_begin("checkpoint");
		CHECK_EQ(errors, 0, "errors");
		test_end();
		payload_end();
	}
}

static void work(void *argument)
{
	struct state *self = &states[this_hart()->id];
	unsigned long since[TICK] = { time_now(), time_now() };
	uint64_t values[32];

	(void)argument;
	this_hart()->on_interrupt = on_interrupt;
	csr_set(CSR_SSTATUS, SSTATUS_FS | (has_vector ? SSTATUS_VS : 0));
	if (aia.has_imsic) {
		imsic_open();
		imsic_enable(IDENTITY);
	}
	if (has_steal && sbi_call(SBI_STA, 0, (unsigned long)&records[this_hart()->id], 0, 0).error)
		wrong(self, "error of set_shmem");
	csr_write(CSR_SIE, 1ul << IRQ_STI | SSIP | (aia.has_imsic ? 1ul << IRQ_SEI : 0));
	/* What came to an interrupt file before it was opened is gone. */
	barrier_wait(&ready, hart_count);
	sbi_set_timer(time_now());
	for (unsigned int i = 0; i < WORDS; i++)
		self->words[i] = i ? mix(self->words[i - 1] + i - 1) : self->seed;
	for (;; self->rounds++) {
		uint64_t seed = self->seed;

		registers_fill(self, values);
		irq_enable();
		send(self, IPI, &since[IPI]);
		if (aia.has_imsic)
			send(self, MSI, &since[MSI]);
		if (self->rounds % 2)
			irq_disable();
		memory_check(self);
		if (self->rounds % 16 == 0)
			wfi();
		irq_disable();
		registers_check(self, values);
		if (self->seed != mix(seed + 1))
			wrong(self, "seed");
		time_check(self);
		steal_check(self);
		if (this_hart()->id == boot_hart)
			tell(self);
	}
}

void payload_main(void)
{
	has_float = fdt_has_extension("d");
	has_vector = fdt_has_extension("v");
	beats = args_number("beats", 0);
	has_steal = sbi_probe(SBI_STA);
	aia_init();
	if (has_vector) {
		csr_set(CSR_SSTATUS, SSTATUS_VS);
		has_vector = csr_read(CSR_VLENB) <= VLENB_MAX;
	}
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != boot_hart && hart_start(hart_ids[i], work, NULL))
			panic("hart %lu does not start", hart_ids[i]);
	work(NULL);
}
