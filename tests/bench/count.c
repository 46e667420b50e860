/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin of QEMU that counts instructions by whose they are: the firmware's, the hypervisor's or
 * the guest's, told apart by their addresses. It writes the counts to standard error when the
 * first guest has run its first instruction, at each mark (lib/marks.h of tests/guest), and when an
 * address is reached for the first time: at=<address>, several. For machines with one hart;
 * everything happens in the thread of that hart, so that there is no lock.
 *
 * Arguments: image=<address> and size=<bytes>, where the hypervisor's image is mapped, if there is
 * one.
 *
 * Spans, on machines with any number of harts: with from=<address>, mark=<address> and to=<address>
 * it counts what the hypervisor executes, on all harts, from the first of these to the last, in
 * those cases where it came by the second. Functions that wait for another hart, which may be long
 * in coming (simulated harts take turns), are left out: skip=<first>-<end>, several. With spans=on
 * it counts what one hart executes from MARK_SPAN to MARK_SPAN_END, whoever executes it. Either
 * way it writes the median of the first SPANS cases: in some a hart waits for a lock.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../guest/lib/marks.h"

/* What is needed of QEMU's plugin interface, version 4. */
#define PLUGIN_VERSION 4

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_info;

typedef uint64_t plugin_id;

struct plugin_u64 {
	struct qemu_plugin_scoreboard *board;
	size_t offset;
};

enum plugin_flags { PLUGIN_NO_REGISTERS };
enum plugin_op { PLUGIN_ADD };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*each)(plugin_id id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *data, size_t size);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*each)(unsigned int hart, void *opaque),
					    enum plugin_flags flags, void *opaque);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn,
							 enum plugin_op op, struct plugin_u64 entry,
							 uint64_t number);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(struct plugin_u64 entry);

__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_VERSION;
__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id,
							       const struct qemu_info *info,
							       int argc, char **argv);

enum owner { FIRMWARE, HYPERVISOR, GUEST, OWNERS };

/* OpenSBI is at the beginning of QEMU's RAM; below it are only the reset vector and devices. */
#define FIRMWARE_END 0x80060000
#define RAM_START 0x80000000
/* Below is the reset vector, and nothing that a guest executes. */
#define LOW_END 0x10000

#define SPANS 20
#define SKIPS 4
#define HARTS 64
#define ADDRESSES 32

static uint64_t image, image_size;
static struct plugin_u64 counts[OWNERS];
static struct span {
	uint64_t from, mark, to;
	uint64_t now;
	bool open, marked;
	unsigned int count;
	uint64_t counts[SPANS];
	struct {
		uint64_t first, end;
	} skips[SKIPS];
	unsigned int skip_count;
} span;

/* Spans between marks: what each hart has executed since its MARK_SPAN, while it is in one. */
static bool marked_spans;
static struct {
	bool open;
	uint64_t count;
} hart_spans[HARTS];

static struct {
	uint64_t address;
	bool reached;
} addresses[ADDRESSES];
static unsigned int address_count;

static bool image_ran; /* from here on the low addresses of RAM are the guest's */
static bool guest_ran;

static enum owner owner_of(uint64_t address)
{
	if (address - image < image_size)
		return HYPERVISOR;
	if (address < LOW_END || address - RAM_START < FIRMWARE_END - RAM_START)
		return FIRMWARE;
	/* The hypervisor's first instructions run where the image was loaded. */
	return image_ran ? GUEST : HYPERVISOR;
}

static void report(const char *when)
{
	fprintf(stderr,
		"count: %s: firmware %" PRIu64 " hypervisor %" PRIu64 " guest %" PRIu64 "\n", when,
		qemu_plugin_u64_sum(counts[FIRMWARE]), qemu_plugin_u64_sum(counts[HYPERVISOR]),
		qemu_plugin_u64_sum(counts[GUEST]));
}

static void marked(unsigned int hart, void *opaque)
{
	char when[32];

	(void)hart;
	snprintf(when, sizeof(when), "mark %#x", (unsigned int)(uintptr_t)opaque);
	report(when);
}

static void reached(unsigned int hart, void *opaque)
{
	unsigned int i = (unsigned int)(uintptr_t)opaque;
	char when[32];

	(void)hart;
	if (addresses[i].reached)
		return;
	addresses[i].reached = true;
	snprintf(when, sizeof(when), "at %#" PRIx64, addresses[i].address);
	report(when);
}

/* The number of the mark that the instruction is, or 0. */
static unsigned int mark_of(const struct qemu_plugin_insn *insn)
{
	uint32_t code = 0;

	if (qemu_plugin_insn_data(insn, &code, sizeof(code)) != sizeof(code) ||
	    (code & 0xfffff) != 0x02013 || code >> 20 < MARK_FIRST || code >> 20 > MARK_LAST)
		return 0;
	return code >> 20;
}

