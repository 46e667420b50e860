/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the shell and of its commands have in common: the shell behind the port of
 * fake_host.h, and two VMs that are records: what commands do with them is written down and not
 * done. One thread at a time.
 */
#ifndef SHELL_WORLD_H
#define SHELL_WORLD_H

#include <core/vm.h>

/** Sixteen pages here, each of the owner of its number; the last three are others. */
#define SHELL_BANK UINT64_C(0x80400000)

struct shell_world {
	struct vm vms[2]; /* 0: "debian" is running; 1: "payload" is paused */
	struct vcpu vcpus[2]; /* one of each */
	bool destroyed[2];
	char done[256]; /* what was asked of VMs and firmware */
	unsigned int recorded; /* how often */
	int result; /* what VMs answer */
};

extern struct shell_world world;

/** Both return 0. */
int shell_setup(void **state);
int shell_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, shell_setup, shell_teardown)

/** Runs a command; returns what it printed. */
const char *shell_run(const char *line);

#define assert_prints(line, text)                                                           \
	do {                                                                                \
		const char *printed_ = shell_run(line);                                     \
		if (!strstr(printed_, text))                                                \
			fail_msg("\"%s\" prints \"%s\", not \"%s\"", line, printed_, text); \
	} while (0)

/** Types at the port and lets the threads work until nobody has anything to do. */
const char *shell_type(const char *text);

#endif
