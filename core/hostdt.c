/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers questions about the host's device tree. What its properties say is not believed:
 * lengths, cell counts and phandles are checked where they are read, and a wrong one is an error
 * to the caller. Nothing changes after harts_find(), so no lock.
 */
#include "hostdt_tree.h"

#include <arch/pte.h>
#include <errno.h>
#include <string.h>

/* The interrupt controllers inside the cpu nodes. Controllers of many harts name them all. */
static struct intc {
	int node;
	uint32_t phandle;
	uint64_t hart_id;
	bool noted; /* the hart takes part */
} intcs[MAX_HARTS];
static unsigned int intc_count;

/* RAM is in nodes from one to the other; mostly there is one. -1: none. */
static struct {
	int first, last;
} memory = { -1, -1 };

/** A property seen as 32-bit big-endian cells. */
struct cells {
	const uint32_t *cell;
	unsigned int count;
};

static int cells_get(int node, const char *name, struct cells *cells)
{
	uint32_t length;

	cells->cell = hostdt_property(node, name, &length);
	if (!cells->cell)
		return -ENOENT;
	cells->count = length / 4;
	return length % 4 ? -EINVAL : 0;
}

/** @count cells (0 to 2) from @first as one number. */
static uint64_t cells_number(const struct cells *cells, unsigned int first, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = first; i < first + count; i++)
		value = value << 32 | be32(cells->cell[i]);
	return value;
}

/** How many cells the children of @node use for addresses and sizes. Returns 0 or -EINVAL. */
static int cells_of_bus(int node, unsigned int *address, unsigned int *size)
{
	*address = hostdt_u32(node, "#address-cells", 2);
	*size = hostdt_u32(node, "#size-cells", 1);
	return *address >= 1 && *address <= 2 && *size <= 2 ? 0 : -EINVAL;
}

/** Whether a window goes past the last address. */
static bool window_wraps(uint64_t base, uint64_t size)
{
	return size && base + (size - 1) < base;
}

/** Window @index of `reg` as the bus @parent numbers it. Returns 0, -ENOENT or -EINVAL. */
static int reg_of_bus(int node, int parent, unsigned int index, uint64_t *base, uint64_t *size)
{
	unsigned int na, ns;
	struct cells reg;
	int err = cells_get(node, "reg", &reg);

	if (err)
		return err;
	if (cells_of_bus(parent, &na, &ns))
		return -EINVAL;
	if (index >= reg.count / (na + ns))
		return -ENOENT;
	*base = cells_number(&reg, index * (na + ns), na);
	*size = cells_number(&reg, index * (na + ns) + na, ns);
	return 0;
}

/** Takes a window of the bus @bus to the addresses of @bus's parent, by its `ranges`. */
static int window_translate(int bus, int parent, uint64_t *base, uint64_t size)
{
	unsigned int na, ns, parent_na, parent_ns;
	struct cells ranges;

	if (cells_get(bus, "ranges", &ranges))
		return -EINVAL;
	if (!ranges.count)
		return 0;
	if (cells_of_bus(bus, &na, &ns) || cells_of_bus(parent, &parent_na, &parent_ns))
		return -EINVAL;

	unsigned int stride = na + parent_na + ns;

	for (unsigned int i = 0; i + stride <= ranges.count; i += stride) {
		uint64_t from = cells_number(&ranges, i, na);
		uint64_t to = cells_number(&ranges, i + na, parent_na);
		uint64_t length = cells_number(&ranges, i + na + parent_na, ns);

		if (*base < from || *base - from >= length || size > length - (*base - from))
			continue;
		if (window_wraps(to, length))
			return -EINVAL;
		*base = to + (*base - from);
		return 0;
	}
	return -EINVAL;
}

