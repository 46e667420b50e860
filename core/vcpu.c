/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs: making them, starting them, telling them of work, and their side of the scheduler.
 * `pending`, `hsm` and the scheduler's state are atomic; the rest belongs to the hart that runs
 * the vCPU, or to whoever holds it (sched_hold) while it does not run.
 */
#include <arch/sbi.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/vcpu_timer.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>

struct vcpu *vcpu_create(struct vm *vm, unsigned int index)
{
	struct vcpu *vcpu = alloc_zero(sizeof(*vcpu));

	if (!vcpu)
		return NULL;
	vcpu->vm = vm;
	vcpu->index = index;
	sched_entity_init(&vcpu->sched, SCHED_VCPU, vm->config.priority,
			  (uint32_t)us_to_ticks(vm->config.time_slice_us));
	vcpu->sched.affinity = vm->affinity;
	vcpu->sched.uses_files = vm->vsfiles;
	vcpu_timer_init(vcpu);
	intfile_init(&vcpu->intfile);
	if (vm->imsic) {
		vcpu->file = alloc_zero(sizeof(*vcpu->file));
		if (!vcpu->file) {
			alloc_free(vcpu);
			return NULL;
		}
		swfile_init(vcpu->file, vm->config.interrupt_identities);
	}
	if (arch_vcpu_init(vcpu)) {
		alloc_free(vcpu->file);
		alloc_free(vcpu);
		return NULL;
	}
	vcpu->msi_page = NO_MSI_PAGE;
	if (vm->imsic && !vm->vsfiles && arch_vcpu_tells_accesses(&vcpu->arch))
		vcpu->msi_page = gpa(vm->imsic_base.v + index * PAGE_SIZE);
	vcpu_reset(vcpu);
	return vcpu;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	timer_cancel(&vcpu->timer);
	arch_vcpu_destroy(vcpu);
	alloc_free(vcpu->exit_table);
	alloc_free(vcpu->file);
	alloc_free(vcpu);
}

void vcpu_reset(struct vcpu *vcpu)
{
	vcpu_timer_stop(vcpu);
	vcpu->pending = 0;
	vcpu->extirq = 0;
	vcpu->hsm = HSM_STOPPED;
	if (vcpu->vm->vsfiles)
		intfile_evict(vcpu);
	if (vcpu->file)
		swfile_reset(vcpu->file);
	arch_vcpu_reset(vcpu, 0, 0, 0);
}

