/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a supervisor software event does to the registers of a vCPU (SBI 3.0, "Software Event
 * Injection" and "Software Event Completion"). The vCPU is loaded, a6 and a7 are saved; the lock
 * of the VM's events is held.
 *
 * The guest's sepc and sstatus are vsepc and vsstatus; sepc, sstatus.SPP and sstatus.SPELP are the
 * pc, privilege mode and landing pad state that it goes on with.
 */
#include <arch/csr.h>
#include <arch/sse.h>
#include <core/vm.h>

/* Bits of INTERRUPTED_FLAGS and of vsstatus. The hypervisor extension is not the guest's. */
static const struct {
	uint64_t flag, status;
} flag_bits[] = {
	{ SSE_FLAGS_SPP, SSTATUS_SPP },
	{ SSE_FLAGS_SPIE, SSTATUS_SPIE },
	{ SSE_FLAGS_SPELP, SSTATUS_SPELP },
	{ SSE_FLAGS_SDT, SSTATUS_SDT },
};

#define STATUS_BITS (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SPELP | SSTATUS_SDT)

static uint64_t flags_of(uint64_t status)
{
	uint64_t flags = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(flag_bits); i++)
		flags |= status & flag_bits[i].status ? flag_bits[i].flag : 0;
	return flags;
}

static uint64_t status_of(uint64_t flags)
{
	uint64_t status = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(flag_bits); i++)
		status |= flags & flag_bits[i].flag ? flag_bits[i].status : 0;
	return status;
}

/** SDT is only there with henvcfg.DTE (privileged specification, "Hypervisor Environment ..."). */
static uint64_t sdt_of(const struct vcpu *vcpu)
{
	return vcpu->arch.henvcfg & HENVCFG_DTE ? SSTATUS_SDT : 0;
}

/** Where the guest goes on: pc, and of @status the privilege mode and the landing pad state. */
static void continue_at(uint64_t pc, uint64_t status)
{
	csr_write(CSR_SEPC, pc);
	csr_clear(CSR_SSTATUS, SSTATUS_SPP | SSTATUS_SPELP);
	csr_set(CSR_SSTATUS, status & (SSTATUS_SPP | SSTATUS_SPELP));
	if (status & SSTATUS_SPP)
		csr_set(CSR_HSTATUS, HSTATUS_SPVP);
	else
		csr_clear(CSR_HSTATUS, HSTATUS_SPVP);
}

void sse_enter(struct vcpu *vcpu, struct sse_event *event)
{
	uint64_t *attributes = event->attributes;
	uint64_t *regs = vcpu->arch.regs;
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t now = csr_read(CSR_SSTATUS) & (SSTATUS_SPP | SSTATUS_SPELP);

	attributes[SSE_INTERRUPTED_FLAGS] = flags_of(vsstatus);
	attributes[SSE_INTERRUPTED_SEPC] = csr_read(CSR_VSEPC);
	attributes[SSE_INTERRUPTED_A6] = regs[REG_A6];
	attributes[SSE_INTERRUPTED_A7] = regs[REG_A7];
	regs[REG_A6] = vcpu->index;
	regs[REG_A7] = attributes[SSE_ENTRY_ARG];
	now |= vsstatus & SSTATUS_SIE ? SSTATUS_SPIE : 0;
	vsstatus &= ~(SSTATUS_SIE | STATUS_BITS);
	csr_write(CSR_VSSTATUS, vsstatus | now | sdt_of(vcpu));
	csr_write(CSR_VSEPC, csr_read(CSR_SEPC));
	continue_at(attributes[SSE_ENTRY_PC], SSTATUS_SPP);
}

void sse_leave(struct vcpu *vcpu, const struct sse_event *event)
{
	const uint64_t *attributes = event->attributes;
	uint64_t vsstatus = csr_read(CSR_VSSTATUS);
	uint64_t before = status_of(attributes[SSE_INTERRUPTED_FLAGS]);

	continue_at(csr_read(CSR_VSEPC), vsstatus);
	before |= vsstatus & SSTATUS_SPIE ? SSTATUS_SIE : 0;
	if (!sdt_of(vcpu))
		before &= ~SSTATUS_SDT;
	vsstatus &= ~(SSTATUS_SIE | STATUS_BITS);
	csr_write(CSR_VSSTATUS, vsstatus | before);
	csr_write(CSR_VSEPC, attributes[SSE_INTERRUPTED_SEPC]);
	vcpu->arch.regs[REG_A6] = attributes[SSE_INTERRUPTED_A6];
	vcpu->arch.regs[REG_A7] = attributes[SSE_INTERRUPTED_A7];
}
