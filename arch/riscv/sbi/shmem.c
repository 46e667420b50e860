/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory that a guest names in an SBI call (SBI 3.0, "Shared memory physical address range
 * parameter"). A VM's ranges do not change while it exists; no lock.
 */
#include <arch/sbi.h>

long sbi_shared_memory(const struct vm *vm, uint64_t low, uint64_t high, uint64_t size,
		       uint64_t alignment, unsigned int access)
{
	if (low & (alignment - 1))
		return SBI_INVALID_PARAM;
	if (!size)
		return SBI_SUCCESS;
	return !high && vm_is_ram(vm, gpa(low), size, access) ? SBI_SUCCESS : SBI_INVALID_ADDRESS;
}
