/* SPDX-License-Identifier: MIT */
/*
 * event.pml - whoever sleeps until something is published is woken, or learns of a death.
 *
 * Of: mcapi/segment/event.h (raise), mcapi/segment/event.c, mcapi/runtime/patience.c,
 * mcapi/os/fence.c, mcapi/os/futex.c (wait_any, pass_on_death), mci_robust_guard of
 * mcapi/os/robust.c.
 *
 * WAKERS publish ITEMS each and raise the event after each. WORDS sleepers wait on the
 * event's word and BELLS on the bell of their node; each wants one item, and there is one for
 * each. No sleep ends by itself here, so a lost wake-up is a state in which nobody can go on.
 *
 * Memory: what a waker publishes is visible to others some time later (`flush`), its look at
 * the word is not delayed: a store buffer. With WEAK the look may even come before the
 * store. A fence of the waker's own, and each exchange, waits for the buffer. The heavy fence
 * reaches one waker after the other, and falls between two instructions of it: what stands
 * before is visible, a look that stands behind is done again. With FENCED there is no heavy
 * fence, and wakers fence for themselves.
 *
 * Death: with one waker and DEATHS, waker and sleepers may die before every step. Sleepers
 * watch the waker's liveness word as well. The kernel marks it and wakes one of those who
 * watch it, perhaps one that has just been woken; that one passes it on. If it is killed too
 * before it can, the kernel wakes the next, because of its guard.
 *
 * Left out: spinning and yielding, naps and deadlines, more words than one sleep can watch;
 * several bells at one event.
 *
 * Faults: 1 a waker looks before it publishes; 2 a sleeper does not look again; 3 nobody
 * fences; 4 fenced before announced; 5 the word is read, then set to 0, in two steps; 6 the
 * value slept on is read when going to sleep; 7 the bell is not counted up; 11 the word is set
 * to 0 (shows with two WORDS); with DEATHS: 8 the liveness word is not watched; 9 a death is
 * not passed on; 10 no guard.
 */
#ifndef DEATHS
#define DEATHS 0
#endif
#include "step.h"

#ifndef WAKERS
#define WAKERS 1
#endif
#ifndef WORDS
#define WORDS 1
#endif
#ifndef BELLS
#define BELLS 1
#endif
#ifndef WEAK
#define WEAK 1
#endif
#ifndef FENCED
#define FENCED 0
#endif
#define SLEEPERS (WORDS + BELLS)
#define ITEMS    (SLEEPERS / WAKERS)
#define SLEEPER  1            /* MCI_EVENT_SLEEPER */
#define BELL     2            /* MCI_EVENT_BELL */

/* The word of the event once its bits were taken: they are counted, so that a value that a
 * sleeper has seen does not come again when the next one announces itself. */
#if FAULT == 11
#define TAKEN(word) 0
#else
#define TAKEN(word) (((word) & 252) + 4)
#endif

byte items;                   /* that everybody sees, and nobody has taken */
byte event;
byte bell, bell_sleepers;
bool dead;                    /* the liveness word of the waker, if there is one */

/* The processor of each waker. */
byte buffered[WAKERS];        /* published, not yet visible */
byte looked[WAKERS];          /* 1: it looked before the store; 2: then it stored */
byte seen[WAKERS];            /* ...and found this */

/* The kernel. */
bool queued[SLEEPERS];        /* inside its wait */
bool asleep[SLEEPERS];        /* ...and not woken */
bool guarded[SLEEPERS];

inline wake_event()
{
    d_step {
        who = 0;
        do :: who < WORDS -> asleep[who] = false; who++ :: else -> break od;
        who = 0
    }
}

inline wake_bell()
{
    d_step {
        who = WORDS;
        do :: who < SLEEPERS -> asleep[who] = false; who++ :: else -> break od;
        who = 0
    }
}

inline wake_all_watchers()
{
    d_step {
        who = 0;
        do :: who < SLEEPERS -> asleep[who] = false; who++ :: else -> break od;
        who = 0
    }
}

inline wake_one_watcher()
{
    if
#if FAULT != 8
    :: queued[0] -> asleep[0] = false
#if WORDS + BELLS > 1
    :: queued[1] -> asleep[1] = false
#endif
#if WORDS + BELLS > 2
    :: queued[2] -> asleep[2] = false
#endif
#endif
    :: else
    fi
}

/* A full fence of the waker's own. */
#define FLUSH(w) items = items + buffered[w]; buffered[w] = 0

proctype flush()
{
    byte w;

end:
    do
    :: d_step { buffered[0] > 0 -> buffered[0]--; items++ }
#if WAKERS > 1
    :: d_step { buffered[1] > 0 -> buffered[1]--; items++ }
#endif
    od
}

