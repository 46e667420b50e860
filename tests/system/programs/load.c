/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Linux program of a guest: load of all kinds on two processors, for ever, which finds out when
 * it was not left as it was. On each processor a process computes sums in floating-point and vector
 * registers, and another one wakes its twin on the other processor and looks at the clock. The
 * first process tells, but only once all of them have gone on since it told last:
 * load <n> clock=<ms> sums=<n> wakes=<n> errors=<n> and a line of letters for the console.
 * Nothing is linked: system calls are made here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux.h"

#define SYS_FUTEX 98
#define SYS_CLOCK_GETTIME 113
#define SYS_NANOSLEEP 101
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define CLOCK_MONOTONIC 1
#define KEY_IMA_EXT_0 4
#define PROBED_V (UINT64_C(1) << 2)

#define CPUS 2
#define ROUNDS 20000 /* of the loop of one sum: some milliseconds */
#define PATIENCE 60000000 /* us for each process to go on */

void program(void);

enum kind { SUMS, WAKES, KINDS };

/* What all processes share. */
static struct shared {
	unsigned int turn; /* which processor's twin may go on: a futex */
	unsigned long clock, time; /* when the last twin went on: us, and the CSR */
	unsigned long rounds[KINDS][CPUS], errors;
} *shared;

static bool has_vector;
static uint64_t float_wanted, vector_wanted;

static void wrong(const char *what)
{
	if (__atomic_add_fetch(&shared->errors, 1, __ATOMIC_SEQ_CST) < 10) {
		put("WRONG ");
		put(what);
		put("\n");
	}
}

/* ---- sums ---- */

static uint64_t float_sum(void)
{
	unsigned long rounds = ROUNDS;
	uint64_t sum;

	__asm__ volatile(".option push\n\t.option arch, +d\n\t"
			 "fcvt.d.l f0, %2\n\tfcvt.d.l f1, %3\n\tfdiv.d f1, f0, f1\n\t"
			 "fcvt.d.l f2, zero\n\tfmv.d f3, f2\n\tfmv.d f31, f1\n"
			 "1:\n\tfmadd.d f2, f2, f1, f0\n\tfadd.d f3, f3, f2\n\t"
			 "fmul.d f31, f31, f1\n\tfadd.d f31, f31, f0\n\t"
			 "addi %1, %1, -1\n\tbnez %1, 1b\n\t"
			 "fadd.d f3, f3, f31\n\tfmv.x.d %0, f3\n\t.option pop"
			 : "=&r"(sum), "+&r"(rounds)
			 : "r"(3), "r"(7));
	return sum;
}

static uint64_t vector_sum(void)
{
	unsigned long rounds = ROUNDS, scratch;
	uint64_t sum;

	__asm__ volatile(".option push\n\t.option arch, +v\n\t"
			 "vsetvli %2, zero, e64, m4, ta, ma\n\t"
			 "vid.v v4\n\tvmv.v.x v8, %3\n\tvmv.v.x v28, %1\n"
			 "1:\n\tvmacc.vx v8, %3, v4\n\tvxor.vv v28, v28, v8\n\t"
			 "vadd.vx v4, v4, %3\n\t"
			 "addi %1, %1, -1\n\tbnez %1, 1b\n\t"
			 "vmv.s.x v12, zero\n\tvredsum.vs v12, v28, v12\n\tvmv.x.s %0, v12\n\t"
			 ".option pop"
			 : "=&r"(sum), "+&r"(rounds), "=&r"(scratch)
			 : "r"(0x1e3779b1));
	return sum;
}

static void sums_check(void)
{
	if (float_sum() != float_wanted)
		wrong("floating-point sum");
	if (has_vector && vector_sum() != vector_wanted)
		wrong("vector sum");
}

/* ---- clocks ---- */

/* In us. */
static unsigned long clock_now(void)
{
	struct {
		unsigned long seconds, ns;
	} now = { 0, 0 };

	syscall(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now);
	return now.seconds * 1000000 + now.ns / 1000;
}

