/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dispatch of the SBI calls that guests make. Extension ids are sparse, so a multiplication
 * spreads them over a table of slots in which each has one to itself; the factor is searched
 * once, by sbi_init(). Nothing changes after that, so there is no lock.
 *
 *   id --(* factor >> 58)--> slot --> the VM has that slot? --> the slot's id is id? --> call
 */
#include <arch/sbi.h>
#include <core/check.h>

#include "extensions.h"

#define SLOT_BITS 6
#define SLOTS (1u << SLOT_BITS)

/* The first candidate (2^64 / the golden ratio), and how many to try: each odd number after it. */
#define FACTOR_FIRST UINT64_C(0x9e3779b97f4a7c15)
#define FACTOR_TRIES 100000

_Static_assert(SLOTS == 8 * sizeof(((struct vm *)NULL)->sbi_enabled), "one bit a slot");

#define EXTENSION_ADDRESS(name) &sbi_##name,
const struct sbi_extension *const sbi_extensions[] = { SBI_EXTENSIONS(EXTENSION_ADDRESS) NULL };

static const struct sbi_extension *slots[SLOTS];
static uint64_t factor;

/** Cannot leave the table, whatever @id a guest chose, under speculation too. */
static inline unsigned int slot_of(unsigned long id)
{
	return id * factor >> (64 - SLOT_BITS);
}

static inline const struct sbi_extension *extension_of(const struct vm *vm, unsigned long id)
{
	unsigned int slot = slot_of(id);

	if (unlikely(!(vm->sbi_enabled >> slot & 1)) || unlikely(slots[slot]->id != id))
		return NULL;
	return slots[slot];
}

/** Puts every extension into the slot that @candidate gives it; false when two share one. */
static bool slots_fill(uint64_t candidate)
{
	uint64_t used = 0;

	factor = candidate;
	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		unsigned int slot = slot_of(sbi_extensions[i]->id);

		if (used & BIT(slot))
			return false;
		used |= BIT(slot);
	}
	for (unsigned int i = 0; i < SLOTS; i++)
		slots[i] = NULL;
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		slots[slot_of(sbi_extensions[i]->id)] = sbi_extensions[i];
	return true;
}

void sbi_init(void)
{
	uint64_t candidate = FACTOR_FIRST;
	unsigned int tries = 0;

	for (unsigned int i = 0; sbi_extensions[i]; i++)
		for (unsigned int j = 0; j < i; j++)
			CHECK(sbi_extensions[i]->id != sbi_extensions[j]->id);
	while (!slots_fill(candidate)) {
		candidate += 2;
		CHECK(++tries < FACTOR_TRIES);
	}
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		if (sbi_extensions[i]->init)
			sbi_extensions[i]->init();
}

void sbi_vm_init(struct vm *vm)
{
	vm->sbi_enabled = 0;
	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		const struct sbi_extension *extension = sbi_extensions[i];

		if (!extension->available || extension->available(vm))
			vm->sbi_enabled |= BIT(slot_of(extension->id));
	}
}

const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id)
{
	return extension_of(vm, id);
}

void sbi_call(struct vcpu *vcpu)
{
	uint64_t *args = &vcpu->arch.regs[REG_A0];
	const struct sbi_extension *extension = extension_of(vcpu->vm, args[7]);
	struct sbi_result result = sbi_error(SBI_NOT_SUPPORTED);

	if (likely(extension))
		result = extension->call(vcpu, args[6], args);
	args[0] = (uint64_t)result.error;
	args[1] = result.value;
}

long sbi_hart_mask(const struct vm *vm, uint64_t mask, uint64_t base, uint64_t *vcpus)
{
	uint64_t all = GENMASK(vm->vcpu_count - 1, 0);

	if (base == UINT64_MAX) {
		*vcpus = all;
		return SBI_SUCCESS;
	}
	*vcpus = 0;
	if (!mask)
		return SBI_SUCCESS;
	if (base >= MAX_VCPUS || mask << base >> base != mask || mask << base & ~all)
		return SBI_INVALID_PARAM;
	*vcpus = mask << base;
	return SBI_SUCCESS;
}
