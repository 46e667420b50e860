/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a vCPU by number: which there are, what they take, and that a set changes that
 * register only. register_opinion.c has a second opinion about each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "register_world.h"

#include <errno.h>

#define REGISTERS_MAX 1024

static uint64_t seed;

static uint64_t number_random(void)
{
	return fake_hart_random(&seed);
}

/* One with few bits set, few bits clear, near a power of two, or any. */
static uint64_t value_random(void)
{
	uint64_t value = number_random();

	switch (number_random() % 5) {
	case 0:
		return value & number_random() & number_random();
	case 1:
		return value | number_random() | number_random();
	case 2:
		return BIT(value % 64) + number_random() % 3 - 1;
	case 3:
		return value >> number_random() % 64;
	default:
		return value;
	}
}

/* ---- a list, and all values ---- */

struct entry {
	uint32_t number;
	unsigned int size;
	char name[REGISTER_NAME_MAX];
	uint8_t value[WORLD_VLENB];
};

struct snapshot {
	unsigned int count;
	struct entry entries[REGISTERS_MAX];
};

static void snapshot_each(void *opaque, uint32_t number, const char *name, unsigned int size)
{
	struct snapshot *snapshot = opaque;
	struct entry *entry = &snapshot->entries[snapshot->count++];

	assert_true(snapshot->count <= REGISTERS_MAX);
	assert_in_range(strlen(name), 1, REGISTER_NAME_MAX - 1);
	assert_in_range(size, 1, sizeof(entry->value));
	entry->number = number;
	entry->size = size;
	strcpy(entry->name, name);
}

static void snapshot_take(struct vcpu *vcpu, struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	vcpu_register_list(vcpu, snapshot_each, snapshot);
	for (unsigned int i = 0; i < snapshot->count; i++) {
		struct entry *entry = &snapshot->entries[i];

		assert_int_equal(vcpu_register_get(vcpu, entry->number, entry->value, entry->size),
				 0);
	}
}

/* Two snapshots are alike but for @number, whose value is @value, unless it is NULL. */
static void assert_only_changed(const struct snapshot *before, const struct snapshot *after,
				uint32_t number, const void *value)
{
	assert_int_equal(before->count, after->count);
	for (unsigned int i = 0; i < before->count; i++) {
		const struct entry *a = &before->entries[i], *b = &after->entries[i];

		assert_int_equal(a->number, b->number);
		if (value && a->number == number)
			assert_memory_equal(b->value, value, b->size);
		else if (memcmp(a->value, b->value, sizeof(a->value)) != 0)
			fail_msg("%s changed with 0x%08x", a->name, (unsigned int)number);
	}
}

static struct snapshot before, after;
static struct vcpu *const vcpu = &world.vcpus[0];

/* ---- which there are ---- */

static void assert_list_is_exact(void)
{
	unsigned int expected = 0;

	snapshot_take(vcpu, &before);
	for (unsigned int i = 0; i < before.count; i++) {
		const struct entry *entry = &before.entries[i];

		assert_true(i == 0 || entry->number > before.entries[i - 1].number);
		assert_int_equal(entry->size, world_width(vcpu, entry->number));
		assert_int_equal(vcpu_register_number(vcpu, entry->name), entry->number);
	}
	for (uint32_t class = 0; class < 16; class ++)
		for (uint32_t index = 0; index < 0x1000; index++)
			expected += world_width(vcpu, class << 24 | index) != 0;
	for (uint32_t extension = 0; extension < 16; extension++)
		for (uint32_t index = 0; index < 0x500; index++)
			expected += world_width(vcpu, REGISTER_OF_SBI(extension, index)) != 0;
	assert_int_equal(before.count, expected);
}

