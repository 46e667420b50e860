/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and status registers: numbers, fields and access. Numbers rather than assembler names
 * are used, so that every assembler takes them. No lock: a CSR belongs to its hart.
 */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

/* Supervisor */
#define CSR_SSTATUS 0x100
#define CSR_SIE 0x104
#define CSR_STVEC 0x105
#define CSR_SCOUNTEREN 0x106
#define CSR_SENVCFG 0x10a
#define CSR_SSTATEEN0 0x10c
#define CSR_SSTATEEN1 0x10d
#define CSR_SSTATEEN2 0x10e
#define CSR_SSTATEEN3 0x10f
#define CSR_SSCRATCH 0x140
#define CSR_SEPC 0x141
#define CSR_SCAUSE 0x142
#define CSR_STVAL 0x143
#define CSR_SIP 0x144
#define CSR_STIMECMP 0x14d
#define CSR_SISELECT 0x150
#define CSR_SIREG 0x151
#define CSR_STOPEI 0x15c
#define CSR_STOPI 0xdb0
#define CSR_SATP 0x180
#define CSR_SCOUNTINHIBIT 0x120
#define CSR_SCOUNTOVF 0xda0
#define CSR_SEED 0x015

/* Hypervisor */
#define CSR_HSTATUS 0x600
#define CSR_HEDELEG 0x602
#define CSR_HIDELEG 0x603
#define CSR_HIE 0x604
#define CSR_HTIMEDELTA 0x605
#define CSR_HCOUNTEREN 0x606
#define CSR_HGEIE 0x607
#define CSR_HVIEN 0x608
#define CSR_HVICTL 0x609
#define CSR_HENVCFG 0x60a
#define CSR_HSTATEEN0 0x60c
#define CSR_HSTATEEN1 0x60d
#define CSR_HSTATEEN2 0x60e
#define CSR_HSTATEEN3 0x60f
#define CSR_HTVAL 0x643
#define CSR_HIP 0x644
#define CSR_HVIP 0x645
#define CSR_HVIPRIO1 0x646
#define CSR_HVIPRIO2 0x647
#define CSR_HTINST 0x64a
#define CSR_HGATP 0x680
#define CSR_HGEIP 0xe12

/* Virtual supervisor */
#define CSR_VSSTATUS 0x200
#define CSR_VSIE 0x204
#define CSR_VSTVEC 0x205
#define CSR_VSSCRATCH 0x240
#define CSR_VSEPC 0x241
#define CSR_VSCAUSE 0x242
#define CSR_VSTVAL 0x243
#define CSR_VSIP 0x244
#define CSR_VSTIMECMP 0x24d
#define CSR_VSISELECT 0x250
#define CSR_VSIREG 0x251
#define CSR_VSTOPEI 0x25c
#define CSR_VSTOPI 0xeb0
#define CSR_VSATP 0x280

/* Unprivileged */
#define CSR_FCSR 0x003
#define CSR_SSP 0x011
#define CSR_VSTART 0x008
#define CSR_VCSR 0x00f
#define CSR_CYCLE 0xc00
#define CSR_TIME 0xc01
#define CSR_INSTRET 0xc02
#define CSR_VL 0xc20
#define CSR_VTYPE 0xc21
#define CSR_VLENB 0xc22

#define SSTATUS_SIE (1UL << 1)
#define SSTATUS_SPIE (1UL << 5)
#define SSTATUS_SPP (1UL << 8)
#define SSTATUS_UBE (1UL << 6)
#define SSTATUS_VS_SHIFT 9
#define SSTATUS_FS_SHIFT 13
#define SSTATUS_VS (3UL << SSTATUS_VS_SHIFT)
#define SSTATUS_FS (3UL << SSTATUS_FS_SHIFT)
#define SSTATUS_SUM (1UL << 18)
#define SSTATUS_MXR (1UL << 19)
#define SSTATUS_SPELP (1UL << 23)
#define SSTATUS_SDT (1UL << 24)
#define SSTATUS_UXL (3UL << 32)
#define SSTATUS_UXL_64 (2UL << 32)
#define SSTATUS_SD (1UL << 63)
/* The two FS/VS values that matter here. */
#define EXT_OFF 0UL
#define EXT_CLEAN 2UL
#define EXT_DIRTY 3UL

