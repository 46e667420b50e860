/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: whether /proc/cpuinfo, hwprobe and the hart agree about the
 * extensions of the ISA. What is named has to work; what hwprobe knows it has to have if it is
 * named and only then. Nothing is linked: system calls are made here. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define KEY_IMA_EXT_0 4
#define KEY_ZICBOZ_BLOCK_SIZE 6
#define PROBED_ZICBOZ (UINT64_C(1) << 6)

void program(void);

static volatile bool illegal;

/* Goes on after the instruction. */
static void on_illegal(int signal, void *info, char *context)
{
	unsigned long *pc = (unsigned long *)(context + UCONTEXT_PC);

	illegal = true;
	*pc += (*(const uint16_t *)*pc & 3) == 3 ? 4 : 2;
}

static uint64_t memory[128] __attribute__((aligned(1024)));

/* Whether instructions work in user mode; those that need memory have its address in a0. */
#define TRY(name, code)                                                        \
	static void name(void)                                                 \
	{                                                                      \
		register uint64_t *a0 __asm__("a0") = memory;                  \
		__asm__ volatile(code : "+r"(a0)::"a1", "a2", "s0", "memory"); \
	}

#define E8 ".4byte 0x0c007557\n\t" /* vsetvli a0, x0, e8 */
#define E16 ".4byte 0x0c807557\n\t"
#define E32 ".4byte 0x0d007557\n\t"
#define E64 ".4byte 0x0d807557\n\t"
#define E64_M2 ".4byte 0x0d907557\n\t"

TRY(try_d, ".4byte 0xf20000d3")
TRY(try_v, E8)
TRY(try_zve64x, E64 ".4byte 0x022180d7")
TRY(try_zve32f, E32 ".4byte 0x022190d7")
TRY(try_zve64f, E64 ".4byte 0x022180d7\n\t" E32 ".4byte 0x022190d7")
TRY(try_zve64d, E64 ".4byte 0x022190d7")
TRY(try_zvfh, E16 ".4byte 0x022190d7")
TRY(try_zvfhmin, E16 ".4byte 0x4a261257")
TRY(try_zfa, ".4byte 0xf01000d3")
TRY(try_zfh, ".4byte 0x040070d3")
TRY(try_zfhmin, ".4byte 0xe4000553")
TRY(try_zvbb, E8 ".4byte 0x4a2520d7")
TRY(try_zvbc, E64 ".4byte 0x3221a0d7")
TRY(try_zvkg, E32 ".4byte 0xb221a0f7")
TRY(try_zvkned, E32 ".4byte 0xa22020f7")
TRY(try_zvknha, E32 ".4byte 0xb621a0f7")
TRY(try_zvknhb, E64_M2 ".4byte 0xb6862277")
TRY(try_zvksed, E32 ".4byte 0xa22820f7")
TRY(try_zvksh, ".4byte 0x0d107557\n\t.4byte 0xae202277")
TRY(try_zicboz, ".4byte 0x0045200f")
TRY(try_zicbom, ".4byte 0x0015200f")
TRY(try_zba, ".4byte 0x20b52633")
TRY(try_zbb, ".4byte 0x40b57633")
TRY(try_zbs, ".4byte 0x28b51633")
TRY(try_zbc, ".4byte 0x0ab51633")
TRY(try_zbkb, ".4byte 0x68755613")
TRY(try_zbkx, ".4byte 0x28b54633")
TRY(try_zknd, ".4byte 0x3ab50633")
TRY(try_zkne, ".4byte 0x32b50633")
TRY(try_zknh, ".4byte 0x10251613")
TRY(try_zksed, ".4byte 0x30b50633")
TRY(try_zksh, ".4byte 0x10851613")
TRY(try_zicond, ".4byte 0x0eb55633")
TRY(try_zacas, ".4byte 0x28b5362f")
TRY(try_zabha, ".4byte 0x00b5062f")
TRY(try_zawrs, ".4byte 0x01d00073")
TRY(try_zimop, ".4byte 0x81c54673")
TRY(try_zcmop, ".2byte 0x6081")
TRY(try_zca, ".2byte 0x0001")
TRY(try_zcb, ".2byte 0x9c61")
TRY(try_zcd, ".2byte 0x2100")
TRY(try_hint, ".4byte 0x00200033") /* ntl.p1, and of Ztso nothing can be seen by one hart */

#define TRAPS 1 /* in a guest that is not told of it */
#define LATE 2 /* kernels before 6.17 do not have the bit, nor give it to programs */

