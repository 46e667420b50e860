/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends, in one of several ways, for tests of how the end of a VM is seen. Argument: how=<n>
 *   0 SRST shutdown, 1 SRST shutdown with reason "system failure", 2 SRST cold reboot,
 *   3 SRST warm reboot, 4 reset device: power off, 5 reset device: failure with code `code=<n>`,
 *   6 reset device: reset, 7 all harts stop. Argument: after=<ms> waits before (0).
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

const char payload_name[] = "ending";

static void reset_device(uint32_t value)
{
	volatile uint32_t *device = (volatile uint32_t *)fdt_device("sifive,test1").address;

	if (device)
		*device = value;
}

void payload_main(void)
{
	unsigned long how = args_number("how", 0);

	delay_us(args_number("after", 0) * 1000);
	test_begin("ending");
	print("ending %lu", how);
	switch (how) {
	case 0:
	case 1:
		sbi_call(SBI_SRST, 0, 0, how, 0);
		break;
	case 2:
	case 3:
		sbi_call(SBI_SRST, 0, how - 1, 0, 0);
		break;
	case 4:
		reset_device(0x5555);
		break;
	case 5:
		reset_device(0x3333 | (uint32_t)args_number("code", 1) << 16);
		break;
	case 6:
		reset_device(0x7777);
		break;
	case 7:
		sbi_call(SBI_HSM, 1, 0, 0, 0);
		break;
	default:
		break;
	}
	/* The reset device may take a moment, and much longer on a loaded machine. */
	delay_us(60000000);
	panic("still here after ending %lu", how);
}
