/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line: any text. What an option has is a value that it takes. One
 * thread.
 */
#include <core/log.h>
#include <core/options.h>
#include <string.h>

#include "fake_host.h"
#include "input.h"

static void sink(const char *text, size_t length)
{
	MUST(strnlen(text, length) == length);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fake_host_reset();
	log_set_sink(sink);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	options_init(line);
	for (unsigned int i = 0; i < option_count; i++) {
		const char *value = option_get(option_table[i].name);

		if (value)
			MUST(option_table[i].accept(value) == 0 && !strpbrk(value, " \t\r\n"));
		option_has(option_table[i].name, "word");
		option_number(option_table[i].name, 1);
	}
	MUST(!option_get("no such option"));
	MUST(option_get("hide") || !option_hides("sstc", 1));
	free(line);
	return 0;
}