#define HSTATUS_GVA (1UL << 6)
#define HSTATUS_SPV (1UL << 7)
#define HSTATUS_SPVP (1UL << 8)
#define HSTATUS_HU (1UL << 9)
#define HSTATUS_VGEIN_SHIFT 12
#define HSTATUS_VGEIN (0x3fUL << HSTATUS_VGEIN_SHIFT)
#define HSTATUS_VTVM (1UL << 20)
#define HSTATUS_VTW (1UL << 21)
#define HSTATUS_VTSR (1UL << 22)
#define HSTATUS_VSXL_64 (2UL << 32)

#define IRQ_SSI 1
#define IRQ_VSSI 2
#define IRQ_STI 5
#define IRQ_VSTI 6
#define IRQ_SEI 9
#define IRQ_VSEI 10
#define IRQ_SGEI 12
#define IRQ_LCOFI 13
#define HVIP_VSSIP (1UL << IRQ_VSSI)
#define HVIP_VSTIP (1UL << IRQ_VSTI)
#define HVIP_VSEIP (1UL << IRQ_VSEI)

#define CAUSE_INTERRUPT (1UL << 63)
#define CAUSE_FETCH_MISALIGNED 0
#define CAUSE_FETCH_ACCESS 1
#define CAUSE_ILLEGAL 2
#define CAUSE_BREAKPOINT 3
#define CAUSE_LOAD_MISALIGNED 4
#define CAUSE_LOAD_ACCESS 5
#define CAUSE_STORE_MISALIGNED 6
#define CAUSE_STORE_ACCESS 7
#define CAUSE_ECALL_U 8
#define CAUSE_ECALL_HS 9
#define CAUSE_ECALL_VS 10
#define CAUSE_FETCH_PAGE 12
#define CAUSE_LOAD_PAGE 13
#define CAUSE_STORE_PAGE 15
#define CAUSE_DOUBLE_TRAP 16
#define CAUSE_SOFTWARE_CHECK 18
#define CAUSE_HARDWARE_ERROR 19
#define CAUSE_FETCH_GUEST 20
#define CAUSE_LOAD_GUEST 21
#define CAUSE_VIRTUAL_INSN 22
#define CAUSE_STORE_GUEST 23

/* Their bits in hedeleg. */
#define CAUSES_MISALIGNED (1UL << CAUSE_LOAD_MISALIGNED | 1UL << CAUSE_STORE_MISALIGNED)

#define HENVCFG_FIOM (1UL << 0)
#define HENVCFG_LPE (1UL << 2)
#define HENVCFG_SSE (1UL << 3)
#define HENVCFG_CBIE_FLUSH (1UL << 4)
#define HENVCFG_CBIE (3UL << 4)
#define HENVCFG_CBCFE (1UL << 6)
#define HENVCFG_CBZE (1UL << 7)
#define HENVCFG_PMM_SHIFT 32
#define HENVCFG_PMM (3UL << HENVCFG_PMM_SHIFT)
#define HENVCFG_PMM_7 (2UL << HENVCFG_PMM_SHIFT)
#define HENVCFG_PMM_16 (3UL << HENVCFG_PMM_SHIFT)
#define HENVCFG_DTE (1UL << 59)
#define HENVCFG_PBMTE (1UL << 62)
#define HENVCFG_STCE (1UL << 63)
#define HENVCFG_ADUE (1UL << 61)

#define HSTATEEN0_SE0 (1UL << 63)
#define HSTATEEN0_ENVCFG (1UL << 62)
#define HSTATEEN0_CSRIND (1UL << 60)
#define HSTATEEN0_AIA (1UL << 59)
#define HSTATEEN0_IMSIC (1UL << 58)

#define HVICTL_VTI (1UL << 30)
#define HVICTL_IID_SHIFT 16
/** IID 9, IPRIO 1: stopi shows an external interrupt although no VS-file has one. */
#define HVICTL_EXTIRQ (9UL << HVICTL_IID_SHIFT | 1)

