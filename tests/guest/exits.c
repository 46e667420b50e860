/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ends in the hypervisor and must look as on a real machine: SBI calls of the base kind,
 * refused instructions and CSRs, accesses to nothing-there, calls from U-mode.
 */
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stdint.h>
#include <stdio.h>

const char payload_name[] = "exits";

/* Holes in the map of virt, bare or as a guest. */
static const unsigned long nothing[] = { 0x08000000, 0x08000ff8, 0x1f000128 };

static bool bare;

static void test_base(void)
{
	test_begin("sbi base");
	for (unsigned long fid = 0; fid <= 6; fid++) {
		struct sbiret once = sbi_call(SBI_BASE, fid, SBI_BASE, 0, 0);
		struct sbiret again = sbi_call(SBI_BASE, fid, SBI_BASE, 0, 0);

		CHECK(once.error == 0, "function %lu gives %ld", fid, once.error);
		CHECK_EQ(again.value, once.value, "the same value once more");
		print("  base %lu = %#lx", fid, (unsigned long)once.value);
	}
	CHECK(sbi_call(SBI_BASE, 0, 0, 0, 0).value >= 0x02000000, "older than SBI 2.0");
	CHECK(!(sbi_call(SBI_BASE, 0, 0, 0, 0).value >> 31), "bit 31 of the version is set");
	CHECK_EQ(sbi_call(SBI_BASE, 3, SBI_BASE, 0, 0).value != 0, 1, "probe of BASE");
	CHECK_EQ(sbi_call(SBI_BASE, 3, 0x0badf00d, 0, 0).value, 0, "probe of an unknown one");
	CHECK_EQ(sbi_call(SBI_BASE, 3, -1ul, 0, 0).value, 0, "probe of -1");
	test_end();
}

static void test_probe(void)
{
	static const struct {
		unsigned long eid;
		const char *name;
		bool required;
	} extensions[] = {
		{ SBI_TIME, "TIME", true },   { SBI_IPI, "IPI", true },
		{ SBI_RFENCE, "RFNC", true }, { SBI_HSM, "HSM", true },
		{ SBI_SRST, "SRST", true },   { SBI_DBCN, "DBCN", true },
		{ SBI_PMU, "PMU", false },    { SBI_SUSP, "SUSP", false },
		{ SBI_CPPC, "CPPC", false },  { SBI_NACL, "NACL", false },
		{ SBI_STA, "STA", false },    { SBI_SSE, "SSE", false },
		{ SBI_FWFT, "FWFT", false },  { SBI_DBTR, "DBTR", false },
		{ SBI_MPXY, "MPXY", false },
	};
	char line[160] = "";
	size_t length = 0;

	test_begin("sbi probe");
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		struct sbiret ret = sbi_call(SBI_BASE, 3, extensions[i].eid, 0, 0);
		struct sbiret none = sbi_call(extensions[i].eid, 0x7fff, 0, 0, 0);

		CHECK_EQ(ret.error, 0, extensions[i].name);
		CHECK(ret.value || !extensions[i].required, "no %s", extensions[i].name);
		CHECK_EQ(none.error, SBI_ERR_NOT_SUPPORTED, extensions[i].name);
		if (ret.value)
			length += (size_t)snprintf(line + length, sizeof(line) - length, " %s",
						   extensions[i].name);
	}
	print("  extensions:%s", line);
	test_end();
}

static void test_unknown(void)
{
	static const unsigned long eids[] = { 0x9,	  0xf,		 0x11,	     0xff,
					      0x0badf00d, 0x08000000,	 0x08ffffff, 0x09000000,
					      0x7fffffff, -0x80000000ul, -1ul };
	static const unsigned long calls[][2] = {
		{ SBI_BASE, 7 },
		{ SBI_TIME, 1 },
		{ SBI_IPI, 1 },
		{ SBI_RFENCE, 7 },
		{ SBI_HSM, 4 },
		{ SBI_SRST, 1 },
		{ SBI_DBCN, 3 },
		{ SBI_BASE, -1ul },
		{ SBI_TIME, -1ul },
		{ SBI_IPI, 0x7fffffff },
		{ SBI_RFENCE, -0x80000000ul },
		{ SBI_HSM, -1ul },
		{ SBI_DBCN, -1ul },
		{ SBI_SRST, -1ul },
	};

	test_begin("sbi unknown numbers");
	for (size_t i = 0; i < sizeof(eids) / sizeof(eids[0]); i++) {
		struct sbiret ret = sbi_call(eids[i], 0, 0, 0, 0);

		CHECK(ret.error == SBI_ERR_NOT_SUPPORTED, "EID %#lx gives %ld", eids[i], ret.error);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct sbiret ret = sbi_call(calls[i][0], calls[i][1], 0, 0, 0);

		CHECK(ret.error == SBI_ERR_NOT_SUPPORTED, "EID %#lx FID %#lx gives %ld",
		      calls[i][0], calls[i][1], ret.error);
	}
	test_end();
}

