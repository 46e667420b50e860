/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI DBCN (SBI 3.0, "Debug Console Extension"), on the VM's console. The guest's memory is used
 * where it is: another vCPU may change it meanwhile, which changes what is printed. No lock but
 * the console's own.
 */
#include <arch/sbi.h>
#include <core/console.h>

#include "extensions.h"

#define FID_WRITE 0
#define FID_READ 1
#define FID_WRITE_BYTE 2

/** Bytes that one call writes at most; the guest is told how many and goes on from there. */
#define WRITE_MAX 256

static struct sbi_result dbcn_write(struct vm *vm, uint64_t size, uint64_t low, uint64_t high)
{
	uint64_t total = MIN(size, WRITE_MAX);
	uint64_t done = 0;

	if (sbi_shared_memory(vm, low, high, size, 1, GSTAGE_READ))
		return sbi_error(SBI_INVALID_PARAM);
	while (done < total) {
		uint64_t room;
		const uint8_t *bytes = vm_ram(vm, gpa(low + done), GSTAGE_READ, &room);

		if (!bytes || !room)
			break;
		room = MIN(room, total - done);
		console_write(vm->console, bytes, room);
		done += room;
	}
	return sbi_value(done);
}

/** What was typed and the UART has not taken. A piece of memory at a time: the rest is next. */
static struct sbi_result dbcn_read(struct vm *vm, uint64_t size, uint64_t low, uint64_t high)
{
	uint64_t room;
	uint8_t *bytes;

	if (sbi_shared_memory(vm, low, high, size, 1, GSTAGE_WRITE))
		return sbi_error(SBI_INVALID_PARAM);
	bytes = size ? vm_ram(vm, gpa(low), GSTAGE_WRITE, &room) : NULL;
	size = bytes ? console_read(vm->console, bytes, MIN(size, room)) : 0;
	gstage_written(&vm->gstage, gpa(low), size);
	return sbi_value(size);
}

static struct sbi_result dbcn_write_byte(struct vm *vm, uint8_t byte)
{
	console_write(vm->console, &byte, 1);
	return sbi_value(0);
}

static struct sbi_result dbcn_call(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	switch (function) {
	case FID_WRITE:
		return dbcn_write(vcpu->vm, args[0], args[1], args[2]);
	case FID_READ:
		return dbcn_read(vcpu->vm, args[0], args[1], args[2]);
	case FID_WRITE_BYTE:
		return dbcn_write_byte(vcpu->vm, (uint8_t)args[0]);
	}
	return sbi_error(SBI_NOT_SUPPORTED);
}

const struct sbi_extension sbi_dbcn = {
	.id = SBI_EXT_DBCN,
	.name = "dbcn",
	.call = dbcn_call,
};
