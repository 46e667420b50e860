/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs from creation to destruction, on the real allocators, G-stage tables and devices: what
 * they held comes back, whichever allocation fails; and access to their memory. Scheduler,
 * consoles and the world switch are stand-ins. One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"

#include <arch/csr.h>
#include <arch/firmware.h>
#include <arch/sbi.h>
#include <core/alloc.h>
#include <core/console.h>
#include <core/hostdt.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/shared_region.h>
#include <core/thread.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>

#define BASE UINT64_C(0x80000000)
#define HARTS 2

static char said[8192];
static unsigned int cleaner_woken;
static unsigned int forgotten; /* harts that were told to forget a VM */
static unsigned int slept;
static bool harts_are_busy; /* what is held leaves its hart while the test sleeps */
static unsigned int consoles;

/* ---- stand-ins ---- */

static void say(const char *fmt, va_list args)
{
	size_t used = strlen(said);

	vsnprintf(said + used, sizeof(said) - used, fmt, args);
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

	consoles += console != NULL;
	return console;
}

void console_destroy(struct console *console)
{
	consoles--;
	alloc_free(console);
}

void console_write(struct console *console, const uint8_t *bytes, size_t count)
{
}

void console_input_ready(struct console *console)
{
}

struct thread *thread_self(void)
{
	static struct thread self;

	return &self;
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

void sched_hold(struct sched_entity *entity)
{
	entity->hold++;
	if (!harts_are_busy)
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
	if (++slept % 3)
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
	forgotten++;
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
	cleaner_woken++;
}

void vm_manager_forget(const struct vm *vm)
{
}

/* ---- a machine with RAM, and a description ---- */

static struct vm_config config;
static uint64_t free_before;
static char kernel[10000];

static void machine_create(void)
{
	static _Alignas(8) char fdt[256];

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(hostdt_init(fdt, sizeof(fdt)), 0);
	fake_arena_soil(FAKE_ARENA_BASE, MIB(4));
	page_add(hpa(FAKE_ARENA_BASE), MIB(40));
	memset(kernel, 0x4b, sizeof(kernel));
}

static int setup(void **state)
{
	static bool created;

	fake_hart_reset();
	fake_allocations_fail_after(-1);
	hart_count = HARTS;
	for (unsigned int i = 0; i < HARTS; i++) {
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
	for (unsigned int i = 0; i < HARTS; i++)
		if (!harts[i]->timers)
			assert_int_equal(timer_hart_init(harts[i]), 0);
	vmdesc_defaults(&config);
	strcpy(config.name, "guest");
	config.memory_size = MIB(8);
	config.vcpus = 2;
	config.kernel = (struct vm_file){ "kernel", kernel, sizeof(kernel) };
	free_before = page_free_count();
	said[0] = '\0';
	forgotten = slept = cleaner_woken = 0;
	harts_are_busy = false;
	return 0;
}

static int teardown(void **state)
{
	/* It could not answer the calls. */
	harts[1]->state = HART_OFFLINE;
	while (vm_next(NULL))
		vm_destroy(vm_next(NULL));
	assert_int_equal(page_free_count(), free_before);
	assert_int_equal(consoles, 0);
	assert_int_equal(fake_harts[0].lock_ranks, 0);
	for (unsigned int i = 0; i < HARTS; i++)
		alloc_free(harts[i]->timers);
	return 0;
}

static struct vm *create(void)
{
	struct vm *vm = vm_create(&config);

	assert_non_null(vm);
	return vm;
}

/* ---- creation and destruction ---- */

static void created_vm_has_what_its_description_says(void **state)
{
	struct vm *vm = create();
	char byte;

	assert_int_equal(vm->state, VM_CREATED);
	assert_string_equal(vm->name, "guest");
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->gstage.levels, 3);
	assert_true(vm->imsic);
	assert_true(hartset_has(&vm->affinity, 0));
	assert_false(hartset_has(&vm->affinity, 1));
	assert_int_equal(vm_read(vm, vm->layout.kernel_gpa, &byte, 1), 0);
	assert_int_equal(byte, 0x4b);
	assert_ptr_equal(vm_find("guest"), vm);
	assert_ptr_equal(vm_find("1"), vm);
	assert_null(vm_find("2"));
	assert_null(vm_find(""));
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(vm->vcpus[i]->hsm, HSM_STOPPED);
		assert_int_equal(vm->vcpus[i]->sched.state, SCHED_PARKED);
	}
	vm_destroy(vm);
	assert_int_equal(forgotten, 1);
}

static void its_tables_map_all_of_its_memory_and_nothing_else(void **state)
{
	struct vm *vm;
	unsigned int access;
	hpa_t to;

	config.memory_size = MIB(9) + KIB(12);
	vm = create();
	for (uint64_t at = 0; at < config.memory_size; at += PAGE_SIZE) {
		uint64_t room;

		assert_int_equal(gstage_walk(&vm->gstage, gpa(BASE + at), &to, &access), 0);
		assert_int_equal(access, GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE);
		assert_ptr_equal(hpa_to_hva(to), vm_ram(vm, gpa(BASE + at), GSTAGE_READ, &room));
	}
	assert_int_equal(gstage_walk(&vm->gstage, gpa(BASE - 1), &to, &access), -ENOENT);
	assert_int_equal(gstage_walk(&vm->gstage, gpa(BASE + config.memory_size), &to, &access),
			 -ENOENT);
	vm_destroy(vm);
}

