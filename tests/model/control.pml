/* SPDX-License-Identifier: MIT */
/*
 * control.pml - node slots and the control lock, when those who have them die.
 *
 * Of: mcapi/runtime/control.c, mcapi/runtime/recovery.c, take_slot, publish and mci_node_leave
 * of mcapi/runtime/node.c, mcapi/os/robust.c (acquire, take_over, release, clear_dead, guard).
 *
 * PROCESSES join a topology with room for SLOTS nodes: each takes a slot, then the lock,
 * recovers the dead and its own slot, is live and makes a thing of its own (with LONG, under
 * the lock once more); it takes the lock again to leave. DEATHS of them die before any step; the kernel
 * marks the words that a dead one held, and wakes one who sleeps on such a word.
 *
 *   - never two are under the lock;
 *   - nobody finds the tables half changed but who has just taken the lock from a dead owner;
 *   - what is taken back was a dead node's, and is taken back before its slot is used again;
 *   - nobody waits for ever: no sleep ends by itself here;
 *   - in the end the lock is free and no living node lost anything.
 *
 * Left out: what the tables hold (a thing for each slot stands for it); weak
 * compare-and-swaps; the mutex of a process; the steps of linking a word into the robust list
 * (pending covers them); a name that comes again after 32,768 lives of its slot.
 *
 * Faults: 1 a dead owner's lock is taken by a store, not from its very name; 2 taken over
 * without repair; 3 the owner's name has no incarnation; 4 the slot is not live any more
 * before its thing is taken back; 5 who sleeps for the lock does not watch its owner's word;
 * 6 the lock is given back after the node's word. 3 and 4 show with three PROCESSES.
 */
#include "step.h"

#ifndef PROCESSES
#define PROCESSES 3
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef LONG
#define LONG 0
#endif
#define DEAD     9
#define WAITED   64
#define NO_SLOT  SLOTS

/* A name: one life of one slot. */
#if FAULT == 3
#define NAME(slot, life) ((slot) + 1)
#define SLOT_OF(word)    (((word) & 7) - 1)
#define SAME_LIFE(word)  true
#else
#define NAME(slot, life) (((life) & 7) * 8 + (slot) + 1)
#define SLOT_OF(word)    (((word) & 7) - 1)
#define SAME_LIFE(word)  (((word) & 63) / 8 == (incarnation[SLOT_OF(word)] & 7))
#endif

#define NO_OWNER(slot) (word[slot] == 0 || word[slot] == DEAD)

byte word[SLOTS];             /* liveness: 0, the process that has it, or DEAD */
byte incarnation[SLOTS];
bool live[SLOTS];             /* the slot's state */
byte thing[SLOTS];            /* made by the node in it: which process; 0: none */
byte control;

bool half;                    /* the tables are half changed */
byte inside;                  /* living processes under the lock */

/* The kernel. */
byte pending[PROCESSES + 1];  /* a slot's word that it is about to take, or guards; + 1 */
bool queued[PROCESSES + 1];
byte on[PROCESSES + 1];       /* whose word it sleeps on, besides the lock's; + 1 */

inline wake_control()
{
    d_step {
        who = 1;
        do :: who <= PROCESSES -> queued[who] = false; who++ :: else -> break od;
        who = 0
    }
}

inline wake_word(s)
{
    d_step {
        who = 1;
        do
        :: who <= PROCESSES ->
            if :: on[who] == s + 1 -> queued[who] = false :: else fi;
            who++
        :: else -> break
        od;
        who = 0
    }
}

inline wake_one(s)
{
    if
    :: on[1] == s + 1 -> queued[1] = false
    :: on[2] == s + 1 -> queued[2] = false
#if PROCESSES > 2
    :: on[3] == s + 1 -> queued[3] = false
#endif
    :: else
    fi
}