#define HGATP_MODE_SHIFT 60
#define HGATP_VMID_SHIFT 44
#define HGATP_VMID_BITS 14 /* VMIDMAX for RV64 */
#define HGATP_VMID_MASK 0x3fffUL
#define HGATP_PPN_MASK 0xfffffffffffUL
#define SATP_MODE_SHIFT 60
#define SATP_SV39 8UL /* values of MODE */
#define SATP_SV48 9UL
#define SATP_SV57 10UL
#define SATP_ASID_SHIFT 44
#define SATP_ASID_MASK 0xffffUL
#define SATP_PPN_MASK 0xfffffffffffUL
#define SATP_ASID_PPN ((1UL << SATP_MODE_SHIFT) - 1)

#define STVEC_MODE 3UL
#define SENVCFG_CBIE_SHIFT 4
#define SENVCFG_PMM_SHIFT 32
#define VTYPE_VILL (1UL << 63)

#define ISELECT_EIDELIVERY 0x70
#define ISELECT_EITHRESHOLD 0x72
#define ISELECT_EIP0 0x80
#define ISELECT_EIE0 0xc0

#ifndef __ASSEMBLER__

#define CSR_STRING_(x) #x
#define CSR_STRING(x) CSR_STRING_(x)

/*
 * Debug builds fail where an access is not guarded by what the hart was found to have, also when
 * that is only hidden and would not trap. csr_try_read() and csr_try_write() are for finding out.
 * Not those that light functions access, which call nothing.
 */
#ifdef DEBUG
/** A CHECK that this hart has @csr, if harts may lack it; not before all of them is known. */
void csr_check(unsigned int csr);
#define CSR_IS_OPTIONAL(csr)                                                       \
	((csr) == CSR_HENVCFG || (csr) == CSR_SENVCFG || (csr) == CSR_HSTATEEN0 || \
	 (csr) == CSR_SSTATEEN0 || (csr) == CSR_STIMECMP || (csr) == CSR_HVIEN)
#define CSR_CHECK(csr) (CSR_IS_OPTIONAL(csr) ? csr_check(csr) : (void)0)
#else
#define CSR_CHECK(csr) ((void)0)
#endif

#define csr_read(csr)                                                                       \
	({                                                                                  \
		unsigned long csr_value_;                                                   \
		CSR_CHECK(csr);                                                             \
		__asm__ volatile("csrr %0, " CSR_STRING(csr) : "=r"(csr_value_)::"memory"); \
		csr_value_;                                                                 \
	})

#define csr_write(csr, value)                                                                  \
	({                                                                                     \
		CSR_CHECK(csr);                                                                \
		__asm__ volatile("csrw " CSR_STRING(csr) ", %0" ::"rK"((unsigned long)(value)) \
				 : "memory");                                                  \
	})

#define csr_set(csr, bits)                                                                    \
	({                                                                                    \
		CSR_CHECK(csr);                                                               \
		__asm__ volatile("csrs " CSR_STRING(csr) ", %0" ::"rK"((unsigned long)(bits)) \
				 : "memory");                                                 \
	})

#define csr_clear(csr, bits)                                                                  \
	({                                                                                    \
		CSR_CHECK(csr);                                                               \
		__asm__ volatile("csrc " CSR_STRING(csr) ", %0" ::"rK"((unsigned long)(bits)) \
				 : "memory");                                                 \
	})

#define csr_swap(csr, value)                                         \
	({                                                           \
		unsigned long csr_value_;                            \
		CSR_CHECK(csr);                                      \
		__asm__ volatile("csrrw %0, " CSR_STRING(csr) ", %1" \
				 : "=r"(csr_value_)                  \
				 : "rK"((unsigned long)(value))      \
				 : "memory");                        \
		csr_value_;                                          \
	})

#define csr_read_clear(csr, bits)                                    \
	({                                                           \
		unsigned long csr_value_;                            \
		__asm__ volatile("csrrc %0, " CSR_STRING(csr) ", %1" \
				 : "=r"(csr_value_)                  \
				 : "rK"((unsigned long)(bits))       \
				 : "memory");                        \
		csr_value_;                                          \
	})

#endif
#endif
