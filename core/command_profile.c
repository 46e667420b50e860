/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands that show where time goes: `vm stat` and `host top`. They belong to the shell's
 * thread; the control lock is not held while they wait.
 */
#include "command.h"

#include <core/alloc.h>
#include <core/hart.h>
#include <core/number.h>
#include <core/profile.h>
#include <core/thread.h>
#include <core/timer.h>
#include <core/vm.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- vm stat ---- */

static struct exit_stat rows[EXIT_STATS + 1]; /* of the command that runs */

static void print_us(const char *what, uint64_t ticks)
{
	uint64_t us = ticks_to_us(ticks);

	shell_printf("%s %" PRIu64 ".%06u s", what, us / 1000000, (unsigned int)(us % 1000000));
}

static void stat_show_vcpu(const struct vm *vm, const struct vcpu *vcpu)
{
	struct profile_time time = { 0 };
	unsigned int count = 0;
	char name[48];

	if (vcpu->exit_table) {
		time = exit_table_time(vcpu->exit_table);
		count = exit_table_read(vcpu->exit_table, rows);
	}
	shell_printf("vCPU %u:", vcpu->index);
	print_us(" guest", time.guest);
	print_us(", exits", time.exits);
	shell_printf(" (%" PRIu64 ")\n", time.count);
	if (count)
		shell_printf("%12s %8s %8s %8s %12s  %s\n", "exits", "least", "mean", "most", "us",
			     "reason");
	for (unsigned int i = 0; i < count; i++) {
		arch_exit_name(vm, rows[i].reason, name, sizeof(name));
		shell_printf("%12" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %12" PRIu64
			     "  %s\n",
			     rows[i].count, rows[i].least, rows[i].sum / rows[i].count,
			     rows[i].most, ticks_to_us(rows[i].ticks), name);
	}
}

static int stat_show(struct vm *vm)
{
	if (vm->profiled)
		profile_settle();
	shell_printf("%s: exits are %s; least, mean and most are instructions\n", vm->name,
		     vm->profiled ? "counted" : "not counted");
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		stat_show_vcpu(vm, vm->vcpus[i]);
	return 0;
}

static int stat_clear(struct vm *vm)
{
	vm_profile_clear(vm);
	return 0;
}

static const struct {
	const char *word;
	int (*operate)(struct vm *vm);
} stat_words[] = {
	{ "on", vm_profile_start },
	{ "off", vm_profile_stop },
	{ "reset", stat_clear },
};

int vm_stat_run(unsigned int argc, char *const *argv)
{
	int (*operate)(struct vm *vm) = argc < 2 ? stat_show : NULL;
	struct vm *vm;
	int result = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(stat_words) && argc > 1; i++)
		if (strcmp(argv[1], stat_words[i].word) == 0)
			operate = stat_words[i].operate;
	if (!operate) {
		shell_printf("On, off or reset? vm stat <vm> on|off|reset\n");
		return 0;
	}
	vm_control_lock();
	vm = vm_find(argv[0]);
	if (vm)
		result = operate(vm);
	else
		shell_printf("There is no VM \"%.32s\".\n", argv[0]);
	vm_control_unlock();
	return result;
}

/* ---- host top ---- */

#define SECONDS_MAX 3600
#define ROUNDS_MAX 100000

/* A share of time as a percentage with one digit behind the point. */
static void print_share(unsigned int share)
{
	shell_printf(" %5u.%u%%", share / 10, share % 10);
}

static uint64_t per_second(uint64_t count, uint64_t ticks)
{
	uint64_t us = ticks_to_us(ticks);

	return us ? count * 1000000 / us : 0;
}

static void top_hart(const struct hart *hart, const struct hart_sample *before,
		     const struct hart_sample *after)
{
	struct hart_shares shares;

	/* It may have come or gone meanwhile. */
	if (!before->now || !after->now)
		return;
	shares = hart_shares_of(before, after);
	shell_printf("%4" PRIu64, hart->id);
	print_share(shares.guest);
	print_share(shares.hypervisor);
	print_share(shares.idle);
	shell_printf(" %10" PRIu64 "\n", per_second(shares.exits, after->now - before->now));
}

