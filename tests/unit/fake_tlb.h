/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Harts that walk a G-stage table and keep all that the privileged specification lets them keep
 * ("Supervisor Memory-Management Fence Instruction", "Hypervisor Memory-Management Fence
 * Instructions"): whenever the code under test can be interrupted they read the tables and keep
 * each entry. A fence of an address takes the leaves that map it and no pointer to a table; a fence
 * of a VMID takes all. The test fails when a table is freed to which a hart still has a pointer.
 * Needs the linker's --wrap for page_free() and page_free_hva(). One thread.
 */
#ifndef FAKE_TLB_H
#define FAKE_TLB_H

#include <arch/gstage.h>

/** All harts of @gstage look at @count places from now on. After fake_hart_reset(). */
void fake_tlb_begin(struct gstage *gstage, const uint64_t *places, unsigned int count);

/** Nobody walks any more. */
void fake_tlb_end(void);

/** All harts walk. */
void fake_tlb_walk(void);

/** The range that may be fenced address by address. */
void fake_tlb_expect(uint64_t at, uint64_t size);

/** No hart has a leaf that allows more than the table does, or a pointer to what is no table. */
void fake_tlb_check(void);

/** How often a hart was fenced. */
unsigned int fake_tlb_fences(unsigned int hart);

#endif
