/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's commands: tables of struct command, each ending with an entry without a name. A
 * command is one entry; a table is one line in command.c. Commands run in the shell's thread,
 * so there is no lock.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <core/console.h>

struct hart;

extern const struct command help_commands[];
extern const struct command vm_commands[];
extern const struct command vcpu_commands[];
extern const struct command host_commands[];

/** `host files`, a row of host_commands. */
int host_files_run(unsigned int argc, char *const *argv);

/** The hart whose id was typed, or NULL. */
struct hart *hart_named(const char *text);

/** `vm dirty`, a row of vm_commands. */
int vm_dirty_run(unsigned int argc, char *const *argv);

/** `vm remap`, likewise. */
int vm_remap_run(unsigned int argc, char *const *argv);

/** `vm stat`, likewise, and `host top`, a row of host_commands. */
int vm_stat_run(unsigned int argc, char *const *argv);
int host_top_run(unsigned int argc, char *const *argv);

/** `vcpu regs`, `vcpu get` and `vcpu set`, rows of vcpu_commands. */
int vcpu_regs_run(unsigned int argc, char *const *argv);
int vcpu_get_run(unsigned int argc, char *const *argv);
int vcpu_set_run(unsigned int argc, char *const *argv);

/** `vm save`, `vm restore`, `vm saved`, likewise. */
int vm_save_run(unsigned int argc, char *const *argv);
int vm_restore_run(unsigned int argc, char *const *argv);
int vm_saved_run(unsigned int argc, char *const *argv);

/** Whether something was typed to the shell while a command runs. */
bool shell_interrupted(void);

/** `host mem`, a row of host_commands, and its first line. */
int host_mem_run(unsigned int argc, char *const *argv);
void print_memory(void);

/** Runs the command in @line, which is cut into words. Whatever is wrong is printed. */
void command_run(char *line);

/** Writes text for whoever gave the command; '\n' becomes a new line. */
void shell_write(const char *text, size_t length);

#endif
