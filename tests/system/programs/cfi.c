/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: masked pointers (Supm), landing pads (Zicfilp) and the shadow stack
 * (Zicfiss) in user mode. Each test is a child, which turns on what it needs by prctl(2) and ends
 * with 0, or with the si_code of the SIGSEGV that it ran into, or with what prctl() said. Nothing
 * is linked: system calls are made here, and no code has shadow stack instructions or landing pads
 * but what is written so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define SEGV_CPERR 10 /* control protection */

#define PR_SET_TAGGED_ADDR_CTRL 55
#define PR_GET_TAGGED_ADDR_CTRL 56
#define PR_TAGGED_ADDR_ENABLE 1
#define PR_PMLEN_SHIFT 24
#define PR_GET_SHADOW_STACK_STATUS 74
#define PR_SET_SHADOW_STACK_STATUS 75
#define PR_SHADOW_STACK_ENABLE 1
#define PR_GET_CFI 80
#define PR_SET_CFI 81
#define PR_CFI_BRANCH_LANDING_PADS 0
#define PR_CFI_ENABLE 1

#define PMLEN 7
#define TAG (UINT64_C(0x55) << (64 - PMLEN))
#define ROUNDS 1000000

#define WRONG 100 /* a child saw something else than it should */
#define REFUSED 101 /* prctl() failed */
#define KILLED 200 /* plus the number of the signal */

/* Instructions that assemblers may not know. */
#define LPAD(label) ".4byte 0x00000017 + (" #label " << 12)\n\t"
#define SSPUSH_RA ".4byte 0xce104073\n\t"
#define SSPOPCHK_RA ".4byte 0xcdc0c073\n\t"
#define SSRDP_A0 ".4byte 0xcdc04573\n\t"

void program(void);
void end(long status) __attribute__((noreturn));
void on_fault(int signal, void *info, char *context); /* a handler of signals, in assembler below */

void end(long status)
{
	linux_exit(status);
}

static long prctl(long option, long a, long b)
{
	return syscall(SYS_PRCTL, option, a, b);
}

static volatile uint64_t memory = 0x1234567;

static volatile uint64_t *tagged(void)
{
	uint64_t address = (uint64_t)&memory | TAG;

	__asm__ volatile("" : "+r"(address));
	return (volatile uint64_t *)address;
}

static void mask_pointers(void)
{
	long wanted = PMLEN << PR_PMLEN_SHIFT | PR_TAGGED_ADDR_ENABLE;

	if (prctl(PR_SET_TAGGED_ADDR_CTRL, wanted, 0))
		end(REFUSED);
	if (prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0) != wanted)
		end(WRONG);
}

static void tag_unmasked(void)
{
	(void)*tagged();
}

static void tag_masked(void)
{
	mask_pointers();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		*tagged() = i;
		if (*tagged() != i || memory != i)
			end(WRONG);
	}
}

/* The kernel takes a pointer with a tag, too. */
static void tag_for_kernel(void)
{
	mask_pointers();
	if (syscall(SYS_WRITE, 1, (long)((uint64_t)"cfi: written\n" | TAG), 13) != 13)
		end(WRONG);
}

static void landing_pads(void)
{
	unsigned long status = 0;

	if (prctl(PR_SET_CFI, PR_CFI_BRANCH_LANDING_PADS, PR_CFI_ENABLE))
		end(REFUSED);
	if (prctl(PR_GET_CFI, PR_CFI_BRANCH_LANDING_PADS, (long)&status) || status != PR_CFI_ENABLE)
		end(WRONG);
}

/* An indirect jump, with label 5 in x7, to what stands at the aligned label 1. */
#define JUMP_TO(target) \
	__asm__ volatile("lui t2, 5\n\tla a0, 1f\n\tjr a0\n\t.balign 4\n1:" target : : : "a0", "t2")

static void jump_to_no_pad_untracked(void)
{
	JUMP_TO("nop");
}

/* Interrupts come between jumps and landing pads, too. */
static void jump_to_pads(void)
{
	landing_pads();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		JUMP_TO(LPAD(0));
		JUMP_TO(LPAD(5));
	}
}

static void jump_to_no_pad(void)
{
	landing_pads();
	JUMP_TO("nop");
}