static void its_memory_is_its_own_and_then_free_but_not_cleared(void **state)
{
	uint64_t free_pages = page_count(PAGE_OWNER_FREE) + page_count(PAGE_OWNER_DIRTY);
	struct vm *vm;
	hpa_t page;

	config.memory_size = MIB(5) + KIB(12);
	vm = create();
	assert_int_equal(page_count(page_owner_vm(vm->id)), config.memory_size >> PAGE_SHIFT);
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		for (uint64_t at = 0; at < vm->chunks[i].size; at += PAGE_SIZE)
			assert_int_equal(page_owner(hpa(vm->chunks[i].hpa.v + at)),
					 page_owner_vm(vm->id));
	page = vm->chunks[0].hpa;
	assert_int_equal(cleaner_woken, 0);
	vm_destroy(vm);
	assert_int_equal(cleaner_woken, 1);
	assert_int_equal(page_owner(page), PAGE_OWNER_DIRTY);
	assert_true(page_count(PAGE_OWNER_DIRTY) >= config.memory_size >> PAGE_SHIFT);
	assert_int_equal(page_count(PAGE_OWNER_FREE) + page_count(PAGE_OWNER_DIRTY), free_pages);
}

static void memory_of_another_before_it_is_zero(void **state)
{
	uint64_t room;
	char *ram;

	for (unsigned int round = 0; round < 5; round++) {
		struct vm *vm;
		uint64_t clean = 0;

		config.memory_size = MIB(30) - round * MIB(6);
		vm = create();
		for (unsigned int i = 0; i < vm->chunk_count; i++) {
			ram = vm_ram(vm, vm->chunks[i].gpa, 0, &room);
			assert_int_equal(room, vm->chunks[i].size);
			for (uint64_t at = 0; at < room; at += PAGE_SIZE)
				clean += ram[at + 8] == 0;
			memset(ram, 0x77, room);
		}
		/* But for the kernel and the device tree. */
		if (round)
			assert_in_range((config.memory_size >> PAGE_SHIFT) - clean, 1, 8);
		vm_destroy(vm);
	}
}

static void a_thousand_lives_leave_nothing(void **state)
{
	config.memory_size = MIB(4);
	for (unsigned int i = 0; i < 1000; i++) {
		struct vm *vm = create();

		if (i % 2)
			assert_int_equal(vm_start(vm), 0);
		vm_destroy(vm);
		assert_int_equal(page_free_count(), free_before);
		said[0] = '\0';
	}
}

static void failure_of_any_allocation_leaves_nothing(void **state)
{
	unsigned int refused = 0;

	for (long failing = 0;; failing++) {
		struct vm *vm;
		bool failed;

		said[0] = '\0';
		fake_allocations_fail_after(failing);
		vm = vm_create(&config);
		failed = fake_allocation_failed();
		fake_allocations_fail_after(-1);
		if (vm) {
			/* For the memory itself, two smaller blocks do as well. */
			vm_destroy(vm);
		} else {
			assert_non_null(strstr(said, "guest: "));
			refused++;
		}
		assert_int_equal(page_free_count(), free_before);
		assert_int_equal(consoles, 0);
		assert_null(vm_next(NULL));
		if (!failed)
			break;
	}
	/* The VM, its tables, devices, vCPUs and their files, and the device tree. */
	assert_in_range(refused, 12, 100);
}

static void vm_that_is_too_large_is_refused(void **state)
{
	config.memory_size = GIB(1);
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: memory-size: 1048576 KiB asked for, "));
	config.memory_size = free_before * PAGE_SIZE;
	assert_null(vm_create(&config));
}

static void kernel_that_does_not_fit_is_refused(void **state)
{
	config.kernel.size = MIB(8);
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: "));
}

static void second_vm_of_a_name_is_refused(void **state)
{
	struct vm *vm = create();

	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: there is a VM of that name"));
	assert_ptr_equal(vm_next(NULL), vm);
	assert_null(vm_next(vm));
	vm_destroy(vm);
}

static void affinity_without_a_hart_is_refused(void **state)
{
	config.affinity_count = 1;
	config.affinity[0] = (struct hart_range){ 10, 10 };
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "none of these harts"));
}

static void mode_that_a_hart_lacks_is_refused_by_name(void **state)
{
	config.gstage_levels = 5;
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: hart 0 has no Sv57x4"));
	config.gstage_levels = 0;
	config.memory_base = BIT(50);
	assert_null(vm_create(&config));
}

static void memory_may_lie_anywhere_below_the_limit(void **state)
{
	struct vm *vm;

	config.memory_base = BIT(50) - MIB(8);
	vm = create();
	assert_int_equal(vm->gstage.levels, 4);
	assert_true(vm_is_ram(vm, gpa(BIT(50) - 1), 1, GSTAGE_WRITE));
	vm_destroy(vm);
}

static void lowest_free_number_is_given(void **state)
{
	struct vm *vms[3];

	config.memory_size = MIB(4);
	for (unsigned int i = 0; i < 3; i++) {
		config.name[0] = (char)('a' + i);
		vms[i] = create();
		assert_int_equal(vms[i]->id, i + 1);
	}
	vm_destroy(vms[1]);
	config.name[0] = 'd';
	vms[1] = create();
	assert_int_equal(vms[1]->id, 2);
	for (unsigned int i = 0; i < 3; i++)
		vm_destroy(vms[i]);
}

/* ---- life ---- */

static void started_vm_runs_its_first_vcpu(void **state)
{
	struct vm *vm = create();

	assert_int_equal(vm_start(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[0]->arch.sepc, vm->layout.entry.v);
	assert_int_equal(vm->vcpus[0]->arch.regs[REG_A0], 0);
	assert_int_equal(vm->vcpus[0]->arch.regs[REG_A1], vm->layout.fdt_gpa.v);
	assert_int_equal(vm->vcpus[1]->hsm, HSM_STOPPED);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_start(vm), -EBUSY);
	vm_destroy(vm);
}

