/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores to devices in every form that the hypervisor must decode: each width, signed
 * and unsigned, compressed, Zcb and floating point, each register, at each offset, with and
 * without address translation. What a bare QEMU does differently (odd widths) is skipped there.
 */
#include "lib/aia.h"
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"
#include "mmio_parts.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "mmio";

#define UART_SCRATCH 7

unsigned long uart, rtc, reset;
static unsigned long scratch, target;
static bool bare;

/* Loads that give one, two, four or eight bytes, by funct3. */
static unsigned int load_width(unsigned int funct3)
{
	return 1u << (funct3 & 3);
}

static unsigned long extend(unsigned long value, unsigned int funct3)
{
	switch (funct3) {
	case 0:
		return (unsigned long)(long)(int8_t)value;
	case 1:
		return (unsigned long)(long)(int16_t)value;
	case 2:
		return (unsigned long)(long)(int32_t)value;
	case 4:
		return (uint8_t)value;
	case 5:
		return (uint16_t)value;
	case 6:
		return (uint32_t)value;
	default:
		return value;
	}
}

static void frame_fill(struct frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	for (unsigned int n = 1; n < 32; n++)
		frame->x[n] = code_pattern(n);
}

void expect_load(uint32_t instruction, unsigned int rd, unsigned int rs1, unsigned long base,
		 unsigned long wanted, bool user)
{
	struct frame frame;

	frame_fill(&frame);
	frame.x[rs1] = base;
	if (!CHECK(code_run(&frame, &instruction, 1, user),
		   "%#x at %#lx ends in cause %lu, stval %#lx", instruction, base, frame.cause,
		   frame.tval))
		return;
	for (unsigned int n = 1; n < 32; n++) {
		unsigned long kept = n == rs1 ? base : code_pattern(n);

		CHECK(frame.x[n] == (n == rd ? wanted : kept), "%#x at %#lx: x%u is %#lx, not %#lx",
		      instruction, base, n, frame.x[n], n == rd ? wanted : kept);
	}
}

void expect_store(uint32_t instruction, unsigned int rs1, unsigned long base, unsigned int rs2,
		  unsigned long value)
{
	struct frame frame, before;

	frame_fill(&frame);
	frame.x[rs2] = value;
	frame.x[rs1] = base;
	before = frame;
	if (!CHECK(code_run(&frame, &instruction, 1, false), "%#x at %#lx ends in cause %lu",
		   instruction, base, frame.cause))
		return;
	for (unsigned int n = 1; n < 32; n++)
		CHECK(frame.x[n] == before.x[n], "%#x: x%u changed to %#lx", instruction, n,
		      frame.x[n]);
}

static uint8_t scratch_get(void)
{
	return *(volatile uint8_t *)scratch;
}

static void scratch_set(uint8_t value)
{
	*(volatile uint8_t *)scratch = value;
}

static uint32_t target_get(void)
{
	return *(volatile uint32_t *)target;
}

static void target_set(uint32_t value)
{
	*(volatile uint32_t *)target = value;
}

static void test_bytes(void)
{
	test_begin("lb, lbu, sb");
	for (unsigned int value = 0; value < 256; value += 5) {
		expect_store(code_s(OP_STORE, 0, 10, 11, 0), 10, scratch, 11, 0xabcdef00 | value);
		CHECK_EQ(scratch_get(), value, "scratch register");
		expect_load(code_i(OP_LOAD, 0, 12, 10, 0), 12, 10, scratch, extend(value, 0),
			    false);
		expect_load(code_i(OP_LOAD, 4, 12, 10, 0), 12, 10, scratch, value, false);
		expect_load(code_i(OP_LOAD, 0, 12, 10, 0), 12, 10, scratch, extend(value, 0), true);
	}
	test_end();
}