static void registers_kept(unsigned long eid, unsigned long fid, unsigned long a0, unsigned long a1)
{
	const uint32_t ecall = INSN_ECALL;
	struct frame frame = { 0 }, before;

	for (unsigned int n = 1; n < 32; n++)
		frame.x[n] = code_pattern(n);
	frame.x[10] = a0;
	frame.x[11] = a1;
	frame.x[16] = fid;
	frame.x[17] = eid;
	before = frame;
	CHECK(code_run(&frame, &ecall, 1, false), "EID %#lx ends in cause %#lx", eid, frame.cause);
	for (unsigned int n = 1; n < 32; n++)
		CHECK(n == 10 || n == 11 || frame.x[n] == before.x[n],
		      "EID %#lx changes x%u to %#lx", eid, n, frame.x[n]);
}

static void test_registers(void)
{
	test_begin("sbi calls keep registers");
	registers_kept(SBI_BASE, 0, 0, 0);
	registers_kept(SBI_TIME, 0, -1ul, 0);
	registers_kept(SBI_IPI, 0, 0, 0);
	registers_kept(SBI_RFENCE, 0, 0, -1ul);
	registers_kept(SBI_HSM, 2, this_hart()->id, 0);
	registers_kept(0x0badf00d, 3, 1, 2);
	test_end();
}

static void test_reset_errors(void)
{
	static const unsigned long bad[][2] = {
		{ 3, 0 }, { 0xefffffff, 0 }, { 0, 2 }, { 0, 0xdfffffff }, { -1ul, -1ul }
	};

	test_begin("srst refuses reserved numbers");
	if (bare)
		test_skip("OpenSBI takes reserved reasons");
	for (size_t i = 0; !bare && i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sbiret ret = sbi_call(SBI_SRST, 0, bad[i][0], bad[i][1], 0);

		CHECK(ret.error == SBI_ERR_INVALID_PARAM, "type %#lx reason %#lx gives %ld",
		      bad[i][0], bad[i][1], ret.error);
	}
	test_end();
}

static void test_console(void)
{
	static const char text[] = "  console line\n";
	static char byte;
	struct fdt_device memory = fdt_memory();
	unsigned long end = memory.address + memory.size;
	struct sbiret ret;

	test_begin("dbcn");
	ret = sbi_call(SBI_DBCN, 0, sizeof(text) - 1, (unsigned long)text, 0);
	CHECK(ret.error == 0 && ret.value > 0, "write gives %ld, %ld", ret.error, ret.value);
	ret = sbi_call(SBI_DBCN, 0, 0, (unsigned long)text, 0);
	CHECK(ret.error == 0 && ret.value == 0, "empty write gives %ld, %ld", ret.error, ret.value);
	ret = sbi_call(SBI_DBCN, 1, 1, (unsigned long)&byte, 0);
	CHECK(ret.error == 0 && ret.value >= 0 && ret.value <= 1, "read gives %ld, %ld", ret.error,
	      ret.value);
	ret = sbi_call(SBI_DBCN, 2, 'x', 0, 0);
	CHECK(ret.error == 0 && ret.value == 0, "write_byte gives %ld, %ld", ret.error, ret.value);
	sbi_call(SBI_DBCN, 2, '\n', 0, 0);
	for (unsigned long fid = 0; !bare && fid < 2; fid++) {
		CHECK_EQ(sbi_call(SBI_DBCN, fid, 1, end, 0).error, SBI_ERR_INVALID_PARAM,
			 "beyond RAM");
		CHECK_EQ(sbi_call(SBI_DBCN, fid, 16, end - 8, 0).error, SBI_ERR_INVALID_PARAM,
			 "across the end of RAM");
		CHECK_EQ(sbi_call(SBI_DBCN, fid, 1, 0x10000000, 0).error, SBI_ERR_INVALID_PARAM,
			 "a device");
		CHECK_EQ(sbi_call(SBI_DBCN, fid, 1, (unsigned long)text, 1).error,
			 SBI_ERR_INVALID_PARAM, "a high half");
		CHECK_EQ(sbi_call(SBI_DBCN, fid, -1ul, (unsigned long)text, 0).error,
			 SBI_ERR_INVALID_PARAM, "length -1");
		CHECK_EQ(sbi_call(SBI_DBCN, fid, 16, -8ul, -1ul).error, SBI_ERR_INVALID_PARAM,
			 "wrapping around");
	}
	test_end();
}

