/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small VMM for Linux KVM on RISC-V, to measure it by: it runs the payloads of tests/guest, and
 * Linux, on a machine like the hypervisor's. Interrupt controllers are KVM's own. Nothing is linked
 * but libfdt and string functions: system calls are made here. One thread a vCPU, each on a
 * processor of its own as far as there are; what they share is `machine`, which is written before,
 * and the UART.
 *
 * usage: vmm kernel=<file> [initrd=<file>] [vcpus=<n>] [memory=<MiB>] [files=software]
 *            [pages=huge] [--] [<word of the kernel's command line>…]
 */
#include "vmm.h"
#include "../../system/programs/linux.h"
#include "kvm.h"

#include "../../guest/lib/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ul << 20)
#define KERNEL_OFFSET (2 * MIB)
#define TREE_SIZE 0x10000
#define INITRD_ROOM (32 * MIB)
#define STACK_SIZE 0x10000

#define SBI_LEGACY_PUTCHAR 1
#define SBI_DBCN 0x4442434e
#define SBI_NOT_SUPPORTED -2
#define CSR_SEED 0x15
#define SEED_READY (2ul << 30) /* ES16: 16 bits of entropy */

struct machine machine = { .vcpu_count = 1, .ram_size = 256 * MIB, .arguments = "" };

static struct kvm_run *runs[MAX_VCPUS];
static char stacks[MAX_VCPUS][STACK_SIZE] __attribute__((aligned(16)));
static const char *kernel_file, *initrd_file;
static bool software_files, huge_pages;

void program(long *stack);
long thread_clone(void *stack);

/* libfdt is compiled with the stack protector. */
extern unsigned long __stack_chk_guard;
unsigned long __stack_chk_guard = 0x5bd1e995;
void __stack_chk_fail(void);

long must(long result, const char *what)
{
	char line[160];

	if (result >= 0)
		return result;
	console_flush();
	snprintf(line, sizeof(line), "vmm: %s: error %ld\n", what, -result);
	put(line);
	linux_exit(1);
}

void __stack_chk_fail(void)
{
	put("vmm: the stack is damaged\n");
	linux_exit(1);
}

bool register_get(unsigned long id, uint64_t *value)
{
	struct kvm_one_reg reg = { id, (uint64_t)value };

	return linux_ioctl(machine.vcpus[0], KVM_GET_ONE_REG, &reg) >= 0;
}

static void register_set(unsigned int vcpu, unsigned long id, uint64_t value)
{
	struct kvm_one_reg reg = { id, (uint64_t)&value };

	must(linux_ioctl(machine.vcpus[vcpu], KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

/* Whole files only, to guest RAM. Returns the size. */
static unsigned long file_load(const char *path, unsigned long offset)
{
	long file = must(linux_open(path, O_RDONLY), path);
	long size = must(syscall(SYS_LSEEK, file, 0, SEEK_END, 0, 0, 0), path), done = 0;

	if (offset + (unsigned long)size > machine.ram_size)
		must(-12, path);
	must(syscall(SYS_LSEEK, file, 0, SEEK_SET, 0, 0, 0), path);
	while (done < size) {
		long count = must(syscall(SYS_READ, file, (long)machine.ram + (long)offset + done,
					  size - done, 0, 0, 0),
				  path);

		must(count ? count : -5, path);
		done += count;
	}
	return (unsigned long)size;
}

/* A word "name=value" of the command line of this program. Returns the value, or NULL. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static bool option_read(const char *word)
{
	const char *value;

	if ((value = value_of(word, "kernel")))
		kernel_file = value;
	else if ((value = value_of(word, "initrd")))
		initrd_file = value;
	else if ((value = value_of(word, "vcpus")))
		machine.vcpu_count = (unsigned int)strtoul(value, NULL, 10);
	else if ((value = value_of(word, "memory")))
		machine.ram_size = strtoul(value, NULL, 10) * MIB;
	else if ((value = value_of(word, "files")))
		software_files = strcmp(value, "software") == 0;
	else if ((value = value_of(word, "pages")))
		huge_pages = strcmp(value, "huge") == 0;
	else
		return false;
	return true;
}

static void options_read(long count, char **words)
{
	static char arguments[512];
	long i = 1;

	while (i < count && option_read(words[i]))
		i++;
	if (i < count && strcmp(words[i], "--") == 0)
		i++;
	for (; i < count; i++) {
		must(strlen(arguments) + strlen(words[i]) + 2 <= sizeof(arguments) ? 0 : -7,
		     "the command line");
		strcat(strcat(arguments, words[i]), " ");
	}
	machine.arguments = arguments;
	must(kernel_file && machine.vcpu_count >= 1 && machine.vcpu_count <= MAX_VCPUS ? 0 : -22,
	     "options");
}

/* Guest RAM: pages as they come, or those that the host has set aside (vm.nr_hugepages). */
static void ram_make(void)
{
	long flags = MAP_PRIVATE | MAP_ANONYMOUS | (huge_pages ? MAP_HUGETLB : MAP_NORESERVE);
	long at = must(linux_map(-1, machine.ram_size, flags), "guest memory");
	struct kvm_memory_region region = { .guest_address = RAM_BASE,
					    .size = machine.ram_size,
					    .user_address = (uint64_t)at };

	machine.ram = (char *)at;
	must(linux_ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region), "memory region");
}

static void vcpus_make(long kvm)
{
	long size = must(linux_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL), "KVM_GET_VCPU_MMAP_SIZE");

	for (unsigned int i = 0; i < machine.vcpu_count; i++) {
		machine.vcpus[i] = must(
			linux_ioctl(machine.vm, KVM_CREATE_VCPU, (const void *)(unsigned long)i),
			"KVM_CREATE_VCPU");
		runs[i] = (struct kvm_run *)must(
			linux_map(machine.vcpus[i], (unsigned long)size, MAP_SHARED), "kvm_run");
		register_set(i, REG(REG_SBI, SBI_EXTENSION_DBCN), 1);
	}
}

static void aia_set(long aia, uint32_t group, uint64_t attribute, const void *value)
{
	struct kvm_device_attr attr = { .group = group,
					.attribute = attribute,
					.address = (uint64_t)value };

	must(linux_ioctl(aia, KVM_SET_DEVICE_ATTR, &attr), "an attribute of the AIA");
}

static void aia_config(long aia, uint64_t attribute, uint32_t value)
{
	aia_set(aia, AIA_GROUP_CONFIG, attribute, &value);
}

static long aia_make(void)
{
	struct kvm_create_device device = { .type = DEVICE_RISCV_AIA };

	must(linux_ioctl(machine.vm, KVM_CREATE_DEVICE, &device), "the AIA");
	return device.fd;
}

/* All vCPUs are there. */
static void aia_init(long aia)
{
	uint64_t address = APLIC_BASE;
	uint32_t bits = 0;

	while (1u << bits < machine.vcpu_count)
		bits++;
	aia_config(aia, AIA_CONFIG_MODE, software_files ? AIA_MODE_EMULATED : AIA_MODE_HARDWARE);
	aia_config(aia, AIA_CONFIG_SOURCES, APLIC_SOURCES);
	aia_config(aia, AIA_CONFIG_HART_BITS, bits);
	aia_config(aia, AIA_CONFIG_GUEST_BITS, 0);
	aia_set(aia, AIA_GROUP_ADDRESS, AIA_ADDRESS_APLIC, &address);
	for (unsigned int i = 0; i < machine.vcpu_count; i++) {
		address = IMSIC_BASE + i * IMSIC_SIZE;
		aia_set(aia, AIA_GROUP_ADDRESS, AIA_ADDRESS_IMSIC(i), &address);
	}
	aia_set(aia, AIA_GROUP_CONTROL, AIA_CONTROL_INIT, NULL);
}

static void images_load(void)
{
	unsigned long tree = machine.ram_size - TREE_SIZE;

	file_load(kernel_file, KERNEL_OFFSET);
	if (initrd_file) {
		unsigned long offset = machine.ram_size - 2 * INITRD_ROOM;

		machine.initrd = RAM_BASE + offset;
		machine.initrd_size = file_load(initrd_file, offset);
	}
	tree_make(machine.ram + tree, TREE_SIZE);
	register_set(0, REG(REG_CORE, CORE_PC), RAM_BASE + KERNEL_OFFSET);
	register_set(0, REG(REG_CORE, CORE_A0), 0);
	register_set(0, REG(REG_CORE, CORE_A1), RAM_BASE + tree);
}

static void on_mmio(struct kvm_run *run)
{
	uint64_t offset = run->mmio.address - UART_BASE;

	if (run->mmio.is_write) {
		if (offset < UART_SIZE)
			uart_store((unsigned int)offset, run->mmio.data[0]);
		return;
	}
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (offset < UART_SIZE)
		run->mmio.data[0] = uart_load((unsigned int)offset);
}

static void on_sbi(struct kvm_run *run)
{
	unsigned long *arguments = run->sbi.arguments, *results = run->sbi.results;

	results[0] = results[1] = 0;
	if (run->sbi.extension == SBI_LEGACY_PUTCHAR ||
	    (run->sbi.extension == SBI_DBCN && run->sbi.function == 2)) {
		console_put((char)arguments[0]);
	} else if (run->sbi.extension == SBI_DBCN && run->sbi.function == 0) {
		for (unsigned long i = 0; i < arguments[0]; i++)
			if (arguments[1] + i - RAM_BASE < machine.ram_size)
				console_put(machine.ram[arguments[1] + i - RAM_BASE]);
		results[1] = arguments[0];
	} else if (run->sbi.extension != SBI_DBCN) {
		results[0] = (unsigned long)SBI_NOT_SUPPORTED;
	}
}

/* The guest's random numbers: none that are. */
static void on_csr(struct kvm_run *run)
{
	static uint32_t state = 1;

	run->csr.result = 0;
	if (run->csr.number == CSR_SEED) {
		state = state * 1664525u + 1013904223u;
		run->csr.result = SEED_READY | state >> 16;
	}
}

_Noreturn static void on_end(struct kvm_run *run)
{
	char line[80];

	console_flush();
	snprintf(line, sizeof(line), "vmm: the guest ended, event %u\n", run->system_event.type);
	put(line);
	linux_exit(0);
}

_Noreturn static void vcpu_run(unsigned int index)
{
	struct kvm_run *run = runs[index];
	uint64_t processor = UINT64_C(1) << index;
	char line[80];

	syscall(SYS_SCHED_SETAFFINITY, 0, sizeof(processor), (long)&processor, 0, 0, 0);
	for (;;) {
		long result = linux_ioctl(machine.vcpus[index], KVM_RUN, NULL);

		if (result != -EINTR && result != -EAGAIN)
			must(result, "KVM_RUN");
		if (result < 0 || run->exit_reason == KVM_EXIT_INTR)
			continue;
		if (run->exit_reason == KVM_EXIT_MMIO) {
			on_mmio(run);
		} else if (run->exit_reason == KVM_EXIT_RISCV_SBI) {
			on_sbi(run);
		} else if (run->exit_reason == KVM_EXIT_RISCV_CSR) {
			on_csr(run);
		} else if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
			on_end(run);
		} else {
			snprintf(line, sizeof(line), "exit %u of vCPU %u", run->exit_reason, index);
			must(-22, line);
		}
	}
}

/* Begins vCPU `index` on a stack of its own; thread_clone() goes on with what lies there. */
static void vcpu_start(unsigned int index)
{
	void **top = (void **)(stacks[index] + STACK_SIZE) - 2;

	top[0] = (void *)vcpu_run;
	top[1] = (void *)(unsigned long)index;
	must(thread_clone(top), "clone");
}

void program(long *stack)
{
	long kvm, aia;

	options_read(stack[0], (char **)(stack + 1));
	kvm = must(linux_open("/dev/kvm", O_RDWR), "/dev/kvm");
	machine.vm = must(linux_ioctl(kvm, KVM_CREATE_VM, NULL), "KVM_CREATE_VM");
	ram_make();
	aia = aia_make();
	vcpus_make(kvm);
	aia_init(aia);
	images_load();
	put("vmm: the guest begins\n");
	for (unsigned int i = 1; i < machine.vcpu_count; i++)
		vcpu_start(i);
	mark(MARK_ENTRY);
	vcpu_run(0);
}

/*
 * `tp` points at some words, as the C library's errno lies there. CLONE_VM, FS, FILES, SIGHAND,
 * THREAD and SYSVSEM; the new thread finds its function and argument on its stack.
 */
__asm__(".global _start\n_start:\n\t.option push\n\t.option norelax\n\t"
	"la gp, __global_pointer$\n\tla tp, thread_area\n\t.option pop\n\tmv a0, sp\n\t"
	"andi sp, sp, -16\n\tj program\n"
	".global thread_clone\nthread_clone:\n\tmv a1, a0\n\tli a0, 0x50f00\n\tli a2, 0\n\t"
	"li a3, 0\n\tli a4, 0\n\tli a7, 220\n\tecall\n\tbeqz a0, 1f\n\tret\n"
	"1:\tld a1, 0(sp)\n\tld a0, 8(sp)\n\tjr a1\n"
	".bss\n.balign 16\nthread_area:\n\t.space 64\n.text\n");
