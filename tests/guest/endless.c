/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that never ends, in one of several ways, on all its harts: for tests of its neighbours
 * and of pausing, resetting and destroying it. Argument: mode=<n>
 *   0 loops, 1 sleeps with no interrupt enabled, 2 faults in its own trap vector for ever,
 *   3 calls the SBI, 4 reads a device, 5 fences all harts, 6 starts and stops its harts.
 */
#include "lib/csr.h"
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

#include <stddef.h>

const char payload_name[] = "endless";

#define NOTHING 0x08000000ul

enum mode { LOOP, SLEEP, FAULT, CALLS, DEVICE, FENCES, STARTS };

static enum mode mode;

static void fault_for_ever(void)
{
	csr_write(CSR_STVEC, NOTHING);
	((void (*)(void))NOTHING)();
}

static void go_on(void *argument)
{
	volatile uint8_t *line_status = (volatile uint8_t *)fdt_device("ns16550a").address + 5;

	(void)argument;
	csr_write(CSR_SIE, 0);
	if (mode == FAULT)
		fault_for_ever();
	for (;;) {
		switch (mode) {
		case SLEEP:
			wfi();
			break;
		case CALLS:
			sbi_call(SBI_BASE, 0, 0, 0, 0);
			break;
		case DEVICE:
			(void)*line_status;
			break;
		case FENCES:
			sbi_call6(SBI_RFENCE, 1, 0, -1ul, 0, -1ul, 0, 0);
			break;
		default:
			break;
		}
	}
}

static void nothing(void *argument)
{
	(void)argument;
}

static void start_for_ever(void)
{
	for (;;)
		for (unsigned int i = 0; i < hart_count; i++)
			if (hart_ids[i] != this_hart()->id)
				hart_start(hart_ids[i], nothing, NULL);
}

void payload_main(void)
{
	mode = (enum mode)args_number("mode", LOOP);
	print("endless mode %u on %u harts", (unsigned int)mode, hart_count);
	if (mode == STARTS)
		start_for_ever();
	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_ids[i] != this_hart()->id)
			hart_start(hart_ids[i], go_on, NULL);
	go_on(NULL);
}
