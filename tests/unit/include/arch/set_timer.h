/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In place of arch/riscv/include/arch/set_timer.h: fake_sbi.c has the function.
 */
#ifndef ARCH_SET_TIMER_H
#define ARCH_SET_TIMER_H

#include <core/types.h>

struct vcpu;

bool arch_vcpu_set_timer_light(struct vcpu *vcpu, uint64_t deadline);

#endif