static void paused_vm_runs_nothing_until_it_is_resumed(void **state)
{
	struct vm *vm = create();

	assert_int_equal(vm_pause(vm, "asked for"), -EBUSY);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_start(vm);
	harts_are_busy = true;
	assert_int_equal(vm_pause(vm, "asked for"), 0);
	assert_int_equal(slept, 3);
	assert_int_equal(vm->state, VM_PAUSED);
	assert_string_equal(vm->reason, "asked for");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_pause(vm, "twice"), -EBUSY);
	assert_int_equal(vm_start(vm), -EBUSY);
	assert_int_equal(vm_resume(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_string_equal(vm->reason, "");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	/* It was never started. */
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_destroy(vm);
}

static void vcpu_that_was_started_while_paused_runs_when_resumed(void **state)
{
	struct vm *vm = create();

	vm_start(vm);
	vm_pause(vm, "");
	assert_int_equal(vcpu_start(vm->vcpus[1], BASE, 7), 0);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_PARKED);
	vm_resume(vm);
	assert_int_equal(vm->vcpus[1]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[1]->arch.regs[REG_A0], 1);
	assert_int_equal(vm->vcpus[1]->arch.regs[REG_A1], 7);
	vm_destroy(vm);
}

static void vcpu_starts_only_when_it_is_stopped(void **state)
{
	struct vm *vm = create();
	struct vcpu *vcpu = vm->vcpus[1];

	assert_int_equal(vcpu_start(vcpu, BASE, 0), 0);
	assert_int_equal(vcpu_start(vcpu, BASE, 0), -EINPROGRESS);
	vcpu->hsm = HSM_STARTED;
	assert_int_equal(vcpu_start(vcpu, BASE, 0), -EALREADY);
	vcpu->hsm = HSM_SUSPENDED;
	assert_int_equal(vcpu_start(vcpu, BASE, 0), -EALREADY);
	vcpu->hsm = HSM_STOP_PENDING;
	assert_int_equal(vcpu_start(vcpu, BASE, 0), -EBUSY);
	vcpu_parked(vcpu);
	assert_int_equal(vcpu->hsm, HSM_STOPPED);
	vcpu->sched.state = SCHED_PARKED;
	assert_int_equal(vcpu_start(vcpu, BASE, 0), 0);
	vm_destroy(vm);
}

static void reset_vm_begins_anew_with_its_images(void **state)
{
	struct vm *vm = create();
	char byte = 0;

	vm_start(vm);
	vm->vcpus[0]->hsm = HSM_STARTED;
	vm->vcpus[1]->hsm = HSM_STARTED;
	vm->vcpus[1]->pending = PENDING_SSIP;
	vm_write(vm, vm->layout.kernel_gpa, &byte, 1);
	vm_request(vm, VM_REQUEST_REBOOT, "asked for");
	assert_int_equal(vm->request, VM_REQUEST_REBOOT);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_int_equal(vm->resets, 1);
	assert_int_equal(vm->request, VM_REQUEST_NONE);
	assert_int_equal(vm->vcpus[0]->hsm, HSM_START_PENDING);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_RUNNING);
	assert_int_equal(vm->vcpus[1]->hsm, HSM_STOPPED);
	assert_int_equal(vm->vcpus[1]->pending, 0);
	vm_read(vm, vm->layout.kernel_gpa, &byte, 1);
	assert_int_equal(byte, 0x4b);
	vm_destroy(vm);
}

static void reset_that_fails_leaves_a_failed_vm(void **state)
{
	struct vm *vm = create();

	vm_start(vm);
	fake_allocations_fail_after(0);
	assert_int_equal(vm_reset(vm), -ENOMEM);
	fake_allocations_fail_after(-1);
	assert_int_equal(vm->state, VM_FAILED);
	assert_true(vm->ended_badly);
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm->state, VM_RUNNING);
	assert_false(vm->ended_badly);
	vm_destroy(vm);
}

static void first_request_counts(void **state)
{
	struct vm *vm = create();

	vm_start(vm);
	vm_request(vm, VM_REQUEST_FAIL, "first");
	vm_request(vm, VM_REQUEST_SHUTDOWN, "second");
	assert_int_equal(vm->request, VM_REQUEST_FAIL);
	assert_string_equal(vm->request_reason, "first");
	vm_destroy(vm);
}

static void ended_vm_keeps_its_memory_until_it_is_destroyed(void **state)
{
	struct vm *vm = create();
	char byte;

	vm_start(vm);
	vm_end(vm, VM_STOPPED, false, "powered off");
	assert_int_equal(vm->state, VM_STOPPED);
	assert_string_equal(vm->reason, "powered off");
	assert_int_equal(vm->vcpus[0]->sched.state, SCHED_PARKED);
	assert_int_equal(vm_read(vm, vm->layout.kernel_gpa, &byte, 1), 0);
	assert_int_equal(vm_resume(vm), -EBUSY);
	vm_destroy(vm);
}

/* ---- affinity ---- */

/* A VM for hart 0 alone; hart 1, whose id is 10, has the same. */
static struct vm *create_on_hart_0(void)
{
	struct arch_hart *arch = &harts[0]->arch;
	struct vm *vm;

	arch->features |= BIT(FEATURE_VECTOR) | BIT(FEATURE_SSTC);
	arch->henvcfg = HENVCFG_STCE | HENVCFG_PBMTE;
	arch->hstateen0 = UINT64_MAX;
	arch->vlenb = 16;
	arch->cbom_block = arch->cboz_block = arch->cbop_block = 64;
	arch->mmu_type = "riscv,sv48";
	isa_add(&arch->isa, ISA_ZBB);
	isa_add(&arch->isa, ISA_SVVPTC);
	config.affinity_count = 1;
	config.affinity[0] = (struct hart_range){ 0, 0 };
	vm = create();
	harts[1]->arch = *arch;
	harts[1]->state = HART_ONLINE;
	said[0] = '\0';
	return vm;
}

