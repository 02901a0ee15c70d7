/* SPDX-License-Identifier: MIT */
/*
 * alarm.pml - a sender of messages dies half-way, and nobody at the mailbox sleeps on.
 *
 * Of: deliver of mcapi/runtime/message_send.c, mcapi/runtime/message_wait.c,
 * mcapi/runtime/message_receive.c, mci_message_take_back of mcapi/runtime/message.c,
 * mci_robust_guard of mcapi/os/robust.c, the kernel's part of it.
 *
 * SENDERS send one message each through a mailbox of one cell; who finds it taken waits for
 * room. The receiver takes messages for ever. A sender may die before every step, asleep or
 * not; the kernel then wakes one of those who sleep on the alarm, if the sender had guarded
 * it. At the end, when nobody can do anything, every living sender has sent its message and no
 * message is left. A receiver that waits for a request sleeps on its bell, and does the same.
 *
 * Left out: the steps of a mailbox (mailbox.pml), memory orders (event.pml), the death of
 * the receiver's node (all who wait watch its word); and three gaps, in which the others sleep
 * on until their nap ends: a death while somebody is between its last look and its sleep, as
 * the alarm never has another value for the kernel to compare (-DGAP=1 shows it); one that dies
 * with announcements that it had taken, and whose message somebody else has received by then,
 * so that nobody finds its name (-DGAP=2); and one that is killed after the alarm has woken it
 * and before it has looked for the dead (DEATHS=2).
 *
 * Faults: 1 the alarm is not guarded; 2 nobody looks for the dead; 3 the guard is dropped
 * before the receiver is woken; 4 recovery wakes by announcements only.
 */
#include "step.h"

#ifndef SENDERS
#define SENDERS 2
#endif
#define RECEIVER 0            /* does not die */
#undef OR_DIE
#define OR_DIE :: atomic { CAN_DIE -> deaths_left--; goto dies }
#define CAN_DIE (deaths_left > 0 && me != RECEIVER)
#ifndef GAP
#define GAP 0
#endif
/* With announcements taken and nobody woken: only while its name is in the cell. */
#define OR_DIE_NAMED :: atomic { CAN_DIE && (owner == me || GAP == 2) -> deaths_left--; goto dies }
#define SLEEPERS (SENDERS + 1)
#define TAKEN    9

byte owner;                   /* of the cell: 0: free */
bool sent;                    /* the slot: the cell was sent */
byte event[2];                /* of receivers and of senders; a bit, and taken bits counted */
#define RECEIVE 0
#define SEND    1
#define SLEEPER 1             /* the bell's bit does the same here */

bool lock;                    /* the control lock */
bool dead[SLEEPERS];          /* and not recovered */
byte falling;                 /* sleepers between their last look and their sleep */
byte over;                    /* senders that have sent, or are dead */

/* The kernel. */
bool guarded[SLEEPERS];       /* names the alarm */
bool queued[SLEEPERS];        /* inside its wait: on its event and on the alarm */
bool asleep[SLEEPERS];

inline wake(side)
{
    d_step {
        if
        :: side == RECEIVE -> asleep[RECEIVER] = false
        :: else ->
            asleep[1] = false;
            asleep[SENDERS - 1] = false;
            asleep[SENDERS] = false
        fi
    }
}

inline wake_one()
{
    if
    :: queued[0] -> asleep[0] = false
    :: queued[1] -> asleep[1] = false
    :: queued[2] -> asleep[2] = false
    :: queued[SENDERS] -> asleep[SENDERS] = false
    :: else
    fi
}

inline wake_queued(one)
{
    if :: queued[one] -> asleep[one] = false :: else fi
}

inline raise(side)
{
    STEP(seen = event[side] & SLEEPER);
    if
    :: seen ->
        STEP(seen = event[side] & SLEEPER; event[side] = (event[side] | 1) + 1);
        if
        :: seen -> if :: wake(side) OR_DIE_NAMED fi
        :: else
        fi
    :: else
    fi;
    seen = 0
}

