/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/csr.h>
#include <arch/vsfile.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/vm.h>
#include <drivers/irqchip.h>
#include <emulators/swfile.h>

/* What hstatus and vsiselect were before vsireg was pointed at a file. */
struct window {
	uint64_t hstatus, vsiselect;
};

static struct window window_open(unsigned int line)
{
	struct window window = {
		.hstatus = csr_read(CSR_HSTATUS),
		.vsiselect = csr_read(CSR_VSISELECT),
	};

	csr_write(CSR_HSTATUS,
		  (window.hstatus & ~HSTATUS_VGEIN) | (uint64_t)line << HSTATUS_VGEIN_SHIFT);
	return window;
}

static void window_close(struct window window)
{
	csr_write(CSR_VSISELECT, window.vsiselect);
	csr_write(CSR_HSTATUS, window.hstatus);
}

static void file_write(unsigned int reg, uint64_t value)
{
	csr_write(CSR_VSISELECT, reg);
	csr_write(CSR_VSIREG, value);
}

static uint64_t file_swap(unsigned int reg, uint64_t value)
{
	csr_write(CSR_VSISELECT, reg);
	return csr_swap(CSR_VSIREG, value);
}

static void file_set(unsigned int reg, uint64_t bits)
{
	csr_write(CSR_VSISELECT, reg);
	csr_set(CSR_VSIREG, bits);
}

static unsigned int hardware_words(void)
{
	return (imsic_guest_identities() + 1) / 64;
}

unsigned int arch_vsfile_identities(const struct hart *hart)
{
	return hart->arch.guest_files ? imsic_guest_identities() : 0;
}

hpa_t arch_vsfile_page(const struct hart *hart, unsigned int line)
{
	hpa_t page = hpa(0);

	CHECK(imsic_page(hart->index, line, &page) == 0);
	return page;
}

void arch_vsfile_clear(unsigned int line)
{
	struct window window = window_open(line);

	file_write(ISELECT_EIDELIVERY, 0);
	file_write(ISELECT_EITHRESHOLD, 0);
	for (unsigned int word = 0; word < hardware_words(); word++) {
		file_write(ISELECT_EIE0 + 2 * word, 0);
		file_write(ISELECT_EIP0 + 2 * word, 0);
	}
	window_close(window);
}

void arch_vsfile_fill(unsigned int line, struct swfile *file)
{
	struct window window = window_open(line);

	for (unsigned int word = 0; word < (file->identities + 1) / 64; word++) {
		uint64_t pending = swfile_take_word(file, word);

		if (pending)
			file_set(ISELECT_EIP0 + 2 * word, pending);
		if (file->enabled[word])
			file_write(ISELECT_EIE0 + 2 * word, file->enabled[word]);
		file->enabled[word] = 0;
	}
	file_write(ISELECT_EITHRESHOLD, file->threshold);
	file_write(ISELECT_EIDELIVERY, file->delivery);
	file->threshold = 0;
	file->delivery = 0;
	window_close(window);
}

void arch_vsfile_drain(unsigned int line, struct swfile *file)
{
	struct window window = window_open(line);
	uint64_t delivery = file_swap(ISELECT_EIDELIVERY, 0);
	uint64_t threshold = file_swap(ISELECT_EITHRESHOLD, 0);

	for (unsigned int word = 0; word < hardware_words(); word++) {
		uint64_t pending = file_swap(ISELECT_EIP0 + 2 * word, 0);
		uint64_t enabled = file_swap(ISELECT_EIE0 + 2 * word, 0);

		/* The guest was not told of identities above its own. */
		if (word >= (file->identities + 1) / 64)
			continue;
		if (pending)
			swfile_add_word(file, word, pending);
		__atomic_store_n(&file->enabled[word], enabled, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&file->threshold, (uint32_t)threshold, __ATOMIC_RELAXED);
	__atomic_store_n(&file->delivery, (uint32_t)delivery, __ATOMIC_RELEASE);
	window_close(window);
}

void arch_vsfile_select(struct vcpu *vcpu, unsigned int line)
{
	struct hart *hart = hart_self();
	uint64_t bits = (uint64_t)line << HSTATUS_VGEIN_SHIFT;

	vcpu->arch.hstatus = (vcpu->arch.hstatus & ~HSTATUS_VGEIN) | bits;
	if (hart->running == vcpu && hart->loaded == vcpu)
		csr_write(CSR_HSTATUS, (csr_read(CSR_HSTATUS) & ~HSTATUS_VGEIN) | bits);
}

/*
 * After each write of hgeie. QEMU works SGEIP out before it takes the lock under which it stores
 * it: what comes in between is overwritten, and only another write of hgeie brings it back.
 */
static void sgeip_settle(void)
{
	uint64_t lines = csr_read(CSR_HGEIP) & csr_read(CSR_HGEIE);

	if (lines)
		csr_set(CSR_HGEIE, lines);
}

void arch_vsfile_watch(unsigned int line)
{
	csr_set(CSR_HGEIE, BIT(line));
	sgeip_settle();
}

void arch_vsfile_unwatch(unsigned int line)
{
	csr_clear(CSR_HGEIE, BIT(line));
	sgeip_settle();
}

void arch_vsfile_store(const struct hart *hart, unsigned int line, unsigned int identity)
{
	imsic_file_store(hart->index, line, identity);
}

void arch_vsfile_barrier(const struct hart *hart, unsigned int line)
{
	imsic_file_barrier(hart->index, line);
}

uint64_t arch_vsfile_interrupt(void)
{
	uint64_t lines = csr_read(CSR_HGEIP) & csr_read(CSR_HGEIE);

	csr_clear(CSR_HGEIE, lines);
	sgeip_settle();
	return lines;
}
