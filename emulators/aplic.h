/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the guest's APLIC share: aplic.c owns the domain and its sources,
 * aplic_light.c what needs few steps, aplic_direct.c the interrupt delivery control structures
 * (IDCs) of direct mode. Everything
 * that changes is guarded by device.lock, whose rank is LOCK_IRQCHIP.
 */
#ifndef EMULATORS_APLIC_H
#define EMULATORS_APLIC_H

#include <core/device.h>
#include <core/types.h>
#include <emulators/devices.h>

#define APLIC_MAX_SOURCE 1023
#define APLIC_WORDS ((APLIC_MAX_SOURCE + 1) / 32)
#define APLIC_MAX_HARTS 16384 /* what a target's 14-bit hart index can name */

#define DOMAINCFG_FIXED 0x80000000u
#define DOMAINCFG_IE BIT(8)
#define DOMAINCFG_DM BIT(2)

/* The pages of the control region and what lies in them (AIA 1.0, table 4.1). */
#define PAGE_SOURCECFG 0
#define PAGE_BITMAPS 1
#define PAGE_SETIPNUM 2
#define PAGE_TARGET 3

#define BITMAPS_FIRST 0xc00 /* in their page: setip, in_clrip, setie, clrie, 0x100 apart */
#define BITMAP_NUMBER 0xdc /* in each: the register that takes a source number */
#define BITMAP_BYTES (APLIC_WORDS * 4)

enum aplic_bitmap { BITMAP_SETIP, BITMAP_IN_CLRIP, BITMAP_SETIE, BITMAP_CLRIE };

/* target */
#define TARGET_HART ((uint32_t)GENMASK(31, 18))
#define TARGET_IPRIO 0xffu

#define APLIC_IDC_BASE 0x4000
#define APLIC_IDC_SIZE 32

/* sourcecfg.SM (AIA 1.0, table 4.2) */
enum source_mode {
	SOURCE_INACTIVE = 0,
	SOURCE_DETACHED = 1,
	SOURCE_EDGE1 = 4,
	SOURCE_EDGE0 = 5,
	SOURCE_LEVEL1 = 6,
	SOURCE_LEVEL0 = 7,
};

struct aplic_source {
	uint32_t target;
	uint8_t mode; /* enum source_mode */
};

struct idc {
	uint32_t top; /* priority << 10 | source of the first in order, 0 if none; no threshold */
	uint8_t threshold;
	bool delivery;
	bool force;
	bool line; /* as vm_extirq_set() was told last */
};

struct aplic {
	struct device device;
	unsigned int sources; /* the highest source number */
	uint32_t eiid_mask;
	bool msi; /* domaincfg.DM */
	bool enable; /* domaincfg.IE */
	uint32_t genmsi;
	unsigned int idc_count; /* one a vCPU, none in MSI mode */
	struct idc *idcs;

	/* One bit a source. */
	uint32_t active[APLIC_WORDS];
	uint32_t input[APLIC_WORDS]; /* the wires */
	uint32_t rectified[APLIC_WORDS];
	uint32_t pending[APLIC_WORDS];
	uint32_t enabled[APLIC_WORDS];

	struct aplic_source source[]; /* sources + 1; 0 is not used */
};

static inline bool source_bit(const uint32_t *bitmap, unsigned int source)
{
	return bitmap[source / 32] >> (source % 32) & 1;
}

static inline void source_bit_put(uint32_t *bitmap, unsigned int source, bool value)
{
	uint32_t bit = UINT32_C(1) << (source % 32);

	bitmap[source / 32] = (bitmap[source / 32] & ~bit) | (value ? bit : 0);
}

static inline bool source_is_level(const struct aplic *aplic, unsigned int source)
{
	return aplic->source[source].mode >= SOURCE_LEVEL1;
}

/** The hart index of target[source]; it may name no vCPU. */
static inline unsigned int source_hart(const struct aplic *aplic, unsigned int source)
{
	return aplic->source[source].target >> 18;
}

static inline struct aplic *aplic_of(struct device *device)
{
	return container_of(device, struct aplic, device);
}

/** The source whose register in an array lies at @offset of its page; 0 if there is none. */
static inline unsigned int source_at(const struct aplic *aplic, uint64_t offset)
{
	return index_mask(offset / 4, aplic->sources + 1);
}

/** target's writable bits; they may not all be 0 in direct mode: IPRIO is never zero. */
static inline uint32_t aplic_target_mask(const struct aplic *aplic)
{
	/* AIA 1.0, 4.5.16: the guest's harts have no H extension, so Guest Index is zero. */
	return TARGET_HART | (aplic->msi ? aplic->eiid_mask : TARGET_IPRIO);
}

/* Light functions (<core/light.h>), in aplic_light.c. @offset is a multiple of 4. */

/** Reads a register, but for those of the IDCs: negative. */
int64_t aplic_peek(const struct aplic *aplic, uint64_t offset) REQUIRES(aplic->device.lock);

/** Writes a register if nothing is to be delivered then. Otherwise false, and nothing is done. */
bool aplic_put(struct aplic *aplic, uint64_t offset, uint32_t value) REQUIRES(aplic->device.lock);

int64_t aplic_read_light(struct device *device, uint64_t offset, unsigned int width);
bool aplic_write_light(struct device *device, uint64_t offset, unsigned int width, uint64_t value);

/** What the mode of an active source makes of its wire (AIA 1.0, table 4.2). */
bool aplic_source_rectified(const struct aplic *aplic, unsigned int source);

/** Sends the MSIs of all sources that are pending and enabled. MSI mode. */
void aplic_msis_send(struct aplic *aplic) REQUIRES(aplic->device.lock);

/* For saved VMs (core/device.h). */
size_t aplic_state_size(const struct device *device);
void aplic_save(struct device *device, void *to);
const char *aplic_check(const struct device *device, const void *from, size_t size);
void aplic_restore(struct device *device, const void *from);

/** Direct mode: all sources are new: looks for the first of each IDC, and drives all lines. */
void idc_restored(struct aplic *aplic) REQUIRES(aplic->device.lock);

/** Direct mode: the pending or enable bit of @source may have changed. */
void idc_source_changed(struct aplic *aplic, unsigned int source) REQUIRES(aplic->device.lock);

/** Direct mode: gives @source another target register. */
void idc_retarget(struct aplic *aplic, unsigned int source, uint32_t target)
	REQUIRES(aplic->device.lock);

/** Direct mode: domaincfg.IE has changed. */
void idc_update_lines(struct aplic *aplic) REQUIRES(aplic->device.lock);

/** Direct mode: all IDCs as after power-on, lines low. The pending bits are clear already. */
void idc_reset(struct aplic *aplic) REQUIRES(aplic->device.lock);

/** Registers of the IDCs; @offset counts from the first IDC and is a multiple of 4. */
uint32_t idc_read(struct aplic *aplic, uint64_t offset) REQUIRES(aplic->device.lock);
void idc_write(struct aplic *aplic, uint64_t offset, uint32_t value) REQUIRES(aplic->device.lock);

#endif
