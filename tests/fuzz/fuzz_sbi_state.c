/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The extensions that keep state of a vCPU: any call of FWFT, PMU, DBTR, STA, SUSP and the legacy
 * extension, while vCPUs come to the hart, leave it, and start anew. The errors are those that the
 * specification allows, a hart that runs nobody keeps nothing of anybody, what is read-only stays
 * as it is. The fakes see to it that only a0 and a1 change. One thread, no lock.
 */
#include <arch/csr.h>
#include <arch/fwft.h>

#include <stdarg.h>
#include <string.h>

#include "fake_dbtr.h"
#include "fake_pmu.h"
#include "fake_sbi.h"
#include "input.h"

#define VCPUS 3
#define HCOUNTEREN 7 /* cycle, time, instret */
#define LEGACY_SHUTDOWN 8

#define ALLOW(error) (1U << -(error))
#define ADDRESS_ERRORS (ALLOW(SBI_INVALID_PARAM) | ALLOW(SBI_INVALID_ADDRESS) | ALLOW(SBI_FAILED))

/* SBI 3.0, the tables of errors; NOT_SUPPORTED and success go without saying. */
static const struct {
	unsigned long id;
	unsigned int functions; /* there are */
	unsigned int errors;
} extensions[] = {
	{ SBI_EXT_FWFT, 2,
	  ALLOW(SBI_INVALID_PARAM) | ALLOW(SBI_DENIED) | ALLOW(SBI_DENIED_LOCKED) |
		  ALLOW(SBI_FAILED) },
	{ SBI_EXT_PMU, 9,
	  ADDRESS_ERRORS | ALLOW(SBI_ALREADY_STARTED) | ALLOW(SBI_ALREADY_STOPPED) |
		  ALLOW(SBI_NO_SHMEM) },
	{ SBI_EXT_DBTR, 8, ADDRESS_ERRORS | ALLOW(SBI_BAD_RANGE) | ALLOW(SBI_NO_SHMEM) },
	{ SBI_EXT_STA, 1, ADDRESS_ERRORS },
	{ SBI_EXT_SUSP, 1, ADDRESS_ERRORS | ALLOW(SBI_DENIED) },
};

static uint64_t argument(struct input *input)
{
	static const uint64_t numbers[] = {
		FAKE_RAM_BASE,
		FAKE_RAM_BASE + 0x40,
		FAKE_RAM_BASE + FAKE_RAM_SIZE / 2 - 8,
		FAKE_RAM_BASE + FAKE_RAM_SIZE - 64,
		FAKE_RAM_BASE + FAKE_RAM_SIZE - PAGE_SIZE,
		FAKE_ROM_BASE,
		0xf0005, /* firmware events */
		0x20, /* the first firmware counter */
		UINT64_C(6) << 60 | 0x14, /* mcontrol6: execute, S-mode */
		UINT64_MAX,
		0,
		1,
	};

	unsigned int kind = input_below(input, 8);

	if (kind == 0)
		return input_number(input);
	if (kind < 4)
		return kind & 1;
	return numbers[input_below(input, ARRAY_SIZE(numbers))] +
	       (kind == 4 ? input_below(input, 9) : 0);
}

static void vcpu_load(unsigned int index)
{
	fake_hart.running = &fake.vcpus[index];
	if (fake.vcpus[index].arch.sbi_switch)
		sbi_vcpu_load(&fake.vcpus[index]);
}

static void vcpu_save(unsigned int index)
{
	if (fake.vcpus[index].arch.sbi_switch)
		sbi_vcpu_save(&fake.vcpus[index]);
	fake_hart.running = NULL;
	MUST(fake.csrs[CSR_HCOUNTEREN] == HCOUNTEREN);
	MUST(fake_dbtr_used() == 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(fake_pmu.counters); i++)
		MUST(!fake_pmu.counters[i].configured);
}

