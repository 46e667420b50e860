/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file against AIA 1.0, chapter 3: its registers, the order of claims,
 * and the two doorbells. Producers that run beside the owner are in test_swfile_producers.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <emulators/swfile.h>
#include <errno.h>

#include "fake_device.h"

#define EIDELIVERY 0x70
#define EITHRESHOLD 0x72
#define EIP(word) (0x80 + 2 * (word))
#define EIE(word) (0xc0 + 2 * (word))

static uint64_t csr(struct swfile *file, unsigned int select, enum csr_op op, uint64_t operand)
{
	uint64_t old = 0xdead;

	assert_int_equal(swfile_rmw(file, select, op, operand, &old), 0);
	return old;
}

static uint64_t csr_read(struct swfile *file, unsigned int select)
{
	return csr(file, select, CSR_READ, ~UINT64_C(0));
}

static void enable_all(struct swfile *file)
{
	for (unsigned int word = 0; word < 32; word++)
		csr(file, EIE(word), CSR_WRITE, ~UINT64_C(0));
}

static uint32_t topei(unsigned int identity)
{
	return identity << 16 | identity;
}

static void starts_with_all_registers_zero(void **state)
{
	struct swfile file;

	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		((uint8_t *)&file)[i] = 0xa5;
	swfile_init(&file, 255);
	for (unsigned int select = 0x70; select <= 0xff; select += 2)
		assert_int_equal(csr_read(&file, select), 0);
	assert_int_equal(file.identities, 255);
	assert_int_equal(swfile_top(&file), 0);
	assert_false(swfile_line(&file));
}

static void reset_keeps_the_number_of_identities(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 127);
	enable_all(&file);
	csr(&file, EIDELIVERY, CSR_WRITE, 1);
	csr(&file, EITHRESHOLD, CSR_WRITE, 5);
	swfile_inject(&file, 100);
	swfile_reset(&file);
	for (unsigned int select = 0x70; select <= 0xff; select += 2)
		assert_int_equal(csr_read(&file, select), 0);
	assert_true(swfile_inject(&file, 127));
	assert_false(swfile_inject(&file, 128));
}

static void every_identity_has_its_own_bit(void **state)
{
	static const unsigned int sizes[] = { 63, 127, 191, 255, 1023, 2047 };
	struct swfile file;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		swfile_init(&file, sizes[i]);
		enable_all(&file);
		for (unsigned int id = 1; id <= sizes[i]; id++) {
			assert_true(swfile_inject(&file, id));
			assert_int_equal(csr_read(&file, EIP(id / 64)), BIT(id % 64));
			assert_int_equal(swfile_claim(&file), topei(id));
			assert_int_equal(csr_read(&file, EIP(id / 64)), 0);
		}
	}
}

static void identity_zero_and_those_beyond_the_last_are_refused(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 63);
	enable_all(&file);
	assert_false(swfile_inject(&file, 0));
	assert_false(swfile_inject(&file, 64));
	assert_false(swfile_inject(&file, 2047));
	assert_false(swfile_inject(&file, 2048));
	assert_false(swfile_inject(&file, UINT32_MAX));
	for (unsigned int word = 0; word < 32; word++)
		assert_int_equal(csr_read(&file, EIP(word)), 0);
}

static void claims_go_from_the_lowest_identity_up(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 2047);
	enable_all(&file);
	for (unsigned int id = 2047; id >= 1; id--)
		swfile_inject(&file, id);
	for (unsigned int id = 1; id <= 2047; id++) {
		assert_int_equal(swfile_top(&file), topei(id));
		assert_int_equal(swfile_claim(&file), topei(id));
	}
	assert_int_equal(swfile_claim(&file), 0);
}

static void claim_of_nothing_changes_nothing(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 63);
	swfile_inject(&file, 7);
	assert_int_equal(swfile_claim(&file), 0);
	assert_int_equal(csr_read(&file, EIP(0)), BIT(7));
}

static void only_enabled_identities_are_signalled(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 255);
	csr(&file, EIDELIVERY, CSR_WRITE, 1);
	swfile_inject(&file, 100);
	assert_int_equal(swfile_top(&file), 0);
	assert_false(swfile_line(&file));
	csr(&file, EIE(1), CSR_SET, BIT(100 - 64));
	assert_int_equal(swfile_top(&file), topei(100));
	assert_true(swfile_line(&file));
	csr(&file, EIE(1), CSR_CLEAR, BIT(100 - 64));
	assert_false(swfile_line(&file));
}

