/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A relay of two vCPUs: each starts the other one and stops itself, over and over, so that at
 * nearly every moment one of them is stopped or on its way there. The VM must not be taken for
 * dead. Argument: rounds=<n> (20000).
 */
#include "lib/fdt.h"
#include "lib/hart.h"
#include "lib/sbi.h"
#include "lib/test.h"

const char payload_name[] = "relay";

void relay_entry(unsigned long id);
_Noreturn void relay_end(void);

long relay_left;
char relay_stack[4096] __attribute__((aligned(16)));

/* a0 = hart id. No stack until the last round: the peer runs the same code. */
__asm__("	.text\n"
	"	.balign 4\n"
	"	.globl relay_entry\n"
	"relay_entry:\n"
	"	xori	s1, a0, 1\n"
	"	li	t1, -1\n"
	"	lla	t0, relay_left\n"
	"	amoadd.d t1, t1, (t0)\n"
	"	blez	t1, 3f\n"
	"1:	mv	a0, s1\n"
	"	lla	a1, relay_entry\n"
	"	li	a2, 0\n"
	"	li	a6, 0\n" /* HSM start, until the peer has stopped */
	"	li	a7, 0x48534d\n"
	"	ecall\n"
	"	bnez	a0, 1b\n"
	"	li	a6, 1\n" /* HSM stop */
	"	li	a7, 0x48534d\n"
	"	ecall\n"
	"2:	j	2b\n"
	"3:	lla	sp, relay_stack + 4096\n"
	"	lla	tp, harts\n"
	"	call	relay_end\n");

_Noreturn void relay_end(void)
{
	test_end();
	payload_end();
}

void payload_main(void)
{
	if (!test_begin_if("relay of starts and stops", hart_count > 1, "one hart only"))
		return;
	relay_left = (long)args_number("rounds", 20000);
	relay_entry(boot_hart);
}
