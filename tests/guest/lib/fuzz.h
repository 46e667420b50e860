/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random instructions, values, device accesses and SBI calls for the hostile payload. Each hart
 * has its own struct fuzz; fuzz_init() runs once before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What U-mode sees, at these addresses. */
#define FUZZ_USER_CODE 0x0000400000ul /* one page: the code buffer of the hart, RX */
#define FUZZ_USER_DATA 0x0000800000ul /* 4 pages of the scratch area, RW */
#define FUZZ_USER_DEVICES 0x0001000000ul /* APLIC, RTC, IMSIC pages, RW */
#define FUZZ_USER_FOREIGN 0x0002000000ul /* 16 pages at random physical addresses, RWX */

struct fuzz {
	uint64_t state;
};

struct fuzz_call {
	unsigned long eid, fid, arg[6];
};

/* Finds the scratch area in the middle of RAM, the devices, and whether this is OpenSBI. */
void fuzz_init(void);

/* Seeds the generator of one hart. */
void fuzz_begin(struct fuzz *fuzz, uint64_t seed, unsigned long hart);

uint64_t fuzz_random(struct fuzz *fuzz);

/* Evenly from 0 to limit - 1. */
unsigned int fuzz_below(struct fuzz *fuzz, unsigned int limit);

/* A register value for S-mode: never an address in the image of this payload. */
unsigned long fuzz_value(struct fuzz *fuzz);

/* A register value for U-mode: often an address that its page table has. */
unsigned long fuzz_user_value(struct fuzz *fuzz);

/* Fills this hart's code buffer with random instructions. In S-mode (user false) there are no
 * jumps, and no writes to CSRs without which the trap handler cannot run. */
void fuzz_code(struct fuzz *fuzz, unsigned int count, bool user);

/* Fills the buffer with one access of any form to a device or to where nothing is. */
void fuzz_device_access(struct fuzz *fuzz);

/* Where the buffer lies in S-mode. */
unsigned long fuzz_code_address(void);

/* A root table for U-mode runs, and the pages in it that change from run to run. */
uint64_t *fuzz_user_root(void);
void fuzz_user_pages(struct fuzz *fuzz, uint64_t *root);

/* An SBI call with random numbers. Leaves out what would end this machine or stop this hart. */
struct fuzz_call fuzz_sbi_call(struct fuzz *fuzz);
