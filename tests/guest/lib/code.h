/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs single instructions, given as numbers, with all registers chosen by the caller. Each hart
 * has its own buffer for them, so all harts may use this at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "trap.h"

#define CODE_MAX 64 /* instructions in one run */

/* The address where the first instruction of this hart's buffer will run. */
unsigned long code_address(void);

/*
 * Runs `count` instructions (those whose low bits are not 11 are 16 bits long), then EBREAK, with
 * the registers of `frame`, in S-mode or (user) U-mode, interrupts off. `frame` holds the outcome.
 * True when EBREAK was reached, false when an instruction trapped before (see frame->cause).
 */
bool code_run(struct frame *frame, const uint32_t *instructions, unsigned int count, bool user);

/* Runs one instruction with x10 = a0, x11 = a1 and the other registers a pattern (code_pattern). */
struct frame code_one(uint32_t instruction, unsigned long a0, unsigned long a1, bool user);

/* True when the run that gave this frame reached its EBREAK. */
bool code_completed(const struct frame *frame);

/* What code_one() puts in register n. */
unsigned long code_pattern(unsigned int n);

/* csrrw/csrrs/csrrc (funct3 1, 2, 3; 5, 6, 7 with rs1 as the immediate). */
static inline uint32_t code_csr(unsigned int funct3, unsigned int csr, unsigned int rd,
				unsigned int rs1)
{
	return csr << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x73;
}

/* I-type and S-type instructions with a 12-bit immediate. */
static inline uint32_t code_i(unsigned int opcode, unsigned int funct3, unsigned int rd,
			      unsigned int rs1, int immediate)
{
	return (uint32_t)immediate << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

static inline uint32_t code_s(unsigned int opcode, unsigned int funct3, unsigned int rs1,
			      unsigned int rs2, int immediate)
{
	return ((uint32_t)immediate >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 |
	       ((uint32_t)immediate & 0x1f) << 7 | opcode;
}

#define OP_LOAD 0x03
#define OP_LOAD_FP 0x07
#define OP_STORE 0x23
#define OP_STORE_FP 0x27
#define OP_AMO 0x2f

#define INSN_ECALL 0x00000073
#define INSN_EBREAK 0x00100073
#define INSN_SRET 0x10200073
#define INSN_MRET 0x30200073
#define INSN_WFI 0x10500073
#define INSN_SFENCE_VMA 0x12000073
#define INSN_HFENCE_VVMA 0x22000073
#define INSN_HFENCE_GVMA 0x62000073
#define INSN_HLV_D 0x6c0545f3 /* hlv.d a1, (a0) */
#define INSN_HSV_D 0x6eb54073 /* hsv.d a1, (a0) */
#define INSN_FENCE_I 0x0000100f
