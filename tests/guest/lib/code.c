/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffer of each hart, filled and run in the sandbox of trap.c. A hart writes only its own
 * buffer, and FENCE.I follows each write.
 */
#include "code.h"
#include "csr.h"
#include "hart.h"

#include <string.h>

static uint16_t buffers[MAX_HARTS][2 * CODE_MAX + 32] __attribute__((aligned(64)));

unsigned long code_address(void)
{
	return (unsigned long)buffers[this_hart()->id];
}

bool code_completed(const struct frame *frame)
{
	return frame->cause == CAUSE_BREAKPOINT && frame->pc != code_address();
}

unsigned long code_pattern(unsigned int n)
{
	return 0x0123456789abcd00ul * 3 + n * 0x0101010101010101ul;
}

bool code_run(struct frame *frame, const uint32_t *instructions, unsigned int count, bool user)
{
	uint16_t *at = buffers[this_hart()->id];

	for (unsigned int i = 0; i < count && i < CODE_MAX; i++) {
		*at++ = (uint16_t)instructions[i];
		if ((instructions[i] & 3) == 3)
			*at++ = (uint16_t)(instructions[i] >> 16);
	}
	*at++ = (uint16_t)INSN_EBREAK;
	*at++ = (uint16_t)(INSN_EBREAK >> 16);
	fence_i();
	frame->pc = code_address();
	frame->status = csr_read(CSR_SSTATUS) & ~(unsigned long)(SSTATUS_SPIE | SSTATUS_SPP);
	if (!user)
		frame->status |= SSTATUS_SPP;
	frame->cause = 0;
	frame->tval = 0;
	sandbox_run(frame);
	return frame->cause == CAUSE_BREAKPOINT && frame->pc == (unsigned long)(at - 2);
}

struct frame code_one(uint32_t instruction, unsigned long a0, unsigned long a1, bool user)
{
	struct frame frame;

	memset(&frame, 0, sizeof(frame));
	for (unsigned int n = 1; n < 32; n++)
		frame.x[n] = code_pattern(n);
	frame.x[10] = a0;
	frame.x[11] = a1;
	code_run(&frame, &instruction, 1, user);
	return frame;
}
