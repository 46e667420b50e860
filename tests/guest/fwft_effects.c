/* SPDX-License-Identifier: BSD-2-Clause */
/* What each feature of FWFT does, while it is on and off, and while a sibling has others. */
#include "fwft_parts.h"
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <string.h>

#define CAUSE_SOFTWARE_CHECK 18

#define INSN_NOP 0x00000013
#define INSN_LPAD 0x00000017
#define INSN_JR_T3 0x000e0067 /* jalr x0, (x28): not one that returns */
#define INSN_SSPUSH_RA 0xce104073
#define INSN_SSPOPCHK_RA 0xcdc0c073
#define INSN_SSRDP_A1 0xcdc045f3
#define INSN_ADDI_RA_4 0x00408093
#define INSN_ADDI_A3_M1 0xfff68693
#define INSN_BEQZ_A3_8 0x00068463
#define INSN_LR_W 0x1005252f /* lr.w a0, (a0) */
#define INSN_SC_W 0x18b5262f /* sc.w a2, a1, (a0) */
#define INSN_AMOADD_W 0x00b5252f

static struct frame run(const uint32_t *insns, unsigned int count, unsigned long a0)
{
	struct frame frame;

	memset(&frame, 0, sizeof(frame));
	for (unsigned int i = 1; i < 32; i++)
		frame.x[i] = code_pattern(i);
	frame.x[10] = a0;
	frame.x[28] = code_address() + 8;
	code_run(&frame, insns, count, false);
	return frame;
}

#define RUN(a0, ...)                                                          \
	({                                                                    \
		const uint32_t run_insns[] = { __VA_ARGS__ };                 \
		run(run_insns, sizeof(run_insns) / sizeof(run_insns[0]), a0); \
	})

#define CHECK_RUNS(frame, what) \
	CHECK(code_completed(&(frame)), what ": cause %ld, stval %#lx", (frame).cause, (frame).tval)

#define CHECK_TRAPS(frame, wanted_cause, wanted_tval, what)                               \
	CHECK((frame).cause == (wanted_cause) && (frame).tval == (wanted_tval),           \
	      what ": cause %ld, stval %#lx, not %ld, %#lx", (frame).cause, (frame).tval, \
	      (long)(wanted_cause), (unsigned long)(wanted_tval))

static uint64_t page[512] __attribute__((aligned(4096)));

#define MISALIGNED_AT ((unsigned long)page + 14) /* and over 16 bytes (Zama16b) */

/* A hart may find out first that there is no reservation (QEMU does). */
static void reservation_check(void)
{
	struct frame frame = RUN(MISALIGNED_AT, INSN_LR_W);

	CHECK_TRAPS(frame, CAUSE_LOAD_MISALIGNED, MISALIGNED_AT, "lr");
	memset(page, 0x5a, 32);
	frame = RUN(MISALIGNED_AT, INSN_SC_W);
	if (code_completed(&frame))
		CHECK(frame.x[12] != 0, "sc has succeeded");
	else
		CHECK_TRAPS(frame, CAUSE_STORE_MISALIGNED, MISALIGNED_AT, "sc");
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(page[i], 0x5a5a5a5a5a5a5a5a, "memory after sc");
}

void misaligned_only(unsigned long value)
{
	test_begin("misaligned reservations");
	CHECK_EQ(fwft_set(MISALIGNED, value, 0), 0, "set");
	for (unsigned int i = 0; i < 10; i++)
		reservation_check();
	test_end();
}

/*
 * Where the hart does plain accesses itself nobody can tell; LR is the guest's in any case. Whether
 * it comes to the guest by itself the operator can tell.
 */
void test_misaligned(void)
{
	unsigned long at = MISALIGNED_AT;
	struct frame frame;

	if (!test_begin_if("misaligned accesses", has(MISALIGNED), "it is not offered"))
		return;
	for (unsigned long value = 0; value < 2; value++) {
		CHECK_EQ(fwft_set(MISALIGNED, value, 0), 0, "set");
		reservation_check();
		frame = RUN(at, INSN_AMOADD_W); /* some harts do it */
		if (!code_completed(&frame))
			CHECK_TRAPS(frame, CAUSE_STORE_MISALIGNED, at, "amoadd");
		memset(page, 0x5a, 32);
		frame = RUN(at, code_i(OP_LOAD, 3, 11, 10, 0), code_s(OP_STORE, 3, 10, 10, 8));
		if (value == 0 && !args_number("redirect", 0)) {
			CHECK_RUNS(frame, "ld and sd");
			CHECK_EQ(frame.x[11], 0x5a5a5a5a5a5a5a5a, "what ld has read");
			CHECK_EQ(memcmp((void *)(at + 8), &at, 8), 0, "what sd has written");
		}
	}
	fwft_set(MISALIGNED, 0, 0);
	test_end();
}

