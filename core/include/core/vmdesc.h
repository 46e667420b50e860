/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM descriptions: device-tree nodes that say what a VM is. A node is checked completely and
 * turned into a struct vm_config, in which every default is filled in; the same code runs on
 * the target and in the packer. Nothing is allocated. No lock: all of it is pure.
 */
#ifndef CORE_VMDESC_H
#define CORE_VMDESC_H

#include <arch/isa.h>
#include <core/bundle.h>
#include <core/report.h>
#include <core/types.h>

#ifndef MAX_VCPUS
#define MAX_VCPUS 64
#endif

#define VM_NAME_MAX 31 /* of a VM, a range, a shared region */
#define VM_AFFINITY_MAX 16 /* ranges of hart ids */
#define VM_PRIORITY_MAX 7
#define VM_RANGES_MAX 16

/** Guest-physical addresses below belong to devices: memory begins here or above. */
#define VM_DEVICES_END UINT64_C(0x80000000)

enum vm_files {
	VM_FILES_AUTO, /* a VS-file when there is one, otherwise the SW-file */
	VM_FILES_SOFTWARE, /* never a VS-file */
	VM_FILES_HARDWARE, /* only VS-files, reserved when the VM is created */
};

/** The interrupt controllers that a guest sees. */
enum vm_irqchip {
	VM_IRQCHIP_AIA, /* APLIC, and interrupt files if its harts have Ssaia */
	VM_IRQCHIP_PLIC,
};

/** What follows when a hart cannot keep the VS-files that were promised. */
enum vm_shortage {
	VM_SHORTAGE_PAUSE, /* paused until an operator resumes it */
	VM_SHORTAGE_WAIT, /* paused until there are files again */
};

/** What becomes of misaligned accesses that the hart does not do and the guest does not want. */
enum vm_misaligned {
	VM_MISALIGNED_EMULATE, /* loads and stores are done for it */
	VM_MISALIGNED_REDIRECT, /* it gets the exception */
};

enum vm_action { VM_ACTION_STOP, VM_ACTION_RESET };

/** Harts @first to @last, both included. */
struct hart_range {
	uint64_t first;
	uint64_t last;
};

/** A file that a description names. */
struct vm_file {
	const char *name; /* as in the description; NULL: not asked for */
	const void *data; /* in the bundle */
	size_t size; /* bytes, never 0 when there is a name */
};

/** A range of memory beyond the RAM from memory_base on. */
struct vm_range_config {
	const char *name; /* that of its node: as a VM may be called */
	uint64_t base; /* gpa, a multiple of 4 KiB, VM_DEVICES_END or above */
	uint64_t size; /* bytes, a multiple of 4 KiB, not 0 */
	uint32_t read_only; /* the guest may read and execute only: 0 or 1 */
	struct vm_file file; /* its content, from its beginning on; not when it is shared */
	const char
		*shared; /* name of the region that it shows, as @name; NULL: it is the VM's own */
};

/**
 * What a VM is. Strings point into the device tree and data into the bundle that it was parsed
 * from: both have to outlive the VM, or the VM's next reset.
 */
struct vm_config {
	char name[VM_NAME_MAX + 1];
	uint64_t memory_base; /* gpa, a multiple of 2 MiB */
	uint64_t memory_size; /* bytes, a multiple of 4 KiB, not 0 */
	uint32_t vcpus; /* 1 to MAX_VCPUS */
	struct hart_range affinity[VM_AFFINITY_MAX]; /* ascending and disjoint */
	uint32_t affinity_count; /* 0: every hart */
	uint32_t priority; /* 0 (low) to VM_PRIORITY_MAX */
	uint32_t time_slice_us;
	uint32_t gstage_levels; /* 3, 4, 5; 0: the fewest that reach the end of all memory */
	uint32_t irqchip; /* enum vm_irqchip */
	uint32_t interrupt_files; /* enum vm_files */
	uint32_t interrupt_identities; /* 63 to 2047, 64n - 1 */
	struct isa_set isa_disabled; /* extensions of the ISA that the guest does not get */
	uint32_t sbi_legacy; /* it gets the extension of SBI 0.1: 0 or 1 */
	uint64_t sbi_disabled; /* extensions that the guest does not get: BIT(enum sbi_list) */
	uint32_t autostart; /* 0: created, but not started; otherwise 1 */
	uint32_t on_no_vsfile; /* enum vm_shortage */
	uint32_t on_reboot; /* enum vm_action */
	uint32_t on_failure; /* enum vm_action */
	uint32_t misaligned; /* enum vm_misaligned */
	struct vm_file kernel; /* no name: it cannot be reset to power-on */
	const char *bootargs; /* never NULL */
	struct vm_file ramdisk;
	struct vm_file device_tree; /* instead of the generated one */
	struct vm_file restore; /* a saved VM that it starts as; then the kernel may be missing */
	struct vm_range_config ranges[VM_RANGES_MAX]; /* ascending; disjoint, also from the RAM */
	uint32_t range_count;
};

/**
 * Reads a hart id or a range of them in decimal, such as "2" or "0-1", ids below 2^32, and moves
 * *@text behind it. 0, -EINVAL (there is none) or -ERANGE (it ends before it begins).
 */
int hart_range_parse(const char **text, struct hart_range *range);

/**
 * Reads a list of hart ids and ranges of them in decimal, such as "0-1,4", ids below 2^32.
 * Fills @ranges in ascending order and returns how many there are, 1 to @max; or returns -EINVAL
 * and *@problem says what is wrong (otherwise it is NULL).
 */
int hart_ranges_parse(const char *text, struct hart_range *ranges, int max, const char **problem);

