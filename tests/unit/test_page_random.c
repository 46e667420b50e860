/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that are taken, given to owners and given back at random, with the cleaner's step at any
 * place between: against a model, and by several harts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page_world.h"

/* ---- anything, against a model ---- */

#define PAGES 1500

static struct {
	uint16_t owner;
	bool soiled; /* has what only its owner, or the one before, may see */
} model[PAGES];

static struct {
	unsigned int first, order;
} blocks[PAGES];

static unsigned int block_count;

static hpa_t page_at(unsigned int number)
{
	return hpa(BASE + number * PAGE_SIZE);
}

static bool is_soiled(unsigned int number)
{
	return !fake_arena_is_clear(page_at(number).v + LINKS, PAGE_SIZE - LINKS);
}

static void assert_like_model(void)
{
	uint64_t counts[PAGE_OWNER_VM + 3] = { 0 }, dirty = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		uint16_t owner = page_owner(page_at(i));

		assert_int_equal(owner, model[i].owner);
		if (owner == PAGE_OWNER_FREE)
			assert_false(is_soiled(i));
		if (owner == PAGE_OWNER_DIRTY)
			dirty++;
		else
			counts[owner]++;
	}
	for (uint16_t owner = 0; owner < PAGE_OWNER_VM + 3; owner++)
		if (owner != PAGE_OWNER_DEVICE) /* these are in no bank */
			assert_int_equal(page_count(owner), counts[owner]);
	assert_int_equal(page_count(PAGE_OWNER_DIRTY), dirty);
	assert_int_equal(page_free_count(), counts[PAGE_OWNER_FREE] + dirty);
}

static void model_take(uint64_t random)
{
	unsigned int order = (unsigned int)__builtin_ctzll(random | 128), first;
	hpa_t page;

	if (!page_alloc(order, &page))
		return;
	first = (unsigned int)((page.v - BASE) >> PAGE_SHIFT);
	for (unsigned int i = first; i < first + (1U << order); i++) {
		assert_true(model[i].owner == PAGE_OWNER_FREE ||
			    model[i].owner == PAGE_OWNER_DIRTY);
		model[i].soiled = model[i].owner == PAGE_OWNER_DIRTY;
		model[i].owner = PAGE_OWNER_HYPERVISOR;
	}
	blocks[block_count].first = first;
	blocks[block_count++].order = order;
}

/* Hands a part of a block on; what was never used, or handed on, is zero then. */
static void model_own(uint64_t random)
{
	unsigned int choice = (unsigned int)(random % block_count);
	unsigned int size = 1U << blocks[choice].order;
	unsigned int from = (unsigned int)(random >> 20) % size;
	unsigned int count = 1 + (unsigned int)(random >> 40) % (size - from);
	uint16_t owner = (uint16_t)(PAGE_OWNER_VM + random % 3);

	from += blocks[choice].first;
	if (model[from].owner != PAGE_OWNER_HYPERVISOR)
		return;
	for (unsigned int i = from; i < from + count; i++)
		if (model[i].owner != PAGE_OWNER_HYPERVISOR)
			count = i - from;
	page_own(page_at(from), count * PAGE_SIZE, owner);
	for (unsigned int i = from; i < from + count; i++) {
		assert_true(fake_arena_is_clear(page_at(i).v, PAGE_SIZE));
		model[i].owner = owner;
		soil(page_at(i), PAGE_SIZE);
	}
}

static void model_give(uint64_t random)
{
	unsigned int choice = (unsigned int)(random % block_count);
	unsigned int first = blocks[choice].first, count = 1U << blocks[choice].order;
	bool in_parts = random >> 32 & 1;

	blocks[choice] = blocks[--block_count];
	for (unsigned int i = first; i < first + count; i++)
		model[i].owner = PAGE_OWNER_DIRTY;
	if (!in_parts)
		page_free(page_at(first), (unsigned int)__builtin_ctz(count));
	else
		for (unsigned int i = 0; i < count; i++)
			page_free(page_at(first + (i ^ (random >> 40 & (count - 1)))), 0);
}