static void threshold_blocks_its_identity_and_those_above(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 255);
	enable_all(&file);
	csr(&file, EIDELIVERY, CSR_WRITE, 1);
	swfile_inject(&file, 100);
	csr(&file, EITHRESHOLD, CSR_WRITE, 100);
	assert_int_equal(swfile_top(&file), 0);
	assert_false(swfile_line(&file));
	assert_int_equal(swfile_claim(&file), 0);
	csr(&file, EITHRESHOLD, CSR_WRITE, 101);
	assert_int_equal(swfile_top(&file), topei(100));
	csr(&file, EITHRESHOLD, CSR_WRITE, 1);
	assert_int_equal(swfile_top(&file), 0);
	csr(&file, EITHRESHOLD, CSR_WRITE, 0);
	assert_true(swfile_line(&file));
}

static void threshold_is_as_wide_as_the_identities(void **state)
{
	static const struct {
		unsigned int identities;
		uint64_t mask;
	} cases[] = { { 63, 63 }, { 127, 127 }, { 191, 255 }, { 255, 255 }, { 2047, 2047 } };
	struct swfile file;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		swfile_init(&file, cases[i].identities);
		csr(&file, EITHRESHOLD, CSR_WRITE, ~UINT64_C(0));
		assert_int_equal(csr_read(&file, EITHRESHOLD), cases[i].mask);
		for (unsigned int id = 0; id <= cases[i].identities; id++) {
			csr(&file, EITHRESHOLD, CSR_WRITE, id);
			assert_int_equal(csr_read(&file, EITHRESHOLD), id);
		}
	}
}

static void eidelivery_gates_the_line_but_not_stopei(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 63);
	enable_all(&file);
	swfile_inject(&file, 3);
	assert_false(swfile_line(&file));
	assert_int_equal(swfile_top(&file), topei(3));
	csr(&file, EIDELIVERY, CSR_SET, 1);
	assert_true(swfile_line(&file));
	assert_int_equal(csr(&file, EIDELIVERY, CSR_CLEAR, 1), 1);
	assert_int_equal(swfile_claim(&file), topei(3));
}

static void eidelivery_holds_only_zero_and_one(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 63);
	csr(&file, EIDELIVERY, CSR_WRITE, 0x40000000);
	assert_int_equal(csr_read(&file, EIDELIVERY), 0);
	csr(&file, EIDELIVERY, CSR_WRITE, 0x40000001);
	assert_int_equal(csr_read(&file, EIDELIVERY), 1);
	csr(&file, EIDELIVERY, CSR_SET, ~UINT64_C(1));
	assert_int_equal(csr_read(&file, EIDELIVERY), 1);
}

/* A file of the hart may have had more identities (registers_file.c). */
static void wider_threshold_stays_until_it_is_written(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 255);
	file.threshold = 0x7ff;
	assert_int_equal(csr_read(&file, EITHRESHOLD), 0x7ff);
	assert_int_equal(csr(&file, EITHRESHOLD, CSR_SET, 0), 0x7ff);
	assert_int_equal(csr(&file, EITHRESHOLD, CSR_CLEAR, 0), 0x7ff);
	assert_int_equal(csr(&file, EITHRESHOLD, CSR_CLEAR, 1), 0x7ff);
	assert_int_equal(csr_read(&file, EITHRESHOLD), 0xfe);
}

static void registers_that_do_not_exist_trap(void **state)
{
	struct swfile file;
	uint64_t old;

	(void)state;
	swfile_init(&file, 2047);
	for (unsigned int select = 0; select < 0x400; select++) {
		bool exists = select >= 0x70 && select <= 0xff &&
			      (select < 0x80 || select % 2 == 0);

		for (int op = CSR_READ; op <= CSR_CLEAR; op++)
			assert_int_equal(swfile_rmw(&file, select, (enum csr_op)op, 0, &old),
					 exists ? 0 : -ENOENT);
	}
	assert_int_equal(swfile_rmw(&file, UINT32_MAX, CSR_READ, 0, &old), -ENOENT);
	old = 5;
	assert_int_equal(swfile_rmw(&file, BIT(32) | EIDELIVERY, CSR_WRITE, 1, &old), -ENOENT);
	assert_int_equal(swfile_rmw(&file, BIT(63) | EIE(0), CSR_WRITE, 1, &old), -ENOENT);
	assert_int_equal(old, 5);
	assert_false(file.delivery || file.enabled[0]);
}

static void reserved_registers_read_zero_and_ignore_writes(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 2047);
	for (unsigned int select = 0x71; select < 0x80; select++) {
		if (select == EITHRESHOLD)
			continue;
		assert_int_equal(csr(&file, select, CSR_WRITE, ~UINT64_C(0)), 0);
		assert_int_equal(csr_read(&file, select), 0);
	}
	for (unsigned int select = 0x72; select <= 0xff; select += 2)
		assert_int_equal(csr_read(&file, select), 0);
}

