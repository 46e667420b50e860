/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's memory: host memory for its ranges, reserved and mapped when it is created, and access
 * to it by guest-physical address. Ranges and chunks never change while the VM exists.
 */
#include <arch/gstage.h>
#include <arch/mmu.h>
#include <core/check.h>
#include <core/log.h>
#include <core/page.h>
#include <core/piece.h>
#include <core/shared_region.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROPERTY_NAME_SIZE (sizeof("ranges/") + VM_NAME_MAX)

/* What the description calls a range. */
static const char *property_name(const struct vm_range *range, char name[PROPERTY_NAME_SIZE])
{
	if (range->config)
		snprintf(name, PROPERTY_NAME_SIZE, "ranges/%s", range->config->name);
	else
		snprintf(name, PROPERTY_NAME_SIZE, "memory-size");
	return name;
}

/* Refuses a range; @free is in pages. */
static int out_of_memory(const struct vm *vm, const struct vm_range *range, uint64_t free)
{
	char name[PROPERTY_NAME_SIZE];

	log_error("%s: %s: %" PRIu64 " KiB asked for, %" PRIu64 " KiB free%s", vm->name,
		  property_name(range, name), range->size >> 10, free << PAGE_SHIFT >> 10,
		  free < range->size >> PAGE_SHIFT ? "" : ", in too many pieces");
	return -ENOMEM;
}

/* ---- taking and giving back ---- */

static struct vm_range *range_add(struct vm *vm, uint64_t base, uint64_t size)
{
	struct vm_range *range = &vm->ranges[vm->range_count++];

	*range = (struct vm_range){
		.gpa = gpa(base),
		.size = size,
		.access = GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE,
	};
	return range;
}

/* The RAM, and those of the description, which are sorted. */
static void ranges_make(struct vm *vm)
{
	const struct vm_config *config = &vm->config;
	bool ram = false;

	for (uint32_t i = 0; i < config->range_count; i++) {
		const struct vm_range_config *described = &config->ranges[i];
		struct vm_range *range;

		if (!ram && config->memory_base < described->base) {
			range_add(vm, config->memory_base, config->memory_size);
			ram = true;
		}
		range = range_add(vm, described->base, described->size);
		range->config = described;
		if (described->read_only)
			range->access &= ~(unsigned int)GSTAGE_WRITE;
		if (described->shared)
			range->owner = VM_OWNER_REGION;
	}
	if (!ram)
		range_add(vm, config->memory_base, config->memory_size);
}

static int chunk_map(struct vm *vm, const struct vm_range *range, gpa_t at,
		     const struct piece *piece)
{
	int error = gstage_map(&vm->gstage, at, piece->hpa, piece->size, range->access);

	if (error) {
		log_error("%s: mapping memory at %" PRIx64 " failed: %d", vm->name, at.v, error);
		return error;
	}
	vm->chunks[vm->chunk_count++] = (struct vm_chunk){ at, piece->hpa, piece->size, range };
	return 0;
}

static int own_create(struct vm *vm, const struct vm_range *range)
{
	unsigned int largest = PIECE_ANY;
	uint64_t left = range->size;
	gpa_t at = range->gpa;

	while (left) {
		struct piece piece;
		int error;

		if (vm->chunk_count == VM_MAX_CHUNKS ||
		    !piece_take(at, left, page_owner_vm(vm->id), &largest, &piece))
			return out_of_memory(vm, range, page_free_count());
		/* The guest could not clear it. */
		if (!(range->access & GSTAGE_WRITE))
			memset(hpa_to_hva(piece.hpa), 0, piece.size);
		error = chunk_map(vm, range, at, &piece);
		if (error) {
			piece_give(&piece);
			return error;
		}
		at.v += piece.size;
		left -= piece.size;
	}
	return 0;
}

static int region_create(struct vm *vm, struct vm_range *range)
{
	const char *name = range->config->shared;
	struct shared_region *region = shared_region_get(name, range->gpa, range->size);
	gpa_t at = range->gpa;
	int error = 0;

	if (!region)
		return out_of_memory(vm, range, page_free_count());
	range->region = region;
	if (region->size != range->size) {
		log_error("%s: ranges/%s: size: %" PRIu64 " KiB, but the region '%s' has %" PRIu64
			  " KiB",
			  vm->name, range->config->name, range->size >> 10, name,
			  region->size >> 10);
		return -EINVAL;
	}
	if (region->piece_count > VM_MAX_CHUNKS - vm->chunk_count)
		return out_of_memory(vm, range, page_free_count());
	for (unsigned int i = 0; i < region->piece_count && !error; i++) {
		error = chunk_map(vm, range, at, &region->pieces[i]);
		at.v += region->pieces[i].size;
	}
	return error;
}

