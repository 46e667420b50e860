/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generator behind hostile.c. All state is per hart, except the facts about the machine,
 * which fuzz_init() finds.
 */
#include "fuzz.h"
#include "aia.h"
#include "code.h"
#include "csr.h"
#include "fdt.h"
#include "hart.h"
#include "plic.h"
#include "sbi.h"
#include "sv39.h"
#include "test.h"

#include <string.h>

#define CODE_BYTES 4096
#define SCRATCH_SIZE SIZE_2M
#define RESET_DEVICE 0x100000ul
#define HOLE 0x08000000ul
#define FOREIGN_PAGES 16

static uint16_t buffers[MAX_HARTS][CODE_BYTES / 2] __attribute__((aligned(4096)));
static char text[8192] __attribute__((aligned(8192)));
static unsigned long scratch, ram, ram_end, uart, rtc;
static bool bare;

uint64_t fuzz_random(struct fuzz *fuzz)
{
	fuzz->state ^= fuzz->state >> 12;
	fuzz->state ^= fuzz->state << 25;
	fuzz->state ^= fuzz->state >> 27;
	return fuzz->state * 0x2545f4914f6cdd1d;
}

unsigned int fuzz_below(struct fuzz *fuzz, unsigned int limit)
{
	return (unsigned int)((fuzz_random(fuzz) >> 32) * limit >> 32);
}

void fuzz_begin(struct fuzz *fuzz, uint64_t seed, unsigned long hart)
{
	fuzz->state = (seed + 1) * 0x9e3779b97f4a7c15 ^ (hart + 1) * 0xd1342543de82ef95;
	for (int i = 0; i < 8; i++)
		fuzz_random(fuzz);
}

void fuzz_init(void)
{
	struct fdt_device memory = fdt_memory();

	bare = sbi_is_bare();
	ram = memory.address;
	ram_end = memory.address + memory.size;
	scratch = (ram + memory.size / 2) & -SCRATCH_SIZE;
	if (fdt_address() < scratch + SCRATCH_SIZE && scratch < fdt_address() + fdt_size())
		scratch += SCRATCH_SIZE;
	uart = fdt_device("ns16550a").address;
	rtc = fdt_device("google,goldfish-rtc").address;
	memset(text, '.', sizeof(text));
}

unsigned long fuzz_code_address(void)
{
	return (unsigned long)buffers[this_hart()->id];
}

/* An address on or beside a boundary; never in the image. */
static unsigned long boundary(struct fuzz *fuzz)
{
	static const unsigned long distances[] = { 0, 0, 0, 1, 2, 4, 8, 16, 4, 8, 4096, 4092 };
	unsigned long near = distances[fuzz_below(fuzz, 12)];
	unsigned long base;

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		base = ram_end;
		break;
	case 1:
		base = scratch + SCRATCH_SIZE / 2;
		break;
	case 2:
		base = ram_end + (1ul << (12 + fuzz_below(fuzz, 20)));
		break;
	case 3:
		base = 1ul << (32 + fuzz_below(fuzz, 32));
		break;
	case 4:
		base = (1ul << (36 + fuzz_below(fuzz, 24))) + ram;
		break;
	case 5:
		base = 0;
		break;
	case 6:
		base = 0xffffffc000000000 + (fuzz_random(fuzz) & 0x3fffff000);
		break;
	default:
		base = HOLE + (fuzz_random(fuzz) & 0xfffff8);
	}
	return fuzz_below(fuzz, 2) ? base - near : base + near;
}

/* A register of the PLIC, or nearly one. */
static unsigned long plic_place(struct fuzz *fuzz)
{
	unsigned int context = fuzz_below(fuzz, 2 * hart_count + 2);
	const unsigned int offsets[] = {
		PLIC_PRIORITY(fuzz_below(fuzz, 110)),
		PLIC_PENDING(fuzz_below(fuzz, 5)),
		PLIC_ENABLE(context, fuzz_below(fuzz, 5)),
		PLIC_THRESHOLD(context),
		PLIC_CLAIM(context),
		fuzz_below(fuzz, (unsigned int)plic.size - 8),
	};

	return plic.address + offsets[fuzz_below(fuzz, sizeof(offsets) / sizeof(offsets[0]))] +
	       (fuzz_below(fuzz, 8) ? 0 : fuzz_below(fuzz, 4));
}

