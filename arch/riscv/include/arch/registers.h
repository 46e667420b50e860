/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a vCPU: one numbered space for everything that is its state. The shell, the
 * saving of VMs and tests use this and nothing else. A register exists when the vCPU has what it
 * belongs to. Numbers are part of the format of saved VMs: they never change their meaning.
 *
 *   31      24 23                  0
 *   | class   | index in the class |
 */
#ifndef ARCH_REGISTERS_H
#define ARCH_REGISTERS_H

#include <core/types.h>

struct vcpu;

enum register_class {
	REGISTER_CORE = 1, /* 0: pc, 1 to 31: x1 to x31, 32: privilege (0 VU, 1 VS), 33: HSM state,
		    34: a landing pad is expected (Zicfilp) */
	REGISTER_CSR = 2, /* of VS-mode; the index is the number that the guest uses */
	REGISTER_FILE = 3, /* its interrupt file; the index is what siselect selects */
	REGISTER_FP = 4, /* 0 to 31: f0 to f31, 32: fcsr */
	REGISTER_VECTOR = 5, /* 0 to 31: v0 to v31, of vlenb bytes each; 32: enum register_vector */
	REGISTER_TIMER = 6, /* enum register_timer */
	REGISTER_FWFT = 7, /* feature << 2 | enum register_fwft */
	REGISTER_SBI = 8, /* enum register_sbi << 16 | index */
};

/** vtype comes first: what vl may be depends on it, and a smaller VLMAX lessens vl. */
enum register_vector {
	REGISTER_VTYPE = 32,
	REGISTER_VL = 33,
	REGISTER_VSTART = 34,
	REGISTER_VCSR = 35,
	REGISTER_VLENB = 36, /* cannot change */
};

enum register_timer {
	REGISTER_TIME_OFFSET = 0, /* of the VM's time from the host's; of all its vCPUs */
	REGISTER_TIME_FREQUENCY = 1, /* ticks a second; cannot change */
	REGISTER_TIME_DEADLINE = 2, /* of SBI set_timer, in the VM's time; without Sstc only */
};

/** REGISTER_SBI_HSM: how a suspended vCPU goes on. */
enum register_hsm {
	REGISTER_HSM_RESUME_ADDRESS = 0,
	REGISTER_HSM_RESUME_OPAQUE = 1,
	REGISTER_HSM_RESUME_RESETS = 2, /* 1: a suspend without retention */
};

enum register_fwft {
	REGISTER_FWFT_ENABLED = 0, /* 1: the guest is offered it */
	REGISTER_FWFT_FLAGS = 1, /* 1: locked */
	REGISTER_FWFT_VALUE = 2,
};

/** REGISTER_SBI_STA */
enum register_sta {
	REGISTER_STA_MEMORY = 0, /* gpa of the record of stolen time, -1 without; comes first */
	REGISTER_STA_STEAL = 1, /* ns */
};

/** REGISTER_SBI_SUSP */
enum register_susp {
	REGISTER_SUSP_SUSPENDED = 0, /* 1: its suspend is that of the machine; for HSM_SUSPENDED */
};

/** SBI extensions with state of their own. */
enum register_sbi {
	REGISTER_SBI_STA = 1,
	REGISTER_SBI_SSE = 2,
	REGISTER_SBI_PMU = 3,
	REGISTER_SBI_DBTR = 4,
	REGISTER_SBI_HSM = 5,
	REGISTER_SBI_SUSP = 6,
};

#define REGISTER(class, index) ((uint32_t)(class) << 24 | (uint32_t)(index))
#define REGISTER_OF_SBI(extension, index) \
	REGISTER(REGISTER_SBI, (uint32_t)(extension) << 16 | (uint32_t)(index))

/** Bytes of the widest register: a vector register of 65,536 bits. */
#define REGISTER_WIDTH_MAX 8192

/**
 * A row of @count registers with consecutive numbers from @first on. What the functions are given
 * as @index is @base for the first one, and so on.
 */
struct register_row {
	uint32_t first;
	uint32_t count;
	unsigned int base;
	const char *name; /* of the only one, or of all before their index: "v" for v0, v1... */
	/** NULL: each vCPU has it. */
	bool (*exists)(const struct vcpu *vcpu, unsigned int index);
	/** A register of 8 bytes. */
	uint64_t (*get)(const struct vcpu *vcpu, unsigned int index);
	/** 0, or -EINVAL (a value that it cannot have) and nothing has changed. NULL: read-only. */
	int (*set)(struct vcpu *vcpu, unsigned int index, uint64_t value);
	/** Instead of get and set, for another width: where its *@width bytes are. */
	void *(*bytes)(const struct vcpu *vcpu, unsigned int index, unsigned int *width);
};

/**
 * A table of rows, ascending. Each part of the vCPU's state has one, and a line in the list of
 * arch/riscv/register_groups.h. While its functions run the vCPU is in no hart: what a set changes
 * is loaded at the vCPU's next run, wherever that is.
 */
struct register_group {
	const struct register_row *rows;
	unsigned int count;
};

/** Bytes of a name with its 0. */
#define REGISTER_NAME_MAX 40

/**
 * Reads or writes register @number of @vcpu, whose VM is paused or has ended: @size bytes, those
 * of the register exactly. What the operator sets is not bound by locks of FWFT. To reach an
 * interrupt file its state moves to memory. Thread context, control lock.
 * 0, -ENOENT (it has no such register), -EMSGSIZE (it has another width), -EBUSY (the vCPU may
 * run), -EINVAL (set: a value that it cannot have; a read-only one can have its own). After an
 * error nothing has changed.
 */
int vcpu_register_get(struct vcpu *vcpu, uint32_t number, void *value, size_t size);
int vcpu_register_set(struct vcpu *vcpu, uint32_t number, const void *value, size_t size);

/** Calls @each for every register that @vcpu has, ascending by number; @size in bytes. */
void vcpu_register_list(const struct vcpu *vcpu,
			void (*each)(void *opaque, uint32_t number, const char *name,
				     unsigned int size),
			void *opaque);

/** The number of the register called @name that @vcpu has, or -ENOENT. */
int64_t vcpu_register_number(const struct vcpu *vcpu, const char *name);

#endif
