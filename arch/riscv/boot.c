/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first page tables. This code runs at physical addresses, so it must not use absolute
 * addresses: no jump tables, no pointers in initialised data.
 */
#include <arch/boot.h>
#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/mmu.h>
#include <arch/pte.h>

#define ENTRIES 512
#define IMAGE_TABLES 2 /* 2 MiB each */

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
	return SATP_MODE_SV39 | (uint64_t)boot_root >> PAGE_SHIFT;
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

long arch_hart_stop(void)
{
	csr_write(CSR_SIE, 0);
	return firmware_hart_stop();
}

bool arch_hart_stopped(const struct hart *hart)
{
	return firmware_hart_status(hart->id) == FIRMWARE_HART_STOPPED;
}
