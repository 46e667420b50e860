/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the legacy extension of the SBI that a guest sees (SBI 3.0, "Legacy Extensions").
 */
#include "fake_sbi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define POINTER UINT64_C(0xffffffc012345678)
#define FUNCTIONS (SBI_EXT_LEGACY_SHUTDOWN + 1)

static int legacy_vcpus(void **state)
{
	fake_sbi_setup(4);
	fake.vm.config.sbi_legacy = 1;
	sbi_vm_init(&fake.vm);
	return 0;
}

/* Function @id of vCPU 0 gives @result, having done @did; a6 means nothing and a1 is kept. */
static void legacy(unsigned int id, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, long result,
		   const char *did)
{
	static const uint64_t functions[] = { 0, 1, 7, ALL };

	for (unsigned int i = 0; i < ARRAY_SIZE(functions); i++) {
		bool ssip = fake.ssip;
		struct sbi_result got = fake_call(0, id, functions[i], a0, a1, a2, a3, 0);

		assert_int_equal(got.error, result);
		assert_int_equal(got.value, a1);
		assert_string_equal(fake_trace(), did);
		fake.ssip = ssip;
	}
}

static void a_vm_has_all_of_it_or_nothing(void **state)
{
	char text[256];

	for (unsigned int id = 0; id < 16; id++)
		assert_int_equal(fake_call(0, SBI_EXT_BASE, 3, id, 0, 0, 0, 0).value,
				 id < FUNCTIONS);
	arch_vm_sbi(&fake.vm, text, sizeof(text));
	assert_string_equal(text + strlen(text) - strlen(" legacy"), " legacy");
	assert_ptr_equal(strstr(text, "legacy"), text + strlen(text) - strlen("legacy"));
	fake.vm.config.sbi_legacy = 0;
	sbi_vm_init(&fake.vm);
	for (unsigned int id = 0; id < 16; id++) {
		assert_int_equal(fake_call(0, SBI_EXT_BASE, 3, id, 0, 0, 0, 0).value, 0);
		assert_int_equal(fake_call(0, id, 0, 1, 0, 0, 0, 0).error, SBI_NOT_SUPPORTED);
	}
	assert_string_equal(fake_trace(), "");
}

static void reserved_ids_are_not_supported(void **state)
{
	for (unsigned int id = FUNCTIONS; id < 16; id++)
		assert_int_equal(fake_call(0, id, 0, 0, 0, 0, 0, 0).error, SBI_NOT_SUPPORTED);
}

static void timer_and_shutdown_do_what_their_successors_do(void **state)
{
	legacy(SBI_EXT_LEGACY_SET_TIMER, 0x1234, 77, 0, 0, 0, "timer 0 0x1234");
	legacy(SBI_EXT_LEGACY_SET_TIMER, ALL, ALL, 0, 0, 0, "timer 0 0xffffffffffffffff");
	legacy(SBI_EXT_LEGACY_SHUTDOWN, 9, 8, 7, 6, 0, "request shutdown; leave 0 park");
}

static void characters_come_and_go_one_by_one(void **state)
{
	fake.typed = "";
	legacy(SBI_EXT_LEGACY_GETCHAR, 0, 5, 0, 0, -1, "");
	fake.typed = "\xff\x01zz";
	assert_int_equal(fake_call(0, SBI_EXT_LEGACY_GETCHAR, 0, 0, 5, 0, 0, 0).error, 0xff);
	assert_int_equal(fake_call(0, SBI_EXT_LEGACY_GETCHAR, 0, 0, 5, 0, 0, 0).error, 1);
	assert_string_equal(fake.typed, "zz");
	legacy(SBI_EXT_LEGACY_PUTCHAR, 0x64636261, 5, 0, 0, 0, "");
	assert_int_equal(fake.console_length, 4);
	assert_memory_equal(fake.console, "aaaa", 4);
}