static void test_words(void)
{
	if (!test_begin_if("lw, lwu, sw", aia.has_aplic, "no APLIC in the device tree"))
		return;
	for (uint32_t value = 1; value < 200; value += 11) {
		expect_store(code_s(OP_STORE, 2, 10, 11, 0), 10, target, 11,
			     0xdeadbeef00000000 | value);
		CHECK_EQ(target_get(), value, "target register");
		expect_load(code_i(OP_LOAD, 2, 12, 10, 0), 12, 10, target, value, false);
		expect_load(code_i(OP_LOAD, 6, 12, 10, 0), 12, 10, target, value, true);
	}
	/* domaincfg always has bit 31. */
	for (unsigned int funct3 = 2; funct3 <= 6; funct3 += 4)
		expect_load(code_i(OP_LOAD, funct3, 12, 10, 0), 12, 10, aia.aplic,
			    extend(*aplic_reg(APLIC_DOMAINCFG) | 0x80000000, funct3), false);
	test_end();
}

static void test_registers(void)
{
	test_begin("each register");
	for (unsigned int n = 0; n < 32; n++) {
		unsigned int other = n == 10 ? 11 : 10;

		scratch_set(0xf0);
		expect_load(code_i(OP_LOAD, 0, n, other, 0), n, other, scratch, -0x10ul, false);
		expect_load(code_i(OP_LOAD, 4, n, other, 0), n, other, scratch, 0xf0, true);
		if (n == 0)
			continue;
		expect_load(code_i(OP_LOAD, 0, n, n, 0), n, n, scratch, -0x10ul, false);
		expect_load(code_i(OP_LOAD, 0, other, n, 0), other, n, scratch, -0x10ul, false);
		expect_store(code_s(OP_STORE, 0, other, n, 0), other, scratch, n, 0xaa00 + n);
		CHECK_EQ(scratch_get(), n, "scratch register");
		expect_store(code_s(OP_STORE, 0, n, other, 0), n, scratch, other, 0xaa40 + n);
		CHECK_EQ(scratch_get(), 0x40 + n, "scratch register");
		expect_store(code_s(OP_STORE, 0, n, n, 0), n, scratch, n, scratch);
		CHECK_EQ(scratch_get(), scratch & 0xff, "scratch register");
	}
	scratch_set(0x55);
	expect_store(code_s(OP_STORE, 0, 10, 0, 0), 10, scratch, 0, 0);
	CHECK_EQ(scratch_get(), 0, "what x0 stores");
	test_end();
}

static void test_immediates(void)
{
	static const int offsets[] = { -2048, -1, 1, 8, 1024, 2047 };

	test_begin("each kind of immediate");
	for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		unsigned long base = scratch - (unsigned long)(long)offsets[i];

		expect_store(code_s(OP_STORE, 0, 10, 11, offsets[i]), 10, base, 11, 0x81 + i);
		CHECK_EQ(scratch_get(), 0x81 + i, "scratch register");
		expect_load(code_i(OP_LOAD, 0, 9, 8, offsets[i]), 9, 8, base, extend(0x81 + i, 0),
			    false);
	}
	test_end();
}

/* c.lw c.sw c.lwsp c.swsp with all registers that they can name. */
static void test_compressed(void)
{
	if (!test_begin_if("compressed loads and stores", aia.has_aplic,
			   "no APLIC in the device tree"))
		return;
	for (unsigned int r = 8; r < 16; r++) {
		unsigned int base = r == 8 ? 9 : 8;
		uint32_t operands = (base - 8) << 7 | (r - 8) << 2;

		expect_store(0xc000 | operands, base, target, r, 0x11110000000000 + r);
		CHECK_EQ(target_get(), r, "target register after c.sw");
		expect_load(0x4000 | operands, r, base, target, r, false);
		/* c.lw rd', 68(rs1'): uimm[6] and uimm[2] are bits 5 and 6. */
		expect_load(0x4000 | operands | 1u << 5 | 1u << 6, r, base, target - 68, r, true);
	}
	for (unsigned int r = 1; r < 32; r++) {
		if (r != 2) {
			expect_store(0xc002 | r << 2, 2, target, r, 0x30 + r);
			CHECK_EQ(target_get(), 0x30 + r, "target register after c.swsp");
		}
		target_set(0x40 + r);
		expect_load(0x4002 | r << 7, r, 2, target, 0x40 + r, false);
	}
	test_end();
}

