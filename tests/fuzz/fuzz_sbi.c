/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any SBI call by any vCPU: the errors are those that the specification allows, masks mean what a
 * second implementation says, nothing but a read touches memory, software events are with at most
 * one vCPU. The fakes see to it that only a0 and a1 change. One thread, no lock.
 */
#include <arch/sse.h>

#include <stdarg.h>
#include <string.h>

#include "fake_sbi.h"
#include "input.h"

#define VCPUS_MOST 40 /* what the fake's trace has room for */

/* SBI errors are -1 and below. */
#define ALLOW(error) (1U << -(error))

static const unsigned long extensions[] = {
	SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,  SBI_EXT_RFENCE,
	SBI_EXT_HSM,  SBI_EXT_SRST, SBI_EXT_DBCN, SBI_EXT_SSE,
};

static uint64_t interesting(struct input *input)
{
	static const uint64_t addresses[] = {
		FAKE_RAM_BASE,
		FAKE_RAM_BASE - 1,
		FAKE_RAM_BASE + FAKE_RAM_SIZE / 2 - 1,
		FAKE_RAM_BASE + FAKE_RAM_SIZE / 2,
		FAKE_RAM_BASE + FAKE_RAM_SIZE - 1,
		FAKE_RAM_BASE + FAKE_RAM_SIZE,
		FAKE_RAM_SIZE,
		FAKE_ROM_BASE,
		FAKE_ROM_BASE + FAKE_ROM_SIZE - 1,
		0xffff0000, /* software events */
		0xffff8000,
		UINT64_MAX,
		0,
	};

	if (input_below(input, 2))
		return input_number(input);
	return addresses[input_below(input, ARRAY_SIZE(addresses))] + input_below(input, 8) % 5;
}

static bool error_allowed(unsigned long extension, unsigned long function, long error)
{
	unsigned int allowed = ALLOW(SBI_SUCCESS) | ALLOW(SBI_NOT_SUPPORTED);

	switch (extension) {
	case SBI_EXT_BASE:
	case SBI_EXT_TIME:
		break;
	case SBI_EXT_IPI:
	case SBI_EXT_RFENCE:
	case SBI_EXT_SRST:
	case SBI_EXT_DBCN:
		allowed |= ALLOW(SBI_INVALID_PARAM);
		break;
	case SBI_EXT_HSM:
		if (function == 3) /* without retention a0 is the vCPU's number */
			return error >= SBI_INVALID_ADDRESS && error < MAX_VCPUS;
		allowed |= ALLOW(SBI_FAILED) | ALLOW(SBI_INVALID_PARAM) |
			   ALLOW(SBI_INVALID_ADDRESS) | ALLOW(SBI_ALREADY_AVAILABLE);
		break;
	case SBI_EXT_SSE:
		if (function == 6) /* a0 is what it was before the event */
			return true;
		if (function < 2)
			allowed |= ALLOW(SBI_BAD_RANGE) | ALLOW(SBI_INVALID_ADDRESS);
		if (function == 1)
			allowed |= ALLOW(SBI_DENIED);
		if (function > 0 && function < 6)
			allowed |= ALLOW(SBI_INVALID_STATE);
		if (function < 8)
			allowed |= ALLOW(SBI_INVALID_PARAM);
		if (function == 8)
			allowed |= ALLOW(SBI_ALREADY_STARTED);
		if (function == 9)
			allowed |= ALLOW(SBI_ALREADY_STOPPED);
		break;
	default:
		return error == SBI_NOT_SUPPORTED;
	}
	return error <= 0 && error > -32 && allowed & ALLOW(error);
}

/* SBI 3.0, "Hart list parameter", one hart at a time. */
static bool mask_allowed(unsigned int vcpus, uint64_t mask, uint64_t base, uint64_t *expected)
{
	*expected = 0;
	for (unsigned int i = 0; i < 64; i++) {
		if (base == UINT64_MAX) {
			if (i < vcpus)
				*expected |= BIT(i);
		} else if (mask >> i & 1) {
			if (base >= vcpus || base + i >= vcpus)
				return false;
			*expected |= BIT(base + i);
		}
	}
	return true;
}

static void mask_check(struct input *input)
{
	uint64_t mask = input_number(input), base = input_number(input), got = 0, expected;
	unsigned int vcpus = fake.vm.vcpu_count;
	bool allowed;
	long error;

	fake.vm.vcpu_count = 1 + input_below(input, MAX_VCPUS);
	error = sbi_hart_mask(&fake.vm, mask, base, &got);
	allowed = mask_allowed(fake.vm.vcpu_count, mask, base, &expected);
	MUST(error == (allowed ? SBI_SUCCESS : SBI_INVALID_PARAM));
	MUST(error || got == expected);
	fake.vm.vcpu_count = vcpus;
}

/*
 * SBI 3.0, "Debug Console Extension": the range is the guest's memory, whole, or nothing is done.
 */
