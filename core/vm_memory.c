/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM's memory: host memory for its RAM, reserved and mapped when it is created, and access to
 * it by guest-physical address. The chunks never change while the VM exists.
 */
#include <arch/gstage.h>
#include <arch/mmu.h>
#include <core/check.h>
#include <core/log.h>
#include <core/page.h>
#include <core/vm.h>
#include <core/vm_parts.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static unsigned int order_of(uint64_t size)
{
	unsigned int order = 63 - PAGE_SHIFT - (unsigned int)__builtin_clzll(size);

	return MIN(order, PAGE_MAX_ORDER);
}

void vm_memory_free(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->chunk_count; i++) {
		const struct vm_chunk *chunk = &vm->chunks[i];

		/* Whoever has it next gets it cleared: page_own(). */
		page_free(chunk->hpa, order_of(chunk->size));
	}
	vm->chunk_count = 0;
}

/* The largest blocks first, so that each is mapped with the largest leaves. */
int vm_memory_create(struct vm *vm)
{
	uint64_t left = vm->config.memory_size;
	gpa_t at = gpa(vm->config.memory_base);
	unsigned int order = PAGE_MAX_ORDER;

	/* Said at once: what is taken first would be cleared for nothing. */
	if (left >> PAGE_SHIFT > page_free_count()) {
		log_error("%s: memory-size: %" PRIu64 " KiB asked for, %" PRIu64 " KiB free",
			  vm->name, left >> 10, page_free_count() << PAGE_SHIFT >> 10);
		return -ENOMEM;
	}
	while (left) {
		struct vm_chunk *chunk = &vm->chunks[vm->chunk_count];
		bool found = false;
		int error;

		order = MIN(order, order_of(left));
		while (vm->chunk_count < VM_MAX_CHUNKS) {
			found = page_alloc(order, &chunk->hpa);
			if (found || !order)
				break;
			order--;
		}
		if (!found) {
			log_error("%s: memory-size: %" PRIu64 " KiB asked for, %" PRIu64
				  " KiB free%s",
				  vm->name, vm->config.memory_size >> 10,
				  page_free_count() << PAGE_SHIFT >> 10,
				  vm->chunk_count == VM_MAX_CHUNKS ? ", in too many pieces" : "");
			return -ENOMEM;
		}
		chunk->gpa = at;
		chunk->size = PAGE_SIZE << order;
		vm->chunk_count++;
		page_own(chunk->hpa, chunk->size, page_owner_vm(vm->id));
		error = gstage_map(&vm->gstage, at, chunk->hpa, chunk->size,
				   GSTAGE_READ | GSTAGE_WRITE | GSTAGE_EXECUTE);
		if (error) {
			log_error("%s: mapping memory at %" PRIx64 " failed: %d", vm->name, at.v,
				  error);
			return error;
		}
		at.v += chunk->size;
		left -= chunk->size;
	}
	return 0;
}

void *vm_ram(struct vm *vm, gpa_t at, uint64_t *room)
{
	unsigned int low = 0, high = vm->chunk_count;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct vm_chunk *chunk = &vm->chunks[middle];

		if (at.v < chunk->gpa.v) {
			high = middle;
		} else if (at.v - chunk->gpa.v >= chunk->size) {
			low = middle + 1;
		} else {
			uint64_t offset = index_mask(at.v - chunk->gpa.v, chunk->size);

			*room = chunk->size - offset;
			return (char *)hpa_to_hva(chunk->hpa) + offset;
		}
	}
	return NULL;
}

bool vm_is_ram(struct vm *vm, gpa_t at, uint64_t size)
{
	uint64_t base = vm->config.memory_base;

	return size && at.v >= base && size <= vm->config.memory_size &&
	       at.v - base <= vm->config.memory_size - size;
}

int vm_read(struct vm *vm, gpa_t at, void *to, uint64_t size)
{
	char *out = to;

	if (!vm_is_ram(vm, at, size))
		return -EFAULT;
	while (size) {
		uint64_t room;
		const void *from = vm_ram(vm, at, &room);
		uint64_t count;

		CHECK(from); /* the chunks cover all of the RAM */
		count = MIN(room, size);
		memcpy(out, from, count);
		out += count;
		at.v += count;
		size -= count;
	}
	return 0;
}

int vm_write(struct vm *vm, gpa_t at, const void *from, uint64_t size)
{
	const char *in = from;

	if (!vm_is_ram(vm, at, size))
		return -EFAULT;
	while (size) {
		uint64_t room;
		void *to = vm_ram(vm, at, &room);
		uint64_t count;

		CHECK(to);
		count = MIN(room, size);
		memcpy(to, in, count);
		in += count;
		at.v += count;
		size -= count;
	}
	return 0;
}
