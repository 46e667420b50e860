/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's device tree: the few questions that drivers and the boot code ask. A node is the
 * offset that libfdt uses for it, so that libfdt can be used as well. The blob never changes
 * after boot, so there is no lock.
 */
#ifndef CORE_HOSTDT_H
#define CORE_HOSTDT_H

#include <core/types.h>

/** The blob. Set by hostdt_init(). */
extern const void *host_fdt;

/**
 * Checks the blob at @fdt (aligned to 8 bytes) of at most @room bytes, whole. Returns 0 or -EINVAL.
 * Must have succeeded before anything below is called.
 */
int hostdt_init(const void *fdt, size_t room);

/**
 * The node after @node in the order of the tree; -1 begins with the root. @depth is counted up and
 * down; the root sets it to 0. Returns -1 at the end.
 */
int hostdt_next(int node, int *depth);

/**
 * Children: with *@depth 0 and a node, its first child; with *@depth 1 and a child, the next one.
 * Returns -1 at the end.
 */
int hostdt_child(int node, int *depth);

/** The node that @node is a child of, -1 for the root. */
int hostdt_parent(int node);

/**
 * The node at a path from the root, up to the end or a ':' (Devicetree specification 0.4, 2.2.3:
 * the "@" part of a name may be left out). Aliases are not followed. -1 when there is none.
 */
int hostdt_path(const char *path);

#define NODE_PATH_MAX 96

/** The deepest node that hostdt_init() accepts; the root is at depth 0. */
#define NODE_DEPTH_MAX 31

/** Writes the path of @node for people to read, or where it is if there is no @room for that. */
void hostdt_path_of(int node, char *path, size_t room);

/** A property's value and length in bytes, or NULL. Aligned to 4 bytes. @node may be negative. */
const void *hostdt_property(int node, const char *name, uint32_t *length);

/** String @index of a property that is a list of strings, or NULL. */
const char *hostdt_string(int node, const char *name, unsigned int index);

/** Whether @compatible is among the strings of a node's `compatible`. */
bool hostdt_compatible(int node, const char *compatible);

/** A node's own status is absent, "okay" or "ok". */
bool hostdt_enabled(int node);

/**
 * Window @index of a node's `reg`, translated through the `ranges` of its parents to a
 * host-physical address. Returns 0, -ENOENT (no such entry), -EINVAL (malformed or untranslatable).
 */
int hostdt_reg(int node, unsigned int index, hpa_t *base, uint64_t *size);

/** A property of one 32-bit cell, or @fallback. */
uint32_t hostdt_u32(int node, const char *name, uint32_t fallback);

/** Cell @index of a property of several, or @fallback. */
uint32_t hostdt_u32_at(int node, const char *name, unsigned int index, uint32_t fallback);

/**
 * Interrupt @index of a node, by `interrupts-extended` or `interrupts` with the inherited
 * `interrupt-parent`: the controller's node and its cells (at most @room).
 * Returns the number of cells, -ENOENT, or -EINVAL. Interrupt maps are not followed.
 */
int hostdt_interrupt(int node, unsigned int index, int *controller, uint32_t *cells,
		     unsigned int room);

/**
 * The node that a property of one phandle names. -ENOENT (no such property) or -EINVAL (malformed,
 * or nobody has it).
 */
int hostdt_phandle(int node, const char *name);

/** The node that a path or an alias names, options behind ':' dropped, or -ENOENT. */
int hostdt_path_or_alias(const char *path);

/**
 * The node that /chosen/stdout-path (or linux,stdout-path) names, likewise, or -ENOENT.
 */
int hostdt_stdout(void);

/**
 * RAM banks: `device_type = "memory"`, @index counts over all windows that are not empty, of all
 * enabled nodes. Those that go past the last physical address are passed over. Returns 0 or
 * -ENOENT.
 */
int hostdt_memory(unsigned int index, hpa_t *base, uint64_t *size);

/** Those that were passed over, likewise. */
int hostdt_memory_beyond(unsigned int index, hpa_t *base, uint64_t *size);

/**
 * What must not be used as RAM: the memory reservation block and the enabled children of
 * /reserved-memory that have a `reg`. One that would reach past the end of all addresses is cut
 * there. Windows may be empty or outside of RAM. Returns 0 or -ENOENT.
 */
int hostdt_reserved(unsigned int index, hpa_t *base, uint64_t *size);

/** Those of them that nobody may map, not even for reading (`no-map`), likewise. */
int hostdt_no_map(unsigned int index, hpa_t *base, uint64_t *size);

/**
 * The next /cpus/cpu node after @node (-1 to begin); disabled ones included. -1 at the end.
 * @hart_id gets its `reg` (one or two cells); a node without a usable one is passed over.
 */
int hostdt_cpu_next(int node, uint64_t *hart_id);

/**
 * The hart at the cpu node @cpu takes part. The next two know the first MAX_HARTS harts of the tree
 * and, in the place of others, all that take part. While booting.
 */
void hostdt_hart_note(int cpu, uint64_t hart_id);

/**
 * The hart id of the cpu node that holds the interrupt controller @controller ("riscv,cpu-intc").
 * Returns 0 or -ENOENT.
 */
int hostdt_intc_hart(int controller, uint64_t *hart_id);

/**
 * How many entries an `interrupts-extended` has that names cpu interrupt controllers only. 0 when
 * there is none, -EINVAL when its length is that of no such list.
 */
int hostdt_hart_interrupts(int node);

/**
 * Entry @index of an `interrupts-extended` that names cpu interrupt controllers only, as that of
 * an IMSIC, APLIC or PLIC does: the hart's id and the interrupt (9 for supervisor external).
 * Returns 0, -ENOENT (no such entry), -EINVAL (malformed, or no cpu's controller; go on with the
 * next entry). Takes a time independent of @index.
 */
int hostdt_hart_interrupt(int node, unsigned int index, uint64_t *hart_id, uint32_t *cause);

/** A property of /chosen that holds one address (one or two cells). Returns 0 or -ENOENT. */
int hostdt_chosen_address(const char *name, uint64_t *value);

/**
 * A property of /chosen that is one address and size, with the root's #address-cells and
 * #size-cells. Returns 0, -ENOENT, or -EINVAL (of another length).
 */
int hostdt_chosen_range(const char *name, hpa_t *base, uint64_t *size);

/** /chosen/bootargs, never NULL. */
const char *hostdt_bootargs(void);

#endif
