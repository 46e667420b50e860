/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_vsfile.h"

#include <arch/vsfile.h>
#include <core/vm.h>
#include <emulators/swfile.h>

#define WORDS 4

struct fake_vsfile fake_vsfiles[FAKE_HARTS][FAKE_LINES];
unsigned int fake_vsfile_identities = 255;

void fake_vsfile_reset(void)
{
	memset(fake_vsfiles, 0x5a, sizeof(fake_vsfiles));
	for (unsigned int hart = 0; hart < FAKE_HARTS; hart++)
		for (unsigned int line = 0; line < FAKE_LINES; line++)
			fake_vsfiles[hart][line].watched = false;
	fake_vsfile_identities = 255;
}

static struct fake_vsfile *here(unsigned int line)
{
	assert_in_range(line, 1, FAKE_LINES - 1);
	return &fake_vsfiles[hart_self()->index][line];
}

unsigned int arch_vsfile_identities(const struct hart *hart)
{
	(void)hart;
	return fake_vsfile_identities;
}

hpa_t arch_vsfile_page(const struct hart *hart, unsigned int line)
{
	return hpa(0x28000000 + (hart->index * FAKE_LINES + line) * PAGE_SIZE);
}

void arch_vsfile_clear(unsigned int line)
{
	struct fake_vsfile *file = here(line);

	for (unsigned int word = 0; word < WORDS; word++) {
		__atomic_store_n(&file->pending[word], 0, __ATOMIC_SEQ_CST);
		file->enabled[word] = 0;
	}
	file->threshold = file->delivery = 0;
}

void arch_vsfile_fill(unsigned int line, struct swfile *software)
{
	struct fake_vsfile *file = here(line);

	for (unsigned int word = 0; word < (software->identities + 1) / 64; word++) {
		uint64_t pending = swfile_take_word(software, word);

		__atomic_fetch_or(&file->pending[word], pending, __ATOMIC_SEQ_CST);
		file->enabled[word] = software->enabled[word];
		software->enabled[word] = 0;
	}
	file->threshold = software->threshold;
	file->delivery = software->delivery;
	software->threshold = software->delivery = 0;
}

void arch_vsfile_drain(unsigned int line, struct swfile *software)
{
	struct fake_vsfile *file = here(line);

	for (unsigned int word = 0; word < (software->identities + 1) / 64; word++) {
		uint64_t pending = __atomic_exchange_n(&file->pending[word], 0, __ATOMIC_SEQ_CST);

		swfile_add_word(software, word, pending);
		software->enabled[word] = file->enabled[word];
	}
	software->threshold = (uint32_t)file->threshold;
	__atomic_store_n(&software->delivery, (uint32_t)file->delivery, __ATOMIC_SEQ_CST);
	arch_vsfile_clear(line);
}

void arch_vsfile_select(struct vcpu *vcpu, unsigned int line)
{
	vcpu->arch.hstatus = line;
}

void arch_vsfile_watch(unsigned int line)
{
	here(line)->watched = true;
}

void arch_vsfile_unwatch(unsigned int line)
{
	here(line)->watched = false;
}

void arch_vsfile_store(const struct hart *hart, unsigned int line, unsigned int identity)
{
	struct fake_vsfile *file = &fake_vsfiles[hart->index][line];

	assert_in_range(identity, 1, fake_vsfile_identities);
	__atomic_fetch_or(&file->pending[identity / 64], BIT(identity % 64), __ATOMIC_SEQ_CST);
}

void arch_vsfile_barrier(const struct hart *hart, unsigned int line)
{
	(void)hart;
	(void)line;
}

uint64_t arch_vsfile_interrupt(void)
{
	uint64_t lines = 0;

	for (unsigned int line = 1; line < FAKE_LINES; line++) {
		struct fake_vsfile *file = here(line);
		uint64_t pending = 0;

		for (unsigned int word = 0; word < WORDS; word++)
			pending |= file->pending[word] & file->enabled[word];
		if (file->watched && file->delivery && pending) {
			file->watched = false;
			lines |= BIT(line);
		}
	}
	return lines;
}
