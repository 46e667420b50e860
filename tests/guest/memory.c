/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that the device tree names beside the RAM: plain ranges keep what is written to each
 * of their pages, read-only ones do not change whatever tries, shared ones show what another VM
 * wrote. Around all of them nothing is, and each access there ends in an access fault with the
 * right address.
 */
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>
#include <string.h>

const char payload_name[] = "memory";

#define WINDOW 0x1000000000ul /* where page tables of this payload show a range */
#define RANGES_MAX 20
#define HOLE_PAGES 16 /* of a hole that are looked at, from each side */
#define WAIT_SECONDS 60
#define MAGIC 0x6d61696c626f7820ul

#define INSN_LD code_i(OP_LOAD, 3, 12, 10, 0)
#define INSN_SD code_s(OP_STORE, 3, 10, 11, 0)
#define INSN_JR 0x00050067u
#define OP_MISC_MEM 0x0f

struct range {
	unsigned long base, size;
};

static struct range ram, plain[RANGES_MAX], read_only[RANGES_MAX], shared[RANGES_MAX];
static unsigned int plains, read_onlys, shareds;

/* The nodes that have @value in @property, from number @first on. */
static unsigned int collect(struct range *ranges, const char *property, const char *value,
			    unsigned int first)
{
	unsigned int count = 0;

	while (count < RANGES_MAX) {
		struct fdt_device device = fdt_nth(property, value, first + count);

		if (!device.address)
			break;
		ranges[count++] = (struct range){ device.address, device.size };
	}
	return count;
}

static void expect(uint32_t instruction, unsigned long address, unsigned long cause,
		   const char *what)
{
	struct frame frame = code_one(instruction, address, 0x5a5a, false);

	CHECK(frame.cause == cause, "%s of %#lx ends in cause %lu, not %lu", what, address,
	      frame.cause, cause);
	CHECK(frame.tval == address, "%s of %#lx: stval is %#lx", what, address, frame.tval);
}

static void expect_nothing(unsigned long address)
{
	expect(INSN_LD, address, CAUSE_LOAD_ACCESS, "load");
	expect(INSN_SD, address, CAUSE_STORE_ACCESS, "store");
	expect(INSN_JR, address, CAUSE_FETCH_ACCESS, "fetch");
}

/* ---- files ---- */

/* What the file of a range holds: code that returns 42 at first. */
static uint8_t file_byte(unsigned long at)
{
	static const uint8_t code[] = { 0x13, 0x05, 0xa0, 0x02, 0x67, 0x80, 0x00, 0x00 };

	return at < sizeof(code) ? code[at] : (uint8_t)(at * 7 + (at >> 8));
}

static void content_check(const struct range *range, unsigned long file)
{
	const volatile uint8_t *bytes = (const volatile uint8_t *)range->base;
	unsigned long wrong = 0;

	for (unsigned long at = 0; at < range->size; at++)
		wrong += bytes[at] != (at < file ? file_byte(at) : 0);
	CHECK(!wrong, "%lu bytes at %#lx are not those of the file", wrong, range->base);
}

/* ---- plain ranges ---- */

static unsigned long page_mark(unsigned long address)
{
	return address * 0x9e3779b97f4a7c15ul ^ MAGIC;
}

static volatile unsigned long *word(unsigned long address)
{
	return (volatile unsigned long *)address;
}

/* Before anything is written to it: also after a reset. */
static void test_data(void)
{
	unsigned long data = args_number("data", 0);

	test_begin("a plain range begins with its file");
	if (!plains || !data)
		test_skip("no plain range with a file");
	else
		content_check(&(struct range){ plain[0].base, data }, data);
	test_end();
}

/* Marks the ends of each page of all ranges, and then looks at them. */
static void test_plain(void)
{
	unsigned long pages = 0, wrong = 0;

	test_begin("each page is its own");
	if (!plains)
		test_skip("no further memory node");
	for (unsigned int i = 0; i < plains; i++) {
		for (unsigned long at = 0; at < plain[i].size; at += SIZE_4K, pages++) {
			*word(plain[i].base + at) = page_mark(plain[i].base + at);
			*word(plain[i].base + at + SIZE_4K - 8) = ~page_mark(plain[i].base + at);
		}
	}
	for (unsigned int i = 0; i < plains; i++) {
		for (unsigned long at = 0; at < plain[i].size; at += SIZE_4K) {
			wrong += *word(plain[i].base + at) != page_mark(plain[i].base + at);
			wrong += *word(plain[i].base + at + SIZE_4K - 8) !=
				 ~page_mark(plain[i].base + at);
		}
	}
	CHECK_EQ(wrong, 0, "doublewords that are not what was written");
	print("  %u ranges, %lu pages", plains, pages);
	test_end();
}

