/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the payload `sse` share: handlers and attributes of events, and the tests of
 * other harts and of double traps.
 */
#pragma once

#include "lib/hart.h"
#include "lib/sse.h"

#include <stdbool.h>

#define STIP (1ul << IRQ_STI)
#define EVENT_STACK 4096

/* The machine runs no hypervisor, so OpenSBI is looked at. */
extern bool bare;
/* This hart, and another one if there is one. */
extern unsigned long self, peer;

/* Of each hart; the global event uses that of the hart that registers it. */
extern struct sse_handler local_handlers[MAX_HARTS], global_handlers[MAX_HARTS];
extern char event_stacks[2 * MAX_HARTS][EVENT_STACK];

/* The handler of this hart for `event`, registered and enabled with that priority. */
struct sse_handler *event_begin(unsigned long event,
				void (*function)(struct sse_handler *, unsigned long),
				unsigned long priority);
void event_end(unsigned long event);

unsigned long event_get(unsigned long event, unsigned long id);
long event_set(unsigned long event, unsigned long id, unsigned long value);
unsigned long event_status(unsigned long event);

/* A function of handlers: counts. */
void event_count(struct sse_handler *handler, unsigned long hart);

/* Another: keeps what it finds, and counts where it runs on the hart that it was told. */
void event_look(struct sse_handler *handler, unsigned long hart);
struct event_seen {
	unsigned long sstatus, sepc, status;
};
extern struct event_seen event_seen;

/* In sse_harts.c. */
void test_others(void);
void test_restart(void);
void test_suspend(void);
void test_storm(void);
void test_hostile(void);

/* In sse_double.c. */
void test_double_traps(void);
/* The end of the machine: the event is not enabled (1), masked (2), or runs already (3). */
void double_trap_die(unsigned long how);
