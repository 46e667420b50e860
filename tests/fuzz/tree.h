/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees that are well formed and make no sense: built from the fuzzer's bytes with the
 * names and values that a parser looks for. No threads, no locks.
 */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "input.h"

/** The words of one kind of device tree; each list ends with NULL. */
struct tree_words {
	const char *const *nodes;
	const char *const *properties;
	const char *const *values; /* strings */
};

/**
 * Builds a tree from all of @input in @blob (a multiple of 8, @room bytes). Returns its size, or 0
 * when there was too little room.
 */
size_t tree_build(struct input *input, const struct tree_words *words, void *blob, size_t room);

#endif