static void test_ram_ends(void)
{
	unsigned long last = ram.base + ram.size - 8, kept = *word(last);

	test_begin("first and last page of the ram");
	*word(ram.base) = MAGIC;
	CHECK_EQ(*word(ram.base), MAGIC, "the first doubleword");
	*word(last) = ~MAGIC;
	CHECK_EQ(*word(last), ~MAGIC, "the last doubleword");
	*word(last) = kept;
	print("  from %#lx to %#lx", ram.base, ram.base + ram.size);
	test_end();
}

/* ---- what is around ---- */

static unsigned int hole_check(unsigned long from, long step)
{
	unsigned int pages = 0;

	while (pages < HOLE_PAGES && !fdt_claims(from & -SIZE_4K, SIZE_4K)) {
		expect_nothing(from);
		from += (unsigned long)step;
		pages++;
	}
	return pages;
}

static unsigned int around_check(const struct range *ranges, unsigned int count)
{
	unsigned int pages = 0;

	for (unsigned int i = 0; i < count; i++) {
		pages += hole_check(ranges[i].base + ranges[i].size, SIZE_4K);
		pages += hole_check(ranges[i].base - 8, -(long)SIZE_4K);
	}
	return pages;
}

static void test_around(void)
{
	unsigned int pages;

	test_begin("nothing is around");
	pages = around_check(&ram, 1) + around_check(plain, plains) +
		around_check(read_only, read_onlys) + around_check(shared, shareds);
	print("  %u pages of holes", pages);
	CHECK(pages, "there is no hole");
	test_end();
}

/* ---- read-only ranges ---- */

static void refused(const uint32_t *instructions, unsigned int count, unsigned long address)
{
	struct frame frame;

	memset(&frame, 0, sizeof(frame));
	frame.x[10] = address;
	frame.x[11] = 0x5a5a;
	code_run(&frame, instructions, count, false);
	CHECK(frame.cause == CAUSE_STORE_ACCESS, "%#x at %#lx ends in cause %lu",
	      instructions[count - 1], address, frame.cause);
	CHECK(frame.tval == address, "%#x at %#lx: stval is %#lx", instructions[count - 1], address,
	      frame.tval);
	CHECK(frame.pc == code_address() + 4 * (count - 1), "%#x: sepc is %#lx",
	      instructions[count - 1], frame.pc);
}

/* x11 or f1 to the address in x10. */
static void stores_refused(unsigned long at)
{
	const uint32_t plain_stores[] = {
		code_s(OP_STORE, 0, 10, 11, 0), code_s(OP_STORE, 1, 10, 11, 0),
		code_s(OP_STORE, 2, 10, 11, 0), code_s(OP_STORE, 3, 10, 11, 0),
		0xc000 | 2 << 7 | 3 << 2, /* c.sw */
		0xe000 | 2 << 7 | 3 << 2, /* c.sd */
	};
	const uint32_t fp_stores[] = { code_s(OP_STORE_FP, 2, 10, 1, 0),
				       code_s(OP_STORE_FP, 3, 10, 1, 0) };
	const uint32_t byte = 0x8800 | 2 << 7 | 3 << 2, half = 0x8c00 | 2 << 7 | 3 << 2;
	const uint32_t zero = code_i(OP_MISC_MEM, 2, 0, 10, 4);

	for (unsigned int i = 0; i < sizeof(plain_stores) / sizeof(plain_stores[0]); i++)
		refused(&plain_stores[i], 1, at);
	csr_set(CSR_SSTATUS, SSTATUS_FS);
	for (unsigned int i = 0; i < 2 && fdt_has_extension("d"); i++)
		refused(&fp_stores[i], 1, at);
	csr_clear(CSR_SSTATUS, SSTATUS_FS);
	if (fdt_has_extension("zcb")) {
		refused(&byte, 1, at);
		refused(&half, 1, at);
	}
	if (fdt_has_extension("zicboz"))
		refused(&zero, 1, at & -64ul);
}

