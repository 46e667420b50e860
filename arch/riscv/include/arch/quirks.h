/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errata of harts, by mvendorid, marchid and mimpid: rows of one table. No lock: the table never
 * changes.
 */
#ifndef ARCH_QUIRKS_H
#define ARCH_QUIRKS_H

#include <core/hart.h>

/**
 * Asks the firmware which hart this is and fills in @hart->arch's ids and `broken`: the features,
 * BIT(enum hart_feature), that it is not to have. What applies is added to the findings. Each hart
 * for itself, before its features are looked at.
 */
void hart_quirks_find(struct hart *hart);

/** What people call the core with these ids, or NULL. After hart_quirks_find(). */
const char *hart_core_name(const struct arch_hart *arch);

#endif
