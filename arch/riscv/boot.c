/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first page tables. This code runs at physical addresses, so it must not use absolute
 * addresses: no jump tables, no pointers in initialised data.
 */
#include <arch/boot.h>
#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/pte.h>
#include <arch/sbi.h>
#include <core/timer.h>

#define ENTRIES 512
#define IMAGE_TABLES 2 /* 2 MiB each */
#define HANDOVER_TIMEOUT_US 10000000 /* simulated machines can be slow */

static uint64_t boot_root[ENTRIES] __attribute__((aligned(4096), section(".bss.page_aligned")));
static uint64_t image_middle[ENTRIES] __attribute__((aligned(4096), section(".bss.page_aligned")));
static uint64_t image_leaves[IMAGE_TABLES][ENTRIES]
	__attribute__((aligned(4096), section(".bss.page_aligned")));
static uint64_t fdt_middle[ENTRIES] __attribute__((aligned(4096), section(".bss.page_aligned")));

struct hart boot_hart_area;

static uint64_t table_pte(const uint64_t *table)
{
	return pte_make(hpa((uint64_t)table), PTE_V);
}

/* Copies of linker symbols by PC-relative addressing are physical addresses here. */
static uint64_t image_bits(uint64_t at)
{
	if (at < (uint64_t)text_end)
		return PTE_HOST_RX;
	return at < (uint64_t)rodata_end ? PTE_HOST_R : PTE_HOST_RW;
}

uint64_t boot_tables(uint64_t image, uint64_t fdt)
{
	uint64_t end = (uint64_t)image_end;
	uint64_t window = fdt & ~(MIB(2) - 1);

	mmu_image_base = image;
	for (uint64_t at = image, i = 0; at < end; at += PAGE_SIZE, i++)
		image_leaves[i / ENTRIES][i % ENTRIES] = pte_make(hpa(at), image_bits(at));
	for (unsigned int i = 0; i < IMAGE_TABLES; i++)
		image_middle[(VA_IMAGE >> 21 & 511) + i] = table_pte(image_leaves[i]);
	boot_root[VA_IMAGE >> 30 & 511] = table_pte(image_middle);
	for (unsigned int i = 0; i < BOOT_FDT_ROOM >> 21; i++)
		fdt_middle[i] = pte_make(hpa(window + i * MIB(2)), PTE_HOST_R);
	boot_root[VA_BOOT_FDT >> 30 & 511] = table_pte(fdt_middle);
	return SATP_SV39 << SATP_MODE_SHIFT | (uint64_t)boot_root >> PAGE_SHIFT;
}

long arch_hart_start(struct hart *hart)
{
	struct hart_start *start = &hart->arch.start;

	start->satp = mmu_satp();
	start->sp = hart->stack_top;
	start->tp = (uint64_t)hart;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return firmware_hart_start(hart->id, hva_to_hpa(secondary_entry), hva_to_hpa(start).v);
}

/*
 * Each attempt has its own, so that a hart that comes late finds its own cancelled. In initialised
 * data, which the next boot leaves as it is.
 */
static struct {
	struct boot_again each[BOOT_AGAIN_MAX];
	unsigned int used;
} again __attribute__((section(".data.boot_again")));

long arch_boot_again(uint64_t successor, uint64_t fdt, uint64_t leaver)
{
	struct boot_again *attempt = &again.each[again.used];
	uint64_t end;
	long error;

	if (again.used == BOOT_AGAIN_MAX)
		return SBI_FAILED;
	again.used++;
	*attempt = (struct boot_again){ .fdt = fdt, .leaver = leaver };
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	error = firmware_hart_start(successor, hva_to_hpa(boot_again_entry), hva_to_hpa(attempt).v);
	if (error)
		return error;
	end = time_now() + us_to_ticks(HANDOVER_TIMEOUT_US);
	while (time_now() < end && !__atomic_load_n(&attempt->state, __ATOMIC_ACQUIRE))
		arch_relax();
	if (__atomic_load_n(&attempt->state, __ATOMIC_ACQUIRE))
		error = arch_hart_stop();
	/* Should it come now, or be here already, it goes back: no two harts boot at a time. */
	__atomic_fetch_or(&attempt->state, BOOT_AGAIN_CANCELLED, __ATOMIC_SEQ_CST);
	return error;
}

long arch_hart_stop(void)
{
	csr_write(CSR_SIE, 0);
	return firmware_hart_stop();
}

bool arch_hart_stopped(const struct hart *hart)
{
	return firmware_hart_status(hart->id) == FIRMWARE_HART_STOPPED;
}
