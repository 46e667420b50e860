/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the interrupt state of a vCPU moves between the guest interrupt files of two harts and the
 * software file (core/intfile.c), while interrupts are sent to it. Each step that others can see is
 * a step here. A sender waits for the answer to its last interrupt, so one that is lost, or a
 * wake-up that is, ends in a state that is no valid end; one that is delivered twice fails an
 * assertion. A vCPU that finds its file where it is loaded takes `busy` here; intfile_load() spares
 * that, as its hart answers no mover before the guest runs. A line that is free holds what another
 * owner, or power-on, left there. -DMUTANT_... takes one step out of the order, or moves it:
 * tests/model/run checks that each of those is found. README.md says what is not modelled.
 */
#define SOFTWARE 2 /* a place: harts are 0 and 1 */
#define NOWHERE 3
#define SENDERS 2
#define GUEST 0 /* a sibling that stores through its translation of the page */
#define HOST 1 /* a producer in the hypervisor, such as the APLIC */
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define EVICTIONS 2

#define BIT(sender) (1 << (sender))
#define RESIDUE BIT(SENDERS) /* pending in a file that is not cleared: nobody has sent it */

byte place = SOFTWARE; /* guarded by lock */
bool lock, busy;
byte page = NOWHERE; /* what the G-stage maps the guest's page to */
byte known = NOWHERE; /* what the sibling's hart holds of that */
byte flying[SENDERS] = NOWHERE; /* the file that a store is on its way to */

byte pending[2] = RESIDUE, software; /* eip of the two files, and of the software file */
bool delivery[2] = true, software_delivery = true;
bool opened[2] = true, software_opened = true; /* eie and eithreshold: whether they let it through */
byte selected = NOWHERE; /* hstatus.VGEIN of the vCPU */
bool watched[2]; /* hgeie */

bool told; /* vcpu->pending: it has something to look at, and does not go on sleeping */
bool held_up; /* the vCPU's hart is in a call of the mover's */
bool sent[SENDERS];
byte answered;

inline take(what) { atomic { !what -> what = true } }
inline drop(what) { what = false }

/* A store arrives in its own time. */
active proctype bus()
{
end:	do
	:: atomic { flying[0] < 2 -> pending[flying[0]] = pending[flying[0]] | BIT(0); flying[0] = NOWHERE }
	:: atomic { flying[1] < 2 -> pending[flying[1]] = pending[flying[1]] | BIT(1); flying[1] = NOWHERE }
	od
}

/* intfile_inject() */
inline inject(sender)
{
	take(lock);
	if
	:: place == SOFTWARE ->
		software = software | BIT(sender);
		drop(lock);
		told = true
	:: else ->
		flying[sender] = place;
		drop(lock)
	fi
}

active proctype sibling()
{
	byte round = 0;

	do
	:: round < ROUNDS ->
		round++;
		sent[GUEST] = true;
		if
		:: known == NOWHERE -> known = page /* a walk */
		:: else
		fi;
		/* The store uses the translation of that moment, or traps. */
		if
		:: atomic { known < 2 -> flying[GUEST] = known }
		:: known == NOWHERE -> inject(GUEST)
		fi;
		!sent[GUEST]
	:: else -> break
	od
}

active proctype producer()
{
	byte round = 0;

	do
	:: round < ROUNDS ->
		round++;
		sent[HOST] = true;
		inject(HOST);
		!sent[HOST]
	:: else -> break
	od
}

#define SIGNALS(file) (delivery[file] && opened[file] && pending[file])
#define SOFTWARE_SIGNALS (software_delivery && software_opened && software)

/* SGEI: one-shot */
active proctype sgei()
{
end:	do
	:: atomic { watched[0] && SIGNALS(0) -> watched[0] = false }; told = true
	:: atomic { watched[1] && SIGNALS(1) -> watched[1] = false }; told = true
	od
}

inline fence()
{
#ifndef MUTANT_NO_FENCE
	known = NOWHERE;
#endif
	skip
}

inline wait_for_stores(sender)
{
#ifndef MUTANT_NO_BARRIER
	flying[sender] == NOWHERE;
#endif
	skip
}