/* Makes @vm->spent what its vCPUs did since the mark before, or since they were made. */
static void vm_mark(struct vm *vm)
{
	struct profile_time sum = { 0 };

	for (unsigned int i = 0; i < vm->vcpu_count; i++) {
		const struct profile_time *each = &vm->vcpus[i]->profile;

		sum.guest += __atomic_load_n(&each->guest, __ATOMIC_RELAXED);
		sum.exits += __atomic_load_n(&each->exits, __ATOMIC_RELAXED);
		sum.count += __atomic_load_n(&each->count, __ATOMIC_RELAXED);
	}
	vm->spent.guest = sum.guest - vm->profile_mark.guest;
	vm->spent.exits = sum.exits - vm->profile_mark.exits;
	vm->spent.count = sum.count - vm->profile_mark.count;
	vm->profile_mark = sum;
}

/* Parts of one hart: a VM with two busy vCPUs has 200 %. */
static void top_vm(const struct vm *vm, uint64_t ticks)
{
	shell_printf("%4u", vm->id);
	print_share(permille(vm->spent.guest / vm->vcpu_count, ticks) * vm->vcpu_count);
	print_share(permille(vm->spent.exits / vm->vcpu_count, ticks) * vm->vcpu_count);
	shell_printf(" %19" PRIu64 "  %s\n", per_second(vm->spent.count, ticks), vm->name);
}

static void top_show(const struct hart_sample *before, const struct hart_sample *after,
		     uint64_t ticks)
{
	unsigned int quiet = 0;

	shell_printf("%4s %7s %7s %7s %10s\n", "hart", "guests", "hyperv.", "idle", "exits/s");
	for (unsigned int i = 0; i < hart_count; i++)
		top_hart(harts[i], &before[i], &after[i]);
	shell_printf("%4s %7s %7s %19s\n", "vm", "guest", "exits", "exits/s");
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		if (vm->spent.guest || vm->spent.count)
			top_vm(vm, ticks);
		else
			quiet++;
	if (quiet)
		shell_printf("and %u that did not run\n", quiet);
}

/* One look at all harts and VMs. Returns when it was. */
static uint64_t top_look(struct hart_sample *samples)
{
	memset(samples, 0, hart_count * sizeof(*samples));
	machine_profile_sample(samples);
	for (struct vm *vm = vm_next(NULL); vm; vm = vm_next(vm))
		vm_mark(vm);
	return time_now();
}

/* Sleeps until @end, or something is typed. */
static bool top_wait(uint64_t end)
{
	while (time_now() < end && !shell_interrupted())
		thread_wait(end);
	return !shell_interrupted();
}

/* Looks again after @seconds each, up to @rounds times. */
static void top(struct hart_sample *samples, uint64_t seconds, uint64_t rounds)
{
	struct hart_sample *before = samples, *after = samples + hart_count, *other;
	uint64_t since, now;
	bool go_on = true;

	vm_control_lock();
	machine_profile_start();
	since = top_look(before);
	for (uint64_t i = 0; i < rounds && go_on; i++) {
		vm_control_unlock();
		go_on = top_wait(since + us_to_ticks(seconds * 1000000));
		vm_control_lock();
		now = top_look(after);
		if (i)
			shell_printf("\n");
		top_show(before, after, now - since);
		since = now;
		other = before;
		before = after;
		after = other;
	}
	machine_profile_stop();
	vm_control_unlock();
}

int host_top_run(unsigned int argc, char *const *argv)
{
	uint64_t seconds = 1, rounds = 1;
	struct hart_sample *samples;

	if ((argc > 0 && (!number_parse(argv[0], &seconds) || !seconds || seconds > SECONDS_MAX)) ||
	    (argc > 1 && (!number_parse(argv[1], &rounds) || !rounds || rounds > ROUNDS_MAX)))
		return -EINVAL;
	samples = alloc_zero(2 * hart_count * sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	top(samples, seconds, rounds);
	alloc_free(samples);
	return 0;
}