static void jump_to_other_label(void)
{
	landing_pads();
	JUMP_TO(LPAD(6));
}

static uint64_t shadow_stack_pointer(void)
{
	register uint64_t a0 __asm__("a0") = 0;

	__asm__ volatile(SSRDP_A0 : "+r"(a0));
	return a0;
}

static uint64_t shadow_stack(void)
{
	unsigned long status = 0;

	if (prctl(PR_SET_SHADOW_STACK_STATUS, PR_SHADOW_STACK_ENABLE, 0))
		end(REFUSED);
	if (prctl(PR_GET_SHADOW_STACK_STATUS, (long)&status, 0) || status != PR_SHADOW_STACK_ENABLE)
		end(WRONG);
	return shadow_stack_pointer();
}

/* Pushes `pushed`, then pops and checks for `popped`. Returns the pointer in between. */
static uint64_t push_and_pop(uint64_t pushed, uint64_t popped)
{
	register uint64_t a0 __asm__("a0") = 0;

	__asm__ volatile("mv ra, %1\n\t" SSPUSH_RA SSRDP_A0 "mv ra, %2\n\t" SSPOPCHK_RA
			 : "+r"(a0)
			 : "r"(pushed), "r"(popped)
			 : "ra", "memory");
	return a0;
}

static void shadow_off(void)
{
	if (shadow_stack_pointer() || push_and_pop(1, 2))
		end(WRONG);
}

static void shadow_agrees(void)
{
	uint64_t top = shadow_stack();

	for (uint64_t i = 0; i < ROUNDS; i++)
		if (push_and_pop(i, i) != top - 8 || shadow_stack_pointer() != top)
			end(WRONG);
}

static void shadow_differs(void)
{
	shadow_stack();
	push_and_pop(1, 2);
}

static void shadow_written(void)
{
	((volatile uint64_t *)shadow_stack())[-1] = 1;
}

static const struct {
	const char *name;
	void (*run)(void);
	unsigned int status;
} tests[] = {
	{ "tag, unmasked", tag_unmasked, SEGV_MAPERR },
	{ "tag, masked", tag_masked, 0 },
	{ "tag, for the kernel", tag_for_kernel, 0 },
	{ "jump, not tracked", jump_to_no_pad_untracked, 0 },
	{ "jump to landing pads", jump_to_pads, 0 },
	{ "jump to no landing pad", jump_to_no_pad, SEGV_CPERR },
	{ "jump to another label", jump_to_other_label, SEGV_CPERR },
	{ "no shadow stack", shadow_off, 0 },
	{ "shadow stack agrees", shadow_agrees, 0 },
	{ "shadow stack differs", shadow_differs, SEGV_CPERR },
	{ "shadow stack written", shadow_written, SEGV_ACCERR },
};

/* Runs the test in a child; its exit status, or KILLED and its signal. */
static unsigned int run(unsigned int i)
{
	int status = 0;
	long child = syscall(SYS_CLONE, SIGCHLD);

	if (child == 0) {
		tests[i].run();
		end(0);
	}
	if (syscall(SYS_WAIT4, child, (long)&status) != child)
		return WRONG;
	if (status & 0x7f)
		return KILLED + (unsigned int)(status & 0x7f);
	return (unsigned int)status >> 8 & 0xff;
}

void program(void)
{
	struct linux_sigaction action = { on_fault, SA_SIGINFO, 0 };
	unsigned int count = sizeof(tests) / sizeof(tests[0]), good = 0;

	syscall(SYS_RT_SIGACTION, SIGSEGV, (long)&action, 0, 8);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int status = run(i);

		good += status == tests[i].status;
		put(status == tests[i].status ? "cfi: " : "cfi: WRONG: ");
		put(tests[i].name);
		put(": ");
		put_number(status);
		put("\n");
	}
	put("cfi: ");
	put_number(good);
	put(" of ");
	put_number(count);
	put(" as they should\n");
	end(good != count);
}

/* The handler is entered with the address of a siginfo in a1, whose si_code is at 8. */
__asm__(".balign 4\non_fault:\n\t" LPAD(0) "lw a0, 8(a1)\n\tj end\n\t");

PROGRAM_START;
