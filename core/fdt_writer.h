/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a device tree from its root to its end, by libfdt's sequential calls. The first error
 * stays and ends all writing, so that only the end has to be looked at. The caller's buffer, and
 * no state besides: no lock.
 */
#ifndef CORE_FDT_WRITER_H
#define CORE_FDT_WRITER_H

#include <core/types.h>

struct fdt_writer {
	void *blob;
	int error; /* of libfdt */
};

/** Begins a tree in @size bytes at @blob: after this, the node "". */
void fdtw_create(struct fdt_writer *w, void *blob, size_t size);

/** Ends the tree. Returns 0, or the first error, of libfdt, that there was. */
int fdtw_finish(struct fdt_writer *w);

void fdtw_node(struct fdt_writer *w, const char *name);

/** A node "kind@address"; shorter than 64 characters. */
void fdtw_node_at(struct fdt_writer *w, const char *kind, uint64_t address);

/** Ends the node that was begun last and has not ended. */
void fdtw_end(struct fdt_writer *w);

/** Properties: bytes as they are; numbers in the tree's byte order. */
void fdtw_bytes(struct fdt_writer *w, const char *name, const void *value, size_t size);
void fdtw_string(struct fdt_writer *w, const char *name, const char *value);
void fdtw_flag(struct fdt_writer *w, const char *name);
void fdtw_u32(struct fdt_writer *w, const char *name, uint32_t value);
void fdtw_u32_pair(struct fdt_writer *w, const char *name, uint32_t first, uint32_t second);
void fdtw_u64(struct fdt_writer *w, const char *name, uint64_t value);

/** Room for @size bytes that the caller fills; NULL after an error. */
void *fdtw_space(struct fdt_writer *w, const char *name, size_t size);

/** "reg" with one range, where addresses and sizes have two cells. */
void fdtw_reg(struct fdt_writer *w, uint64_t base, uint64_t size);

void fdtw_cell_counts(struct fdt_writer *w, uint32_t address, uint32_t size);

#endif