/* Config, VM and vCPUs agree. */
static void must_have_harts(const struct vm *vm, uint64_t harts_bits)
{
	assert_int_equal(vm->affinity.bits[0], harts_bits);
	for (unsigned int i = 0; i < HARTS; i++)
		assert_int_equal(vm_config_allows_hart(&vm->config, harts[i]->id),
				 harts_bits >> i & 1);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		assert_int_equal(vm->vcpus[i]->sched.affinity.bits[0], harts_bits);
}

static void affinity_changes_and_stays_over_a_reset(void **state)
{
	const struct hart_range both[] = { { 0, 0 }, { 10, 10 } };
	struct vm *vm = create_on_hart_0();

	must_have_harts(vm, 1);
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	must_have_harts(vm, 3);
	assert_int_equal(vm_set_affinity(vm, &both[1], 1), 0);
	must_have_harts(vm, 2);
	vm_start(vm);
	assert_int_equal(vm_set_affinity(vm, &both[0], 1), 0);
	must_have_harts(vm, 1);
	assert_int_equal(vm_set_affinity(vm, both, 0), 0);
	must_have_harts(vm, 3);
	harts[1]->state = HART_OFFLINE;
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	assert_int_equal(vm_reset(vm), 0);
	must_have_harts(vm, 3);
	assert_int_equal(vm->gstage.levels, 3);
}

static void change_of_affinity_waits_until_vcpus_have_moved(void **state)
{
	const struct hart_range second = { 10, 10 };
	struct vm *vm = create_on_hart_0();

	vm_start(vm);
	vm->vcpus[0]->sched.on = harts[0];
	assert_int_equal(vm_set_affinity(vm, &second, 1), 0);
	assert_null(vm->vcpus[0]->sched.on);
	assert_int_equal(slept, 3);
}

static void must_refuse(struct vm *vm, struct hart_range range, int error, const char *text)
{
	const struct hart_range ranges[] = { { 0, 0 }, range };

	said[0] = '\0';
	assert_int_equal(vm_set_affinity(vm, ranges, 2), error);
	assert_string_equal(said, text);
	must_have_harts(vm, 1);
}

static void hart_that_is_not_there_is_refused(void **state)
{
	const struct hart_range second = { 10, 10 };
	struct vm *vm = create_on_hart_0();

	must_refuse(vm, (struct hart_range){ 1, UINT32_MAX }, -ENOENT,
		    "guest: cpu-affinity: hart 1 is not there");
	must_refuse(vm, (struct hart_range){ 10, 11 }, -ENOENT,
		    "guest: cpu-affinity: hart 11 is not there");
	harts[1]->state = HART_ABSENT;
	must_refuse(vm, second, -ENOENT, "guest: cpu-affinity: hart 10 never came");
	harts[1]->state = HART_OFFLINE;
	said[0] = '\0';
	assert_int_equal(vm_set_affinity(vm, &second, 1), -ENOTSUP);
	assert_string_equal(said, "guest: cpu-affinity: none of these harts is on-line");
	must_have_harts(vm, 1);
}

static void hart_that_lacks_what_vcpus_were_given_is_refused(void **state)
{
	struct arch_hart *arch = &harts[1]->arch;
	struct vm *vm = create_on_hart_0();
	struct arch_hart same = *arch;

#define MUST_REFUSE(change, text)                                                        \
	do {                                                                             \
		change;                                                                  \
		must_refuse(vm, (struct hart_range){ 10, 10 }, -ENOTSUP,                 \
			    "guest: cpu-affinity: hart 10 has " text);                   \
		assert_int_equal(vm_set_affinity(vm, vm->config.affinity, 0), -ENOTSUP); \
		must_have_harts(vm, 1);                                                  \
		*arch = same;                                                            \
	} while (0)

	MUST_REFUSE(arch->gstage_modes = BIT(4) | BIT(5), "no Sv39x4");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_SSTC), "no sstc");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_SSAIA), "no ssaia");
	MUST_REFUSE(arch->features &= ~BIT(FEATURE_VECTOR), "no vector");
	MUST_REFUSE(isa_remove(&arch->isa, ISA_ZBB), "no zbb");
	MUST_REFUSE(isa_remove(&arch->isa, ISA_SVVPTC), "no svvptc");
	MUST_REFUSE(arch->henvcfg = HENVCFG_STCE, "no bits 0x4000000000000000 of henvcfg");
	MUST_REFUSE(arch->hstateen0 = UINT64_MAX >> 1, "no bits 0x8000000000000000 of hstateen0");
	MUST_REFUSE(arch->vlenb = 32, "vector registers of 32 bytes, its vCPUs were given 16");
	MUST_REFUSE(arch->cbom_block = 0, "cbom blocks of 0 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->cboz_block = 32, "cboz blocks of 32 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->cbop_block = 128, "cbop blocks of 128 bytes, its vCPUs were given 64");
	MUST_REFUSE(arch->mmu_type = "riscv,sv39", "no riscv,sv48");
#undef MUST_REFUSE
}

/* What its vCPUs do not have they do not miss. */
static void hart_that_has_more_is_taken(void **state)
{
	const struct hart_range both[] = { { 0, 0 }, { 10, 10 } };
	struct vm *vm = create_on_hart_0();
	struct arch_hart *arch = &harts[1]->arch;

	vm->arch.features &= ~(BIT(FEATURE_VECTOR) | BIT(FEATURE_SSTC));
	vm->arch.henvcfg = 0;
	vm->arch.cbom_block = 0;
	arch->vlenb = 32;
	arch->cbom_block = 32;
	arch->mmu_type = "riscv,sv57";
	arch->gstage_modes = BIT(3);
	isa_add(&arch->isa, ISA_H);
	assert_int_equal(vm_set_affinity(vm, both, 2), 0);
	must_have_harts(vm, 3);
}

