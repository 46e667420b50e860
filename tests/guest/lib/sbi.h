/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI 3.0 calls as a guest makes them: numbers and thin wrappers. Owns no state.
 */
#pragma once

#define SBI_BASE 0x10
#define SBI_TIME 0x54494d45
#define SBI_IPI 0x735049
#define SBI_RFENCE 0x52464e43
#define SBI_HSM 0x48534d
#define SBI_SRST 0x53525354
#define SBI_PMU 0x504d55
#define SBI_DBCN 0x4442434e
#define SBI_SUSP 0x53555350
#define SBI_CPPC 0x43505043
#define SBI_NACL 0x4e41434c
#define SBI_STA 0x535441
#define SBI_SSE 0x535345
#define SBI_FWFT 0x46574654
#define SBI_DBTR 0x44425452
#define SBI_MPXY 0x4d505859

#define SBI_SUCCESS 0
#define SBI_ERR_FAILED -1
#define SBI_ERR_NOT_SUPPORTED -2
#define SBI_ERR_INVALID_PARAM -3
#define SBI_ERR_DENIED -4
#define SBI_ERR_INVALID_ADDRESS -5
#define SBI_ERR_ALREADY_AVAILABLE -6
#define SBI_ERR_ALREADY_STARTED -7
#define SBI_ERR_ALREADY_STOPPED -8

#define SBI_IMPL_OPENSBI 1

enum hsm_state {
	HSM_STARTED,
	HSM_STOPPED,
	HSM_START_PENDING,
	HSM_STOP_PENDING,
	HSM_SUSPENDED,
	HSM_SUSPEND_PENDING,
	HSM_RESUME_PENDING,
};

#define HSM_SUSPEND_RETENTIVE 0
#define HSM_SUSPEND_NON_RETENTIVE 0x80000000ul

struct sbiret {
	long error;
	long value;
};

/* Any SBI call, with all six arguments. */
static inline struct sbiret sbi_call6(unsigned long eid, unsigned long fid, unsigned long arg0,
				      unsigned long arg1, unsigned long arg2, unsigned long arg3,
				      unsigned long arg4, unsigned long arg5)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a3 __asm__("a3") = arg3;
	register unsigned long a4 __asm__("a4") = arg4;
	register unsigned long a5 __asm__("a5") = arg5;
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = eid;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbiret){ (long)a0, (long)a1 };
}

/* Any SBI call of up to three arguments, the others 0. */
static inline struct sbiret sbi_call(unsigned long eid, unsigned long fid, unsigned long arg0,
				     unsigned long arg1, unsigned long arg2)
{
	return sbi_call6(eid, fid, arg0, arg1, arg2, 0, 0, 0);
}

/* True if the extension is there (BASE probe_extension). */
static inline int sbi_probe(unsigned long eid)
{
	struct sbiret ret = sbi_call(SBI_BASE, 3, eid, 0, 0);

	return ret.error == SBI_SUCCESS && ret.value != 0;
}

static inline unsigned long sbi_impl_id(void)
{
	return (unsigned long)sbi_call(SBI_BASE, 1, 0, 0, 0).value;
}

/* True when OpenSBI answers, which means that the payload runs on the bare machine. */
static inline int sbi_is_bare(void)
{
	return sbi_impl_id() == SBI_IMPL_OPENSBI;
}

static inline long sbi_set_timer(unsigned long deadline)
{
	return sbi_call(SBI_TIME, 0, deadline, 0, 0).error;
}

static inline long sbi_send_ipi(unsigned long mask, unsigned long base)
{
	return sbi_call(SBI_IPI, 0, mask, base, 0).error;
}

static inline long sbi_hart_start(unsigned long id, unsigned long address, unsigned long opaque)
{
	return sbi_call(SBI_HSM, 0, id, address, opaque).error;
}

/* The state of a hart (enum hsm_state), or a negative SBI error. */
static inline long sbi_hart_status(unsigned long id)
{
	struct sbiret ret = sbi_call(SBI_HSM, 2, id, 0, 0);

	return ret.error ? ret.error : ret.value;
}