/* mci_control_lock_joining */
inline take_lock()
{
    waited = false;
    STEP(seen = control);
    do
    :: true ->
        died = false;
        if
        :: seen != 0 ->
            /* owner_died, in two looks */
            STEP(died = NO_OWNER(SLOT_OF(seen)));
            if :: !died -> STEP(died = !SAME_LIFE(seen)) :: else fi
        :: else
        fi;
        if
        :: seen == 0 || died ->
#if FAULT == 1
            STEP(control = NAME(slot, incarnation[slot])
                         | (waited -> WAITED : 0) | (seen & WAITED);
                 inside++; locked = true; assert(inside == 1));
            break
#else
            STEP(
                if
                :: control == seen ->
                    control = NAME(slot, incarnation[slot])
                            | (waited -> WAITED : 0) | (seen & WAITED);
                    got = true;
                    locked = true;
                    inside++;
                    assert(inside == 1)
                :: else -> seen = control
                fi);
            if :: got -> break :: else fi
#endif
        :: else ->
            /* wait_for_owner */
            STEP(alive = word[SLOT_OF(seen)]);
            if
            :: alive == 0 || alive == DEAD -> skip
            :: else ->
                STEP(
                    if
                    :: seen & WAITED -> got = true
                    :: control == seen && !(seen & WAITED) ->
                        control = seen | WAITED;
                        got = true
                    :: else
                    fi);
                if
                :: got ->
                    got = false;
                    STEP(pending[me] = SLOT_OF(seen) + 1);
                    STEP(
                        if
                        :: control == (seen | WAITED)
                           && (word[SLOT_OF(seen)] == alive || FAULT == 5) ->
                            queued[me] = true;
                            on[me] = (FAULT == 5 -> 0 : SLOT_OF(seen) + 1)
                        :: else
                        fi);
                    !queued[me];
                    /* pass_on_death */
                    STEP(on[me] = 0);
                    STEP(died = word[SLOT_OF(seen)] == DEAD);
                    if :: died -> if :: wake_word(SLOT_OF(seen)) OR_DIE fi :: else fi;
                    STEP(pending[me] = 0)
                :: else
                fi
            fi;
            waited = true;
            alive = 0;
            STEP(seen = control)
        fi
    od;
    got = false;
    waited = false;
    seen = 0;
    assert(died || !half);
    if
    :: died ->
#if FAULT != 2
        STEP(half = false);                     /* mci_repair: what can be counted anew */
        recover_dead();
#endif
        died = false
    :: else
    fi
}

inline drop_lock()
{
    STEP(seen = control; control = 0; locked = false; inside--);
    if
    :: seen & WAITED -> if :: wake_control() OR_DIE fi
    :: else
    fi;
    seen = 0
}

/* mci_take_back: what the slot's last node had made. */
inline take_back(s)
{
    if
    :: live[s] ->
        STEP(assert(thing[s] == 0 || dead[thing[s]]); thing[s] = 0)
    :: else
    fi
}

/* mci_recover_all_dead */
inline recover_dead()
{
    i = 0;
    do
    :: i < SLOTS ->
        if
        :: word[i] == DEAD ->
#if FAULT == 4
            STEP(live[i] = false);
            take_back(i);
#else
            take_back(i);
            STEP(live[i] = false);
#endif
            STEP(if :: word[i] == DEAD -> word[i] = 0 :: else fi);
            if :: wake_word(i) OR_DIE fi
        :: else
        fi;
        i++
    :: else -> i = 0; break
    od
}

/* A change of the tables. */
inline change()
{
    assert(!half);
    STEP(half = true);
    STEP(half = false)
}

bool dead[PROCESSES + 1];

proctype process(byte me)
{
    byte slot = NO_SLOT, seen, alive, i, who;
    bool waited, died, got, locked;

    /* take_slot: a free one first, else that of a dead node */
    i = 0;
    do
    :: i < 2 * SLOTS && slot == NO_SLOT ->
        STEP(pending[me] = i % SLOTS + 1);
        STEP(
            if
            :: word[i % SLOTS] == (i < SLOTS -> 0 : DEAD) ->
                word[i % SLOTS] = me;
                slot = i % SLOTS
            :: else
            fi);
        STEP(pending[me] = 0);
        i++
    :: else -> i = 0; break
    od;
    if :: slot == NO_SLOT -> goto over :: else fi;       /* all nodes that there may be */
    STEP(incarnation[slot]++);

    take_lock();
    recover_dead();
    take_back(slot);                                     /* mci_recover_own */
    STEP(live[slot] = false);
    change();
    assert(thing[slot] == 0);
    STEP(live[slot] = true);
#if LONG
    drop_lock();

    take_lock();
    change();
#endif
    STEP(thing[slot] = me);
    drop_lock();

    /* mci_node_leave */
    take_lock();
    assert(thing[slot] == me);
    STEP(thing[slot] = 0);
    change();
    STEP(live[slot] = false);
#if FAULT == 6
    STEP(word[slot] = 0);
    drop_lock();
#else
    drop_lock();
    STEP(pending[me] = slot + 1);
    STEP(word[slot] = 0);
#endif
    if :: wake_word(slot) OR_DIE fi;
    STEP(pending[me] = 0);
    goto over;

dies:
    atomic {
        dead[me] = true;
        queued[me] = false;
        on[me] = 0;
        if
        :: locked -> inside--; locked = false
        :: else
        fi;
        if
        :: slot != NO_SLOT && word[slot] == me ->
            word[slot] = DEAD;
            wake_one(slot)
        :: else
        fi;
        if
        :: pending[me] != 0 && NO_OWNER(pending[me] - 1) ->
            wake_one(pending[me] - 1)
        :: else
        fi;
        pending[me] = 0
    };
over:
    atomic { slot = 0; seen = 0; alive = 0; i = 0; who = 0; waited = 0; died = 0; got = 0 }
}

init {
    byte p;

    atomic {
        for (p : 1 .. PROCESSES) {
            run process(p)
        }
    };
    timeout;
    assert(inside == 0)
}
