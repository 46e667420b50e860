/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries to reach memory that is not this machine's: around the end of RAM, at every power of two,
 * in the holes between devices, with and without its own page tables, and with page tables that
 * lie where nothing is. Everything must end in an access fault with the right address.
 */
#include "lib/aia.h"
#include "lib/code.h"
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "isolation";

#define WINDOW 0x1000000000ul /* where page tables of this payload show foreign addresses */
#define PA_BITS 56

#define INSN_LD code_i(OP_LOAD, 3, 11, 10, 0)
#define INSN_SD code_s(OP_STORE, 3, 10, 11, 0)
#define INSN_JR 0x00050067u

static bool bare;
static uint64_t ram, ram_end;
static uint64_t *root;

static void expect(uint32_t instruction, unsigned long address, unsigned long cause,
		   const char *what, unsigned long physical)
{
	struct frame frame = code_one(instruction, address, 0x5a5a, false);

	CHECK(frame.cause == cause, "%s of %#lx ends in cause %lu, not %lu", what, physical,
	      frame.cause, cause);
	CHECK(frame.tval == address, "%s of %#lx: stval is %#lx, not %#lx", what, physical,
	      frame.tval, address);
}

/* Load, store, fetch and atomic at a guest-physical address, without translation. */
static void expect_nothing(unsigned long address)
{
	expect(INSN_LD, address, CAUSE_LOAD_ACCESS, "load", address);
	expect(INSN_SD, address, CAUSE_STORE_ACCESS, "store", address);
	expect(INSN_JR, address, CAUSE_FETCH_ACCESS, "fetch", address);
}

/* The same through a leaf of the given size; `physical` is cut to a multiple of it. */
static void expect_nothing_mapped(unsigned long physical, unsigned long size)
{
	unsigned long offset = physical & (size - 1);

	sv39_map(root, WINDOW, physical - offset, size, PTE_RWX);
	sv39_use(root, 1);
	expect(INSN_LD, WINDOW + offset, CAUSE_LOAD_ACCESS, "mapped load", physical);
	expect(INSN_SD, WINDOW + offset, CAUSE_STORE_ACCESS, "mapped store", physical);
	expect(INSN_JR, WINDOW + offset, CAUSE_FETCH_ACCESS, "mapped fetch", physical);
	sv39_use(NULL, 0);
}

/* Is there nothing in the page of this address, as far as the payload may know? */
static bool is_foreign(unsigned long address)
{
	if (bare) /* Only what is certain: the holes of QEMU's map above RAM. */
		return address >= ram_end && address < 0x300000000;
	return !fdt_claims(address & -SIZE_4K, SIZE_4K);
}

static void test_steps(void)
{
	unsigned long probes = 0;

	test_begin("beyond the end of ram");
	for (unsigned int i = 0; i < 64; i++) {
		const unsigned long at[] = { ram_end + i * SIZE_4K, ram_end + i * SIZE_2M,
					     ram_end + i * SIZE_1G,
					     ram_end + (i + 1) * SIZE_4K - 8 };

		for (unsigned int k = 0; k < 4; k++) {
			if (!is_foreign(at[k]))
				continue;
			expect_nothing(at[k]);
			probes++;
		}
	}
	print("  %lu addresses", probes);
	test_end();
	test_begin("around the end of ram");
	/* The last doubleword works; the next one does not; what lies across faults as a whole. */
	CHECK_EQ(trap_try((void)*(volatile unsigned long *)(ram_end - 8)).count, 0,
		 "traps of the last doubleword");
	expect_nothing(ram_end);
	test_end();
}

static void test_below(void)
{
	test_begin("below ram and between devices");
	if (bare) {
		test_skip("QEMU has devices there");
	} else {
		for (unsigned long at = 0; at < ram; at += SIZE_2M)
			if (is_foreign(at))
				expect_nothing(at);
		for (unsigned long at = ram - 64 * SIZE_4K; at < ram; at += SIZE_4K)
			if (is_foreign(at))
				expect_nothing(at);
		/* The host's M-level interrupt files and CLINT. */
		expect_nothing(0x24000000);
		expect_nothing(0x02000000);
		expect_nothing(0x0200bff8);
	}
	test_end();
}

static void test_interrupt_files(void)
{
	struct fdt_device files;

	test_begin("interrupt files of nobody");
	aia_init();
	files = fdt_device("riscv,imsics");
	if (bare || !aia.has_imsic) {
		test_skip(bare ? "QEMU decodes more" : "no IMSIC in the device tree");
	} else {
		for (unsigned int i = 0; i < 64; i++)
			if (is_foreign(files.address + files.size + i * SIZE_4K))
				expect_nothing(files.address + files.size + i * SIZE_4K);
	}
	test_end();
}

static void test_powers(void)
{
	test_begin("powers of two");
	for (unsigned int bit = 34; bit < 64; bit++) {
		const unsigned long at[] = { (1ul << bit) - 8, 1ul << bit, (1ul << bit) + ram,
					     (1ul << bit) + ram + SIZE_2M };

		/* QEMU has a PCI window below 2^35, and cuts addresses off at 2^56. */
		if (bare && (bit < 36 || bit >= 56))
			continue;
		for (unsigned int k = 0; k < 4; k++)
			expect_nothing(at[k]);
	}
	if (!bare) {
		expect_nothing(-8ul);
		expect_nothing(-SIZE_4K);
	}
	test_end();
}

