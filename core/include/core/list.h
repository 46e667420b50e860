/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A circular doubly linked list whose links live inside the elements. The owner of a list
 * guards it; an element that is in no list points at itself.
 */
#ifndef CORE_LIST_H
#define CORE_LIST_H

#include <core/types.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/** Inserts @item before @at; with the list's head as @at that is the end. */
static inline void list_insert(struct list *at, struct list *item)
{
	item->next = at;
	item->prev = at->prev;
	at->prev->next = item;
	at->prev = item;
}

/** Takes @item out of its list: its links mean nothing then. Whether the list is empty now. */
static inline bool list_unlink(struct list *item)
{
	struct list *next = item->next, *prev = item->prev;

	prev->next = next;
	next->prev = prev;
	return next == prev;
}

/** Takes @item out; it points at itself afterwards. Harmless when it is in no list. */
static inline void list_remove(struct list *item)
{
	list_unlink(item);
	list_init(item);
}

#define list_for_each(item, head) \
	for (struct list *item = (head)->next; item != (head); item = item->next)

#endif
