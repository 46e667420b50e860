/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest payload: says who it is, what it was told, and ends.
 */
#include "lib/hart.h"
#include "lib/test.h"

const char payload_name[] = "hello";

void payload_main(void)
{
	test_begin("hello");
	print("hello from hart %lu of %u, arguments \"%s\"", boot_hart, hart_count, payload_args);
	test_end();
}
