/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two halves of the guest's APLIC share: aplic.c owns the domain and its sources,
 * aplic_direct.c the interrupt delivery control structures (IDCs) of direct mode. Everything
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
