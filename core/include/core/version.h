/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The version, for the boot log, `host info` and guests (SBI implementation version).
 */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#define VERSION "0.1"
#define VERSION_STRING "Hartvisor " VERSION
#define VERSION_NUMBER 0x00000100 /* major << 16 | minor << 8 | patch */

#endif
