/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The surroundings of device models in unit tests, see fake_device.h: records instead of a VM,
 * the C library's memory, spinlocks that check ranks and that nobody holds them twice.
 */
#include "fake_device.h"

#include <assert.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/lock.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vm the_vm;
static bool memory_out;

static _Thread_local struct spinlock *held[LOCK_RANKS];
static _Thread_local unsigned int held_count;

unsigned long NO_THREAD_SAFETY spin_lock(struct spinlock *lock)
{
	uint64_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	assert(lock->rank > 0 && lock->rank < LOCK_RANKS);
	assert(held_count == 0 || held[held_count - 1]->rank < lock->rank);
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		sched_yield();
	held[held_count] = lock;
	return held_count++;
}

void NO_THREAD_SAFETY spin_unlock(struct spinlock *lock, unsigned long flags)
{
	assert(held_count == flags + 1 && held[flags] == lock);
	held_count--;
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

bool fake_no_lock_held(void)
{
	return held_count == 0;
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

void *alloc_zero(size_t size)
{
	assert(size > 0);
	return memory_out ? NULL : calloc(1, size);
}

void alloc_free(void *p)
{
	free(p);
}

void fake_memory_out(bool out)
{
	memory_out = out;
}

struct vm *fake_vm_create(void)
{
	memset(&the_vm, 0, sizeof(the_vm));
	return &the_vm;
}

void fake_msi_forget(struct vm *vm)
{
	vm->msi_count = 0;
}

void vm_irq_set(struct vm *vm, unsigned int source, bool level)
{
	assert(source > 0 && source < FAKE_SOURCES);
	vm->irq[source] = level;
	vm->irq_changes++;
	if (vm->irq_hook != NULL)
		vm->irq_hook(source, level);
}

void vm_msi_send(struct vm *vm, unsigned int vcpu_index, unsigned int identity)
{
	if (vm->msi_count < FAKE_MSIS)
		vm->msi[vm->msi_count] = (struct fake_msi){ vcpu_index, identity };
	vm->msi_count++;
	if (vm->msi_hook != NULL)
		vm->msi_hook(vcpu_index, identity);
}

void vm_extirq_set(struct vm *vm, unsigned int vcpu_index, bool level)
{
	assert(vcpu_index < FAKE_VCPUS);
	vm->extirq[vcpu_index] = level;
	vm->extirq_changes++;
}

bool fake_light;

/* What it has told so far: a light function tells nothing. */
static unsigned int told(void)
{
	return the_vm.irq_changes + the_vm.extirq_changes + the_vm.msi_count;
}

static bool read_light(struct device *device, uint64_t offset, unsigned int width, uint64_t *value)
{
	unsigned int before = told();
	int64_t read;

	if (!fake_light || !device->ops->read_light)
		return false;
	device->lock.next++;
	assert(device->ops->read_light(device, offset, width) < 0);
	device->lock.next--;
	read = device->ops->read_light(device, offset, width);
	assert(told() == before && device->lock.next == device->lock.owner);
	*value = (uint64_t)read;
	return read >= 0;
}

static bool write_light(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	unsigned int before = told();
	bool done;

	if (!fake_light || !device->ops->write_light)
		return false;
	device->lock.next++;
	assert(!device->ops->write_light(device, offset, width, value));
	device->lock.next--;
	done = device->ops->write_light(device, offset, width, value);
	assert(told() == before && device->lock.next == device->lock.owner);
	return done;
}

uint64_t device_read(struct device *device, uint64_t offset, unsigned int width)
{
	uint64_t value;

	assert(offset < device->size && width <= device->size - offset);
	if (!read_light(device, offset, width, &value))
		value = device->ops->read(device, offset, width);
	assert(fake_no_lock_held());
	return value;
}

void device_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	assert(offset < device->size && width <= device->size - offset);
	if (!write_light(device, offset, width, value))
		device->ops->write(device, offset, width, value);
	assert(fake_no_lock_held());
}

void device_destroy(struct device *device)
{
	device->ops->destroy(device);
}

uint64_t fake_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}
