/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fakes of fake_sbi.h. One thread, no lock.
 */
#include "fake_sbi.h"

#include "fake_dbtr.h"
#include "fake_pmu.h"

#include <arch/set_timer.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/console.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fake_sbi fake;
uint64_t timebase = 10000000;

static void trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void trace(const char *fmt, ...)
{
	size_t used = strlen(fake.trace);
	va_list args;

	if (used)
		used += (size_t)snprintf(fake.trace + used, sizeof(fake.trace) - used, "; ");
	assert_true(used < sizeof(fake.trace) - 64);
	va_start(args, fmt);
	vsnprintf(fake.trace + used, sizeof(fake.trace) - used, fmt, args);
	va_end(args);
}

const char *fake_trace(void)
{
	static char last[sizeof(fake.trace)];

	memcpy(last, fake.trace, sizeof(last));
	fake.trace[0] = '\0';
	return last;
}

void fake_sbi_setup(unsigned int vcpus)
{
	for (unsigned int i = 0; i < fake.vm.vcpu_count; i++)
		sbi_vcpu_destroy(&fake.vcpus[i]);
	memset(&fake, 0, sizeof(fake));
	fake_pmu_reset();
	fake.typed = "";
	fake.vm.vcpu_count = vcpus;
	for (unsigned int i = 0; i < vcpus; i++) {
		fake.vm.vcpus[i] = &fake.vcpus[i];
		fake.vcpus[i].vm = &fake.vm;
		fake.vcpus[i].index = i;
		fake.vcpus[i].hsm = HSM_STARTED;
	}
	sbi_init();
	fake.vm.arch.triggers = 2;
	fake.vm.arch.limits[LIMIT_SATP] = SATP_ASID_PPN;
	fake_dbtr_reset(2);
	sbi_vm_init(&fake.vm);
	fake.vm.arch.counters = fake_hart.arch.counters.present;
	memcpy(fake.vm.arch.counter_width, fake_hart.arch.counters.width,
	       sizeof(fake.vm.arch.counter_width));
	for (unsigned int i = 0; i < vcpus; i++) {
		assert_int_equal(sbi_vcpu_init(&fake.vcpus[i]), 0);
		sbi_vcpu_reset(&fake.vcpus[i]);
	}
	fake_trace();
}

int fake_sbi_four_vcpus(void **state)
{
	fake_sbi_setup(4);
	return 0;
}

struct sbi_result fake_call(unsigned int index, uint64_t extension, uint64_t function, uint64_t a0,
			    uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t args[] = { a0, a1, a2, a3, a4, 0xa5a5, function, extension };
	uint64_t *regs = fake.vcpus[index].arch.regs;

	for (unsigned int i = 1; i < 32; i++)
		regs[i] = i * UINT64_C(0x0101010101010101);
	memcpy(&regs[REG_A0], args, sizeof(args));
	sbi_call(&fake.vcpus[index]);
	for (unsigned int i = 1; i < 32; i++) {
		/* The end of an event gives back what a6 and a7 were before it. */
		if (extension == SBI_EXT_SSE && function == 6 && i >= REG_A6 && i <= REG_A7)
			continue;
		if (i >= REG_A0 + 2 && i < REG_A0 + ARRAY_SIZE(args))
			assert_int_equal(regs[i], args[i - REG_A0]);
		else if (i != REG_A0 && i != REG_A1)
			assert_int_equal(regs[i], i * UINT64_C(0x0101010101010101));
	}
	return (struct sbi_result){ (long)regs[REG_A0], regs[REG_A1] };
}

uint8_t *fake_ram(uint64_t at)
{
	uint64_t offset = at - FAKE_RAM_BASE;

	if (at >= FAKE_ROM_BASE)
		return &fake.rom[at - FAKE_ROM_BASE];

	return &fake.ram[offset < FAKE_RAM_SIZE / 2 ? offset : offset + FAKE_RAM_SIZE / 2];
}

bool vm_is_ram(const struct vm *vm, gpa_t at, uint64_t size, unsigned int access)
{
	bool rom = at.v >= FAKE_ROM_BASE;
	uint64_t offset = at.v - (rom ? FAKE_ROM_BASE : FAKE_RAM_BASE);
	uint64_t all = rom ? FAKE_ROM_SIZE : FAKE_RAM_SIZE;

	return size && offset < all && size <= all - offset && !(rom && access & GSTAGE_WRITE);
}

void *vm_ram(const struct vm *vm, gpa_t at, unsigned int access, uint64_t *room)
{
	uint64_t half = FAKE_RAM_SIZE / 2;

	if (!vm_is_ram(vm, at, 1, access))
		return NULL;
	*room = half - (at.v - FAKE_RAM_BASE) % half;
	if (at.v >= FAKE_ROM_BASE)
		*room = FAKE_ROM_BASE + FAKE_ROM_SIZE - at.v;
	return fake_ram(at.v);
}

void gstage_written(struct gstage *gstage, gpa_t at, uint64_t size)
{
	if (size)
		trace("written %#lx %#lx", at.v, size);
}

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
	assert_ptr_equal(console, fake.vm.console);
	assert_true(fake.console_length + count <= sizeof(fake.console));
	memcpy(fake.console + fake.console_length, bytes, count);
	fake.console_length += count;
	fake.console_calls++;
}

size_t console_read(struct console *console, uint8_t *bytes, size_t room)
{
	size_t count = MIN(room, strlen(fake.typed));

	assert_ptr_equal(console, fake.vm.console);
	memcpy(bytes, fake.typed, count);
	fake.typed += count;
	return count;
}

