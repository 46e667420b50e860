/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug triggers of guests (SBI 3.0, "Debug Triggers Extension"). Triggers belong to M-mode, so
 * those of the host are had from the firmware's own DBTR. A guest's are kept with its vCPU and are
 * in the hart only while that is loaded; there its S-mode is VS-mode and its U-mode VU-mode, so
 * that they match nothing else. State of a vCPU, owned by the hart that has it loaded.
 *
 *   mcontrol6, what a guest may set:
 *    63  60      21      18  16     10   7        4   3   2   1   0
 *   | 6    | ... | sel | | size | | match | ... | s | u | x | st | ld |
 */
#ifndef ARCH_DBTR_H
#define ARCH_DBTR_H

#include <core/types.h>

struct hart;
struct vcpu;

/** Triggers of a vCPU at most. */
#define DBTR_TRIGGERS 8

/** SBI 3.0: a call names fewer than there are. So nobody could use a single one. */
#define DBTR_TRIGGERS_LEAST 2

/* tdata1 of a trigger of type mcontrol6 (Debug 1.0, "Match Control Type 6"). */
#define TDATA1_TYPE_SHIFT 60
#define TDATA1_MCONTROL6 (6UL << TDATA1_TYPE_SHIFT)
#define TDATA1_DMODE (1UL << 59)
#define MCONTROL6_UNCERTAIN (1UL << 26)
#define MCONTROL6_HIT1 (1UL << 25)
#define MCONTROL6_VS (1UL << 24)
#define MCONTROL6_VU (1UL << 23)
#define MCONTROL6_HIT0 (1UL << 22)
#define MCONTROL6_SELECT (1UL << 21)
#define MCONTROL6_SIZE (7UL << 16)
#define MCONTROL6_CHAIN (1UL << 11)
#define MCONTROL6_MATCH (15UL << 7)
#define MCONTROL6_M (1UL << 6)
#define MCONTROL6_S (1UL << 4)
#define MCONTROL6_U (1UL << 3)
#define MCONTROL6_ACCESS 7UL /* execute, store, load */

/* trig_state (table "Debug Trigger State Fields"). */
#define TRIGGER_MAPPED (1UL << 0)
#define TRIGGER_U (1UL << 1)
#define TRIGGER_S (1UL << 2)

/** tdata3 of a guest's trigger is always 0. */
struct dbtr_trigger {
	uint64_t state; /* 0: not installed */
	uint64_t tdata1; /* s and u clear while it is disabled */
	uint64_t tdata2;
};

struct dbtr_vcpu {
	uint64_t shared; /* gpa of its shared memory, UINT64_MAX: none */
	struct dbtr_trigger triggers[DBTR_TRIGGERS];
};

/** What the firmware reads and writes: four words of a trigger (state or index, tdata1 to 3). */
struct dbtr_entry {
	uint64_t words[4];
};

/** Of a hart. Owned by it. */
struct dbtr_hart {
	uint8_t triggers; /* of type mcontrol6; 0: guests get none */
	uint64_t installed; /* one bit for each, by the firmware's index */
	struct dbtr_entry *page; /* that the firmware knows */
};

/**
 * What is wrong with a configuration that a guest asks for, whatever the hart can do: 0,
 * SBI_FAILED (another type), SBI_INVALID_PARAM (what the specification forbids) or
 * SBI_NOT_SUPPORTED (chains, actions, contexts and the like).
 */
long dbtr_problem(uint64_t tdata1, uint64_t tdata3);

/** Whether this hart, in which no trigger is, can have a trigger of a guest. */
bool dbtr_hart_takes(uint64_t tdata1, uint64_t tdata2);

/** Puts the enabled triggers of @vcpu into this hart; takes what is there out of it. */
void dbtr_install(struct vcpu *vcpu);
void dbtr_remove(struct vcpu *vcpu);

/** Says that what is installed in @vcpu has changed: whether it has work when it is switched. */
void dbtr_changed(struct vcpu *vcpu);

#endif
