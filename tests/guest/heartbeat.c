/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Beats at a regular period out of a timer interrupt, for tests that ask whether a neighbour
 * disturbed this VM. Arguments: period=<ms> (100), beats=<n> (20), 0 beats for ever.
 * Ends with the largest gap between two beats.
 */
#include "lib/csr.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

const char payload_name[] = "heartbeat";

static unsigned long period, next;
static volatile unsigned long fired;

static bool on_timer(struct frame *frame)
{
	(void)frame;
	if (this_hart()->last_cause != IRQ_STI)
		return false;
	next += period;
	sbi_set_timer(next);
	fired++;
	return true;
}

void payload_main(void)
{
	unsigned long ms = args_number("period", 100);
	unsigned long beats = args_number("beats", 20);
	unsigned long last, gap, largest = 0;

	period = ms * ticks_per_second / 1000;
	this_hart()->on_interrupt = on_timer;
	next = last = time_now();
	csr_set(CSR_SIE, 1 << IRQ_STI);
	sbi_set_timer(next + period);
	next += period;
	for (unsigned long beat = 1; !beats || beat <= beats; beat++) {
		while (fired < beat) {
			wfi();
			irq_enable();
			irq_disable();
		}
		gap = time_now() - last;
		last += gap;
		if (gap > largest)
			largest = gap;
		print("beat %lu t=%lu", beat, last);
	}
	csr_clear(CSR_SIE, 1 << IRQ_STI);
	sbi_set_timer(-1ul);
	test_begin("heartbeat");
	print("largest gap %lu us, period %lu us", largest * 1000000 / ticks_per_second, ms * 1000);
	test_end();
}
