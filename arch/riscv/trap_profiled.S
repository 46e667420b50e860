/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap entry of harts that run a vCPU which is profiled: the same code, with what takes down
 * each exit. arch_profile_vector() puts it into stvec.
 */
#define PROFILED
#include "trap.S"
