/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls of 64-bit RISC-V Linux, and what else a program without a C library needs. Numbers
 * are the generic ones. Owns no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SYS_IOCTL 29
#define SYS_OPENAT 56
#define SYS_LSEEK 62
#define SYS_READ 63
#define SYS_WRITE 64
#define SYS_EXIT_GROUP 94
#define SYS_SCHED_SETAFFINITY 122
#define SYS_SCHED_YIELD 124
#define SYS_RT_SIGACTION 134
#define SYS_PRCTL 167
#define SYS_GETPID 172
#define SYS_CLONE 220
#define SYS_EXECVE 221
#define SYS_MMAP 222
#define SYS_PERF_EVENT_OPEN 241
#define SYS_HWPROBE 258
#define SYS_WAIT4 260

#define AT_FDCWD -100
#define O_RDONLY 0
#define O_RDWR 2
#define SEEK_SET 0
#define SEEK_END 2
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20
#define MAP_NORESERVE 0x4000
#define MAP_HUGETLB 0x40000
#define EINTR 4
#define EAGAIN 11

#define SIGILL 4
#define SIGSEGV 11
#define SIGCHLD 17
#define SA_SIGINFO 4
#define SA_NODEFER 0x40000000
#define UCONTEXT_PC 176 /* struct ucontext of RISC-V: bytes to uc_mcontext.__gregs[0] */

/* A signal's handler as rt_sigaction(2) takes it. */
struct linux_sigaction {
	void (*handler)(int signal, void *info, char *context);
	unsigned long flags;
	uint64_t mask;
};

/*
 * Where a program without a C library begins: in program(), whose argument is the stack as the
 * kernel leaves it: the number of arguments, they, NULL, the environment, NULL.
 */
#define PROGRAM_START                                                            \
	__asm__(".global _start\n_start:\n\t.option push\n\t.option norelax\n\t" \
		"la gp, __global_pointer$\n\t.option pop\n\t"                    \
		"mv a0, sp\n\tandi sp, sp, -16\n\tj program")

/* The result, or the negative error. */
static inline long linux_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;
	register long a7 __asm__("a7") = number;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
			 : "memory");
	return a0;
}

/* Arguments that are left out are 0. */
#define syscall(...) LINUX_SYSCALL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define LINUX_SYSCALL(number, a, b, c, d, e, f, ...) linux_syscall(number, a, b, c, d, e, f)

static inline long linux_open(const char *path, long flags)
{
	return syscall(SYS_OPENAT, AT_FDCWD, (long)path, flags);
}

static inline long linux_ioctl(long file, unsigned long request, const void *argument)
{
	return syscall(SYS_IOCTL, file, (long)request, (long)argument);
}

static inline long linux_write(const void *data, long size)
{
	return syscall(SYS_WRITE, 1, (long)data, size);
}

/* An address, or a negative error. */
static inline long linux_map(long file, unsigned long size, long flags)
{
	return syscall(SYS_MMAP, 0, (long)size, PROT_READ | PROT_WRITE, flags, file);
}

_Noreturn static inline void linux_exit(long status)
{
	for (;;)
		syscall(SYS_EXIT_GROUP, status);
}

/* Writes a decimal number to @to, which has room for 21 bytes; returns how many it took. */
static inline size_t linux_number(char *to, long number)
{
	unsigned long left = number < 0 ? -(unsigned long)number : (unsigned long)number;
	char digits[20];
	size_t count = 0, length = 0;

	do {
		digits[count++] = (char)('0' + left % 10);
	} while (left /= 10);
	if (number < 0)
		to[length++] = '-';
	while (count)
		to[length++] = digits[--count];
	return length;
}

static inline size_t linux_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static inline void put(const char *text)
{
	linux_write(text, (long)linux_length(text));
}

static inline void put_number(long number)
{
	char digits[21];

	linux_write(digits, (long)linux_number(digits, number));
}

/* A line, written at once. @text has at most 58 bytes. */
static inline void say(const char *text, long number)
{
	char line[80];
	size_t length = linux_length(text);

	for (size_t i = 0; i < length; i++)
		line[i] = text[i];
	length += linux_number(line + length, number);
	line[length++] = '\n';
	linux_write(line, (long)length);
}
