/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC and the IMSIC files of this machine, found in the device tree by aia_init(), and the
 * registers of the AIA specification by name. Written once before other harts run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "csr.h"

#define EIDELIVERY 0x70
#define EITHRESHOLD 0x72
#define EIP0 0x80
#define EIE0 0xc0

#define SETEIPNUM_LE 0x000
#define SETEIPNUM_BE 0x004

#define APLIC_DOMAINCFG 0x0000
#define APLIC_SOURCECFG(n) (0x0000 + 4 * (n)) /* n from 1 */
#define APLIC_SETIP(k) (0x1c00 + 4 * (k))
#define APLIC_SETIPNUM 0x1cdc
#define APLIC_IN_CLRIP(k) (0x1d00 + 4 * (k))
#define APLIC_CLRIPNUM 0x1ddc
#define APLIC_SETIE(k) (0x1e00 + 4 * (k))
#define APLIC_SETIENUM 0x1edc
#define APLIC_CLRIE(k) (0x1f00 + 4 * (k))
#define APLIC_CLRIENUM 0x1fdc
#define APLIC_SETIPNUM_LE 0x2000
#define APLIC_SETIPNUM_BE 0x2004
#define APLIC_GENMSI 0x3000
#define APLIC_TARGET(n) (0x3000 + 4 * (n)) /* n from 1 */
#define APLIC_SIZE 0x4000

#define DOMAINCFG_IE (1u << 8)
#define DOMAINCFG_DM (1u << 2)
#define GENMSI_BUSY (1u << 12)

enum sourcecfg_mode {
	SOURCE_INACTIVE = 0,
	SOURCE_DETACHED = 1,
	SOURCE_RISING = 4,
	SOURCE_FALLING = 5,
	SOURCE_HIGH = 6,
	SOURCE_LOW = 7,
};

struct aia {
	bool has_imsic; /* an IMSIC file per hart, and Ssaia */
	bool has_aplic;
	unsigned int ids; /* the highest identity of the files */
	unsigned long imsic; /* address of the file of hart 0 */
	unsigned long stride; /* from a hart's file to the next hart's */
	unsigned long aplic;
	unsigned long aplic_size;
	unsigned int sources; /* the highest source of the APLIC */
	bool aplic_msi; /* forwards by MSI */
};

extern struct aia aia;

/* Fills in `aia` from the device tree. */
void aia_init(void);

/* Opens this hart's file: delivery on, threshold 0, nothing pending, nothing enabled. */
void imsic_open(void);

/* Enables or disables one identity of this hart's file. */
void imsic_enable(unsigned int id);
void imsic_disable(unsigned int id);

/* True if the identity is pending in this hart's file. */
bool imsic_pending(unsigned int id);

/* The register of a hart's file that takes MSIs. */
static inline volatile uint32_t *imsic_page(unsigned long hart)
{
	return (volatile uint32_t *)(aia.imsic + hart * aia.stride);
}

static inline volatile uint32_t *aplic_reg(unsigned int offset)
{
	return (volatile uint32_t *)(aia.aplic + offset);
}

static inline unsigned long ireg_read(unsigned int select)
{
	csr_write(CSR_SISELECT, select);
	return csr_read(CSR_SIREG);
}

static inline void ireg_write(unsigned int select, unsigned long value)
{
	csr_write(CSR_SISELECT, select);
	csr_write(CSR_SIREG, value);
}

/* Claims the most important interrupt of this hart's file: its identity, or 0. */
static inline unsigned int imsic_claim(void)
{
	return (unsigned int)(csr_swap(CSR_STOPEI, 0) >> 16);
}
