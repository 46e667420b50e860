/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which debug triggers a guest may ask for, whatever the hart can do. Pure; no lock.
 */
#include <arch/sbi.h>

#define GUEST_BITS                                                                         \
	(15UL << TDATA1_TYPE_SHIFT | MCONTROL6_SELECT | MCONTROL6_SIZE | MCONTROL6_MATCH | \
	 MCONTROL6_S | MCONTROL6_U | MCONTROL6_ACCESS)

long dbtr_problem(uint64_t tdata1, uint64_t tdata3)
{
	if (tdata1 >> TDATA1_TYPE_SHIFT != TDATA1_MCONTROL6 >> TDATA1_TYPE_SHIFT)
		return SBI_FAILED;
	if (tdata1 & (TDATA1_DMODE | MCONTROL6_M))
		return SBI_INVALID_PARAM;
	return tdata1 & ~GUEST_BITS || tdata3 ? SBI_NOT_SUPPORTED : SBI_SUCCESS;
}