/* An address of a device, aligned or not. */
static unsigned long device(struct fuzz *fuzz)
{
	unsigned long hart = fuzz_below(fuzz, hart_count + 1);

	switch (fuzz_below(fuzz, 5)) {
	case 0:
		return uart + fuzz_below(fuzz, 16);
	case 1:
		return rtc ? rtc + fuzz_below(fuzz, 0x40) : HOLE;
	case 2:
		return aia.has_imsic ? (unsigned long)imsic_page(hart) +
					       (fuzz_below(fuzz, 2) ? 4 * fuzz_below(fuzz, 2)
								    : fuzz_below(fuzz, 4096))
				     : HOLE;
	default:
		if (plic.address)
			return plic_place(fuzz);
		return aia.has_aplic ? aia.aplic + (fuzz_below(fuzz, 4)
							    ? 4 * fuzz_below(fuzz, APLIC_SIZE / 4)
							    : fuzz_below(fuzz, 0x8000))
				     : HOLE;
	}
}

unsigned long fuzz_value(struct fuzz *fuzz)
{
	unsigned long value;

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return fuzz_below(fuzz, 4096);
	case 1:
		return -(unsigned long)fuzz_below(fuzz, 4096);
	case 2:
	case 3:
		return scratch + SCRATCH_SIZE / 4 + (fuzz_random(fuzz) & 0xffff);
	case 4:
	case 5:
		return boundary(fuzz);
	case 6:
		value = 1ul << fuzz_below(fuzz, 64);
		/* Not the device that turns the machine off. */
		return value == RESET_DEVICE ? value - 8 : value;
	default:
		value = fuzz_random(fuzz);
		/* Keep plain numbers away from RAM and devices, whose addresses come from above. */
		return value | 1ul << 40;
	}
}

unsigned long fuzz_user_value(struct fuzz *fuzz)
{
	unsigned long offset = fuzz_random(fuzz) & 0x3fff;

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return FUZZ_USER_DATA + (offset & ~7ul);
	case 1:
		return FUZZ_USER_DATA + offset;
	case 2:
	case 3:
		return FUZZ_USER_DEVICES + offset + 0x4000 * fuzz_below(fuzz, 4);
	case 4:
		return FUZZ_USER_FOREIGN + offset * 4;
	case 5:
		return FUZZ_USER_CODE + (offset & 0xfff);
	default:
		return fuzz_value(fuzz);
	}
}

/* Would a write to this CSR keep the trap handler from running? */
static bool csr_is_vital(unsigned int csr)
{
	if (csr == CSR_STVEC || csr == CSR_SSCRATCH || csr == CSR_SATP)
		return true;
	/* On the bare machine this is HS-mode, which depends on the hypervisor's CSRs too. */
	return bare && (csr >> 8 == 2 || csr >> 8 == 6);
}

static unsigned int random_csr(struct fuzz *fuzz)
{
	static const uint16_t usual[] = {
		0x001, 0x002, 0x003, 0x008, 0x009, 0x00a, 0x00f, 0x011, 0x015, 0x017, 0x100,
		0x104, 0x106, 0x10a, 0x10c, 0x10d, 0x120, 0x141, 0x142, 0x143, 0x144, 0x14d,
		0x150, 0x151, 0x152, 0x153, 0x155, 0x156, 0x157, 0x15c, 0x200, 0x204, 0x240,
		0x241, 0x244, 0x24d, 0x250, 0x251, 0x25c, 0x280, 0x5a8, 0x600, 0x602, 0x603,
		0x604, 0x606, 0x607, 0x608, 0x609, 0x60a, 0x643, 0x644, 0x645, 0x646, 0x64a,
		0x680, 0xc00, 0xc01, 0xc02, 0xc03, 0xc20, 0xc21, 0xc22, 0xda0, 0xdb0, 0xe12,
		0xeb0, 0x14e, 0x181, 0x300, 0x7a0, 0xb00, 0xf14
	};
	unsigned int csr;

	do
		csr = fuzz_below(fuzz, 3)
			      ? usual[fuzz_below(fuzz, sizeof(usual) / sizeof(usual[0]))]
			      : fuzz_below(fuzz, 4096);
	while (csr_is_vital(csr));
	return csr;
}

