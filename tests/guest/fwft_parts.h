/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the payload `fwft` share: the features and their calls, and the tests of what
 * features do.
 */
#pragma once

#include "lib/sbi.h"

#include <stdbool.h>

#define CSR_SSP 0x011

enum { MISALIGNED, LANDING_PAD, SHADOW_STACK, DOUBLE_TRAP, AD_UPDATING, PMLEN, FEATURES };

extern const char *const feature_names[FEATURES];

/* Values that each may have; 0 is one of all. */
extern const unsigned long feature_values[FEATURES][3];

/* The arguments: which features there have to be, and whether PMLEN does anything. */
extern unsigned long offered;
extern bool masks;

static inline bool has(unsigned int feature)
{
	return offered >> feature & 1;
}

struct sbiret fwft_get(unsigned long feature);
/* The error. */
long fwft_set(unsigned long feature, unsigned long value, unsigned long flags);

/* In fwft_effects.c. Only misaligned LR and SC, ten times, with that value of the feature. */
void misaligned_only(unsigned long value);
void test_misaligned(void);
void test_landing_pad(void);
void test_shadow_stack(void);
void test_sdt(void);
void test_ad_updating(void);
void test_pmlen(void);
void test_side_by_side(void);
