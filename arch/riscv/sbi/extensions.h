/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table entry of each extension; arch/sbi_list.h is the list. No lock.
 */
#ifndef SBI_EXTENSIONS_H
#define SBI_EXTENSIONS_H

#include <arch/sbi.h>
#include <arch/sbi_list.h>

/** The legacy extension, which has an id for each of its functions; `sbi-legacy` of a VM. */
#define SBI_LEGACY_EXTENSIONS(X)  \
	X(legacy_set_timer)       \
	X(legacy_put_char)        \
	X(legacy_get_char)        \
	X(legacy_clear_ipi)       \
	X(legacy_send_ipi)        \
	X(legacy_fence_i)         \
	X(legacy_sfence_vma)      \
	X(legacy_sfence_vma_asid) \
	X(legacy_shutdown)

#define SBI_DECLARE(name) extern const struct sbi_extension sbi_##name;
SBI_EXTENSIONS(SBI_DECLARE)
SBI_LEGACY_EXTENSIONS(SBI_DECLARE)
#undef SBI_DECLARE

/** A call of @extension, in whichever way it answers it. */
struct sbi_result sbi_extension_call(const struct sbi_extension *extension, struct vcpu *vcpu,
				     unsigned long function, const uint64_t *args);

#endif