static void expect_illegal(uint32_t instruction, bool user, const char *what)
{
	struct frame frame = code_one(instruction, (unsigned long)&bare, 0, user);

	CHECK(frame.cause == CAUSE_ILLEGAL, "%s in %c-mode ends in cause %lu", what,
	      user ? 'U' : 'S', frame.cause);
	CHECK(frame.pc == code_address(), "%s: sepc is %#lx", what, frame.pc);
	/* QEMU leaves the stval of an earlier instruction for mret. */
	CHECK(frame.tval == 0 || frame.tval == instruction || instruction == INSN_MRET,
	      "%s: stval is %#lx, not %#x", what, frame.tval, instruction);
	CHECK(!(frame.status & SSTATUS_SPP) == user, "%s: wrong SPP", what);
}

static void test_illegal(void)
{
	test_begin("illegal instructions");
	expect_illegal(0x0000, false, "16 zero bits");
	expect_illegal(0x0000707f, false, "an undefined opcode");
	expect_illegal(code_csr(1, CSR_CYCLE, 0, 0), false, "write to cycle");
	expect_illegal(code_csr(2, 0x300, 5, 0), false, "mstatus");
	expect_illegal(code_csr(2, 0xf14, 5, 0), false, "mhartid");
	expect_illegal(code_csr(2, 0x5c1, 5, 0), false, "an undefined CSR");
	expect_illegal(INSN_MRET, false, "mret");
	expect_illegal(code_csr(2, CSR_SSTATUS, 5, 0), true, "sstatus");
	expect_illegal(code_csr(1, CSR_SATP, 0, 5), true, "write to satp");
	expect_illegal(INSN_SRET, true, "sret");
	expect_illegal(INSN_SFENCE_VMA, true, "sfence.vma");
	expect_illegal(INSN_WFI, true, "wfi");
	expect_illegal(INSN_MRET, true, "mret");
	test_end();
	test_begin("hypervisor instructions");
	if (bare) {
		test_skip("the bare machine has them");
	} else {
		expect_illegal(code_csr(2, 0x600, 5, 0), false, "hstatus");
		expect_illegal(code_csr(1, 0x680, 0, 5), false, "write to hgatp");
		expect_illegal(code_csr(2, 0x200, 5, 0), false, "vsstatus");
		expect_illegal(code_csr(2, 0xe12, 5, 0), false, "hgeip");
		expect_illegal(code_csr(2, 0xeb0, 5, 0), false, "vstopi");
		expect_illegal(INSN_HFENCE_VVMA, false, "hfence.vvma");
		expect_illegal(INSN_HFENCE_GVMA, false, "hfence.gvma");
		expect_illegal(INSN_HLV_D, false, "hlv.d");
		expect_illegal(INSN_HSV_D, false, "hsv.d");
		expect_illegal(INSN_HLV_D, true, "hlv.d");
	}
	test_end();
}

static void expect_fault(uint32_t instruction, unsigned long address, unsigned long cause,
			 bool user)
{
	struct frame frame = code_one(instruction, address, 1, user);

	CHECK(frame.cause == cause, "%#x at %#lx ends in cause %lu, not %lu", instruction, address,
	      frame.cause, cause);
	CHECK(frame.tval == address, "%#x at %#lx: stval is %#lx", instruction, address,
	      frame.tval);
	CHECK(frame.pc == code_address(), "%#x at %#lx: sepc is %#lx", instruction, address,
	      frame.pc);
	for (unsigned int n = 1; n < 32; n++)
		CHECK(n == 10 || n == 11 || frame.x[n] == code_pattern(n), "x%u changed", n);
}

/* Each width, by instructions of 32 and of 16 bits. */
static void expect_nothing(unsigned long address, bool user)
{
	for (unsigned int funct3 = 0; funct3 < 7; funct3++)
		expect_fault(code_i(OP_LOAD, funct3, 11, 10, 0), address, CAUSE_LOAD_ACCESS, user);
	for (unsigned int funct3 = 0; funct3 < 4; funct3++)
		expect_fault(code_s(OP_STORE, funct3, 10, 11, 0), address, CAUSE_STORE_ACCESS,
			     user);
	expect_fault(0x410c, address, CAUSE_LOAD_ACCESS, user); /* c.lw a1,0(a0) */
	expect_fault(0x610c, address, CAUSE_LOAD_ACCESS, user); /* c.ld a1,0(a0) */
	expect_fault(0xc10c, address, CAUSE_STORE_ACCESS, user); /* c.sw a1,0(a0) */
	expect_fault(0xe10c, address, CAUSE_STORE_ACCESS, user); /* c.sd a1,0(a0) */
}

