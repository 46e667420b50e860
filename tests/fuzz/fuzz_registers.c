/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a vCPU with any features, by any number, width and value: there, taken or refused
 * as a second opinion says, read back the same, and after an error nothing has changed. Or out of
 * an image of a saved VM: to try them changes nothing, and what was found good is taken, all of it.
 * One thread, no lock.
 */
#include <core/alloc.h>
#include <core/save.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "../../core/vm_save_parts.h"
#include "cpio.h"
#include "input.h"
#include "register_world.h"

#define SBI(extension, index) REGISTER_OF_SBI(REGISTER_SBI_##extension, index)

static uint32_t number_take(struct input *input)
{
	static const uint32_t firsts[] = {
		REGISTER(REGISTER_CORE, 0),
		REGISTER(REGISTER_CORE, 0x20),
		REGISTER(REGISTER_CSR, 0x100),
		REGISTER(REGISTER_CSR, 0x140),
		REGISTER(REGISTER_CSR, 0x180),
		REGISTER(REGISTER_FILE, 0x70),
		REGISTER(REGISTER_FILE, 0xc0),
		REGISTER(REGISTER_FP, 0x20),
		REGISTER(REGISTER_VECTOR, 0),
		REGISTER(REGISTER_VECTOR, 32),
		REGISTER(REGISTER_TIMER, 0),
		SBI(HSM, 0),
		REGISTER(REGISTER_FWFT, 0),
		SBI(SSE, 0x00),
		SBI(SSE, 0x20),
		SBI(SSE, 0x100),
		SBI(PMU, 0x00),
		SBI(PMU, 0x20),
		SBI(PMU, 0x60),
		SBI(PMU, 0xa0),
		SBI(PMU, 0xe0),
		SBI(PMU, 0x120),
		SBI(DBTR, 0x000),
		SBI(DBTR, 0x100),
		SBI(DBTR, 0x200),
		SBI(DBTR, 0x300),
		SBI(STA, 0),
		SBI(SUSP, 0),
	};

	if (!input_below(input, 8))
		return (uint32_t)input_number(input);
	return firsts[input_below(input, ARRAY_SIZE(firsts))] + input_below(input, 32);
}

static void access_check(struct input *input, struct vcpu *vcpu)
{
	static struct world before;
	static uint8_t value[REGISTER_WIDTH_MAX], found[REGISTER_WIDTH_MAX];
	uint32_t number = number_take(input);
	unsigned int width = world_width(vcpu, number);
	size_t size = input_below(input, 8) ? width : input_below(input, 64);
	uint64_t wanted = input_number(input);
	int expected = 0, error;

	memset(value, 0, sizeof(value));
	memcpy(value, &wanted, sizeof(wanted));
	value[WORLD_VLENB - 1] = (uint8_t)input_take(input, 1);
	if (input_below(input, 16) == 0)
		world.vm.held = !world.vm.held;
	if (!width)
		expected = -ENOENT;
	else if (size != width)
		expected = -EMSGSIZE;
	else if (!world.vm.held)
		expected = -EBUSY;
	before = world;
	MUST(vcpu_register_get(vcpu, number, found, size) == expected);
	if (!expected && width == sizeof(wanted)) {
		memcpy(&wanted, value, sizeof(wanted));
		expected = world_takes(vcpu, number, wanted) ? 0 : -EINVAL;
	}
	error = vcpu_register_set(vcpu, number, value, size);
	MUST(error == expected);
	world.evictions = before.evictions;
	if (error)
		MUST(memcmp(&world, &before, sizeof(world)) == 0);
	else
		MUST(vcpu_register_get(vcpu, number, found, size) == 0 &&
		     memcmp(found, value, size) == 0 && !vcpu->arch.hart);
}

/* ---- out of an image ---- */

#define ROOM KIB(64)
#define IMAGE_REGISTERS 24 /* of a vCPU, at most */

static void vcpu_put(struct input *input, struct save_writer *writer, const struct vcpu *vcpu)
{
	static uint8_t value[REGISTER_WIDTH_MAX];
	struct save_vcpu head = { vcpu->index, input_below(input, IMAGE_REGISTERS) };
	uint32_t numbers[IMAGE_REGISTERS], count = 0;

	while (count < head.count && input->left) {
		uint32_t number = number_take(input), i = count;

		if (!count) /* an image of which no vCPU is started is refused */
			number = HSM;
		if (count && !input_below(input, 4))
			number = numbers[input_below(input, count)] + 1;
		while (i && numbers[i - 1] > number)
			i--;
		memmove(&numbers[i + 1], &numbers[i], (count - i) * sizeof(number));
		numbers[i] = number;
		count++;
	}
	head.count = 0;
	for (uint32_t i = 0; i < count; i++) /* each only once */
		if (!i || numbers[i] != numbers[i - 1])
			numbers[head.count++] = numbers[i];
	save_writer_note(writer, SAVE_NOTE_VCPU);
	save_writer_put(writer, &head, sizeof(head));
	for (uint32_t i = 0; i < head.count; i++) {
		unsigned int width = world_width(vcpu, numbers[i]);
		uint64_t wanted = input_number(input);

		if (width == sizeof(wanted) && input_below(input, 16))
			wanted = world_legal(vcpu, numbers[i], wanted);
		if (!width || !input_below(input, 64))
			width = 1 + input_below(input, 64);
		memset(value, (int)wanted, sizeof(value));
		memcpy(value, &wanted, sizeof(wanted));
		save_writer_register(writer, numbers[i], "register", value, width);
	}
}

