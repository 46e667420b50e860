/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PLIC's memory map as the specification gives it (RISC-V PLIC 1.0.0, "Memory Map"), and its
 * contexts as QEMU's `virt` numbers them, written down a second time so that the tests do not
 * inherit a mistake of the model.
 */
#ifndef PLIC_REGISTERS_H
#define PLIC_REGISTERS_H

#include <emulators/devices.h>

#define PRIORITY(source) (0x000000 + 4 * (uint64_t)(source))
#define PENDING(word) (0x001000 + 4 * (uint64_t)(word))
#define ENABLE(context, word) (0x002000 + 0x80 * (uint64_t)(context) + 4 * (uint64_t)(word))
#define THRESHOLD(context) (0x200000 + 0x1000 * (uint64_t)(context))
#define CLAIM(context) (0x200004 + 0x1000 * (uint64_t)(context))

#define M(vcpu) (2 * (vcpu))
#define S(vcpu) (2 * (vcpu) + 1)

#define NDEV 95 /* riscv,ndev of QEMU's virt */
#define WINDOW 0x600000

#endif
