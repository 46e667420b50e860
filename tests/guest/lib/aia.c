/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds APLIC and IMSIC. `aia` is written once, before other harts run.
 */
#include "aia.h"
#include "fdt.h"

#include <stddef.h>

struct aia aia;

void aia_init(void)
{
	struct fdt_device imsic = fdt_device("riscv,imsics"), aplic;

	if (imsic.address && fdt_has_extension("ssaia")) {
		aia.has_imsic = true;
		aia.imsic = imsic.address;
		aia.ids = (unsigned int)fdt_number(imsic.path, "riscv,num-ids", 255);
		aia.stride = 4096ul << fdt_number(imsic.path, "riscv,guest-index-bits", 0);
	}
	aplic = fdt_device("riscv,aplic");
	if (aplic.address) {
		aia.has_aplic = true;
		aia.aplic = aplic.address;
		aia.aplic_size = aplic.size;
		aia.sources = (unsigned int)fdt_number(aplic.path, "riscv,num-sources", 96);
		aia.aplic_msi = fdt_property(aplic.path, "msi-parent", NULL) != NULL;
	}
}

void imsic_open(void)
{
	for (unsigned int k = 0; k <= aia.ids / 32; k += 2) {
		ireg_write(EIE0 + k, 0);
		ireg_write(EIP0 + k, 0);
	}
	ireg_write(EITHRESHOLD, 0);
	ireg_write(EIDELIVERY, 1);
}

void imsic_enable(unsigned int id)
{
	csr_write(CSR_SISELECT, EIE0 + id / 64 * 2);
	csr_set(CSR_SIREG, 1ul << (id & 63));
}

void imsic_disable(unsigned int id)
{
	csr_write(CSR_SISELECT, EIE0 + id / 64 * 2);
	csr_clear(CSR_SIREG, 1ul << (id & 63));
}

bool imsic_pending(unsigned int id)
{
	return ireg_read(EIP0 + id / 64 * 2) >> (id & 63) & 1;
}