static void test_zcb(void)
{
	if (!test_begin_if("zcb loads and stores", fdt_has_extension("zcb"),
			   "no zcb in the device tree"))
		return;
	for (unsigned int r = 8; r < 16; r++) {
		unsigned int base = r == 15 ? 8 : 15;
		uint32_t operands = (base - 8) << 7 | (r - 8) << 2;

		expect_store(0x8800 | operands, base, scratch, r, 0xcc00 | (0x90 + r));
		CHECK_EQ(scratch_get(), 0x90 + r, "scratch register after c.sb");
		expect_load(0x8000 | operands, r, base, scratch, 0x90 + r, false);
		/* c.lbu rd', 3(rs1') */
		expect_load(0x8060 | operands, r, base, scratch - 3, 0x90 + r, true);
		if (bare)
			continue;
		expect_store(0x8c00 | operands, base, uart + 6, r, 0x1234); /* c.sh */
		expect_load(0x8400 | operands, r, base, uart + 6, 0, false); /* c.lhu */
		expect_load(0x8440 | operands, r, base, uart + 6, 0, false); /* c.lh */
		CHECK_EQ(scratch_get(), 0x90 + r, "scratch register after c.sh");
	}
	test_end();
}

/* fmv.x.d rd, fs and fmv.d.x fd, rs */
#define FMV_X_D(rd, fs) (0xe2000053u | (fs) << 15 | (rd) << 7)
#define FMV_D_X(fd, rs) (0xf2000053u | (rs) << 15 | (fd) << 7)

static void float_load(unsigned int f)
{
	uint32_t flw[] = { FMV_D_X(f, 12), code_i(OP_LOAD_FP, 2, f, 10, 0), FMV_X_D(11, f) };
	uint32_t flh[] = { FMV_D_X(f, 12), code_i(OP_LOAD_FP, 3, f, 10, 0), FMV_X_D(11, f) };
	uint32_t cfld[] = { FMV_D_X(f, 12), 0x2100 | (f & 7) << 2, FMV_X_D(11, f) };
	struct frame frame;

	frame_fill(&frame);
	frame.x[10] = target;
	CHECK(code_run(&frame, flw, 3, false), "flw ends in cause %lu", frame.cause);
	CHECK(frame.x[11] == (0xffffffff00000000 | target_get()), "flw f%u loads %#lx", f,
	      frame.x[11]);
	if (bare)
		return;
	frame_fill(&frame);
	frame.x[10] = target;
	CHECK(code_run(&frame, flh, 3, false), "fld ends in cause %lu", frame.cause);
	CHECK(frame.x[11] == 0, "fld f%u loads %#lx", f, frame.x[11]);
	frame_fill(&frame);
	frame.x[10] = target;
	if (f >= 8 && f < 16) {
		CHECK(code_run(&frame, cfld, 3, false), "c.fld ends in cause %lu", frame.cause);
		CHECK(frame.x[11] == 0, "c.fld f%u loads %#lx", f, frame.x[11]);
	}
}

static void float_store(unsigned int f)
{
	uint32_t fsw[] = { FMV_D_X(f, 11), code_s(OP_STORE_FP, 2, 10, f, 0), FMV_X_D(12, f) };
	uint32_t fsd[] = { FMV_D_X(f, 11), code_s(OP_STORE_FP, 3, 10, f, 0), FMV_X_D(12, f) };
	unsigned long value = 0x1234567800000000ul + f + 1;
	struct frame frame;

	frame_fill(&frame);
	frame.x[10] = target;
	frame.x[11] = value;
	CHECK(code_run(&frame, fsw, 3, false), "fsw ends in cause %lu", frame.cause);
	CHECK(frame.x[12] == value, "fsw changes f%u to %#lx", f, frame.x[12]);
	CHECK_EQ(target_get(), f + 1, "target register after fsw");
	if (bare)
		return;
	frame_fill(&frame);
	frame.x[10] = target;
	frame.x[11] = 0;
	CHECK(code_run(&frame, fsd, 3, false), "fsd ends in cause %lu", frame.cause);
	CHECK_EQ(target_get(), f + 1, "target register after fsd");
}

