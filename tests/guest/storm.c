/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A storm of MSIs and IPIs between all harts that counts every one of them. A channel belongs to
 * a sender, a receiver and an identity; it is used again only after the receiver has answered the
 * last interrupt, so nothing coalesces: one that is lost stays unanswered, one that comes twice is
 * not expected. Meanwhile each hart masks identities, plays with its threshold and delivery, sleeps
 * with and without a timer, and looks whether its registers are still as it left them. The channels
 * of a receiver are spread over all identities of its file, and differ from those of another.
 * Arguments: count=<interrupts per hart> (5000), patience=<seconds> (60) for one answer.
 */
#include "lib/aia.h"
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "storm";

#define SSIP (1ul << IRQ_SSI)
#define SEIP (1ul << IRQ_SEI)
#define CHANNELS 2048
#define WORDS (CHANNELS / 64)
#define WIDTH 8 /* channels for each sender, at most */

/* What one hart receives: a channel for each identity, and IPIs from each other hart. */
static struct receiver {
	volatile unsigned long sent[CHANNELS];
	volatile unsigned long answered[CHANNELS];
	volatile unsigned long ipis[MAX_HARTS]; /* 1: on its way */
	volatile unsigned long twice, strange;
	unsigned long enabled[WORDS]; /* what eie should be */
	unsigned long received, sleeps;
} receivers[MAX_HARTS];

static unsigned long quota, patience;
static unsigned int width; /* channels for each sender */
static unsigned int identities, stride; /* of a file; from one channel to the next, coprime */
static unsigned int finished; /* harts that have sent their share */
static unsigned int awake; /* harts that sleep no more without a timer */
static volatile unsigned long changed; /* registers that were not as a hart left them */
static struct barrier barrier;

