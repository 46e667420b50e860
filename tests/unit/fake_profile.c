/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the architecture does for profiles, in unit tests: it keeps which vector each hart has.
 */
#include "fake_profile.h"

#include <core/hart.h>
#include <core/profile.h>
#include <stdio.h>

bool fake_vector_profiles[FAKE_HARTS];

void arch_profile_probe(struct hart *hart)
{
	hart->profile.instret_there = true;
}

void arch_profile_vector(bool on)
{
	fake_vector_profiles[fake_hart_self->index] = on;
}

uint64_t arch_exit_reason(const struct vcpu *vcpu, const struct hart_profile *record)
{
	return record->cause;
}

void arch_exit_name(const struct vm *vm, uint64_t reason, char *text, size_t size)
{
	snprintf(text, size, "reason %lu", (unsigned long)reason);
}
