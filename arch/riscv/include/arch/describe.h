/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator is told about the machine. No lock: what is described does not change after
 * boot.
 */
#ifndef ARCH_DESCRIBE_H
#define ARCH_DESCRIBE_H

#include <arch/isa.h>
#include <core/hart.h>

/** The name of a feature, as in the option `hide`. */
const char *feature_name(enum hart_feature feature);

/** By what a feature was looked for, and the extension that promises it, or ISA_COUNT. */
const char *feature_probe(enum hart_feature feature);
enum isa_extension feature_extension(enum hart_feature feature);

/** @title and the members of @set, as many to a line as there is room. */
void isa_set_say(const char *title, const struct isa_set *set, void (*line)(const char *text));

/**
 * Which extensions guests are told of that may run on all harts, and of each other one why they are
 * not. Thread context.
 */
void arch_offer_report(void (*line)(const char *text));

/**
 * What a VM for all known harts, or for @only, is offered when its description takes nothing away.
 * False: there is no such hart.
 */
bool arch_harts_offer(const struct hart *only, struct isa_set *offered);

/**
 * Calls @line once for each line, without a line feed, about what an online hart has: features,
 * VMID bits, G-stage modes, guest interrupt files, vector length.
 */
void arch_hart_describe(const struct hart *hart, void (*line)(const char *text));

/** The same with all that is known, and by what, for reports. A hart that is known. */
void arch_hart_report(const struct hart *hart, void (*line)(const char *text));

/** The firmware, and which extensions it says that it has. */
void arch_firmware_report(void (*line)(const char *text));

/** The firmware in one line. */
void arch_firmware_describe(void (*line)(const char *text));

#endif