/*
 * Turns landing pads on with the first instruction, as the library is compiled without any. @jumps
 * is in a3, and t3 points to the third instruction after that.
 */
static struct frame run_pads(const uint32_t *insns, unsigned int count, unsigned long jumps)
{
	uint32_t all[16] = { INSN_ECALL };
	struct frame frame = { 0 };

	memcpy(&all[1], insns, count * sizeof(*insns));
	frame.x[10] = LANDING_PAD;
	frame.x[11] = 1;
	frame.x[13] = jumps;
	frame.x[17] = SBI_FWFT;
	frame.x[28] = code_address() + 12;
	code_run(&frame, all, count + 1, false);
	fwft_set(LANDING_PAD, 0, 0);
	return frame;
}

#define RUN_PADS(jumps, ...)                                                          \
	({                                                                            \
		const uint32_t run_insns[] = { __VA_ARGS__ };                         \
		run_pads(run_insns, sizeof(run_insns) / sizeof(run_insns[0]), jumps); \
	})

void test_landing_pad(void)
{
	unsigned long target = code_address() + 12;
	struct frame frame;

	if (!test_begin_if("landing pads", has(LANDING_PAD), "it is not offered"))
		return;
	frame = RUN(0, INSN_JR_T3, INSN_NOP, INSN_NOP);
	CHECK_RUNS(frame, "a jump while they are off");
	frame = RUN_PADS(0, INSN_JR_T3, INSN_NOP, INSN_NOP);
	CHECK_TRAPS(frame, CAUSE_SOFTWARE_CHECK, 2, "a jump to no landing pad");
	CHECK_EQ(frame.pc, target, "pc");
	frame = RUN_PADS(0, INSN_JR_T3, INSN_NOP, INSN_LPAD, INSN_NOP);
	CHECK_RUNS(frame, "a jump to a landing pad");
	frame = RUN_PADS(0, INSN_JR_T3, INSN_NOP, INSN_ECALL);
	CHECK_TRAPS(frame, CAUSE_SOFTWARE_CHECK, 2, "a jump to an ecall");
	/* The exit of such a fetch is the hypervisor's; the handler needs no landing pad. */
	frame = RUN_PADS(0, code_i(0x13, 0, 28, 0, 0), INSN_JR_T3);
	CHECK_TRAPS(frame, CAUSE_FETCH_ACCESS, 0, "a jump to nowhere");
	/* Host interrupts come between the jumps and the landing pads. */
	frame = RUN_PADS(1000000, INSN_NOP, INSN_NOP, INSN_LPAD, INSN_ADDI_A3_M1, INSN_BEQZ_A3_8,
			 INSN_JR_T3, INSN_NOP);
	CHECK_RUNS(frame, "many jumps");
	test_end();
}

#define STACK (5 * SIZE_1G)

static uint64_t *root_with_stack(void)
{
	static uint64_t *root;

	if (!root) {
		root = sv39_create_identity();
		sv39_map(root, STACK, (unsigned long)page, SIZE_4K, PTE_V | PTE_W | PTE_A | PTE_D);
	}
	return root;
}

#define INSN_CSRW_SSP_A0 code_csr(1, CSR_SSP, 0, 10)
#define INSN_CSRR_A1_SSP code_csr(2, CSR_SSP, 11, 0)