static void result_check(unsigned int extension, unsigned long function, struct sbi_result result)
{
	unsigned int allowed = extensions[extension].errors | ALLOW(SBI_NOT_SUPPORTED) |
			       ALLOW(SBI_SUCCESS);
	unsigned long id = extensions[extension].id;

	if (function >= extensions[extension].functions)
		MUST(result.error == SBI_NOT_SUPPORTED);
	if (id == SBI_EXT_SUSP && result.error >= 0) /* a0 at the resume: the vCPU's number */
		MUST(result.error < VCPUS);
	else
		MUST(result.error <= 0 && result.error > -32 && allowed & ALLOW(result.error));
	if (id == SBI_EXT_FWFT)
		MUST(!result.error || result.value == 0);
}

static void call(struct input *input, unsigned int index)
{
	static uint8_t rom[sizeof(fake.rom)];
	unsigned int extension = input_below(input, ARRAY_SIZE(extensions));
	unsigned long function = input_below(input, extensions[extension].functions + 1);
	struct sbi_result result;
	uint64_t args[5];

	for (unsigned int i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = argument(input);
	memcpy(rom, fake.rom, sizeof(rom));
	fake_pmu.refuses = !input_below(input, 8);
	fake_dbtr.refuse = input_below(input, 8) == 0;
	result = fake_call(index, extensions[extension].id, function, args[0], args[1], args[2],
			   args[3], args[4]);
	result_check(extension, function, result);
	MUST(memcmp(rom, fake.rom, sizeof(rom)) == 0);
	if (fake.vcpus[index].hsm == HSM_SUSPENDED)
		fake.vcpus[index].hsm = HSM_STARTED;
}

static void legacy_call(struct input *input, unsigned int index)
{
	static uint64_t mask;

	mask = input_number(input);
	fake.mask = input_below(input, 4) ? &mask : NULL;
	fake_call(index, input_below(input, LEGACY_SHUTDOWN), input_number(input), argument(input),
		  argument(input), argument(input), argument(input), argument(input));
}

/* What a shared memory holds at its beginning: the configuration of a trigger, or anything. */
static void guest_writes(struct input *input)
{
	uint64_t words[4] = { 0, UINT64_C(6) << 60 | input_below(input, 32), argument(input), 0 };

	if (input_below(input, 4) == 0)
		words[input_below(input, 4)] = argument(input);
	memcpy(fake_ram(FAKE_RAM_BASE), words, sizeof(words));
}

static void setup(struct input *input)
{
	memset(&fake_pmu, 0, sizeof(fake_pmu));
	fake_sbi_setup(VCPUS);
	fake_dbtr_reset(input_below(input, FAKE_TRIGGERS + 1));
	fake.vm.config.sbi_legacy = 1;
	fake.vm.arch.triggers = fake_hart.arch.dbtr.triggers;
	fake.vm.arch.features = input_number(input) & (BIT(FEATURE_COUNT) - 1);
	fake.csrs[CSR_HCOUNTEREN] = HCOUNTEREN;
	sbi_vm_init(&fake.vm);
	for (unsigned int i = 0; i < VCPUS; i++) {
		fake.vcpus[i].arch.features = fake.vm.arch.features;
		sbi_vcpu_destroy(&fake.vcpus[i]);
		MUST(sbi_vcpu_init(&fake.vcpus[i]) == 0);
		sbi_vcpu_reset(&fake.vcpus[i]);
	}
	fake_trace();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	unsigned int index = 0;

	setup(&input);
	vcpu_load(index);
	while (input.left) {
		switch (input_below(&input, 16)) {
		case 0:
			vcpu_save(index);
			fake.vcpus[index].sched.waited += input_number(&input);
			index = input_below(&input, VCPUS);
			vcpu_load(index);
			break;
		case 1:
			vcpu_save(index);
			sbi_vcpu_reset(&fake.vcpus[index]);
			vcpu_load(index);
			break;
		case 2:
			fake_pmu_run(input_number(&input));
			break;
		case 3:
			legacy_call(&input, index);
			break;
		case 4:
			guest_writes(&input);
			break;
		default:
			call(&input, index);
			break;
		}
		fake_trace();
		fake.console_length = 0;
	}
	vcpu_save(index);
	fake_trace();
	for (unsigned int i = 0; i < VCPUS; i++)
		sbi_vcpu_destroy(&fake.vcpus[i]);
	return 0;
}