int hostdt_reg(int node, unsigned int index, hpa_t *base, uint64_t *size)
{
	int bus = hostdt_parent(node);
	uint64_t address, length;
	int err;

	if (bus < 0)
		return -EINVAL;
	err = reg_of_bus(node, bus, index, &address, &length);
	if (!err && window_wraps(address, length))
		err = -EINVAL;
	while (!err && bus > 0) {
		int parent = hostdt_parent(bus);

		err = parent < 0 ? -EINVAL : window_translate(bus, parent, &address, length);
		bus = parent;
	}
	if (err)
		return err;
	*base = hpa(address);
	*size = length;
	return 0;
}

/** `interrupt-parent` of @node or its nearest ancestor that has one. */
static int interrupt_parent(int node)
{
	uint32_t phandle = 0;

	while (node >= 0 && !phandle) {
		phandle = hostdt_u32(node, "interrupt-parent", 0);
		node = hostdt_parent(node);
	}
	return phandle ? hostdt_by_phandle(phandle) : -1;
}

/** #interrupt-cells of a controller: 0 to @room, otherwise -EINVAL. */
static int interrupt_cells(int controller, unsigned int room)
{
	uint32_t count;

	if (controller < 0)
		return -EINVAL;
	count = hostdt_u32(controller, "#interrupt-cells", UINT32_MAX);
	return count <= room ? (int)count : -EINVAL;
}

static int cells_copy(const struct cells *from, unsigned int first, int count, uint32_t *to)
{
	for (int i = 0; i < count; i++)
		to[i] = be32(from->cell[first + (unsigned int)i]);
	return count;
}

static int interrupt_extended(const struct cells *list, unsigned int index, int *controller,
			      uint32_t *cells, unsigned int room)
{
	for (unsigned int at = 0; at < list->count; index--) {
		uint32_t phandle = be32(list->cell[at++]);
		int count = 0;

		if (phandle) { /* 0 stands for an interrupt that is not connected */
			*controller = hostdt_by_phandle(phandle);
			count = interrupt_cells(*controller, room);
		}
		if (count < 0 || (unsigned int)count > list->count - at)
			return -EINVAL;
		if (!index)
			return phandle ? cells_copy(list, at, count, cells) : -ENOENT;
		at += (unsigned int)count;
	}
	return -ENOENT;
}

int hostdt_interrupt(int node, unsigned int index, int *controller, uint32_t *cells,
		     unsigned int room)
{
	struct cells list;
	int count, err = cells_get(node, "interrupts-extended", &list);

	if (!err)
		return interrupt_extended(&list, index, controller, cells, room);
	if (err == -ENOENT)
		err = cells_get(node, "interrupts", &list);
	if (err)
		return err;
	*controller = interrupt_parent(node);
	count = interrupt_cells(*controller, room);
	if (count <= 0)
		return -EINVAL;
	if (index >= list.count / (unsigned int)count)
		return -ENOENT;
	return cells_copy(&list, index * (unsigned int)count, count, cells);
}

int hostdt_hart_interrupts(int node)
{
	struct cells list;
	int err = cells_get(node, "interrupts-extended", &list);

	if (err)
		return err == -ENOENT ? 0 : err;
	return list.count % 2 ? -EINVAL : (int)(list.count / 2);
}

int hostdt_hart_interrupt(int node, unsigned int index, uint64_t *hart_id, uint32_t *cause)
{
	struct cells list;
	int err = cells_get(node, "interrupts-extended", &list);

	if (err)
		return err;
	if (index >= list.count / 2)
		return -ENOENT;
	*cause = be32(list.cell[index * 2 + 1]);
	for (unsigned int i = 0; i < intc_count; i++) {
		if (intcs[i].phandle == be32(list.cell[index * 2])) {
			*hart_id = intcs[i].hart_id;
			return 0;
		}
	}
	return -EINVAL;
}

uint32_t hostdt_u32_at(int node, const char *name, unsigned int index, uint32_t fallback)
{
	struct cells cells;

	if (cells_get(node, name, &cells) || index >= cells.count)
		return fallback;
	return be32(cells.cell[index]);
}

