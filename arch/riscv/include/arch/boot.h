/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot code, its tables and the start of other harts share. Used by the boot hart only
 * until the other harts run.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <core/hart.h>
#include <core/types.h>

extern char image_start[], text_end[], rodata_end[], file_end[], image_end[];
extern char secondary_entry[], trap_entry[];

/** The boot hart's struct, in use before memory can be allocated. */
extern struct hart boot_hart_area;

/** Where the boot tables map the device tree. */
#define VA_BOOT_FDT 0xffffffff40000000
#define BOOT_FDT_ROOM 0x400000

/**
 * Runs at physical addresses: builds the tables that map the image at VA_IMAGE and the device
 * tree at VA_BOOT_FDT, and returns the value for satp.
 */
uint64_t boot_tables(uint64_t image, uint64_t fdt);

/** The boot hart's first C function at virtual addresses (core/init.c). */
_Noreturn void init(uint64_t hart_id, uint64_t fdt);

/** The same for all other harts; tp and the stack are the hart's own. */
_Noreturn void init_secondary(uint64_t hart_id);

/**
 * Probes what this hart has and sets its CSRs for running guests. Each hart, each time it starts.
 * NULL, or why the hart cannot be used.
 */
const char *arch_hart_init(struct hart *hart);

/** Nothing of any guest is in this hart's registers afterwards. Interrupts off. */
void arch_hart_release(struct hart *hart);

/** Whether this hart has the H extension, by trying; nothing else is touched. */
bool arch_has_hypervisor(void);

/** Starts @hart (state HART_STARTING) through the firmware. 0 or a negative SBI error. */
long arch_hart_start(struct hart *hart);

/** Stops this hart, for good or until it is started. Returns an SBI error if it cannot. */
long arch_hart_stop(void);

/** Whether the firmware says that @hart is stopped. */
bool arch_hart_stopped(const struct hart *hart);

#endif
