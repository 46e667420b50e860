/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The modes of satp: each hart tries them again and again, while it may be moved, and has to find
 * the same ones; a write of another one changes nothing. And fences: each form of SFENCE.VMA and
 * SINVAL.VMA lets this hart see an entry that it has changed.
 * Arguments: modes=<mask> that have to be there, one bit each (0: any), ms=<n> (500).
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/sv39.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "satp";

#define MODE_SHIFT 60
#define ASID_MASK (0xfffful << 44)
#define WINDOW 0x1000000000ul /* where the changing page is mapped, one for each hart */

static bool has_svinval;
static uint64_t *root, identity[512] __attribute__((aligned(4096)));
static volatile unsigned long found[MAX_HARTS], wrong[MAX_HARTS], stale[MAX_HARTS];
static volatile unsigned long rounds[MAX_HARTS];
static unsigned long pages[2][512] __attribute__((aligned(4096)));

/* The first 512 GiB, or in a larger mode what lies below its first entry, mapped to themselves. */
static uint64_t *root_for(unsigned int mode)
{
	static uint64_t upper[2][512] __attribute__((aligned(4096)));

	if (mode == 8)
		return identity;
	upper[0][0] = sv39_leaf((uint64_t)identity, PTE_V);
	upper[1][0] = sv39_leaf((uint64_t)upper[0], PTE_V);
	return upper[mode - 9];
}

/* With each of the modes this code has to go on, with what satp says of it. */
static unsigned long modes_try(unsigned long *mistakes)
{
	unsigned long modes = 0;

	for (unsigned long mode = 0; mode < 16; mode++) {
		unsigned long before = SATP_SV39 | (unsigned long)identity >> 12, now;
		unsigned long wanted = mode << MODE_SHIFT;

		csr_write(CSR_SATP, before);
		if (mode >= 8 && mode <= 10)
			wanted |= (unsigned long)root_for((unsigned int)mode) >> 12;
		csr_write(CSR_SATP, wanted);
		now = csr_read(CSR_SATP);
		if (now == wanted)
			modes |= 1ul << mode;
		else if (now != before)
			++*mistakes;
	}
	csr_write(CSR_SATP, 0);
	sfence_vma();
	return modes;
}

/* CSRRS, CSRRC and the forms with an immediate, as far as they do no harm. */
static bool forms_agree(void)
{
	unsigned long before = SATP_SV39 | (unsigned long)identity >> 12, old, good = 1;

	csr_write(CSR_SATP, before);
	__asm__ volatile("csrrsi %0, satp, 0" : "=r"(old));
	good &= old == before;
	__asm__ volatile("csrrs %0, satp, %1" : "=r"(old) : "r"(1ul << 44));
	good &= old == before;
	__asm__ volatile("csrrc %0, satp, %1" : "=r"(old) : "r"(ASID_MASK));
	good &= old == before || old == (before | 1ul << 44);
	__asm__ volatile("csrrw %0, satp, zero" : "=r"(old));
	good &= old == before;
	__asm__ volatile("csrrw zero, satp, %0" : : "r"(before));
	__asm__ volatile("csrrwi %0, satp, 0" : "=r"(old));
	return good & (old == before) & (csr_read(CSR_SATP) == 0);
}

static void fence_by(unsigned int form, unsigned long at, unsigned long asid)
{
	switch (form) {
	case 0:
		__asm__ volatile("sfence.vma" : : : "memory");
		break;
	case 1:
		__asm__ volatile("sfence.vma %0, zero" : : "r"(at) : "memory");
		break;
	case 2:
		__asm__ volatile("sfence.vma zero, %0" : : "r"(asid) : "memory");
		break;
	case 3:
		__asm__ volatile("sfence.vma %0, %1" : : "r"(at), "r"(asid) : "memory");
		break;
	default:
		__asm__ volatile(".4byte 0x18000073\n\t" /* sfence.w.inval */
				 ".insn r 0x73, 0, 0x0b, x0, %0, %1\n\t" /* sinval.vma */
				 ".4byte 0x18100073" /* sfence.inval.ir */
				 :
				 : "r"(at), "r"(asid)
				 : "memory");
	}
}

static unsigned long fences_try(unsigned long index)
{
	unsigned long at = WINDOW + index * SIZE_4K, asid = 1 + index % 2, mistakes = 0;
	volatile uint64_t *entry = sv39_entry(root, at);

	sv39_use(root, (unsigned int)asid);
	for (unsigned int i = 0; i < 10; i++) {
		unsigned long page = i % 2;

		*entry = sv39_leaf((uint64_t)pages[page], PTE_RW);
		fence_by(has_svinval ? i / 2 : i / 2 % 4, at, asid);
		mistakes += *(volatile unsigned long *)at != page;
	}
	sv39_use(NULL, 0);
	return mistakes;
}

static void work(void *argument)
{
	unsigned long id = this_hart()->id, end, mistakes = 0;

	(void)argument;
	found[id] = modes_try(&mistakes);
	end = time_now() + args_number("ms", 500) * (ticks_per_second / 1000);
	do {
		mistakes += modes_try(&mistakes) != found[id];
		mistakes += !forms_agree();
		stale[id] += fences_try(id);
		rounds[id]++;
		relax(); /* it may wake up on another hart */
	} while (time_now() < end);
	wrong[id] = mistakes;
}

void payload_main(void)
{
	unsigned long wanted = args_number("modes", 0), self = this_hart()->id;

	has_svinval = fdt_has_extension("svinval");
	for (unsigned int gib = 0; gib < 512; gib++)
		identity[gib] = sv39_leaf(gib * SIZE_1G, PTE_RWX);
	root = sv39_create_identity();
	pages[1][0] = 1;
	for (unsigned long i = 0; i < MAX_HARTS; i++)
		sv39_map(root, WINDOW + i * SIZE_4K, (uint64_t)pages[0], SIZE_4K, PTE_RW);
	test_begin("modes and fences");
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != self)
			CHECK_EQ(hart_start(hart_ids[i], work, NULL), 0, "error of start");
	work(NULL);
	for (unsigned int i = 0; i < hart_count; i++) {
		unsigned long id = hart_ids[i];

		if (id != self)
			CHECK(hart_join(id, 60), "hart %lu does not end", id);
		print("hart %lu: modes %#lx, %lu rounds", id, found[id], rounds[id]);
		CHECK_EQ(found[id], wanted ? wanted : found[self], "modes");
		CHECK_EQ(wrong[id], 0, "what satp did not keep, or became");
		CHECK_EQ(stale[id], 0, "entries that were old after a fence");
	}
	test_end();
}
