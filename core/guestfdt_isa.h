/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of extensions in an ISA string, private to the guest's device tree. No lock. */
#ifndef CORE_GUESTFDT_ISA_H
#define CORE_GUESTFDT_ISA_H

/**
 * The extension after @last in canonical order, each name once; @last is NULL for the first.
 * Returns NULL after the last one.
 */
const char *isa_next(const char *const *extensions, unsigned int count, const char *last);

#endif
