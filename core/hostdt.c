/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers questions about the host's device tree. Nothing in the tree is believed: lengths,
 * cell counts and phandles are checked where they are read, and a wrong one is an error to the
 * caller. hostdt_init() runs once on the boot hart; nothing changes afterwards, so no lock.
 */
#include <core/hostdt.h>
#include <errno.h>
#include <libfdt.h>
#include <string.h>

const void *host_fdt;

/* The interrupt controllers inside the cpu nodes. Controllers of many harts name them all. */
static struct intc {
	int node;
	uint32_t phandle;
	uint64_t hart_id;
} intcs[MAX_HARTS];
static unsigned int intc_count;

/** A property seen as 32-bit big-endian cells. */
struct cells {
	const fdt32_t *cell;
	unsigned int count;
};

static int cells_get(int node, const char *name, struct cells *cells)
{
	int length;

	cells->cell = fdt_getprop(host_fdt, node, name, &length);
	if (!cells->cell)
		return -ENOENT;
	cells->count = (unsigned int)length / sizeof(fdt32_t);
	return length % sizeof(fdt32_t) ? -EINVAL : 0;
}

/** @count cells (0 to 2) from @first as one number. */
static uint64_t cells_number(const struct cells *cells, unsigned int first, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = first; i < first + count; i++)
		value = value << 32 | fdt32_ld(&cells->cell[i]);
	return value;
}

/** How many cells the children of @node use for addresses and sizes. Returns 0 or -EINVAL. */
static int cells_of_bus(int node, unsigned int *address, unsigned int *size)
{
	int na = fdt_address_cells(host_fdt, node);
	int ns = fdt_size_cells(host_fdt, node);

	if (na < 1 || na > 2 || ns < 0 || ns > 2)
		return -EINVAL;
	*address = (unsigned int)na;
	*size = (unsigned int)ns;
	return 0;
}

static bool node_string_is(int node, const char *name, const char *value)
{
	const char *text = fdt_stringlist_get(host_fdt, node, name, 0, NULL);

	return text && !strcmp(text, value);
}

bool hostdt_enabled(int node)
{
	return !fdt_getprop(host_fdt, node, "status", NULL) ||
	       node_string_is(node, "status", "okay") || node_string_is(node, "status", "ok");
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
	int bus = fdt_parent_offset(host_fdt, node);
	uint64_t address, length;
	int err;

	if (bus < 0)
		return -EINVAL;
	err = reg_of_bus(node, bus, index, &address, &length);
	if (!err && window_wraps(address, length))
		err = -EINVAL;
	while (!err && bus > 0) {
		int parent = fdt_parent_offset(host_fdt, bus);

		err = parent < 0 ? -EINVAL : window_translate(bus, parent, &address, length);
		bus = parent;
	}
	if (err)
		return err;
	*base = hpa(address);
	*size = length;
	return 0;
}

uint32_t hostdt_u32(int node, const char *name, uint32_t fallback)
{
	struct cells cells;

	if (cells_get(node, name, &cells) || cells.count != 1)
		return fallback;
	return fdt32_ld(cells.cell);
}

/** `interrupt-parent` of @node or its nearest ancestor that has one. */
static int interrupt_parent(int node)
{
	uint32_t phandle = 0;

	while (node >= 0 && !phandle) {
		phandle = hostdt_u32(node, "interrupt-parent", 0);
		node = fdt_parent_offset(host_fdt, node);
	}
	return phandle ? fdt_node_offset_by_phandle(host_fdt, phandle) : -EINVAL;
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
		to[i] = fdt32_ld(&from->cell[first + (unsigned int)i]);
	return count;
}

