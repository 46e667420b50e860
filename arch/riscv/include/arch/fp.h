/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers of guests: the only code of the hypervisor that touches
 * them, but that vcpu_switch.c reads CSRs of theirs. sstatus.FS (or VS) must not be Off. The hart
 * must have the extension.
 */
#ifndef ARCH_FP_H
#define ARCH_FP_H

#include <core/types.h>

struct vcpu;

/** f0 to f31 and fcsr, to and from vcpu->arch. */
void fp_save(struct vcpu *vcpu);
void fp_load(const struct vcpu *vcpu);

/** One register, all 64 bits. @reg: 0 to 31. */
uint64_t fp_read(unsigned int reg);
void fp_write(unsigned int reg, uint64_t value);

/** v0 to v31, vl, vtype, vstart and vcsr, to and from vcpu->arch. */
void vector_save(struct vcpu *vcpu);
void vector_load(const struct vcpu *vcpu);

/** Whether the hart takes @vtype (7:0) without setting vill. */
bool vector_takes(uint64_t vtype);

#endif