static void clear_ipi_says_whether_there_was_one(void **state)
{
	legacy(SBI_EXT_LEGACY_CLEAR_IPI, 3, 4, 0, 0, 0, "clear ssip 0");
	fake.ssip = true;
	legacy(SBI_EXT_LEGACY_CLEAR_IPI, 3, 4, 0, 0, 1, "clear ssip 0");
}

static void hart_masks_are_read_from_the_guest(void **state)
{
	static const uint64_t five = 5, none = 0;

	fake.mask = &five;
	legacy(SBI_EXT_LEGACY_SEND_IPI, POINTER, 77, 0, 0, 0,
	       "read 0 0xffffffc012345678; ssip 0; ipi 2");
	legacy(SBI_EXT_LEGACY_FENCE_I, POINTER, 77, 0, 0, 0,
	       "read 0 0xffffffc012345678; fence.i; flush 0x4");
	legacy(SBI_EXT_LEGACY_SFENCE, POINTER, 0x1000, 0x2000, 0, 0,
	       "read 0 0xffffffc012345678; sfence 0x1000 0x2000; flush 0x4");
	legacy(SBI_EXT_LEGACY_SFENCE_ASID, POINTER, 0x1000, 0x2000, 3, 0,
	       "read 0 0xffffffc012345678; sfence 0x1000 0x2000 asid 3; flush 0x4");
	legacy(SBI_EXT_LEGACY_SFENCE, POINTER, 0, 0, 0, 0,
	       "read 0 0xffffffc012345678; sfence 0 0xffffffffffffffff; flush 0x4");
	fake.mask = &none;
	legacy(SBI_EXT_LEGACY_SEND_IPI, POINTER, 77, 0, 0, 0, "read 0 0xffffffc012345678");
}

static void no_hart_mask_means_all(void **state)
{
	legacy(SBI_EXT_LEGACY_SEND_IPI, 0, 77, 0, 0, 0, "ssip 0; ipi 1; ipi 2; ipi 3");
	legacy(SBI_EXT_LEGACY_FENCE_I, 0, 77, 0, 0, 0, "fence.i; flush 0xe");
	legacy(SBI_EXT_LEGACY_SFENCE, 0, ALL, ALL, 0, 0, "sfence 0 0xffffffffffffffff; flush 0xe");
}

static void wrong_masks_and_asids_do_nothing(void **state)
{
	static const uint64_t wrong = 0x11, one = 1;

	fake.mask = &wrong;
	for (unsigned int id = SBI_EXT_LEGACY_SEND_IPI; id <= SBI_EXT_LEGACY_SFENCE_ASID; id++)
		legacy(id, POINTER, 77, 1, 0, SBI_INVALID_PARAM, "read 0 0xffffffc012345678");
	fake.mask = &one;
	legacy(SBI_EXT_LEGACY_SFENCE_ASID, POINTER, 77, 1, 0x10000, SBI_INVALID_PARAM,
	       "read 0 0xffffffc012345678");
}

static void a_fault_at_a_mask_leaves_all_registers(void **state)
{
	fake.mask = NULL;
	for (unsigned int id = SBI_EXT_LEGACY_SEND_IPI; id <= SBI_EXT_LEGACY_SFENCE_ASID; id++)
		legacy(id, POINTER, 77, 1, 0, (long)POINTER, "read 0 0xffffffc012345678");
	assert_int_equal(fake.vcpus[1].pending, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, legacy_vcpus)
	const struct CMUnitTest tests[] = {
		TEST(a_vm_has_all_of_it_or_nothing),
		TEST(reserved_ids_are_not_supported),
		TEST(timer_and_shutdown_do_what_their_successors_do),
		TEST(characters_come_and_go_one_by_one),
		TEST(clear_ipi_says_whether_there_was_one),
		TEST(hart_masks_are_read_from_the_guest),
		TEST(no_hart_mask_means_all),
		TEST(wrong_masks_and_asids_do_nothing),
		TEST(a_fault_at_a_mask_leaves_all_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