/* One instruction with fields that mean something. */
static uint32_t plausible(struct fuzz *fuzz)
{
	static const uint32_t fixed[] = { INSN_ECALL, INSN_EBREAK,  INSN_SRET,	INSN_MRET,
					  INSN_WFI,   INSN_FENCE_I, 0x0ff0000f, 0x00d00073,
					  0x01d00073, 0x0100000f,   0x10500073, 0x7b200073,
					  0x18000073, 0x18100073 };
	static const uint8_t opcodes[] = { OP_LOAD, OP_LOAD_FP, OP_STORE, OP_STORE_FP, OP_AMO };
	uint32_t random = (uint32_t)fuzz_random(fuzz);

	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return fixed[fuzz_below(fuzz, sizeof(fixed) / sizeof(fixed[0]))];
	case 1:
	case 2:
		return random_csr(fuzz) << 20 | (random & 0xff000) | (random & 0xf80) | 0x73;
	case 3: /* hlv, hlvx, hsv */
		return 0x60004073 | (random & 0x1ffffff & ~0x7fffu) | (random & 0xf80) |
		       (random & 7) << 25;
	case 4: /* fences of all kinds */
		return (fuzz_below(fuzz, 2) ? 0x12000073 : 0x22000073) | (random & 0x40ff8000);
	case 5: /* cbo.* */
		return 0x0000200f | (random & 7) << 20 | (random & 0xf8000);
	default:
		return (random & ~0x7fu) | opcodes[fuzz_below(fuzz, sizeof(opcodes))];
	}
}

static bool is_system_csr(uint32_t instruction)
{
	return (instruction & 0x7f) == 0x73 && (instruction >> 12 & 3) != 0;
}

/* Jumps leave the buffer, where S-mode has nothing to stop it. */
static bool is_jump(uint32_t instruction)
{
	unsigned int opcode = instruction & 0x7f, quadrant = instruction & 3;
	unsigned int funct3 = instruction >> 13 & 7;

	if (quadrant == 3)
		return opcode == 0x63 || opcode == 0x67 || opcode == 0x6f;
	if (quadrant == 1)
		return funct3 >= 5;
	return quadrant == 2 && (funct3 == 4 || funct3 == 5);
}

/* OpenSBI prints a message for each of these that is illegal, which takes its time. */
static bool is_noisy(uint32_t instruction)
{
	return (instruction & 0x7f) == 0x73 && (instruction >> 12 & 3) == 0;
}

/* UXL = 3 makes QEMU 10 abort at the next read of vtype; immediates do not reach that field. */
static bool is_fatal_to_qemu(uint32_t instruction)
{
	return is_system_csr(instruction) && instruction >> 20 == CSR_SSTATUS &&
	       !(instruction >> 14 & 1) && (instruction >> 15 & 31);
}

static uint32_t instruction_make(struct fuzz *fuzz, bool user)
{
	for (;;) {
		uint32_t instruction;

		switch (fuzz_below(fuzz, 8)) {
		case 0:
		case 1:
			instruction = (uint32_t)fuzz_random(fuzz) | 3;
			break;
		case 2:
			instruction = (uint32_t)fuzz_random(fuzz) & 0xffff;
			break;
		default:
			instruction = plausible(fuzz);
		}
		if (is_noisy(instruction) && fuzz_below(fuzz, 32))
			continue;
		if (user)
			return instruction;
		/* An ECALL could ask for anything; fuzz_sbi_call() knows what not to ask for. */
		if (is_jump(instruction) || instruction == INSN_ECALL)
			continue;
		if (is_system_csr(instruction) && csr_is_vital(instruction >> 20))
			continue;
		if (is_fatal_to_qemu(instruction))
			continue;
		return instruction;
	}
}

static void buffer_end(uint16_t *at)
{
	for (int i = 0; i < 8; i++) {
		*at++ = (uint16_t)INSN_EBREAK;
		*at++ = (uint16_t)(INSN_EBREAK >> 16);
	}
	fence_i();
}

static uint16_t *buffer_put(uint16_t *at, uint32_t instruction)
{
	*at++ = (uint16_t)instruction;
	if ((instruction & 3) == 3)
		*at++ = (uint16_t)(instruction >> 16);
	return at;
}

void fuzz_code(struct fuzz *fuzz, unsigned int count, bool user)
{
	uint16_t *at = buffers[this_hart()->id];

	while (count-- > 0)
		at = buffer_put(at, instruction_make(fuzz, user));
	buffer_end(at);
}

/* li rd, value as a chain of addi and slli. */
static uint16_t *buffer_load(uint16_t *at, unsigned int rd, unsigned long value)
{
	at = buffer_put(at, code_i(0x13, 0, rd, 0, (int)(value >> 55) & 0x1ff));
	for (int shift = 44; shift >= 0; shift -= 11) {
		at = buffer_put(at, code_i(0x13, 1, rd, rd, 11));
		at = buffer_put(at, code_i(0x13, 6, rd, rd, (int)(value >> shift & 0x7ff)));
	}
	return at;
}

