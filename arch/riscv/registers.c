/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of vCPUs by number (arch/registers.h): finds the row, sees to it that the vCPU is
 * in no hart, and that no hart takes what it held of the vCPU for good afterwards. All of it under
 * the control lock.
 */
#include <arch/registers.h>
#include <core/vm.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "register_groups.h"

#define GROUP_ADDRESS(name) &registers_##name,
static const struct register_group *const groups[] = { REGISTER_GROUPS(GROUP_ADDRESS) };

/** A register: its row, and what the row's functions call it. */
struct found {
	const struct register_row *row;
	unsigned int index;
	unsigned int width;
};

static bool find(const struct vcpu *vcpu, uint32_t number, struct found *found)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++) {
		const struct register_row *last = &groups[i]->rows[groups[i]->count - 1];

		if (number < groups[i]->rows[0].first || number >= last->first + last->count)
			continue;
		for (unsigned int j = 0; j < groups[i]->count; j++) {
			const struct register_row *row = &groups[i]->rows[j];
			unsigned int index = row->base + (number - row->first);

			if (number < row->first || number - row->first >= row->count)
				continue;
			if (row->exists && !row->exists(vcpu, index))
				return false;
			*found = (struct found){ row, index, sizeof(uint64_t) };
			if (row->bytes)
				row->bytes(vcpu, index, &found->width);
			return true;
		}
	}
	return false;
}

/* The register, if it can be accessed now; or the error. */
static int prepare(struct vcpu *vcpu, uint32_t number, size_t size, struct found *found)
{
	if (!find(vcpu, number, found))
		return -ENOENT;
	if (size != found->width)
		return -EMSGSIZE;
	if (!vcpu->vm->held)
		return -EBUSY;
	if (number >> 24 == REGISTER_FILE)
		intfile_evict(vcpu);
	return 0;
}

int vcpu_register_get(struct vcpu *vcpu, uint32_t number, void *value, size_t size)
{
	struct found found;
	int error = prepare(vcpu, number, size, &found);
	uint64_t read;

	if (error)
		return error;
	if (found.row->bytes) {
		memcpy(value, found.row->bytes(vcpu, found.index, &found.width), size);
	} else {
		read = found.row->get(vcpu, found.index);
		memcpy(value, &read, sizeof(read));
	}
	return 0;
}

static int set(struct vcpu *vcpu, struct found *found, const void *value)
{
	uint64_t wanted;

	if (found->row->bytes) {
		memcpy(found->row->bytes(vcpu, found->index, &found->width), value, found->width);
		return 0;
	}
	memcpy(&wanted, value, sizeof(wanted));
	if (!found->row->set)
		return wanted == found->row->get(vcpu, found->index) ? 0 : -EINVAL;
	return found->row->set(vcpu, found->index, wanted);
}

int vcpu_register_set(struct vcpu *vcpu, uint32_t number, const void *value, size_t size)
{
	struct found found;
	int error = prepare(vcpu, number, size, &found);

	if (!error)
		error = set(vcpu, &found, value);
	/* The hart that ran it last holds CSRs, FP and vector registers that are old now. */
	if (!error) {
		vcpu->arch.hart = NULL;
		vcpu->arch.fp_owner = vcpu->arch.vector_owner = vcpu;
	}
	return error;
}

void vcpu_register_list(const struct vcpu *vcpu,
			void (*each)(void *opaque, uint32_t number, const char *name,
				     unsigned int size),
			void *opaque)
{
	char name[REGISTER_NAME_MAX];
	struct found found;

	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		for (unsigned int j = 0; j < groups[i]->count; j++) {
			const struct register_row *row = &groups[i]->rows[j];

			for (uint32_t k = 0; k < row->count; k++) {
				if (!find(vcpu, row->first + k, &found))
					continue;
				if (row->count == 1)
					snprintf(name, sizeof(name), "%s", row->name);
				else
					snprintf(name, sizeof(name), "%s%u", row->name,
						 found.index);
				each(opaque, row->first + k, name, found.width);
			}
		}
}

struct search {
	const char *name;
	int64_t number;
};

static void search_each(void *opaque, uint32_t number, const char *name, unsigned int size)
{
	struct search *search = opaque;

	(void)size;
	if (strcmp(name, search->name) == 0)
		search->number = number;
}

int64_t vcpu_register_number(const struct vcpu *vcpu, const char *name)
{
	struct search search = { name, -ENOENT };

	vcpu_register_list(vcpu, search_each, &search);
	return search.number;
}