/* Recovery: all who sleep at the mailbox, announced or not. The dead one may have taken the bits
 * of an event and woken nobody, and the kernel's one wake have come to somebody else. */
inline wake_all()
{
    d_step {
        wake_queued(0);
        wake_queued(1);
        wake_queued(2);
        wake_queued(SENDERS)
    }
}

/* mci_message_bury: with the lock, so the dead one may be recovered by somebody else. */
inline bury()
{
#if FAULT != 2
    STEP(who = owner);
    if
    :: who != 0 && who != TAKEN && dead[who] ->
        if :: atomic { !lock -> lock = true } OR_DIE fi;
        if
        :: dead[who] ->
            STEP(if :: owner == who && !sent -> owner = 0 :: else fi);
#if FAULT != 4
            if :: wake_all() OR_DIE fi;
#endif
            raise(RECEIVE);
            raise(SEND);
            STEP(dead[who] = false)
        :: else
        fi;
        STEP(lock = false)
    :: else
    fi;
    who = 0
#else
    skip
#endif
}

proctype sender(byte me)
{
    byte expected, seen, who;
    bool announced, mine;

try:
#if FAULT != 1
    STEP(guarded[me] = true);
#endif
    STEP(
        if
        :: owner == 0 ->
            owner = me;
            mine = true;
            if :: announced -> announced = false; falling-- :: else fi
        :: else
        fi);
    if
    :: mine ->
        STEP(sent = true);
#if FAULT == 3
        STEP(guarded[me] = false);
#endif
        raise(RECEIVE);
        STEP(guarded[me] = false);
        goto finished
    :: else
    fi;
    STEP(guarded[me] = false);
    if
    :: !announced ->
        STEP(event[SEND] = event[SEND] | SLEEPER; expected = event[SEND]);
        d_step { announced = true; falling++ };
        bury();
        goto try
    :: else
    fi;
    STEP(
        if
        :: event[SEND] == expected -> queued[me] = true; asleep[me] = true
        :: else
        fi;
        announced = false;
        falling--);
    expected = 0;
    !asleep[me];
    STEP(queued[me] = false);
    bury();
    goto try;
dies:
    atomic { if :: announced -> announced = false; falling-- :: else fi };
    atomic {
        (falling == 0 || GAP == 1);
        dead[me] = true;
        queued[me] = false;
        asleep[me] = false;
        /* Its lock is taken over by whoever wants it next. */
        if :: lock && who != 0 -> lock = false :: else fi;
        if :: guarded[me] -> guarded[me] = false; wake_one() :: else fi
    };
finished:
    atomic { over++; expected = 0; seen = 0; who = 0; announced = 0; mine = 0 }
}

proctype receiver()
{
    byte me = RECEIVER, expected, seen, who;
    bool announced;

try:
    if
    :: d_step {
            sent -> owner = TAKEN;
            if :: announced -> announced = false; falling-- :: else fi
        };
        sent = false;
        owner = 0;
        raise(SEND);
        goto try
    :: !sent
    fi;
    if
    :: !announced ->
        STEP(event[RECEIVE] = event[RECEIVE] | SLEEPER; expected = event[RECEIVE]);
        d_step { announced = true; falling++ };
        bury();
        goto try
    :: else
    fi;
    STEP(
        if
        :: event[RECEIVE] == expected -> queued[RECEIVER] = true; asleep[RECEIVER] = true
        :: else
        fi;
        announced = false;
        falling--);
    expected = 0;
end:
    !asleep[RECEIVER];
    STEP(queued[me] = false);
    bury();
    goto try;
dies:
    assert(false)
}

init {
    byte i;

    atomic {
        for (i : 1 .. SENDERS) {
            run sender(i)
        }
        run receiver()
    };
    /* Nobody can do anything any more. */
    timeout;
    assert(over == SENDERS);
    assert(!sent)
}