void vcpu_notify(struct vcpu *vcpu, uint32_t bits)
{
	__atomic_fetch_or(&vcpu->pending, bits, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	/*
	 * What runs here looks before it enters the guest, and so does what is not BLOCKED by now:
	 * that looks after it has said so. A thread runs on no hart of a vCPU.
	 */
	if (hart_self()->running != vcpu)
		sched_notify(&vcpu->sched);
}

int vcpu_start(struct vcpu *vcpu, uint64_t pc, uint64_t opaque)
{
	uint32_t stopped = HSM_STOPPED;

	if (!__atomic_compare_exchange_n(&vcpu->hsm, &stopped, HSM_START_PENDING, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		if (stopped == HSM_STARTED || stopped == HSM_SUSPENDED)
			return -EALREADY;
		return stopped == HSM_START_PENDING ? -EINPROGRESS : -EBUSY;
	}
	__atomic_fetch_add(&vcpu->vm->active, 1, __ATOMIC_SEQ_CST);
	/* Stopped and parked, so nobody else touches its registers. */
	vcpu_timer_stop(vcpu);
	arch_vcpu_reset(vcpu, pc, vcpu->index, opaque);
	/* Its line may be high already; what else was pending belongs to its former life. */
	__atomic_store_n(&vcpu->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
	sched_unpark(&vcpu->sched);
	return 0;
}

void vcpu_leave(struct vcpu *vcpu, enum sched_leave how)
{
	vcpu->sched.leave = how;
	__atomic_fetch_or(&vcpu->pending, PENDING_LEAVE, __ATOMIC_RELAXED);
}

/* With Sstc the timer was for its sleep only. */
static NOINLINE void prepare_timer(struct vcpu *vcpu)
{
	if (vcpu->arch.features & BIT(FEATURE_SSTC))
		timer_cancel(&vcpu->timer);
	intfile_load(vcpu);
}

void vcpu_prepare(struct vcpu *vcpu)
{
	if (timer_armed(&vcpu->timer))
		prepare_timer(vcpu);
	else
		intfile_load(vcpu);
}

void vcpu_run(struct vcpu *vcpu)
{
	uint32_t bits;

	arch_vcpu_load(vcpu);
	/* A fence lies between sched.on and this: who sets a bit later interrupts the hart. */
	bits = __atomic_exchange_n(&vcpu->pending, 0, __ATOMIC_ACQUIRE);
	if (bits)
		arch_vcpu_sync(vcpu, bits);
	if (unlikely(vcpu->hsm != HSM_STARTED)) {
		if (vcpu->hsm == HSM_START_PENDING) {
			__atomic_store_n(&vcpu->hsm, HSM_STARTED, __ATOMIC_SEQ_CST);
		} else if (vcpu->hsm == HSM_SUSPENDED && !sbi_hsm_resume(vcpu)) {
			__atomic_fetch_and(&vcpu->pending, ~PENDING_LEAVE, __ATOMIC_SEQ_CST);
			return;
		}
	}
	if (bits & PENDING_LEAVE)
		return;
	if (unlikely(hart_self()->profile.armed))
		profile_enter(vcpu);
	arch_vcpu_enter(vcpu);
}

static void block_file(struct vcpu *vcpu)
{
	if (vcpu->vm->vsfiles)
		intfile_sleep(vcpu);
}

static NOINLINE void block_timer(struct vcpu *vcpu)
{
	vcpu_timer_sleep(vcpu);
	block_file(vcpu);
}

void vcpu_block(struct vcpu *vcpu)
{
	if (vcpu_timer_matters(vcpu))
		block_timer(vcpu);
	else
		block_file(vcpu);
}

void vcpu_parked(struct vcpu *vcpu)
{
	uint32_t pending = HSM_STOP_PENDING;

	if (__atomic_compare_exchange_n(&vcpu->hsm, &pending, HSM_STOPPED, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST) &&
	    __atomic_sub_fetch(&vcpu->vm->active, 1, __ATOMIC_SEQ_CST) == 0)
		/* Nobody is left who could start one again. */
		vm_request(vcpu->vm, VM_REQUEST_FAIL, "all its vCPUs have stopped themselves");
}

bool vm_is_suspended(const struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i]->suspends_vm &&
		    __atomic_load_n(&vm->vcpus[i]->hsm, __ATOMIC_ACQUIRE) == HSM_SUSPENDED)
			return true;
	return false;
}

static void flush_nothing(void *opaque)
{
	/* That the hart answers means that it left the guest; pending work does the rest. */
	(void)opaque;
}

void vcpu_flush_running(struct vm *vm, const uint64_t *vcpu_mask)
{
	struct hart *self = hart_self();
	struct hartset set = { 0 };
	bool any = false;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct hart *on;

		if (!(vcpu_mask[i / 64] >> (i % 64) & 1))
			continue;
		on = __atomic_load_n(&vm->vcpus[i]->sched.on, __ATOMIC_SEQ_CST);
		if (on && on != self) {
			hartset_add(&set, on->index);
			any = true;
		}
	}
	if (any)
		hart_call(&set, flush_nothing, NULL);
}

void vm_msi_send(struct vm *vm, unsigned int vcpu_index, unsigned int identity)
{
	struct vcpu *vcpu;

	if (vcpu_index >= vm->vcpu_count || !vm->imsic)
		return;
	vcpu = vm->vcpus[index_mask(vcpu_index, MAX_VCPUS)];
	intfile_inject(vcpu, identity);
}

void vm_extirq_set(struct vm *vm, unsigned int vcpu_index, bool level)
{
	struct vcpu *vcpu;

	if (vcpu_index >= vm->vcpu_count)
		return;
	vcpu = vm->vcpus[index_mask(vcpu_index, MAX_VCPUS)];
	if (__atomic_exchange_n(&vcpu->extirq, level, __ATOMIC_SEQ_CST) != level)
		vcpu_notify(vcpu, PENDING_EXTIRQ);
}