static void list_has_exactly_what_the_vcpu_has(void **state)
{
	static const unsigned int identities[] = { 0, 63, 127, 191, 255, 1023, 2047 };

	for (unsigned int i = 0; i < FEATURE_COUNT; i++) {
		world_reset(ALL_FEATURES & ~BIT(i), 255);
		assert_list_is_exact();
		world_reset(BIT(i), 0);
		assert_list_is_exact();
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(identities); i++) {
		world_reset(ALL_FEATURES, identities[i]);
		assert_list_is_exact();
		world_reset(0, identities[i]);
		assert_list_is_exact();
	}
	/* Core, CSRs, (file, FP, vector,) time, (FWFT, STA, SSE, PMU, DBTR,) HSM(, SUSP). */
	world_reset(0, 0);
	snapshot_take(vcpu, &before);
	assert_int_equal(before.count, 34 + 10 + 3 + 3);
	world_reset(ALL_FEATURES, 63);
	snapshot_take(vcpu, &before);
	assert_int_equal(before.count, 35 + 15 + 4 + 33 + 37 + 2 + 18 + 2 + 3 * 9 + 12 + 1 + 31 +
					       4 * 63 + 3 + 7 + 3 + 1);
	world.without_fwft = true;
	assert_list_is_exact();
}

static const struct {
	const char *name;
	uint32_t number;
} names[] = {
	{ "pc", 0x01000000 },
	{ "x1", 0x01000001 },
	{ "x31", 0x0100001f },
	{ "privilege", 0x01000020 },
	{ "hsm", 0x01000021 },
	{ "landing-pad-expected", 0x01000022 },
	{ "ssp", 0x02000011 },
	{ "sstatus", 0x02000100 },
	{ "sie", 0x02000104 },
	{ "stvec", 0x02000105 },
	{ "scounteren", 0x02000106 },
	{ "senvcfg", 0x0200010a },
	{ "sstateen0", 0x0200010c },
	{ "sscratch", 0x02000140 },
	{ "sepc", 0x02000141 },
	{ "scause", 0x02000142 },
	{ "stval", 0x02000143 },
	{ "sip", 0x02000144 },
	{ "stimecmp", 0x0200014d },
	{ "siselect", 0x02000150 },
	{ "satp", 0x02000180 },
	{ "eidelivery", 0x03000070 },
	{ "eithreshold", 0x03000072 },
	{ "eip0", 0x03000080 },
	{ "eip6", 0x03000086 },
	{ "eie0", 0x030000c0 },
	{ "eie2", 0x030000c2 },
	{ "f0", 0x04000000 },
	{ "f31", 0x0400001f },
	{ "fcsr", 0x04000020 },
	{ "v0", 0x05000000 },
	{ "v31", 0x0500001f },
	{ "vtype", 0x05000020 },
	{ "vl", 0x05000021 },
	{ "vstart", 0x05000022 },
	{ "vcsr", 0x05000023 },
	{ "vlenb", 0x05000024 },
	{ "time.offset", 0x06000000 },
	{ "time.frequency", 0x06000001 },
	{ "sta.memory", 0x08010000 },
	{ "sta.steal", 0x08010001 },
	{ "susp.suspended", 0x08060000 },
	{ "sse.double-trap.status", 0x08020000 },
	{ "sse.pmu-overflow.priority", 0x08020011 },
	{ "sse.local.entry-pc", 0x08020024 },
	{ "sse.local.interrupted-a7", 0x08020029 },
	{ "sse.global.preferred-hart", 0x08020033 },
	{ "sse.global.directed", 0x0802003a },
	{ "sse.global.runner", 0x0802003b },
	{ "sse.unmasked", 0x08020100 },
	{ "pmu.width0", 0x08030000 },
	{ "pmu.width31", 0x0803001f },
	{ "pmu.value2", 0x08030022 },
	{ "pmu.value63", 0x0803005f },
	{ "pmu.event32", 0x08030080 },
	{ "pmu.data3", 0x080300a3 },
	{ "pmu.flags63", 0x0803011f },
	{ "pmu.started", 0x08030120 },
	{ "pmu.overflowed", 0x08030121 },
	{ "pmu.snapshot", 0x08030122 },
	{ "dbtr.shared-memory", 0x08040000 },
	{ "dbtr.1.state", 0x08040101 },
	{ "dbtr.0.tdata1", 0x08040200 },
	{ "dbtr.1.tdata2", 0x08040301 },
	{ "fwft.misaligned-exc-deleg.enabled", 0x07000000 },
	{ "fwft.landing-pad.flags", 0x07000005 },
	{ "fwft.shadow-stack.value", 0x0700000a },
	{ "fwft.double-trap.enabled", 0x0700000c },
	{ "fwft.pte-ad-hw-updating.flags", 0x07000011 },
	{ "fwft.pointer-masking-pmlen.value", 0x07000016 },
};