void fuzz_device_access(struct fuzz *fuzz)
{
	unsigned long address = fuzz_below(fuzz, 4) ? device(fuzz) : boundary(fuzz);
	unsigned long value = fuzz_below(fuzz, 2) ? fuzz_below(fuzz, 512) : fuzz_random(fuzz);
	unsigned int base = 1 + fuzz_below(fuzz, 31), other = 1 + fuzz_below(fuzz, 31);
	uint32_t random = (uint32_t)fuzz_random(fuzz), instruction;
	uint16_t *at = buffers[this_hart()->id];

	if (other == base)
		other = base % 31 + 1;
	/* What goes out on the line stays readable. */
	if (address - uart < 8)
		value = 0x2e2e2e2e2e2e2e2e;
	switch (fuzz_below(fuzz, 8)) {
	case 0:
		instruction = (random & ~0xfffffu) | base << 15 | (random & 0x7000) | other << 7 |
			      OP_AMO;
		break;
	case 1:
		instruction = code_i(OP_LOAD_FP, random >> 12 & 7, other, base, 0);
		break;
	case 2:
		instruction = code_s(OP_STORE_FP, random >> 12 & 7, base, other, 0);
		break;
	case 3:
	case 4:
	case 5:
		instruction = code_s(OP_STORE, random >> 12 & 3, base, other, 0);
		break;
	default:
		instruction = code_i(OP_LOAD, random >> 12 & 7, other, base, 0);
	}
	at = buffer_load(at, base, address);
	at = buffer_load(at, other, value);
	at = buffer_put(at, instruction);
	buffer_end(at);
}

uint64_t *fuzz_user_root(void)
{
	uint64_t *root = sv39_create();

	/* S-mode finds its image where it is without translation; U-mode may not touch it. */
	sv39_map(root, 2 * SIZE_1G, 2 * SIZE_1G, SIZE_1G, PTE_RWX | PTE_G);
	/* One table for all the pages that fuzz_user_pages() fills in. */
	for (unsigned int i = 0; i < 4; i++)
		sv39_map(root, FUZZ_USER_DATA + i * SIZE_4K, scratch + i * SIZE_4K, SIZE_4K,
			 PTE_RW | PTE_U);
	for (unsigned int i = 0; i < 16 && aia.has_aplic; i++)
		if (i < 8)
			sv39_map(root, FUZZ_USER_DEVICES + i * SIZE_4K, aia.aplic + i * SIZE_4K,
				 SIZE_4K, PTE_RW | PTE_U);
		else if (aia.has_imsic)
			sv39_map(root, FUZZ_USER_DEVICES + i * SIZE_4K, (uint64_t)imsic_page(i - 8),
				 SIZE_4K, PTE_RW | PTE_U);
	for (unsigned int i = 0; i < FOREIGN_PAGES; i++)
		sv39_map(root, FUZZ_USER_FOREIGN + i * SIZE_4K, HOLE, SIZE_4K, PTE_RWX | PTE_U);
	sv39_map(root, FUZZ_USER_CODE, 0, SIZE_4K, 0);
	return root;
}

/* A physical page for the page table: anything that is not RAM of this machine or a device. */
static uint64_t foreign_page(struct fuzz *fuzz)
{
	for (;;) {
		uint64_t page = fuzz_below(fuzz, 2) ? boundary(fuzz) : fuzz_random(fuzz);

		page &= (1ul << 56) - SIZE_4K;
		if (!fdt_claims(page, SIZE_4K) && (!bare || page > ram_end))
			return page;
	}
}

void fuzz_user_pages(struct fuzz *fuzz, uint64_t *root)
{
	unsigned int changed = fuzz_below(fuzz, FOREIGN_PAGES);
	uint64_t flags = fuzz_below(fuzz, 4) ? PTE_RWX | PTE_U
					     : (fuzz_random(fuzz) & 0xfful) |
						       (fuzz_random(fuzz) & 0xffful) << 52;
	uint64_t *entry = sv39_entry(root, FUZZ_USER_FOREIGN + changed * SIZE_4K);

	*entry = sv39_leaf(foreign_page(fuzz), flags);
	*sv39_entry(root, FUZZ_USER_CODE) = sv39_leaf(fuzz_code_address(),
						      PTE_V | PTE_R | PTE_X | PTE_U | PTE_A);
}

