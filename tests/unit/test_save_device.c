/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices in saved VMs: what is restored from a random state behaves as the original under the same
 * accesses, and states that cannot be are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <emulators/devices.h>

#include "../../emulators/state.h"
#include "fake_device.h"

#define ROUNDS 300
#define HISTORY 200
#define SOURCES 40
#define VCPUS 3
#define STATE_MAX 1024

/* A device, and what is around it. */
struct side {
	struct vm *vm;
	struct device *device;
	unsigned int transmitted, ready;
	uint8_t last;
};

static struct vm other_vm;
static struct side original, copy;
static uint64_t host_time;
static uint64_t seed;
static uint64_t states[2][STATE_MAX / 8];

static uint64_t now(void)
{
	return host_time;
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)(fake_random(&seed) % limit);
}

static void transmit(void *opaque, uint8_t byte)
{
	struct side *side = opaque;

	side->transmitted++;
	side->last = byte;
}

static void receive_ready(void *opaque, unsigned int room)
{
	struct side *side = opaque;

	side->ready += room;
}

/* ---- each kind of device: how it is made, and a random thing that happens to both ---- */

struct kind {
	struct device *(*create)(struct side *side);
	uint64_t (*act)(struct side *side, uint64_t what, uint64_t value);
};

static struct device *create_uart(struct side *side)
{
	const struct uart_host host = { transmit, receive_ready, side };

	return uart_create(side->vm, gpa(0x10000000), 10, &host);
}

static uint64_t act_uart(struct side *side, uint64_t what, uint64_t value)
{
	uint8_t bytes[20];

	memset(bytes, (int)value, sizeof(bytes));
	if (what % 4 == 0)
		return uart_receive(side->device, bytes, (unsigned int)(value % sizeof(bytes)));
	if (what % 4 == 1)
		return device_read(side->device, what / 4 % 8, 1);
	device_write(side->device, what / 4 % 8, 1, value);
	return 0;
}

static struct device *create_rtc(struct side *side)
{
	return rtc_create(side->vm, gpa(0x101000), 11, now);
}

static uint64_t act_rtc(struct side *side, uint64_t what, uint64_t value)
{
	if (what % 4 == 0) {
		rtc_poll(side->device);
		return rtc_alarm(side->device);
	}
	if (what % 4 == 1)
		return device_read(side->device, what / 4 % 8 * 4, 4);
	device_write(side->device, what / 4 % 8 * 4, 4, value % 3 ? value % 2000 : value);
	return 0;
}

static struct device *create_aplic(struct side *side, bool msi)
{
	const struct aplic_config config = {
		.base = { 0xd000000 },
		.sources = SOURCES,
		.vcpus = VCPUS,
		.msi = msi,
		.identities = 63,
	};

	return aplic_create(side->vm, &config);
}

static struct device *create_aplic_msi(struct side *side)
{
	return create_aplic(side, true);
}

static struct device *create_aplic_direct(struct side *side)
{
	return create_aplic(side, false);
}

/* An address that means something, mostly. */
static uint64_t aplic_offset(uint64_t what)
{
	static const uint16_t bitmaps[] = { 0x1c00, 0x1c04, 0x1cdc, 0x1d00, 0x1ddc, 0x1e00, 0x1e04,
					    0x1edc, 0x1f00, 0x1fdc, 0x2000, 0x2004, 0x3000 };

	switch (what % 5) {
	case 0:
		return what / 5 % 20 ? what / 100 % (SOURCES + 1) * 4 : 0;
	case 1:
		return bitmaps[what / 5 % ARRAY_SIZE(bitmaps)];
	case 2:
		return 0x3000 + what / 5 % (SOURCES + 1) * 4;
	default:
		return 0x4000 + what / 5 % (VCPUS * 8) * 4;
	}
}

static uint64_t act_aplic(struct side *side, uint64_t what, uint64_t value)
{
	uint64_t offset = aplic_offset(what / 4) % side->device->size;

	if (what % 4 == 0) {
		aplic_source_set(side->device, (unsigned int)(what / 4 % (SOURCES + 1)), value & 1);
		return 0;
	}
	if (what % 4 == 1)
		return device_read(side->device, offset, 4);
	if (offset < 0x1000)
		value = offset ? value % 8 : value;
	else if (offset % 0x100 == 0xdc || offset == 0x2000)
		value %= SOURCES + 1;
	else if (offset > 0x3000 && offset < 0x4000)
		value = (value % VCPUS) << 18 | (value >> 8 & 0x3f);
	device_write(side->device, offset, 4, value);
	return 0;
}

