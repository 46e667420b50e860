/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for profiles, in the words of the specifications. Constant tables, no lock.
 */
#ifndef PROFILE_NAMES_H
#define PROFILE_NAMES_H

#include <core/types.h>

/** Of function @function of SBI extension @id, without sbi_<extension>_; NULL: it has none here. */
const char *profile_function_name(uint64_t id, uint64_t function);

/** "CSR sireg", or with its number. */
void profile_csr_name(uint32_t csr, char *text, size_t size);

/** "timer interrupt", or with its number. */
void profile_interrupt_name(uint32_t interrupt, char *text, size_t size);

#endif
