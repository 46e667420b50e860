/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reasons of exits, as profiles show them: made of what trap_entry_profiled took down, and named.
 * No lock: the record is this hart's, and of the VM only what never changes is looked at.
 *
 *    63   56 55           32 31            0
 *   | kind  | a             | b             |
 *     SBI      function        extension: its place in sbi_extensions
 *     device   load, store     its place in vm->devices, or enum place
 *     CSR                      its number
 *     insn, exception, interrupt: b says which
 */
#include <arch/csr.h>
#include <arch/sbi.h>
#include <arch/trap.h>
#include <core/device.h>
#include <core/profile.h>
#include <core/vm.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "profile_names.h"

void trap_entry(void);
void trap_entry_profiled(void);

enum kind {
	KIND_OTHER,
	KIND_SBI,
	KIND_ACCESS,
	KIND_CSR,
	KIND_INSN,
	KIND_EXCEPTION,
	KIND_INTERRUPT
};

/* What is no device. */
enum place { PLACE_MEMORY = VM_MAX_DEVICES, PLACE_FILE, PLACE_NOTHING, PLACE_UNKNOWN };

#define FUNCTIONS 256 /* functions from here on are one */
#define SBI_UNKNOWN 0xffffffff

#define OPCODE_SYSTEM 0x73
#define INSN_WFI 0x10500073

static uint64_t reason_of(enum kind kind, uint64_t a, uint64_t b)
{
	return (uint64_t)kind << 56 | a << 32 | b;
}

void arch_profile_probe(struct hart *hart)
{
	uint64_t value;

	hart->profile.instret_there = csr_try_read(CSR_INSTRET, &value);
}

void arch_profile_vector(bool on)
{
	csr_write(CSR_STVEC, on ? (uintptr_t)trap_entry_profiled : (uintptr_t)trap_entry);
}

static uint64_t sbi_reason(const struct vm *vm, const struct hart_profile *record)
{
	const struct sbi_extension *extension = sbi_find(vm, record->extension);
	uint64_t function = MIN(record->function, (uint64_t)FUNCTIONS);

	if (!extension)
		return reason_of(KIND_SBI, 0, SBI_UNKNOWN);
	/* A legacy extension is one function; a6 is anything. */
	if (record->extension <= SBI_EXT_LEGACY_SHUTDOWN)
		function = 0;
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		if (sbi_extensions[i] == extension)
			return reason_of(KIND_SBI, function, i);
	return EXIT_REASON_OTHER;
}

/* Of a load or store, by its address: htval has all but the lowest two bits, or nothing. */
static uint64_t access_reason(struct vm *vm, const struct hart_profile *record)
{
	gpa_t at = gpa(record->htval << 2);
	struct device *device = vm_device(vm, at, 1);
	unsigned int place = record->htval ? PLACE_NOTHING : PLACE_UNKNOWN;

	for (unsigned int i = 0; i < vm->device_count && device; i++)
		if (vm->devices[i] == device)
			place = i;
	if (!device && vm->imsic && at.v - vm->imsic_base.v < vm->vcpu_count * PAGE_SIZE)
		place = PLACE_FILE;
	else if (!device && vm_is_ram(vm, at, 1, GSTAGE_READ))
		place = PLACE_MEMORY;
	return reason_of(KIND_ACCESS, record->cause, place);
}

/* stval has the instruction, or 0 ("Virtual Instruction", privileged specification). */
static uint64_t insn_reason(const struct hart_profile *record)
{
	uint32_t insn = (uint32_t)record->stval;

	if (insn && insn != INSN_WFI && (insn & 0x7f) == OPCODE_SYSTEM && (insn >> 12 & 3))
		return reason_of(KIND_CSR, 0, insn >> 20);
	return reason_of(KIND_INSN, 0, insn == INSN_WFI);
}

uint64_t arch_exit_reason(const struct vcpu *vcpu, const struct hart_profile *record)
{
	uint64_t cause = record->cause;

	if (cause & CAUSE_INTERRUPT)
		return reason_of(KIND_INTERRUPT, 0, cause & 63);
	switch (cause) {
	case CAUSE_ECALL_VS:
		return sbi_reason(vcpu->vm, record);
	case CAUSE_LOAD_GUEST:
	case CAUSE_STORE_GUEST:
	case CAUSE_FETCH_GUEST:
		return access_reason(vcpu->vm, record);
	case CAUSE_VIRTUAL_INSN:
		return insn_reason(record);
	default:
		return reason_of(KIND_EXCEPTION, 0, cause & 63);
	}
}

/* ---- names ---- */

static void sbi_name(uint64_t function, uint32_t index, char *text, size_t size)
{
	unsigned int count = 0;
	const char *name = NULL;

	while (sbi_extensions[count])
		count++;
	if (index >= count) {
		snprintf(text, size, "SBI call of no extension");
		return;
	}
	name = profile_function_name(sbi_extensions[index]->id, function);
	if (name)
		snprintf(text, size, "SBI %s %s", sbi_extensions[index]->name, name);
	else
		snprintf(text, size, "SBI %s %" PRIu64 "%s", sbi_extensions[index]->name, function,
			 function == FUNCTIONS ? " or more" : "");
}

static const char *place_name(const struct vm *vm, uint32_t place)
{
	if (place < vm->device_count)
		return vm->devices[place]->ops->name;
	if (place == PLACE_FILE)
		return "interrupt file";
	if (place == PLACE_UNKNOWN)
		return "at an address that the hart does not tell";
	return place == PLACE_MEMORY ? "memory" : "nothing";
}

static void access_name(const struct vm *vm, uint64_t cause, uint32_t place, char *text,
			size_t size)
{
	const char *access = cause == CAUSE_LOAD_GUEST ? "load" : "store";

	if (cause == CAUSE_FETCH_GUEST)
		access = "fetch";
	snprintf(text, size, "%s %s", access, place_name(vm, place));
}

void arch_exit_name(const struct vm *vm, uint64_t reason, char *text, size_t size)
{
	uint64_t a = reason >> 32 & GENMASK(23, 0);
	uint32_t b = (uint32_t)reason;

	switch ((enum kind)(reason >> 56)) {
	case KIND_SBI:
		sbi_name(a, b, text, size);
		break;
	case KIND_ACCESS:
		access_name(vm, a, b, text, size);
		break;
	case KIND_CSR:
		profile_csr_name(b, text, size);
		break;
	case KIND_INSN:
		snprintf(text, size, "%s", b ? "WFI" : "virtual instruction");
		break;
	case KIND_EXCEPTION:
		snprintf(text, size, "exception %" PRIu32, b);
		break;
	case KIND_INTERRUPT:
		profile_interrupt_name(b, text, size);
		break;
	case KIND_OTHER:
	default:
		snprintf(text, size, "other reasons");
		break;
	}
}
