/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marks in what is executed, which the plugin tests/bench/count.c sees: the hint `slti x0, x0, n`
 * changes nothing, in any mode. Usable in payloads and in Linux programs.
 */
#pragma once

/* Numbers of marks, from MARK_FIRST to MARK_LAST. */
#define MARK_FIRST 0x5b0
#define MARK_SPAN 0x5b0 /* from here to MARK_SPAN_END on one hart is a span */
#define MARK_SPAN_END 0x5b1
#define MARK_USER 0x5b2 /* the first program of a guest begins */
#define MARK_IDLE 0x5b3 /* from here to MARK_IDLE_END a guest sleeps */
#define MARK_IDLE_END 0x5b4
#define MARK_ENTRY 0x5b5 /* a VMM is about to enter its guest */
#define MARK_LAST 0x5bf

#define mark(number) __asm__ volatile("slti x0, x0, %0" : : "i"(number) : "memory")