void test_shadow_stack(void)
{
	unsigned long top = STACK + 0x800;
	struct frame frame;

	if (!test_begin_if("shadow stacks", has(SHADOW_STACK), "it is not offered"))
		return;
	sv39_use(root_with_stack(), 0);
	frame = RUN(top, INSN_CSRR_A1_SSP);
	CHECK_EQ(frame.cause, CAUSE_ILLEGAL, "ssp while they are off");
	frame = RUN(top, code_s(OP_STORE, 3, 10, 10, 0));
	CHECK_TRAPS(frame, CAUSE_STORE_PAGE, top, "a store there while they are off");
	CHECK_EQ(fwft_set(SHADOW_STACK, 1, 0), 0, "set");
	frame = RUN(top, INSN_CSRW_SSP_A0, INSN_SSPUSH_RA, INSN_SSRDP_A1, INSN_SSPOPCHK_RA);
	CHECK_RUNS(frame, "push and pop");
	CHECK_EQ(frame.x[11], top - 8, "ssp after a push");
	CHECK_EQ(page[0x7f8 / 8], code_pattern(1), "what was pushed");
	frame = RUN(top, INSN_CSRR_A1_SSP);
	CHECK_EQ(frame.x[11], top, "ssp after a pop");
	frame = RUN(top, INSN_SSPUSH_RA, INSN_ADDI_RA_4, INSN_SSPOPCHK_RA);
	CHECK_TRAPS(frame, CAUSE_SOFTWARE_CHECK, 3, "another return address");
	frame = RUN(top, code_s(OP_STORE, 3, 10, 10, 0));
	CHECK_EQ(frame.cause, CAUSE_STORE_ACCESS, "a plain store to a shadow stack");
	frame = RUN((unsigned long)page, INSN_CSRW_SSP_A0, INSN_SSPUSH_RA);
	/* QEMU does it. */
	CHECK(code_completed(&frame) || frame.cause == CAUSE_STORE_ACCESS,
	      "a push to plain memory: cause %ld", frame.cause);
	frame = RUN(top, INSN_CSRW_SSP_A0);
	CHECK_EQ(fwft_set(SHADOW_STACK, 0, 0), 0, "set");
	frame = RUN(top, INSN_SSPUSH_RA);
	CHECK_RUNS(frame, "a push while they are off, which does nothing");
	CHECK_EQ(fwft_set(SHADOW_STACK, 1, 0), 0, "set");
	frame = RUN(top, INSN_CSRR_A1_SSP);
	CHECK_EQ(frame.x[11], top, "ssp after they were off");
	fwft_set(SHADOW_STACK, 0, 0);
	sv39_use(NULL, 0);
	test_end();
}

void test_sdt(void)
{
	if (!test_begin_if("SDT", has(DOUBLE_TRAP), "it is not offered"))
		return;
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "it can be set while double traps are off");
	fwft_set(DOUBLE_TRAP, 1, 0);
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "it is set from the start");
	csr_set(CSR_SSTATUS, SSTATUS_SDT | SSTATUS_SIE);
	CHECK((csr_read(CSR_SSTATUS) & (SSTATUS_SDT | SSTATUS_SIE)) == SSTATUS_SDT,
	      "it cannot be set, or not without SIE");
	/* Exits of all kinds leave it alone. */
	fwft_get(0);
	relax();
	CHECK(csr_read(CSR_SSTATUS) & SSTATUS_SDT, "an exit has cleared it");
	csr_clear(CSR_SSTATUS, SSTATUS_SDT);
	CHECK_EQ(RUN(0, 0xffffffff).cause, CAUSE_ILLEGAL, "a trap");
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "SRET has not cleared it");
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	fwft_set(DOUBLE_TRAP, 0, 0);
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "it is set with double traps off");
	fwft_set(DOUBLE_TRAP, 1, 0);
	CHECK(!(csr_read(CSR_SSTATUS) & SSTATUS_SDT), "it is set again with double traps on");
	fwft_set(DOUBLE_TRAP, 0, 0);
	test_end();
}

static uint64_t *ad_root, *ad_entry;

static unsigned long ad_flags(unsigned long flags, bool store)
{
	*ad_entry = sv39_leaf((unsigned long)page, flags);
	sfence_vma();
	return store ? RUN(STACK, code_s(OP_STORE, 3, 10, 10, 0)).cause
		     : RUN(STACK, code_i(OP_LOAD, 3, 11, 10, 0)).cause;
}

void test_ad_updating(void)
{
	unsigned long clean = PTE_V | PTE_R | PTE_W;

	if (!test_begin_if("A and D", has(AD_UPDATING), "it is not offered"))
		return;
	ad_root = sv39_create_identity();
	sv39_map(ad_root, STACK, (unsigned long)page, SIZE_4K, clean);
	ad_entry = sv39_entry(ad_root, STACK);
	sv39_use(ad_root, 0);
	for (unsigned int round = 0; round < 6; round++) {
		bool on = round % 2;

		CHECK_EQ(fwft_set(AD_UPDATING, on, 0), 0, "set");
		CHECK_EQ(ad_flags(clean, false), on ? CAUSE_BREAKPOINT : CAUSE_LOAD_PAGE, "load");
		CHECK_EQ(*ad_entry & (PTE_A | PTE_D), on ? PTE_A : 0, "A and D after a load");
		CHECK_EQ(ad_flags(clean | PTE_A, true), on ? CAUSE_BREAKPOINT : CAUSE_STORE_PAGE,
			 "store");
		CHECK_EQ(*ad_entry & PTE_D, on ? PTE_D : 0, "D after a store");
	}
	fwft_set(AD_UPDATING, 0, 0);
	sv39_use(NULL, 0);
	test_end();
}

