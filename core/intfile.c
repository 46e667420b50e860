/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/intfile.h>

#include <arch/fence.h>
#include <arch/gstage.h>
#include <arch/irqflags.h>
#include <arch/sbi.h>
#include <arch/vsfile.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <core/log.h>
#include <core/timer.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>

/*
 * At a hart no more than one line is taken for a vCPU of an `auto` VM in this time; meanwhile those
 * that find none run on their SW-files. To take one costs as much as seven MSIs and their claims do
 * there (docs/benchmarks.md).
 */
#define STEAL_INTERVAL_US 500

#define PROMISE_PAUSE 32

void intfile_init(struct intfile *file)
{
	spin_init(&file->lock, LOCK_INTFILE);
}

/* ---- the right to move a file ---- */

static bool busy_try(struct vcpu *vcpu)
{
	return !__atomic_exchange_n(&vcpu->intfile.busy, 1, __ATOMIC_SEQ_CST);
}

/* Interrupts off. Whoever has it may wait for this hart, by hart_call(): that has an end. */
static void busy_take(struct vcpu *vcpu)
{
	while (!busy_try(vcpu)) {
		hart_serve();
		arch_relax();
	}
}

static void busy_drop(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->intfile.busy, 0, __ATOMIC_SEQ_CST);
}

static struct hart *place(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->intfile.hart, __ATOMIC_SEQ_CST);
}

static void place_set(struct vcpu *vcpu, struct hart *hart, unsigned int line)
{
	struct intfile *file = &vcpu->intfile;
	unsigned long flags = spin_lock(&file->lock);

	__atomic_store_n(&file->hart, hart, __ATOMIC_SEQ_CST);
	/* Otherwise the line stays: its hart may be about to select it, and drains it later. */
	if (hart)
		file->line = line;
	spin_unlock(&file->lock, flags);
	__atomic_store_n(&vcpu->sched.has_file, hart != NULL, __ATOMIC_RELAXED);
}

static struct hart *home(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->intfile.home, __ATOMIC_SEQ_CST);
}

static bool insists(const struct vcpu *vcpu)
{
	return vcpu->vm->config.interrupt_files == VM_FILES_HARDWARE;
}

static gpa_t guest_page(const struct vcpu *vcpu)
{
	return gpa(vcpu->vm->imsic_base.v + vcpu->index * PAGE_SIZE);
}

/* ---- moving ---- */

/* What harts do for a demotion; on the stack of who demotes. */
struct move {
	struct vcpu *vcpu;
	struct hart *hart; /* where the file is */
	unsigned int line;
};

/*
 * What writes MSIs by itself writes to this file from now on (@hart NULL: to none of the
 * hardware). What it wrote before has arrived when this returns.
 */
static void writers_retarget(struct vcpu *vcpu, struct hart *hart, unsigned int line)
{
	const struct msi_writer *writer = vcpu->vm->msi_writer;

	if (writer)
		writer->retarget(vcpu, hart, line);
}

/* On each hart that may hold the old translation, or has stored into the file. */
static void fence_here(void *opaque)
{
	const struct move *move = opaque;

	gstage_fence_here(&move->vcpu->vm->gstage, guest_page(move->vcpu), PAGE_SIZE);
	arch_vsfile_barrier(move->hart, move->line);
}

/* On the file's hart. */
static void drain_here(void *opaque)
{
	const struct move *move = opaque;
	struct vcpu *vcpu = move->vcpu;

	arch_vsfile_unwatch(move->line);
	vcpu->intfile.watched = false;
	/* Stores of harts that have forgotten the VM: gstage_fence_here() has ordered them. */
	arch_vsfile_barrier(move->hart, move->line);
	arch_vsfile_drain(move->line, vcpu->file);
	if (hart_self()->running != vcpu)
		return;
	arch_vsfile_select(vcpu, 0);
	/* It does not enter the guest again without another one. */
	if (insists(vcpu))
		__atomic_fetch_or(&vcpu->pending, PENDING_FILE, __ATOMIC_SEQ_CST);
}

