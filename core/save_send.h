/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends images of saved VMs over the shell's console, as lines of text that tools/hvsave takes:
 *
 *   hvsave begin <name> <size> <sum>      the image: bytes, save_header.sum; all in hexadecimal
 *   hvsave <offset> <base64> <sum>        up to SAVE_FRAME bytes of it; the checksum
 *                                         (core/checksum.h) of the offset and of them, beginning
 *                                         with that of the image instead of CHECKSUM_START
 *   hvsave end <name> <offset>            nothing more comes; how far it came
 *
 * A line is so short that one of the log does not tear it apart. What got lost is asked for again
 * (vm saved <name> send <offset> <bytes>). Shell's thread, no lock held.
 */
#ifndef CORE_SAVE_SEND_H
#define CORE_SAVE_SEND_H

#include <core/save_area.h>

#define SAVE_FRAME 72 /* bytes, a multiple of 24 */

/** The slot of @name, or NULL. */
const struct save_slot *save_slot_find(const char *name);

/**
 * Sends @count bytes of the image from @from on, both rounded to whole frames. Waits while another
 * console has the focus, and ends when something is typed.
 */
void save_send(const struct save_slot *slot, uint64_t from, uint64_t count);

#endif
