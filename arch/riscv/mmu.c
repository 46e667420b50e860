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
#include <core/check.h>
#include <core/hostdt.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/page.h>
#include <inttypes.h>
#include <string.h>

#define RAM_ROOM (VA_DEVICES - VA_RAM)
#define DEVICE_ROOM (VA_STACKS - VA_DEVICES)
#define MAX_RANGES 64

uint64_t mmu_ram_base;
uint64_t mmu_image_base;

static uint64_t *root;
static struct spinlock mmu_lock = SPINLOCK_INIT(LOCK_GSTAGE);
static uint64_t next_device = VA_DEVICES;
static uint64_t next_stack = VA_STACKS;

/* Pages for tables before the allocator has any. */
static uint64_t early_at, early_end;

struct range {
	uint64_t start, end;
};

static struct range ram[MAX_RANGES]; /* usable RAM, sorted, page-aligned */
static unsigned int ram_count;

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

static void ram_insert(uint64_t start, uint64_t end)
{
	unsigned int i = ram_count;

	if (start >= end)
		return;
	if (ram_count == MAX_RANGES) {
		log_warn("memory: %" PRIx64 "-%" PRIx64 " left out: more than %d ranges", start,
			 end - 1, MAX_RANGES);
		return;
	}
	while (i && ram[i - 1].start > start) {
		ram[i] = ram[i - 1];
		i--;
	}
	ram[i] = (struct range){ start, end };
	ram_count++;
}

/* Takes [start, end) out of the usable RAM. */
static void ram_exclude(uint64_t start, uint64_t end)
{
	start = align_down(start, PAGE_SIZE);
	end = end > UINT64_MAX - PAGE_SIZE ? end : align_up(end, PAGE_SIZE);
	for (unsigned int i = 0; i < ram_count; i++) {
		struct range r = ram[i];

		if (r.end <= start || r.start >= end)
			continue;
		memmove(&ram[i], &ram[i + 1], (ram_count - i - 1) * sizeof(ram[0]));
		ram_count--;
		ram_insert(r.start, MIN(r.end, start));
		ram_insert(MAX(r.start, end), r.end);
		i = (unsigned int)-1; /* the indexes have moved: look at all again */
	}
}

/* The same, for somebody. */
static void ram_reserve(uint64_t start, uint64_t end, uint16_t owner, const char *what)
{
	ram_exclude(start, end);
	page_region_add(start, end, owner, what);
}

static void ram_find(void)
{
	hpa_t base;
	uint64_t size;

	mmu_ram_base = UINT64_MAX;
	for (unsigned int i = 0; hostdt_memory(i, &base, &size) == 0; i++) {
		if (size > UINT64_MAX - base.v)
			continue;
		ram_insert(align_up(base.v, PAGE_SIZE), align_down(base.v + size, PAGE_SIZE));
		page_region_add(base.v, base.v + size, PAGE_OWNER_UNUSED, NULL);
		mmu_ram_base = MIN(mmu_ram_base, align_down(base.v, GIB(1)));
	}
	for (unsigned int i = 0; i < ram_count; i++) {
		uint64_t limit = mmu_ram_base + RAM_ROOM;

		if (ram[i].end > limit) {
			log_warn("memory: RAM above %" PRIx64 " is beyond the hypervisor's map",
				 limit);
			ram_exclude(limit, UINT64_MAX);
		}
	}
	for (unsigned int i = 0; hostdt_reserved(i, &base, &size) == 0; i++)
		if (size)
			ram_reserve(base.v, MIN(base.v + size - 1, UINT64_MAX - 1) + 1,
				    PAGE_OWNER_FIRMWARE, "reserved");
}

static bool is_mapped(uint64_t va)
{
	const uint64_t *table = root;

	for (unsigned int level = 2;; level--) {
		uint64_t pte = table[va >> (12 + 9 * level) & 511];

		if (!(pte & PTE_V))
			return false;
		if (pte_is_leaf(pte) || level == 0)
			return true;
		table = table_hva(pte);
	}
}