static void test_float(void)
{
	struct frame frame;

	if (!test_begin_if("floating-point loads and stores",
			   aia.has_aplic && fdt_has_extension("d"),
			   "needs an APLIC and the D extension"))
		return;
	csr_set(CSR_SSTATUS, SSTATUS_FS);
	for (unsigned int f = 0; f < 32; f++) {
		target_set(0x77);
		float_load(f);
		float_store(f);
	}
	csr_clear(CSR_SSTATUS, SSTATUS_FS);
	csr_set(CSR_SSTATUS, SSTATUS_FS & -SSTATUS_FS);
	frame = code_one(code_i(OP_LOAD_FP, 2, 1, 10, 0), target, 0, false);
	CHECK((frame.status & SSTATUS_FS) == SSTATUS_FS, "flw leaves FS at %#lx",
	      frame.status & SSTATUS_FS);
	csr_clear(CSR_SSTATUS, SSTATUS_FS);
	frame = code_one(code_i(OP_LOAD_FP, 2, 1, 10, 0), target, 0, false);
	CHECK_EQ(frame.cause, CAUSE_ILLEGAL, "cause of flw with FS off");
	test_end();
}

static void expect_refused(uint32_t instruction, unsigned long address, unsigned long cause)
{
	struct frame frame = code_one(instruction, address, 1, false);

	CHECK(frame.cause == cause, "%#x at %#lx ends in cause %lu", instruction, address,
	      frame.cause);
	CHECK(frame.tval == address, "%#x at %#lx: stval is %#lx", instruction, address,
	      frame.tval);
	CHECK(frame.pc == code_address(), "%#x: sepc is %#lx", instruction, frame.pc);
	CHECK(frame.x[12] == code_pattern(12), "%#x changes rd", instruction);
}

