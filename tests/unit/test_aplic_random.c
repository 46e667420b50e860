/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in MSI mode under random histories: each source against a model of the
 * standard's rules for pending bits, and accesses of a hostile guest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aplic_world.h"

/* The rules of AIA 1.0, 4.7 for MSI mode, source by source, to compare with. */
static struct model {
	uint32_t mode;
	bool wire, pending, enabled;
} model[MSI_SOURCES + 1];
static bool model_ie;
static unsigned int model_msis;

static bool model_rectified(const struct model *m)
{
	switch (m->mode) {
	case EDGE1:
	case LEVEL1:
		return m->wire;
	case EDGE0:
	case LEVEL0:
		return !m->wire;
	default:
		return false;
	}
}

static void model_send(struct model *m)
{
	if (model_ie && m->pending && m->enabled) {
		m->pending = false;
		model_msis++;
	}
}

static void model_step(struct model *m, unsigned int op, bool wire, uint32_t mode)
{
	bool before = model_rectified(m);
	bool level = m->mode >= LEVEL1;

	switch (op) {
	case 0:
		m->wire = wire;
		if (!before && model_rectified(m))
			m->pending = true;
		if (level && !model_rectified(m))
			m->pending = false;
		break;
	case 1:
		if (m->mode != INACTIVE && (!level || before))
			m->pending = true;
		break;
	case 2:
		m->pending = false;
		break;
	case 3:
		m->enabled = m->mode != INACTIVE;
		break;
	case 4:
		m->enabled = false;
		break;
	default:
		if (mode == 2 || mode == 3)
			mode = INACTIVE;
		if (mode == INACTIVE)
			m->pending = m->enabled = false;
		else if (mode >= LEVEL1 && mode != m->mode) {
			m->mode = mode;
			m->pending = model_rectified(m);
		}
		m->mode = mode;
	}
	model_send(m);
}

static void real_step(unsigned int source, unsigned int op, bool by_number, bool wire,
		      uint32_t mode)
{
	static const uint64_t numbers[] = { 0, SETIPNUM, CLRIPNUM, SETIENUM, CLRIENUM };
	unsigned int word = source / 32;
	const uint64_t bits[] = { 0, SETIP(word), IN_CLRIP(word), SETIE(word), CLRIE(word) };

	if (op == 0)
		aplic_source_set(aplic, source, wire);
	else if (op >= 5)
		put(SOURCECFG(source), mode);
	else if (by_number)
		put(numbers[op], source);
	else
		put(bits[op], UINT32_C(1) << (source % 32));
}

static void random_steps_agree_with_the_model(void **state)
{
	uint64_t seed = 4;

	(void)state;
	memset(model, 0, sizeof(model));
	model_ie = false;
	model_msis = 0;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t r = fake_random(&seed);
		/* Few sources, so that each sees long histories; the last one among them. */
		unsigned int source = MSI_SOURCES - (r & 7) * 13;
		unsigned int op = r >> 8 & 7, mode = r >> 16 & 7;
		bool wire = r >> 24 & 1, by_number = r >> 25 & 1;

		if (op == 7) {
			model_ie = wire;
			put(DOMAINCFG, wire ? IE : 0);
			for (unsigned int s = 1; s <= MSI_SOURCES; s++)
				model_send(&model[s]);
		} else {
			real_step(source, op, by_number, wire, mode);
			model_step(&model[source], op, wire, mode);
		}
		assert_int_equal(pending(source), model[source].pending);
		assert_int_equal(rectified(source), model_rectified(&model[source]));
		assert_int_equal(get(SOURCECFG(source)), model[source].mode);
		assert_int_equal(vm->msi_count, model_msis);
	}
}

static void random_accesses_leave_a_working_device(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		uint64_t r = fake_random(&seed);
		unsigned int width = 1u << (r & 3);
		uint64_t offset = (r >> 8) % (aplic->size - width + 1);

		if (r & 4) {
			offset = align_down(offset, 4);
			width = 4;
		}
		if (r & 8)
			device_write(aplic, offset, width, fake_random(&seed) >> (r >> 56 & 63));
		else
			device_read(aplic, offset, width);
		if (r & 16)
			aplic_source_set(aplic, r >> 32 & 0x7ff, r & 32);
	}
	assert_int_equal(get(DOMAINCFG) & ~(uint32_t)IE, 0x80000004);
	for (unsigned int word = 0; word < 32; word++)
		assert_int_equal(get(SETIP(word)) & (word > 2 ? 0xffffffff : 0), 0);
	put(DOMAINCFG, IE);
	put(SOURCECFG(7), INACTIVE);
	fake_msi_forget(vm);
	put(SOURCECFG(7), DETACHED);
	put(TARGET(7), 1 << 18 | 107);
	put(SETIENUM, 7);
	put(SETIPNUM, 7);
	assert_int_equal(vm->msi_count, 1);
	assert_int_equal(vm->msi[0].vcpu, 1);
	assert_int_equal(vm->msi[0].identity, 107);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, aplic_begin_msi, aplic_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_steps_agree_with_the_model),
		TEST(random_accesses_leave_a_working_device),
	};

	int failed = cmocka_run_group_tests_name("aplic, random", tests, NULL, NULL);

	fake_light = true;
	return failed + cmocka_run_group_tests_name("aplic, random, light", tests, NULL, NULL);
}
