/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_hart.h"
#include "fake_vsfile.h"
#include "gstage_walker.h"
#include "intfile_world.h"

#include <arch/gstage.h>
#include <arch/sbi.h>
#include <arch/vsfile.h>
#include <core/hart_files.h>
#include <core/intfile.h>
#include <core/log.h>
#include <core/options.h>
#include <core/page.h>
#include <core/vm.h>
#include <emulators/swfile.h>
#include <errno.h>

struct vm vm;
struct vcpu vcpus[VCPUS];
struct swfile files[VCPUS];
struct model models[VCPUS];
static bool pbmt; /* memory types may be used */

bool option_pair(const char *name, uint64_t key, uint64_t *value)
{
	return false;
}

void log_info(const char *fmt, ...)
{
}

void vcpu_notify(struct vcpu *vcpu, uint32_t bits)
{
	models[vcpu - vcpus].told = true;
}

void vcpu_leave(struct vcpu *vcpu, enum sched_leave how)
{
	assert_int_equal(how, LEAVE_PREEMPTED);
	models[vcpu - vcpus].left = true;
}

void arch_vcpu_extirq_raise(struct vcpu *vcpu)
{
	models[vcpu - vcpus].told = true;
}

void act_as(struct hart *hart)
{
	fake_hart_self = hart;
}

/* An IPI is answered at once, by the hart that it goes to. */
static void kicked(unsigned int index)
{
	struct hart *self = fake_hart_self;

	act_as(&fake_harts[index]);
	hart_serve();
	act_as(self);
}

static int world_setup(bool types)
{
	pbmt = types;
	fake_hart_reset();
	fake_vsfile_reset();
	fake_kick_hook = kicked;
	fake_arena_add(MIB(1));
	hart_count = HARTS;
	memset(&vm, 0, sizeof(vm));
	memset(vcpus, 0, sizeof(vcpus));
	memset(models, 0, sizeof(models));
	for (unsigned int i = 0; i < HARTS; i++) {
		harts[i] = &fake_harts[i];
		assert_int_equal(hart_files_init(harts[i], i), 0); /* 0, 1 and 2 lines */
	}
	assert_int_equal(gstage_init(&vm.gstage, 3, page_owner_vm(1)), 0);
	vm.gstage.pbmt = pbmt;
	vm.vsfiles = vm.imsic = true;
	vm.imsic_base = gpa(PAGES);
	for (unsigned int i = 0; i < VCPUS; i++) {
		vcpus[i].vm = &vm;
		vcpus[i].index = i;
		vcpus[i].file = &files[i];
		swfile_init(&files[i], 255);
		intfile_init(&vcpus[i].intfile);
		assert_int_equal(gstage_leaf_prepare(&vm.gstage, gpa(PAGES + i * PAGE_SIZE)), 0);
	}
	return 0;
}

int intfile_setup(void **unused)
{
	return world_setup(true);
}

int intfile_setup_without_pbmt(void **unused)
{
	return world_setup(false);
}

int intfile_teardown(void **unused)
{
	gstage_destroy(&vm.gstage);
	return 0;
}
