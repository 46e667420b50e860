/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the IMSIC's pages are, from its `reg` alone. Pure: no state, no lock.
 */
#include "imsic.h"

#include <core/hostdt.h>

int imsic_pages_find(int node, unsigned int guest_bits, unsigned int number, hpa_t *base,
		     unsigned int *pages)
{
	uint64_t stride = PAGE_SIZE << guest_bits;
	uint64_t offset = number * stride;

	for (unsigned int i = 0;; i++) {
		uint64_t size;
		int err = hostdt_reg(node, i, base, &size);

		if (err)
			return err;
		if (!is_aligned(base->v, PAGE_SIZE))
			return -EINVAL;
		if (offset < size) {
			base->v += offset;
			*pages = (unsigned int)(MIN(size - offset, stride) / PAGE_SIZE);
			return *pages ? 0 : -EINVAL;
		}
		offset -= MIN(offset, align_up(size, stride));
	}
}
