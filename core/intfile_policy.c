/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which VMs may use guest interrupt files, and what is promised to those that insist on them.
 * Everything here runs in threads with the control lock held, so that no VM comes or goes.
 */
#include <arch/gstage.h>
#include <arch/irqflags.h>
#include <arch/vsfile.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/text.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static bool insists(const struct vm *vm)
{
	return vm->config.interrupt_files == VM_FILES_HARDWARE;
}

static bool has_files(const struct vm *vm, unsigned int hart_index)
{
	return harts[hart_index]->files && hartset_has(&vm->affinity, hart_index);
}

static bool may_use(const struct vm *vm, unsigned int hart_index)
{
	return hart_online(harts[hart_index]) && has_files(vm, hart_index);
}

/* Most identities of the files of its harts, of those that are off, too; 0 without files. */
static unsigned int most_identities(const struct vm *vm)
{
	unsigned int identities = 0;

	for (unsigned int i = 0; i < hart_count; i++)
		if (hart_known(harts[i]) && has_files(vm, i))
			identities = MAX(identities, arch_vsfile_identities(harts[i]));
	return identities;
}

int intfile_vm_init(struct vm *vm)
{
	unsigned int identities = most_identities(vm);

	vm->vsfiles = vm->imsic && vm->config.interrupt_files != VM_FILES_SOFTWARE &&
		      identities >= vm->config.interrupt_identities;
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
	if (vm->config.irqchip == VM_IRQCHIP_PLIC)
		return "PLIC";
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

/* How many lines of each hart the plan has not given away; the control lock guards it. */
static unsigned int room[MAX_HARTS];

/* The hart of the affinity with the most room, or NULL. */
static struct hart *roomiest(const struct vm *vm)
{
	struct hart *best = NULL;

	for (unsigned int i = 0; i < hart_count; i++)
		if (may_use(vm, i) && room[i] && (!best || room[i] > room[best->index]))
			best = harts[i];
	return best;
}

/*
 * Takes a line for each vCPU of @vm out of the plan's room: where it has one, otherwise where most
 * are left. False, and takes none, if there are too few.
 */
static bool plan(struct vm *vm)
{
	bool fits = true;

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct hart *home = vm->vcpus[i]->intfile.home;
		bool stays = home && may_use(vm, home->index) && room[home->index];

		vm->vcpus[i]->intfile.next_home = stays ? home : NULL;
		if (stays)
			room[home->index]--;
	}
	for (unsigned int i = 0; i < vm->vcpu_count && fits; i++) {
		struct intfile *file = &vm->vcpus[i]->intfile;

		if (file->next_home)
			continue;
		file->next_home = roomiest(vm);
		fits = file->next_home != NULL;
		if (fits)
			room[file->next_home->index]--;
	}
	for (unsigned int i = 0; i < vm->vcpu_count && !fits; i++)
		if (vm->vcpus[i]->intfile.next_home)
			room[vm->vcpus[i]->intfile.next_home->index]++;
	return fits;
}

/* It may sleep where it is not at home any more: nobody but it could use its line there. */
static void leave_old_home(struct vcpu *vcpu)
{
	intfile_evict(vcpu);
	vcpu_notify(vcpu, PENDING_FILE);
}

static void home_set(struct vcpu *vcpu, struct hart *home)
{
	struct hartset only = { 0 };

	if (vcpu->intfile.home == home)
		return;
	if (vcpu->intfile.home)
		hart_files_reserve(vcpu->intfile.home, -1);
	__atomic_store_n(&vcpu->intfile.home, home, __ATOMIC_SEQ_CST);
	if (!home) {
		sched_set_affinity(&vcpu->sched, &vcpu->vm->affinity);
		return;
	}
	hart_files_reserve(home, 1);
	hartset_add(&only, home->index);
	sched_set_affinity(&vcpu->sched, &only);
	leave_old_home(vcpu);
}

/*
 * With interrupts off, as with all that takes lines from vCPUs that insist on theirs: who comes to
 * a new home waits there, with interrupts off, too, for whoever has to leave it.
 */
static void carry_out(struct vm *vm)
{
	unsigned long flags = arch_irq_save();

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		home_set(vm->vcpus[i], vm->vcpus[i]->intfile.next_home);
	arch_irq_restore(flags);
}