/* The initrd may lie in memory that the device tree reserves: it is read all the same. */
static void map_initrd(void)
{
	uint64_t start, end;

	if (hostdt_chosen_address("linux,initrd-start", &start) ||
	    hostdt_chosen_address("linux,initrd-end", &end) || start >= end)
		return;
	start = align_down(start, PAGE_SIZE);
	if (start < mmu_ram_base || end - mmu_ram_base > RAM_ROOM)
		return;
	for (uint64_t at = start; at < end; at += PAGE_SIZE)
		if (!is_mapped(VA_RAM + (at - mmu_ram_base)))
			CHECK(map_leaf(VA_RAM + (at - mmu_ram_base), at, 0, PTE_HOST_R));
	ram_reserve(start, end, PAGE_OWNER_BUNDLE, NULL);
}

static void map_ram_range(unsigned int i)
{
	CHECK(map_range(VA_RAM + (ram[i].start - mmu_ram_base), ram[i].start,
			ram[i].end - ram[i].start, PTE_HOST_RW));
}

/* Maps usable RAM; the image's own pages are reached at VA_IMAGE only, never writable twice. */
static void map_ram(void)
{
	unsigned int first = 0;
	uint64_t tables = 0;

	/* Each range needs two tables at each end and one for each GiB at most. */
	for (unsigned int i = 0; i < ram_count; i++) {
		tables += 4 + ((ram[i].end - ram[i].start) >> 30);
		if (ram[i].end - ram[i].start > ram[first].end - ram[first].start)
			first = i;
	}
	CHECK(ram[first].end - ram[first].start > tables * PAGE_SIZE);
	map_ram_range(first);
	early_at = ram[first].end - tables * PAGE_SIZE;
	early_end = ram[first].end;
	for (unsigned int i = 0; i < ram_count; i++)
		if (i != first)
			map_ram_range(i);
	ram_reserve(early_at, early_end, PAGE_OWNER_HYPERVISOR, "page tables");
}

/* The device tree may lie anywhere: it is copied, and its boot window closed. */
static void fdt_keep(void)
{
	uint32_t size = __builtin_bswap32(((const uint32_t *)host_fdt)[1]);
	unsigned int order = 0;
	hpa_t copy;

	while (PAGE_SIZE << order < size)
		order++;
	CHECK(page_alloc(order, &copy));
	memcpy(hpa_to_hva(copy), host_fdt, size);
	CHECK(hostdt_init(hpa_to_hva(copy), size) == 0);
	root[VA_BOOT_FDT >> 30 & 511] = 0;
	__asm__ volatile("sfence.vma" ::: "memory");
}

void mmu_init(void)
{
	uint64_t satp = csr_read(CSR_SATP);
	uint64_t window, fdt_size;

	root = table_hva(pte_make(hpa((satp & GENMASK(43, 0)) << PAGE_SHIFT), PTE_V));
	window = pte_hpa(table_hva(root[VA_BOOT_FDT >> 30 & 511])[0]).v;
	fdt_size = __builtin_bswap32(((const uint32_t *)host_fdt)[1]);
	ram_find();
	CHECK(ram_count > 0);
	ram_reserve(mmu_image_base, mmu_image_base + (uint64_t)(image_end - image_start),
		    PAGE_OWNER_HYPERVISOR, "image");
	map_ram();
	window += (uint64_t)host_fdt - VA_BOOT_FDT;
	ram_reserve(window, window + fdt_size, PAGE_OWNER_FIRMWARE, "device tree");
	map_initrd();
	for (unsigned int i = 0; i < ram_count; i++)
		if (ram[i].end - ram[i].start >= PAGE_SIZE * 4)
			page_add(hpa(ram[i].start), ram[i].end - ram[i].start);
	CHECK(page_free_count() > 0);
	fdt_keep();
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
