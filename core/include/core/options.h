/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's command line (/chosen/bootargs): words of the form name or name=value,
 * separated by blanks. Never changes after boot, so there is no lock.
 */
#ifndef CORE_OPTIONS_H
#define CORE_OPTIONS_H

#include <core/types.h>

/** Reads the command line and reports words that no option knows. */
void options_init(const char *bootargs);

/** The value of option @name ("" when it has none), or NULL when it was not given. */
const char *option_get(const char *name);

/** Whether the comma-separated list of option @name holds @word. */
bool option_has(const char *name, const char *word);

#endif