/* AMOs, also of bytes and halves, and SC behind an LR that succeeds. */
static void atomics_refused(unsigned long at)
{
	static const unsigned int operations[] = { 0x00, 0x01, 0x04, 0x08, 0x0c,
						   0x10, 0x14, 0x18, 0x1c };

	for (unsigned int width = fdt_has_extension("zabha") ? 0 : 2; width <= 3; width++) {
		uint32_t operands = 11 << 20 | 10 << 15 | width << 12 | 12 << 7 | OP_AMO;
		uint32_t pair[] = { 0x2u << 27 | 10 << 15 | width << 12 | 13 << 7 | OP_AMO,
				    0x3u << 27 | operands };

		for (unsigned int i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
			refused(&(uint32_t){ operations[i] << 27 | operands }, 1, at);
		if (width >= 2)
			refused(pair, 2, at);
	}
}

/* Through a page that this payload's own tables call writable. */
static void mapped_store_refused(unsigned long at)
{
	uint64_t *root = sv39_create_identity();

	sv39_map(root, WINDOW, at & -SIZE_4K, SIZE_4K, PTE_RWX);
	sv39_use(root, 1);
	expect(INSN_SD, WINDOW + (at & (SIZE_4K - 1)), CAUSE_STORE_ACCESS, "mapped store");
	CHECK_EQ(*word(WINDOW + (at & (SIZE_4K - 1))), *word(WINDOW + (at & (SIZE_4K - 1))),
		 "a mapped load");
	sv39_use(NULL, 0);
}

/* The hypervisor does not write there for the guest, either. */
static void console_refused(unsigned long at)
{
	struct sbiret ret = sbi_call(SBI_DBCN, 1, 8, at, 0);

	CHECK_EQ(ret.error, SBI_ERR_INVALID_PARAM, "error of a console read");
	ret = sbi_call(SBI_DBCN, 0, 0, at, 0);
	CHECK_EQ(ret.error, SBI_SUCCESS, "error of a console write of nothing");
}

static void writes_refused(const struct range *range)
{
	const unsigned long places[] = { range->base, range->base + 64,
					 range->base + range->size - 8 };

	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		stores_refused(places[i]);
		atomics_refused(places[i]);
		console_refused(places[i]);
	}
	mapped_store_refused(range->base + 8);
	mapped_store_refused(range->base + range->size - 8);
}

static void test_read_only(void)
{
	unsigned long file = args_number("file", 0);

	test_begin("read-only ranges do not change");
	if (!read_onlys || !file)
		test_skip("no hartvisor,read-only-memory with a file");
	for (unsigned int i = 0; i < read_onlys && file; i++) {
		long (*code)(void) = (long (*)(void))read_only[i].base;

		content_check(&read_only[i], file);
		CHECK_EQ(code(), 42, "what the code in it returns");
		writes_refused(&read_only[i]);
		content_check(&read_only[i], file);
	}
	test_end();
}

/* ---- shared ranges ---- */

/* All but the first page, by the place in the region: each VM has it elsewhere. */
static void pattern_write(const struct range *range)
{
	for (unsigned long at = SIZE_4K; at < range->size; at += 8)
		*word(range->base + at) = page_mark(at);
	fence();
}

static void pattern_check(const struct range *range)
{
	unsigned long wrong = 0;

	fence(); /* what was waited for came before this */
	for (unsigned long at = SIZE_4K; at < range->size; at += 8)
		wrong += *word(range->base + at) != page_mark(at);
	CHECK_EQ(wrong, 0, "doublewords that are not what the other VM wrote");
}

static void region_write(const struct range *range)
{
	unsigned long dirty = 0;

	for (unsigned long at = 0; at < range->size; at += 8)
		dirty += *word(range->base + at) != 0;
	CHECK_EQ(dirty, 0, "doublewords of a new region that are not zero");
	pattern_write(range);
	*word(range->base) = MAGIC;
	CHECK(wait_for(*word(range->base + 8) == ~MAGIC, WAIT_SECONDS), "nobody answers");
}

/* role=1 writes and waits for an answer, role=2 reads and answers, role=3 may only read. */
static void test_shared(void)
{
	unsigned long role = args_number("role", 0);

	test_begin("shared regions");
	if (!shareds || !role) {
		test_skip("no role in a hartvisor,shared-memory");
	} else if (role == 1) {
		region_write(&shared[0]);
	} else {
		CHECK(wait_for(*word(shared[0].base) == MAGIC, WAIT_SECONDS), "nobody writes");
		pattern_check(&shared[0]);
		if (role == 2)
			*word(shared[0].base + 8) = ~MAGIC;
		else
			writes_refused(&shared[0]);
		pattern_check(&shared[0]);
	}
	test_end();
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();

	ram = (struct range){ memory.address, memory.size };
	plains = collect(plain, "device_type", "memory", 1);
	read_onlys = collect(read_only, "compatible", "hartvisor,read-only-memory", 0);
	shareds = collect(shared, "compatible", "hartvisor,shared-memory", 0);
	test_ram_ends();
	test_data();
	test_plain();
	test_around();
	test_read_only();
	test_shared();
}