/* By what plan() left. */
static void report_shortage(const struct vm *vm)
{
	char where[192];
	struct text text = text_in(where, sizeof(where));
	unsigned int left = 0;

	for (unsigned int i = 0; i < hart_count; i++) {
		if (!may_use(vm, i))
			continue;
		left += room[i];
		text_add(&text, ", hart %" PRIu64 ": %u of %u", harts[i]->id, room[i],
			 harts[i]->files->limit);
	}
	log_error("%s: interrupt-files: \"hardware\": %u files asked for, %u free%s", vm->name,
		  vm->vcpu_count, left, where);
}

/* The room is what nobody was promised. */
static void room_measure(void)
{
	for (unsigned int i = 0; i < hart_count; i++)
		room[i] = harts[i]->files ? unreserved(harts[i]) : 0;
}

int intfile_vm_reserve(struct vm *vm, bool report)
{
	if (!insists(vm) || vm->reserved)
		return 0;
	room_measure();
	if (!plan(vm)) {
		if (report)
			report_shortage(vm);
		return -ENOSPC;
	}
	carry_out(vm);
	vm->reserved = true;
	return 0;
}

void intfile_vm_unreserve(struct vm *vm)
{
	for (unsigned int i = 0; vm->reserved && i < vm->vcpu_count; i++)
		home_set(vm->vcpus[i], NULL);
	vm->reserved = false;
}

/* ---- other harts than before ---- */

/* Plans anew for @vm, whose own lines are free for it. */
static int plan_move(struct vm *vm)
{
	room_measure();
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		room[vm->vcpus[i]->intfile.home->index]++;
	if (plan(vm))
		return 0;
	report_shortage(vm);
	return -ENOSPC;
}

int intfile_vm_set_affinity(struct vm *vm, const struct hartset *set)
{
	struct hartset before = vm->affinity;

	vm->affinity = *set;
	if (vm->reserved && plan_move(vm)) {
		vm->affinity = before;
		return -ENOSPC;
	}
	if (vm->reserved)
		carry_out(vm);
	for (unsigned int i = 0; i < vm->vcpu_count && !vm->reserved; i++)
		CHECK(sched_set_affinity(&vm->vcpus[i]->sched, set) == 0);
	return 0;
}

void intfile_vm_follow(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = vm->vcpus[i];
		const struct hart *hart = __atomic_load_n(&vcpu->intfile.hart, __ATOMIC_SEQ_CST);

		if (hart && !hartset_has(&vcpu->sched.affinity, hart->index))
			leave_old_home(vcpu);
	}
}

/* ---- fewer files than before ---- */

/* @vm does without for want of lines at @hart: it stops running, intact. */
static void give_up(struct vm *vm, const struct hart *hart)
{
	char reason[48];

	snprintf(reason, sizeof(reason), "no-vsfile: hart %" PRIu64, hart->id);
	if (vm_pause(vm, reason) == 0) {
		vm->no_vsfile = true;
		log_warn("%s: paused: %s", vm->name, reason);
	}
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		intfile_evict(vm->vcpus[i]);
	intfile_vm_unreserve(vm);
}

/*
 * More lines of @hart are promised than the @limit that it is about to have. All promises are
 * looked at again, those to the oldest VM first: its vCPUs will stay where they are, or move; a VM
 * that does not fit gives up now.
 */
static void plan_again(const struct hart *hart, unsigned int limit)
{
	for (unsigned int i = 0; i < hart_count; i++)
		room[i] = harts[i]->files ? harts[i]->files->limit : 0;
	room[hart->index] = limit;
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->reserved && !plan(vm))
			give_up(vm, hart);
}

static void carry_out_all(void)
{
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->reserved)
			carry_out(vm);
}

/*
 * By owner, not by place: a vCPU that was given its line just before the limit fell is not there
 * yet, and intfile_evict() waits for it.
 */
static void evict_above(struct hart *hart)
{
	struct vcpu *owner;

	while ((owner = hart_files_excess(hart))) {
		intfile_evict(owner);
		vcpu_notify(owner, PENDING_FILE);
	}
}

int intfile_set_limit(struct hart *hart, unsigned int limit)
{
	struct hart_files *files = hart->files;
	unsigned long flags;

	bool moves;

	if (!files || limit > files->count)
		return -EINVAL;
	moves = files->reserved > limit;
	if (moves)
		plan_again(hart, limit);
	/* Whoever insists has a promise within the limits whenever another hart looks. */
	flags = arch_irq_save();
	hart_files_set_limit(hart, limit);
	if (moves)
		carry_out_all();
	evict_above(hart);
	arch_irq_restore(flags);
	intfile_offer(hart);
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