/* What is to be told of when it is executed. */
static void watch(struct qemu_plugin_insn *insn, uint64_t address)
{
	unsigned int number = mark_of(insn);

	if (number)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, PLUGIN_NO_REGISTERS,
						       (void *)(uintptr_t)number);
	for (unsigned int i = 0; i < address_count; i++)
		if (address == addresses[i].address && !addresses[i].reached)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, reached, PLUGIN_NO_REGISTERS,
							       (void *)(uintptr_t)i);
}

/* The instruction that begins the hypervisor, and those that may be a guest's first. */
static void first(unsigned int hart, void *opaque)
{
	(void)hart;
	(void)opaque;
	if (!guest_ran)
		report("guest");
	guest_ran = true;
}

static void begin(unsigned int hart, void *opaque)
{
	static bool begun;

	(void)hart;
	(void)opaque;
	if (!begun)
		report("hypervisor");
	begun = true;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		enum owner owner = owner_of(address);

		if (owner == HYPERVISOR && !image_ran && i == 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, PLUGIN_NO_REGISTERS,
							       NULL);
		if (owner == GUEST && !guest_ran)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, first, PLUGIN_NO_REGISTERS,
							       NULL);
		watch(insn, address);
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, PLUGIN_ADD, counts[owner],
								    1);
		image_ran |= address - image < image_size;
	}
}

static int larger(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* A span has ended. */
static void span_add(uint64_t number)
{
	if (span.count == SPANS)
		return;
	span.counts[span.count++] = number;
	if (span.count < SPANS)
		return;
	qsort(span.counts, SPANS, sizeof(span.counts[0]), larger);
	fprintf(stderr, "count: %u spans of %" PRIu64 "\n", SPANS, span.counts[SPANS / 2]);
}

static void span_insn(unsigned int hart, void *opaque)
{
	uint64_t address = (uint64_t)(uintptr_t)opaque;

	(void)hart;
	if (address == span.from) {
		span.now = 0;
		span.open = true;
		span.marked = false;
	}
	span.now++;
	span.marked |= address == span.mark;
	if (address != span.to || !span.open)
		return;
	span.open = false;
	if (span.marked)
		span_add(span.now);
}

static bool is_skipped(uint64_t address)
{
	for (unsigned int i = 0; i < span.skip_count; i++)
		if (address >= span.skips[i].first && address < span.skips[i].end)
			return true;
	return false;
}

static void skip_add(const char *range)
{
	char *end;

	if (span.skip_count == SKIPS)
		return;
	span.skips[span.skip_count].first = strtoull(range, &end, 0);
	span.skips[span.skip_count++].end = strtoull(end + (*end == '-'), NULL, 0);
}

/* With a call for each instruction: inline additions of QEMU 10 fail with a second hart. */
static void span_translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		if (address - image < image_size && !is_skipped(address))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, span_insn, PLUGIN_NO_REGISTERS,
							       (void *)(uintptr_t)address);
	}
}

static void hart_insn(unsigned int hart, void *opaque)
{
	uintptr_t number = (uintptr_t)opaque;

	if (hart >= HARTS)
		return;
	if (number == MARK_SPAN) {
		hart_spans[hart].open = true;
		hart_spans[hart].count = 0;
	} else if (number == MARK_SPAN_END && hart_spans[hart].open) {
		hart_spans[hart].open = false;
		span_add(hart_spans[hart].count);
	} else {
		hart_spans[hart].count++;
	}
}

static void hart_translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, hart_insn, PLUGIN_NO_REGISTERS,
						       (void *)(uintptr_t)mark_of(insn));
	}
}

static void address_add(const char *text)
{
	if (address_count < ADDRESSES)
		addresses[address_count++].address = strtoull(text, NULL, 0);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	const struct {
		const char *name;
		uint64_t *value;
	} arguments[] = {
		{ "image=", &image },	 { "size=", &image_size }, { "from=", &span.from },
		{ "mark=", &span.mark }, { "to=", &span.to },
	};

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "skip=", 5) == 0)
			skip_add(argv[i] + 5);
		if (strncmp(argv[i], "at=", 3) == 0)
			address_add(argv[i] + 3);
		marked_spans |= strcmp(argv[i], "spans=on") == 0;
		for (size_t j = 0; j < sizeof(arguments) / sizeof(arguments[0]); j++) {
			size_t length = strlen(arguments[j].name);

			if (strncmp(argv[i], arguments[j].name, length) == 0)
				*arguments[j].value = strtoull(argv[i] + length, NULL, 0);
		}
	}
	image_ran = image_size == 0;
	for (int i = 0; i < OWNERS; i++)
		counts[i].board = qemu_plugin_scoreboard_new(sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, marked_spans ? hart_translated
						  : span.from  ? span_translated
							       : translated);
	return 0;
}