/* drain_here(): a call on the file's hart, where the vCPU may be running */
inline drain(from)
{
	held_up = true;
	watched[from] = false;
	old_delivery = delivery[from];
	delivery[from] = false;
	atomic { taken = pending[from]; pending[from] = 0 };
	software = software | taken;
	/* Then the line is free: whoever has it next leaves something there. */
	d_step {
		software_opened = opened[from];
		software_delivery = old_delivery;
		pending[from] = pending[from] | RESIDUE;
		opened[from] = true;
		delivery[from] = true;
		/* Fewer states. */
		taken = 0;
		old_delivery = false
	};
	if
	:: selected == from -> selected = NOWHERE
	:: else
	fi;
	held_up = false
}

inline demote()
{
	from = place;
#ifdef MUTANT_DRAIN_FIRST
	drain(from);
#endif
	take(lock);
	place = SOFTWARE;
	drop(lock);
	page = NOWHERE;
	fence();
	wait_for_stores(GUEST);
	wait_for_stores(HOST);
#ifndef MUTANT_DRAIN_FIRST
	drain(from);
#endif
#ifndef MUTANT_SILENT
	if
	:: SOFTWARE_SIGNALS -> told = true
	:: else
	fi;
#endif
	skip
}

inline clear(to)
{
	d_step { delivery[to] = false; opened[to] = false; pending[to] = 0 }
}

inline promote(to)
{
#if !defined(MUTANT_NO_CLEAR) && !defined(MUTANT_CLEAR_LATE)
	clear(to);
#endif
	page = to;
#ifdef MUTANT_CLEAR_LATE
	clear(to);
#endif
	take(lock);
	place = to;
	drop(lock);
	atomic { taken = software; software = 0 };
#ifdef MUTANT_OVERWRITE
	pending[to] = taken;
#else
	pending[to] = pending[to] | taken;
#endif
	taken = 0;
	d_step {
#ifndef MUTANT_NO_ENABLES
		opened[to] = software_opened;
#endif
#ifndef MUTANT_NO_DELIVERY
		delivery[to] = software_delivery;
#endif
		software_opened = false;
		software_delivery = false
	};
	selected = to
}

inline answer(sender)
{
	assert(sent[sender]);
	answered++;
	sent[sender] = false
}

inline claim(file)
{
	if
	:: file & BIT(GUEST) -> file = file & ~BIT(GUEST); answer(GUEST)
	:: !(file & BIT(GUEST)) ->
		assert(!(file & RESIDUE));
		file = file & ~BIT(HOST);
		answer(HOST)
	fi
}

#define DONE (answered == SENDERS * ROUNDS)

/* The vCPU: loaded on one hart or the other, takes what is there, sleeps. */
active proctype vcpu()
{
	byte here, from, taken;
	bool old_delivery;

	do
	:: DONE -> break
	:: else ->
		if
		:: here = 0
		:: here = 1
		fi;
		take(busy);
		if
		:: place == 1 - here -> demote()
		:: else
		fi;
		if
		:: place == SOFTWARE -> promote(here)
		:: place == SOFTWARE -> selected = NOWHERE /* no line */
		:: place == here -> watched[here] = false; selected = here
		fi;
		drop(busy);
		told = false;
		do
		:: atomic { !held_up && selected < 2 && SIGNALS(selected) ->
				claim(pending[selected]) }
		:: atomic { !held_up && selected == NOWHERE && SOFTWARE_SIGNALS ->
				claim(software) }
		:: atomic { !held_up && (selected == NOWHERE || !SIGNALS(selected)) &&
			    (selected < 2 || !SOFTWARE_SIGNALS) ->
				if
				:: place == here -> watched[here] = true
				:: else
				fi };
			break
		od;
		if
		:: told
		:: DONE
		fi
	od
}

/* Whoever takes files away: a thief, a lower limit. */
active proctype thief()
{
	byte from, taken, count = 0;
	bool old_delivery;

	do
	:: count < EVICTIONS ->
		count++;
		take(busy);
		if
		:: place != SOFTWARE -> demote()
		:: else
		fi;
		drop(busy)
	:: else -> break
	od
}