/* To the SW-file; the line stays taken. busy is held. Interrupts off, no lock. */
static void demote(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	struct move move = {
		.vcpu = vcpu,
		.hart = vcpu->intfile.hart,
		.line = vcpu->intfile.line,
	};
	struct hartset there = { 0 }, holders = { 0 };

	place_set(vcpu, NULL, 0);
	gstage_leaf_set(&vm->gstage, guest_page(vcpu), hpa(0), 0);
	/* A hart that enters the VM from now on finds the page unmapped. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < hart_count; i++)
		if (hartset_has(&vm->gstage.harts, i) || hartset_has(&vm->producers, i))
			hartset_add(&holders, i);
	hart_call(&holders, fence_here, &move);
	writers_retarget(vcpu, NULL, 0);
	hartset_add(&there, move.hart->index);
	hart_call(&there, drain_here, &move);
	if (swfile_line(vcpu->file))
		vcpu_notify(vcpu, PENDING_EXTIRQ);
}

/* To line @line of this hart, where @vcpu is loaded or about to be. busy is held. */
static void promote(struct vcpu *vcpu, unsigned int line)
{
	struct hart *hart = hart_self();

	arch_vsfile_clear(line);
	gstage_leaf_set(&vcpu->vm->gstage, guest_page(vcpu), arch_vsfile_page(hart, line),
			GSTAGE_READ | GSTAGE_WRITE | GSTAGE_IO);
	place_set(vcpu, hart, line);
	writers_retarget(vcpu, hart, line);
	arch_vsfile_fill(line, vcpu->file);
	arch_vsfile_select(vcpu, line);
	/* VSEIP comes from the VS-file now. */
	__atomic_fetch_or(&vcpu->pending, PENDING_EXTIRQ, __ATOMIC_SEQ_CST);
	vcpu->intfile.counts.promotions++;
	hart_files_count(hart, promotions);
}

void intfile_offer(struct hart *hart)
{
	unsigned long flags = arch_irq_save();
	struct vcpu *running;

	/* The vCPU cannot be destroyed before this hart has answered. */
	if (__atomic_exchange_n(&hart->files->wanted, 0, __ATOMIC_SEQ_CST)) {
		running = __atomic_load_n(&hart->running, __ATOMIC_SEQ_CST);
		if (running)
			vcpu_notify(running, PENDING_FILE);
	}
	arch_irq_restore(flags);
}

static void demote_and_free(struct vcpu *vcpu)
{
	struct hart *hart = vcpu->intfile.hart;
	unsigned int line = vcpu->intfile.line;

	demote(vcpu);
	hart_files_give(hart, line, NULL);
	intfile_offer(hart);
}

void intfile_evict(struct vcpu *vcpu)
{
	unsigned long flags = arch_irq_save();

	busy_take(vcpu);
	if (place(vcpu))
		demote_and_free(vcpu);
	busy_drop(vcpu);
	arch_irq_restore(flags);
}

/* ---- finding a line ---- */

static bool may_be_robbed(struct vcpu *owner)
{
	return owner->vm->config.interrupt_files == VM_FILES_AUTO &&
	       hart_self()->running != owner && busy_try(owner);
}

static uint64_t last_run(const struct vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->sched.runnable_since, __ATOMIC_RELAXED);
}

static unsigned int steal_line(struct hart *hart, struct vcpu *heir)
{
	uint64_t now = time_now();
	struct vcpu *victim;
	unsigned int line;

	if (!insists(heir) && now - hart->files->stolen_at < us_to_ticks(STEAL_INTERVAL_US))
		return 0;
	line = hart_files_victim(hart, may_be_robbed, last_run, &victim);
	if (!line)
		return 0;
	hart->files->stolen_at = now;
	victim->intfile.counts.stolen++;
	hart_files_count(hart, steals);
	demote(victim);
	hart_files_give(hart, line, heir);
	busy_drop(victim);
	return line;
}

/* busy is held, and the vCPU is on its SW-file. False when it stays there. */
static bool find_file(struct hart *hart, struct vcpu *vcpu)
{
	unsigned int line = hart_files_take(hart, vcpu);

	if (!line)
		line = steal_line(hart, vcpu);
	if (!line) {
		/* In this order: who gives one back after the look sees that it is wanted. */
		__atomic_store_n(&hart->files->wanted, 1, __ATOMIC_SEQ_CST);
		line = hart_files_take(hart, vcpu);
	}
	if (line)
		promote(vcpu, line);
	return line != 0;
}

/*
 * For a vCPU that insists. Its line is free; or a VM at its ease has it, which does not run here;
 * or somebody who is being moved away by another hart, with interrupts off there: so it ends soon.
 * Who moves others waits for harts by hart_call(), which does not wait for ever.
 */
static void find_promised(struct hart *hart, struct vcpu *vcpu)
{
	while (!place(vcpu) && home(vcpu) == hart && !find_file(hart, vcpu)) {
		/* Who moves others may come to this one first. */
		busy_drop(vcpu);
		for (unsigned int i = 0; i < PROMISE_PAUSE; i++) {
			hart_serve();
			arch_relax();
		}
		busy_take(vcpu);
	}
	/* It has a home elsewhere by now, and goes there without having entered the guest. */
	if (!place(vcpu))
		vcpu_leave(vcpu, LEAVE_PREEMPTED);
}

