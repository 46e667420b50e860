/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images of saved VMs for tests: random ones, made by the writer, and ways to change one and put
 * its checksums right again. No threads, no locks.
 */
#ifndef TESTS_UNIT_SAVE_SAMPLE_H
#define TESTS_UNIT_SAVE_SAMPLE_H

#include <core/save.h>

#include "../../core/save_elf.h"

#define SAMPLE_PAGES 6
#define SAMPLE_BASE UINT64_C(0x80000000)

struct sample {
	uint8_t *data; /* from malloc(), exactly @size bytes, so that ASan guards its end */
	size_t size;
	unsigned int vcpus;
	unsigned int registers; /* of each vCPU */
	bool present[SAMPLE_PAGES]; /* pages from SAMPLE_BASE on */
	_Alignas(8) uint8_t pages[SAMPLE_PAGES][PAGE_SIZE];
	uint8_t description[64];
};

/** The value of a register of a sample: @size bytes. */
void sample_value(unsigned int vcpu, uint32_t number, uint8_t *value, unsigned int size);

/** Makes a sample; the same one for the same seed. */
void sample_init(struct sample *sample, uint64_t seed);
void sample_free(struct sample *sample);

static inline struct save_start *sample_start(struct sample *sample)
{
	return (struct save_start *)(void *)sample->data;
}

/** The program headers. */
static inline struct save_segment *sample_segments(struct sample *sample)
{
	return (void *)(sample->data + sample_start(sample)->header.segments_at);
}

/** The first note of @type, behind its header. */
void *sample_note(struct sample *sample, enum save_note type);

/** Puts all checksums right. The offsets of the parts are believed. */
void sample_seal(struct sample *sample);

#endif