static void bits_of_no_identity_are_read_only_zero(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 191);
	for (unsigned int word = 0; word < 32; word++) {
		uint64_t exist = word == 0 ? ~UINT64_C(1) : word < 3 ? ~UINT64_C(0) : 0;

		csr(&file, EIP(word), CSR_WRITE, ~UINT64_C(0));
		csr(&file, EIE(word), CSR_SET, ~UINT64_C(0));
		assert_int_equal(csr_read(&file, EIP(word)), exist);
		assert_int_equal(csr_read(&file, EIE(word)), exist);
	}
	for (unsigned int id = 1; id <= 191; id++)
		assert_int_equal(swfile_claim(&file), topei(id));
	assert_int_equal(swfile_claim(&file), 0);
}

static void csr_instructions_return_the_old_value_and_write_the_new(void **state)
{
	static const unsigned int selects[] = { EIP(0), EIP(5), EIP(31), EIE(0), EIE(5), EIE(31) };
	struct swfile file;

	(void)state;
	swfile_init(&file, 2047);
	for (size_t i = 0; i < ARRAY_SIZE(selects); i++) {
		unsigned int s = selects[i];

		assert_int_equal(csr(&file, s, CSR_WRITE, 0xf0), 0);
		assert_int_equal(csr(&file, s, CSR_SET, BIT(63) | 0x10), 0xf0);
		assert_int_equal(csr(&file, s, CSR_CLEAR, 0x30), BIT(63) | 0xf0);
		assert_int_equal(csr(&file, s, CSR_READ, 0x5555), BIT(63) | 0xc0);
		assert_int_equal(csr(&file, s, CSR_WRITE, 0), BIT(63) | 0xc0);
		assert_int_equal(csr_read(&file, s), 0);
	}
}

static void doorbells_take_both_byte_orders(void **state)
{
	(void)state;
	assert_int_equal(swfile_stored_identity(0, 0x123), 0x123);
	assert_int_equal(swfile_stored_identity(4, 0x23010000), 0x123);
	assert_int_equal(swfile_stored_identity(4, 0xff070000), 2047);
	assert_int_equal(swfile_stored_identity(0, 0), 0);
	for (uint64_t offset = 0; offset < 4096; offset++)
		if (offset != 0 && offset != 4)
			assert_int_equal(swfile_stored_identity(offset, 5), 0);
}

static void identities_that_do_not_exist_are_not_injected(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 191);
	assert_false(swfile_inject(&file, 0));
	assert_false(swfile_inject(&file, 192));
	assert_false(swfile_inject(&file, 2048 + 5));
	assert_false(swfile_inject(&file, UINT32_MAX));
	for (unsigned int word = 0; word < 32; word++)
		assert_int_equal(csr_read(&file, EIP(word)), 0);
}

static void words_that_move_are_neither_lost_nor_doubled(void **state)
{
	struct swfile file;

	(void)state;
	swfile_init(&file, 2047);
	enable_all(&file);
	swfile_add_word(&file, 31, BIT(63) | BIT(2));
	swfile_inject(&file, 70);
	assert_int_equal(swfile_claim(&file), topei(70));
	assert_int_equal(swfile_take_word(&file, 31), BIT(63) | BIT(2));
	assert_int_equal(swfile_top(&file), 0);
	swfile_add_word(&file, 31, BIT(63));
	assert_int_equal(swfile_claim(&file), topei(2047));
	assert_int_equal(swfile_claim(&file), 0);
}

/* As the line says, when nothing else is pending. */
static void signals_says_what_the_line_will_be(void **state)
{
	static const unsigned int identities[] = { 1, 63, 64, 100, 2047 };
	static const unsigned int thresholds[] = { 0, 1, 2, 64, 65, 101, 2047 };
	struct swfile file;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(identities); i++)
		for (size_t t = 0; t < ARRAY_SIZE(thresholds); t++)
			for (unsigned int flags = 0; flags < 4; flags++) {
				unsigned int id = identities[i];
				bool signals;

				swfile_init(&file, 2047);
				csr(&file, EIDELIVERY, CSR_WRITE, flags & 1);
				csr(&file, EITHRESHOLD, CSR_WRITE, thresholds[t]);
				csr(&file, EIE(id / 64), CSR_WRITE,
				    flags & 2 ? BIT(id % 64) : ~BIT(id % 64));
				signals = swfile_signals(&file, id);
				swfile_inject(&file, id);
				assert_int_equal(swfile_line(&file), signals);
			}
}

/* What the standard says, bit by bit, to compare with. */
struct model {
	unsigned int identities;
	bool pending[2048], enabled[2048];
	unsigned int threshold;
};

static unsigned int model_top(const struct model *m)
{
	for (unsigned int id = 1; id <= m->identities; id++) {
		if (m->threshold != 0 && id >= m->threshold)
			return 0;
		if (m->pending[id] && m->enabled[id])
			return id;
	}
	return 0;
}

