/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: starts `busybox true` ROUNDS times, one after the other, and says how
 * long that took by the `time` CSR. Processes cost page tables, page faults and fences, which is
 * what translation in two stages makes dearer. One thread.
 */
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define ROUNDS 200
#define WARM_UP 20

void program(void);

/* False when a child could not be made, or did not end well. */
static int run_one(void)
{
	static const char *const arguments[] = { "busybox", "true", NULL };
	static const char *const environment[] = { NULL };
	int status = -1;
	long child = syscall(SYS_CLONE, SIGCHLD);

	if (child == 0) {
		syscall(SYS_EXECVE, (long)"/bin/busybox", (long)arguments, (long)environment);
		linux_exit(1);
	}
	return child > 0 && syscall(SYS_WAIT4, child, (long)&status) == child && status == 0;
}

static unsigned long time_now(void)
{
	unsigned long value;

	__asm__ volatile("csrr %0, time" : "=r"(value) : : "memory");
	return value;
}

void program(void)
{
	unsigned long begin = 0, good = 0;

	for (unsigned int i = 0; i < WARM_UP + ROUNDS; i++) {
		if (i == WARM_UP) {
			say("forkexec: begins ", ROUNDS);
			begin = time_now();
		}
		good += run_one();
	}
	say("forkexec: ticks ", time_now() - begin);
	say("forkexec: failed ", WARM_UP + ROUNDS - good);
	linux_exit(good != WARM_UP + ROUNDS);
}

PROGRAM_START;
