/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing a device tree from its root to its end. */
#include "fdt_writer.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#define NAME_SIZE 64

void fdtw_create(struct fdt_writer *w, void *blob, size_t size)
{
	w->blob = blob;
	w->error = fdt_create(blob, (int)size);
	if (!w->error)
		w->error = fdt_finish_reservemap(blob);
}

int fdtw_finish(struct fdt_writer *w)
{
	return w->error ? w->error : fdt_finish(w->blob);
}

void fdtw_node(struct fdt_writer *w, const char *name)
{
	if (!w->error)
		w->error = fdt_begin_node(w->blob, name);
}

void fdtw_node_at(struct fdt_writer *w, const char *kind, uint64_t address)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s@%" PRIx64, kind, address);
	fdtw_node(w, name);
}

void fdtw_end(struct fdt_writer *w)
{
	if (!w->error)
		w->error = fdt_end_node(w->blob);
}

void fdtw_bytes(struct fdt_writer *w, const char *name, const void *value, size_t size)
{
	if (!w->error)
		w->error = fdt_property(w->blob, name, value, (int)size);
}

void fdtw_string(struct fdt_writer *w, const char *name, const char *value)
{
	fdtw_bytes(w, name, value, strlen(value) + 1);
}

void fdtw_flag(struct fdt_writer *w, const char *name)
{
	fdtw_bytes(w, name, "", 0);
}

void fdtw_u32(struct fdt_writer *w, const char *name, uint32_t value)
{
	if (!w->error)
		w->error = fdt_property_u32(w->blob, name, value);
}

void fdtw_u64(struct fdt_writer *w, const char *name, uint64_t value)
{
	if (!w->error)
		w->error = fdt_property_u64(w->blob, name, value);
}

void *fdtw_space(struct fdt_writer *w, const char *name, size_t size)
{
	void *space = NULL;

	if (!w->error)
		w->error = fdt_property_placeholder(w->blob, name, (int)size, &space);
	return w->error ? NULL : space;
}

void fdtw_u32_pair(struct fdt_writer *w, const char *name, uint32_t first, uint32_t second)
{
	fdt32_t cells[2] = { cpu_to_fdt32(first), cpu_to_fdt32(second) };

	fdtw_bytes(w, name, cells, sizeof(cells));
}

void fdtw_reg(struct fdt_writer *w, uint64_t base, uint64_t size)
{
	fdt64_t cells[2] = { cpu_to_fdt64(base), cpu_to_fdt64(size) };

	fdtw_bytes(w, "reg", cells, sizeof(cells));
}

void fdtw_cell_counts(struct fdt_writer *w, uint32_t address, uint32_t size)
{
	fdtw_u32(w, "#address-cells", address);
	fdtw_u32(w, "#size-cells", size);
}
