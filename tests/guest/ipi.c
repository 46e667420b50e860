/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPIs by SBI and by MSI, and the registers of the interrupt file that takes the MSIs: every
 * identity, threshold, delivery, order of claims, every way to write, what is reserved.
 */
#include "lib/aia.h"
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "ipi";

#define SSIP (1ul << IRQ_SSI)
#define SEIP (1ul << IRQ_SEI)
#define ROUNDS 50

static bool bare;
static volatile bool stop;
static volatile unsigned long taken[MAX_HARTS];
static volatile unsigned int claimed[MAX_HARTS];
static struct barrier barrier;

static bool on_interrupt(struct frame *frame)
{
	struct hart *hart = this_hart();

	(void)frame;
	if (hart->last_cause == IRQ_SSI) {
		csr_clear(CSR_SIP, SSIP);
		taken[hart->id]++;
		return true;
	}
	if (hart->last_cause == IRQ_SEI) {
		claimed[hart->id] = imsic_claim();
		taken[hart->id]++;
		return true;
	}
	return false;
}

/* What the other harts do: take IPIs until told to stop. */
static void receive(void *argument)
{
	(void)argument;
	this_hart()->on_interrupt = on_interrupt;
	csr_write(CSR_SIE, SSIP);
	if (aia.has_imsic) {
		imsic_open();
		for (unsigned int id = 1; id <= aia.ids; id++)
			imsic_enable(id);
		csr_write(CSR_SIE, SSIP | SEIP);
	}
	barrier_wait(&barrier, hart_count);
	csr_write(CSR_SIE, aia.has_imsic ? SSIP | SEIP : SSIP);
	while (!stop) {
		wfi();
		irq_enable();
		irq_disable();
	}
}

static bool taken_grows(unsigned long id, unsigned long before)
{
	return wait_for(taken[id] > before, 5);
}

static void test_sbi_self(void)
{
	unsigned long self = this_hart()->id, before;

	test_begin("sbi ipi to self");
	csr_write(CSR_SIE, SSIP);
	for (unsigned long base = 0; base <= self; base++) {
		before = taken[self];
		CHECK_EQ(sbi_send_ipi(1ul << (self - base), base), 0, "error of send_ipi");
		irq_enable();
		spin_for(taken[self] != before, 1);
		irq_disable();
		CHECK_EQ(taken[self], before + 1, "interrupts taken");
	}
	CHECK_EQ(sbi_send_ipi(1, self), 0, "error of send_ipi");
	CHECK(spin_for(csr_read(CSR_SIP) & SSIP, 1), "SSIP is not pending");
	csr_clear(CSR_SIP, SSIP);
	CHECK(!(csr_read(CSR_SIP) & SSIP), "SSIP cannot be cleared");
	CHECK_EQ(sbi_send_ipi(0, 0), 0, "error for an empty mask");
	delay_us(1000);
	CHECK(!(csr_read(CSR_SIP) & SSIP), "an empty mask sends");
	csr_write(CSR_SIE, 0);
	test_end();
}

static void test_sbi_invalid(void)
{
	unsigned long self = this_hart()->id, last = hart_ids[hart_count - 1];
	const unsigned long calls[][2] = { { 1, last + 1 },   { 1ul << 63, last },
					   { 1, 0x7fffffff }, { 3ul << (last - self), self },
					   { 1, -2ul },	      { -1ul, 1ul << 40 } };

	test_begin("sbi ipi refuses a mask and sends nothing");
	csr_write(CSR_SIE, 0);
	csr_clear(CSR_SIP, SSIP);
	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long error = sbi_send_ipi(calls[i][0], calls[i][1]);

		if (i == 3 && last - self > 62)
			continue;
		CHECK(error == SBI_ERR_INVALID_PARAM, "mask %#lx base %#lx gives %ld", calls[i][0],
		      calls[i][1], error);
	}
	/* One good bit, one bad: nothing may be sent at all. */
	if (last + 1 - self < 64)
		sbi_send_ipi(1ul | 1ul << (last + 1 - self), self);
	delay_us(2000);
	if (!bare)
		CHECK(!(csr_read(CSR_SIP) & SSIP), "an IPI was sent though the mask is wrong");
	csr_clear(CSR_SIP, SSIP);
	test_end();
}

