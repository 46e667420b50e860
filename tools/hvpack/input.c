/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what is to be packed: files, and descriptions in source form by way of dtc. What is
 * read belongs to the caller; no threads, no locks.
 */
#include "input.h"

#include <err.h>
#include <errno.h>
#include <libfdt.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads to the end of @stream. */
static void *stream_read(FILE *stream, size_t *size)
{
	size_t capacity = 65536, got;
	char *data = malloc(capacity), *more;

	*size = 0;
	while (data && (got = fread(data + *size, 1, capacity - *size, stream))) {
		*size += got;
		if (*size < capacity)
			continue;
		capacity *= 2;
		more = realloc(data, capacity);
		if (!more)
			free(data);
		data = more;
	}
	if (data && ferror(stream)) {
		free(data);
		data = NULL;
	}
	return data;
}

void *file_read(const char *path, size_t *size)
{
	FILE *stream = fopen(path, "rb");
	struct stat status;
	void *data = NULL;
	int error;

	if (!stream)
		return NULL;
	if (!fstat(fileno(stream), &status) && S_ISDIR(status.st_mode))
		errno = EISDIR;
	else
		data = stream_read(stream, size);
	error = errno;
	fclose(stream);
	errno = error;
	return data;
}

int file_write(const char *path, const void *data, size_t size)
{
	size_t length = strlen(path) + sizeof(".new");
	char *temporary = malloc(length);
	FILE *stream;
	int error;

	if (!temporary)
		return -1;
	snprintf(temporary, length, "%s.new", path);
	stream = fopen(temporary, "wb");
	error = !stream || fwrite(data, 1, size, stream) != size;
	error |= stream && fclose(stream);
	error = error || rename(temporary, path);
	if (error)
		unlink(temporary);
	free(temporary);
	return error ? -1 : 0;
}

static _Noreturn void dtc_exec(const char *path, int output)
{
	char *copy = strdup(path);

	if (!copy || dup2(output, STDOUT_FILENO) < 0)
		err(1, "dtc");
	execlp("dtc", "dtc", "-I", "dts", "-O", "dtb", "-i", dirname(copy), path, (char *)NULL);
	err(1, "dtc (package device-tree-compiler)");
}

static void *dtc_run(const char *path, size_t *size)
{
	int ends[2], status;
	FILE *stream;
	pid_t child;
	void *blob;

	if (pipe(ends) || (child = fork()) < 0)
		err(1, "dtc");
	if (!child)
		dtc_exec(path, ends[1]);
	close(ends[1]);
	stream = fdopen(ends[0], "rb");
	if (!stream)
		err(1, "dtc");
	blob = stream_read(stream, size);
	fclose(stream);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) || !blob)
		errx(1, "%s: dtc cannot compile it", path);
	return blob;
}

void *description_read(const char *path, size_t *size)
{
	void *data = file_read(path, size);
	uint32_t magic;

	if (!data)
		err(1, "%s", path);
	if (*size >= sizeof(magic)) {
		memcpy(&magic, data, sizeof(magic));
		if (fdt32_to_cpu(magic) == FDT_MAGIC)
			return data;
	}
	free(data);
	return dtc_run(path, size);
}
