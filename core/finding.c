/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of findings: an array and a pool for their words, which are only added to. Guarded by
 * findings_lock, so that harts can add while they start.
 */
#include <core/finding.h>

#include <core/hart.h>
#include <core/lock.h>
#include <core/log.h>
#include <core/text.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FINDINGS 128
#define POOL_SIZE 12288
#define WHERE_MAX 96

struct finding {
	uint8_t kind;
	bool of_harts; /* the words begin with the text; otherwise with where it was found */
	uint16_t where, text; /* in the pool */
	struct hartset harts;
};

static struct spinlock findings_lock = SPINLOCK_INIT(LOCK_FINDINGS);
static struct finding findings[FINDINGS];
static unsigned int count, lost;
static char pool[POOL_SIZE]; /* begins with the empty string */
static size_t pool_used = 1;

static const char *const marks[FINDING_KINDS] = {
	[FINDING_DEVICE] = "",
	[FINDING_QUIRK] = "quirk: ",
	[FINDING_LESS] = "",
	[FINDING_LEFT_OUT] = "left out: ",
};

/** Copies words into the pool. 0 when there is no room, as for the empty string. */
static uint16_t words_keep(const char *words) REQUIRES(findings_lock)
{
	size_t size = strlen(words) + 1, at = pool_used;

	if (size == 1 || size > sizeof(pool) - at)
		return 0;
	memcpy(pool + at, words, size);
	pool_used += size;
	return (uint16_t)at;
}

static struct finding *same_as(const struct finding *one, const char *where, const char *text)
	REQUIRES(findings_lock)
{
	for (unsigned int i = 0; i < count; i++) {
		struct finding *other = &findings[i];

		if (other->kind == one->kind && other->of_harts == one->of_harts &&
		    !strcmp(pool + other->where, where) && !strcmp(pool + other->text, text))
			return other;
	}
	return NULL;
}

enum kept { KEPT_BEFORE, KEPT_NOW, KEPT_NOT };

/** Keeps what is new, if there is room. */
static enum kept keep(struct finding one, const char *where, const char *text)
{
	unsigned long flags = spin_lock(&findings_lock);
	struct finding *same = same_as(&one, where, text);
	enum kept kept = KEPT_BEFORE;

	if (same) {
		for (unsigned int i = 0; i < ARRAY_SIZE(one.harts.bits); i++)
			same->harts.bits[i] |= one.harts.bits[i];
	} else {
		size_t before = pool_used;

		one.where = words_keep(where);
		one.text = words_keep(text);
		if (count < FINDINGS && one.text && (one.where || !*where)) {
			findings[count++] = one;
			kept = KEPT_NOW;
		} else {
			pool_used = before;
			lost++;
			kept = KEPT_NOT;
		}
	}
	spin_unlock(&findings_lock, flags);
	return kept;
}

static void tell(enum finding_kind kind, enum kept kept, const char *where, const char *text)
{
	if (kept == KEPT_BEFORE || (kept == KEPT_NOW && kind == FINDING_DEVICE))
		return;
	if (kind == FINDING_QUIRK || kind == FINDING_DEVICE)
		log_info("%s: %s%s", where, marks[kind], text);
	else
		log_warn("%s: %s%s", where, marks[kind], text);
}

/** Some words come from the device tree: a terminal must not obey them. */
static void format(char *text, size_t size, const char *fmt, va_list args)
{
	vsnprintf(text, size, fmt, args);
	text_tame(text);
}

void finding_add(enum finding_kind kind, const char *where, const char *fmt, ...)
{
	struct finding one = { .kind = (uint8_t)kind };
	char text[FINDING_MAX], place[WHERE_MAX];
	va_list args;

	va_start(args, fmt);
	format(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(place, sizeof(place), "%s", where);
	text_tame(place);
	tell(kind, keep(one, place, text), place, text);
}

void finding_add_hart(enum finding_kind kind, unsigned int hart_index, const char *fmt, ...)
{
	struct finding one = { .kind = (uint8_t)kind, .of_harts = true };
	char text[FINDING_MAX], place[32];
	va_list args;

	va_start(args, fmt);
	format(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(place, sizeof(place), "hart %" PRIu64, harts[hart_index]->id);
	hartset_add(&one.harts, hart_index);
	tell(kind, keep(one, "", text), place, text);
}

/** The member of @set with the lowest id that is at least @id, or NULL. */
static const struct hart *next_by_id(const struct hartset *set, uint64_t id)
{
	const struct hart *next = NULL;

	for (unsigned int i = 0; i < hart_count; i++)
		if (hartset_has(set, i) && harts[i]->id >= id && (!next || harts[i]->id < next->id))
			next = harts[i];
	return next;
}

static const struct hart *next_after(const struct hartset *set, const struct hart *hart)
{
	return hart->id < UINT64_MAX ? next_by_id(set, hart->id + 1) : NULL;
}

/** "hart 0" or "harts 0-3,16": ids, in their order. */
static void harts_format(const struct hartset *set, char *buffer, size_t room)
{
	struct text text = text_in(buffer, room);
	const struct hart *hart = next_by_id(set, 0), *last, *next;
	const char *before = hart && next_after(set, hart) ? "harts " : "hart ";

	for (; hart; hart = next, before = ",") {
		last = hart;
		while ((next = next_after(set, last)) && next->id == last->id + 1)
			last = next;
		text_add(&text, "%s%" PRIu64, before, hart->id);
		if (last != hart)
			text_add(&text, "-%" PRIu64, last->id);
	}
}

/** The @index-th of a kind as a line. False at the end. */
static bool finding_format(enum finding_kind kind, unsigned int index, char *line, size_t room)
{
	unsigned long flags = spin_lock(&findings_lock);
	unsigned int i = 0;
	char place[WHERE_MAX];

	while (i < count && (findings[i].kind != kind || index--))
		i++;
	if (i < count) {
		if (findings[i].of_harts)
			harts_format(&findings[i].harts, place, sizeof(place));
		snprintf(line, room, "%s: %s",
			 findings[i].of_harts ? place : pool + findings[i].where,
			 pool + findings[i].text);
	}
	spin_unlock(&findings_lock, flags);
	return i < count;
}

void findings_describe(enum finding_kind kind, void (*line)(const char *text))
{
	char text[WHERE_MAX + FINDING_MAX + 4];

	for (unsigned int i = 0; finding_format(kind, i, text, sizeof(text)); i++)
		line(text);
}

unsigned int findings_count(enum finding_kind kind)
{
	unsigned long flags = spin_lock(&findings_lock);
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++)
		found += findings[i].kind == kind;
	spin_unlock(&findings_lock, flags);
	return found;
}

unsigned int findings_lost(void)
{
	return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}
