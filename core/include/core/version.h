/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this is called and which version it is, for the boot log and `host info`.
 */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#define VERSION_STRING "Hartvisor 0.1"

#endif