static void dbcn_check(unsigned long function, const uint64_t *args, struct sbi_result result)
{
	uint64_t offset = args[1] - FAKE_RAM_BASE, in_rom = args[1] - FAKE_ROM_BASE;
	bool ram = offset < FAKE_RAM_SIZE && args[0] <= FAKE_RAM_SIZE - offset;
	bool rom = in_rom < FAKE_ROM_SIZE && args[0] <= FAKE_ROM_SIZE - in_rom;
	bool inside = !args[0] || (!args[2] && (ram || (rom && function == 0)));

	if (function > 1)
		return;
	MUST(result.error == (inside ? SBI_SUCCESS : SBI_INVALID_PARAM));
	MUST(result.value <= args[0] && (inside || !fake.console_length));
	if (function == 1) {
		MUST(result.value <= 5);
		return;
	}
	MUST(fake.console_length == result.value && (result.value || !inside || !args[0]));
	for (uint64_t i = 0; i < result.value; i++)
		MUST((uint8_t)fake.console[i] == *fake_ram(args[1] + i));
}

/* After a call the vCPU is where the scheduler would bring it. */
static void state_settle(struct input *input, struct vcpu *vcpu)
{
	if (vcpu->hsm == HSM_STOP_PENDING)
		vcpu->hsm = HSM_STOPPED;
	if (vcpu->hsm == HSM_SUSPENDED) {
		fake.interrupt_pending = input_below(input, 2);
		bool resumes = fake.interrupt_pending || sse_ready(vcpu);

		MUST(sbi_hsm_resume(vcpu) == resumes);
		MUST(vcpu->hsm == (resumes ? HSM_STARTED : HSM_SUSPENDED));
	}
	MUST(vcpu->hsm <= HSM_SUSPENDED);
}

/* SBI 3.0, "Software Event States": a global event is the same for all. Those told look at it. */
static void events_settle(struct input *input)
{
	struct sse_event *event = sse_event(&fake.vcpus[0], SSE_SOFTWARE_GLOBAL);
	bool due = event->attributes[SSE_STATUS] == (SSE_ENABLED | SSE_STATUS_PENDING);

	MUST(sse_event_state(event) != SSE_RUNNING || event->runner < fake.vm.vcpu_count);
	MUST(!event->target || (due && event->target->arch.sse.unmasked));
	MUST(event->attributes[SSE_PREFERRED_HART] < fake.vm.vcpu_count);
	for (unsigned int i = 0; i < fake.vm.vcpu_count; i++) {
		struct vcpu *vcpu = &fake.vcpus[i];

		if (vcpu->pending & PENDING_SSE && input_below(input, 2)) {
			vcpu->pending = 0;
			sse_deliver(vcpu);
			MUST(vcpu->hsm != HSM_STARTED || !sse_ready(vcpu));
		}
	}
}

static void call(struct input *input)
{
	static uint8_t before[sizeof(fake.ram)], rom[sizeof(fake.rom)];
	unsigned int index = input_below(input, fake.vm.vcpu_count);
	unsigned long extension = extensions[input_below(input, ARRAY_SIZE(extensions))];
	unsigned long function = input_below(input, 11);
	bool strange = !input_below(input, 8);
	uint64_t args[5];
	struct sbi_result result;

	if (strange && input_below(input, 2))
		extension = input_number(input);
	else if (strange)
		function = input_number(input);
	for (unsigned int i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = interesting(input);
	fake.vcpus[index].hsm = HSM_STARTED;
	fake.interrupt_pending = input_below(input, 2);
	fake.start_error = input_below(input, 2) ? -1 : 0;
	fake.typed = input_below(input, 2) ? "typed" : "";
	fake.console_length = 0;
	memcpy(before, fake.ram, sizeof(before));
	memcpy(rom, fake.rom, sizeof(rom));
	result = fake_call(index, extension, function, args[0], args[1], args[2], args[3], args[4]);
	if (!sbi_find(&fake.vm, extension))
		MUST(result.error == SBI_NOT_SUPPORTED && result.value == 0);
	MUST(error_allowed(extension, function, result.error));
	if (extension == SBI_EXT_DBCN)
		dbcn_check(function, args, result);
	if (!(extension == SBI_EXT_DBCN && function == 1) &&
	    !(extension == SBI_EXT_SSE && function == 0))
		MUST(memcmp(before, fake.ram, sizeof(before)) == 0);
	MUST(memcmp(rom, fake.rom, sizeof(rom)) == 0);
	fake_trace();
	state_settle(input, &fake.vcpus[index]);
	events_settle(input);
	fake_trace();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	fake_sbi_setup(1 + input_below(&input, VCPUS_MOST));
	for (unsigned int i = 0; i < sizeof(fake.ram); i++)
		fake.ram[i] = (uint8_t)(i * 7 + (i >> 8));
	while (input.left) {
		call(&input);
		mask_check(&input);
	}
	return 0;
}
