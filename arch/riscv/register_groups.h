/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a vCPU's state that are registers: X(name) for each registers_<name>, ascending by
 * number. A new part is a constant and a line here. No lock.
 */
#ifndef REGISTER_GROUPS_H
#define REGISTER_GROUPS_H

#include <arch/registers.h>

#define REGISTER_GROUPS(X) \
	X(core)            \
	X(csr)             \
	X(file)            \
	X(fp)              \
	X(vector)          \
	X(timer)           \
	X(fwft)            \
	X(sta)             \
	X(sse)             \
	X(pmu)             \
	X(dbtr)            \
	X(hsm)             \
	X(susp)

#define REGISTER_DECLARE(name) extern const struct register_group registers_##name;
REGISTER_GROUPS(REGISTER_DECLARE)
#undef REGISTER_DECLARE

#endif
