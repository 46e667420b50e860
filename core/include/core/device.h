/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every device that a guest sees has in common: a window of guest-physical addresses, a
 * table of operations and a lock. The window and the table never change after the device was
 * added to its VM; what the operations touch is guarded by the device's own lock.
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include <core/lock.h>
#include <core/types.h>

struct vm;
struct device;

/**
 * Operations of a device model. @offset is below the window's size, @width is 1, 2, 4 or 8 and
 * the access does not cross the window's end; nothing else is promised about either. What a
 * real device would not answer reads as zero and is ignored on write, and is counted with
 * device_odd_access(). The caller holds no lock; interrupts of the hart are off.
 */
struct device_ops {
	const char *name;
	uint64_t (*read)(struct device *device, uint64_t offset, unsigned width);
	void (*write)(struct device *device, uint64_t offset, unsigned width, uint64_t value);
	/**
	 * NULL, or light functions (<core/light.h>) that are asked before read() and write(), for
	 * what takes a few steps and tells nobody. Otherwise they have done nothing, and return a
	 * negative number or false. What is read has 32 bits at most, and not more than @width.
	 */
	int64_t (*read_light)(struct device *device, uint64_t offset, unsigned width);
	bool (*write_light)(struct device *device, uint64_t offset, unsigned width, uint64_t value);
	/** Back to the state after power-on. No vCPU of the VM runs meanwhile. */
	void (*reset)(struct device *device);
	/** Frees what the model allocated, the device itself included. */
	void (*destroy)(struct device *device);

	/*
	 * Its state, for saved VMs (emulators/state.h has the layouts); @save is NULL when it has
	 * none. No vCPU of the VM runs meanwhile.
	 */

	uint32_t state_version;
	/** Bytes of the state. */
	size_t (*state_size)(const struct device *device);
	void (*save)(struct device *device, void *state);
	/**
	 * What is wrong with @size bytes of @state_version, at a multiple of 8; NULL: nothing, and
	 * restore() takes them over, and drives the device's interrupts anew.
	 */
	const char *(*check)(const struct device *device, const void *state, size_t size);
	void (*restore)(struct device *device, const void *state);
};

/** The only way to set them: tools/image-check knows light functions by their names. */
#define DEVICE_LIGHT(model) .read_light = model##_read_light, .write_light = model##_write_light

struct device {
	const struct device_ops *ops;
	struct vm *vm;
	gpa_t base;
	uint64_t size; /* bytes */
	uint64_t odd_accesses; /* of a width or offset that the device does not have */
	struct spinlock lock;
};

/** Whether the window of @device holds an access to @at of @width bytes. */
static inline bool device_holds(const struct device *device, gpa_t at, uint64_t width)
{
	uint64_t offset = at.v - device->base.v;

	return offset < device->size && device->size - offset >= width;
}

/** Counts an access that the model does not have. The device's lock need not be held. */
static inline void device_odd_access(struct device *device)
{
	__atomic_fetch_add(&device->odd_accesses, 1, __ATOMIC_RELAXED);
}

/**
 * Drives one wired interrupt of a VM's interrupt controller.
 * @source: 1 to 1023, as in the guest's device tree. @level: asserted or not.
 * May be called with a device's lock held (rank: device before interrupt controller).
 */
void vm_irq_set(struct vm *vm, unsigned int source, bool level);

/**
 * Delivers a message-signalled interrupt to a vCPU's interrupt file; never blocks, any hart.
 * @vcpu_index that names no vCPU and @identity that the file does not implement are ignored,
 * as the store would be on hardware (AIA 1.0, 3.5).
 */
void vm_msi_send(struct vm *vm, unsigned int vcpu_index, unsigned int identity);

/**
 * Drives the external interrupt line of a vCPU directly, for an interrupt controller that has
 * no interrupt files behind it (APLIC in direct mode, PLIC). Any hart.
 */
void vm_extirq_set(struct vm *vm, unsigned int vcpu_index, bool level);

#endif