static unsigned long random_next(unsigned long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static unsigned int common_divisor(unsigned int a, unsigned int b)
{
	return b ? common_divisor(b, a % b) : a;
}

static void identities_spread(void)
{
	identities = aia.ids < CHANNELS ? aia.ids : CHANNELS - 1;
	width = identities / hart_count < WIDTH ? identities / hart_count : WIDTH;
	stride = identities * 3 / 8;
	while (common_divisor(identities, stride) != 1)
		stride++;
}

/* The channels of all senders to a hart are so many. */
static unsigned int channels(void)
{
	return hart_count * width;
}

/* One identity for each channel to a hart. */
static unsigned int identity(unsigned long to, unsigned long channel)
{
	return 1 + (unsigned int)((to * channels() + channel) * stride % identities);
}

static void answer(struct receiver *self, unsigned int id)
{
	if (id >= CHANNELS) {
		self->strange++;
		return;
	}
	if (self->answered[id] == self->sent[id])
		self->twice++;
	self->received++;
	__atomic_store_n(&self->answered[id], self->sent[id], __ATOMIC_SEQ_CST);
}

static bool on_interrupt(struct frame *frame)
{
	struct hart *hart = this_hart();
	struct receiver *self = &receivers[hart->id];
	unsigned int id;

	(void)frame;
	if (hart->last_cause == IRQ_SEI) {
		while ((id = imsic_claim()) != 0)
			answer(self, id);
		return true;
	}
	if (hart->last_cause == IRQ_STI) {
		sbi_set_timer(-1ul);
		return true;
	}
	if (hart->last_cause != IRQ_SSI)
		return false;
	csr_clear(CSR_SIP, SSIP);
	for (unsigned int from = 0; from < hart_count; from++)
		if (__atomic_exchange_n(&self->ipis[from], 0, __ATOMIC_SEQ_CST))
			self->received++;
	return true;
}

/* Sends on a channel if it is free. */
static bool send_msi(unsigned long from, unsigned long to, unsigned int which)
{
	unsigned int id = identity(to, from * width + which % width);
	struct receiver *receiver = &receivers[to];

	if (__atomic_load_n(&receiver->answered[id], __ATOMIC_SEQ_CST) != receiver->sent[id])
		return false;
	__atomic_store_n(&receiver->sent[id], receiver->sent[id] + 1, __ATOMIC_SEQ_CST);
	__asm__ volatile("fence iorw, iorw" ::: "memory");
	*imsic_page(to) = id;
	return true;
}

static bool send_ipi(unsigned long from, unsigned long to)
{
	struct receiver *receiver = &receivers[to];

	if (__atomic_load_n(&receiver->ipis[from], __ATOMIC_SEQ_CST))
		return false;
	__atomic_store_n(&receiver->ipis[from], 1, __ATOMIC_SEQ_CST);
	sbi_send_ipi(1, to);
	return true;
}

/* Something that a driver would do to its interrupts now and then. */
static void play(struct receiver *self, unsigned long dice)
{
	unsigned int id = identity(this_hart()->id, dice / 8 % channels());

	switch (dice % 8) {
	case 0:
		imsic_disable(id);
		delay_us(1);
		imsic_enable(id);
		break;
	case 1:
		ireg_write(EITHRESHOLD, id);
		if (ireg_read(EITHRESHOLD) != id)
			changed++;
		ireg_write(EITHRESHOLD, 0);
		break;
	case 2:
		ireg_write(EIDELIVERY, 0);
		if (ireg_read(EIDELIVERY) != 0)
			changed++;
		ireg_write(EIDELIVERY, 1);
		break;
	default:
		for (unsigned int word = 0; word <= aia.ids / 64 && word < WORDS; word++)
			if (ireg_read(EIE0 + 2 * word) != self->enabled[word])
				changed++;
		if (ireg_read(EIDELIVERY) != 1 || ireg_read(EITHRESHOLD) != 0)
			changed++;
	}
}

/* Sleeps: without a timer only where hart 0 goes on sending until all have ended. */
static void rest(struct receiver *self, unsigned long dice)
{
	irq_disable();
	if (this_hart()->id == hart_ids[0] || dice & 1) {
		csr_set(CSR_SIE, 1ul << IRQ_STI);
		sbi_set_timer(time_now() + ticks_per_second / 5000);
	}
	wfi();
	irq_enable();
	self->sleeps++;
}

static bool all_answered(unsigned long from)
{
	for (unsigned int to = 0; to < hart_count; to++) {
		for (unsigned int i = 0; i < width; i++) {
			unsigned int id = identity(to, from * width + i);

			if (receivers[to].answered[id] != receivers[to].sent[id])
				return false;
		}
		if (receivers[to].ipis[from])
			return false;
	}
	return true;
}

static void open_file(struct receiver *self)
{
	imsic_open();
	for (unsigned int channel = 0; channel < channels(); channel++) {
		unsigned int id = identity(this_hart()->id, channel);

		self->enabled[id / 64] |= 1ul << (id & 63);
		imsic_enable(id);
	}
	this_hart()->on_interrupt = on_interrupt;
	csr_write(CSR_SIE, SSIP | SEIP);
}

static void storm(void *argument)
{
	unsigned long me = this_hart()->id, state = me * 0x9e3779b97f4a7c15 + 1, sent = 0;
	struct receiver *self = &receivers[me];
	unsigned long last = time_now();
	bool counted = false;

	(void)argument;
	open_file(self);
	barrier_wait(&barrier, hart_count);
	irq_enable();
	while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < hart_count) {
		unsigned long dice = random_next(&state);
		unsigned long to = dice >> 8 & 0xffff;
		bool done;

		to %= hart_count;
		done = dice % 16 ? send_msi(me, to, (unsigned int)(dice >> 32)) : send_ipi(me, to);
		if (done) {
			sent++;
			last = time_now();
		} else if (time_now() - last > patience * ticks_per_second) {
			break;
		}
		if (!counted && sent >= quota) {
			counted = true;
			__atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
		}
		if (dice >> 24 & 1 && !done)
			rest(self, dice >> 25);
		else if ((dice >> 24 & 31) == 2)
			play(self, dice >> 29);
	}
	__atomic_fetch_add(&awake, 1, __ATOMIC_SEQ_CST);
	while (me == hart_ids[0] && __atomic_load_n(&awake, __ATOMIC_SEQ_CST) < hart_count) {
		for (unsigned int to = 0; to < hart_count; to++)
			send_ipi(me, to);
		delay_us(100);
	}
	for (last = time_now();
	     !all_answered(me) && time_now() - last < patience * ticks_per_second;)
		relax();
	/* Others may still wait for this hart's answers. */
	barrier_wait(&barrier, hart_count);
	irq_disable();
}

static void check_all(void)
{
	unsigned long sent = 0, received = 0, sleeps = 0;
	unsigned int lowest = CHANNELS, highest = 0;

	for (unsigned int to = 0; to < hart_count; to++) {
		struct receiver *receiver = &receivers[to];

		for (unsigned int channel = 0; channel < channels(); channel++) {
			unsigned int id = identity(to, channel);

			lowest = id < lowest ? id : lowest;
			highest = id > highest ? id : highest;
			sent += receiver->sent[id];
			CHECK(receiver->answered[id] == receiver->sent[id],
			      "lost: identity %u to hart %u: %lu sent, %lu answered", id, to,
			      receiver->sent[id], receiver->answered[id]);
		}
		for (unsigned int from = 0; from < hart_count; from++)
			CHECK(!receiver->ipis[from], "lost: an IPI from hart %u to %u", from, to);
		CHECK_EQ(receiver->twice, 0, "interrupts that came twice");
		CHECK_EQ(receiver->strange, 0, "identities that nobody sent");
		received += receiver->received;
		sleeps += receiver->sleeps;
	}
	CHECK_EQ(changed, 0, "registers that changed by themselves");
	print("storm: %lu MSIs sent, identities %u to %u, %lu interrupts received, %lu sleeps",
	      sent, lowest, highest, received, sleeps);
}

void payload_main(void)
{
	aia_init();
	quota = args_number("count", 5000);
	patience = args_number("patience", 60);
	test_begin("storm");
	if (!aia.has_imsic) {
		test_skip("there is no IMSIC");
	} else {
		identities_spread();
		CHECK(harts_run(hart_count, storm, NULL, 86400), "a hart did not end");
		check_all();
	}
	test_end();
}
