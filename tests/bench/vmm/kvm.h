/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is needed of the interface of /dev/kvm, by the numbers that Linux documents for it
 * (Documentation/virt/kvm/api.rst and devices/riscv-aia). Owns no state.
 */
#pragma once

#include <stdint.h>

#define KVM_CREATE_VM 0xae01
#define KVM_GET_VCPU_MMAP_SIZE 0xae04
#define KVM_CREATE_VCPU 0xae41
#define KVM_SET_USER_MEMORY_REGION 0x4020ae46
#define KVM_IRQ_LINE 0x4008ae61
#define KVM_RUN 0xae80
#define KVM_GET_ONE_REG 0x4010aeab
#define KVM_SET_ONE_REG 0x4010aeac
#define KVM_CREATE_DEVICE 0xc00caee0
#define KVM_SET_DEVICE_ATTR 0x4018aee1

#define KVM_EXIT_MMIO 6
#define KVM_EXIT_INTR 10
#define KVM_EXIT_SYSTEM_EVENT 24
#define KVM_EXIT_RISCV_SBI 35
#define KVM_EXIT_RISCV_CSR 36

/* Registers of 64 bits: the type, and the number in it. */
#define REG(type, number) (0x8030000000000000ul | (unsigned long)(type) << 24 | (number))
#define REG_CONFIG 1
#define REG_CORE 2
#define REG_ISA 7
#define REG_SBI 8

#define CONFIG_ZICBOM_BLOCK 1
#define CONFIG_ZICBOZ_BLOCK 5
#define CONFIG_SATP_MODE 6
#define CORE_PC 0
#define CORE_A0 10
#define CORE_A1 11
#define SBI_EXTENSION_DBCN 9

#define DEVICE_RISCV_AIA 11
#define AIA_GROUP_CONFIG 0
#define AIA_CONFIG_MODE 0
#define AIA_CONFIG_SOURCES 2
#define AIA_CONFIG_HART_BITS 5
#define AIA_CONFIG_GUEST_BITS 6
#define AIA_GROUP_ADDRESS 1
#define AIA_ADDRESS_APLIC 0
#define AIA_ADDRESS_IMSIC(vcpu) (1 + (vcpu))
#define AIA_GROUP_CONTROL 2
#define AIA_CONTROL_INIT 0
#define AIA_MODE_EMULATED 0
#define AIA_MODE_HARDWARE 1

struct kvm_memory_region {
	uint32_t slot, flags;
	uint64_t guest_address, size, user_address;
};

struct kvm_irq_level {
	uint32_t irq, level;
};

struct kvm_one_reg {
	uint64_t id, address;
};

struct kvm_create_device {
	uint32_t type, fd, flags;
};

struct kvm_device_attr {
	uint32_t flags, group;
	uint64_t attribute, address;
};

/* The page that is shared with KVM, as far as it is looked at. */
struct kvm_run {
	uint8_t request[8];
	uint32_t exit_reason;
	uint8_t state[20];
	union {
		struct {
			uint64_t address;
			uint8_t data[8];
			uint32_t length;
			uint8_t is_write;
		} mmio;
		struct {
			uint32_t type;
		} system_event;
		struct {
			unsigned long extension, function, arguments[6], results[2];
		} sbi;
		struct {
			unsigned long number, new_value, write_mask, result;
		} csr;
	};
};

_Static_assert(sizeof(struct kvm_memory_region) == 32, "the size that the request names");
_Static_assert(sizeof(struct kvm_create_device) == 12, "the size that the request names");
_Static_assert(sizeof(struct kvm_device_attr) == 24, "the size that the request names");
_Static_assert(__builtin_offsetof(struct kvm_run, mmio) == 32, "where the union is");
