/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VM under KVM that is like a guest of the hypervisor: the same memory map, a 16550 UART, an
 * APLIC and one IMSIC file a vCPU. `machine` is written before vCPUs run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RAM_BASE 0x80000000ul
#define APLIC_BASE 0xd000000ul
#define APLIC_SIZE 0x4000ul
#define APLIC_SOURCES 96
#define UART_BASE 0x10000000ul
#define UART_SIZE 0x100ul
#define UART_IRQ 10
#define IMSIC_BASE 0x28000000ul
#define IMSIC_SIZE 0x1000ul
#define MAX_VCPUS 64

struct machine {
	long vm;
	long vcpus[MAX_VCPUS];
	unsigned int vcpu_count;
	char *ram;
	unsigned long ram_size;
	unsigned long initrd, initrd_size; /* guest-physical, 0 if none */
	const char *arguments;
};

extern struct machine machine;

/* Ends the program with a message when `result` is an error. Returns `result`. */
long must(long result, const char *what);

/* A register of vCPU 0; false when KVM does not know it. */
bool register_get(unsigned long id, uint64_t *value);

/* Makes the device tree in `size` bytes at `tree`. */
void tree_make(void *tree, int size);

/* A load from or a store to a register of the UART. Any vCPU. */
uint8_t uart_load(unsigned int offset);
void uart_store(unsigned int offset, uint8_t value);

/* Output of the guest, by the UART or by the SBI. It is written out line by line. Any vCPU. */
void console_put(char c);
void console_flush(void);
