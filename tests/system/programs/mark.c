/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: makes a mark for the plugin that counts instructions (tests/bench).
 * As the first process of all (rdinit=/tests/mark-program) it says that user mode is reached and
 * becomes /init; otherwise its argument, `idle` or `idle-end`, says which mark. One thread.
 */
#include "linux.h"

#include "../../guest/lib/marks.h"

void program(long *stack);

/* `stack` as the kernel leaves it: the number of arguments, they, NULL, the environment, NULL. */
void program(long *stack)
{
	long count = stack[0];
	char **arguments = (char **)(stack + 1), **environment = arguments + count + 1;

	if (syscall(SYS_GETPID) == 1) {
		mark(MARK_USER);
		syscall(SYS_EXECVE, (long)"/init", (long)arguments, (long)environment);
	} else if (count == 2 && arguments[1][4] == '\0') {
		mark(MARK_IDLE);
	} else if (count == 2) {
		mark(MARK_IDLE_END);
	}
	linux_exit(0);
}

PROGRAM_START;