static void test_nothing_there(void)
{
	struct fdt_device memory = fdt_memory();
	unsigned long end = memory.address + memory.size;

	test_begin("accesses to nothing-there");
	for (unsigned int i = 0; i < 4; i++) {
		unsigned long address = i < 3 ? nothing[i] : end;

		for (unsigned int user = 0; user < 2; user++) {
			expect_nothing(address, user);
			expect_fault(0x00b535af, address, CAUSE_STORE_ACCESS, user); /* amoadd.d */
			expect_fault(0x100535af, address, CAUSE_LOAD_ACCESS, user); /* lr.d */
		}
	}
	test_end();
}

/*
 * What is odd about these is how many bits they have: the modes of a G-stage reach to 2^41, 2^50
 * and 2^59, physical addresses to 2^56, htval has 62 bits. At the last of all, where each bit is
 * set, an access of more than a byte goes on at 0, where nothing is, either.
 */
static void test_address_ends(void)
{
	static const unsigned int bits[] = { 41, 50, 56, 59, 62, 63, 64 };

	if (!test_begin_if("accesses to the ends of addresses", !bare,
			   "QEMU cuts addresses off at 2^56"))
		return;
	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		unsigned long end = bits[i] < 64 ? 1ul << bits[i] : 0;

		for (unsigned int user = 0; user < 2; user++) {
			for (unsigned long before = 8; before; before /= 2)
				expect_nothing(end - before, user);
			expect_nothing(end, user);
		}
	}
	test_end();
}

static void test_fetch(void)
{
	test_begin("fetch from nothing-there");
	for (unsigned int user = 0; user < 2; user++) {
		for (unsigned int i = 0; i < 3; i++) {
			struct frame frame = code_one(0x00050067, nothing[i], 0, user); /* jr a0 */

			CHECK(frame.cause == CAUSE_FETCH_ACCESS, "cause %lu", frame.cause);
			CHECK_EQ(frame.tval, nothing[i], "stval");
			CHECK_EQ(frame.pc, nothing[i], "sepc");
		}
	}
	test_end();
}

static void test_user_calls(void)
{
	struct frame frame;

	test_begin("ecall and ebreak");
	frame = code_one(INSN_ECALL, 0, 0, true);
	CHECK_EQ(frame.cause, CAUSE_ECALL_U, "cause of ecall from U-mode");
	CHECK_EQ(frame.pc, code_address(), "sepc of ecall from U-mode");
	CHECK(!(frame.status & SSTATUS_SPP), "SPP set by ecall from U-mode");
	frame = code_one(INSN_EBREAK, 0, 0, true);
	CHECK_EQ(frame.cause, CAUSE_BREAKPOINT, "cause of ebreak in U-mode");
	frame = code_one(0x9002, 0, 0, false);
	CHECK_EQ(frame.cause, CAUSE_BREAKPOINT, "cause of c.ebreak");
	CHECK_EQ(frame.pc, code_address(), "sepc of c.ebreak");
	test_end();
}