int hostdt_phandle(int node, const char *name)
{
	struct cells cells;
	int target, err = cells_get(node, name, &cells);

	if (err)
		return err;
	target = cells.count == 1 ? hostdt_by_phandle(be32(cells.cell[0])) : -1;
	return target < 0 ? -EINVAL : target;
}

int hostdt_path_or_alias(const char *path)
{
	int node = -1;

	if (*path != '/') { /* an alias, which is one word */
		char alias[32];
		size_t length = strcspn(path, ":");

		if (length >= sizeof(alias))
			return -ENOENT;
		memcpy(alias, path, length);
		alias[length] = 0;
		path = hostdt_string(hostdt_path("/aliases"), alias, 0);
	}
	if (path && *path == '/')
		node = hostdt_path(path);
	return node < 0 ? -ENOENT : node;
}

int hostdt_stdout(void)
{
	const char *path = hostdt_string(hostdt_path("/chosen"), "stdout-path", 0);

	if (!path)
		path = hostdt_string(hostdt_path("/chosen"), "linux,stdout-path", 0);
	return path ? hostdt_path_or_alias(path) : -ENOENT;
}

/** Whether there are such addresses. The window does not wrap. */
static bool is_physical(hpa_t base, uint64_t size)
{
	return base.v <= BIT(PHYSICAL_BITS) && size <= BIT(PHYSICAL_BITS) - base.v;
}

static bool node_is_memory(int node)
{
	return hostdt_string_is(node, "device_type", "memory") && hostdt_enabled(node);
}

void hostdt_memory_find(void)
{
	memory.first = memory.last = -1;
	for (int depth, node = hostdt_next(-1, &depth); node >= 0;
	     node = hostdt_next(node, &depth)) {
		if (!node_is_memory(node))
			continue;
		if (memory.first < 0)
			memory.first = node;
		memory.last = node;
	}
}

/** Bank @index of those that are @physical, or of the others. */
static int memory_bank(unsigned int index, bool physical, hpa_t *base, uint64_t *size)
{
	int depth = 0;

	for (int node = memory.first; node >= 0;
	     node = node == memory.last ? -1 : hostdt_next(node, &depth)) {
		if (!node_is_memory(node))
			continue;
		for (unsigned int i = 0; !hostdt_reg(node, i, base, size); i++)
			if (*size && is_physical(*base, *size) == physical && !index--)
				return 0;
	}
	return -ENOENT;
}

int hostdt_memory(unsigned int index, hpa_t *base, uint64_t *size)
{
	return memory_bank(index, true, base, size);
}

int hostdt_memory_beyond(unsigned int index, hpa_t *base, uint64_t *size)
{
	return memory_bank(index, false, base, size);
}

/** Window @index of all children of /reserved-memory, or of those with `no-map`, as below. */
static int reserved_child(unsigned int index, bool no_map, hpa_t *base, uint64_t *size)
{
	int depth = 0, parent = hostdt_path("/reserved-memory"), node = -1;
	uint32_t length;

	if (parent >= 0)
		node = hostdt_child(parent, &depth);
	for (; node >= 0; node = hostdt_child(node, &depth)) {
		if (!hostdt_enabled(node) || (no_map && !hostdt_property(node, "no-map", &length)))
			continue;
		/* These are addresses of the root, whatever `ranges` says. */
		for (unsigned int i = 0; !reg_of_bus(node, parent, i, &base->v, size); i++) {
			if (index--)
				continue;
			if (window_wraps(base->v, *size))
				*size = -base->v;
			return 0;
		}
	}
	return -ENOENT;
}

int hostdt_reserved(unsigned int index, hpa_t *base, uint64_t *size)
{
	if (hostdt_reservation(index, base, size))
		return reserved_child(index - hostdt_reservation_count(), false, base, size);
	if (window_wraps(base->v, *size))
		*size = -base->v;
	return 0;
}

