/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's commands: tables of struct command, each ending with an entry without a name. A
 * command is one entry; a table is one line in command.c. Commands run in the shell's thread,
 * so there is no lock.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <core/console.h>

extern const struct command help_commands[];
extern const struct command vm_commands[];
extern const struct command vcpu_commands[];
extern const struct command host_commands[];

/** `host files`, a row of host_commands. */
int host_files_run(unsigned int argc, char *const *argv);

/** `vm dirty`, a row of vm_commands. */
int vm_dirty_run(unsigned int argc, char *const *argv);

/** `vm remap`, likewise. */
int vm_remap_run(unsigned int argc, char *const *argv);

/** `host mem`, a row of host_commands, and its first line. */
int host_mem_run(unsigned int argc, char *const *argv);
void print_memory(void);

/** Runs the command in @line, which is cut into words. Whatever is wrong is printed. */
void command_run(char *line);

/** Writes text for whoever gave the command; '\n' becomes a new line. */
void shell_write(const char *text, size_t length);

#endif
