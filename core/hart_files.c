/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/alloc.h>
#include <core/check.h>
#include <core/hart_files.h>
#include <core/log.h>
#include <core/options.h>
#include <errno.h>
#include <inttypes.h>

struct hartset hart_files_free_set;

static uint64_t free_lines(const struct hart_files *files)
{
	return hart_lines_within(files->limit) & ~files->used;
}

/* After each change, with the lock. */
static void free_set_update(const struct hart *hart)
{
	bool any = free_lines(hart->files) != 0;

	if (any == hartset_has(&hart_files_free_set, hart->index))
		return;
	if (any)
		hartset_add(&hart_files_free_set, hart->index);
	else
		hartset_remove(&hart_files_free_set, hart->index);
}

int hart_files_init(struct hart *hart, unsigned int count)
{
	uint64_t limit;

	DCHECK(count < HART_LINES);
	if (hart->files) {
		CHECK(hart->files->count == count);
		return 0;
	}
	hart->files = alloc_zero(sizeof(*hart->files));
	if (!hart->files)
		return -ENOMEM;
	spin_init(&hart->files->lock, LOCK_HART_FILES);
	hart->files->count = hart->files->limit = count;
	if (option_pair("hgei.limit", hart->id, &limit) && limit < count) {
		hart->files->limit = (unsigned int)limit;
		log_info("hart %" PRIu64 ": hgei.limit: %" PRIu64 " of %u guest interrupt files",
			 hart->id, limit, count);
	}
	free_set_update(hart);
	return 0;
}

unsigned int hart_files_take(struct hart *hart, struct vcpu *owner)
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);
	uint64_t free = free_lines(files);
	unsigned int line = free ? (unsigned int)__builtin_ctzll(free) : 0;

	if (line) {
		files->used |= BIT(line);
		files->owners[line] = owner;
		free_set_update(hart);
	}
	spin_unlock(&files->lock, flags);
	return line;
}

void hart_files_give(struct hart *hart, unsigned int line, struct vcpu *heir)
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);

	CHECK(line && line < HART_LINES && files->used >> line & 1);
	files->owners[line] = heir;
	if (!heir)
		files->used &= ~BIT(line);
	free_set_update(hart);
	spin_unlock(&files->lock, flags);
}

void hart_files_set_limit(struct hart *hart, unsigned int limit)
{
	unsigned long flags = spin_lock(&hart->files->lock);

	hart->files->limit = limit;
	free_set_update(hart);
	spin_unlock(&hart->files->lock, flags);
}

unsigned int hart_files_victim(struct hart *hart, bool (*spare)(struct vcpu *owner),
			       uint64_t (*last_run)(const struct vcpu *owner), struct vcpu **owner)
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);
	uint64_t lines = files->used & hart_lines_within(files->limit);
	unsigned int found = 0;

	while (lines && !found) {
		unsigned int oldest = 0;

		for (uint64_t left = lines; left; left &= left - 1) {
			unsigned int line = (unsigned int)__builtin_ctzll(left);

			if (!oldest ||
			    last_run(files->owners[line]) < last_run(files->owners[oldest]))
				oldest = line;
		}
		if (spare(files->owners[oldest]))
			found = oldest;
		lines &= ~BIT(oldest);
	}
	*owner = files->owners[found];
	spin_unlock(&files->lock, flags);
	return found;
}

struct vcpu *hart_files_excess(struct hart *hart)
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);
	uint64_t lines = files->used & ~hart_lines_within(files->limit);
	struct vcpu *owner = lines ? files->owners[__builtin_ctzll(lines)] : NULL;

	spin_unlock(&files->lock, flags);
	return owner;
}

void hart_files_owners(struct hart *hart, uint64_t lines, void (*visit)(struct vcpu *owner))
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);

	for (lines &= files->used; lines; lines &= lines - 1)
		visit(files->owners[__builtin_ctzll(lines)]);
	spin_unlock(&files->lock, flags);
}

void hart_files_reserve(struct hart *hart, int count)
{
	struct hart_files *files = hart->files;
	unsigned long flags = spin_lock(&files->lock);

	files->reserved += (unsigned int)count;
	spin_unlock(&files->lock, flags);
}
