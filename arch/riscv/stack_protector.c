/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack protector's value and what happens when a stack was overwritten.
 */
#include <arch/csr.h>
#include <arch/stack_protector.h>
#include <core/check.h>

uintptr_t __stack_chk_guard = 0x5bd1e995c2b2ae3d;

_Noreturn void __stack_chk_fail(void)
{
	panic("a stack was overwritten");
}
