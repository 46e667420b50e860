/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters of vCPUs (SBI 3.0, "Performance Monitoring Unit Extension").
 *
 *   counter  0, 2      cycle, instret     from the hart's own, which nobody stops or writes
 *   counter  3 to 31   hpmcounter3 to 31  the hart's own while the vCPU is loaded there
 *   counter 32 to 63   firmware counters  in memory
 *
 * A vCPU's counter n is the hart's hpmcounter n, by whatever number the firmware of the host knows
 * it. So the guest reads a started one without an exit. The state belongs to the hart that has the
 * vCPU loaded; no lock.
 */
#ifndef ARCH_PMU_H
#define ARCH_PMU_H

#include <arch/csr.h>
#include <core/vm.h>

#define PMU_COUNTERS 64
#define PMU_FIRMWARE_FIRST 32

#define PMU_CYCLE 0
#define PMU_INSTRET 2
/** Sets of counters, one bit each. */
#define PMU_FIXED (BIT(PMU_CYCLE) | BIT(PMU_INSTRET))
#define PMU_PROGRAMMABLE GENMASK(31, 3)
#define PMU_FIRMWARE GENMASK(63, 32)

/* event_idx: type 19:16, code 15:0 */
#define PMU_EVENT_NONE 0
#define PMU_EVENT_CYCLES 1
#define PMU_EVENT_INSTRUCTIONS 2
#define PMU_TYPE_GENERAL 0
#define PMU_TYPE_CACHE 1
#define PMU_TYPE_RAW 2
#define PMU_TYPE_RAW_V2 3
#define PMU_TYPE_FIRMWARE 15
#define PMU_EVENT(type, code) ((uint32_t)(type) << 16 | (uint32_t)(code))

/** Codes of firmware events. Nobody counts those in between, as guests have no HFENCEs to send. */
enum pmu_firmware_event {
	PMU_FW_MISALIGNED_LOAD,
	PMU_FW_MISALIGNED_STORE,
	PMU_FW_ACCESS_LOAD,
	PMU_FW_ACCESS_STORE,
	PMU_FW_ILLEGAL_INSN,
	PMU_FW_SET_TIMER,
	PMU_FW_IPI_SENT,
	PMU_FW_IPI_RECEIVED,
	PMU_FW_FENCE_I_SENT,
	PMU_FW_FENCE_I_RECEIVED,
	PMU_FW_SFENCE_VMA_SENT,
	PMU_FW_SFENCE_VMA_RECEIVED,
	PMU_FW_SFENCE_VMA_ASID_SENT,
	PMU_FW_SFENCE_VMA_ASID_RECEIVED,
	PMU_FW_HFENCE_FIRST,
	PMU_FW_HFENCE_LAST = 21,
	PMU_FW_COUNT
};

/** config_flags */
#define PMU_SKIP_MATCH 0x01
#define PMU_CLEAR_VALUE 0x02
#define PMU_AUTO_START 0x04
#define PMU_VUINH 0x08
#define PMU_VSINH 0x10
#define PMU_UINH 0x20
#define PMU_SINH 0x40
#define PMU_MINH 0x80
#define PMU_CONFIG_FLAGS 0xff
/** start_flags, stop_flags */
#define PMU_START_SET_VALUE 0x1
#define PMU_START_SNAPSHOT 0x2
#define PMU_STOP_RESET 0x1
#define PMU_STOP_SNAPSHOT 0x2

/** The counters of @set, one after the other. */
#define for_each_counter(n, set)                                                              \
	for (uint64_t left_ = (set), n; left_ && ((n = (uint64_t)__builtin_ctzll(left_)), 1); \
	     left_ &= left_ - 1)

struct pmu_counter {
	uint64_t value; /* while it is in no hart */
	uint64_t data; /* event_data */
	uint32_t event; /* event_idx; PMU_EVENT_NONE: it has none */
	uint8_t flags; /* config_flags: what inhibits it */
	uint8_t width; /* bits; 0: there is no such counter */
};

struct pmu {
	struct pmu_counter counters[PMU_COUNTERS];
	/* Sets of counters, one bit each. */
	uint64_t started;
	uint32_t running; /* started, and this hart counts now */
	uint32_t overflowed; /* what scountovf shows */
	uint64_t base[3]; /* of running fixed counters: the hart's counter when it was 0 */
	uint64_t snapshot; /* guest-physical address of the shared memory; UINT64_MAX: none */
};