int hostdt_no_map(unsigned int index, hpa_t *base, uint64_t *size)
{
	return reserved_child(index, true, base, size);
}

/** A child of /cpus that describes a hart, with a usable `reg`. */
static bool node_is_cpu(int node, int cpus, uint64_t *hart_id)
{
	unsigned int na, ns;
	struct cells reg;

	if (!hostdt_string_is(node, "device_type", "cpu") || cells_of_bus(cpus, &na, &ns) ||
	    cells_get(node, "reg", &reg) || reg.count < na)
		return false;
	*hart_id = cells_number(&reg, 0, na);
	return true;
}

int hostdt_cpu_next(int node, uint64_t *hart_id)
{
	int cpus = hostdt_path("/cpus");
	int depth = node < 0 ? 0 : 1;

	if (cpus < 0)
		return -1;
	node = hostdt_child(node < 0 ? cpus : node, &depth);
	while (node >= 0 && !node_is_cpu(node, cpus, hart_id))
		node = hostdt_child(node, &depth);
	return node;
}

int hostdt_intc_hart(int controller, uint64_t *hart_id)
{
	for (unsigned int i = 0; i < intc_count; i++) {
		if (intcs[i].node == controller) {
			*hart_id = intcs[i].hart_id;
			return 0;
		}
	}
	return -ENOENT;
}

int hostdt_chosen_address(const char *name, uint64_t *value)
{
	struct cells cells;

	if (cells_get(hostdt_path("/chosen"), name, &cells) || cells.count < 1 || cells.count > 2)
		return -ENOENT;
	*value = cells_number(&cells, 0, cells.count);
	return 0;
}

int hostdt_chosen_range(const char *name, hpa_t *base, uint64_t *size)
{
	unsigned int na, ns;
	struct cells cells;
	int err = cells_get(hostdt_path("/chosen"), name, &cells);

	if (err)
		return err;
	if (cells_of_bus(0, &na, &ns) || cells.count != na + ns)
		return -EINVAL;
	*base = hpa(cells_number(&cells, 0, na));
	*size = cells_number(&cells, na, ns);
	return 0;
}

const char *hostdt_bootargs(void)
{
	const char *args = hostdt_string(hostdt_path("/chosen"), "bootargs", 0);

	return args ? args : "";
}

/** Reads the interrupt controller of the hart at @cpu. False when it has none. */
static bool intc_read(int cpu, uint64_t hart_id, struct intc *intc)
{
	int depth = 0, node = hostdt_child(cpu, &depth);

	while (node >= 0 && !hostdt_compatible(node, "riscv,cpu-intc"))
		node = hostdt_child(node, &depth);
	*intc = (struct intc){
		.node = node,
		.phandle = hostdt_u32(node, "phandle", 0),
		.hart_id = hart_id,
	};
	return node >= 0;
}

void hostdt_harts_find(void)
{
	uint64_t hart_id;

	intc_count = 0;
	for (int cpu = hostdt_cpu_next(-1, &hart_id); cpu >= 0 && intc_count < MAX_HARTS;
	     cpu = hostdt_cpu_next(cpu, &hart_id))
		intc_count += intc_read(cpu, hart_id, &intcs[intc_count]);
}

/** Where that of @node is, or may be: a free place, or that of a hart that takes no part. */
static unsigned int intc_place(int node)
{
	unsigned int i = 0;

	while (i < intc_count && intcs[i].node != node)
		i++;
	if (i < MAX_HARTS)
		return i;
	for (i = 0; i < MAX_HARTS && intcs[i].noted; i++)
		;
	return i;
}

void hostdt_hart_note(int cpu, uint64_t hart_id)
{
	struct intc intc;
	unsigned int i;

	if (!intc_read(cpu, hart_id, &intc))
		return;
	i = intc_place(intc.node);
	if (i == MAX_HARTS)
		return;
	intc.noted = true;
	intcs[i] = intc;
	intc_count = MAX(intc_count, i + 1);
}