/* ---- memory ---- */

static void access_is_bounded_by_the_memory(void **state)
{
	struct vm *vm = create();
	const uint64_t size = config.memory_size;
	static char buffer[MIB(8) + 1];
	static const struct {
		uint64_t at, size;
		bool ram;
	} cases[] = {
		{ BASE, 1, true },
		{ BASE, MIB(8), true },
		{ BASE, MIB(8) + 1, false },
		{ BASE, 0, false },
		{ BASE - 1, 1, false },
		{ BASE - 1, 2, false },
		{ BASE + MIB(8) - 1, 1, true },
		{ BASE + MIB(8) - 1, 2, false },
		{ BASE + MIB(8), 1, false },
		{ BASE + MIB(8), 0, false },
		{ 0, 1, false },
		{ 0, UINT64_MAX, false },
		{ BASE, UINT64_MAX, false },
		{ BASE + 8, UINT64_MAX - 7, false },
		{ BASE + 1, UINT64_MAX - BASE, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX, 2, false },
		{ UINT64_MAX - 7, BASE + 16, false },
	};

	assert_int_equal(size, MIB(8));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		gpa_t at = gpa(cases[i].at);
		uint64_t room = 0;

		assert_int_equal(vm_is_ram(vm, at, cases[i].size, GSTAGE_READ), cases[i].ram);
		if (cases[i].ram || cases[i].size <= sizeof(buffer)) {
			assert_int_equal(vm_read(vm, at, buffer, cases[i].size),
					 cases[i].ram ? 0 : -EFAULT);
			assert_int_equal(vm_write(vm, at, buffer, cases[i].size),
					 cases[i].ram ? 0 : -EFAULT);
		} else {
			assert_int_equal(vm_read(vm, at, buffer, cases[i].size), -EFAULT);
		}
		if (vm_ram(vm, at, GSTAGE_READ, &room))
			assert_in_range(room, 1, BASE + size - at.v);
	}
	vm_destroy(vm);
}

/* Memory so cut up that a VM gets many chunks. */
static void accesses_across_chunks_are_whole(void **state)
{
	static hpa_t taken[4096];
	static unsigned char out[20000], in[20000];
	unsigned int count = 0;
	struct vm *vm;
	uint64_t random = 5;

	config.memory_size = MIB(4) + KIB(60);
	/* Every large block but one is cut: 64 KiB of each MiB are in use. */
	for (unsigned int i = 0; i < 30; i++)
		assert_true(page_alloc(8, &taken[count++]));
	for (unsigned int i = 0; i < 30; i++)
		page_free(hpa(taken[i].v + KIB(512)), 7);
	vm = create();
	assert_in_range(vm->chunk_count, 5, VM_MAX_CHUNKS);
	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)fake_hart_random(&random);
	for (unsigned int i = 1; i < vm->chunk_count; i++) {
		uint64_t at = vm->chunks[i].gpa.v - 7000;
		uint64_t room;

		assert_int_equal(vm->chunks[i].gpa.v,
				 vm->chunks[i - 1].gpa.v + vm->chunks[i - 1].size);
		if (at + sizeof(out) > BASE + config.memory_size)
			break;
		assert_int_equal(vm_write(vm, gpa(at), out, sizeof(out)), 0);
		assert_int_equal(vm_read(vm, gpa(at), in, sizeof(in)), 0);
		assert_memory_equal(in, out, sizeof(in));
		assert_memory_equal(vm_ram(vm, vm->chunks[i].gpa, GSTAGE_READ, &room), out + 7000,
				    100);
		assert_int_equal(room, vm->chunks[i].size);
		vm_ram(vm, gpa(vm->chunks[i].gpa.v - 1), GSTAGE_READ, &room);
		assert_int_equal(room, 1);
	}
	vm_destroy(vm);
	for (unsigned int i = 0; i < 30; i++)
		page_free(taken[i], 7);
}

static bool in_pieces(hpa_t page)
{
	return page.v & PAGE_SIZE || page.v >> 18 == (FAKE_ARENA_BASE + MIB(20)) >> 18;
}

static void memory_in_too_many_pieces_is_refused(void **state)
{
	static hpa_t taken[10240];
	unsigned int count = 0;
	uint64_t pages;

	/* Only every second page is free, and 256 KiB for what is no guest memory. */
	while (count < ARRAY_SIZE(taken) && page_alloc(0, &taken[count]))
		count++;
	for (unsigned int i = 0; i < count; i++)
		if (in_pieces(taken[i]))
			page_free(taken[i], 0);
	config.memory_size = MIB(4);
	assert_null(vm_create(&config));
	pages = page_free_count();
	assert_null(shared_region_get("box", gpa(BASE), MIB(1)));
	assert_int_equal(page_free_count(), pages);
	for (unsigned int i = 0; i < count; i++)
		if (!in_pieces(taken[i]))
			page_free(taken[i], 0);
	assert_non_null(strstr(said, "in too many pieces"));
}

/* ---- ranges ---- */

#define HIGH BIT(40)

static const char table[5000] = { 1, 2, 3 };

static struct vm_range_config *range_add(const char *name, uint64_t base, uint64_t size)
{
	struct vm_range_config *range = &config.ranges[config.range_count++];

	*range = (struct vm_range_config){ .name = name, .base = base, .size = size };
	return range;
}

