/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of what is odd about host devices. Whoever adds a row names the erratum, or the manual
 * that says so. No lock: it is only read.
 */
#include <core/finding.h>
#include <core/hostdt.h>
#include <drivers/driver.h>
#include <drivers/quirks.h>

static const struct {
	const char *compatible;
	enum device_quirk quirk;
	const char *what;
} rows[] = {
	/* Intel PXA25x developer's manual, 10.4: IER.UUE. SpacemiT K1 and K3 have the same UART. */
	{ "intel,xscale-uart", QUIRK_UART_UNIT_ENABLE,
	  "XScale UART: off unless IER.UUE is set; it stays set" },
	{ "mrvl,mmp-uart", QUIRK_UART_UNIT_ENABLE,
	  "XScale UART: off unless IER.UUE is set; it stays set" },
	{ "spacemit,k1-uart", QUIRK_UART_UNIT_ENABLE,
	  "SpacemiT UART: off unless IER.UUE is set; it stays set" },
	{ "spacemit,k3-uart", QUIRK_UART_UNIT_ENABLE,
	  "SpacemiT UART: off unless IER.UUE is set; it stays set" },
	/* DesignWare DW_apb_uart databook: IIR, "busy detect"; USR. */
	{ "snps,dw-apb-uart", QUIRK_UART_BUSY,
	  "DesignWare UART: busy interrupts end by a read of USR" },
	{ "snps,dw-apb-uart", QUIRK_UART_EMPTY_TIMEOUT,
	  "DesignWare UART: time-outs without data end by a read of RBR" },
	/*
	 * UltraRISC UR-CP100 (DP1000), as its authors told Linux: the claim register can name a
	 * wrong source while several are pending.
	 */
	{ "ultrarisc,cp100-plic", QUIRK_PLIC_CLAIM,
	  "UR-CP100 claim erratum: all sources but one are disabled at each claim" },
	/* XuanTie C900 and Andes NCEPLIC100 PLICs have edge-triggered gateways. */
	{ "thead,c900-plic", QUIRK_PLIC_EDGE,
	  "edges of this PLIC are completed before they are handled" },
	{ "andestech,nceplic100", QUIRK_PLIC_EDGE,
	  "edges of this PLIC are completed before they are handled" },
};

uint64_t device_quirks(int node)
{
	uint64_t quirks = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (hostdt_compatible(node, rows[i].compatible))
			quirks |= BIT(rows[i].quirk);
	return quirks;
}

void device_quirks_tell(int node, uint64_t quirks)
{
	char path[NODE_PATH_MAX];

	hostdt_path_of(node, path, sizeof(path));
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!quirk_has(quirks, rows[i].quirk) ||
		    !hostdt_compatible(node, rows[i].compatible))
			continue;
		/* Nor are more general names of the same device told. */
		quirks &= ~BIT(rows[i].quirk);
		finding_add(FINDING_QUIRK, path, "%s", rows[i].what);
	}
}
