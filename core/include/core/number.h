/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in text: options and arguments of commands. No lock: all of it is pure.
 */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <core/types.h>

/** Reads a whole decimal, octal (0...) or hexadecimal (0x...) number. False when it is none. */
bool number_parse(const char *text, uint64_t *number);

/** The same with K, M or G behind it (times 1024...). False when it is none or too large. */
bool size_parse(const char *text, uint64_t *size);

#endif