static void test_sbi_each(void)
{
	unsigned long self = this_hart()->id;
	unsigned long before[MAX_HARTS];

	test_begin("sbi ipi to each hart");
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < hart_count; i++) {
			unsigned long id = hart_ids[i], count = taken[id];

			if (id == self)
				continue;
			CHECK_EQ(sbi_send_ipi(1, id), 0, "error of send_ipi");
			CHECK(taken_grows(id, count), "hart %lu took nothing", id);
		}
	}
	test_end();
	test_begin("sbi ipi to all harts");
	for (int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < hart_count; i++)
			before[i] = taken[hart_ids[i]];
		/* Base -1 means all harts, whatever the mask says. */
		CHECK_EQ(sbi_send_ipi(round & 1 ? 0 : -1ul, -1ul), 0, "error of send_ipi");
		for (unsigned int i = 0; i < hart_count; i++)
			if (hart_ids[i] != self)
				CHECK(taken_grows(hart_ids[i], before[i]), "hart %lu took nothing",
				      hart_ids[i]);
		CHECK(wait_for(csr_read(CSR_SIP) & SSIP, 5), "nothing for the sender");
		csr_clear(CSR_SIP, SSIP);
	}
	test_end();
}

static void test_msi_each(void)
{
	unsigned long self = this_hart()->id;

	test_begin("msi to each hart");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < hart_count; i++) {
			unsigned long id = hart_ids[i], count = taken[id];
			unsigned int identity = 1 + (round * 37 + i * 11) % aia.ids;

			if (id == self)
				continue;
			*imsic_page(id) = identity;
			if (CHECK(taken_grows(id, count), "hart %lu took nothing", id))
				CHECK_EQ(claimed[id], identity, "claimed identity");
		}
	}
	test_end();
}

static void msi_self(unsigned int id)
{
	*imsic_page(this_hart()->id) = id;
}

/* The store may take effect a little later; reading the page back pushes it out. */
static bool arrives(unsigned int id)
{
	(void)*imsic_page(this_hart()->id);
	return spin_for(imsic_pending(id), 1);
}

static void test_identities(void)
{
	test_begin("imsic: each identity");
	imsic_open();
	for (unsigned int id = 1; id <= aia.ids; id++) {
		msi_self(id);
		CHECK(arrives(id), "identity %u is not pending", id);
		CHECK_EQ(csr_read(CSR_STOPEI), 0, "stopei of a disabled identity");
		imsic_enable(id);
		CHECK_EQ(csr_read(CSR_STOPEI), id << 16 | id, "stopei");
		CHECK_EQ(csr_read(CSR_STOPEI), id << 16 | id, "stopei read again");
		CHECK_EQ(imsic_claim(), id, "claimed identity");
		CHECK(!imsic_pending(id), "identity %u is pending after its claim", id);
		CHECK_EQ(imsic_claim(), 0, "second claim");
		imsic_disable(id);
	}
	test_end();
	test_begin("imsic: identities that do not exist");
	for (unsigned int id = 1; id <= aia.ids; id++)
		imsic_enable(id);
	msi_self(0);
	msi_self(aia.ids + 1);
	if (aia.ids < 2047)
		msi_self(2047);
	msi_self(2048);
	msi_self(0x10000 + 5);
	msi_self(-1u);
	delay_us(1000);
	CHECK_EQ(imsic_claim(), 0, "claimed identity");
	CHECK_EQ(*imsic_page(this_hart()->id), 0, "what the page reads");
	CHECK_EQ(imsic_page(this_hart()->id)[1], 0, "what its second word reads");
	CHECK(!(ireg_read(EIP0) & 1) && !(ireg_read(EIE0) & 1), "identity 0 exists");
	test_end();
}

