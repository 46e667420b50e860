/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's PLIC in saved VMs. What follows from its registers (whom a source interrupts, the
 * lines) is not saved. device.lock guards all of it.
 */
#include "plic.h"
#include "state.h"

_Static_assert(PLIC_IDS == 96 && PLIC_WORDS == 3, "the_state_has_room_for_each_source");

static const struct plic *plic_of(const struct device *device)
{
	return container_of(device, const struct plic, device);
}

static struct plic_context_state *contexts_of(const void *state)
{
	return (struct plic_context_state *)((struct plic_state *)state + 1);
}

size_t plic_state_size(const struct device *device)
{
	return sizeof(struct plic_state) +
	       plic_of(device)->contexts * sizeof(struct plic_context_state);
}

void plic_save(struct device *device, void *to)
{
	struct plic *plic = container_of(device, struct plic, device);
	struct plic_context_state *contexts = contexts_of(to);
	struct plic_state *state = to;
	unsigned long flags = spin_lock(&plic->device.lock);

	*state = (struct plic_state){ .sources = PLIC_SOURCES, .contexts = plic->contexts };
	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		state->input[word] = plic->input[word];
		state->pending[word] = plic->pending[word];
		state->claimed[word] = plic->claimed[word];
	}
	for (unsigned int source = 0; source < PLIC_IDS; source++)
		state->priority[source] = plic->priority[source];
	for (unsigned int i = 0; i < plic->contexts; i++) {
		contexts[i] = (struct plic_context_state){
			.threshold = plic->context[i].threshold,
		};
		for (unsigned int word = 0; word < PLIC_WORDS; word++)
			contexts[i].enabled[word] = plic->context[i].enabled[word];
	}
	spin_unlock(&plic->device.lock, flags);
}

static const char *sources_problem(const struct plic_state *state)
{
	if ((state->input[0] | state->pending[0] | state->claimed[0]) & 1 || state->priority[0])
		return "source 0 has a state";
	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		if (state->pending[word] & state->claimed[word])
			return "a source is pending and claimed";
		if (state->input[word] & ~(state->pending[word] | state->claimed[word]))
			return "a source is high, but neither pending nor claimed";
	}
	for (unsigned int source = 0; source < PLIC_IDS; source++)
		if (state->priority[source] >= PLIC_PRIORITIES)
			return "a priority has bits that it does not have";
	return NULL;
}

static const char *context_problem(const struct plic_context_state *state)
{
	if (state->enabled[0] & 1)
		return "source 0 is enabled";
	if (state->threshold >= PLIC_PRIORITIES || state->reserved[0] || state->reserved[1] ||
	    state->reserved[2])
		return "a threshold has bits that it does not have";
	return NULL;
}

const char *plic_check(const struct device *device, const void *from, size_t size)
{
	const struct plic *plic = plic_of(device);
	const struct plic_state *state = from;
	const char *problem;

	if (size < sizeof(*state) || state->sources != PLIC_SOURCES || state->reserved)
		return "it has another number of sources";
	if (state->contexts != plic->contexts)
		return "it is for another number of vCPUs";
	if (size != plic_state_size(device))
		return "its size is another";
	problem = sources_problem(state);
	for (unsigned int i = 0; i < plic->contexts && !problem; i++)
		problem = context_problem(&contexts_of(from)[i]);
	return problem;
}

void plic_restore(struct device *device, const void *from)
{
	struct plic *plic = container_of(device, struct plic, device);
	const struct plic_context_state *contexts = contexts_of(from);
	const struct plic_state *state = from;
	unsigned long flags = spin_lock(&plic->device.lock);

	for (unsigned int word = 0; word < PLIC_WORDS; word++) {
		plic->input[word] = state->input[word];
		plic->pending[word] = state->pending[word];
		plic->claimed[word] = state->claimed[word];
	}
	for (unsigned int source = 0; source < PLIC_IDS; source++)
		plic->priority[source] = state->priority[source];
	for (unsigned int i = 0; i < plic->contexts; i++) {
		plic->context[i].threshold = contexts[i].threshold;
		for (unsigned int word = 0; word < PLIC_WORDS; word++)
			plic->context[i].enabled[word] = contexts[i].enabled[word];
	}
	plic_registers_changed(plic);
	for (unsigned int vcpu = 0; vcpu < plic->contexts / 2; vcpu++)
		vm_extirq_set(plic->device.vm, vcpu, plic->lines >> vcpu & 1);
	spin_unlock(&plic->device.lock, flags);
}