proctype waker(byte me)
{
    byte n, who, bits;

    do
    :: n < ITEMS ->
#if WEAK
        if
        :: STEP(seen[me] = event; looked[me] = 1)
        :: skip
        fi;
#endif
#if FAULT == 1
        STEP(seen[me] = event);
        STEP(buffered[me]++);
#else
        STEP(buffered[me]++; looked[me] = looked[me] * 2);
#if FENCED && FAULT != 3
        STEP(FLUSH(me); looked[me] = 0);
#endif
        STEP(if :: looked[me] == 0 -> seen[me] = event :: else fi; looked[me] = 0);
#endif
        n++;
        if
        :: (seen[me] & 3) != 0 ->
            /* mci_event_wake */
#if FAULT == 5
            STEP(FLUSH(me); bits = event & 3);
            STEP(event = TAKEN(event));
#else
            STEP(FLUSH(me); bits = event & 3; event = TAKEN(event));
#endif
            if
            :: bits & SLEEPER -> if :: wake_event() OR_DIE fi
            :: else
            fi;
            if
            :: bits & BELL ->
#if FAULT != 7
                STEP(bell++);
#endif
                STEP(bits = bell_sleepers);
                if
                :: bits != 0 -> if :: wake_bell() OR_DIE fi
                :: else
                fi
            :: else
            fi
        :: else
        fi;
        d_step { seen[me] = 0; bits = 0 }
    :: else -> break
    od;
    goto over;
dies:
    /* What it did before is visible to the kernel, and to whoever sees the mark. */
    atomic { FLUSH(me); looked[me] = 0; dead = true; wake_one_watcher() };
over:
    skip
}

proctype sleeper(byte me)
{
    byte expected, who, w;
    bool counted, again, over;

try:
    STEP(if :: items > 0 -> items--; over = true :: else fi);
    if :: over -> goto finished :: else fi;
#if DEATHS
    STEP(over = dead);
    if
    :: over ->
        STEP(if :: items > 0 -> items-- :: else fi);    /* once more: it may be there now */
        goto finished
    :: else
    fi;
#endif
    if :: again -> goto sleep :: else fi;

    /* mci_patience_wait, mci_patience_wait_bell: announce */
#if FAULT == 4
    w = 0;
    do
    :: w < WAKERS -> STEP(FLUSH(w); looked[w] = 0); w++
    :: else -> w = 0; break
    od;
#endif
    if
    :: me < WORDS ->
        STEP(event = event | SLEEPER; expected = event)
    :: else ->
        if :: !counted -> STEP(bell_sleepers++; counted = true) :: else fi;
        STEP(expected = bell);
        STEP(event = event | BELL)
    fi;
    /* mci_event_fence */
#if !FENCED && FAULT != 3 && FAULT != 4
    w = 0;
    do
    :: w < WAKERS ->
        if
        :: d_step { looked[w] != 1 -> FLUSH(w) }
        :: d_step { looked[w] != 0 -> FLUSH(w); looked[w] = 0 }
        OR_DIE
        fi;
        w++
    :: else -> w = 0; break
    od;
#endif
#if FAULT != 2
    again = true;
    goto try;
#endif

sleep:
    again = false;
#if FAULT != 10
    STEP(guarded[me] = true);
#endif
#if FAULT == 6
    if :: me < WORDS -> STEP(expected = event) :: else -> STEP(expected = bell) fi;
#endif
    STEP(
        if
#if FAULT != 8
        :: dead
#endif
        :: me < WORDS && event != expected
        :: me >= WORDS && bell != expected
        :: else -> queued[me] = true; asleep[me] = true
        fi);
    expected = 0;
    /* No death while it sleeps: a state in which nobody can do anything else would not show. */
    !asleep[me];
    STEP(queued[me] = false);
#if DEATHS && FAULT != 9
    STEP(over = dead);
    if
    :: over -> if :: wake_all_watchers() OR_DIE fi
    :: else
    fi;
    over = false;
#endif
    STEP(guarded[me] = false);
    goto try;

finished:
    if :: counted -> STEP(bell_sleepers--) :: else fi;
    goto over_and_out;
dies:
    /* The kernel finds the word that it had guarded. */
    atomic {
        queued[me] = false;
        asleep[me] = false;
        if
        :: guarded[me] && dead -> guarded[me] = false; wake_one_watcher()
        :: else -> guarded[me] = false
        fi
    };
over_and_out:
    skip
}

init {
    byte i;

    atomic {
        for (i : 0 .. WAKERS - 1) {
            run waker(i)
        }
        for (i : 0 .. SLEEPERS - 1) {
            run sleeper(i)
        }
        run flush()
    }
}
