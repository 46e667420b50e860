/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hostdt.c and hostdt_tree.c share beside hostdt.h. No lock: nothing changes after boot.
 */
#ifndef CORE_HOSTDT_TREE_H
#define CORE_HOSTDT_TREE_H

#include <core/hostdt.h>

/** A cell as the blob holds it, in this machine's byte order. Without Zbb a builtin is a call. */
static inline uint32_t be32(uint32_t raw)
{
	return raw << 24 | (raw & 0xff00) << 8 | (raw >> 8 & 0xff00) | raw >> 24;
}

/** Whether the first string of a property is @value. */
bool hostdt_string_is(int node, const char *name, const char *value);

/** The node with that phandle, or -1. */
int hostdt_by_phandle(uint32_t phandle);

/** Entry @index of the memory reservation block. Returns 0 or -ENOENT. */
int hostdt_reservation(unsigned int index, hpa_t *base, uint64_t *size);
unsigned int hostdt_reservation_count(void);

/** Notes which interrupt controller is which hart's, for hostdt_hart_interrupt(). */
void hostdt_harts_find(void);

/** Looks where the nodes of RAM are, for hostdt_memory(). */
void hostdt_memory_find(void);

#endif