/* By whose turn it is. */
static void clocks_check(void)
{
	unsigned long now = clock_now(), time;

	__asm__ volatile("csrr %0, time" : "=r"(time) : : "memory");
	if (now < shared->clock || time < shared->time)
		wrong("time, it went back");
	shared->clock = now;
	shared->time = time;
}

/* ---- processes ---- */

static void sleep_ms(unsigned long ms)
{
	const unsigned long time[2] = { ms / 1000, ms % 1000 * 1000000 };

	syscall(SYS_NANOSLEEP, (long)time);
}

/* Waits for its turn, and wakes the other one. */
static void twin(unsigned int cpu)
{
	while (__atomic_load_n(&shared->turn, __ATOMIC_SEQ_CST) != cpu)
		syscall(SYS_FUTEX, (long)&shared->turn, FUTEX_WAIT, (cpu + 1) % CPUS);
	clocks_check();
	__atomic_store_n(&shared->turn, (cpu + 1) % CPUS, __ATOMIC_SEQ_CST);
	syscall(SYS_FUTEX, (long)&shared->turn, FUTEX_WAKE, 1);
}

static void process_start(enum kind kind, unsigned int cpu)
{
	unsigned long cpus = 1ul << cpu;

	if (syscall(SYS_CLONE, SIGCHLD) != 0)
		return;
	if (syscall(SYS_SCHED_SETAFFINITY, 0, sizeof(cpus), (long)&cpus))
		wrong("affinity");
	for (;; __atomic_fetch_add(&shared->rounds[kind][cpu], 1, __ATOMIC_RELAXED))
		if (kind == SUMS)
			sums_check();
		else
			twin(cpu);
}

/* Waits until each process has gone on. */
static void all_wait(void)
{
	static unsigned long told[KINDS][CPUS];
	unsigned long begin = clock_now();

	for (unsigned int i = 0; i < KINDS * CPUS; i++) {
		unsigned long *rounds = &shared->rounds[i / CPUS][i % CPUS];

		while (__atomic_load_n(rounds, __ATOMIC_RELAXED) == told[i / CPUS][i % CPUS]) {
			if (clock_now() - begin > PATIENCE) {
				wrong("process, it does not go on");
				begin = clock_now();
			}
			sleep_ms(10);
		}
		told[i / CPUS][i % CPUS] = __atomic_load_n(rounds, __ATOMIC_RELAXED);
	}
}

static size_t append(char *line, size_t length, const char *text, unsigned long number)
{
	while (*text)
		line[length++] = *text++;
	return length + linux_number(line + length, (long)number);
}

static void tell(unsigned long count)
{
	static char line[256];
	size_t length = append(line, 0, "load ", count);

	length = append(line, length, " clock=", clock_now() / 1000);
	length = append(line, length, " sums=", shared->rounds[SUMS][0] + shared->rounds[SUMS][1]);
	length = append(line, length,
			" wakes=", shared->rounds[WAKES][0] + shared->rounds[WAKES][1]);
	length = append(line, length, " errors=", shared->errors);
	line[length++] = ' ';
	for (char letter = 'A'; letter <= 'z'; letter++)
		line[length++] = letter;
	line[length++] = '\n';
	linux_write(line, (long)length);
}

void program(void)
{
	struct {
		int64_t key;
		uint64_t value;
	} pair = { KEY_IMA_EXT_0, 0 };

	shared = (struct shared *)linux_map(-1, sizeof(*shared), MAP_SHARED | MAP_ANONYMOUS);
	syscall(SYS_HWPROBE, (long)&pair, 1);
	has_vector = pair.value & PROBED_V;
	put(has_vector ? "load: floating point and vectors\n" : "load: floating point\n");
	float_wanted = float_sum();
	vector_wanted = has_vector ? vector_sum() : 0;
	for (unsigned int i = 0; i < KINDS * CPUS; i++)
		process_start(i / CPUS, i % CPUS);
	for (unsigned long count = 1;; count++) {
		sleep_ms(300);
		all_wait();
		tell(count);
	}
}

PROGRAM_START;