static const struct {
	const char *name; /* in /proc/cpuinfo */
	int probe; /* the bit of KEY_IMA_EXT_0 */
	void (*instructions)(void);
	unsigned int otherwise;
} extensions[] = {
	{ "d", 0, try_d, 0 },
	{ "v", 2, try_v, TRAPS },
	{ "zba", 3, try_zba, 0 },
	{ "zbb", 4, try_zbb, 0 },
	{ "zbs", 5, try_zbs, 0 },
	{ "zicboz", 6, try_zicboz, TRAPS },
	{ "zbc", 7, try_zbc, 0 },
	{ "zbkb", 8, try_zbkb, 0 },
	{ "zbkc", 9, try_zbc, 0 },
	{ "zbkx", 10, try_zbkx, 0 },
	{ "zknd", 11, try_zknd, 0 },
	{ "zkne", 12, try_zkne, 0 },
	{ "zknh", 13, try_zknh, 0 },
	{ "zksed", 14, try_zksed, 0 },
	{ "zksh", 15, try_zksh, 0 },
	{ "zvbb", 17, try_zvbb, 0 },
	{ "zvbc", 18, try_zvbc, 0 },
	{ "zvkg", 20, try_zvkg, 0 },
	{ "zvkned", 21, try_zvkned, 0 },
	{ "zvknha", 22, try_zvknha, 0 },
	{ "zvksed", 24, try_zvksed, 0 },
	{ "zvksh", 25, try_zvksh, 0 },
	{ "zfh", 27, try_zfh, 0 },
	{ "zfhmin", 28, try_zfhmin, 0 },
	{ "zfa", 32, try_zfa, 0 },
	{ "zacas", 34, try_zacas, 0 },
	{ "zicond", 35, try_zicond, 0 },
	{ "zve32x", 37, try_v, TRAPS },
	{ "zve32f", 38, try_zve32f, 0 },
	{ "zve64x", 39, try_zve64x, 0 },
	{ "zimop", 42, try_zimop, 0 },
	{ "zcb", 44, try_zcb, 0 },
	{ "zcmop", 47, try_zcmop, 0 },
	{ "zawrs", 48, try_zawrs, 0 },
	{ "zvknhb", 23, try_zvknhb, 0 },
	{ "zihintntl", 29, try_hint, 0 },
	{ "zvfh", 30, try_zvfh, 0 },
	{ "zvfhmin", 31, try_zvfhmin, 0 },
	{ "ztso", 33, try_hint, 0 },
	{ "zve64f", 40, try_zve64f, 0 },
	{ "zve64d", 41, try_zve64d, 0 },
	{ "zca", 43, try_zca, 0 },
	{ "zcd", 45, try_zcd, 0 },
	{ "zicbom", 55, try_zicbom, TRAPS | LATE },
	{ "zabha", 58, try_zabha, LATE },
};

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static bool begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return false;
	return true;
}

static char cpuinfo[4096];

/* The ISA string of the first hart: "rv64imafdcv_zicbom_...". */
static const char *isa_string(void)
{
	long file = syscall(SYS_OPENAT, -100, (long)"/proc/cpuinfo");

	syscall(SYS_READ, file, (long)cpuinfo, sizeof(cpuinfo) - 1);
	for (char *at = cpuinfo; *at; at++)
		if (begins(at, "isa\t"))
			for (; *at; at++)
				if (begins(at, "rv64"))
					return at;
	return "";
}

static bool is_named(const char *isa, const char *name)
{
	size_t length = length_of(name);

	if (length == 1) {
		for (isa += 4; *isa && *isa != '_' && *isa != '\n'; isa++)
			if (*isa == *name)
				return true;
		return false;
	}
	for (; *isa && *isa != '\n'; isa++)
		if (*isa == '_' && begins(isa + 1, name) &&
		    (isa[length + 1] == '_' || isa[length + 1] == '\n'))
			return true;
	return false;
}

static bool works(void (*instructions)(void))
{
	illegal = false;
	instructions();
	return !illegal;
}

/* Says what does not agree; true when all does. */
static bool check(unsigned int i, const char *isa, uint64_t probed)
{
	bool named = is_named(isa, extensions[i].name);
	bool runs = works(extensions[i].instructions);
	bool has = probed >> extensions[i].probe & 1;
	bool unknown = extensions[i].otherwise & LATE && named && !has;
	bool fine = unknown ||
		    (named == has && (named ? runs : !(runs && extensions[i].otherwise & TRAPS)));

	put(fine ? "isa: " : "isa: DISAGREE: ");
	put(extensions[i].name);
	put(named ? " named" : "");
	put(has ? " probed" : "");
	put(runs ? " works\n" : "\n");
	return fine;
}

/* As many bytes are cleared at once as hwprobe says. */
static bool block_check(uint64_t size)
{
	uint64_t cleared = 0;

	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
		memory[i] = 1;
	try_zicboz();
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
		cleared += memory[i] ? 0 : sizeof(memory[0]);
	say(cleared == size ? "isa: block of zicboz " : "isa: DISAGREE: block of zicboz ",
	    (long)cleared);
	return cleared == size;
}

void program(void)
{
	struct linux_sigaction action = { on_illegal, SA_SIGINFO | SA_NODEFER, 0 };
	struct {
		int64_t key;
		uint64_t value;
	} pairs[] = { { KEY_IMA_EXT_0, 0 }, { KEY_ZICBOZ_BLOCK_SIZE, 0 } };
	unsigned int count = sizeof(extensions) / sizeof(extensions[0]), good = 0;
	const char *isa = isa_string();

	syscall(SYS_RT_SIGACTION, SIGILL, (long)&action, 0, 8);
	if (syscall(SYS_HWPROBE, (long)pairs, 2) || !*isa)
		put("isa: DISAGREE: no hwprobe, or no ISA string\n");
	for (unsigned int i = 0; i < count; i++)
		good += check(i, isa, pairs[0].value);
	if (pairs[0].value & PROBED_ZICBOZ)
		good -= !block_check(pairs[1].value);
	put("isa: ");
	put_number(good);
	put(" of ");
	put_number(count);
	put(" agree\n");
	linux_exit(good != count);
}

PROGRAM_START;