static struct device *create_plic(struct side *side)
{
	return plic_create(side->vm, gpa(0xc000000), VCPUS);
}

static uint64_t act_plic(struct side *side, uint64_t what, uint64_t value)
{
	static const uint64_t bases[] = { 0, 0x1000, 0x2000, 0x200000, 0x200004, 0x200004 };
	unsigned int register_kind = (unsigned int)(what / 4 % ARRAY_SIZE(bases));
	uint64_t index = what / 32 % (register_kind < 2 ? 96 : 2 * VCPUS);
	uint64_t offset = bases[register_kind];

	if (what % 4 == 0) {
		plic_source_set(side->device, (unsigned int)(what / 4 % 96), value & 1);
		return 0;
	}
	if (register_kind == 2)
		offset += 0x80 * index + 4 * ((value >> 32) % 3);
	else
		offset += register_kind < 2 ? 4 * index : 0x1000 * index;
	if (what % 4 == 1)
		return device_read(side->device, offset & ~UINT64_C(3), 4);
	device_write(side->device, offset & ~UINT64_C(3), 4,
		     register_kind < 4 ? value : value % 96);
	return 0;
}

static const struct kind uart = { create_uart, act_uart }, rtc = { create_rtc, act_rtc },
			 aplic_msi = { create_aplic_msi, act_aplic },
			 aplic_direct = { create_aplic_direct, act_aplic },
			 plic = { create_plic, act_plic };

/* ---- the test ---- */

static void sides_set_up(const struct kind *kind)
{
	host_time = 1000;
	original = (struct side){ .vm = fake_vm_create() };
	memset(&other_vm, 0, sizeof(other_vm));
	copy = (struct side){ .vm = &other_vm };
	original.device = kind->create(&original);
	copy.device = kind->create(&copy);
}

static void sides_tear_down(void)
{
	device_destroy(original.device);
	device_destroy(copy.device);
}

static void act_random(const struct kind *kind, struct side *side, unsigned int count)
{
	while (count--)
		kind->act(side, fake_random(&seed), fake_random(&seed));
}

static void assert_same_surroundings(void)
{
	const struct vm *one = original.vm, *other = copy.vm;

	assert_memory_equal(one->irq, other->irq, sizeof(one->irq));
	assert_memory_equal(one->extirq, other->extirq, sizeof(one->extirq));
	assert_int_equal(one->msi_count, other->msi_count);
	assert_memory_equal(one->msi, other->msi,
			    MIN(one->msi_count, FAKE_MSIS) * sizeof(one->msi[0]));
	assert_int_equal(original.transmitted, copy.transmitted);
	assert_int_equal(original.ready, copy.ready);
	assert_int_equal(original.last, copy.last);
}

static void carry_over(void)
{
	const struct device_ops *ops = original.device->ops;
	size_t size = ops->state_size(original.device);

	assert_true(size <= STATE_MAX);
	memset(states, 0xa5, sizeof(states));
	ops->save(original.device, states[0]);
	assert_int_equal(((uint8_t *)states[0])[size], 0xa5);
	assert_null(ops->check(copy.device, states[0], size));
	ops->restore(copy.device, states[0]);
	ops->save(copy.device, states[1]);
	assert_memory_equal(states[0], states[1], STATE_MAX);
	fake_msi_forget(original.vm);
	fake_msi_forget(copy.vm);
	copy.transmitted = original.transmitted;
	copy.ready = original.ready;
	copy.last = original.last;
	assert_same_surroundings();
}

static void behaves_as_the_original(const struct kind *kind)
{
	seed = 1;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		sides_set_up(kind);
		act_random(kind, &original, below(HISTORY));
		act_random(kind, &copy, below(HISTORY));
		carry_over();
		for (unsigned int i = 0; i < HISTORY; i++) {
			uint64_t what = fake_random(&seed), value = fake_random(&seed);

			host_time += below(50);
			assert_int_equal(kind->act(&original, what, value),
					 kind->act(&copy, what, value));
			assert_same_surroundings();
		}
		sides_tear_down();
	}
}