/* An argument for an SBI call: small, a mask, an id, an address on a boundary or in scratch. */
static unsigned long argument(struct fuzz *fuzz)
{
	switch (fuzz_below(fuzz, 8)) {
	case 0:
		return fuzz_below(fuzz, 8);
	case 1:
		return -1ul;
	case 2:
		return 1ul << fuzz_below(fuzz, 64);
	case 3:
		return fuzz_below(fuzz, 256);
	case 4:
		return scratch + fuzz_below(fuzz, 0x10000);
	case 5:
		return fuzz_below(fuzz, 2) ? 0 : 0x80000000ul + fuzz_below(fuzz, 4) * 0x10000000ul;
	default:
		return boundary(fuzz);
	}
}

/* Does a call end this machine, stop this hart or take something that the payload needs? */
static bool call_is_fatal(const struct fuzz_call *call)
{
	unsigned long fid = call->fid & 0xffffffff;

	switch (call->eid & 0xffffffff) {
	case SBI_SRST:
		return (call->arg[0] & 0xffffffff) <= 2 ||
		       (call->arg[0] & 0xffffffff) >= 0xf0000000;
	case 8:
		return true;
	case SBI_HSM:
		return fid == 1 || (fid == 3 && (call->arg[0] & 0xffffffff) != 0) ||
		       (fid == 0 && bare);
	case SBI_SUSP:
		return bare || (call->arg[0] & 0xffffffff) == 0;
	case SBI_FWFT: /* shadow stacks, landing pads and the like break S-mode itself */
		return fid == 0 && (call->arg[0] & 0xffffffff) != 0;
	case SBI_SSE: /* an event would run at an address that means nothing */
		return fid == 2 || fid == 4 || fid == 7 || fid == 8 || bare;
	case SBI_DBCN:
	case SBI_PMU:
	case SBI_DBTR:
	case SBI_MPXY:
	case SBI_NACL:
	case SBI_STA: /* OpenSBI does not survive bad addresses. */
		return bare;
	case 1:
	case 4:
	case 5:
	case 6:
	case 7: /* the legacy calls with pointers */
		return bare;
	default:
		return false;
	}
}

/* What is written to the console comes from `text`, so that the log stays readable. */
static void console_tame(struct fuzz *fuzz, struct fuzz_call *call)
{
	if (call->eid == 1)
		call->arg[0] = '.';
	if (call->eid != SBI_DBCN)
		return;
	if (call->fid == 2)
		call->arg[0] = (call->arg[0] & ~0xfful) | '.';
	else if (call->fid == 0 && call->arg[2] == 0 && call->arg[1] < ram_end &&
		 call->arg[1] + 0x10000 >= ram && call->arg[1] + call->arg[0] <= ram_end) {
		call->arg[0] = fuzz_below(fuzz, 8);
		call->arg[1] = (unsigned long)text + 4092;
	} else if (call->fid == 1 && call->arg[1] >= ram && call->arg[1] < ram_end)
		call->arg[1] = scratch + (call->arg[1] & 0xffff);
}

/* What these extensions write into memory goes to `scratch`, not over the payload. */
static void memory_tame(struct fuzz_call *call)
{
	if (call->eid != SBI_STA && call->eid != SBI_PMU && call->eid != SBI_DBTR &&
	    call->eid != SBI_SSE)
		return;
	for (int i = 0; i < 6; i++)
		if (call->arg[i] >= ram && call->arg[i] < ram_end)
			call->arg[i] = scratch + (call->arg[i] & 0xffff);
}

struct fuzz_call fuzz_sbi_call(struct fuzz *fuzz)
{
	static const unsigned long eids[] = { 0,	1,	    2,	      3,	4,
					      5,	6,	    7,	      SBI_BASE, SBI_TIME,
					      SBI_IPI,	SBI_RFENCE, SBI_HSM,  SBI_SRST, SBI_PMU,
					      SBI_DBCN, SBI_SUSP,   SBI_CPPC, SBI_NACL, SBI_STA,
					      SBI_SSE,	SBI_FWFT,   SBI_DBTR, SBI_MPXY, SBI_TIME,
					      SBI_IPI,	SBI_RFENCE, SBI_HSM,  SBI_DBCN, SBI_DBCN };
	struct fuzz_call call;

	do {
		call.eid = fuzz_below(fuzz, 16)
				   ? eids[fuzz_below(fuzz, sizeof(eids) / sizeof(eids[0]))]
				   : fuzz_random(fuzz) >> fuzz_below(fuzz, 64);
		call.fid = fuzz_below(fuzz, 16) ? fuzz_below(fuzz, 10) : fuzz_random(fuzz);
		for (int i = 0; i < 6; i++)
			call.arg[i] = argument(fuzz);
	} while (call_is_fatal(&call));
	console_tame(fuzz, &call);
	memory_tame(&call);
	return call;
}