static size_t image_make(struct input *input, uint8_t *data)
{
	const struct save_machine machine = { .vcpus = WORLD_VCPUS, .isa_size = 4 };
	const uint64_t words[2] = { 0, 0 };
	struct save_writer writer;

	save_writer_init(&writer, data, ROOM);
	save_writer_notes(&writer);
	save_writer_note(&writer, SAVE_NOTE_MACHINE);
	save_writer_put(&writer, &machine, sizeof(machine));
	save_writer_put(&writer, "i m", 4);
	save_writer_note(&writer, SAVE_NOTE_DESCRIPTION);
	save_writer_put(&writer, words, sizeof(words));
	save_writer_note(&writer, SAVE_NOTE_CONSOLE);
	save_writer_put(&writer, words, sizeof(words[0]));
	for (unsigned int i = 0; i < WORLD_VCPUS; i++)
		vcpu_put(input, &writer, &world.vcpus[i]);
	return save_writer_finish(&writer);
}

/* Later ones of an image may change it: VLMAX, a feature's flags, what there is of an event. */
static bool is_read_back(uint32_t number)
{
	return number >> 24 == REGISTER_CORE || number >> 24 == REGISTER_FILE ||
	       number >> 24 == REGISTER_FP ||
	       number >> 16 == REGISTER_OF_SBI(REGISTER_SBI_HSM, 0) >> 16;
}

static void image_taken(const struct save_image *image)
{
	static uint8_t found[REGISTER_WIDTH_MAX];
	int error = 0;

	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		const struct save_register *reg = NULL;

		MUST(!vcpu_restore(&world.vcpus[i], image, &error));
		while ((reg = save_register_next(image, i, reg)))
			if (is_read_back(reg->number))
				MUST(vcpu_register_get(&world.vcpus[i], reg->number, found,
						       reg->size) == 0 &&
				     memcmp(found, reg + 1, reg->size) == 0);
	}
}

static void image_try(struct input *input)
{
	static struct world before;
	static _Alignas(8) uint8_t data[ROOM];
	struct test_report report;
	struct save_image image;
	size_t size = image_make(input, data);

	if (!size)
		return;
	test_report_init(&report);
	MUST(save_open(data, size, &image, &report.report) == 0);
	before = world;
	if (vm_restore_check_registers(&world.vm, &image, &report.report)) {
		MUST(!report.report.errors);
		image_taken(&image);
	} else {
		MUST(report.report.errors == 1);
		memcpy(before.armed, world.armed, sizeof(before.armed));
		before.evictions = world.evictions;
		before.pmu_changes = world.pmu_changes;
		MUST(memcmp(&world, &before, sizeof(world)) == 0);
	}
}

/* ---- below the trial of an image: vCPUs that never run ---- */

struct trial {
	struct vcpu vcpu;
	struct swfile file;
	struct pmu pmu;
	uint8_t vectors[32 * WORLD_VLENB];
};

struct vcpu *vcpu_create(struct vm *vm, unsigned int index)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	struct vcpu *vcpu = &trial->vcpu;

	*vcpu = world.vcpus[index];
	vcpu->vm = vm;
	if (vcpu->file) {
		trial->file = *vcpu->file;
		vcpu->file = &trial->file;
	}
	if (vcpu->arch.vector)
		vcpu->arch.vector = trial->vectors;
	if (vcpu->arch.pmu) {
		trial->pmu = *vcpu->arch.pmu;
		vcpu->arch.pmu = &trial->pmu;
	}
	return vcpu;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	free(vcpu);
}

void *alloc_zero(size_t size)
{
	return calloc(1, size);
}

void alloc_free(void *memory)
{
	free(memory);
}

void timer_take_out(struct timer *timer, struct hart *hart)
{
	(void)timer;
	(void)hart;
}

void hart_call(const struct hartset *set, void (*function)(void *argument), void *argument)
{
	(void)set;
	function(argument);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int identities[] = { 0, 63, 255, 2047 };
	struct input input = { data, size };

	world_reset(input_take(&input, 3), identities[input_below(&input, 4)]);
	world.vsfile_identities = input_below(&input, 2) ? 511 : 0;
	if (input_below(&input, 2))
		image_try(&input);
	while (input.left)
		access_check(&input, &world.vcpus[input_below(&input, WORLD_VCPUS)]);
	return 0;
}