static void model_csr(struct model *m, bool *bits, unsigned int word, enum csr_op op,
		      uint64_t operand, uint64_t old)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int id = word * 64 + bit;
		bool set = operand >> bit & 1;

		if (id == 0 || id > m->identities) {
			assert_false(old >> bit & 1);
			continue;
		}
		assert_int_equal(old >> bit & 1, bits[id]);
		if (op == CSR_WRITE)
			bits[id] = set;
		else if (op == CSR_SET)
			bits[id] |= set;
		else if (op == CSR_CLEAR)
			bits[id] &= !set;
	}
}

static void random_accesses_agree_with_the_model(void **state)
{
	static struct model m;
	uint64_t seed = 42;
	struct swfile file;

	(void)state;
	m.identities = 447;
	swfile_init(&file, m.identities);
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t r = fake_random(&seed);
		uint64_t operand = fake_random(&seed) & fake_random(&seed);
		enum csr_op op = (enum csr_op)(r >> 8 & 3);
		unsigned int word = r >> 16 & 7, id = r >> 16 & 0x1ff;

		switch (r & 3) {
		case 0:
			model_csr(&m, m.pending, word, op, operand,
				  csr(&file, EIP(word), op, operand));
			break;
		case 1:
			model_csr(&m, m.enabled, word, op, operand,
				  csr(&file, EIE(word), op, operand));
			break;
		case 2:
			if (swfile_inject(&file, id))
				m.pending[id] = true;
			else
				assert_true(id == 0 || id > m.identities);
			break;
		default:
			m.threshold = r & 0x100 ? 0 : id;
			csr(&file, EITHRESHOLD, CSR_WRITE, m.threshold);
			assert_int_equal(swfile_claim(&file), topei(model_top(&m)));
			m.pending[model_top(&m)] = false;
		}
		assert_int_equal(swfile_top(&file), topei(model_top(&m)));
	}
}

/* Who enables and disables looks at the line only when it may be another one. */
static void line_moves_only_when_what_is_pending_was_touched(void **state)
{
	unsigned int moves = 0, quiet = 0;
	uint64_t seed = 4711;
	struct swfile file;

	(void)state;
	swfile_init(&file, 447);
	file.delivery = 1;
	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t r = fake_random(&seed), touched;
		uint64_t operand = fake_random(&seed) & fake_random(&seed) & fake_random(&seed);
		unsigned int word = r >> 16 & 7;
		bool before;

		if (r & 1)
			swfile_claim(&file);
		else if (!(r & 6))
			swfile_inject(&file, r >> 32 & 0x1ff);
		file.threshold = r & 0x70 ? 0 : r >> 48 & 0x1ff;
		before = swfile_line(&file);
		swfile_rmw_eie(&file, 2 * word, (enum csr_op)(1 + r / 256 % 3), operand, &touched);
		assert_false(touched & ~file.pending[word]);
		if (swfile_line(&file) != before) {
			assert_true(touched);
			moves++;
		}
		quiet += !touched;
	}
	assert_true(moves > 100 && quiet > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_all_registers_zero),
		cmocka_unit_test(reset_keeps_the_number_of_identities),
		cmocka_unit_test(every_identity_has_its_own_bit),
		cmocka_unit_test(identity_zero_and_those_beyond_the_last_are_refused),
		cmocka_unit_test(claims_go_from_the_lowest_identity_up),
		cmocka_unit_test(claim_of_nothing_changes_nothing),
		cmocka_unit_test(only_enabled_identities_are_signalled),
		cmocka_unit_test(threshold_blocks_its_identity_and_those_above),
		cmocka_unit_test(threshold_is_as_wide_as_the_identities),
		cmocka_unit_test(eidelivery_gates_the_line_but_not_stopei),
		cmocka_unit_test(eidelivery_holds_only_zero_and_one),
		cmocka_unit_test(wider_threshold_stays_until_it_is_written),
		cmocka_unit_test(registers_that_do_not_exist_trap),
		cmocka_unit_test(reserved_registers_read_zero_and_ignore_writes),
		cmocka_unit_test(bits_of_no_identity_are_read_only_zero),
		cmocka_unit_test(csr_instructions_return_the_old_value_and_write_the_new),
		cmocka_unit_test(doorbells_take_both_byte_orders),
		cmocka_unit_test(identities_that_do_not_exist_are_not_injected),
		cmocka_unit_test(words_that_move_are_neither_lost_nor_doubled),
		cmocka_unit_test(signals_says_what_the_line_will_be),
		cmocka_unit_test(random_accesses_agree_with_the_model),
		cmocka_unit_test(line_moves_only_when_what_is_pending_was_touched),
	};

	return cmocka_run_group_tests_name("swfile", tests, NULL, NULL);
}
