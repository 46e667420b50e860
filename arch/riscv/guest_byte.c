/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single bytes of a guest's memory by HLV and HSV, with expected traps (privileged specification,
 * "Hypervisor Virtual-Machine Load and Store Instructions"). No lock: of this hart only.
 */
#include <arch/exit.h>
#include <arch/trap.h>

bool guest_load_byte(uint64_t at, uint8_t *byte)
{
	unsigned long ok = 0, value = 0;

	__asm__ volatile(
		"1: .insn r 0x73, 4, 0x30, %0, %2, x1\n\tli %1, 1\n2:\n\t" EXTABLE("1b", "2b")
		: "=&r"(value), "+r"(ok)
		: "r"(at)
		: "memory");
	*byte = (uint8_t)value;
	return ok;
}

bool guest_store_byte(uint64_t at, uint8_t byte)
{
	unsigned long ok = 0;

	__asm__ volatile(
		"1: .insn r 0x73, 4, 0x31, x0, %1, %2\n\tli %0, 1\n2:\n\t" EXTABLE("1b", "2b")
		: "+r"(ok)
		: "r"(at), "r"((unsigned long)byte)
		: "memory");
	return ok;
}