static void assert_mapped(struct vm *vm, uint64_t base, uint64_t size, unsigned int wanted)
{
	unsigned int access;
	hpa_t to;

	for (uint64_t at = base; at < base + size; at += PAGE_SIZE) {
		uint64_t room;

		assert_int_equal(gstage_walk(&vm->gstage, gpa(at), &to, &access), 0);
		assert_int_equal(access, wanted);
		assert_ptr_equal(hpa_to_hva(to), vm_ram(vm, gpa(at), GSTAGE_READ, &room));
		assert_true(room >= PAGE_SIZE);
		assert_int_equal(vm_is_ram(vm, gpa(at), 1, GSTAGE_WRITE),
				 (wanted & GSTAGE_WRITE) != 0);
		assert_int_equal(!vm_ram(vm, gpa(at), GSTAGE_WRITE, &room),
				 !(wanted & GSTAGE_WRITE));
	}
	assert_int_equal(gstage_walk(&vm->gstage, gpa(base - 1), &to, &access), -ENOENT);
	assert_int_equal(gstage_walk(&vm->gstage, gpa(base + size), &to, &access), -ENOENT);
}

/* What is free holds something, in the blocks that are taken next. */
static void soil_free_memory(void)
{
	hpa_t blocks[8];

	for (unsigned int order = 0; order < 8; order++) {
		assert_true(page_alloc(order, &blocks[order]));
		memset(hpa_to_hva(blocks[order]), 0x55, PAGE_SIZE << order);
	}
	for (unsigned int order = 0; order < 8; order++)
		page_free(blocks[order], order);
}

static void what_a_guest_cannot_clear_is_clear(void **state)
{
	static char buffer[KIB(20)];
	struct vm *vm;

	range_add("rom", HIGH, KIB(20))->read_only = 1;
	range_add("mail", 2 * HIGH, KIB(20))->shared = "box";
	soil_free_memory();
	vm = create();
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(vm_read(vm, gpa((i + 1) * HIGH), buffer, sizeof(buffer)), 0);
		for (unsigned int at = 0; at < sizeof(buffer); at++)
			assert_int_equal(buffer[at], 0);
	}
	vm_destroy(vm);
}

static void ranges_are_mapped_as_they_are_described(void **state)
{
	const unsigned int readable = GSTAGE_READ | GSTAGE_EXECUTE;
	struct vm *vm;

	config.memory_base = BASE + GIB(1);
	range_add("low", BASE, KIB(20));
	range_add("rom", HIGH + KIB(4), MIB(2) + KIB(12))->read_only = 1;
	range_add("mail", HIGH + MIB(8), KIB(28))->shared = "box";
	vm = create();
	assert_int_equal(vm->range_count, 4);
	assert_ptr_equal(vm->ranges[1].config, NULL);
	assert_mapped(vm, BASE, KIB(20), readable | GSTAGE_WRITE);
	assert_mapped(vm, config.memory_base, config.memory_size, readable | GSTAGE_WRITE);
	assert_mapped(vm, HIGH + KIB(4), MIB(2) + KIB(12), readable);
	assert_mapped(vm, HIGH + MIB(8), KIB(28), readable | GSTAGE_WRITE);
	for (unsigned int i = 1; i < vm->chunk_count; i++)
		assert_true(vm->chunks[i - 1].gpa.v + vm->chunks[i - 1].size <=
			    vm->chunks[i].gpa.v);
	vm_destroy(vm);
	assert_null(shared_region_find("box"));
}

static void ranges_have_large_leaves_wherever_they_begin(void **state)
{
	struct vm *vm;

	range_add("r", HIGH + MIB(2) - KIB(20), MIB(6) + KIB(40));
	vm = create();
	for (unsigned int i = 0; i < vm->chunk_count; i++)
		if (vm->chunks[i].size >= MIB(2))
			assert_true(is_aligned(vm->chunks[i].gpa.v, MIB(2)));
	/* The root's 4, two each for what is below 4 GiB and for the range, one for each end. */
	assert_in_range(vm->gstage.table_pages, 4, 4 + 2 + 1 + 2);
	vm_destroy(vm);
}

static void mode_reaches_the_highest_range(void **state)
{
	struct vm *vm;

	range_add("top", BIT(41) - KIB(4), KIB(4));
	vm = create();
	assert_int_equal(vm->gstage.levels, 3);
	vm_destroy(vm);
	config.ranges[0].size = KIB(8);
	vm = create();
	assert_int_equal(vm->gstage.levels, 4);
	vm_destroy(vm);
	config.ranges[0].base = BIT(50) - KIB(8);
	vm = create();
	assert_int_equal(vm->gstage.levels, 4);
	vm_destroy(vm);
	config.ranges[0].base = BIT(50) - KIB(4);
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: hart 0 has no Sv57x4"));
}

static void read_only_range_has_its_file_and_zeroes(void **state)
{
	static char buffer[KIB(16)];
	struct vm_range_config *rom = range_add("rom", HIGH, KIB(16));
	struct vm *vm;
	char byte = 9;

	rom->read_only = 1;
	rom->file = (struct vm_file){ "table", table, sizeof(table) };
	vm = create();
	assert_int_equal(vm_read(vm, gpa(HIGH), buffer, sizeof(buffer)), 0);
	assert_memory_equal(buffer, table, sizeof(table));
	for (unsigned int i = sizeof(table); i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0);
	assert_int_equal(vm_write(vm, gpa(HIGH), &byte, 1), -EFAULT);
	assert_int_equal(vm_read(vm, gpa(HIGH), &byte, 1), 0);
	assert_int_equal(byte, 1);
	assert_int_equal(vm_reset(vm), 0);
	vm_destroy(vm);
}

