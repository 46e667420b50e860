/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMs may use guest interrupt files, and what is promised to those that insist on them.
 * Everything here runs in threads with the control lock held, so that no VM comes or goes.
 */
#include <arch/gstage.h>
#include <arch/vsfile.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static bool insists(const struct vm *vm)
{
	return vm->config.interrupt_files == VM_FILES_HARDWARE;
}

static bool may_use(const struct vm *vm, unsigned int hart_index)
{
	return hart_online(harts[hart_index]) && harts[hart_index]->files &&
	       hartset_has(&vm->affinity, hart_index);
}

/* Whether some hart of the affinity has files, and with as many identities as the guest's. */
static bool has_files(const struct vm *vm, unsigned int *identities)
{
	*identities = 0;
	for (unsigned int i = 0; i < hart_count; i++)
		if (may_use(vm, i))
			*identities = MAX(*identities, arch_vsfile_identities(harts[i]));
	return *identities >= vm->config.interrupt_identities;
}

int intfile_vm_init(struct vm *vm)
{
	unsigned int identities;

	vm->vsfiles = vm->imsic && vm->config.interrupt_files != VM_FILES_SOFTWARE &&
		      has_files(vm, &identities);
	if (insists(vm) && !vm->imsic) {
		log_error("%s: interrupt-files: \"hardware\": its harts have no AIA", vm->name);
		return -ENOTSUP;
	}
	if (insists(vm) && !vm->vsfiles) {
		log_error("%s: interrupt-files: \"hardware\": %u identities asked for, the files "
			  "of its harts have %u",
			  vm->name, (unsigned int)vm->config.interrupt_identities, identities);
		return -ENOTSUP;
	}
	for (unsigned int i = 0; vm->vsfiles && i < vm->config.vcpus; i++)
		if (gstage_leaf_prepare(&vm->gstage, gpa(vm->imsic_base.v + i * PAGE_SIZE)))
			return -ENOMEM;
	return 0;
}

const char *intfile_policy_name(const struct vm *vm)
{
	if (!vm->imsic)
		return "APLIC in direct mode";
	if (insists(vm))
		return "guest interrupt files";
	return vm->vsfiles ? "guest or software interrupt files" : "software interrupt files";
}

/* ---- reservation ---- */

static unsigned int unreserved(const struct hart *hart)
{
	const struct hart_files *files = hart->files;

	return files->limit > files->reserved ? files->limit - files->reserved : 0;
}

/* The hart of the affinity with the most files to promise, or NULL. */
static struct hart *home_find(const struct vm *vm, const struct hart *but)
{
	struct hart *best = NULL;

	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i] != but && may_use(vm, i) && unreserved(harts[i]) > 0 &&
		    (!best || unreserved(harts[i]) > unreserved(best)))
			best = harts[i];
	return best;
}

static void home_set(struct vcpu *vcpu, struct hart *home)
{
	struct hartset only = { 0 };

	if (vcpu->intfile.home)
		hart_files_reserve(vcpu->intfile.home, -1);
	vcpu->intfile.home = home;
	if (!home) {
		sched_set_affinity(&vcpu->sched, &vcpu->vm->affinity);
		return;
	}
	CHECK(hart_files_reserve(home, 1) == 0);
	hartset_add(&only, home->index);
	sched_set_affinity(&vcpu->sched, &only);
}

static void report_shortage(const struct vm *vm)
{
	char where[192] = "";
	size_t length = 0;
	unsigned int left = 0;

	for (unsigned int i = 0; i < hart_count; i++) {
		if (!may_use(vm, i))
			continue;
		left += unreserved(harts[i]);
		if (length < sizeof(where))
			length += (size_t)snprintf(where + length, sizeof(where) - length,
						   ", hart %" PRIu64 ": %u of %u", harts[i]->id,
						   unreserved(harts[i]), harts[i]->files->limit);
	}
	log_error("%s: interrupt-files: \"hardware\": %u files asked for, %u free%s", vm->name,
		  vm->vcpu_count, left, where);
}

int intfile_vm_reserve(struct vm *vm, bool report)
{
	if (!insists(vm) || vm->reserved)
		return 0;
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct hart *home = home_find(vm, NULL);

		if (home) {
			home_set(vm->vcpus[i], home);
			continue;
		}
		while (i-- > 0)
			home_set(vm->vcpus[i], NULL);
		if (report)
			report_shortage(vm);
		return -ENOSPC;
	}
	vm->reserved = true;
	return 0;
}

void intfile_vm_unreserve(struct vm *vm)
{
	for (unsigned int i = 0; vm->reserved && i < vm->vcpu_count; i++)
		home_set(vm->vcpus[i], NULL);
	vm->reserved = false;
}

/* ---- fewer files than before ---- */

static struct vcpu *vcpu_at_home(struct vm *vm, const struct hart *hart)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i]->intfile.home == hart)
			return vm->vcpus[i];
	return NULL;
}

/* Moves one vCPU that insists to another hart. False when none can move. */
static bool move_one(struct hart *hart)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm)) {
		struct vcpu *vcpu = vcpu_at_home(vm, hart);
		struct hart *home = vcpu ? home_find(vm, hart) : NULL;

		if (home) {
			home_set(vcpu, home);
			return true;
		}
	}
	return false;
}

/* The newest VM that has a line reserved here does without: it stops running, intact. */
static void give_up_one(struct hart *hart)
{
	struct vm *last = NULL;
	char reason[48];

	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vcpu_at_home(vm, hart))
			last = vm;
	CHECK(last);
	snprintf(reason, sizeof(reason), "no-vsfile: hart %" PRIu64, hart->id);
	if (vm_pause(last, reason) == 0) {
		last->no_vsfile = true;
		log_warn("%s: paused: %s", last->name, reason);
	}
	for (unsigned int i = 0; i < last->vcpu_count; i++)
		intfile_evict(last->vcpus[i]);
	intfile_vm_unreserve(last);
}

static void evict_above(struct hart *hart, unsigned int limit)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		for (unsigned int i = 0; i < vm->vcpu_count; i++) {
			struct vcpu *vcpu = vm->vcpus[i];

			if (__atomic_load_n(&vcpu->intfile.hart, __ATOMIC_SEQ_CST) != hart ||
			    vcpu->intfile.line <= limit)
				continue;
			intfile_evict(vcpu);
			vcpu_notify(vcpu, PENDING_FILE);
		}
}

int intfile_set_limit(struct hart *hart, unsigned int limit)
{
	struct hart_files *files = hart->files;
	unsigned long flags;

	if (!files || limit > files->count)
		return -EINVAL;
	flags = spin_lock(&files->lock);
	files->limit = limit;
	spin_unlock(&files->lock, flags);
	while (files->reserved > limit)
		if (!move_one(hart))
			give_up_one(hart);
	evict_above(hart, limit);
	vm_manager_wake();
	return 0;
}

void intfile_resume_waiting(void)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->no_vsfile && vm->config.on_no_vsfile == VM_SHORTAGE_WAIT &&
		    intfile_vm_reserve(vm, false) == 0 && vm_resume(vm) == 0)
			log_info("%s: resumed: there are guest interrupt files again", vm->name);
}

void intfile_hart_leave(struct hart *hart)
{
	if (!hart->files)
		return;
	hart->files->limit_online = hart->files->limit;
	intfile_set_limit(hart, 0);
}

void intfile_hart_join(struct hart *hart)
{
	if (hart->files)
		intfile_set_limit(hart, hart->files->limit_online);
}