static void model_step(void)
{
	unsigned int changed = 0;

	page_clean_step();
	for (unsigned int i = 0; i < PAGES; i++)
		if (page_owner(page_at(i)) != model[i].owner) {
			assert_int_equal(model[i].owner, PAGE_OWNER_DIRTY);
			assert_int_equal(page_owner(page_at(i)), PAGE_OWNER_FREE);
			model[i].owner = PAGE_OWNER_FREE;
			changed++;
		}
	assert_in_range(changed, 0, 1);
}

static void random_use_is_like_the_model(void **state)
{
	uint64_t seed = 7;

	block_count = 0;
	memset(hpa_to_hva(hpa(BASE)), 0, PAGES * PAGE_SIZE);
	page_add(hpa(BASE + 3 * PAGE_SIZE), 700 * PAGE_SIZE);
	page_add(hpa(BASE + 801 * PAGE_SIZE), 650 * PAGE_SIZE);
	for (unsigned int i = 0; i < PAGES; i++)
		model[i].owner = page_owner(page_at(i));
	for (unsigned int step = 0; step < 20000; step++) {
		uint64_t random = fake_hart_random(&seed);
		unsigned int what = random % 100, takes = step / 4000 % 2 ? 20 : 35;

		random >>= 8;
		if (what < takes)
			model_take(random);
		else if (what < 55 && block_count)
			model_own(random);
		else if (what < 70 && block_count)
			model_give(random);
		else
			model_step();
		if (step % 100 == 0)
			assert_like_model();
	}
	while (block_count)
		model_give(fake_hart_random(&seed));
	assert_like_model();
	clean_all();
	assert_int_equal(page_count(PAGE_OWNER_FREE), page_free_count());
	while (page_free_count())
		assert_true(fake_arena_is_clear(taken(0).v, PAGE_SIZE));
}

/* ---- several harts ---- */

static bool over;

static void *cleans(void *opaque)
{
	fake_hart_self = opaque;
	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
		page_clean_step();
	return NULL;
}

/* Takes memory, looks whether it is zero, writes its own and looks whether that stays. */
static void *uses(void *opaque)
{
	uint64_t seed;

	fake_hart_self = opaque;
	seed = fake_hart_self->index;
	for (unsigned int round = 0; round < 4000; round++) {
		unsigned int order = (unsigned int)__builtin_ctzll(fake_hart_random(&seed) | 32);
		hpa_t page;
		char *ram;

		if (!page_alloc(order, &page))
			continue;
		page_own(page, PAGE_SIZE << order, page_owner_vm(fake_hart_self->index));
		ram = hpa_to_hva(page);
		CHECK(fake_arena_is_clear(page.v, PAGE_SIZE << order));
		memset(ram, (int)fake_hart_self->index, PAGE_SIZE << order);
		CHECK(page_owner(page) == page_owner_vm(fake_hart_self->index));
		for (uint64_t i = 0; i < PAGE_SIZE << order; i += 512)
			CHECK(ram[i] == (char)fake_hart_self->index);
		page_free(page, order);
	}
	return NULL;
}

static void harts_take_and_give_while_the_cleaner_runs(void **state)
{
	pthread_t users[3], worker;
	uint64_t before;

	memset(hpa_to_hva(hpa(BASE)), 0, MIB(1));
	page_add(hpa(BASE), MIB(1));
	before = page_free_count();
	over = false;
	pthread_create(&worker, NULL, cleans, &fake_harts[4]);
	for (unsigned int i = 0; i < 3; i++)
		pthread_create(&users[i], NULL, uses, &fake_harts[i + 1]);
	for (unsigned int i = 0; i < 3; i++)
		pthread_join(users[i], NULL);
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	pthread_join(worker, NULL);
	clean_all();
	assert_int_equal(page_free_count(), before);
	assert_int_equal(page_count(PAGE_OWNER_FREE), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_use_is_like_the_model),
		TEST(harts_take_and_give_while_the_cleaner_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
