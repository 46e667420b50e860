/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC under random histories, against a model that knows no bitmaps: an array of
 * sources, an array of contexts, and the sentences of the RISC-V PLIC specification.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "fake_device.h"
#include "plic_registers.h"

#define VCPUS 3
#define CONTEXTS (2 * VCPUS)

static struct vm *vm;
static struct device *plic;

/* The model. */
static struct {
	bool wire, waits; /* the gateway, for a completion */
	bool pending;
	uint32_t priority;
} sources[NDEV + 1];
static struct {
	bool enabled[NDEV + 1];
	uint32_t threshold;
} contexts[CONTEXTS];

static int set_up(void **state)
{
	(void)state;
	vm = fake_vm_create();
	plic = plic_create(vm, gpa(0xc000000), VCPUS);
	memset(sources, 0, sizeof(sources));
	memset(contexts, 0, sizeof(contexts));
	return plic == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	device_destroy(plic);
	return 0;
}

static void model_gateway(unsigned int source)
{
	if (sources[source].wire && !sources[source].waits) {
		sources[source].waits = true;
		sources[source].pending = true;
	}
}

static void model_wire(unsigned int source, bool level)
{
	if (source == 0 || source > NDEV)
		return;
	sources[source].wire = level;
	model_gateway(source);
}

static uint32_t model_best(unsigned int context, uint32_t above)
{
	uint32_t best = 0;

	for (uint32_t priority = 7; priority > above && best == 0; priority--)
		for (uint32_t source = NDEV; source >= 1; source--)
			if (sources[source].pending && contexts[context].enabled[source] &&
			    sources[source].priority == priority)
				best = source;
	return best;
}

static uint32_t model_claim(unsigned int context)
{
	uint32_t best = model_best(context, 0);

	if (best)
		sources[best].pending = false;
	return best;
}

static void model_complete(unsigned int context, uint32_t source)
{
	if (source == 0 || source > NDEV || !contexts[context].enabled[source])
		return;
	/* A request that nobody claimed is one for whatever the wire does. */
	if (!sources[source].pending)
		sources[source].waits = false;
	model_gateway(source);
}

static uint32_t model_word(unsigned int context, unsigned int word)
{
	uint32_t value = 0;

	for (unsigned int bit = 0; bit < 32 && word < 3; bit++)
		value |= (uint32_t)contexts[context].enabled[word * 32 + bit] << bit;
	return value;
}

static uint32_t model_pending(unsigned int word)
{
	uint32_t value = 0;

	for (unsigned int bit = 0; bit < 32 && word < 3; bit++)
		value |= (uint32_t)sources[word * 32 + bit].pending << bit;
	return value;
}

static uint32_t model_read(uint64_t offset)
{
	unsigned int context;

	if (offset % 4)
		return 0;
	if (offset < 0x1000)
		return offset / 4 <= NDEV ? sources[offset / 4].priority : 0;
	if (offset < 0x2000)
		return model_pending((unsigned int)(offset - 0x1000) / 4);
	if (offset < 0x200000) {
		context = (unsigned int)(offset - 0x2000) / 0x80;
		return context < CONTEXTS ? model_word(context, offset % 0x80 / 4) : 0;
	}
	context = (unsigned int)(offset - 0x200000) / 0x1000;
	if (context >= CONTEXTS)
		return 0;
	switch (offset % 0x1000) {
	case 0:
		return contexts[context].threshold;
	case 4:
		return model_claim(context);
	default:
		return 0;
	}
}

static void model_enable(unsigned int context, unsigned int word, uint32_t value)
{
	for (unsigned int bit = 0; bit < 32 && word < 3; bit++)
		if (word || bit)
			contexts[context].enabled[word * 32 + bit] = value >> bit & 1;
}

static void model_write(uint64_t offset, uint32_t value)
{
	unsigned int context;

	if (offset % 4)
		return;
	if (offset < 0x1000) {
		if (offset / 4 >= 1 && offset / 4 <= NDEV)
			sources[offset / 4].priority = value & 7;
	} else if (offset >= 0x2000 && offset < 0x200000) {
		context = (unsigned int)(offset - 0x2000) / 0x80;
		if (context < CONTEXTS)
			model_enable(context, offset % 0x80 / 4, value);
	} else if (offset >= 0x200000) {
		context = (unsigned int)(offset - 0x200000) / 0x1000;
		if (context < CONTEXTS && offset % 0x1000 == 0)
			contexts[context].threshold = value & 7;
		if (context < CONTEXTS && offset % 0x1000 == 4)
			model_complete(context, value);
	}
}

/* An offset that matters more often than not. */
static uint64_t random_offset(uint64_t r)
{
	unsigned int context = (unsigned int)(r >> 8) % (CONTEXTS + 1);

	switch (r & 15) {
	case 0:
		return (r >> 16) % WINDOW & ~UINT64_C(3);
	case 1:
	case 2:
		return PRIORITY((r >> 16) % (NDEV + 3));
	case 3:
		return PENDING(r >> 16 & 3);
	case 4:
	case 5:
	case 6:
		return ENABLE(context, r >> 16 & 3);
	case 7:
	case 8:
		return THRESHOLD(context) + (r >> 16) % 3 * 4 * (r >> 24 & 1);
	default:
		return CLAIM(context);
	}
}

static void lines_are_right(void)
{
	for (unsigned int vcpu = 0; vcpu < VCPUS; vcpu++)
		assert_int_equal(vm->extirq[vcpu],
				 model_best(S(vcpu), contexts[S(vcpu)].threshold) != 0);
}

static void random_step(uint64_t *seed)
{
	uint64_t r = fake_random(seed), offset = random_offset(fake_random(seed));
	uint32_t value = (uint32_t)fake_random(seed);

	/* Few sources move, so that they meet. */
	if ((r & 7) < 3) {
		unsigned int source = (unsigned int)(r >> 8) % 12 * 9;

		plic_source_set(plic, source, r >> 16 & 1);
		model_wire(source, r >> 16 & 1);
	} else if ((r & 7) < 5) {
		assert_int_equal(device_read(plic, offset, 4), model_read(offset));
	} else {
		if (offset >= 0x200000 && offset % 0x1000 == 4 && r >> 32 & 7)
			value = value % 12 * 9;
		device_write(plic, offset, 4, value);
		model_write(offset, value);
	}
}

static void random_accesses_agree_with_the_model(void **state)
{
	uint64_t seed = 7;
	unsigned int served = 0;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		random_step(&seed);
		lines_are_right();
		served += vm->extirq[0];
	}
	for (uint64_t offset = 0; offset < WINDOW; offset += 4)
		assert_int_equal(device_read(plic, offset, 4), model_read(offset));
	assert_true(served > 1000);
}

static void odd_accesses_change_nothing(void **state)
{
	uint64_t seed = 8;

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t r = fake_random(&seed);
		unsigned int width = 1u << (r & 3);
		uint64_t offset = (r >> 8) % (WINDOW - width + 1);

		if (r & 4)
			offset = (random_offset(r >> 8) + (r >> 4 & 3)) % (WINDOW - 8);
		random_step(&seed);
		if (width == 4 && offset % 4 == 0)
			continue;
		if (r & 8)
			device_write(plic, offset, width, fake_random(&seed));
		else
			assert_int_equal(device_read(plic, offset, width), 0);
		lines_are_right();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_accesses_agree_with_the_model),
		TEST(odd_accesses_change_nothing),
	};

	return cmocka_run_group_tests_name("plic, random", tests, NULL, NULL);
}
