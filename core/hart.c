/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of harts, and calls between them. A request lies on the sender's stack; its address
 * is put into the receiver's inbox, in the sender's own slot, so that no lock is needed.
 */
#include <arch/irqflags.h>
#include <core/check.h>
#include <core/hart.h>
#include <core/timer.h>
#include <drivers/irqchip.h>
#include <inttypes.h>

#define CALL_TIMEOUT_US 60000000 /* simulated machines can be slow */

struct hart *harts[MAX_HARTS];
unsigned int hart_count;
struct hart *boot_hart;

struct hart *hart_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < hart_count; i++)
		if (harts[i]->id == id)
			return harts[i];
	return NULL;
}

const char *hart_state_name(const struct hart *hart)
{
	static const char *const names[] = {
		[HART_ABSENT] = "absent",   [HART_STARTING] = "starting", [HART_ONLINE] = "online",
		[HART_LEAVING] = "leaving", [HART_OFFLINE] = "off",
	};

	return names[__atomic_load_n(&hart->state, __ATOMIC_RELAXED)];
}

void hart_kick(struct hart *hart)
{
	ipi_send(hart->index);
}

void hart_ipi(void)
{
	hart_serve();
}

void hart_serve(void)
{
	struct hart *self = hart_self();

	if (unlikely(__atomic_load_n(&panicking, __ATOMIC_ACQUIRE)))
		panic_halt();
	if (!__atomic_exchange_n(&self->inbox_pending, 0, __ATOMIC_SEQ_CST))
		return;
	for (unsigned int i = 0; i < hart_count; i++) {
		struct hart_request *request = __atomic_exchange_n(&self->inbox[i], NULL,
								   __ATOMIC_SEQ_CST);

		if (!request)
			continue;
		request->function(request->opaque);
		__atomic_fetch_sub(&request->waiting, 1, __ATOMIC_RELEASE);
	}
}

static void request_post(struct hart *to, struct hart_request *request)
{
	struct hart_request **slot = &to->inbox[hart_self()->index];

	__atomic_fetch_add(&request->waiting, 1, __ATOMIC_RELAXED);
	__atomic_store_n(slot, request, __ATOMIC_SEQ_CST);
	__atomic_store_n(&to->inbox_pending, 1, __ATOMIC_SEQ_CST);
	if (hart_answers(to))
		hart_kick(to);
	else if (__atomic_exchange_n(slot, NULL, __ATOMIC_SEQ_CST) == request)
		/* It has gone off-line, and did not see the request before. */
		__atomic_fetch_sub(&request->waiting, 1, __ATOMIC_RELAXED);
}

void hart_call(const struct hartset *set, void (*function)(void *opaque), void *opaque)
{
	unsigned long flags = arch_irq_save();
	struct hart *self = hart_self();
	struct hart_request request = { .function = function, .opaque = opaque };
	uint64_t end = time_now() + us_to_ticks(CALL_TIMEOUT_US);

	DCHECK(self->lock_ranks == 0);
	for (unsigned int i = 0; i < hart_count; i++)
		if (i != self->index && hartset_has(set, i) && hart_answers(harts[i]))
			request_post(harts[i], &request);
	if (hartset_has(set, self->index))
		function(opaque);
	while (__atomic_load_n(&request.waiting, __ATOMIC_ACQUIRE)) {
		hart_serve();
		arch_relax();
		if (time_now() > end)
			panic("a hart does not answer: %u requests of hart %" PRIu64 " are open",
			      request.waiting, self->id);
	}
	arch_irq_restore(flags);
}
