/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The features of the SBI's Firmware Features extension (SBI 3.0), as the host's firmware and
 * guests number them, and what is kept of them for a vCPU. That belongs to the hart that runs the
 * vCPU, or to whoever holds it.
 */
#ifndef ARCH_FWFT_H
#define ARCH_FWFT_H

#include <core/types.h>

struct vcpu;

enum fwft_feature {
	FWFT_MISALIGNED_EXC_DELEG,
	FWFT_LANDING_PAD,
	FWFT_SHADOW_STACK,
	FWFT_DOUBLE_TRAP,
	FWFT_PTE_AD_HW_UPDATING,
	FWFT_POINTER_MASKING_PMLEN,
	FWFT_FEATURES
};

/** SBI 3.0: flags of sbi_fwft_set(). */
#define FWFT_FLAG_LOCK 1

/** Of a vCPU; BIT(enum fwft_feature) in the sets. */
struct fwft {
	uint8_t enabled; /* those that it is offered */
	uint8_t locked;
	uint8_t values[FWFT_FEATURES];
};

/** Whether the harts of the vCPU's VM can do what a feature is for. */
bool fwft_supported(const struct vcpu *vcpu, unsigned int feature);

/**
 * Gives @feature @value, whether it is locked or not. For the vCPU that runs on this hart, or one
 * that is held. 0, or -EINVAL (it cannot have that value) and nothing has changed.
 */
int fwft_value_set(struct vcpu *vcpu, unsigned int feature, uint64_t value);

#endif
