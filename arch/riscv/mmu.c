/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space. The boot tables stay in use and get RAM, devices and
 * stacks added; nothing that was mapped is ever taken away but the device tree's boot window.
 * After boot a lock of rank LOCK_GSTAGE guards the tables.
 */
#include <arch/boot.h>
#include <arch/csr.h>
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/ram.h>
#include <core/check.h>
#include <core/hostdt.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <core/report_log.h>
#include <inttypes.h>
#include <string.h>

#define RAM_ROOM (VA_DEVICES - VA_RAM)
#define DEVICE_ROOM (VA_STACKS - VA_DEVICES)

uint64_t mmu_ram_base;
uint64_t mmu_image_base;

static uint64_t *root;
static struct spinlock mmu_lock = SPINLOCK_INIT(LOCK_GSTAGE);
static uint64_t next_device = VA_DEVICES;
static uint64_t next_stack = VA_STACKS;

static struct ram_range bundle; /* not page-aligned; empty: none */

/* Pages for tables before the allocator has any. */
static uint64_t early_at, early_end;

static uint64_t *table_hva(uint64_t pte)
{
	uint64_t at = pte_hpa(pte).v;

	/* The first tables lie in the image; later ones in RAM, reached through VA_RAM. */
	if (at >= mmu_image_base && at < mmu_image_base + (uint64_t)(image_end - image_start))
		return (uint64_t *)(at - mmu_image_base + VA_IMAGE);
	return hpa_to_hva(hpa(at));
}

/*
 * A fresh table. The spare ones in the image serve until the early pages, the end of a range of
 * RAM, are mapped; those serve until the allocator has pages.
 */
static uint64_t spare[8][512] __attribute__((aligned(4096), section(".bss.page_aligned")));
static unsigned int spares_used;

static uint64_t table_new(void)
{
	void *table;

	if (spares_used < ARRAY_SIZE(spare))
		return pte_make(hva_to_hpa(spare[spares_used++]), PTE_V);
	if (early_at < early_end) {
		uint64_t at = early_at;

		early_at += PAGE_SIZE;
		memset(hpa_to_hva(hpa(at)), 0, PAGE_SIZE);
		return pte_make(hpa(at), PTE_V);
	}
	table = page_alloc_zero();
	return table ? pte_make(hva_to_hpa(table), PTE_V) : 0;
}

/* One leaf of 4 KiB << 9 * level. False when memory is out. */
static bool map_leaf(uint64_t va, uint64_t pa, unsigned int level, uint64_t bits)
{
	uint64_t *table = root;

	for (unsigned int l = 2; l > level; l--) {
		uint64_t *pte = &table[va >> (12 + 9 * l) & 511];

		if (!(*pte & PTE_V)) {
			uint64_t fresh = table_new();

			if (!fresh)
				return false;
			*pte = fresh;
		}
		DCHECK(!pte_is_leaf(*pte));
		table = table_hva(*pte);
	}
	table[va >> (12 + 9 * level) & 511] = pte_make(hpa(pa), bits);
	return true;
}

static bool map_range(uint64_t va, uint64_t pa, uint64_t size, uint64_t bits)
{
	while (size) {
		unsigned int level = 2;

		while (level && (!is_aligned(va | pa, PAGE_SIZE << 9 * level) ||
				 size < PAGE_SIZE << 9 * level))
			level--;
		if (!map_leaf(va, pa, level, bits))
			return false;
		va += PAGE_SIZE << 9 * level;
		pa += PAGE_SIZE << 9 * level;
		size -= PAGE_SIZE << 9 * level;
	}
	__asm__ volatile("sfence.vma" ::: "memory");
	return true;
}

/* It may lie in memory that the device tree reserves: it is read all the same. */
static void bundle_find(void)
{
	struct report_log report;
	uint64_t start, end;

	report_log_init(&report, "bundle");
	if (bundle_locate(mmu_image_base, (uint64_t)(image_end - image_start), &image_bundle,
			  &report.report, &start, &end))
		return;
	if (start < mmu_ram_base || end > mmu_ram_base + RAM_ROOM) {
		log_error("bundle: 0x%" PRIx64 " to 0x%" PRIx64 " is beyond the hypervisor's map",
			  start, end);
		return;
	}
	ram_reserve(start, end, PAGE_OWNER_BUNDLE, NULL);
	bundle = (struct ram_range){ start, end };
}

static bool map_ram_range(const struct ram_range *range, uint64_t bits)
{
	return map_range(VA_RAM + (range->start - mmu_ram_base), range->start,
			 range->end - range->start, bits);
}

/* Each range needs two tables at each end and one for each GiB at most. */
static uint64_t tables_for(const struct ram_range *range)
{
	return 4 + ((range->end - range->start) >> 30);
}

/*
 * Maps usable RAM, and the bundle, which nobody writes to; the image's own pages are reached at
 * VA_IMAGE only, never writable twice. NULL, or why not.
 */
