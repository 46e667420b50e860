/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator is told about the machine. No lock: what is described does not change after
 * boot.
 */
#ifndef ARCH_DESCRIBE_H
#define ARCH_DESCRIBE_H

#include <core/hart.h>

/** The name of a feature, as in the option `hide`. */
const char *feature_name(enum hart_feature feature);

/**
 * Calls @line once for each line, without a line feed, about what an online hart has: features,
 * VMID bits, G-stage modes, guest interrupt files, vector length.
 */
void arch_hart_describe(const struct hart *hart, void (*line)(const char *text));

/** The same about the firmware. */
void arch_firmware_describe(void (*line)(const char *text));

#endif
