/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The APLIC's memory map as the standard gives it (AIA 1.0, tables 4.1 and 4.2), written down a
 * second time so that the tests do not inherit a mistake of the model.
 */
#ifndef APLIC_REGISTERS_H
#define APLIC_REGISTERS_H

#include <emulators/devices.h>

#define DOMAINCFG 0x0000
#define SOURCECFG(source) (0x0000 + 4 * (source))
#define SETIP(word) (0x1c00 + 4 * (word))
#define SETIPNUM 0x1cdc
#define IN_CLRIP(word) (0x1d00 + 4 * (word))
#define CLRIPNUM 0x1ddc
#define SETIE(word) (0x1e00 + 4 * (word))
#define SETIENUM 0x1edc
#define CLRIE(word) (0x1f00 + 4 * (word))
#define CLRIENUM 0x1fdc
#define SETIPNUM_LE 0x2000
#define SETIPNUM_BE 0x2004
#define GENMSI 0x3000
#define TARGET(source) (0x3000 + 4 * (source))

#define IDELIVERY(hart) (0x4000 + 32 * (hart))
#define IFORCE(hart) (0x4004 + 32 * (hart))
#define ITHRESHOLD(hart) (0x4008 + 32 * (hart))
#define TOPI(hart) (0x4018 + 32 * (hart))
#define CLAIMI(hart) (0x401c + 32 * (hart))

#define IE 0x100

#define INACTIVE 0
#define DETACHED 1
#define EDGE1 4
#define EDGE0 5
#define LEVEL1 6
#define LEVEL0 7

#endif