static void file_of_a_range_is_loaded_at_each_reset(void **state)
{
	struct vm *vm;
	char byte = 9;

	range_add("data", HIGH, KIB(8))->file = (struct vm_file){ "t", table, sizeof(table) };
	vm = create();
	vm_start(vm);
	assert_int_equal(vm_write(vm, gpa(HIGH + 1), &byte, 1), 0);
	assert_int_equal(vm_write(vm, gpa(HIGH + KIB(6)), &byte, 1), 0);
	assert_int_equal(vm_reset(vm), 0);
	assert_int_equal(vm_read(vm, gpa(HIGH + 1), &byte, 1), 0);
	assert_int_equal(byte, 2);
	assert_int_equal(vm_read(vm, gpa(HIGH + KIB(6)), &byte, 1), 0);
	assert_int_equal(byte, 9);
	vm_destroy(vm);
}

static void access_goes_on_in_the_next_range(void **state)
{
	const uint64_t end = BASE + config.memory_size;
	struct vm *vm;
	char byte = 0;

	range_add("next", end, KIB(4));
	range_add("rom", end + KIB(4), KIB(4))->read_only = 1;
	range_add("far", end + KIB(12), KIB(4));
	vm = create();
	assert_true(vm_is_ram(vm, gpa(BASE), config.memory_size + KIB(4), GSTAGE_WRITE));
	assert_false(vm_is_ram(vm, gpa(BASE), config.memory_size + KIB(4) + 1, GSTAGE_WRITE));
	assert_true(vm_is_ram(vm, gpa(BASE), config.memory_size + KIB(8), GSTAGE_READ));
	assert_false(vm_is_ram(vm, gpa(BASE), config.memory_size + KIB(8) + 1, GSTAGE_READ));
	assert_false(vm_is_ram(vm, gpa(end + KIB(8)), 1, GSTAGE_READ));
	assert_true(vm_is_ram(vm, gpa(end + KIB(12)), KIB(4), GSTAGE_WRITE));
	assert_false(vm_is_ram(vm, gpa(end + KIB(12)), KIB(4) + 1, GSTAGE_READ));
	assert_false(vm_is_ram(vm, gpa(BASE), UINT64_MAX, GSTAGE_READ));
	assert_int_equal(vm_write(vm, gpa(end + KIB(4) - 1), "ab", 2), -EFAULT);
	assert_int_equal(vm_read(vm, gpa(end + KIB(4) - 1), &byte, 1), 0);
	assert_int_equal(byte, 0);
	vm_destroy(vm);
}

static void region_is_one_memory_of_several_vms(void **state)
{
	struct vm_range_config *mail = range_add("mail", HIGH, KIB(44));
	static char buffer[KIB(44)];
	struct vm *one, *two;

	mail->shared = "box";
	one = create();
	assert_int_equal(vm_read(one, gpa(HIGH), buffer, sizeof(buffer)), 0);
	for (unsigned int i = 0; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0);
	config.name[0] = 'q';
	mail->base = HIGH + KIB(4);
	mail->read_only = 1;
	two = create();
	assert_int_equal(shared_region_find("box")->users, 2);
	assert_int_equal(vm_write(one, gpa(HIGH + KIB(12) - 2), "text", 4), 0);
	assert_int_equal(vm_read(two, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "text", 4);
	assert_int_equal(vm_write(two, gpa(HIGH + KIB(16)), "t", 1), -EFAULT);
	assert_mapped(two, HIGH + KIB(4), KIB(44), GSTAGE_READ | GSTAGE_EXECUTE);
	/* What one leaves in it stays while there is another, and after a reset. */
	vm_destroy(one);
	assert_int_equal(vm_reset(two), 0);
	assert_int_equal(vm_read(two, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "text", 4);
	vm_destroy(two);
	assert_null(shared_region_find("box"));
	assert_int_equal(page_free_count(), free_before);
	mail->read_only = 0;
	one = create();
	assert_int_equal(vm_read(one, gpa(HIGH + KIB(16) - 2), buffer, 4), 0);
	assert_memory_equal(buffer, "\0\0\0\0", 4);
	vm_destroy(one);
}

static void vm_may_see_a_region_twice(void **state)
{
	struct vm *vm;
	char byte;

	range_add("a", HIGH, KIB(8))->shared = "box";
	range_add("b", HIGH + KIB(8), KIB(8))->shared = "box";
	config.ranges[1].read_only = 1;
	vm = create();
	assert_int_equal(vm_write(vm, gpa(HIGH + 5), "x", 1), 0);
	assert_int_equal(vm_read(vm, gpa(HIGH + KIB(8) + 5), &byte, 1), 0);
	assert_int_equal(byte, 'x');
	vm_destroy(vm);
	assert_null(shared_region_find("box"));
}

static void region_of_another_size_is_refused(void **state)
{
	struct vm *one;

	range_add("mail", HIGH, KIB(44))->shared = "box";
	one = create();
	config.name[0] = 'q';
	config.ranges[0].size = KIB(40);
	said[0] = '\0';
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "quest: ranges/mail: size: 40 KiB, but the region 'box' has "
				     "44 KiB"));
	assert_int_equal(shared_region_find("box")->users, 1);
	vm_destroy(one);
}

static void ranges_that_are_too_large_are_refused(void **state)
{
	range_add("a", HIGH, MIB(16));
	range_add("big", HIGH + GIB(1), MIB(16));
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: ranges/big: 16384 KiB asked for, "));
	assert_null(strstr(said, "pieces"));
	said[0] = '\0';
	config.ranges[1].shared = "box";
	assert_null(vm_create(&config));
	assert_non_null(strstr(said, "guest: ranges/big: 16384 KiB asked for, "));
	assert_null(shared_region_find("box"));
}

