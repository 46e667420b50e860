/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's guest interrupt files, as registers (AIA 1.0, 3.8 and 6.3). All but the store and the
 * barrier act on a file of this hart, with interrupts off, and leave vsiselect and hstatus of
 * whatever is loaded alone.
 */
#ifndef ARCH_VSFILE_H
#define ARCH_VSFILE_H

#include <core/types.h>

struct hart;
struct swfile;
struct vcpu;

/** Highest identity that all guest interrupt files of @hart have: 64 n - 1, or 0 without files. */
unsigned int arch_vsfile_identities(const struct hart *hart);

/** Where the page of @hart's file @line is. */
hpa_t arch_vsfile_page(const struct hart *hart, unsigned int line);

/** All registers zero: nothing pending, enabled or delivered. */
void arch_vsfile_clear(unsigned int line);

/** Adds @file's pending bits, then loads what it enables, its threshold and last its delivery. */
void arch_vsfile_fill(unsigned int line, struct swfile *file);

/** The other way round; the file of this hart is clear then. */
void arch_vsfile_drain(unsigned int line, struct swfile *file);

/** The loaded vCPU uses file @line of this hart from now on, 0: none. */
void arch_vsfile_select(struct vcpu *vcpu, unsigned int line);

/** Lets @line interrupt this hart (SGEI, once) when something is pending in it, or not any more. */
void arch_vsfile_watch(unsigned int line);
void arch_vsfile_unwatch(unsigned int line);

/** Sets a pending bit in a file of any hart, as a device would: ordered after earlier stores. */
void arch_vsfile_store(const struct hart *hart, unsigned int line, unsigned int identity);

/** Waits until all stores of this hart to that file have arrived. */
void arch_vsfile_barrier(const struct hart *hart, unsigned int line);

/** SGEI on this hart: which of the watched lines it was; they are watched no more. */
uint64_t arch_vsfile_interrupt(void);

#endif
