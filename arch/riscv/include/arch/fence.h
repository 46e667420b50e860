/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fences of the hypervisor extension, on this hart (privileged specification, "Hypervisor
 * Memory-Management Fence Instructions"). Encoded by hand: compilers are not given `h`.
 */
#ifndef ARCH_FENCE_H
#define ARCH_FENCE_H

#include <core/types.h>

/** All translations of the hypervisor itself. */
static inline void sfence_vma_all(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

/** All VS-stage translations of the current VMID. */
static inline void hfence_vvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

/** One page of guest-virtual addresses of the current VMID, in all address spaces. */
static inline void hfence_vvma(uint64_t at)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, x0" ::"r"(at) : "memory");
}

/** The same in one address space. */
static inline void hfence_vvma_asid(uint64_t at, uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, %0, %1" ::"r"(at), "r"(asid) : "memory");
}

static inline void hfence_vvma_asid_all(uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, %0" ::"r"(asid) : "memory");
}

/** All G-stage translations of all VMIDs. */
static inline void hfence_gvma_all(void)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
}

/** All guest-physical addresses of @vmid. */
static inline void hfence_gvma_vmid(uint64_t vmid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, %0" ::"r"(vmid) : "memory");
}

/*
 * Svinval: between the first and the last of these go the invalidations that would each be a
 * fence of their own.
 */
static inline void sfence_w_inval(void)
{
	__asm__ volatile(".word 0x18000073" ::: "memory");
}

static inline void sfence_inval_ir(void)
{
	__asm__ volatile(".word 0x18100073" ::: "memory");
}

/** HINVAL.GVMA of one page of @vmid; the address is given >> 2. */
static inline void hinval_gvma(uint64_t at, uint64_t vmid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x33, x0, %0, %1" ::"r"(at >> 2), "r"(vmid) : "memory");
}

/** HINVAL.VVMA of one page of the current VMID, in all address spaces, and in one. */
static inline void hinval_vvma(uint64_t at)
{
	__asm__ volatile(".insn r 0x73, 0, 0x13, x0, %0, x0" ::"r"(at) : "memory");
}

static inline void hinval_vvma_asid(uint64_t at, uint64_t asid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x13, x0, %0, %1" ::"r"(at), "r"(asid) : "memory");
}

/** One page of guest-physical addresses of @vmid; the instruction takes the address >> 2. */
static inline void hfence_gvma(uint64_t at, uint64_t vmid)
{
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, %0, %1" ::"r"(at >> 2), "r"(vmid) : "memory");
}

#endif
