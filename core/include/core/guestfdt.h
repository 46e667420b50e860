/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generates the device tree that a guest sees, from its VM description and from what the harts
 * and device models offer. The machine looks like QEMU's `virt`. No lock: all of it is pure.
 */
#ifndef CORE_GUESTFDT_H
#define CORE_GUESTFDT_H

#include <core/types.h>
#include <core/vmdesc.h>

/** A window of a device in the guest's address space. Size 0: the guest has no such device. */
struct guest_window {
	uint64_t base; /* gpa */
	uint64_t size; /* bytes */
	unsigned int source; /* of the APLIC or PLIC; 0: no interrupt */
};

/** What the guest's machine offers beside its VM description. */
struct guest_machine {
	uint32_t timebase_frequency; /* Hz */
	const char *const *extensions; /* names in lower case: "i", "m", "zba", "sstc"; any order */
	unsigned int extension_count;
	const char *mmu_type; /* of the vCPUs: "riscv,sv39"; NULL: no MMU */
	uint32_t cbom_block_size; /* bytes; 0: absent */
	uint32_t cboz_block_size;
	uint32_t cbop_block_size;
	uint32_t vlenb; /* bytes of a vector register; 0: no vector extension */
	bool aplic_msi; /* the APLIC sends MSIs to the IMSICs; otherwise it drives the vCPUs */
	uint32_t aplic_sources; /* 1 to 1023 */
	uint32_t plic_sources; /* 1 to 1023 */
	uint32_t imsic_identities; /* 63 to 2047 */
	struct guest_window uart; /* ns16550a */
	struct guest_window rtc; /* Goldfish */
	struct guest_window test; /* sifive_test */
	struct guest_window aplic; /* either this or the next */
	struct guest_window plic;
	struct guest_window imsic; /* one page a vCPU, used with aplic_msi only */
	uint8_t rng_seed[64]; /* fresh at each start of the guest */
};

/**
 * Writes the guest's device tree to @buffer (a multiple of 8; @size bytes, usually
 * layout->fdt_max_size). With a device tree of the VM's own it is that one, in which only
 * /chosen (bootargs when the description has some, ramdisk, rng-seed) is replaced.
 * Returns the bytes used, -ENOSPC when @size is too small, or -EINVAL for a @machine or a device
 * tree of the VM's own that cannot be.
 */
int guestfdt_build(const struct vm_config *config, const struct guest_machine *machine,
		   const struct vm_layout *layout, void *buffer, size_t size);

/** Enough for every extension there is. */
#define ISA_STRING_MAX 1536

/**
 * Writes "rv64…" in the canonical order of the unprivileged specification, chapter "ISA
 * Extension Naming Conventions": single letters (i, m, a, f, d, q, c, b, v, h), then Z* by
 * the category of their second letter, then S*, each alphabetically, joined by underscores.
 * Names of which there are two appear once.
 * Returns the length without the final NUL, or -ENOSPC.
 */
int isa_string(char *buffer, size_t size, const char *const *extensions, unsigned int count);

#endif
