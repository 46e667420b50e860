/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of a flattened device tree (specification v0.4, chapter 5) to find memory, CPUs,
 * arguments and devices. Read only; set once by fdt_init() before other harts run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A device by its `compatible`. An address of 0 means that there is no (enabled) one. */
struct fdt_device {
	uint64_t address, size; /* of the first `reg` entry, two cells each */
	const char *path;  /* of the node, valid until the next fdt_device() */
};

/* Remembers the tree; one that is not a device tree behaves as an empty one. */
void fdt_init(const void *tree);

/* Where the tree lies and how long it is (0 if there is none). */
uint64_t fdt_address(void);
uint32_t fdt_size(void);

/* A property of the node at `path` ("/cpus/cpu@0"; a name may omit "@unit"), or NULL. */
const void *fdt_property(const char *path, const char *name, uint32_t *length);

/* A property that holds one or two cells, or `fallback`. */
uint64_t fdt_number(const char *path, const char *name, uint64_t fallback);

/* The n-th enabled node, from 0 on, with an address and with `value` in the list `property`. */
struct fdt_device fdt_nth(const char *property, const char *value, unsigned int n);

/* The first enabled node whose `compatible` list has the string. */
struct fdt_device fdt_device(const char *compatible);

/* The RAM of the first memory node. */
struct fdt_device fdt_memory(void);

/* True when [address, address + size) touches what some `reg` of two-cell pairs describes. */
bool fdt_claims(uint64_t address, uint64_t size);

/* True when riscv,isa (or riscv,isa-extensions) of the first CPU has this extension. */
bool fdt_has_extension(const char *extension);
