/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's commands, given any lines, with the machine and the VMs that the shell's unit test
 * plays. One thread at a time.
 */
#define main unit_main
#include "../unit/test_shell.c"
#undef main

#include "input.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setup(NULL);
	return 0;
}

static void vms_renew(struct input *input)
{
	memset(destroyed, 0, sizeof(destroyed));
	for (unsigned int i = 0; i < ARRAY_SIZE(vms); i++)
		vms[i].state = (enum vm_state)input_below(input, VM_FAILED + 1);
	result = input_below(input, 2) ? -EINVAL : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char line[300];

	vms_renew(&input);
	while (input.left) {
		size_t length = 0;

		while (input.left && length < sizeof(line) - 1) {
			char byte = (char)input_take(&input, 1);

			if (byte == '\n' || byte == '\0')
				break;
			line[length++] = byte;
		}
		line[length] = '\0';
		run(line);
		done[0] = '\0';
		MUST(fake_no_lock_held());
	}
	return 0;
}
