/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vm_world.h"

#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/registers.h>
#include <arch/sbi.h>
#include <core/alloc.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/options.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>

struct vm_world world;

static char kernel[10000];

/* ---- stand-ins ---- */

static void say(const char *fmt, va_list args)
{
	size_t used = strlen(world.said);

	vsnprintf(world.said + used, sizeof(world.said) - used, fmt, args);
}

#define SAYS(name)                      \
	void name(const char *fmt, ...) \
	{                               \
		va_list args;           \
                                        \
		va_start(args, fmt);    \
		say(fmt, args);         \
		va_end(args);           \
	}
SAYS(log_info)
SAYS(log_warn)
SAYS(log_error)

bool log_limit_pass(struct log_limit *limit)
{
	return true;
}

struct console *console_create(const char *name, unsigned int id, const struct console_input *input)
{
	void *console = alloc_zero(100);

	world.consoles += console != NULL;
	return console;
}

void console_destroy(struct console *console)
{
	world.consoles--;
	alloc_free(console);
}

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
}

void console_input_ready(struct console *console)
{
}

size_t console_typed(struct console *console, uint8_t *bytes)
{
	memcpy(bytes, world.typed, world.typed_count);
	return world.typed_count;
}

void console_typed_replace(struct console *console, const uint8_t *bytes, size_t count)
{
	memcpy(world.typed, bytes, count);
	world.typed_count = count;
}

static uint64_t *register_of(struct vcpu *vcpu, uint32_t number)
{
	if (number == REGISTER(REGISTER_CORE, 0))
		return &vcpu->arch.sepc;
	if (number > REGISTER(REGISTER_CORE, 0) && number <= REGISTER(REGISTER_CORE, 31))
		return &vcpu->arch.regs[number & 31];
	return number == ODD_REGISTER ? &vcpu->arch.vsatp : NULL;
}

int vcpu_register_get(struct vcpu *vcpu, uint32_t number, void *value, size_t size)
{
	uint64_t hsm = vcpu->hsm;
	const uint64_t *from = number == HSM_REGISTER ? &hsm : register_of(vcpu, number);

	assert_true(vcpu->vm->held);
	if (!from)
		return -ENOENT;
	memcpy(value, from, size);
	return 0;
}

int vcpu_register_set(struct vcpu *vcpu, uint32_t number, const void *value, size_t size)
{
	uint64_t wanted;

	assert_true(vcpu->vm->held);
	assert_int_equal(size, 8);
	memcpy(&wanted, value, size);
	if (number == HSM_REGISTER) {
		vcpu->hsm = (uint32_t)wanted;
		vcpu->vm->active += wanted != HSM_STOPPED;
		return 0;
	}
	if (!register_of(vcpu, number))
		return -ENOENT;
	if (number == ODD_REGISTER && wanted == ODD_REGISTER_REFUSED)
		return -EINVAL;
	*register_of(vcpu, number) = wanted;
	return 0;
}

void vcpu_register_list(const struct vcpu *vcpu,
			void (*each)(void *opaque, uint32_t number, const char *name,
				     unsigned int size),
			void *opaque)
{
	for (uint32_t i = 0; i < 32; i++)
		each(opaque, REGISTER(REGISTER_CORE, i), i ? "x" : "pc", 8);
	each(opaque, HSM_REGISTER, "hsm", 8);
	each(opaque, ODD_REGISTER, "odd", 8);
}

struct thread *thread_self(void)
{
	static struct thread self;

	return &self;
}

uint64_t sched_idle_ticks(const struct hart *hart)
{
	return hart->idle_ticks;
}

void sched_entity_init(struct sched_entity *entity, enum sched_kind kind, unsigned int priority,
		       uint32_t slice)
{
	entity->state = SCHED_PARKED;
}

bool sched_unpark(struct sched_entity *entity)
{
	if (entity->hold || entity->state != SCHED_PARKED)
		return false;
	entity->state = SCHED_RUNNING;
	return true;
}

bool sched_wake(struct sched_entity *entity)
{
	return false;
}

void sched_notify(struct sched_entity *entity)
{
}

void sched_hold(struct sched_entity *entity)
{
	entity->hold++;
	if (!world.harts_are_busy)
		entity->state = SCHED_PARKED;
}

void sched_release(struct sched_entity *entity)
{
	assert_true(entity->hold-- > 0);
}

bool sched_held(const struct sched_entity *entity)
{
	return entity->hold && entity->state == SCHED_PARKED;
}

int sched_set_affinity(struct sched_entity *entity, const struct hartset *affinity)
{
	entity->affinity = *affinity;
	return 0;
}

void sched_set_roomy(struct sched_entity *entity, bool roomy)
{
	entity->roomy = roomy;
}

bool option_has(const char *name, const char *word)
{
	assert_string_equal(name, "wfi");
	assert_string_equal(word, "native");
	return world.wfi_native;
}

bool sched_settled(const struct sched_entity *entity)
{
	return !entity->on || hartset_has(&entity->affinity, entity->on->index);
}

unsigned long firmware_spec_version(void)
{
	return 0;
}

unsigned long firmware_impl_id(void)
{
	return 0;
}

unsigned long firmware_impl_version(void)
{
	return 0;
}

const char *option_get(const char *name)
{
	return NULL;
}

bool option_pair(const char *name, uint64_t key, uint64_t *value)
{
	return false;
}

