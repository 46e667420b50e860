/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot code, its tables and the start of other harts share. Used by the boot hart only
 * until the other harts run.
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <core/bundle_place.h>
#include <core/hart.h>
#include <core/types.h>

extern char image_start[], text_end[], rodata_end[], file_end[], image_end[];
extern char secondary_entry[], boot_again_entry[], trap_entry[];

/** In the image, behind its header. */
extern const struct bundle_attached image_bundle;

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
_Noreturn void init(uint64_t hart_id, uint64_t fdt, uint64_t begin);

/** The same for all other harts; tp and the stack are the hart's own. */
_Noreturn void init_secondary(uint64_t hart_id);

/**
 * Probes what this hart has and sets its CSRs for running guests. Each hart, each time it starts.
 * NULL, or why the hart cannot be used.
 */
const char *arch_hart_init(struct hart *hart);

/** This hart has @feature if that is @present, and no option hides it. */
void hart_feature_set(struct hart *hart, enum hart_feature feature, bool present);

/**
 * The part of arch_hart_init() that asks the firmware for what guests need and turns the same off
 * for the hypervisor, each explicitly: firmware may keep some of it while a hart is stopped.
 * Returns what the firmware has done, BIT(enum fwft_feature). Before henvcfg is looked at.
 */
unsigned int firmware_features_set(const struct hart *hart);

/** The part that finds out what has come of it; @firmware: as above. After henvcfg, hedeleg. */
void guest_features_probe(struct hart *hart, unsigned int firmware);

/** The part of that which fills in @arch->limits, after the features. hgatp is 0. */
void limits_probe(struct arch_hart *arch);

/** The part that asks the firmware for debug triggers: @hart->arch.dbtr and its feature. */
void triggers_probe(struct hart *hart);

/** Nothing of any guest is in this hart's registers afterwards. Interrupts off. */
void arch_hart_release(struct hart *hart);

/** Whether this hart has the H extension, by trying; nothing else is touched. */
bool arch_has_hypervisor(void);

/** What a hart that cannot be used leaves to the one that boots in its place. */
struct boot_again {
	uint64_t fdt; /* hpa of the device tree */
	uint64_t leaver; /* id of the hart that stops */
	uint64_t state; /* BOOT_AGAIN_*; atomic */
};

#define BOOT_AGAIN_MAX 8 /* attempts, of all harts together */

#define BOOT_AGAIN_CAME 1
#define BOOT_AGAIN_CANCELLED 2 /* the one that came is to stop */

/**
 * Hands the boot over from this hart, @leaver, to the hart with id @successor, which begins anew
 * with the device tree at @fdt. What changes before that in initialised data must do for both.
 * Returns only when it does not succeed: a negative SBI error, or 0 if that hart did not come.
 */
long arch_boot_again(uint64_t successor, uint64_t fdt, uint64_t leaver);

/** Starts @hart (state HART_STARTING) through the firmware. 0 or a negative SBI error. */
long arch_hart_start(struct hart *hart);

/** Stops this hart, for good or until it is started. Returns an SBI error if it cannot. */
long arch_hart_stop(void);

/** Whether the firmware says that @hart is stopped. */
bool arch_hart_stopped(const struct hart *hart);

#endif