/* Whatever the bytes are, they are refused, or the device goes on with them. */
static void any_bytes_do_no_harm(const struct kind *kind)
{
	unsigned int taken = 0;

	seed = 2;
	sides_set_up(kind);
	for (unsigned int round = 0; round < 20 * ROUNDS; round++) {
		const struct device_ops *ops = original.device->ops;
		size_t size = ops->state_size(original.device);

		act_random(kind, &original, 20);
		ops->save(original.device, states[0]);
		for (unsigned int i = below(3); i--;)
			((uint8_t *)states[0])[below((unsigned int)size)] ^= 1u << below(8);
		if (!ops->check(original.device, states[0], size)) {
			ops->restore(original.device, states[0]);
			taken++;
		}
	}
	assert_true(taken > ROUNDS);
	sides_tear_down();
}

static void uart_behaves_as_the_original(void **state)
{
	(void)state;
	behaves_as_the_original(&uart);
	any_bytes_do_no_harm(&uart);
}

static void rtc_behaves_as_the_original(void **state)
{
	(void)state;
	behaves_as_the_original(&rtc);
	any_bytes_do_no_harm(&rtc);
}

static void aplic_in_msi_mode_behaves_as_the_original(void **state)
{
	(void)state;
	behaves_as_the_original(&aplic_msi);
	any_bytes_do_no_harm(&aplic_msi);
}

static void aplic_in_direct_mode_behaves_as_the_original(void **state)
{
	(void)state;
	behaves_as_the_original(&aplic_direct);
	any_bytes_do_no_harm(&aplic_direct);
}

static void plic_behaves_as_the_original(void **state)
{
	(void)state;
	behaves_as_the_original(&plic);
	any_bytes_do_no_harm(&plic);
}

static void interrupt_under_way_is_raised_in_the_copy(void **state)
{
	(void)state;
	sides_set_up(&uart);
	device_write(original.device, 1, 1, 1); /* IER: received data */
	assert_int_equal(uart_receive(original.device, (const uint8_t *)"x", 1), 1);
	assert_true(original.vm->irq[10]);
	carry_over();
	assert_true(copy.vm->irq[10]);
	assert_int_equal(device_read(copy.device, 0, 1), 'x');
	assert_false(copy.vm->irq[10]);
	sides_tear_down();
}

static uint64_t rtc_time(struct side *side)
{
	uint64_t low = device_read(side->device, 0, 4);

	return low | device_read(side->device, 4, 4) << 32;
}

static void rtc_follows_the_hosts_clock_but_never_back(void **state)
{
	uint64_t time;

	(void)state;
	sides_set_up(&rtc);
	host_time = 1000000;
	device_write(original.device, 0, 4, 5000000);
	time = rtc_time(&original);
	assert_int_equal(time, 5000000);
	original.device->ops->save(original.device, states[0]);
	host_time += 700;
	copy.device->ops->restore(copy.device, states[0]);
	assert_int_equal(rtc_time(&copy), 5000700);
	host_time = 3; /* another machine, without a clock */
	copy.device->ops->restore(copy.device, states[0]);
	assert_int_equal(rtc_time(&copy), 5000000);
	host_time += 10;
	assert_int_equal(rtc_time(&copy), 5000010);
	sides_tear_down();
}

static void alarm_that_is_overdue_is_raised(void **state)
{
	(void)state;
	sides_set_up(&rtc);
	device_write(original.device, 0x10, 4, 1);
	device_write(original.device, 0x0c, 4, 0);
	device_write(original.device, 0x08, 4, 2000);
	original.device->ops->save(original.device, states[0]);
	host_time = 3000;
	copy.device->ops->restore(copy.device, states[0]);
	assert_true(copy.vm->irq[11]);
	assert_false(original.vm->irq[11]);
	sides_tear_down();
}