/* busy is held, and the vCPU is on its SW-file. */
static void find_any(struct hart *hart, struct vcpu *vcpu)
{
	if (insists(vcpu))
		find_promised(hart, vcpu);
	else
		find_file(hart, vcpu);
}

static NOINLINE void load_elsewhere(struct hart *hart, struct vcpu *vcpu)
{
	struct intfile *file = &vcpu->intfile;

	busy_take(vcpu);
	if (place(vcpu) && place(vcpu) != hart) {
		demote_and_free(vcpu);
		file->counts.handovers++;
		hart_files_count(hart, handovers);
	}
	if (!place(vcpu))
		find_any(hart, vcpu);
	if (place(vcpu)) {
		file->counts.found++;
		hart_files_count(hart, found);
	} else {
		arch_vsfile_select(vcpu, 0);
	}
	if (!place(vcpu) && !insists(vcpu)) {
		file->counts.software++;
		hart_files_count(hart, software);
	}
	busy_drop(vcpu);
}

/*
 * Where a file is only this hart makes this hart (promote()), and who takes it away from here waits
 * until this hart has drained it: so no order is needed for a look at that.
 */
static inline bool is_here(const struct intfile *file, const struct hart *hart)
{
	return __atomic_load_n(&file->hart, __ATOMIC_RELAXED) == hart;
}

void intfile_load(struct vcpu *vcpu)
{
	struct hart *hart = hart_self();
	struct intfile *file = &vcpu->intfile;

	if (!vcpu->vm->vsfiles)
		return;
	if (unlikely(!is_here(file, hart))) {
		load_elsewhere(hart, vcpu);
		return;
	}
	/* It is selected since it is here. */
	file->counts.hits++;
	hart_files_count(hart, hits);
	if (file->watched) {
		file->watched = false;
		arch_vsfile_unwatch(file->line);
	}
}

void intfile_retry(struct vcpu *vcpu)
{
	if (!vcpu->vm->vsfiles)
		return;
	/* Who moves it says when that is over; who insists does not go on before. */
	if (insists(vcpu))
		busy_take(vcpu);
	else if (!busy_try(vcpu))
		return;
	if (!place(vcpu))
		find_any(hart_self(), vcpu);
	busy_drop(vcpu);
}

void intfile_sleep(struct vcpu *vcpu)
{
	struct intfile *file = &vcpu->intfile;

	/* A demotion under way tells the vCPU when it is over, and drains here, after this. */
	if (is_here(file, hart_self()) && arch_vcpu_takes_extirq(&vcpu->arch)) {
		file->watched = true;
		arch_vsfile_watch(file->line);
	}
}

static void wake(struct vcpu *owner)
{
	owner->intfile.counts.wakes++;
	vcpu_notify(owner, PENDING_EXTIRQ);
}

void intfile_interrupt(void)
{
	struct hart *hart = hart_self();
	uint64_t lines = arch_vsfile_interrupt();

	hart_files_count(hart, wakes);
	hart_files_owners(hart, lines, wake);
}

/* ---- producers ---- */

/* @identity is in the SW-file: the vCPU has to look at it. */
static void injected(struct vcpu *vcpu, unsigned int identity)
{
	if (hart_self()->running != vcpu)
		vcpu_notify(vcpu, PENDING_EXTIRQ);
	else if (swfile_signals(vcpu->file, identity))
		arch_vcpu_extirq_raise(vcpu);
}

static NOINLINE void inject_where_it_is(struct vcpu *vcpu, unsigned int identity)
{
	struct intfile *file = &vcpu->intfile;
	unsigned long flags;
	bool software;

	if (identity == 0 || identity > vcpu->file->identities)
		return;
	flags = spin_lock(&file->lock);
	software = !file->hart;
	if (software) {
		swfile_inject(vcpu->file, identity);
	} else {
		unsigned int here = hart_self()->index;

		if (!hartset_has(&vcpu->vm->producers, here))
			hartset_add(&vcpu->vm->producers, here);
		arch_vsfile_store(file->hart, file->line, identity);
	}
	spin_unlock(&file->lock, flags);
	if (software)
		injected(vcpu, identity);
}

void intfile_inject(struct vcpu *vcpu, unsigned int identity)
{
	DCHECK(arch_irqs_off());
	if (vcpu->vm->vsfiles)
		inject_where_it_is(vcpu, identity);
	else if (swfile_inject(vcpu->file, identity))
		injected(vcpu, identity);
}