/* AMO, LR and SC at a device: access faults, and nothing changes. */
static void test_atomics(void)
{
	static const unsigned int operations[] = { 0x00, 0x01, 0x04, 0x08, 0x0c,
						   0x10, 0x14, 0x18, 0x1c };

	if (!test_begin_if("atomics at devices", !bare && aia.has_aplic,
			   bare ? "QEMU allows them" : "no APLIC in the device tree"))
		return;
	target_set(0x33);
	for (unsigned int width = 2; width <= 3; width++) {
		uint32_t operands = 11 << 20 | 10 << 15 | width << 12 | 12 << 7 | OP_AMO;
		unsigned long at = target & ~7ul;

		for (unsigned int i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
			expect_refused(operations[i] << 27 | operands, at, CAUSE_STORE_ACCESS);
		expect_refused(0x2u << 27 | (operands & ~(31u << 20)), at, CAUSE_LOAD_ACCESS);
	}
	CHECK_EQ(target_get(), 0x33, "target register");
	test_end();
}

/* Is an access of this width and offset one that the device answers? */
static bool regular(unsigned long device, unsigned long address, unsigned int width)
{
	return device == uart ? width == 1 : width == 4 && !(address & 3);
}

/* All widths at all offsets of a window: what is odd reads as zero and is not written. */
static void odd_accesses(unsigned long device, unsigned long window)
{
	for (unsigned int offset = 0; offset < 8; offset++) {
		for (unsigned int funct3 = 0; funct3 < 7; funct3++) {
			unsigned int width = load_width(funct3);

			if (offset + width > 8 || regular(device, window + offset, width))
				continue;
			expect_load(code_i(OP_LOAD, funct3, 12, 10, 0), 12, 10, window + offset, 0,
				    false);
			if (funct3 < 4)
				expect_store(code_s(OP_STORE, funct3, 10, 11, 0), 10,
					     window + offset, 11, -1ul);
		}
	}
}

static void test_odd(void)
{
	if (!test_begin_if("odd widths and offsets", !bare, "QEMU's devices differ"))
		return;
	scratch_set(0x5a);
	odd_accesses(uart, uart);
	CHECK_EQ(scratch_get(), 0x5a, "scratch register");
	if (rtc)
		odd_accesses(rtc, rtc);
	if (reset)
		odd_accesses(reset, reset);
	if (aia.has_aplic) {
		target_set(0x21);
		*(volatile uint32_t *)(target + 4) = 0;
		odd_accesses(aia.aplic, target & ~7ul);
		odd_accesses(aia.aplic, aia.aplic);
		CHECK_EQ(target_get(), 0x21, "target register");
		CHECK_EQ(*aplic_reg(APLIC_TARGET(SOURCE + 1)), 0, "the target after it");
		CHECK_EQ(*aplic_reg(APLIC_TARGET(SOURCE - 1)), 0, "the target before it");
	}
	/* A guest interrupt file of the hardware may answer odd widths with access faults. */
	if (aia.has_imsic && !trap_try(*(volatile uint8_t *)imsic_page(this_hart()->id)).count) {
		imsic_open();
		odd_accesses(aia.imsic, (unsigned long)imsic_page(this_hart()->id));
		CHECK_EQ(csr_read(CSR_STOPEI), 0, "stopei");
	}
	/* c.ld and c.sd, c.ldsp and c.sdsp. */
	expect_load(0x6000 | 0 << 7 | 1 << 2, 9, 8, uart, 0, false);
	expect_store(0xe000 | 0 << 7 | 1 << 2, 8, uart, 9, -1ul);
	expect_load(0x6002 | 9 << 7, 9, 2, uart, 0, false);
	expect_store(0xe002 | 9 << 2, 2, uart, 9, -1ul);
	CHECK_EQ(scratch_get(), 0x5a, "scratch register");
	test_end();
}

/*
 * The same through page tables that put the device elsewhere, with the instruction across two
 * pages that are not neighbours in memory.
 */
static void test_translated(void)
{
	static uint16_t pages[2][2048] __attribute__((aligned(8192)));
	const unsigned long device = 0x1000000000, code = 0x1800000000;
	uint64_t *root = sv39_create_identity();
	uint32_t load = code_i(OP_LOAD, 0, 12, 10, 0);
	struct frame frame;

	test_begin("through page tables");
	sv39_map(root, device, scratch & -SIZE_4K, SIZE_4K, PTE_RW);
	sv39_map(root, code, (uint64_t)pages[1], SIZE_4K, PTE_RWX);
	sv39_map(root, code + SIZE_4K, (uint64_t)pages[0], SIZE_4K, PTE_RWX);
	pages[1][2047] = (uint16_t)load;
	pages[0][0] = (uint16_t)(load >> 16);
	pages[0][1] = 0x9002;
	fence_i();
	scratch_set(0x99);
	sv39_use(root, 0);
	expect_load(load, 12, 10, device + UART_SCRATCH, extend(0x99, 0), false);
	expect_store(code_s(OP_STORE, 0, 10, 11, 0), 10, device + UART_SCRATCH, 11, 0x42);
	for (int i = 0; i < 2; i++) {
		frame_fill(&frame);
		frame.x[10] = device + UART_SCRATCH;
		frame.pc = code + 4094;
		frame.status = SSTATUS_SPP;
		sandbox_run(&frame);
		CHECK(frame.cause == CAUSE_BREAKPOINT, "across a page: cause %lu", frame.cause);
		CHECK(frame.x[12] == 0x42, "across a page: loads %#lx", frame.x[12]);
	}
	sv39_use(NULL, 0);
	CHECK_EQ(scratch_get(), 0x42, "scratch register");
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	aia_init();
	uart = fdt_device("ns16550a").address;
	if (!uart)
		uart = 0x10000000;
	rtc = fdt_device("google,goldfish-rtc").address;
	reset = fdt_device("sifive,test1").address;
	scratch = uart + UART_SCRATCH;
	target = aia.aplic + APLIC_TARGET(SOURCE);
	if (aia.has_aplic) {
		*aplic_reg(APLIC_SOURCECFG(SOURCE)) = SOURCE_DETACHED;
		target_set(0x11);
		if (target_get() != 0x11)
			print("  target register holds %#x", target_get());
	}
	test_bytes();
	test_words();
	test_registers();
	test_immediates();
	test_compressed();
	test_zcb();
	test_float();
	test_atomics();
	test_odd();
	test_rtc();
	test_reset_device();
	test_uart();
	test_translated();
	test_all_harts();
}
