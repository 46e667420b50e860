/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvpack: packs VM descriptions and the files that they name into a bundle, and refuses what
 * the hypervisor would refuse, because it reads its own result with the hypervisor's parser.
 * One thread, no locks.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <libfdt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/bundle.h>
#include <core/report.h>
#include <core/vmdesc.h>

#include "archive.h"
#include "input.h"

#define DIRS_MAX 32

/* What is being packed. */
struct pack {
	struct archive archive;
	const char *dirs[DIRS_MAX + 1]; /* where files are looked for, in this order */
	unsigned int dir_count;
	const char **names; /* of the files packed so far, as in the descriptions */
	unsigned int name_count;
	struct report *report;
};

static void emit(struct report *report, enum report_level level, const char *message)
{
	fprintf(stderr, "hvpack: %s: %s\n", level == REPORT_ERROR ? "error" : "warning", message);
}

static void *dir_file_read(const char *dir, const char *name, size_t *size)
{
	size_t length = strlen(dir) + strlen(name) + 2;
	char *path = malloc(length);
	void *data;

	if (!path)
		err(1, "%s", name);
	snprintf(path, length, "%s/%s", dir, name);
	data = file_read(path, size);
	if (!data && errno != ENOENT && errno != ENOTDIR)
		warn("%s", path);
	free(path);
	return data;
}

static void *named_file_read(const struct pack *pack, const char *name, size_t *size)
{
	void *data = NULL;

	if (name[0] == '/')
		return file_read(name, size);
	for (unsigned int i = 0; !data && i < pack->dir_count; i++)
		data = dir_file_read(pack->dirs[i], name, size);
	return data;
}

/* True when a file of that name is packed already. */
static bool name_is_packed(struct pack *pack, const char *name)
{
	for (unsigned int i = 0; i < pack->name_count; i++) {
		if (strcmp(bundle_name(pack->names[i]), bundle_name(name)))
			continue;
		if ((pack->names[i][0] == '/') != (name[0] == '/'))
			report_error(pack->report,
				     "'%.100s' and '%.100s' have one name in the bundle",
				     pack->names[i], name);
		return true;
	}
	return false;
}

static void name_add(struct pack *pack, const char *name)
{
	pack->names = realloc(pack->names, (pack->name_count + 1) * sizeof(pack->names[0]));
	if (!pack->names)
		err(1, "%s", name);
	pack->names[pack->name_count++] = name;
}

static void file_pack(void *opaque, const char *name)
{
	struct pack *pack = opaque;
	size_t size;
	void *data;

	if (name_is_packed(pack, name))
		return;
	name_add(pack, name);
	data = named_file_read(pack, name, &size);
	if (!data) {
		report_error(pack->report, "'%.150s' is in none of the folders", name);
		for (unsigned int i = 0; name[0] != '/' && i < pack->dir_count; i++)
			fprintf(stderr, "hvpack: looked in %s\n", pack->dirs[i]);
		return;
	}
	archive_add(&pack->archive, bundle_name(name), data, size);
	free(data);
}

/* Calls vmdesc_parse() for each VM; @each may be NULL. Returns how many VMs there are. */
static unsigned int vms_parse(const struct bundle *bundle, struct report *report,
			      void (*each)(const struct vm_config *config))
{
	const void *fdt = vmdesc_open(bundle, NULL, 0, report);
	struct vm_config config;
	unsigned int count = 0;

	if (!fdt)
		return 0;
	vmdesc_check(fdt, report);
	for (int node = vmdesc_next(fdt, -1); node >= 0; node = vmdesc_next(fdt, node)) {
		count++;
		if (!vmdesc_parse(fdt, node, bundle, &config, report) && each)
			each(&config);
	}
	if (!count)
		report_error(report, BUNDLE_DESCRIPTION ": no node has compatible 'hartvisor,vm'");
	return count;
}

static void files_pack(struct pack *pack, const void *fdt, size_t size)
{
	const char *problem = fdt_blob_problem(fdt, size);

	if (problem) {
		report_error(pack->report, "the description %s", problem);
		return;
	}
	archive_add(&pack->archive, BUNDLE_DESCRIPTION, fdt, fdt_totalsize(fdt));
	name_add(pack, BUNDLE_DESCRIPTION);
	for (int node = vmdesc_next(fdt, -1); node >= 0; node = vmdesc_next(fdt, node))
		vmdesc_files(fdt, node, file_pack, pack);
	archive_finish(&pack->archive);
}

