/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of SBI extensions that guests can have: X(name) for each sbi_<name>, a constant that
 * the file <name>.c defines. A new extension is a file and a line here. No lock.
 */
#ifndef SBI_EXTENSIONS_H
#define SBI_EXTENSIONS_H

#include <arch/sbi.h>

#define SBI_EXTENSIONS(X) \
	X(base)           \
	X(time)           \
	X(ipi)            \
	X(rfence)         \
	X(hsm)            \
	X(srst)           \
	X(dbcn)

#define SBI_DECLARE(name) extern const struct sbi_extension sbi_##name;
SBI_EXTENSIONS(SBI_DECLARE)
#undef SBI_DECLARE

#endif
