/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read before each driver of fuzz_hostdt: its variables go into sections of their own, so that
 * fake_boards.c can set them back before each boot.
 */
#ifndef TESTS_FUZZ_STATICS_H
#define TESTS_FUZZ_STATICS_H

#pragma clang section bss = "boot_bss" data = "boot_data"

#endif
