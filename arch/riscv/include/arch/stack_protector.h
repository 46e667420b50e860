/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names that compilers use for the stack protector.
 */
#ifndef ARCH_STACK_PROTECTOR_H
#define ARCH_STACK_PROTECTOR_H

#include <core/types.h>

extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

#endif
