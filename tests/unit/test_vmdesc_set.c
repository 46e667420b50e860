/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the properties that are sets of words: isa-disable, which has more of them than a number
 * has bits, and sbi-disable.
 */
#include <core/vmdesc.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vmtree.h"

#include <arch/sbi_list.h>

/* A literal with NULs between its words, and the one at its end. */
#define LIST(words) words, sizeof(words)

static unsigned int count(const struct isa_set *set)
{
	unsigned int members = 0;

	for (unsigned int i = 0; i < ISA_COUNT; i++)
		members += isa_has(set, i);
	return members;
}

static void extensions_can_be_taken_away(void **state)
{
	struct vmtree *tree = *state;
	const struct isa_set *disabled = &tree->config.isa_disabled;

	assert_vm_accepted(tree);
	assert_int_equal(count(disabled), 0);
	vmtree_set(tree, "/vm", "isa-disable", LIST("v\0zicboz\0svvptc\0v"));
	assert_vm_accepted(tree);
	assert_int_equal(count(disabled), 3);
	assert_true(isa_has(disabled, ISA_V));
	assert_true(isa_has(disabled, ISA_ZICBOZ));
	assert_true(isa_has(disabled, ISA_SVVPTC));
	vmtree_set_string(tree, "/vm", "isa-disable", "zba");
	assert_vm_accepted(tree);
	assert_int_equal(count(disabled), 1);
	assert_true(isa_has(disabled, ISA_ZBA));
}

static void words_that_are_no_extension_are_refused(void **state)
{
	static const char property[] = "isa-disable";
	static const struct vmtree_step steps[] = {
		{ "/vm", property, TEXT("v\0zz"), "'zz' is no word that is known" },
		{ "/vm", property, TEXT("zz\0v"), "'zz' is no word that is known" },
		{ "/vm", property, TEXT("V"), "'V' is no word that is known" },
		{ "/vm", property, TEXT(""), "'' is no word that is known" },
		{ "/vm", property, TEXT("v\0"), "'' is no word that is known" },
		{ "/vm", property, TEXT("v,zba"), "'v,zba' is no word that is known" },
		{ "/vm", property, TEXT("dbcn"), "'dbcn' is no word that is known" },
		{ "/vm", property, TEXT("i"), "'i' cannot be switched off" },
		{ "/vm", property, TEXT("v\0zca"), "'zca' cannot be switched off" },
		{ "/vm", property, BYTES("v\0zba", 5), "not a list of strings" },
		{ "/vm", property, BYTES("v", 1), "not a list of strings" },
		{ "/vm", property, EMPTY, "not a list of strings" },
	};
	struct vmtree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		vmtree_steps(tree, &steps[i], 1);
		assert_int_equal(count(&tree->config.isa_disabled), 0);
	}
}

/* The words of isa-disable that are accepted, with @between each two of them. */
static size_t all_words(struct vmtree *tree, char *list, size_t room, char between)
{
	size_t size = 0;

	for (unsigned int i = 0; i < ISA_COUNT; i++) {
		const char *const names[] = {
#define NAME(name, text, rule) text,
			ISA_EXTENSIONS(NAME)
#undef NAME
		};

		vmtree_set_string(tree, "/vm", "isa-disable", names[i]);
		tree->report.text[0] = '\0';
		if (vmtree_parse(tree, "/vm"))
			continue;
		assert_true(size + strlen(names[i]) < room);
		strcpy(list + size, names[i]);
		size += strlen(names[i]);
		list[size++] = between;
	}
	list[size - 1] = '\0';
	return size;
}

static void isa_show(void *opaque, const char *name, const char *value, bool is_default)
{
	assert_true(strlen(value) < VM_VALUE_MAX);
	if (!strcmp(name, "isa-disable"))
		strcpy(opaque, value);
}

static void all_that_can_be_taken_away_is_shown(void **state)
{
	struct vmtree *tree = *state;
	char list[VM_VALUE_MAX], expected[VM_VALUE_MAX], shown[VM_VALUE_MAX] = "";
	size_t size = all_words(tree, list, sizeof(list), '\0');

	assert_int_equal(all_words(tree, expected, sizeof(expected), ' '), size);
	vmtree_set(tree, "/vm", "isa-disable", list, size);
	assert_vm_accepted(tree);
	assert_int_equal(count(&tree->config.isa_disabled), ISA_COUNT - 9);
	vmdesc_print(&tree->config, isa_show, shown);
	assert_string_equal(shown, expected);
}

static void sbi_extensions_are_switched_off_by_name(void **state)
{
	struct vmtree *tree = *state;

	assert_vm_accepted(tree);
	assert_int_equal(tree->config.sbi_disabled, 0);
	vmtree_set(tree, "/vm", "sbi-disable", LIST("dbcn\0time\0dbcn"));
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.sbi_disabled, BIT(SBI_LIST_dbcn) | BIT(SBI_LIST_time));
	vmtree_set_string(tree, "/vm", "sbi-disable", "hsm");
	assert_vm_accepted(tree);
	assert_int_equal(tree->config.sbi_disabled, BIT(SBI_LIST_hsm));
}

static void sbi_extensions_that_are_not_there_are_refused(void **state)
{
	static const char property[] = "sbi-disable";
	static const struct vmtree_step steps[] = {
		{ "/vm", property, TEXT("dbcn\0Time"), "'Time' is none of: time ipi rfence hsm" },
		{ "/vm", property, TEXT("base"), "'base' cannot be switched off" },
		{ "/vm", property, TEXT(""), "'' is none of" },
		{ "/vm", property, TEXT("a-name-that-is-longer-than-any-that-there-ever-will-be"),
		  "'a-name-that-is-longer-than-any' is none of" },
		{ "/vm", property, TEXT("dbcn\0"), "'' is none of" },
		{ "/vm", property, BYTES("dbcn", 4), "not a list of strings" },
		{ "/vm", property, EMPTY, "not a list of strings" },
	};
	struct vmtree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		vmtree_steps(tree, &steps[i], 1);
		assert_int_equal(tree->config.sbi_disabled, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VMTREE_TEST(extensions_can_be_taken_away),
		VMTREE_TEST(words_that_are_no_extension_are_refused),
		VMTREE_TEST(all_that_can_be_taken_away_is_shown),
		VMTREE_TEST(sbi_extensions_are_switched_off_by_name),
		VMTREE_TEST(sbi_extensions_that_are_not_there_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
