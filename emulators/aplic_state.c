/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's APLIC in saved VMs. What follows from the rest (active and rectified bits, the first
 * source of each IDC, the lines) is not saved. device.lock guards all of it.
 */
#include "aplic.h"
#include "state.h"

static struct aplic_source_state *sources_of(const void *state)
{
	return (struct aplic_source_state *)((struct aplic_state *)state + 1);
}

static struct aplic_idc_state *idcs_of(const struct aplic *aplic, const void *state)
{
	return (struct aplic_idc_state *)(sources_of(state) + aplic->sources);
}

size_t aplic_state_size(const struct device *device)
{
	const struct aplic *aplic = container_of(device, struct aplic, device);

	return sizeof(struct aplic_state) + aplic->sources * sizeof(struct aplic_source_state) +
	       aplic->idc_count * sizeof(struct aplic_idc_state);
}

static uint8_t source_bits(const struct aplic *aplic, unsigned int source)
{
	return (source_bit(aplic->input, source) ? APLIC_STATE_INPUT : 0) |
	       (source_bit(aplic->pending, source) ? APLIC_STATE_PENDING : 0) |
	       (source_bit(aplic->enabled, source) ? APLIC_STATE_ENABLED : 0);
}

void aplic_save(struct device *device, void *to)
{
	struct aplic *aplic = aplic_of(device);
	struct aplic_source_state *sources = sources_of(to);
	struct aplic_idc_state *idcs = idcs_of(aplic, to);
	unsigned long flags = spin_lock(&aplic->device.lock);

	*(struct aplic_state *)to = (struct aplic_state){
		.sources = aplic->sources,
		.idcs = aplic->idc_count,
		.msi = aplic->msi,
		.enable = aplic->enable,
		.genmsi = aplic->genmsi,
	};
	for (unsigned int source = 1; source <= aplic->sources; source++)
		sources[source - 1] = (struct aplic_source_state){
			.target = aplic->source[source].target,
			.mode = aplic->source[source].mode,
			.bits = source_bits(aplic, source),
		};
	for (unsigned int i = 0; i < aplic->idc_count; i++)
		idcs[i] = (struct aplic_idc_state){
			.threshold = aplic->idcs[i].threshold,
			.delivery = aplic->idcs[i].delivery,
			.force = aplic->idcs[i].force,
		};
	spin_unlock(&aplic->device.lock, flags);
}

static const char *source_problem(const struct aplic *aplic, const struct aplic_source_state *state)
{
	if (state->mode > SOURCE_LEVEL0 || state->mode == 2 || state->mode == 3)
		return "the mode of a source is reserved";
	if (state->bits & ~(APLIC_STATE_INPUT | APLIC_STATE_PENDING | APLIC_STATE_ENABLED) ||
	    state->reserved[0] || state->reserved[1])
		return "a source has bits that it does not have";
	if (state->mode == SOURCE_INACTIVE && (state->target || state->bits & ~APLIC_STATE_INPUT))
		return "an inactive source has a state";
	if (state->target & ~aplic_target_mask(aplic))
		return "a target has bits that it does not have";
	if (state->mode != SOURCE_INACTIVE && !aplic->msi && !(state->target & TARGET_IPRIO))
		return "the priority of a source is 0";
	return NULL;
}

const char *aplic_check(const struct device *device, const void *from, size_t size)
{
	const struct aplic *aplic = container_of(device, const struct aplic, device);
	const struct aplic_state *state = from;
	const char *problem = NULL;

	if (size < sizeof(*state) || state->sources != aplic->sources)
		return "it has another number of sources";
	if (state->msi != aplic->msi || state->idcs != aplic->idc_count)
		return "it is of the other mode, or for another number of vCPUs";
	if (size != aplic_state_size(device))
		return "its size is another";
	if (state->enable > 1 || state->reserved[0] || state->reserved[1])
		return "a flag is neither 0 nor 1";
	if (state->genmsi & ~(aplic->msi ? TARGET_HART | aplic->eiid_mask : 0))
		return "genmsi has bits that it does not have";
	for (unsigned int i = 0; i < aplic->sources && !problem; i++)
		problem = source_problem(aplic, &sources_of(from)[i]);
	for (unsigned int i = 0; i < aplic->idc_count && !problem; i++) {
		const struct aplic_idc_state *idc = &idcs_of(aplic, from)[i];

		if (idc->delivery > 1 || idc->force > 1)
			problem = "a flag of an IDC is neither 0 nor 1";
	}
	return problem;
}

static void source_restore(struct aplic *aplic, unsigned int source,
			   const struct aplic_source_state *state) REQUIRES(aplic->device.lock)
{
	bool pending = state->bits & APLIC_STATE_PENDING, rectified;

	aplic->source[source].target = state->target;
	aplic->source[source].mode = state->mode;
	source_bit_put(aplic->active, source, state->mode != SOURCE_INACTIVE);
	source_bit_put(aplic->input, source, state->bits & APLIC_STATE_INPUT);
	source_bit_put(aplic->enabled, source, state->bits & APLIC_STATE_ENABLED);
	rectified = aplic_source_rectified(aplic, source);
	source_bit_put(aplic->rectified, source, rectified);
	/* In direct mode the pending bit of a level source is the rectified input. */
	if (source_is_level(aplic, source) && !aplic->msi)
		pending = rectified;
	source_bit_put(aplic->pending, source, pending);
}

void aplic_restore(struct device *device, const void *from)
{
	const struct aplic_state *state = from;
	struct aplic *aplic = aplic_of(device);
	unsigned long flags = spin_lock(&aplic->device.lock);

	aplic->enable = state->enable;
	aplic->genmsi = state->genmsi;
	for (unsigned int source = 1; source <= aplic->sources; source++)
		source_restore(aplic, source, &sources_of(from)[source - 1]);
	for (unsigned int i = 0; i < aplic->idc_count; i++) {
		const struct aplic_idc_state *idc = &idcs_of(aplic, from)[i];

		aplic->idcs[i].threshold = idc->threshold;
		aplic->idcs[i].delivery = idc->delivery;
		aplic->idcs[i].force = idc->force;
	}
	if (aplic->msi)
		aplic_msis_send(aplic);
	else
		idc_restored(aplic);
	spin_unlock(&aplic->device.lock, flags);
}