static void check_pmlen(unsigned long pmlen, const char *what)
{
	unsigned long mask = pmlen && masks ? -1ul << (64 - pmlen) : 0;

	for (unsigned int bit = 45; bit < 64; bit++) {
		unsigned long at = (unsigned long)page ^ 1ul << bit;
		struct frame frame = RUN(at, code_i(OP_LOAD, 3, 11, 10, 0),
					 code_s(OP_STORE, 3, 10, 10, 8));

		CHECK(code_completed(&frame) == (mask >> bit & 1),
		      "%s, PMLEN %ld, bit %u: cause %ld, stval %#lx", what, pmlen, bit, frame.cause,
		      frame.tval);
	}
}

void test_pmlen(void)
{
	static const unsigned long pmlens[] = { 0, 7, 16, 0, 16, 7, 0 };

	if (!test_begin_if("pointer masking", has(PMLEN), "it is not offered"))
		return;
	for (unsigned int i = 0; i < sizeof(pmlens) / sizeof(pmlens[0]); i++) {
		CHECK_EQ(fwft_set(PMLEN, pmlens[i], 0), 0, "set");
		check_pmlen(pmlens[i], "Bare");
		sv39_use(root_with_stack(), 0);
		check_pmlen(pmlens[i], "Sv39");
		sv39_use(NULL, 0);
	}
	test_end();
}

/* ---- side by side ---- */

static volatile bool stop;
static volatile unsigned long rounds[2];
static volatile unsigned long wrong;
static volatile uint64_t *upper; /* the page, with another bit 62 */

/* Has everything, while the boot hart has nothing. */
static void look(void *argument)
{
	unsigned long ssp = STACK + 0x100;

	(void)argument;
	for (unsigned int i = 0; i < FEATURES; i++)
		if (has(i) && i != LANDING_PAD)
			fwft_set(i, feature_values[i][0], 0);
	if (has(AD_UPDATING))
		sv39_use(ad_root, 0);
	if (has(SHADOW_STACK))
		csr_write(CSR_SSP, ssp);
	while (!stop) {
		if (has(DOUBLE_TRAP))
			csr_set(CSR_SSTATUS, SSTATUS_SDT);
		delay_us(50);
		if (has(DOUBLE_TRAP) && !(csr_read(CSR_SSTATUS) & SSTATUS_SDT))
			wrong |= 1 << DOUBLE_TRAP;
		csr_clear(CSR_SSTATUS, SSTATUS_SDT);
		if (has(SHADOW_STACK) && csr_read(CSR_SSP) != ssp)
			wrong |= 1 << SHADOW_STACK;
		if (has(PMLEN) && masks && trap_try((void)*upper).count)
			wrong |= 1 << PMLEN;
		if (has(AD_UPDATING)) {
			*ad_entry = sv39_leaf((unsigned long)page, PTE_V | PTE_R | PTE_W);
			sfence_vma();
			(void)*(volatile uint64_t *)STACK;
			if (!(*(volatile uint64_t *)ad_entry & PTE_A))
				wrong |= 1 << AD_UPDATING;
		}
		rounds[1]++;
		relax();
	}
	sv39_use(NULL, 0);
}

static void look_at_nothing(void)
{
	if (!trap_try((void)*upper).count)
		wrong |= 1 << 8;
	csr_set(CSR_SSTATUS, SSTATUS_SDT);
	if (csr_read(CSR_SSTATUS) & SSTATUS_SDT)
		wrong |= 1 << 9;
	for (unsigned int i = 0; i < FEATURES; i++)
		if (has(i) && fwft_get(i).value)
			wrong |= 1 << 10;
	rounds[0]++;
	relax();
}

void test_side_by_side(void)
{
	unsigned long end = time_now() + args_number("ms", 200) * (ticks_per_second / 1000);
	unsigned long late = end + 60 * ticks_per_second;
	unsigned long peer = hart_peer();

	if (!test_begin_if("siblings with different features", hart_count > 1, "one hart only"))
		return;
	upper = (volatile uint64_t *)((unsigned long)page ^ 1ul << 62);
	CHECK_EQ(hart_start(peer, look, NULL), 0, "start");
	while (time_now() < end || ((rounds[0] <= 3 || rounds[1] <= 3) && time_now() < late))
		look_at_nothing();
	stop = true;
	CHECK(hart_join(peer, 10), "the peer does not stop");
	CHECK(rounds[0] > 3 && rounds[1] > 3, "they ran %lu and %lu rounds", rounds[0], rounds[1]);
	CHECK_EQ(wrong, 0, "what has gone over to the other one");
	test_end();
}