static const char *map_ram(void)
{
	struct ram_range read = { align_down(bundle.start, PAGE_SIZE),
				  align_up(bundle.end, PAGE_SIZE) };
	uint64_t early_start, tables = tables_for(&read);
	const struct ram_range *first = &ram[0];
	bool done;

	for (unsigned int i = 0; i < ram_count; i++) {
		tables += tables_for(&ram[i]);
		if (ram[i].end - ram[i].start > first->end - first->start)
			first = &ram[i];
	}
	if (!ram_count || first->end - first->start <= tables * PAGE_SIZE)
		return "the device tree has no memory that is free";
	done = map_ram_range(first, PTE_HOST_RW);
	early_start = early_at = first->end - tables * PAGE_SIZE;
	early_end = first->end;
	for (unsigned int i = 0; i < ram_count; i++)
		done &= &ram[i] == first || map_ram_range(&ram[i], PTE_HOST_RW);
	done &= map_ram_range(&read, PTE_HOST_R);
	/* The others will come from the allocator. */
	early_end = early_at;
	ram_reserve(early_start, early_end, PAGE_OWNER_HYPERVISOR, "page tables");
	return done ? NULL : "the tables for all memory do not fit";
}

/* The device tree may lie anywhere: it is copied, and its boot window closed. False: no memory. */
static bool fdt_keep(uint32_t size)
{
	unsigned int order = 0;
	hpa_t copy;

	while (PAGE_SIZE << order < size)
		order++;
	if (!page_alloc(order, &copy))
		return false;
	memcpy(hpa_to_hva(copy), host_fdt, size);
	CHECK(hostdt_init(hpa_to_hva(copy), size) == 0);
	root[VA_BOOT_FDT >> 30 & 511] = 0;
	__asm__ volatile("sfence.vma" ::: "memory");
	return true;
}

static void pages_add(void)
{
	for (unsigned int i = 0; i < ram_count; i++)
		if (ram[i].end - ram[i].start >= PAGE_SIZE * 4)
			CHECK(page_add(hpa(ram[i].start), ram[i].end - ram[i].start));
}

const char *mmu_init(void)
{
	uint64_t satp = csr_read(CSR_SATP);
	uint32_t fdt_size = __builtin_bswap32(((const uint32_t *)host_fdt)[1]);
	const char *problem;
	uint64_t fdt;

	root = table_hva(pte_make(hpa((satp & SATP_PPN_MASK) << PAGE_SHIFT), PTE_V));
	fdt = pte_hpa(table_hva(root[VA_BOOT_FDT >> 30 & 511])[0]).v +
	      ((uint64_t)host_fdt - VA_BOOT_FDT);
	mmu_ram_base = ram_find(RAM_ROOM);
	if (!ram_count)
		return "the device tree has no memory that is free";
	ram_reserve(mmu_image_base, mmu_image_base + (uint64_t)(image_end - image_start),
		    PAGE_OWNER_HYPERVISOR, "image");
	ram_reserve(fdt, fdt + fdt_size, PAGE_OWNER_FIRMWARE, "device tree");
	bundle_find();
	problem = map_ram();
	if (problem)
		return problem;
	pages_add();
	return fdt_keep(fdt_size) ? NULL : "there is no memory for the device tree";
}

bool mmu_bundle(const void **data, size_t *size)
{
	*data = hpa_to_hva(hpa(bundle.start));
	*size = bundle.end - bundle.start;
	return *size != 0;
}

uint64_t mmu_satp(void)
{
	return csr_read(CSR_SATP);
}

static void fence_here(void *opaque)
{
	(void)opaque;
	__asm__ volatile("sfence.vma" ::: "memory");
}

uintptr_t mmu_stack_create(void)
{
	unsigned long flags = spin_lock(&mmu_lock);
	uint64_t at = next_stack + HART_STACK_SIZE;
	struct hartset all;
	bool done = true;

	/* Twice the size each: the lower half is never mapped, see trap_entry. */
	for (uint64_t offset = 0; done && offset < HART_STACK_SIZE; offset += PAGE_SIZE) {
		void *page = page_alloc_zero();

		done = page && map_leaf(at + offset, hva_to_hpa(page).v, 0, PTE_HOST_RW);
	}
	if (done)
		next_stack += 2 * HART_STACK_SIZE;
	spin_unlock(&mmu_lock, flags);
	/* A hart may remember that nothing was mapped there (privileged, "SFENCE.VMA"). */
	memset(&all, 0xff, sizeof(all));
	hart_call(&all, fence_here, NULL);
	return done ? at + HART_STACK_SIZE : 0;
}

void *mmio_map(hpa_t base, uint64_t size)
{
	unsigned long flags = spin_lock(&mmu_lock);
	uint64_t offset = base.v & (PAGE_SIZE - 1);
	uint64_t room = align_up(size + offset, PAGE_SIZE);
	uint64_t va = next_device;
	void *result = NULL;

	if (size && size < DEVICE_ROOM && va + room <= VA_DEVICES + DEVICE_ROOM &&
	    map_range(va, base.v - offset, room, PTE_HOST_RW)) {
		next_device += room + PAGE_SIZE;
		result = (void *)(va + offset);
	}
	spin_unlock(&mmu_lock, flags);
	return result;
}