static int bundle_pack(struct pack *pack, const char *description, const char *output)
{
	struct report *report = pack->report;
	struct bundle bundle;
	unsigned int vms = 0;
	size_t size;
	void *fdt = description_read(description, &size);

	files_pack(pack, fdt, size);
	if (pack->archive.size &&
	    !bundle_open(pack->archive.data, pack->archive.size, &bundle, report))
		vms = vms_parse(&bundle, report, NULL);
	if (report->errors) {
		fprintf(stderr, "hvpack: %s: %u error%s, nothing written\n", description,
			report->errors, report->errors == 1 ? "" : "s");
	} else if (file_write(output, pack->archive.data, pack->archive.size)) {
		warn("%s", output);
		report->errors++;
	} else {
		printf("%s: %u VM%s, %u files, %zu bytes\n", output, vms, vms == 1 ? "" : "s",
		       pack->archive.entries, pack->archive.size);
	}
	archive_free(&pack->archive);
	free(pack->names);
	free(fdt);
	return report->errors ? 1 : 0;
}

static void value_show(void *opaque, const char *name, const char *value, bool is_default)
{
	(void)opaque;
	printf("  %-22s %s%s\n", name, value, is_default ? "  (default)" : "");
}

static void vm_show(const struct vm_config *config)
{
	struct report report = { .emit = emit };
	struct vm_layout layout;

	printf("%s\n", config->name);
	vmdesc_print(config, value_show, NULL);
	if (!config->kernel.name || vm_layout_compute(config, &layout, &report))
		return;
	printf("  %-22s 0x%" PRIx64 ", %" PRIu64 " KiB with its bss\n", "kernel at",
	       layout.kernel_gpa.v, layout.kernel_size / 1024);
	if (layout.ramdisk_size)
		printf("  %-22s 0x%" PRIx64 "\n", "ramdisk at", layout.ramdisk_gpa.v);
	printf("  %-22s 0x%" PRIx64 "\n", "device tree at", layout.fdt_gpa.v);
}

static int bundle_list(const char *path, struct report *report)
{
	struct bundle bundle;
	size_t size;
	void *data = file_read(path, &size);

	if (!data)
		err(1, "%s", path);
	if (!bundle_open(data, size, &bundle, report))
		vms_parse(&bundle, report, vm_show);
	free(data);
	return report->errors ? 1 : 0;
}

static _Noreturn void usage(FILE *stream, int status)
{
	fputs("usage: hvpack [-d DIR]... -o BUNDLE DESCRIPTION\n"
	      "       hvpack -l BUNDLE\n"
	      "Packs the VM descriptions in DESCRIPTION (.dts or .dtb) and the files they name.\n"
	      "  -o, --output=BUNDLE  the cpio archive to write\n"
	      "  -d, --dir=DIR        look for files in DIR, before the folder of DESCRIPTION\n"
	      "  -l, --list           show the VMs of a bundle with all their values\n"
	      "  -h, --help           show this\n",
	      stream);
	exit(status);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "dir", required_argument, NULL, 'd' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct report report = { .emit = emit };
	struct pack pack = { .report = &report };
	const char *output = NULL;
	bool list = false;
	char *copy;
	int option, status;

	while ((option = getopt_long(argc, argv, "o:d:lh", options, NULL)) >= 0) {
		if (option == 'o')
			output = optarg;
		else if (option == 'd' && pack.dir_count < DIRS_MAX)
			pack.dirs[pack.dir_count++] = optarg;
		else if (option == 'l')
			list = true;
		else
			usage(option == 'h' ? stdout : stderr, option == 'h' ? 0 : 1);
	}
	if (optind + 1 != argc || list == !!output)
		usage(stderr, 1);
	if (list)
		return bundle_list(argv[optind], &report);
	copy = strdup(argv[optind]);
	if (!copy)
		err(1, "%s", argv[optind]);
	pack.dirs[pack.dir_count++] = dirname(copy);
	status = bundle_pack(&pack, argv[optind], output);
	free(copy);
	return status;
}
