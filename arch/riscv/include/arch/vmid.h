/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: which are in use. Any context.
 */
#ifndef ARCH_VMID_H
#define ARCH_VMID_H

#include <core/types.h>

/** Sets how many VMIDs there are: the smallest VMIDLEN of the harts, in bits. While booting. */
void vmid_init(unsigned int bits);

/** A VMID of one's own, or 0 when there is none: that one is shared. */
unsigned int vmid_alloc(void);
void vmid_free(unsigned int vmid);

#endif