/** The opposite of hart_ranges_parse(). Returns @buffer, cut at @size bytes (not 0). */
const char *hart_ranges_print(const struct hart_range *ranges, unsigned int count, char *buffer,
			      size_t size);

/** Whether a VM can be called @name. */
bool vm_name_is_valid(const char *name);

/** True when @config lets its vCPUs run on hart @hart. */
bool vm_config_allows_hart(const struct vm_config *config, uint64_t hart);

/** Bits of a guest-physical address with G-stage @levels: 41, 50 or 59 (59 for 0). */
unsigned int vm_gpa_bits(uint32_t levels);

/** The name of that mode: "Sv39x4", "Sv48x4" or "Sv57x4" ("Sv57x4" for 0). */
const char *vm_gpa_mode(uint32_t levels);

/** The end of the highest memory of a VM, as a guest-physical address. */
uint64_t vm_config_memory_end(const struct vm_config *config);

/** Every default; name, memory size and kernel have none and stay empty. */
void vmdesc_defaults(struct vm_config *config);

/**
 * Checks that the @size bytes at @blob are a device tree that libfdt can read without ever
 * leaving it. Returns NULL, or what is wrong.
 */
const char *fdt_blob_problem(const void *blob, size_t size);

/**
 * Finds and checks the descriptions of a bundle.
 * libfdt needs a blob at a multiple of 8: when the archive has it elsewhere it is copied to
 * @scratch (a multiple of 8, @scratch_size bytes; may be NULL with 0). hvpack aligns it.
 * Returns the device tree, safe to use with libfdt whatever the bundle was, or NULL after
 * telling @report.
 */
const void *vmdesc_open(const struct bundle *bundle, void *scratch, size_t scratch_size,
			struct report *report);

/**
 * Checks what concerns no VM or more than one of them: nodes of an unknown kind where VMs may
 * be (an error for an unknown compatible, a warning otherwise). Returns 0 or -EINVAL; the VMs
 * can be parsed all the same.
 * @fdt: from vmdesc_open().
 */
int vmdesc_check(const void *fdt, struct report *report);

/**
 * The VM node after @node, in the order of the device tree; @node is -1 for the first. VM nodes
 * are those with compatible "hartvisor,vm" that are children of the root or of /vms.
 * Returns the node's offset, or a negative number after the last.
 */
int vmdesc_next(const void *fdt, int node);

/**
 * Parses the VM node @node, from vmdesc_next(), with its files in @bundle, and lays the guest
 * out once to see that all of it fits. Every error is told, not only the first; each names the
 * node, the property and both sides.
 * Returns 0, or -EINVAL: then @config is of no use, except that its name is set when the node
 * has a valid one.
 */
int vmdesc_parse(const void *fdt, int node, const struct bundle *bundle, struct vm_config *config,
		 struct report *report);

/**
 * The same for the description of a saved VM, /vms/<name> of the tree at @blob (a multiple of 8,
 * @size bytes), whatever they are: files that are not in @bundle (NULL: all) are left out.
 */
int vmdesc_parse_saved(const void *blob, size_t size, const struct bundle *bundle,
		       struct vm_config *config, struct report *report);

/**
 * Writes @config as the device tree that vmdesc_parse_saved() reads. Returns its size in @buffer
 * (a multiple of 8, @size bytes), or -ENOSPC.
 */
int vmdesc_write(const struct vm_config *config, void *buffer, size_t size);

/** Longest value that vmdesc_print() gives, without bootargs, which come as they are. */
#define VM_VALUE_MAX 1024

/**
 * Calls @line once for each property, in the order of the documentation, with its path ("cpus",
 * "kernel/file", "ranges/<name>/base"), its value as text and whether that is the default.
 */
void vmdesc_print(const struct vm_config *config,
		  void (*line)(void *opaque, const char *name, const char *value, bool is_default),
		  void *opaque);

/**
 * Calls @each once for each file that the VM node @node names, whether there is such a file or
 * not: how the packer learns what to pack. Properties that are no strings are left out.
 */
void vmdesc_files(const void *fdt, int node, void (*each)(void *opaque, const char *name),
		  void *opaque);

/**
 * Where things are in a guest's memory. Addresses are guest-physical; sizes are in bytes.
 *
 *   memory_base                                                       (limit)
 *   |  text_offset |  kernel, bss  |   free ...   | ramdisk | device tree |
 */
struct vm_layout {
	gpa_t kernel_gpa; /* a multiple of 2 MiB */
	uint64_t kernel_size; /* with its bss: may be larger than the file */
	gpa_t ramdisk_gpa; /* a multiple of 4 KiB; 0 when there is none */
	uint64_t ramdisk_size;
	gpa_t fdt_gpa; /* a multiple of 4 KiB */
	uint64_t fdt_max_size; /* reserved for the device tree: does not cross a 2 MiB boundary
				* unless it is larger than that */
	gpa_t entry; /* where the first vCPU starts */
};

/**
 * Lays out kernel, ramdisk and device tree. A kernel with the RISC-V Linux Image header goes
 * where that says (Documentation/arch/riscv/boot-image-header.rst), another one to 2 MiB above
 * the beginning of the memory. Ramdisk and device tree go to the end of the memory or to 1 GiB
 * above its beginning, whichever is less (some guests only map that much early), or to the end
 * of the memory when they do not fit otherwise.
 * Returns 0, or -EINVAL after telling @report which two things collide, or that the kernel is
 * compressed, or that its header is not one for RV64. Without a kernel all of @layout is 0.
 */
int vm_layout_compute(const struct vm_config *config, struct vm_layout *layout,
		      struct report *report);

#endif
