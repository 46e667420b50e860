/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Supervisor CSRs by number, so that any assembler will do, and their fields as the privileged
 * specification and the AIA specification name them. Usable from assembly. Owns no state.
 */
#pragma once

#define CSR_CYCLE 0xc00
#define CSR_TIME 0xc01
#define CSR_INSTRET 0xc02
#define CSR_SSTATUS 0x100
#define CSR_SIE 0x104
#define CSR_STVEC 0x105
#define CSR_SCOUNTEREN 0x106
#define CSR_SENVCFG 0x10a
#define CSR_SSCRATCH 0x140
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_STVAL 0x143
#define CSR_SIP 0x144
#define CSR_STIMECMP 0x14d
#define CSR_SISELECT 0x150
#define CSR_SIREG 0x151
#define CSR_STOPEI 0x15c
#define CSR_SATP 0x180
#define CSR_STOPI 0xdb0
#define CSR_FCSR 0x003
#define CSR_VSTART 0x008
#define CSR_VL 0xc20
#define CSR_VTYPE 0xc21
#define CSR_VLENB 0xc22

#define SSTATUS_SIE (1 << 1)
#define SSTATUS_SPIE (1 << 5)
#define SSTATUS_SPP (1 << 8)
#define SSTATUS_VS (3 << 9)
#define SSTATUS_FS (3 << 13)
#define SSTATUS_SUM (1 << 18)
#define SSTATUS_MXR (1 << 19)
#define SSTATUS_SPELP (1 << 23)
#define SSTATUS_SDT (1 << 24)

#define IRQ_SSI 1
#define IRQ_STI 5
#define IRQ_SEI 9

#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_ECALL_U 8
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15

#ifndef __ASSEMBLER__

/* Reads or changes the CSR with the constant number `csr`; csr_swap() returns the old value. */
#define csr_read(csr)                                                                    \
	({                                                                               \
		unsigned long csr_value;                                                 \
		__asm__ volatile("csrr %0, %1" : "=r"(csr_value) : "i"(csr) : "memory"); \
		csr_value;                                                               \
	})
#define csr_write(csr, value) \
	__asm__ volatile("csrw %0, %1" : : "i"(csr), "rK"((unsigned long)(value)) : "memory")
#define csr_set(csr, bits) \
	__asm__ volatile("csrs %0, %1" : : "i"(csr), "rK"((unsigned long)(bits)) : "memory")
#define csr_clear(csr, bits) \
	__asm__ volatile("csrc %0, %1" : : "i"(csr), "rK"((unsigned long)(bits)) : "memory")
#define csr_swap(csr, value)                                              \
	({                                                                \
		unsigned long csr_value;                                  \
		__asm__ volatile("csrrw %0, %1, %2"                       \
				 : "=r"(csr_value)                        \
				 : "i"(csr), "rK"((unsigned long)(value)) \
				 : "memory");                             \
		csr_value;                                                \
	})

static inline void wfi(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

static inline void fence_i(void)
{
	__asm__ volatile("fence.i" : : : "memory");
}

static inline void fence(void)
{
	__asm__ volatile("fence iorw, iorw" : : : "memory");
}

/* Interrupts of this hart: irq_enable() lets them in, irq_disable() keeps them pending. */
static inline void irq_enable(void)
{
	csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

static inline void irq_disable(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE);
}

/* The `time` CSR, in ticks of the time base (10 MHz on virt; see ticks_per_second). */
static inline unsigned long time_now(void)
{
	return csr_read(CSR_TIME);
}

#endif
