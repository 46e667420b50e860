/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hart and what the log, the console and the shell need of the rest, see fake_host.h. All
 * of it runs by turns: never two threads at a time.
 */
#include "fake_host.h"

#include <arch/firmware.h>
#include <assert.h>
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/lock.h>
#include <core/log.h>
#include <drivers/serial.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_SIZE (1 << 20)
#define INPUT_SIZE 65536
#define THREADS 4

static struct hart the_hart;
_Thread_local struct hart *fake_hart_self = &the_hart;
struct hart *harts[MAX_HARTS] = { &the_hart };
unsigned int hart_count = 1;
uint64_t timebase;
void (*fake_received)(void);
void (*fake_slept)(void);

static uint64_t now;
static char output[OUTPUT_SIZE + 1];
static size_t output_length, firmware_bytes;
static char input[INPUT_SIZE];
static size_t input_in, input_out;
static bool port_exists, memory_out, threads_out;
static int start_result;
static size_t objects;
static struct thread threads[THREADS];
static unsigned int thread_count;
static sem_t *turns[THREADS]; /* a thread's turn to run */
static sem_t test_turn;
static struct thread *thread_running;
static uint32_t ranks[LOCK_RANKS];
static unsigned int held;

struct hart *hart_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->id == id)
			return harts[i];
	return NULL;
}

void fake_host_reset(void)
{
	memset(&the_hart, 0, sizeof(the_hart));
	the_hart.index = 3;
	the_hart.id = 3;
	timebase = FAKE_TIMEBASE;
	now = 0;
	fake_clear();
	firmware_bytes = 0;
	input_in = input_out = 0;
	port_exists = true;
	start_result = 0;
	fake_received = NULL;
	fake_slept = NULL;
	memory_out = threads_out = false;
	memset(threads, 0, sizeof(threads));
	thread_count = 0;
	sem_init(&test_turn, 0, 0);
}

/* ---- time and locks ---- */

void fake_time_set(uint64_t ticks)
{
	now = ticks;
}

uint64_t time_now(void)
{
	return now;
}

unsigned long NO_THREAD_SAFETY spin_lock(struct spinlock *lock)
{
	assert(lock->rank > 0 && lock->rank < LOCK_RANKS);
	assert(held == 0 || ranks[held - 1] < lock->rank);
	ranks[held] = lock->rank;
	return held++;
}

void NO_THREAD_SAFETY spin_unlock(struct spinlock *lock, unsigned long flags)
{
	assert(held == flags + 1 && ranks[flags] == lock->rank);
	held--;
}

bool fake_no_lock_held(void)
{
	return held == 0;
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	abort();
}

/* ---- memory ---- */

void fake_memory_out(bool out)
{
	memory_out = out;
}

size_t fake_objects(void)
{
	return objects;
}

void *alloc_zero(size_t size)
{
	if (memory_out)
		return NULL;
	objects++;
	return calloc(1, size);
}

void alloc_free(void *p)
{
	objects -= p != NULL;
	free(p);
}

/* ---- the port ---- */

static void output_add(const char *text, size_t length)
{
	assert(output_length + length <= OUTPUT_SIZE);
	memcpy(output + output_length, text, length);
	output_length += length;
	output[output_length] = '\0';
}

const char *fake_output(void)
{
	return output;
}

size_t fake_output_length(void)
{
	return output_length;
}

void fake_clear(void)
{
	output_length = 0;
	output[0] = '\0';
}

size_t fake_firmware_bytes(void)
{
	return firmware_bytes;
}

void firmware_console_write(const char *text, size_t length)
{
	firmware_bytes += length;
	output_add(text, length);
}

static void port_write_bytes(struct serial *port, const char *text, size_t length)
{
	output_add(text, length);
}

static size_t port_read_bytes(struct serial *port, char *buffer, size_t room)
{
	size_t count = MIN(room, input_in - input_out);

	memcpy(buffer, input + input_out, count);
	input_out += count;
	return count;
}

static int port_start_receiving(struct serial *port, void (*received)(void))
{
	if (start_result == 0)
		fake_received = received;
	return start_result;
}

static struct serial the_port = {
	.name = "fake",
	.write = port_write_bytes,
	.read = port_read_bytes,
	.start = port_start_receiving,
};

static void firmware_write_bytes(struct serial *port, const char *text, size_t length)
{
	firmware_console_write(text, length);
}

static int firmware_start(struct serial *port, void (*received)(void))
{
	return -ENOENT;
}

static struct serial firmware_port = {
	.name = "the firmware's console",
	.write = firmware_write_bytes,
	.read = port_read_bytes,
	.start = firmware_start,
};

/* Weak: the test of the real one brings that. */
__attribute__((weak)) struct serial *serial_init(void)
{
	return port_exists ? &the_port : &firmware_port;
}

void fake_port(bool exists, int result)
{
	port_exists = exists;
	start_result = result;
}

void fake_type_bytes(const void *bytes, size_t count)
{
	if (input_in == input_out)
		input_in = input_out = 0;
	assert(input_in + count <= INPUT_SIZE);
	memcpy(input + input_in, bytes, count);
	input_in += count;
}

void fake_type(const char *text)
{
	fake_type_bytes(text, strlen(text));
}

/* ---- threads ---- */

/* One at a time: whoever posts another's turn waits for its own. */

static void *thread_begin(void *opaque)
{
	struct thread *thread = opaque;
	sem_t *turn = turns[thread - threads];

	sem_post(&test_turn);
	sem_wait(turn);
	thread->entry(thread->opaque);
	abort(); /* service threads do not end */
}

struct thread *thread_create(const char *name, void (*entry)(void *opaque), void *opaque)
{
	struct thread *thread = &threads[thread_count];
	pthread_t id;

	if (threads_out)
		return NULL;
	assert(thread_count < THREADS);
	thread->name = name;
	thread->entry = entry;
	thread->opaque = opaque;
	/* Those of earlier tests wait for ever on their own semaphores. */
	turns[thread_count] = malloc(sizeof(sem_t));
	sem_init(turns[thread_count++], 0, 0);
	if (pthread_create(&id, NULL, thread_begin, thread) != 0)
		abort();
	pthread_detach(id);
	sem_wait(&test_turn);
	return thread;
}

static struct thread *thread_named(const char *name)
{
	for (unsigned int i = 0; i < thread_count; i++) {
		if (strcmp(threads[i].name, name) == 0)
			return &threads[i];
	}
	return NULL;
}

bool fake_thread_run(const char *name)
{
	struct thread *thread = thread_named(name);

	if (!thread)
		return false;
	thread->event = 0;
	thread_running = thread;
	sem_post(turns[thread - threads]);
	sem_wait(&test_turn);
	thread_running = NULL;
	return true;
}

bool fake_thread_woken(const char *name)
{
	return thread_named(name)->event;
}

void fake_threads_out(bool out)
{
	threads_out = out;
}

void thread_wait(uint64_t deadline)
{
	sem_t *turn;

	assert(thread_running && held == 0);
	turn = turns[thread_running - threads];
	sem_post(&test_turn);
	sem_wait(turn);
}

void thread_wake(struct thread *thread)
{
	thread->event = 1;
}

void thread_sleep(uint64_t us)
{
	assert(held == 0);
	if (fake_slept)
		fake_slept();
}