static void test_order(void)
{
	unsigned int last = 0, id;

	test_begin("imsic: order of claims");
	imsic_open();
	for (id = 1; id <= aia.ids; id++)
		imsic_enable(id);
	for (unsigned int i = 0; i < aia.ids; i++)
		msi_self(1 + i * 101 % aia.ids);
	CHECK(arrives(aia.ids), "the last identity is not pending");
	while ((id = imsic_claim())) {
		CHECK_EQ(id, last + 1, "claimed identity");
		last = id;
	}
	CHECK_EQ(last, aia.ids, "last claimed identity");
	test_end();
}

static void test_threshold(void)
{
	test_begin("imsic: threshold and delivery");
	imsic_open();
	csr_write(CSR_SIE, SEIP);
	for (unsigned int id = 1; id <= 20; id++)
		imsic_enable(id);
	msi_self(10);
	CHECK(arrives(10), "identity 10 is not pending");
	CHECK(csr_read(CSR_SIP) & SEIP, "SEIP is not pending");
	CHECK_EQ(csr_read(CSR_STOPI) >> 16, IRQ_SEI, "stopi");
	ireg_write(EITHRESHOLD, 10);
	CHECK_EQ(csr_read(CSR_STOPEI), 0, "stopei of 10 at threshold 10");
	CHECK(!(csr_read(CSR_SIP) & SEIP), "SEIP at threshold 10");
	CHECK_EQ(csr_read(CSR_STOPI), 0, "stopi at threshold 10");
	ireg_write(EITHRESHOLD, 11);
	CHECK_EQ(csr_read(CSR_STOPEI), 10 << 16 | 10, "stopei of 10 at threshold 11");
	CHECK(csr_read(CSR_SIP) & SEIP, "no SEIP at threshold 11");
	msi_self(9);
	CHECK(arrives(9), "identity 9 is not pending");
	ireg_write(EITHRESHOLD, 10);
	CHECK_EQ(csr_read(CSR_STOPEI), 9 << 16 | 9, "stopei of 9 at threshold 10");
	ireg_write(EITHRESHOLD, 1);
	CHECK_EQ(csr_read(CSR_STOPEI), 0, "stopei at threshold 1");
	ireg_write(EITHRESHOLD, 0);
	ireg_write(EIDELIVERY, 0);
	CHECK_EQ(ireg_read(EIDELIVERY), 0, "eidelivery");
	CHECK(!(csr_read(CSR_SIP) & SEIP), "SEIP with delivery off");
	CHECK_EQ(csr_read(CSR_STOPEI), 9 << 16 | 9, "stopei with delivery off");
	ireg_write(EIDELIVERY, 1);
	CHECK_EQ(ireg_read(EIDELIVERY), 1, "eidelivery");
	CHECK(csr_read(CSR_SIP) & SEIP, "no SEIP with delivery on again");
	CHECK_EQ(imsic_claim(), 9, "first claim");
	CHECK_EQ(imsic_claim(), 10, "second claim");
	CHECK(!(csr_read(CSR_SIP) & SEIP), "SEIP after the claims");
	csr_write(CSR_SIE, 0);
	test_end();
}

static void test_delivery(void)
{
	unsigned long self = this_hart()->id, before;

	test_begin("imsic: interrupt");
	imsic_open();
	imsic_enable(42);
	csr_write(CSR_SIE, SEIP);
	for (int i = 0; i < 20; i++) {
		before = taken[self];
		msi_self(42);
		irq_enable();
		spin_for(taken[self] != before, 1);
		irq_disable();
		CHECK_EQ(taken[self], before + 1, "interrupts taken");
		CHECK_EQ(claimed[self], 42, "claimed identity");
	}
	csr_write(CSR_SIE, 0);
	test_end();
}

