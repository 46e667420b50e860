/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trap vectors of fake_hart.h's harts, for tests that are linked with profiles. An exit's
 * reason is its cause.
 */
#ifndef FAKE_PROFILE_H
#define FAKE_PROFILE_H

#include "fake_hart.h"

extern bool fake_vector_profiles[FAKE_HARTS];

#endif