void vm_request(struct vm *vm, enum vm_request what, const char *reason)
{
	static const char *const names[] = {
		[VM_REQUEST_SHUTDOWN] = "shutdown",
		[VM_REQUEST_FAIL] = "fail",
		[VM_REQUEST_REBOOT] = "reboot",
	};

	assert_ptr_equal(vm, &fake.vm);
	assert_non_null(reason);
	snprintf(fake.reason, sizeof(fake.reason), "%s", reason);
	trace("request %s", names[what]);
}

void vcpu_notify(struct vcpu *vcpu, uint32_t bits)
{
	if (bits == PENDING_SSE) {
		__atomic_fetch_or(&vcpu->pending, bits, __ATOMIC_SEQ_CST);
		return;
	}
	assert_int_equal(bits, PENDING_SSIP);
	trace("ipi %u", vcpu->index);
}

int vm_read(struct vm *vm, gpa_t at, void *to, uint64_t size)
{
	if (!vm_is_ram(vm, at, size, GSTAGE_READ))
		return -1;
	for (uint64_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = *fake_ram(at.v + i);
	return 0;
}

int vm_write(struct vm *vm, gpa_t at, const void *from, uint64_t size)
{
	if (!vm_is_ram(vm, at, size, GSTAGE_WRITE))
		return -1;
	for (uint64_t i = 0; i < size; i++)
		*fake_ram(at.v + i) = ((const uint8_t *)from)[i];
	return 0;
}

unsigned long spin_lock(struct spinlock *lock)
{
	assert_int_equal(lock->rank, LOCK_SSE);
	assert_int_equal(lock->owner, lock->next++);
	return 0;
}

void spin_unlock(struct spinlock *lock, unsigned long flags)
{
	lock->owner++;
	assert_int_equal(lock->owner, lock->next);
}

unsigned long fake_csr_read(unsigned int csr)
{
	assert_true(csr < ARRAY_SIZE(fake.csrs));
	return fake.csrs[csr];
}

void fake_csr_write(unsigned int csr, unsigned long value)
{
	assert_true(csr < ARRAY_SIZE(fake.csrs));
	fake.csrs[csr] = value;
}

void *alloc_zero(size_t size)
{
	return calloc(1, size);
}

void alloc_free(void *object)
{
	free(object);
}

int vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t opaque)
{
	trace("start %u %#lx %#lx", vcpu->index, pc, opaque);
	return fake.start_error;
}

void vcpu_flush_running(struct vm *vm, const uint64_t *vcpu_mask)
{
	assert_ptr_equal(vm, &fake.vm);
	trace("flush %#lx", *vcpu_mask);
}

void vcpu_leave(struct vcpu *vcpu, enum sched_leave how)
{
	assert_true(how == LEAVE_PARK || how == LEAVE_BLOCK);
	trace("leave %u %s", vcpu->index, how == LEAVE_PARK ? "park" : "block");
}

bool arch_vcpu_interrupt_pending(struct vcpu *vcpu)
{
	return fake.interrupt_pending;
}

void arch_vcpu_restart(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	vcpu->arch.regs[REG_A0] = a0;
	vcpu->arch.regs[REG_A1] = a1;
	trace("restart %u %#lx %lu %#lx", vcpu->index, pc, a0, a1);
}

void arch_vcpu_set_henvcfg(struct vcpu *vcpu, uint64_t field, uint64_t bits)
{
	vcpu->arch.henvcfg = (vcpu->arch.henvcfg & ~field) | bits;
	trace("henvcfg %u %#lx", vcpu->index, vcpu->arch.henvcfg);
}

void arch_vcpu_set_kept(struct vcpu *vcpu, uint64_t kept)
{
	vcpu->arch.kept = kept;
	trace("kept %u %#lx", vcpu->index, kept);
}

bool arch_vcpu_set_timer_light(struct vcpu *vcpu, uint64_t deadline)
{
	if (fake.no_light_timer)
		return false;
	arch_vcpu_set_timer(vcpu, deadline);
	return true;
}

void arch_vcpu_set_timer(struct vcpu *vcpu, uint64_t deadline)
{
	trace("timer %u %#lx", vcpu->index, deadline);
}

bool arch_vcpu_clear_ssip(struct vcpu *vcpu)
{
	bool was = fake.ssip;

	fake.ssip = false;
	trace("clear ssip %u", vcpu->index);
	return was;
}

bool arch_vcpu_read_virtual(struct vcpu *vcpu, uint64_t at, uint64_t *value)
{
	trace("read %u %#lx", vcpu->index, at);
	if (fake.mask)
		*value = *fake.mask;
	return fake.mask;
}

void arch_vcpu_raise_ssip(struct vcpu *vcpu)
{
	trace("ssip %u", vcpu->index);
}

void arch_vcpu_fence_i(void)
{
	trace("fence.i");
}

void arch_vcpu_sfence(uint64_t start, uint64_t size)
{
	trace("sfence %#lx %#lx", start, size);
}

void arch_vcpu_sfence_asid(uint64_t start, uint64_t size, uint64_t asid)
{
	trace("sfence %#lx %#lx asid %lu", start, size, asid);
}

unsigned long firmware_mvendorid(void)
{
	return FAKE_MVENDORID;
}

unsigned long firmware_marchid(void)
{
	return FAKE_MARCHID;
}

unsigned long firmware_mimpid(void)
{
	return FAKE_MIMPID;
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}