/* Said at once: what is taken first would be cleared for nothing. */
static int ranges_fit(const struct vm *vm)
{
	uint64_t free = page_free_count();

	for (unsigned int i = 0; i < vm->range_count; i++) {
		const struct vm_range *range = &vm->ranges[i];

		if (range->owner != VM_OWNER_VM)
			continue;
		if (range->size >> PAGE_SHIFT > free)
			return out_of_memory(vm, range, free);
		free -= range->size >> PAGE_SHIFT;
	}
	return 0;
}

int vm_memory_create(struct vm *vm)
{
	int error;

	ranges_make(vm);
	error = ranges_fit(vm);
	for (unsigned int i = 0; i < vm->range_count && !error; i++) {
		struct vm_range *range = &vm->ranges[i];

		error = range->owner == VM_OWNER_VM ? own_create(vm, range)
						    : region_create(vm, range);
	}
	return error;
}

void vm_memory_free(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->chunk_count; i++) {
		const struct vm_chunk *chunk = &vm->chunks[i];

		if (chunk->range->owner == VM_OWNER_VM)
			piece_give(&(struct piece){ chunk->hpa, chunk->size });
	}
	vm->chunk_count = 0;
	for (unsigned int i = 0; i < vm->range_count; i++)
		if (vm->ranges[i].region)
			shared_region_put(vm->ranges[i].region);
	vm->range_count = 0;
}

/* ---- access ---- */

static const struct vm_chunk *chunk_at(const struct vm *vm, gpa_t at)
{
	unsigned int low = 0, high = vm->chunk_count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct vm_chunk *chunk = &vm->chunks[middle];

		if (at.v < chunk->gpa.v)
			high = middle;
		else if (at.v - chunk->gpa.v >= chunk->size)
			low = middle + 1;
		else
			return chunk;
	}
	return NULL;
}

void *vm_ram(const struct vm *vm, gpa_t at, unsigned int access, uint64_t *room)
{
	const struct vm_chunk *chunk = chunk_at(vm, at);
	uint64_t offset;

	if (!chunk || (chunk->range->access & access) != access)
		return NULL;
	offset = index_mask(at.v - chunk->gpa.v, chunk->size);
	*room = chunk->size - offset;
	return (char *)hpa_to_hva(chunk->hpa) + offset;
}

bool vm_is_ram(const struct vm *vm, gpa_t at, uint64_t size, unsigned int access)
{
	for (unsigned int i = 0; i < vm->range_count && size; i++) {
		const struct vm_range *range = &vm->ranges[i];
		uint64_t offset = at.v - range->gpa.v;

		if (at.v < range->gpa.v || offset >= range->size)
			continue;
		if ((range->access & access) != access)
			return false;
		if (size <= range->size - offset)
			return true;
		/* The rest may be in the next one. */
		size -= range->size - offset;
		at.v += range->size - offset;
	}
	return false;
}

/* Of the @size bytes at @at those that are contiguous, and where. The caller has checked them. */
static uint64_t contiguous(const struct vm *vm, gpa_t at, uint64_t size, void **memory)
{
	uint64_t room = 0;

	*memory = vm_ram(vm, at, 0, &room);
	CHECK(*memory); /* the chunks cover all of the ranges */
	return MIN(room, size);
}

int vm_read(struct vm *vm, gpa_t at, void *to, uint64_t size)
{
	uint64_t count;
	void *memory;

	if (!vm_is_ram(vm, at, size, GSTAGE_READ))
		return -EFAULT;
	for (uint64_t done = 0; done < size; done += count) {
		count = contiguous(vm, gpa(at.v + done), size - done, &memory);
		memcpy((char *)to + done, memory, count);
	}
	return 0;
}

static int memory_write(struct vm *vm, gpa_t at, const char *from, uint64_t size,
			unsigned int access)
{
	uint64_t count;
	void *memory;

	if (!vm_is_ram(vm, at, size, access))
		return -EFAULT;
	for (uint64_t done = 0; done < size; done += count) {
		count = contiguous(vm, gpa(at.v + done), size - done, &memory);
		memcpy(memory, from + done, count);
		gstage_written(&vm->gstage, gpa(at.v + done), count);
	}
	return 0;
}

int vm_write(struct vm *vm, gpa_t at, const void *from, uint64_t size)
{
	return memory_write(vm, at, from, size, GSTAGE_WRITE);
}

int vm_memory_load(struct vm *vm, gpa_t at, const void *from, uint64_t size)
{
	return memory_write(vm, at, from, size, 0);
}
