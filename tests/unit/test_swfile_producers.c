/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The software interrupt file between threads: producers set pending bits while the owner takes
 * them in every way it has, and not one may be lost or seen twice.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <emulators/swfile.h>

#include "fake_device.h"

#define EIP(word) (0x80 + 2 * (word))
#define EIE(word) (0xc0 + 2 * (word))

static uint64_t csr(struct swfile *file, unsigned int select, enum csr_op op, uint64_t operand)
{
	uint64_t old;

	assert_int_equal(swfile_rmw(file, select, op, operand, &old), 0);
	return old;
}

/*
 * Producers send an identity again only when the owner has seen the last one, so that each
 * lost bit stops its producer for good and the alarm ends the test.
 */
#define PRODUCERS 3
#define PRODUCER_IDENTITIES 40
#define ROUNDS 300

static struct {
	struct swfile file;
	uint32_t sent[PRODUCERS * PRODUCER_IDENTITIES + 1];
	uint32_t seen[PRODUCERS * PRODUCER_IDENTITIES + 1];
	uint32_t running;
} shared;

static void *producer(void *opaque)
{
	unsigned int number = (unsigned int)(uintptr_t)opaque;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		/* Neighbours in a word belong to different producers. */
		for (unsigned int i = 0; i < PRODUCER_IDENTITIES; i++) {
			unsigned int id = i * PRODUCERS + number + 1;

			while (__atomic_load_n(&shared.seen[id], __ATOMIC_ACQUIRE) !=
			       shared.sent[id])
				sched_yield();
			shared.sent[id]++;
			swfile_inject(&shared.file, id);
		}
	}
	__atomic_fetch_sub(&shared.running, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void see(unsigned int word, uint64_t bits)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (bits >> bit & 1)
			__atomic_fetch_add(&shared.seen[word * 64 + bit], 1, __ATOMIC_RELEASE);
	}
}

/** Takes pending bits in one of the ways that an owner has; all but the first touch more bits. */
static void consume(unsigned int way, uint64_t mask)
{
	unsigned int word = way / 4 & 1;
	uint32_t top;

	switch (way % 4) {
	case 0:
		top = swfile_claim(&shared.file);
		if (top != 0)
			see((top >> 16) / 64, BIT((top >> 16) % 64));
		break;
	case 1:
		see(word, mask & csr(&shared.file, EIP(word), CSR_CLEAR, mask));
		break;
	case 2:
		see(word, csr(&shared.file, EIP(word), CSR_WRITE, 0));
		break;
	default:
		/* An identity that nobody produces goes in and out. */
		csr(&shared.file, EIP(1), CSR_SET, BIT(63));
		csr(&shared.file, EIP(1), CSR_CLEAR, BIT(63));
	}
}

static void producers_on_other_harts_lose_nothing(void **state)
{
	pthread_t threads[PRODUCERS];
	uint64_t seed = 7;

	(void)state;
	swfile_init(&shared.file, 127);
	csr(&shared.file, EIE(0), CSR_WRITE, ~UINT64_C(0));
	csr(&shared.file, EIE(1), CSR_WRITE, ~UINT64_C(0));
	shared.running = PRODUCERS;
	alarm(120);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, producer, (void *)i), 0);
	while (__atomic_load_n(&shared.running, __ATOMIC_ACQUIRE) != 0) {
		uint64_t r = fake_random(&seed);

		consume(r & 7, fake_random(&seed));
		if (swfile_top(&shared.file) == 0)
			sched_yield();
	}
	for (unsigned int i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	alarm(0);
	see(0, csr(&shared.file, EIP(0), CSR_WRITE, 0));
	see(1, csr(&shared.file, EIP(1), CSR_WRITE, 0));
	for (unsigned int id = 1; id <= PRODUCERS * PRODUCER_IDENTITIES; id++) {
		assert_int_equal(shared.sent[id], ROUNDS);
		assert_int_equal(shared.seen[id], ROUNDS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(producers_on_other_harts_lose_nothing),
	};

	return cmocka_run_group_tests_name("swfile, producers", tests, NULL, NULL);
}