/* Every form of writing sireg and stopei. */
static void test_access_forms(void)
{
	unsigned long old;

	test_begin("imsic: csr instructions");
	imsic_open();
	csr_write(CSR_SISELECT, EIE0);
	csr_write(CSR_SIREG, 0xff00);
	CHECK_EQ(csr_swap(CSR_SIREG, 0xf0f0), 0xff00, "old value of csrrw");
	csr_set(CSR_SIREG, 0x0f00);
	CHECK_EQ(csr_read(CSR_SIREG), 0xfff0, "eie0 after csrs");
	csr_clear(CSR_SIREG, 0xf000);
	CHECK_EQ(csr_read(CSR_SIREG), 0x0ff0, "eie0 after csrc");
	__asm__ volatile("csrrsi %0, %1, 12" : "=r"(old) : "i"(CSR_SIREG));
	CHECK_EQ(old, 0x0ff0, "old value of csrrsi");
	__asm__ volatile("csrrci %0, %1, 16" : "=r"(old) : "i"(CSR_SIREG));
	CHECK_EQ(old, 0x0ffc, "old value of csrrci");
	__asm__ volatile("csrrwi %0, %1, 30" : "=r"(old) : "i"(CSR_SIREG));
	CHECK_EQ(old, 0x0fec, "old value of csrrwi");
	CHECK_EQ(csr_read(CSR_SIREG), 30, "eie0 after csrrwi");
	csr_write(CSR_SIREG, -1ul);
	CHECK_EQ(csr_read(CSR_SIREG), -2ul, "eie0 after writing all ones");
	csr_write(CSR_SISELECT, EIP0);
	csr_set(CSR_SIREG, 0x3c);
	CHECK_EQ(csr_read(CSR_SIREG), 0x3c, "eip0 after csrs");
	CHECK_EQ(csr_read(CSR_STOPEI), 2 << 16 | 2, "stopei");
	csr_clear(CSR_SIREG, 0x4);
	CHECK_EQ(csr_read(CSR_STOPEI), 3 << 16 | 3, "stopei after csrc of eip");
	/* Any write of stopei claims what is on top, whatever the value. */
	__asm__ volatile("csrrwi %0, %1, 31" : "=r"(old) : "i"(CSR_STOPEI));
	CHECK_EQ(old >> 16, 3, "claim by csrrwi");
	__asm__ volatile("csrrs %0, %1, %2" : "=r"(old) : "i"(CSR_STOPEI), "r"(1ul));
	CHECK_EQ(old >> 16, 4, "claim by csrrs");
	__asm__ volatile("csrrci %0, %1, 1" : "=r"(old) : "i"(CSR_STOPEI));
	CHECK_EQ(old >> 16, 5, "claim by csrrci");
	CHECK_EQ(csr_read(CSR_STOPEI), 0, "stopei at the end");
	for (unsigned int k = 2; k <= aia.ids / 32; k += 2) {
		ireg_write(EIE0 + k, -1ul);
		CHECK_EQ(ireg_read(EIE0 + k), -1ul, "eie after writing all ones");
		ireg_write(EIP0 + k, 1ul << 63);
		CHECK_EQ(imsic_claim(), 32 * k + 63, "claimed identity");
		ireg_write(EIE0 + k, 0);
	}
	test_end();
}

static void test_reserved(void)
{
	struct frame frame;

	test_begin("imsic: reserved selectors");
	csr_write(CSR_SISELECT, EIE0 + 1);
	frame = code_one(code_csr(2, CSR_SIREG, 11, 0), 0, 0, false);
	CHECK_EQ(frame.cause, CAUSE_ILLEGAL, "cause for odd eie");
	csr_write(CSR_SISELECT, EIP0 + 1);
	frame = code_one(code_csr(1, CSR_SIREG, 11, 10), 0, 0, false);
	CHECK_EQ(frame.cause, CAUSE_ILLEGAL, "cause for odd eip");
	for (unsigned int select = 0x71; !bare && select < 0x80; select++) {
		if (select == EITHRESHOLD)
			continue;
		csr_write(CSR_SISELECT, select);
		frame = code_one(code_csr(1, CSR_SIREG, 11, 10), -1ul, 0, false);
		CHECK(code_completed(&frame), "selector %#x ends in cause %lu", select,
		      frame.cause);
		CHECK_EQ(csr_read(CSR_SIREG), 0, "a reserved selector");
	}
	for (unsigned int select = 0x80; !bare && select < 0x100; select += 2) {
		if ((select & 0x3f) <= aia.ids / 32)
			continue;
		csr_write(CSR_SISELECT, select);
		frame = code_one(code_csr(1, CSR_SIREG, 11, 10), -1ul, 0, false);
		CHECK(code_completed(&frame), "selector %#x ends in cause %lu", select,
		      frame.cause);
		CHECK_EQ(csr_read(CSR_SIREG), 0, "eip or eie beyond the identities");
	}
	ireg_write(EITHRESHOLD, -1ul);
	CHECK(ireg_read(EITHRESHOLD) <= 2047, "eithreshold holds %#lx", ireg_read(EITHRESHOLD));
	ireg_write(EITHRESHOLD, 0);
	for (unsigned int k = 0; k < 16; k += 2)
		CHECK_EQ(trap_try(ireg_read(0x30 + k)).count, 0, "traps of iprio");
	test_end();
}

