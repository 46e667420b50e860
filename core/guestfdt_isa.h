/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of extensions in an ISA string, private to the guest's device tree. No lock. */
#ifndef CORE_GUESTFDT_ISA_H
#define CORE_GUESTFDT_ISA_H

/** More extensions than this are cut off; there are about half as many. */
#define ISA_SORT_MAX 256u

/**
 * Puts @extensions into canonical order, each name once; @sorted has room for ISA_SORT_MAX.
 * Returns how many there are.
 */
unsigned int isa_sort(const char *const *extensions, unsigned int count, const char **sorted);

#endif
