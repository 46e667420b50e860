/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own address space, Sv39, upper half. The tables are built once at boot;
 * later only device windows are added, by mmio_map() and under a lock of rank LOCK_GSTAGE.
 *
 *   0xffffffc000000000  RAM, without execute; the image's own pages are left out
 *   0xffffffe000000000  device registers (64 GiB)
 *   0xfffffff000000000  stacks, with guard pages
 *   0xffffffff00000000  the image: text RX, rodata R, data RW
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#define VA_RAM 0xffffffc000000000
#define VA_DEVICES 0xffffffe000000000
#define VA_STACKS 0xfffffff000000000
#define VA_IMAGE 0xffffffff00000000

#ifndef __ASSEMBLER__

#include <core/types.h>

/** Lowest RAM address: what VA_RAM corresponds to. */
extern uint64_t mmu_ram_base;
/** hpa of VA_IMAGE. */
extern uint64_t mmu_image_base;

/** The hva of a byte of RAM. It must lie in a bank that mmu_init() mapped. */
static inline void *hpa_to_hva(hpa_t at)
{
	return (void *)(at.v - mmu_ram_base + VA_RAM);
}

/** The hpa of a byte of RAM or of the image. Not for stacks and devices. */
static inline hpa_t hva_to_hpa(const void *at)
{
	uint64_t v = (uint64_t)at;

	return v >= VA_IMAGE ? hpa(v - VA_IMAGE + mmu_image_base) : hpa(v - VA_RAM + mmu_ram_base);
}

/**
 * Maps all RAM of the device tree, sets up the page allocator with what is not reserved, and
 * switches to the final tables. Boot hart, once. Takes the addresses of the image's end, of the
 * device tree and of the bundle from the boot code. Reports what had to be left out. NULL, or
 * why nothing can go on.
 */
const char *mmu_init(void);

/** The bundle, as bundle_locate() found it, readable. False when there is none. */
bool mmu_bundle(const void **data, size_t *size);

/** The value of satp for all harts. */
uint64_t mmu_satp(void);

/** A stack of HART_STACK_SIZE bytes with an unmapped page below it; its top, or 0 (no memory). */
uintptr_t mmu_stack_create(void);

#endif
#endif