static void test_page(void)
{
	volatile uint32_t *page = imsic_page(this_hart()->id);
	unsigned long at = (unsigned long)page;

	test_begin("imsic: the page");
	imsic_open();
	ireg_write(EIE0, -1ul);
	page[1] = __builtin_bswap32(7);
	delay_us(1000);
	/* Of a guest interrupt file of the hardware, seteipnum_be may be read-only zero. */
	if (bare || !imsic_pending(7)) {
		CHECK(!args_number("be", 0), "seteipnum_be does not work");
	} else {
		CHECK_EQ(imsic_claim(), 7, "claimed identity");
		page[1] = 7;
		CHECK_EQ(imsic_claim(), 0, "little endian in seteipnum_be");
	}
	for (unsigned int offset = 8; offset < 4096; offset += 508) {
		trap_try(*(volatile uint32_t *)(at + (offset & ~3u)) = 9);
		trap_try(CHECK_EQ(*(volatile uint32_t *)(at + (offset & ~3u)), 0, "a word"));
	}
	trap_try(*(volatile uint8_t *)at = 9);
	trap_try(*(volatile uint16_t *)at = 9);
	trap_try(*(volatile uint64_t *)at = 9);
	trap_try(*(volatile uint64_t *)(at + 8) = 9);
	trap_try(*(volatile uint32_t *)(at + 2) = 9);
	trap_try(*(volatile uint32_t *)(at + 4092) = 9);
	delay_us(500);
	CHECK_EQ(imsic_claim(), 0, "claimed after odd writes");
	test_end();
}

/* All identities at once, ten times: none is lost. */
static void test_storm(void)
{
	unsigned long self = this_hart()->id;
	unsigned int missing = 0;

	test_begin("imsic: no msi is lost");
	imsic_open();
	for (unsigned int id = 1; id <= aia.ids; id++)
		imsic_enable(id);
	for (int round = 0; round < 10; round++) {
		unsigned int id;
		bool seen[256] = { false };

		for (unsigned int i = 1; i <= aia.ids && i < 256; i++)
			*imsic_page(self) = i;
		delay_us(100);
		while ((id = imsic_claim()))
			if (id < 256)
				seen[id] = true;
		for (unsigned int i = 1; i <= aia.ids && i < 256; i++)
			missing += !seen[i];
	}
	CHECK_EQ(missing, 0, "lost identities");
	test_end();
}

static void imsic_tests(void)
{
	test_identities();
	test_order();
	test_threshold();
	test_delivery();
	test_access_forms();
	test_reserved();
	test_page();
	test_storm();
}

void payload_main(void)
{
	bool ok = true;

	bare = sbi_is_bare();
	aia_init();
	this_hart()->on_interrupt = on_interrupt;
	test_sbi_self();
	test_sbi_invalid();
	if (aia.has_imsic) {
		imsic_tests();
	} else {
		test_begin_if("imsic", false, "no IMSIC in the device tree");
	}
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != this_hart()->id)
			ok &= hart_start(hart_ids[i], receive, NULL) == 0;
	barrier_wait(&barrier, hart_count);
	csr_write(CSR_SIE, 0);
	test_sbi_each();
	if (aia.has_imsic)
		test_msi_each();
	test_begin("all harts stop");
	stop = true;
	csr_clear(CSR_SIP, SSIP);
	sbi_send_ipi(0, -1ul);
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != this_hart()->id)
			ok &= hart_join(hart_ids[i], 10);
	CHECK(ok, "a hart did not start or stop");
	test_end();
}
