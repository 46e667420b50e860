/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of SBI extensions that guests can have: X(name) for each sbi_<name>, a constant that
 * arch/riscv/sbi/<name>.c defines. A new extension is a file and a line here. The names are those
 * of the property sbi-disable, too; this header needs no other, as the packer includes it. No lock.
 */
#ifndef ARCH_SBI_LIST_H
#define ARCH_SBI_LIST_H

/** What a guest cannot be without: it could not ask what there is. */
#define SBI_BASE_EXTENSION(X) X(base)

/** What can be switched off for a VM. Up to 64. */
#define SBI_OPTIONAL_EXTENSIONS(X) \
	X(time)                    \
	X(ipi)                     \
	X(rfence)                  \
	X(hsm)                     \
	X(srst)                    \
	X(dbcn)                    \
	X(susp)                    \
	X(sse)                     \
	X(pmu)                     \
	X(fwft)                    \
	X(dbtr)                    \
	X(sta)

#define SBI_EXTENSIONS(X)     \
	SBI_BASE_EXTENSION(X) \
	SBI_OPTIONAL_EXTENSIONS(X)

/** A bit for each, as in vm_config.sbi_disabled. */
#define SBI_LIST_BIT(name) SBI_LIST_##name,
enum sbi_list { SBI_EXTENSIONS(SBI_LIST_BIT) SBI_LIST_COUNT };
#undef SBI_LIST_BIT

#endif
