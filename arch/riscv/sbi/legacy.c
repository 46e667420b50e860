/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The legacy extension (SBI 3.0, "Legacy Extensions"; SBI 0.1), for guests that know no other: an
 * id for each function, one result in a0, a1 as it was, and hart masks in the guest's own virtual
 * memory, where a fault is the guest's, at its ECALL. The work is that of the extensions that have
 * replaced these. No lock.
 */
#include <arch/sbi.h>
#include <core/console.h>

#include "extensions.h"

#define FID_SEND_IPI 0
#define FID_FENCE_I 0
#define FID_SFENCE_VMA 1
#define FID_SFENCE_VMA_ASID 2

static bool legacy_available(const struct vm *vm)
{
	return vm->config.sbi_legacy;
}

/** a0 is @result, and a1 is kept. */
static struct sbi_result legacy_result(long result, const uint64_t *args)
{
	return (struct sbi_result){ .error = result, .value = args[1] };
}

/**
 * Calls function @function of @extension with the hart mask that @args[0] points at (0: all) and
 * the range and ASID behind it.
 */
static struct sbi_result masked_call(struct vcpu *vcpu, const struct sbi_extension *extension,
				     unsigned long function, const uint64_t *args)
{
	uint64_t modern[6] = { 0, args[0] ? 0 : UINT64_MAX, args[1], args[2], args[3] };

	if (args[0] && !arch_vcpu_read_virtual(vcpu, args[0], &modern[0]))
		return legacy_result((long)args[0], args);
	return legacy_result(sbi_extension_call(extension, vcpu, function, modern).error, args);
}

static struct sbi_result set_timer(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	arch_vcpu_set_timer(vcpu, args[0]);
	return legacy_result(0, args);
}

static struct sbi_result put_char(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	uint8_t byte = (uint8_t)args[0];

	(void)function;
	console_write(vcpu->vm->console, &byte, 1);
	return legacy_result(0, args);
}

static struct sbi_result get_char(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	uint8_t byte;

	(void)function;
	return legacy_result(console_read(vcpu->vm->console, &byte, 1) ? byte : -1, args);
}

static struct sbi_result clear_ipi(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	return legacy_result(arch_vcpu_clear_ssip(vcpu), args);
}

static struct sbi_result send_ipi(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	return masked_call(vcpu, &sbi_ipi, FID_SEND_IPI, args);
}

static struct sbi_result fence_i(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	return masked_call(vcpu, &sbi_rfence, FID_FENCE_I, args);
}

static struct sbi_result sfence_vma(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	return masked_call(vcpu, &sbi_rfence, FID_SFENCE_VMA, args);
}

static struct sbi_result sfence_vma_asid(struct vcpu *vcpu, unsigned long function,
					 const uint64_t *args)
{
	(void)function;
	return masked_call(vcpu, &sbi_rfence, FID_SFENCE_VMA_ASID, args);
}

static struct sbi_result shutdown(struct vcpu *vcpu, unsigned long function, const uint64_t *args)
{
	(void)function;
	vm_request(vcpu->vm, VM_REQUEST_SHUTDOWN, "guest shut down");
	vcpu_leave(vcpu, LEAVE_PARK);
	return legacy_result(0, args);
}

#define LEGACY(eid, function)                                \
	const struct sbi_extension sbi_legacy_##function = { \
		.id = (eid),                                 \
		.name = "legacy",                            \
		.available = legacy_available,               \
		.call = (function),                          \
	}

LEGACY(SBI_EXT_LEGACY_SET_TIMER, set_timer);
LEGACY(SBI_EXT_LEGACY_PUTCHAR, put_char);
LEGACY(SBI_EXT_LEGACY_GETCHAR, get_char);
LEGACY(SBI_EXT_LEGACY_CLEAR_IPI, clear_ipi);
LEGACY(SBI_EXT_LEGACY_SEND_IPI, send_ipi);
LEGACY(SBI_EXT_LEGACY_FENCE_I, fence_i);
LEGACY(SBI_EXT_LEGACY_SFENCE, sfence_vma);
LEGACY(SBI_EXT_LEGACY_SFENCE_ASID, sfence_vma_asid);
LEGACY(SBI_EXT_LEGACY_SHUTDOWN, shutdown);