static void names_are_those_of_the_specifications(void **state)
{
	static const char *const none[] = { "",	    "x",   "x0",   "x32", "x01", "PC",
					    "eip1", "eip", "eip8", "v32", "f32", "time.deadline",
					    "pc ",  "eie8" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(vcpu_register_number(vcpu, names[i].name), names[i].number);
	for (unsigned int i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(vcpu_register_number(vcpu, none[i]), -ENOENT);
	world_reset(0, 0);
	assert_int_equal(vcpu_register_number(vcpu, "time.deadline"), 0x06000002);
	assert_int_equal(vcpu_register_number(vcpu, "eidelivery"), -ENOENT);
}

static void number_is_checked(uint32_t number)
{
	uint8_t value[WORLD_VLENB] = { 0 };
	unsigned int width = world_width(vcpu, number);
	int expected = width ? 0 : -ENOENT;

	assert_int_equal(vcpu_register_get(vcpu, number, value, width ? width : 8), expected);
	if (!width)
		assert_int_equal(vcpu_register_set(vcpu, number, value, 8), -ENOENT);
}

static void numbers_of_no_register_are_refused(void **state)
{
	for (uint32_t class = 0; class < 256; class ++) {
		for (uint32_t index = 0; index < (class < 16 ? 0x2000 : 16); index++)
			number_is_checked(class << 24 | index);
		for (unsigned int i = 0; i < 24; i++)
			for (uint32_t near = 0; near < 5; near++)
				number_is_checked(class << 24 |
						  (((1u << i) + near - 2) & 0xffffff));
		for (unsigned int i = 0; i < 500; i++)
			number_is_checked(class << 24 | (number_random() & 0xffffff));
	}
	for (uint32_t extension = 0; extension < 256; extension++)
		for (uint32_t index = 0; index < 64; index++)
			number_is_checked(REGISTER_OF_SBI(extension, index));
}

static void other_widths_are_refused(void **state)
{
	static uint8_t value[REGISTER_WIDTH_MAX + 1];

	snapshot_take(vcpu, &before);
	for (unsigned int i = 0; i < before.count; i++)
		for (size_t size = 0; size <= sizeof(value);
		     size = size < 80 ? size + 1 : size * 2) {
			uint32_t number = before.entries[i].number;

			if (size == before.entries[i].size)
				continue;
			assert_int_equal(vcpu_register_get(vcpu, number, value, size), -EMSGSIZE);
			assert_int_equal(vcpu_register_set(vcpu, number, value, size), -EMSGSIZE);
		}
	snapshot_take(vcpu, &after);
	assert_only_changed(&before, &after, 0, NULL);
}

static void vcpu_that_may_run_is_left_alone(void **state)
{
	snapshot_take(vcpu, &before);
	world.evictions = 0;
	world.vm.held = false;
	for (unsigned int i = 0; i < before.count; i++) {
		struct entry *entry = &before.entries[i];

		assert_int_equal(vcpu_register_get(vcpu, entry->number, entry->value, entry->size),
				 -EBUSY);
		assert_int_equal(vcpu_register_set(vcpu, entry->number, entry->value, entry->size),
				 -EBUSY);
	}
	assert_int_equal(world.evictions, 0);
	assert_ptr_equal(vcpu->arch.hart, &fake_harts[1]);
}

/* ---- values ---- */

static void legal_value_is_kept(const struct entry *entry)
{
	uint8_t value[WORLD_VLENB];
	uint64_t legal = world_legal(vcpu, entry->number, value_random());

	snapshot_take(vcpu, &before);
	memcpy(value, &legal, sizeof(legal));
	for (unsigned int i = sizeof(legal); i < entry->size; i++)
		value[i] = (uint8_t)number_random();
	assert_int_equal(vcpu_register_set(vcpu, entry->number, value, entry->size), 0);
	snapshot_take(vcpu, &after);
	/* A smaller VLMAX lessens vl, too. */
	if (entry->number == VECTOR(REGISTER_VTYPE)) {
		assert_true(world_takes(vcpu, VECTOR(REGISTER_VL), vcpu->arch.vl));
		vcpu->arch.vl = 0;
		snapshot_take(vcpu, &after);
		for (unsigned int i = 0; i < before.count; i++)
			if (before.entries[i].number == VECTOR(REGISTER_VL))
				memset(before.entries[i].value, 0, sizeof(before.entries[i].value));
	}
	assert_only_changed(&before, &after, entry->number, value);
}

/* Counters are many, and alike. */
static unsigned int rounds_of(const struct entry *entry, unsigned int rounds)
{
	return entry->number >> 16 == REGISTER_OF_SBI(REGISTER_SBI_PMU, 0) >> 16 ? rounds / 20
										 : rounds;
}

static void every_register_keeps_what_it_can_hold(void **state)
{
	static const uint64_t features[] = { ALL_FEATURES, 0, BIT(FEATURE_FP),
					     ALL_FEATURES & ~BIT(FEATURE_FP) };
	static struct snapshot list;

	for (unsigned int f = 0; f < ARRAY_SIZE(features); f++) {
		world_reset(features[f], f % 2 ? 0 : 255);
		world.vsfile_identities = f == 0 ? 1023 : 0;
		snapshot_take(vcpu, &list);
		for (unsigned int round = 0; round < 40; round++)
			for (unsigned int i = 0; i < list.count; i++)
				if (round < rounds_of(&list.entries[i], 40))
					legal_value_is_kept(&list.entries[i]);
	}
}

static void every_register_refuses_what_it_cannot_hold(void **state)
{
	static struct snapshot list;
	unsigned int refused = 0;

	snapshot_take(vcpu, &list);
	for (unsigned int i = 0; i < list.count; i++)
		for (unsigned int round = 0; round < rounds_of(&list.entries[i], 200); round++) {
			const struct entry *entry = &list.entries[i];
			uint64_t value = value_random();

			if (entry->size != sizeof(value) || world_takes(vcpu, entry->number, value))
				continue;
			snapshot_take(vcpu, &before);
			vcpu->arch.hart = &fake_harts[1];
			assert_refuses(vcpu, entry->number, value);
			assert_ptr_equal(vcpu->arch.hart, &fake_harts[1]);
			snapshot_take(vcpu, &after);
			assert_only_changed(&before, &after, 0, NULL);
			refused++;
		}
	assert_true(refused > 1000);
}

static void random_values_are_judged_as_by_the_specifications(void **state)
{
	static struct snapshot list;

	snapshot_take(vcpu, &list);
	for (unsigned int round = 0; round < 300; round++)
		for (unsigned int i = 0; i < list.count; i++) {
			uint64_t value = value_random();
			uint32_t number = list.entries[i].number;
			int expected = world_takes(vcpu, number, value) ? 0 : -EINVAL;

			if (list.entries[i].size == sizeof(value))
				assert_int_equal(world_set(vcpu, number, value), expected);
		}
}

static int setup(void **state)
{
	seed = 1;
	return world_setup(state);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_has_exactly_what_the_vcpu_has),
		TEST(names_are_those_of_the_specifications),
		TEST(numbers_of_no_register_are_refused),
		TEST(other_widths_are_refused),
		TEST(vcpu_that_may_run_is_left_alone),
		TEST(every_register_keeps_what_it_can_hold),
		TEST(every_register_refuses_what_it_cannot_hold),
		TEST(random_values_are_judged_as_by_the_specifications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