static void test_mapped(void)
{
	static const unsigned long sizes[] = { SIZE_4K, SIZE_2M, SIZE_1G };

	test_begin("through own page tables");
	for (unsigned int s = 0; s < 3; s++) {
		if (is_foreign(ram_end) && is_foreign(ram_end + SIZE_1G))
			expect_nothing_mapped((ram_end + SIZE_1G) & -sizes[s], sizes[s]);
		for (unsigned int bit = 36; bit < PA_BITS; bit++) {
			expect_nothing_mapped(1ul << bit, sizes[s]);
			expect_nothing_mapped((1ul << bit) + ram, sizes[s]);
		}
		expect_nothing_mapped((1ul << PA_BITS) - sizes[s], sizes[s]);
		expect_nothing_mapped((1ul << PA_BITS) - 8, sizes[s]);
		/* Each size needs the slot in the root anew. */
		root = sv39_create_identity();
	}
	test_end();
}

/* Page tables that lie where nothing is: the access that needed them gets the access fault. */
static void test_tables(void)
{
	const unsigned long places[] = { ram_end, 0x08000000, 1ul << 41, 1ul << 50,
					 (1ul << PA_BITS) - SIZE_4K };
	uint64_t *middle = sv39_create();

	if (!test_begin_if("page tables where nothing is", !bare, "QEMU makes page faults of them"))
		return;
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (unsigned int level = 1; level <= 2; level++) {
			if (level == 1) {
				middle[0] = sv39_leaf(places[i], PTE_V);
				root[WINDOW >> 30 & 511] = sv39_leaf((uint64_t)middle, PTE_V);
			} else {
				root[WINDOW >> 30 & 511] = sv39_leaf(places[i], PTE_V);
			}
			sv39_use(root, 2);
			expect(INSN_LD, WINDOW + 0x123008, CAUSE_LOAD_ACCESS, "walked load",
			       places[i]);
			expect(INSN_SD, WINDOW + 0x123008, CAUSE_STORE_ACCESS, "walked store",
			       places[i]);
			expect(INSN_JR, WINDOW + 0x123008, CAUSE_FETCH_ACCESS, "walked fetch",
			       places[i]);
			sv39_use(NULL, 0);
		}
	}
	root[WINDOW >> 30 & 511] = 0;
	test_end();
}

/* Own faults stay own: page faults of the first stage are not turned into anything else. */
static void test_page_faults(void)
{
	test_begin("page faults of own tables");
	root = sv39_create_identity();
	sv39_map(root, WINDOW, ram + SIZE_2M, SIZE_4K, PTE_V | PTE_R | PTE_A);
	sv39_use(root, 3);
	expect(INSN_LD, WINDOW + SIZE_4K, CAUSE_LOAD_PAGE, "load", WINDOW + SIZE_4K);
	expect(INSN_SD, WINDOW + SIZE_4K, CAUSE_STORE_PAGE, "store", WINDOW + SIZE_4K);
	expect(INSN_JR, WINDOW + SIZE_4K, CAUSE_FETCH_PAGE, "fetch", WINDOW + SIZE_4K);
	expect(INSN_SD, WINDOW, CAUSE_STORE_PAGE, "store to a read-only page", WINDOW);
	expect(INSN_JR, WINDOW, CAUSE_FETCH_PAGE, "fetch from a data page", WINDOW);
	expect(INSN_LD, 1ul << 38, CAUSE_LOAD_PAGE, "load of a wrong extension", 1ul << 38);
	sv39_use(NULL, 0);
	test_end();
}

/* Memory that this VM has not used yet holds nothing of others. */
static void test_fresh(void)
{
	extern char _image_end[];
	uint64_t initrd = fdt_number("/chosen", "linux,initrd-start", 0);
	uint64_t initrd_end = fdt_number("/chosen", "linux,initrd-end", 0);
	unsigned long dirty = 0;

	if (!test_begin_if("fresh ram is zero", !bare, "firmware and loader have used it"))
		return;
	for (uint64_t page = (uint64_t)_image_end & -SIZE_4K; page < ram_end; page += SIZE_4K) {
		const unsigned long *words = (const unsigned long *)page;

		if (page < (uint64_t)_image_end)
			continue;
		if (page + SIZE_4K > fdt_address() && page < fdt_address() + fdt_size())
			continue;
		if (page + SIZE_4K > initrd && page < initrd_end)
			continue;
		for (unsigned int i = 0; i < 512; i += 37)
			if (words[i] && dirty++ < 8)
				print("  %#lx at %#lx", words[i], (unsigned long)&words[i]);
	}
	CHECK_EQ(dirty, 0, "doublewords that are not zero");
	test_end();
}

void payload_main(void)
{
	struct fdt_device memory = fdt_memory();

	bare = sbi_is_bare();
	ram = memory.address;
	ram_end = memory.address + memory.size;
	root = sv39_create_identity();
	test_fresh();
	test_steps();
	test_below();
	test_interrupt_files();
	test_powers();
	test_mapped();
	test_tables();
	test_page_faults();
}