static void sizes_and_shapes_that_are_others_are_refused(void **state)
{
	static const struct kind *const kinds[] = { &uart, &rtc, &aplic_msi, &aplic_direct, &plic };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct device_ops *ops;
		size_t size;

		sides_set_up(kinds[i]);
		ops = copy.device->ops;
		size = ops->state_size(copy.device);
		ops->save(copy.device, states[0]);
		assert_null(ops->check(copy.device, states[0], size));
		for (size_t wrong = 0; wrong < STATE_MAX; wrong++)
			if (wrong != size)
				assert_non_null(ops->check(copy.device, states[0], wrong));
		sides_tear_down();
	}
	sides_set_up(&aplic_msi);
	original.device->ops->save(original.device, states[0]);
	device_destroy(copy.device);
	copy.device = create_aplic_direct(&copy);
	assert_non_null(copy.device->ops->check(copy.device, states[0], STATE_MAX));
	sides_tear_down();
}

static void impossible_fields_are_refused(void **state)
{
	struct uart_state *u = (struct uart_state *)states[0];

	(void)state;
	sides_set_up(&uart);
	original.device->ops->save(original.device, u);
	u->count = 2; /* without FIFOs */
	assert_string_equal(original.device->ops->check(original.device, u, sizeof(*u)),
			    "it has received more than it can hold");
	u->count = 17;
	u->fifos = 1;
	assert_non_null(original.device->ops->check(original.device, u, sizeof(*u)));
	u->count = 16;
	assert_null(original.device->ops->check(original.device, u, sizeof(*u)));
	u->trigger = 2;
	assert_string_equal(original.device->ops->check(original.device, u, sizeof(*u)),
			    "the trigger level cannot be");
	sides_tear_down();
}

static void claimed_interrupt_is_completed_in_the_copy(void **state)
{
	(void)state;
	sides_set_up(&plic);
	device_write(original.device, 4 * 7, 4, 3);
	device_write(original.device, 0x2080, 4, BIT(7));
	plic_source_set(original.device, 7, true);
	assert_int_equal(device_read(original.device, 0x201004, 4), 7);
	carry_over();
	assert_false(copy.vm->extirq[0]);
	plic_source_set(copy.device, 7, true);
	assert_int_equal(device_read(copy.device, 0x201004, 4), 0);
	device_write(copy.device, 0x201004, 4, 7);
	assert_true(copy.vm->extirq[0]);
	sides_tear_down();
}

static void impossible_states_of_a_plic_are_refused(void **state)
{
	struct plic_state *p = (struct plic_state *)states[0];
	struct plic_context_state *c = (struct plic_context_state *)(p + 1);
	size_t size;

	(void)state;
	sides_set_up(&plic);
	size = original.device->ops->state_size(original.device);

#define REFUSED(field, value, why)                                                               \
	do {                                                                                     \
		original.device->ops->save(original.device, p);                                  \
		assert_null(original.device->ops->check(original.device, p, size));              \
		(field) = (value);                                                               \
		assert_string_equal(original.device->ops->check(original.device, p, size), why); \
	} while (0)

	REFUSED(p->sources, 96, "it has another number of sources");
	REFUSED(p->contexts, 2, "it is for another number of vCPUs");
	REFUSED(p->input[0], 1, "source 0 has a state");
	REFUSED(p->claimed[0], 1, "source 0 has a state");
	REFUSED(p->priority[0], 1, "source 0 has a state");
	plic_source_set(original.device, 66, true);
	REFUSED(p->claimed[2], 4, "a source is pending and claimed");
	REFUSED(p->input[1], 8, "a source is high, but neither pending nor claimed");
	REFUSED(p->priority[95], 8, "a priority has bits that it does not have");
	REFUSED(c[2 * VCPUS - 1].threshold, 8, "a threshold has bits that it does not have");
	REFUSED(c[0].reserved[2], 1, "a threshold has bits that it does not have");
	REFUSED(c[1].enabled[0], 1, "source 0 is enabled");
	sides_tear_down();
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(uart_behaves_as_the_original),
		TEST(rtc_behaves_as_the_original),
		TEST(aplic_in_msi_mode_behaves_as_the_original),
		TEST(aplic_in_direct_mode_behaves_as_the_original),
		TEST(plic_behaves_as_the_original),
		TEST(interrupt_under_way_is_raised_in_the_copy),
		TEST(rtc_follows_the_hosts_clock_but_never_back),
		TEST(alarm_that_is_overdue_is_raised),
		TEST(sizes_and_shapes_that_are_others_are_refused),
		TEST(impossible_fields_are_refused),
		TEST(claimed_interrupt_is_completed_in_the_copy),
		TEST(impossible_states_of_a_plic_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
