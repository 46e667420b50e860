/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in both modes under any sequence of accesses and wire changes. After each,
 * what its registers say is consistent; in direct mode topi and each vCPU's line follow from them
 * as AIA 1.0, 4.8 says. One thread.
 */
#include <string.h>

#include "aplic_registers.h"
#include "fake_device.h"
#include "input.h"

#define VCPUS 3

static struct vm *vm;
static struct device *aplic;
static unsigned int sources;

static uint32_t get(uint64_t offset)
{
	return (uint32_t)device_read(aplic, offset, 4);
}

static bool bit(uint64_t first, unsigned int source)
{
	return get(first + source / 32 * 4) >> source % 32 & 1;
}

static void source_check(unsigned int source, bool msi)
{
	uint32_t mode = get(SOURCECFG(source));
	bool wire = bit(IN_CLRIP(0), source), pending = bit(SETIP(0), source);

	MUST(mode <= DETACHED || (mode >= EDGE1 && mode <= LEVEL0));
	if (mode == INACTIVE)
		MUST(!wire && !pending && !bit(SETIE(0), source) && !get(TARGET(source)));
	if (mode == DETACHED)
		MUST(!wire);
	/* AIA 1.0, 4.7: the pending bit of a level source is its rectified input, or sent. */
	if (mode >= LEVEL1)
		MUST(wire || !pending);
	if (mode >= LEVEL1 && !msi)
		MUST(wire == pending);
	if (msi && get(DOMAINCFG) & IE)
		MUST(!(pending && bit(SETIE(0), source)));
}

static uint32_t topi_expected(unsigned int hart)
{
	uint32_t threshold = get(ITHRESHOLD(hart)), best = 0;

	for (unsigned int source = 1; source <= sources; source++) {
		uint32_t target = get(TARGET(source));
		uint32_t priority = target & 0xff;

		if (!bit(SETIP(0), source) || !bit(SETIE(0), source) || target >> 18 != hart)
			continue;
		MUST(priority);
		if (threshold && priority >= threshold)
			continue;
		if (!best || priority < (best & 0xff))
			best = source << 16 | priority;
	}
	return best;
}

static void hart_check(unsigned int hart)
{
	uint32_t topi = topi_expected(hart);
	bool on = get(DOMAINCFG) & IE && get(IDELIVERY(hart));

	MUST(get(TOPI(hart)) == topi);
	MUST(vm->extirq[hart] == (on && (topi || get(IFORCE(hart)))));
}

static void check(bool msi)
{
	MUST((get(DOMAINCFG) & ~(uint32_t)IE) == (msi ? 0x80000004 : 0x80000000));
	for (unsigned int source = 1; source <= sources; source++)
		source_check(source, msi);
	for (unsigned int source = sources + 1; source < 1024; source += 64)
		MUST(!get(SOURCECFG(source)) && !get(TARGET(source)));
	for (unsigned int hart = 0; !msi && hart < VCPUS; hart++)
		hart_check(hart);
}

/* A register, more often than not one that matters, and a value that it may like. */
static void register_write(struct input *input)
{
	unsigned int source = input_below(input, sources + 2);
	uint32_t value = (uint32_t)input_number(input);
	unsigned int hart = input_below(input, VCPUS + 1);
	const uint64_t at[] = { DOMAINCFG,	    SOURCECFG(source),	SOURCECFG(source),
				TARGET(source),	    SETIP(source / 32), IN_CLRIP(source / 32),
				SETIE(source / 32), CLRIE(source / 32), SETIPNUM,
				CLRIPNUM,	    SETIENUM,		CLRIENUM,
				SETIPNUM_LE,	    SETIPNUM_BE,	GENMSI,
				IDELIVERY(hart),    IFORCE(hart),	ITHRESHOLD(hart) };
	uint64_t offset = at[input_below(input, ARRAY_SIZE(at))];

	if (offset == TARGET(source) && input_below(input, 4))
		value = hart << 18 | (value & 0x7ff);
	if (offset + 4 <= aplic->size)
		device_write(aplic, offset, 4, value);
}

static void any_access(struct input *input)
{
	unsigned int width = 1U << input_below(input, 4);
	uint64_t offset = input_take(input, 2) % (aplic->size - width + 1);

	if (input_below(input, 2))
		device_write(aplic, offset, width, input_number(input));
	else
		device_read(aplic, offset, width);
}

static void claim_check(unsigned int hart)
{
	uint32_t topi = get(TOPI(hart));
	uint32_t mode = get(SOURCECFG(topi >> 16));

	MUST(get(CLAIMI(hart)) == topi);
	if (!topi)
		MUST(!get(IFORCE(hart)));
	else
		MUST(bit(SETIP(0), topi >> 16) == (mode >= LEVEL1));
}

static void message(unsigned int vcpu, unsigned int identity)
{
	MUST(vcpu < 16384 && identity < 2048);
}

static void step(struct input *input, bool msi)
{
	switch (input_below(input, 8)) {
	case 0:
		any_access(input);
		break;
	case 1:
	case 2:
		aplic_source_set(aplic, input_below(input, 1100) % (sources + 3),
				 input_below(input, 2));
		break;
	case 3:
		if (!msi)
			claim_check(input_below(input, VCPUS));
		else if (!input_below(input, 16))
			aplic->ops->reset(aplic);
		break;
	default:
		register_write(input);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int source_counts[] = { 1, 31, 32, 95 };
	struct input input = { data, size };
	struct aplic_config config = {
		.base = { 0xd000000 },
		.vcpus = VCPUS,
		.identities = 255,
	};

	config.msi = input_below(&input, 2);
	sources = config.sources = source_counts[input_below(&input, ARRAY_SIZE(source_counts))];
	vm = fake_vm_create();
	vm->msi_hook = message;
	aplic = aplic_create(vm, &config);
	MUST(aplic);
	for (unsigned int steps = 0; input.left && steps < 200; steps++) {
		step(&input, config.msi);
		check(config.msi);
	}
	device_destroy(aplic);
	return 0;
}
