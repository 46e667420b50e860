/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM whose vCPUs' registers are tested, with what the registers reach below them, and a second
 * opinion about each: whether it is there, how wide it is, which values it takes. One thread.
 */
#ifndef REGISTER_WORLD_H
#define REGISTER_WORLD_H

#include "fake_hart.h"

#include <arch/pmu.h>
#include <arch/registers.h>
#include <core/vm.h>
#include <emulators/swfile.h>

#define WORLD_VLENB 32
#define WORLD_VCPUS 3

struct world {
	struct vm vm;
	struct vcpu vcpus[WORLD_VCPUS];
	struct swfile files[WORLD_VCPUS];
	uint8_t vectors[WORLD_VCPUS][32 * WORLD_VLENB];
	struct pmu pmus[WORLD_VCPUS];
	unsigned int pmu_changes;
	uint64_t armed[WORLD_VCPUS]; /* the deadline that the vCPU's timer was armed with last */
	unsigned int evictions;
	bool without_fwft; /* the VM does not have that extension */
	unsigned int vsfile_identities; /* of the harts' VS-files; 0: none */
};

extern struct world world;

#define ALL_FEATURES (BIT(FEATURE_COUNT) - 1)

/** A paused VM with @features (BIT(enum hart_feature)); @identities of its files, 0: none. */
void world_reset(uint64_t features, unsigned int identities);

/** The same with all features and 255 identities. Returns 0. */
int world_setup(void **state);

/** Registers of 8 bytes; world_get() fails the test when there is none. */
uint64_t world_get(struct vcpu *vcpu, uint32_t number);
int world_set(struct vcpu *vcpu, uint32_t number, uint64_t value);

#define assert_set(vcpu, number, value) assert_int_equal(world_set(vcpu, number, value), 0)
#define assert_refuses(vcpu, number, value) \
	assert_int_equal(world_set(vcpu, number, value), -EINVAL)

#define PC REGISTER(REGISTER_CORE, 0)
#define PRIVILEGE REGISTER(REGISTER_CORE, 32)
#define HSM REGISTER(REGISTER_CORE, 33)
#define CSR(csr) REGISTER(REGISTER_CSR, csr)
#define FILE_OF(select) REGISTER(REGISTER_FILE, select)
#define TIMER(index) REGISTER(REGISTER_TIMER, index)
#define VECTOR(index) REGISTER(REGISTER_VECTOR, index)

/* The second opinion, in register_opinion.c. */

/** Bytes of register @number as far as the specifications say, 0: there is none. */
unsigned int world_width(const struct vcpu *vcpu, uint32_t number);

/** Whether a register of 8 bytes takes @value now. */
bool world_takes(const struct vcpu *vcpu, uint32_t number, uint64_t value);

/** A value that it takes, out of @random. */
uint64_t world_legal(const struct vcpu *vcpu, uint32_t number, uint64_t random);

#endif
