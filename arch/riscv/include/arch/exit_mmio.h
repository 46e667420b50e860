/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guest-page faults have in common: where the guest wanted to go, and the accesses to devices
 * that light functions do (<core/light.h>). Everything is of the loaded vCPU; no lock.
 */
#ifndef ARCH_EXIT_MMIO_H
#define ARCH_EXIT_MMIO_H

#include <arch/csr.h>
#include <core/vm.h>

/** The guest-physical address of the fault, where htval tells it. */
static inline gpa_t exit_fault_address(void)
{
	return gpa(csr_read(CSR_HTVAL) << 2 | (csr_read(CSR_STVAL) & 3));
}

/**
 * A load, or a store, that one of the devices which the vCPU accessed last does by a light
 * function, or an MSI to itself. For trap_entry; they count the exit. False: nothing has been done.
 */
bool exit_load_light(struct vcpu *vcpu);
bool exit_store_light(struct vcpu *vcpu);

#endif