static void failure_with_ranges_leaves_nothing(void **state)
{
	range_add("a", HIGH, KIB(44));
	range_add("b", HIGH + GIB(1), KIB(20))->shared = "box";
	range_add("c", HIGH + GIB(2), KIB(20))->read_only = 1;
	failure_of_any_allocation_leaves_nothing(state);
	assert_null(shared_region_find("box"));
	/* The same when another VM has the region. */
	strcpy(config.name, "other");
	config.range_count = 2;
	create();
	free_before = page_free_count();
	strcpy(config.name, "guest");
	for (long failing = 0;; failing++) {
		struct vm *vm;

		fake_allocations_fail_after(failing);
		vm = vm_create(&config);
		fake_allocations_fail_after(-1);
		assert_int_equal(shared_region_find("box")->users, vm ? 2 : 1);
		if (vm)
			vm_destroy(vm);
		assert_int_equal(page_free_count(), free_before);
		said[0] = '\0';
		if (vm && failing > 100)
			break;
	}
	vm_destroy(vm_next(NULL));
	free_before = page_free_count();
}

static void sixteen_odd_ranges_are_apart(void **state)
{
	uint64_t at = HIGH;
	struct vm *vm;

	config.memory_size = MIB(4);
	for (unsigned int i = 0; i < VM_RANGES_MAX; i++) {
		uint64_t size = (2 * i + 1) * 37 % 131 * PAGE_SIZE + PAGE_SIZE;

		range_add("r", at, size);
		at += size + (i % 3 + 1) * PAGE_SIZE;
	}
	vm = create();
	for (unsigned int i = 0; i < VM_RANGES_MAX; i++)
		assert_mapped(vm, config.ranges[i].base, config.ranges[i].size,
			      GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE);
	vm_destroy(vm);
}

static void devices_do_not_overlap(void **state)
{
	struct vm *vm = create();
	struct device others[VM_MAX_DEVICES + 1];
	unsigned int count = vm->device_count;

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = *vm->devices[0];
		others[i].base.v += others[i].size - 1 + i;
		others[i].size = 1;
	}
	assert_int_equal(vm_add_device(vm, &others[0]), -EEXIST);
	for (unsigned int i = 1; i <= VM_MAX_DEVICES - count; i++)
		assert_int_equal(vm_add_device(vm, &others[i]), 0);
	assert_int_equal(vm_add_device(vm, &others[VM_MAX_DEVICES]), -ENOSPC);
	vm->device_count = count;
	vm_destroy(vm);
}

static void device_is_found_by_the_whole_of_an_access(void **state)
{
	struct vm *vm = create();
	struct device *uart = vm->uart;

	assert_ptr_equal(vm_device(vm, uart->base, 1), uart);
	assert_ptr_equal(vm_device(vm, gpa(uart->base.v + uart->size - 1), 1), uart);
	assert_null(vm_device(vm, gpa(uart->base.v + uart->size - 1), 2));
	assert_null(vm_device(vm, gpa(uart->base.v - 1), 1));
	assert_null(vm_device(vm, gpa(uart->base.v + uart->size), 1));
	assert_null(vm_device(vm, gpa(BASE), 1));
	assert_null(vm_device(vm, gpa(UINT64_MAX), 1));
	vm_destroy(vm);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(created_vm_has_what_its_description_says),
		TEST(its_tables_map_all_of_its_memory_and_nothing_else),
		TEST(its_memory_is_its_own_and_then_free_but_not_cleared),
		TEST(memory_of_another_before_it_is_zero),
		TEST(a_thousand_lives_leave_nothing),
		TEST(failure_of_any_allocation_leaves_nothing),
		TEST(vm_that_is_too_large_is_refused),
		TEST(kernel_that_does_not_fit_is_refused),
		TEST(second_vm_of_a_name_is_refused),
		TEST(affinity_without_a_hart_is_refused),
		TEST(mode_that_a_hart_lacks_is_refused_by_name),
		TEST(memory_may_lie_anywhere_below_the_limit),
		TEST(lowest_free_number_is_given),
		TEST(started_vm_runs_its_first_vcpu),
		TEST(paused_vm_runs_nothing_until_it_is_resumed),
		TEST(vcpu_that_was_started_while_paused_runs_when_resumed),
		TEST(vcpu_starts_only_when_it_is_stopped),
		TEST(reset_vm_begins_anew_with_its_images),
		TEST(reset_that_fails_leaves_a_failed_vm),
		TEST(first_request_counts),
		TEST(ended_vm_keeps_its_memory_until_it_is_destroyed),
		TEST(affinity_changes_and_stays_over_a_reset),
		TEST(change_of_affinity_waits_until_vcpus_have_moved),
		TEST(hart_that_is_not_there_is_refused),
		TEST(hart_that_lacks_what_vcpus_were_given_is_refused),
		TEST(hart_that_has_more_is_taken),
		TEST(access_is_bounded_by_the_memory),
		TEST(accesses_across_chunks_are_whole),
		TEST(memory_in_too_many_pieces_is_refused),
		TEST(what_a_guest_cannot_clear_is_clear),
		TEST(ranges_are_mapped_as_they_are_described),
		TEST(ranges_have_large_leaves_wherever_they_begin),
		TEST(mode_reaches_the_highest_range),
		TEST(read_only_range_has_its_file_and_zeroes),
		TEST(file_of_a_range_is_loaded_at_each_reset),
		TEST(access_goes_on_in_the_next_range),
		TEST(region_is_one_memory_of_several_vms),
		TEST(vm_may_see_a_region_twice),
		TEST(region_of_another_size_is_refused),
		TEST(ranges_that_are_too_large_are_refused),
		TEST(failure_with_ranges_leaves_nothing),
		TEST(sixteen_odd_ranges_are_apart),
		TEST(devices_do_not_overlap),
		TEST(device_is_found_by_the_whole_of_an_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
