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
#include <core/text.h>
#include <errno.h>
#include <string.h>

#include "extensions.h"

/* The first candidate (2^64 / the golden ratio), what leads to the next, and how many to try. */
#define FACTOR_FIRST UINT64_C(0x9e3779b97f4a7c15)
#define FACTOR_STEP UINT64_C(0x5851f42d4c957f2d)
#define FACTOR_TRIES 100000

_Static_assert(offsetof(struct vcpu, arch.sbi_slots) + SBI_SLOTS * 8 < 2048, "within_reach_of_ld");
_Static_assert(SBI_SLOTS == 8 * sizeof(((struct vm *)NULL)->sbi_enabled), "one bit a slot");

#define EXTENSION_ADDRESS(name) &sbi_##name,
const struct sbi_extension *const sbi_extensions[] = {
	SBI_EXTENSIONS(EXTENSION_ADDRESS) SBI_LEGACY_EXTENSIONS(EXTENSION_ADDRESS) NULL,
};

_Static_assert(ARRAY_SIZE(sbi_extensions) <= SBI_SLOTS, "one_slot_each");

/** Where no extension is, or none that the VM has: id is no one's. */
static const struct sbi_extension none = { .id = SBI_EXT_NONE };

static const struct sbi_extension *slots[SBI_SLOTS];
static uint64_t factor;

/** Cannot leave the table, whatever @id a guest chose, under speculation too. */
static inline unsigned int slot_of(unsigned long id)
{
	return id * factor >> (64 - SBI_SLOT_BITS);
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
	for (unsigned int i = 0; i < SBI_SLOTS; i++)
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
		candidate *= FACTOR_STEP;
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

		if (vm->config.sbi_disabled >> i & 1)
			continue;
		if (!extension->available || extension->available(vm))
			vm->sbi_enabled |= BIT(slot_of(extension->id));
	}
}

const char *arch_vm_sbi(const struct vm *vm, char *buffer, size_t size)
{
	struct text text = text_in(buffer, size);
	const char *last = "";

	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		const struct sbi_extension *extension = sbi_extensions[i];

		/* The legacy extension has several ids. */
		if (!extension_of(vm, extension->id) || strcmp(extension->name, last) == 0)
			continue;
		last = extension->name;
		text_add(&text, "%s%s", text.length ? " " : "", last);
	}
	return buffer;
}

/** For trap_entry: the VM's extensions by slot. They do not change any more. */
static void vcpu_slots_fill(struct vcpu *vcpu)
{
	vcpu->arch.sbi_factor = factor;
	for (unsigned int slot = 0; slot < SBI_SLOTS; slot++)
		vcpu->arch.sbi_slots[slot] = vcpu->vm->sbi_enabled >> slot & 1 ? slots[slot]
									       : &none;
}

int sbi_vcpu_init(struct vcpu *vcpu)
{
	vcpu_slots_fill(vcpu);
	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		const struct sbi_extension *extension = sbi_extensions[i];

		if (extension->vcpu_init && extension_of(vcpu->vm, extension->id) &&
		    extension->vcpu_init(vcpu))
			return -ENOMEM;
	}
	return 0;
}

void sbi_vcpu_destroy(struct vcpu *vcpu)
{
	for (unsigned int i = 0; sbi_extensions[i]; i++)
		if (sbi_extensions[i]->vcpu_destroy)
			sbi_extensions[i]->vcpu_destroy(vcpu);
}

void sbi_vcpu_reset(struct vcpu *vcpu)
{
	vcpu->arch.sbi_switch = 0;
	for (unsigned int i = 0; sbi_extensions[i]; i++) {
		const struct sbi_extension *extension = sbi_extensions[i];

		if (extension->vcpu_reset && extension_of(vcpu->vm, extension->id))
			extension->vcpu_reset(vcpu);
	}
}

void sbi_switch_set(struct vcpu *vcpu, const struct sbi_extension *extension, bool on)
{
	uint64_t slot = BIT(slot_of(extension->id));

	vcpu->arch.sbi_switch = on ? vcpu->arch.sbi_switch | slot : vcpu->arch.sbi_switch & ~slot;
}

void sbi_vcpu_load(struct vcpu *vcpu)
{
	for (uint64_t left = vcpu->arch.sbi_switch; left; left &= left - 1) {
		const struct sbi_extension *extension = slots[__builtin_ctzll(left)];

		if (extension->load)
			extension->load(vcpu);
	}
}

void sbi_vcpu_save(struct vcpu *vcpu)
{
	for (uint64_t left = vcpu->arch.sbi_switch; left; left &= left - 1) {
		const struct sbi_extension *extension = slots[__builtin_ctzll(left)];

		if (extension->save)
			extension->save(vcpu);
	}
}

const struct sbi_extension *sbi_find(const struct vm *vm, unsigned long id)
{
	return extension_of(vm, id);
}

static inline struct sbi_result answer(const struct sbi_extension *extension,
				       unsigned long function)
{
	unsigned long value = extension->answers[index_mask(function, SBI_ANSWERS)];

	return value >> 63 ? sbi_heavy() : sbi_value(value);
}

struct sbi_result sbi_extension_call(const struct sbi_extension *extension, struct vcpu *vcpu,
				     unsigned long function, const uint64_t *args)
{
	struct sbi_result result = sbi_heavy();

	if (extension->answers && function < SBI_ANSWERS)
		result = answer(extension, function);
	else if (extension->light)
		result = extension->light(vcpu, function, args);
	return result.error == SBI_HEAVY ? extension->call(vcpu, function, args) : result;
}

void sbi_call(struct vcpu *vcpu)
{
	uint64_t *args = &vcpu->arch.regs[REG_A0];
	const struct sbi_extension *extension = extension_of(vcpu->vm, args[7]);
	struct sbi_result result = sbi_error(SBI_NOT_SUPPORTED);

	if (likely(extension))
		result = sbi_extension_call(extension, vcpu, args[6], args);
	args[0] = (uint64_t)result.error;
	args[1] = result.value;
}