/** No snapshot memory is set. */
#define PMU_NO_SNAPSHOT UINT64_MAX

/** Firmware event @event happened @count times to @vcpu, which is loaded here. */
void pmu_count(struct vcpu *vcpu, enum pmu_firmware_event event, unsigned int count);

/** The same, at no more than the price of a look while the vCPU counts no firmware event. */
static inline void pmu_firmware_event(struct vcpu *vcpu, enum pmu_firmware_event event,
				      unsigned int count)
{
	if (unlikely(vcpu->arch.pmu_events))
		pmu_count(vcpu, event, count);
}

/** An exception is raised in the loaded guest that counts firmware events. */
void pmu_exception(struct vcpu *vcpu, uint64_t cause);

/** Counters of this hart ran over (LCOFI). Interrupts off. */
void pmu_interrupt(void);

/**
 * What the loaded guest reads from @csr: cycle, instret, hpmcounter3 to 31 or scountovf, when that
 * trapped. @user: in VU-mode. False when it has no such CSR there.
 */
bool pmu_csr_read(const struct vcpu *vcpu, unsigned int csr, bool user, uint64_t *value);

static inline bool pmu_is_csr(unsigned int csr)
{
	return csr - CSR_CYCLE < 32 || csr == CSR_SCOUNTOVF;
}

/* For the SBI extension and the registers; the vCPU is loaded here, or in no hart. */

/** The counters that the vCPU has, one bit each. */
uint64_t pmu_present(const struct pmu *pmu);

/** The value of a counter now. */
uint64_t pmu_value(const struct pmu *pmu, unsigned int counter);

/** Whether @event, with @data, is one of @class of the specification: hardware or firmware. */
bool pmu_event_is_hardware(uint64_t event, uint64_t data);
bool pmu_event_is_firmware(uint64_t event, uint64_t data);

/**
 * The one of @candidates (hardware counters of the loaded vCPU that are not started) that can
 * count @event here, or -1.
 */
int pmu_match(struct vcpu *vcpu, uint32_t candidates, unsigned int flags, uint32_t event,
	      uint64_t data);

/** Whether this hart can count a hardware event with any counter of the loaded vCPU. */
bool pmu_event_supported(struct vcpu *vcpu, uint32_t event, uint64_t data);

/**
 * Starts or stops counters of the loaded vCPU: those of @set that have an event and are not
 * started, those that are started. Returns the ones that this hart cannot count; they stay stopped.
 */
uint64_t pmu_start(struct vcpu *vcpu, uint64_t set);
void pmu_stop(struct vcpu *vcpu, uint64_t set);

/** Stopped counters of the loaded vCPU have no event any more; their values stay. */
void pmu_forget(struct vcpu *vcpu, uint64_t set);

/** The value of a stopped counter; the bits that it does not have are lost. */
static inline void pmu_set_value(struct pmu_counter *counter, uint64_t value)
{
	counter->value = value & UINT64_MAX >> (64 - counter->width);
}

/** What was set in counters of a vCPU that is in no hart, or in stopped ones of the loaded one. */
void pmu_changed(struct vcpu *vcpu);

/** The loaded vCPU gives its hart's counters back, and takes them again. */
void pmu_load(struct vcpu *vcpu);
void pmu_save(struct vcpu *vcpu);

/** All stopped, without events, values 0. The vCPU is in no hart. */
void pmu_reset(struct vcpu *vcpu);

/* The counters of this hart, in pmu_host.c. Counters are those of hpmcounter<n>, sets of them. */

/**
 * Finds which counters the firmware lends. @readable: those whose CSRs can be read. Each hart for
 * itself, before it runs guests.
 */
void pmu_host_probe(struct hart *hart, uint32_t readable);

/**
 * Has one of @set count @event, in VS- and VU-mode only where the hart can tell modes apart.
 * @flags: config_flags of the guest. It is stopped. Returns it, or -1.
 */
int pmu_host_configure(uint32_t set, unsigned int flags, uint32_t event, uint64_t data);

/** Starts a configured counter with @value. False when the firmware refuses. */
bool pmu_host_start(unsigned int counter, uint64_t value);

/** Stops those of @set, and forgets their events. */
void pmu_host_release(uint32_t set);

/** The value of a counter; also of cycle and instret. */
uint64_t pmu_host_read(unsigned int counter);

/** Acknowledges the overflow interrupt; returns the counters that ran over since they started. */
uint32_t pmu_host_overflows(void);

#endif
