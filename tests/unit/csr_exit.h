/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits of the guest of fake_exit.h by CSR instructions, what these say, and the fences
 * that they lead to. One thread.
 */
#ifndef CSR_EXIT_H
#define CSR_EXIT_H

#include <arch/fence.h>
#include <core/types.h>

#define SYSTEM 0x73 /* the opcode */

/** funct3 of each form (unprivileged specification, "Zicsr"). */
#define RW 1
#define RS 2
#define RC 3
#define RWI 5
#define RSI 6
#define RCI 7

uint32_t csr_insn(unsigned int csr, unsigned int funct3, unsigned int rd, unsigned int rs1);

/** The fences since csr_exit_reset(), and the last of them. */
extern struct csr_fences {
	unsigned int count;
	enum fake_fence what;
	uint64_t at, asid;
} fences;

/** fake_exit_reset(), and no fence yet. */
void csr_exit_reset(void);

struct vcpu;

/** exit_instruction_light(), and what trap_entry makes of its result. */
bool csr_exit_light(struct vcpu *vcpu);

/** What a form makes of @old. */
uint64_t csr_after(unsigned int funct3, uint64_t old, uint64_t operand);

/** Runs an array of tests with light functions left out, and once more with them. */
#define csr_exit_run(tests)                          \
	(cmocka_run_group_tests(tests, NULL, NULL) + \
	 (fake_exit_light = csr_exit_light,          \
	  cmocka_run_group_tests_name("light", tests, NULL, NULL)))

/** An exit with @insn in stval; true when it was done and the guest goes on behind it. */
bool csr_exit(uint32_t insn);

#endif
