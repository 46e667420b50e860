/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's commands, given any lines, with the machine and the VMs that shell_world.h
 * plays. One thread at a time.
 */
#include "fake_host.h"
#include "input.h"
#include "shell_world.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	shell_setup(NULL);
	return 0;
}

static void vms_renew(struct input *input)
{
	memset(world.destroyed, 0, sizeof(world.destroyed));
	for (unsigned int i = 0; i < ARRAY_SIZE(world.vms); i++)
		world.vms[i].state = (enum vm_state)input_below(input, VM_FAILED + 1);
	world.result = input_below(input, 2) ? -EINVAL : 0;
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
		shell_run(line);
		world.done[0] = '\0';
		MUST(fake_no_lock_held());
	}
	return 0;
}