static int interrupt_extended(const struct cells *list, unsigned int index, int *controller,
			      uint32_t *cells, unsigned int room)
{
	for (unsigned int at = 0; at < list->count; index--) {
		uint32_t phandle = fdt32_ld(&list->cell[at++]);
		int count = 0;

		if (phandle) { /* 0 stands for an interrupt that is not connected */
			*controller = fdt_node_offset_by_phandle(host_fdt, phandle);
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

int hostdt_hart_interrupt(int node, unsigned int index, uint64_t *hart_id, uint32_t *cause)
{
	struct cells list;
	int err = cells_get(node, "interrupts-extended", &list);

	if (err)
		return err;
	if (index >= list.count / 2)
		return -ENOENT;
	*cause = fdt32_ld(&list.cell[index * 2 + 1]);
	for (unsigned int i = 0; i < intc_count; i++) {
		if (intcs[i].phandle == fdt32_ld(&list.cell[index * 2])) {
			*hart_id = intcs[i].hart_id;
			return 0;
		}
	}
	return -EINVAL;
}

int hostdt_stdout(void)
{
	int length, node, chosen = fdt_path_offset(host_fdt, "/chosen");
	const char *path = fdt_stringlist_get(host_fdt, chosen, "stdout-path", 0, &length);

	if (!path)
		path = fdt_stringlist_get(host_fdt, chosen, "linux,stdout-path", 0, &length);
	if (!path)
		return -ENOENT;
	node = fdt_path_offset_namelen(host_fdt, path, (int)strcspn(path, ":"));
	return node < 0 ? -ENOENT : node;
}

int hostdt_memory(unsigned int index, hpa_t *base, uint64_t *size)
{
	int node = -1;

	for (;;) {
		node = fdt_node_offset_by_prop_value(host_fdt, node, "device_type", "memory",
						     sizeof("memory"));
		if (node < 0)
			return -ENOENT;
		if (!hostdt_enabled(node))
			continue;
		for (unsigned int i = 0; !hostdt_reg(node, i, base, size); i++)
			if (*size && !index--)
				return 0;
	}
}

int hostdt_reserved(unsigned int index, hpa_t *base, uint64_t *size)
{
	int blocks = fdt_num_mem_rsv(host_fdt);
	int parent = fdt_path_offset(host_fdt, "/reserved-memory");
	int node;

	if (blocks > 0 && index < (unsigned int)blocks) {
		if (fdt_get_mem_rsv(host_fdt, (int)index, &base->v, size))
			return -ENOENT;
		return 0;
	}
	index -= blocks > 0 ? (unsigned int)blocks : 0;
	fdt_for_each_subnode(node, host_fdt, parent) {
		if (!hostdt_enabled(node))
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

/** A child of /cpus that describes a hart, with a usable `reg`. */
static bool node_is_cpu(int node, int cpus, uint64_t *hart_id)
{
	int na = fdt_address_cells(host_fdt, cpus);
	struct cells reg;

	if (!node_string_is(node, "device_type", "cpu") || na < 1 || na > 2 ||
	    cells_get(node, "reg", &reg) || reg.count < (unsigned int)na)
		return false;
	*hart_id = cells_number(&reg, 0, (unsigned int)na);
	return true;
}

int hostdt_cpu_next(int node, uint64_t *hart_id)
{
	int cpus = fdt_path_offset(host_fdt, "/cpus");

	if (cpus < 0)
		return -1;
	node = node < 0 ? fdt_first_subnode(host_fdt, cpus) : fdt_next_subnode(host_fdt, node);
	while (node >= 0 && !node_is_cpu(node, cpus, hart_id))
		node = fdt_next_subnode(host_fdt, node);
	return node < 0 ? -1 : node;
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

	if (cells_get(fdt_path_offset(host_fdt, "/chosen"), name, &cells) || cells.count < 1 ||
	    cells.count > 2)
		return -ENOENT;
	*value = cells_number(&cells, 0, cells.count);
	return 0;
}

const char *hostdt_bootargs(void)
{
	int chosen = fdt_path_offset(host_fdt, "/chosen");
	const char *args = fdt_stringlist_get(host_fdt, chosen, "bootargs", 0, NULL);

	return args ? args : "";
}

static void intcs_find(void)
{
	uint64_t hart_id;

	intc_count = 0;
	for (int cpu = hostdt_cpu_next(-1, &hart_id); cpu >= 0 && intc_count < MAX_HARTS;
	     cpu = hostdt_cpu_next(cpu, &hart_id)) {
		int node;

		fdt_for_each_subnode(node, host_fdt, cpu) {
			if (fdt_node_check_compatible(host_fdt, node, "riscv,cpu-intc"))
				continue;
			intcs[intc_count++] = (struct intc){
				.node = node,
				.phandle = fdt_get_phandle(host_fdt, node),
				.hart_id = hart_id,
			};
			break;
		}
	}
}

int hostdt_init(const void *fdt, size_t room)
{
	host_fdt = NULL;
	if (fdt_check_full(fdt, room))
		return -EINVAL;
	host_fdt = fdt;
	intcs_find();
	return 0;
}