static void test_misaligned(void)
{
	static uint8_t bytes[16] __attribute__((aligned(16)));
	struct frame frame;

	test_begin("misaligned accesses");
	for (unsigned int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(i * 17);
	frame = code_one(code_i(OP_LOAD, 3, 11, 10, 0), (unsigned long)bytes + 1, 0, false);
	if (code_completed(&frame))
		CHECK_EQ(frame.x[11], 0x8877665544332211, "what ld loads");
	else
		CHECK_EQ(frame.cause, CAUSE_LOAD_MISALIGNED, "cause of ld");
	frame = code_one(code_s(OP_STORE, 2, 10, 11, 0), (unsigned long)bytes + 3, 0xa1b2c3d4,
			 false);
	if (code_completed(&frame))
		CHECK(bytes[2] == 0x22 && bytes[3] == 0xd4 && bytes[6] == 0xa1 && bytes[7] == 0x77,
		      "what sw stored");
	else
		CHECK_EQ(frame.cause, CAUSE_STORE_MISALIGNED, "cause of sw");
	frame = code_one(0x100535af, (unsigned long)bytes + 1, 0, false); /* lr.d */
	CHECK(frame.cause >= CAUSE_BREAKPOINT && frame.cause <= CAUSE_LOAD_ACCESS,
	      "lr.d ends in cause %lu", frame.cause);
	frame = code_one(0x00b535af, (unsigned long)bytes + 1, 0, false); /* amoadd.d */
	CHECK(frame.cause == CAUSE_BREAKPOINT || frame.cause == CAUSE_STORE_MISALIGNED ||
		      frame.cause == CAUSE_STORE_ACCESS,
	      "amoadd.d ends in cause %lu", frame.cause);
	test_end();
}

static void expect_csr(unsigned int csr, const char *name)
{
	struct frame frame = code_one(code_csr(2, csr, 11, 0), 0, 0, false);

	CHECK(code_completed(&frame), "reading %s ends in cause %lu", name, frame.cause);
}

static void test_csrs(void)
{
	test_begin("supervisor csrs");
	expect_csr(CSR_SSTATUS, "sstatus");
	expect_csr(CSR_SIE, "sie");
	expect_csr(CSR_STVEC, "stvec");
	expect_csr(CSR_SCOUNTEREN, "scounteren");
	expect_csr(CSR_SENVCFG, "senvcfg");
	expect_csr(CSR_SSCRATCH, "sscratch");
	expect_csr(CSR_SEPC, "sepc");
	expect_csr(CSR_SIP, "sip");
	expect_csr(CSR_SATP, "satp");
	expect_csr(CSR_TIME, "time");
	CHECK_EQ(csr_read(CSR_SSTATUS) >> 32 & 3, 2, "sstatus.UXL");
	csr_write(CSR_SIE, 0x222);
	CHECK_EQ(csr_read(CSR_SIE) & 0x222, 0x222, "sie after writing 0x222");
	csr_write(CSR_SIE, 0);
	CHECK_EQ(csr_read(CSR_SIE) & 0x222, 0, "sie after writing 0");
	csr_set(CSR_SIP, 1 << IRQ_SSI);
	CHECK(csr_read(CSR_SIP) & 1 << IRQ_SSI, "sip.SSIP was not set");
	csr_clear(CSR_SIP, 1 << IRQ_SSI);
	CHECK(!(csr_read(CSR_SIP) & 1 << IRQ_SSI), "sip.SSIP was not cleared");
	CHECK_EQ(csr_read(CSR_SATP), 0, "satp at the start");
	if (fdt_has_extension("sstc"))
		expect_csr(CSR_STIMECMP, "stimecmp");
	test_end();
	test_begin("aia csrs");
	if (!fdt_has_extension("ssaia")) {
		test_skip("no ssaia in the device tree");
	} else {
		expect_csr(CSR_SISELECT, "siselect");
		csr_write(CSR_SISELECT, 0x70);
		expect_csr(CSR_SIREG, "eidelivery");
		csr_write(CSR_SISELECT, 0x72);
		expect_csr(CSR_SIREG, "eithreshold");
		csr_write(CSR_SISELECT, 0x30);
		expect_csr(CSR_SIREG, "iprio0");
		expect_csr(CSR_STOPEI, "stopei");
		expect_csr(CSR_STOPI, "stopi");
	}
	test_end();
}

/* Every CSR number gives a value or an illegal instruction, and machine-level ones the latter. */
static void test_csr_scan(void)
{
	unsigned int readable = 0;

	test_begin("scan of all csrs");
	for (unsigned int csr = 0; csr < 4096; csr++) {
		unsigned int level = csr >> 8 & 3;
		struct frame frame = code_one(code_csr(2, csr, 11, 0), 0, 0, false);

		if (code_completed(&frame)) {
			readable++;
			CHECK(level != 3, "machine CSR %#x can be read", csr);
			CHECK(bare || level != 2, "hypervisor CSR %#x can be read", csr);
		} else {
			CHECK(frame.cause == CAUSE_ILLEGAL, "CSR %#x ends in cause %lu", csr,
			      frame.cause);
		}
	}
	print("  %u CSRs can be read", readable);
	test_end();
}

void payload_main(void)
{
	bare = sbi_is_bare();
	test_base();
	test_probe();
	test_unknown();
	test_registers();
	test_reset_errors();
	test_console();
	test_illegal();
	test_nothing_there();
	test_address_ends();
	test_fetch();
	test_user_calls();
	test_misaligned();
	test_csrs();
	test_csr_scan();
}
