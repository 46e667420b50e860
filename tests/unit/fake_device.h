/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What surrounds a device model in its unit test: a VM that records what the model does to it,
 * memory that can run out, and locks that check their order. Locks really lock, so that tests
 * may use threads; the records may be looked at only when no other thread runs.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <core/device.h>

#define FAKE_SOURCES 1024
#define FAKE_VCPUS 8
#define FAKE_MSIS 4096

struct fake_msi {
	unsigned int vcpu;
	unsigned int identity;
};

struct vm {
	bool irq[FAKE_SOURCES]; /* levels of wired interrupts */
	unsigned int irq_changes;
	void (*irq_hook)(unsigned int source, bool level); /* may be NULL */

	bool extirq[FAKE_VCPUS];
	unsigned int extirq_changes;

	struct fake_msi msi[FAKE_MSIS]; /* the first ones */
	unsigned int msi_count; /* all since the start or fake_msi_forget() */
	void (*msi_hook)(unsigned int vcpu, unsigned int identity); /* may be NULL */
};

/** A VM as after its creation. One at a time: the next call reuses it. */
struct vm *fake_vm_create(void);

/** The record of MSIs starts anew. */
void fake_msi_forget(struct vm *vm);

/** From now on alloc_zero() finds no memory, or finds it again. */
void fake_memory_out(bool out);

/** Whether the calling thread holds no lock. */
bool fake_no_lock_held(void);

/** Whether accesses try light functions first. One thread then. */
extern bool fake_light;

uint64_t device_read(struct device *device, uint64_t offset, unsigned int width);
void device_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value);

/** Frees it and its memory. */
void device_destroy(struct device *device);

/** A sequence of numbers that is the same in every run (splitmix64). */
uint64_t fake_random(uint64_t *state);

#endif