void thread_sleep(uint64_t us)
{
	if (++world.slept % 3)
		return;
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++)
			if (vm->vcpus[i]->sched.hold)
				vm->vcpus[i]->sched.state = SCHED_PARKED;
			else if (!sched_settled(&vm->vcpus[i]->sched))
				vm->vcpus[i]->sched.on = NULL;
}

int arch_vcpu_init(struct vcpu *vcpu)
{
	vcpu->arch.vector = alloc_zero(512);
	return vcpu->arch.vector ? 0 : -ENOMEM;
}

void arch_vcpu_destroy(struct vcpu *vcpu)
{
	alloc_free(vcpu->arch.vector);
}

void arch_vcpu_reset(struct vcpu *vcpu, uint64_t pc, uint64_t a0, uint64_t a1)
{
	vcpu->arch.sepc = pc;
	vcpu->arch.regs[REG_A0] = a0;
	vcpu->arch.regs[REG_A1] = a1;
}

void arch_vm_forget(void *vm)
{
	world.forgotten++;
}

void arch_vcpu_load(struct vcpu *vcpu)
{
}

void arch_vcpu_extirq_raise(struct vcpu *vcpu)
{
	vcpu->arch.extirq = true;
}

void arch_vcpu_sync(struct vcpu *vcpu, uint32_t bits)
{
}

void arch_vcpu_enter(struct vcpu *vcpu)
{
	abort();
}

uint64_t arch_vcpu_wakeup(struct vcpu *vcpu)
{
	return TIMER_NEVER;
}

bool sbi_hsm_resume(struct vcpu *vcpu)
{
	return true;
}

void sbi_vm_init(struct vm *vm)
{
}

const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id)
{
	return NULL;
}

uint64_t rtc_now_ns(void);

uint64_t rtc_now_ns(void)
{
	return fake_now;
}

void vm_manager_wake(void)
{
}

void page_clean_wake(void)
{
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	world.cleaner_woken++;
}

void vm_manager_forget(const struct vm *vm)
{
}

/* ---- a machine with RAM, and a description ---- */

static void machine_create(void)
{
	static _Alignas(8) char fdt[256];

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(hostdt_init(fdt, sizeof(fdt)), 0);
	fake_arena_soil(FAKE_ARENA_BASE, MIB(4));
	page_add(hpa(FAKE_ARENA_BASE), MIB(40));
	memset(kernel, 0x4b, sizeof(kernel));
}

int world_setup(void **state)
{
	static bool created;

	fake_hart_reset();
	fake_allocations_fail_after(-1);
	hart_count = WORLD_HARTS;
	for (unsigned int i = 0; i < WORLD_HARTS; i++) {
		harts[i] = &fake_harts[i];
		harts[i]->arch.gstage_modes = BIT(3) | BIT(4);
		harts[i]->arch.features = BIT(FEATURE_SSAIA);
		harts[i]->arch.mmu_type = "riscv,sv39";
	}
	/* Hart 1 has no thread that could answer. */
	harts[1]->state = HART_ABSENT;
	if (!created)
		machine_create();
	created = true;
	for (unsigned int i = 0; i < WORLD_HARTS; i++)
		if (!harts[i]->timers)
			assert_int_equal(timer_hart_init(harts[i]), 0);
	vmdesc_defaults(&world.config);
	strcpy(world.config.name, "guest");
	world.config.memory_size = MIB(8);
	world.config.vcpus = 2;
	world.config.kernel = (struct vm_file){ "kernel", kernel, sizeof(kernel) };
	world.free_before = page_free_count();
	world.said[0] = '\0';
	world.forgotten = world.slept = world.cleaner_woken = 0;
	world.wfi_native = false;
	world.harts_are_busy = false;
	return 0;
}

int world_teardown(void **state)
{
	/* It could not answer the calls. */
	harts[1]->state = HART_OFFLINE;
	while (vm_next(NULL))
		vm_destroy(vm_next(NULL));
	assert_int_equal(page_free_count(), world.free_before);
	assert_int_equal(world.consoles, 0);
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	for (unsigned int i = 0; i < WORLD_HARTS; i++)
		alloc_free(harts[i]->timers);
	return 0;
}

struct vm *world_create(void)
{
	struct vm *vm = vm_create(&world.config);

	assert_non_null(vm);
	return vm;
}

void world_refuses(const char *text)
{
	world.said[0] = '\0';
	assert_null(vm_create(&world.config));
	assert_non_null(strstr(world.said, text));
}

unsigned int world_fail_each_allocation(void (*check)(const struct vm *vm))
{
	unsigned int consoles_before = world.consoles, refused = 0;
	const struct vm *other = vm_next(NULL);
	bool failed = true;

	for (long failing = 0; failed; failing++) {
		struct vm *vm;

		world.said[0] = '\0';
		fake_allocations_fail_after(failing);
		vm = vm_create(&world.config);
		failed = fake_allocation_failed();
		fake_allocations_fail_after(-1);
		if (check)
			check(vm);
		if (vm) {
			/* For the memory itself, two smaller blocks do as well. */
			vm_destroy(vm);
		} else {
			assert_non_null(strstr(world.said, "guest: "));
			refused++;
		}
		assert_int_equal(page_free_count(), world.free_before);
		assert_int_equal(world.consoles, consoles_before);
		assert_ptr_equal(vm_next(NULL), other);
		assert_true(!other || !vm_next((struct vm *)other));
	}
	return refused;
}
