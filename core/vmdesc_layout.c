/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where kernel, ramdisk and device tree go in a guest's memory. Owns no state and only reads
 * the files of the bundle, so no lock is needed.
 */
#include <core/vmdesc.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The header of a RISC-V Linux Image, little-endian. */
struct image_header {
	uint8_t code[8];
	uint8_t text_offset[8];
	uint8_t image_size[8];
	uint8_t flags[8];
	uint8_t version[4];
	uint8_t reserved[12];
	uint8_t magic[8]; /* deprecated */
	uint8_t magic2[4];
	uint8_t pe_offset[4];
};

_Static_assert(offsetof(struct image_header, magic2) == 56, "magic2_is_at_56");
_Static_assert(sizeof(struct image_header) == 64, "image_header_is_64_bytes");

#define IMAGE_MAGIC2 "RSC\x05"
#define IMAGE_FLAG_BIG_ENDIAN BIT(0)
#define IMAGE_ALIGN MIB(2)
#define RAW_OFFSET MIB(2)

/* For a generated device tree: what it has whatever the VM is, for each vCPU and each range. */
#define FDT_SIZE_BASE KIB(12)
#define FDT_SIZE_VCPU KIB(4)
#define FDT_SIZE_RANGE 512

/* What the guest's first mapping reaches, and how far Linux's does with Sv39. */
#define EARLY_REACH GIB(1)
#define FAR_REACH GIB(64)

static uint64_t le64(const uint8_t bytes[8])
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}

static bool starts_with(const struct vm_file *file, size_t at, const char *magic, size_t length)
{
	return file->size >= at + length && !memcmp((const char *)file->data + at, magic, length);
}

/* What cannot be started, although people have it at hand. */
static const char *kernel_problem(const struct vm_file *file)
{
	if (starts_with(file, 0, "\x1f\x8b", 2))
		return "is compressed with gzip; unpack it first";
	if (starts_with(file, 0, "\xfd\x37zXZ", 5))
		return "is compressed with xz; unpack it first";
	if (starts_with(file, 0, "\x28\xb5\x2f\xfd", 4))
		return "is compressed with zstd; unpack it first";
	if (starts_with(file, 4, "zimg", 4))
		return "is a compressed EFI image; use the plain Image";
	if (starts_with(file, 0, "\177ELF", 4))
		return "is an ELF file; use the Image or a raw binary";
	return NULL;
}

static int kernel_place(const struct vm_config *config, struct vm_layout *layout,
			struct report *report)
{
	const struct image_header *header = config->kernel.data;
	uint64_t offset = RAW_OFFSET, size = config->kernel.size;
	const char *problem = kernel_problem(&config->kernel);

	if (!problem && config->kernel.size >= sizeof(*header) &&
	    !memcmp(header->magic2, IMAGE_MAGIC2, sizeof(header->magic2))) {
		offset = le64(header->text_offset);
		size = MAX(size, le64(header->image_size));
		if (le64(header->flags) & IMAGE_FLAG_BIG_ENDIAN)
			problem = "is a big-endian image";
		else if (!is_aligned(offset, IMAGE_ALIGN))
			problem = "has a text_offset that is not a multiple of 2 MiB";
	}
	if (problem) {
		report_error(report, "kernel/file: '%.80s' %s", config->kernel.name, problem);
		return -EINVAL;
	}
	if (offset > config->memory_size || size > config->memory_size - offset) {
		report_error(report,
			     "kernel/file: '%.80s' needs 0x%" PRIx64 " bytes at offset 0x%" PRIx64
			     ", but memory-size is 0x%" PRIx64,
			     config->kernel.name, size, offset, config->memory_size);
		return -EINVAL;
	}
	layout->kernel_gpa = gpa(config->memory_base + offset);
	layout->kernel_size = size;
	layout->entry = layout->kernel_gpa;
	return 0;
}

/*
 * Places the device tree and the ramdisk below @limit; both need @start at least. Linux maps
 * the device tree with two leaves of 2 MiB, but others with one.
 */
static bool data_place(struct vm_layout *layout, uint64_t start, uint64_t limit)
{
	uint64_t fdt, ramdisk;

	if (limit < start || layout->fdt_max_size > limit - start)
		return false;
	fdt = align_down(limit - layout->fdt_max_size, PAGE_SIZE);
	if (align_down(fdt, MIB(2)) != align_down(fdt + layout->fdt_max_size - 1, MIB(2)) &&
	    layout->fdt_max_size <= MIB(2))
		fdt = align_down(fdt + layout->fdt_max_size - 1, MIB(2)) - layout->fdt_max_size;
	if (fdt < start || layout->ramdisk_size > fdt - start)
		return false;
	ramdisk = align_down(fdt - layout->ramdisk_size, PAGE_SIZE);
	if (ramdisk < start)
		return false;
	layout->fdt_gpa = gpa(fdt);
	layout->ramdisk_gpa = gpa(layout->ramdisk_size ? ramdisk : 0);
	return true;
}

/* Bytes to reserve for the guest's device tree. */
static uint64_t fdt_size(const struct vm_config *config)
{
	uint64_t size = config->device_tree.data ? config->device_tree.size + PAGE_SIZE
						 : FDT_SIZE_BASE + FDT_SIZE_VCPU * config->vcpus +
							   FDT_SIZE_RANGE * config->range_count;

	return align_up(size + strlen(config->bootargs), PAGE_SIZE);
}

static void layout_error(const struct vm_config *config, const struct vm_layout *layout,
			 uint64_t kernel_end, uint64_t memory_end, struct report *report)
{
	if (config->ramdisk.name)
		report_error(report,
			     "ramdisk/file: '%.60s' (0x%" PRIx64
			     " bytes) and the device tree (0x%" PRIx64
			     ") overlap kernel/file '%.60s': it ends at 0x%" PRIx64
			     ", the memory at 0x%" PRIx64,
			     config->ramdisk.name, layout->ramdisk_size, layout->fdt_max_size,
			     config->kernel.name, kernel_end, memory_end);
	else
		report_error(report,
			     "memory-size: the device tree (0x%" PRIx64
			     " bytes) overlaps kernel/file '%.60s': it ends at 0x%" PRIx64
			     ", the memory at 0x%" PRIx64,
			     layout->fdt_max_size, config->kernel.name, kernel_end, memory_end);
}

int vm_layout_compute(const struct vm_config *config, struct vm_layout *layout,
		      struct report *report)
{
	uint64_t start, memory_end;

	*layout = (struct vm_layout){ 0 };
	if (!config->kernel.name)
		return 0;
	if (kernel_place(config, layout, report))
		return -EINVAL;
	layout->ramdisk_size = config->ramdisk.size;
	layout->fdt_max_size = fdt_size(config);
	start = align_up(layout->kernel_gpa.v + layout->kernel_size, PAGE_SIZE);
	memory_end = config->memory_base + config->memory_size;
	if (data_place(layout, start, MIN(memory_end, config->memory_base + EARLY_REACH)) ||
	    data_place(layout, start, MIN(memory_end, config->memory_base + FAR_REACH)) ||
	    data_place(layout, start, memory_end))
		return 0;
	layout_error(config, layout, start, memory_end, report);
	return -EINVAL;
}
