/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damages a device tree so that it stays a tree: what a typing error, a broken boot loader or an
 * enemy would leave of it. No threads, no locks.
 */
#ifndef TESTS_FUZZ_DAMAGE_H
#define TESTS_FUZZ_DAMAGE_H

#include <core/types.h>

/**
 * Changes one property or node of the tree of @size bytes at @blob, which the number @dice chooses.
 * False when it is none.
 */
bool tree_damage(uint8_t *blob, size_t size, uint64_t dice);

#endif
