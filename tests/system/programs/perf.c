/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: counts by perf_event_open(2) what itself does. Cycles and
 * instructions of a loop, by hardware counters; illegal instructions, by a firmware counter; and
 * samples, where the kernel takes overflow interrupts. Nothing is linked: system calls are made
 * here. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define TYPE_HARDWARE 0
#define TYPE_RAW 4
#define CYCLES 0
#define INSTRUCTIONS 1
#define FIRMWARE(code) (UINT64_C(2) << 62 | (code)) /* config of the driver riscv-pmu */
#define ILLEGAL_INSN 4
#define SAMPLE_IP 1
#define DISABLED 1

#define IOC_ENABLE 0x2400
#define IOC_DISABLE 0x2401

#define PAGE 4096
#define DATA_HEAD 1024 /* in the first page of the ring */
/* Long: QEMU arms its timer for the overflow by time, and loses it if that comes too early. */
#define PERIOD 4000000

struct perf_attr {
	uint32_t type, size;
	uint64_t config, sample_period, sample_type, read_format, flags, rest[9];
};

_Static_assert(sizeof(struct perf_attr) == 120, "PERF_ATTR_SIZE_VER6");

void program(void);

/* Goes on after the instruction, which has four bytes. */
static void on_illegal(int signal, void *info, char *context)
{
	(void)signal;
	(void)info;
	*(unsigned long *)(context + UCONTEXT_PC) += 4;
}

static void work(void)
{
	for (unsigned long i = 0; i < 2000000; i++)
		__asm__ volatile("" : "+r"(i));
}

/* Reads hstatus, which only a hypervisor has. */
static void illegal(void)
{
	static const struct linux_sigaction action = { on_illegal, SA_SIGINFO | SA_NODEFER, 0 };

	syscall(SYS_RT_SIGACTION, SIGILL, (long)&action, 0, 8);
	for (unsigned int i = 0; i < 10; i++)
		__asm__ volatile(".4byte 0x60002573" ::: "a0");
}

static int event_open(uint32_t type, uint64_t config, uint64_t period)
{
	static struct perf_attr attr = { .size = sizeof(attr), .flags = DISABLED };

	attr.type = type;
	attr.config = config;
	attr.sample_period = period;
	attr.sample_type = period ? SAMPLE_IP : 0;
	return (int)syscall(SYS_PERF_EVENT_OPEN, (long)&attr, 0, -1, -1);
}

static void count(const char *name, uint32_t type, uint64_t config, void (*what)(void))
{
	int event = event_open(type, config, 0);
	uint64_t value = 0;

	if (event < 0) {
		say(name, event);
		return;
	}
	syscall(SYS_IOCTL, event, IOC_ENABLE);
	what();
	syscall(SYS_IOCTL, event, IOC_DISABLE);
	syscall(SYS_READ, event, (long)&value, sizeof(value));
	say(name, (long)value);
}

/* A sample has a header of 8 bytes and the address. */
static void sample(void)
{
	int event = event_open(TYPE_HARDWARE, INSTRUCTIONS, PERIOD);
	volatile uint64_t *head;
	long ring;

	if (event < 0) {
		say("perf: samples ", event);
		return;
	}
	ring = syscall(SYS_MMAP, 0, 9 * PAGE, 3, 1, event);
	if (ring < 0 && ring > -PAGE) {
		say("perf: mmap ", ring);
		return;
	}
	head = (volatile uint64_t *)(ring + DATA_HEAD);
	/*
	 * Where QEMU has lost one no other comes until the counter is started again; it loses all
	 * while its main loop is held up.
	 */
	for (unsigned int i = 0; i < 5000 && !*head; i++) {
		syscall(SYS_IOCTL, event, IOC_ENABLE);
		work();
		syscall(SYS_IOCTL, event, IOC_DISABLE);
	}
	say("perf: samples ", (long)(*head / 16));
}

void program(void)
{
	count("perf: cycles ", TYPE_HARDWARE, CYCLES, work);
	count("perf: instructions ", TYPE_HARDWARE, INSTRUCTIONS, work);
	count("perf: illegal ", TYPE_RAW, FIRMWARE(ILLEGAL_INSN), illegal);
	sample();
	linux_exit(0);
}

PROGRAM_START;
