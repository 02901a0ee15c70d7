/* SPDX-License-Identifier: MIT */
/*
 * mailbox.pml - senders, a receiver and a recovery at one mailbox.
 *
 * Of: mcapi/segment/mailbox.h (take, give, next, receive), mcapi/segment/mailbox.c (send,
 * return_cells, make), fill_and_send of mcapi/runtime/message_send.c, take and finish of
 * mcapi/runtime/message_receive.c.
 *
 * Two senders send MESSAGES and OTHERS through CELLS cells; one that finds none free waits.
 * The receiver takes until everybody is done, as slowly as it likes. In the end
 *
 *   - every message that a send has accepted came once, and no other, but perhaps that of a
 *     sender that died in this send;
 *   - those of one sender and level came in their order, and whole;
 *   - none of a level came while a more urgent one had been there before the receiver looked;
 *   - every cell is free again.
 *
 * With LATE the mailbox was that of another endpoint, whose receiver is gone, and sender 1 is
 * still at work for that one while the next endpoint's mailbox is made. What it left may be
 * free, being read, in a slot, or taken by a dead node and not sent. Only sender 2 knows the
 * new endpoint, and only its messages may come. Who makes the mailbox may die as well: then
 * the next owner of the lock makes it from the start. With LATE=2 sender 2 is late as well,
 * and takes what sender 1 gives back.
 *
 * Left out: sizes and large payloads; the search for a free cell begins with the first; the
 * limit to the tries of a send; waking (event.pml, alarm.pml). Memory is sequentially
 * consistent; which orders make it so is said at the words in mailbox.h.
 *
 * Faults: 1 the slot is emptied before the cell is marked TAKEN; 2 recovery does not look at
 * the slots; 3 sent before filled; 4 a cell is taken by look and store; 5 recovery frees by
 * a plain store; 6 freed before it was read; 7 the place is reserved before the cell is put
 * there; 8 levels in the wrong order; and with LATE: 9 words without generation; 10 make frees
 * what living senders have; 11 make stores 0 into cells that are free; 12 make empties a slot
 * before it has marked the cell; 13 the mailbox is shown before its cells are freed; 14 make
 * forgets the cells in old slots; and with LATE=2: 15 make frees by a plain store.
 */
#include "step.h"

#ifndef CELLS
#define CELLS 2
#endif
#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifndef OTHERS
#define OTHERS MESSAGES
#endif
#ifndef LEVELS
#define LEVELS 1
#endif
#ifndef LATE
#define LATE 0
#endif
#define FRESH   (1 + (LATE > 0)) /* the generation that the receiver is of */
#define PLACES  2            /* of each ring: a power of two, not less than CELLS */
#define SENDERS 2
#define GONE    3            /* a dead node that was recovered already */
#define TAKEN   9            /* MCI_TAKEN_CELL */

/* A message: who sent it, and which it was of that sender. */
#define NUMBER(who, n) ((who) * 16 + (n))
#define LEVEL_OF(who, n) (((who) + (n)) % LEVELS)

#if FAULT == 9
#define GENERATION(g) 1
#else
#define GENERATION(g) (g)
#endif
#define EMPTY(g, position)      (GENERATION(g) * 1024 + (position) * 16)
#define FULL(g, position, cell) (EMPTY(g, position) + 8 + (cell))
#define TAIL(g, position)       (GENERATION(g) * 64 + (position))
#define IS_FULL(word)           ((word) & 8)
#define CELL(word)              ((word) & 7)
#define POSITION(word)          ((word) / 16 % 64)
#define GENERATION_OF(word)     ((word) / 1024)
#define IS_OF_OTHER(word, end, g) \
    (GENERATION_OF(word) != GENERATION(g) || (end) / 64 != GENERATION(g))
#define PLACE(level, position)  ((level) * PLACES + (position) % PLACES)

/* The receiver's next message of a level is there. */
#define NEXT(level) slot[PLACE(level, head[level])]
#define IS_SENT(level) (NEXT(level) == FULL(made, head[level], CELL(NEXT(level))))
#if LEVELS > 1
#define COUNT_SENT sent_at[level]++
#else
#define COUNT_SENT skip
#endif

#define IS_OVER (done == SENDERS && recovered)

byte owner[CELLS];           /* 0: free; the name of a sender; TAKEN */
byte payload[CELLS];
short slot[LEVELS * PLACES]; /* as in mailbox.h: generation, position, full, cell */
short tail[LEVELS];
byte made = 1;               /* the endpoint's `mailbox`: of which generation it is */
bool lock;                   /* the control lock */

/* What is to be found out. */
bool dead[SENDERS + 1];
byte accepted[SENDERS + 1];  /* messages whose send has returned */
byte came[SENDERS + 1];
byte sent_at[LEVELS];        /* messages put into a slot of the level... */
byte taken_at[LEVELS];       /* ...and taken out */
byte done;                   /* senders that are dead or have sent all */
bool recovered;

proctype sender(byte me; byte generation)
{
    byte n = 1, cell, name, level;
    short end, word;
    bool sent;

    made >= generation;

next:
    if :: n > (me == 1 -> MESSAGES : OTHERS) -> goto over :: else fi;
    level = LEVEL_OF(me, n);

    /* mci_mailbox_take */
take:
    cell = 0;
    do
    :: cell < CELLS ->
        STEP(name = owner[cell]);
        if
        :: name == 0 ->
#if FAULT == 4
            STEP(owner[cell] = me);
            break
#else
            STEP(
                if
                :: owner[cell] == 0 -> owner[cell] = me
                :: else -> name = TAKEN
                fi);
            if :: name == 0 -> break :: else -> cell++ fi
#endif
        :: else -> cell++
        fi
    :: else ->
        /* Full: until one is free, or until the endpoint is no more. */
        if
        :: owner[0] == 0 || owner[CELLS - 1] == 0 -> goto take
        :: made != generation -> goto over
        fi
    od;

    /* fill_and_send. In two steps, so that who reads in between sees it. */
#if FAULT != 3
    STEP(payload[cell] = 0);
    STEP(assert(owner[cell] == me); payload[cell] = NUMBER(me, n));
#endif

    /* mci_mailbox_send */
    name = 0;
#if FAULT == 7
    STEP(end = tail[level]; tail[level] = end + 1);
    STEP(slot[PLACE(level, end % 64)] = FULL(generation, end % 64, cell));
    goto accept;
#endif
again:
    STEP(end = tail[level]);
    STEP(word = slot[PLACE(level, end % 64)]);
    if
    :: IS_OF_OTHER(word, end, generation) ->
        STEP(owner[cell] = 0);                                       /* mci_mailbox_give */
#if LATE == 2
        STEP(skip);                                                  /* may die later, too */
#endif
        goto over
    :: else
    fi;
    if
    :: word == EMPTY(generation, end % 64) ->
        STEP(
            if
            :: slot[PLACE(level, end % 64)] == word ->
                slot[PLACE(level, end % 64)] = FULL(generation, end % 64, cell);
                COUNT_SENT;
                sent = true
            :: else
            fi);
        if :: !sent -> goto again :: else fi
    :: else
    fi;
    STEP(
        if
        :: tail[level] == end -> tail[level] = TAIL(generation, end % 64 + 1)
        :: else
        fi);
    if :: !sent -> goto again :: else fi;
    d_step { word = 0; end = 0 };
#if FAULT == 3
    STEP(payload[cell] = NUMBER(me, n));
#endif
#if FAULT == 7
accept:
#endif
    STEP(accepted[me]++);
    d_step { n++; cell = 0; name = 0; level = 0; end = 0; word = 0; sent = false };
    goto next;

dies:
    dead[me] = true;
over:
    atomic { done++; cell = 0; name = 0; level = 0; end = 0; word = 0; sent = false; n = 0 }
}

/* mci_mailbox_return_cells, for whoever has died. */
proctype recovery()
{
    byte cell, at, name, who;
    short word;
    bool in_slot;

    if
    :: dead[1] -> who = 1
    :: dead[2] -> who = 2
    :: done == SENDERS && !dead[1] && !dead[2] && made == FRESH -> goto over
    fi;
    atomic { !lock -> lock = true };
    /* An endpoint without a mailbox is passed over: what is in the cells goes when it gets one. */
    if :: made != FRESH -> goto unlock :: else fi;
    cell = 0;
    do
    :: cell < CELLS ->
        name = owner[cell];
        if
        :: name == who ->
            in_slot = false;
            at = 0;
            do
            :: at < LEVELS * PLACES ->
                word = slot[at];
                in_slot = in_slot || word == FULL(made, POSITION(word), cell);
                at++
            :: else -> break
            od;
#if FAULT == 2
            in_slot = false;
#endif
            if
#if FAULT == 5
            :: !in_slot -> owner[cell] = 0
#else
            :: !in_slot -> d_step { if :: owner[cell] == name -> owner[cell] = 0 :: else fi }
#endif
            :: else
            fi
        :: else
        fi;
        cell++
    :: else -> break
    od;
unlock:
    lock = false;
over:
    atomic { recovered = true; cell = 0; at = 0; name = 0; who = 0; word = 0; in_slot = false }
}

/* mci_mailbox_make, for the next generation. */
proctype maker()
{
    byte at, cell, name;
    short old;
    bool emptied = true;

again:
    atomic { !lock -> lock = true };
    /* empty_slots */
    at = 0;
    do
    :: at < LEVELS * PLACES ->
#if FAULT == 12
        STEP(old = slot[at]; slot[at] = EMPTY(2, at % PLACES));
        if
        :: IS_FULL(old) -> STEP(owner[CELL(old)] = 0)
        :: else
        fi;
#else
same_slot:
        STEP(old = slot[at]);
        if
#if FAULT != 14
        :: IS_FULL(old) -> STEP(owner[CELL(old)] = TAKEN)
#endif
        :: else
        fi;
        STEP(
            if
            :: slot[at] == old -> slot[at] = EMPTY(2, at % PLACES)
            :: else -> emptied = false
            fi);
        /* A late sender was quicker. */
        if :: !emptied -> emptied = true; goto same_slot :: else fi;
#endif
        at++
    :: else -> break
    od;
    at = 0;
    do
    :: at < LEVELS -> STEP(tail[at] = TAIL(2, 0)); at++
    :: else -> break
    od;
#if FAULT == 13
    STEP(made = 2);
#endif
    cell = 0;
    do
    :: cell < CELLS ->
        STEP(name = owner[cell]);
        if
#if FAULT == 10
        :: name != 0 -> STEP(owner[cell] = 0)
#elif FAULT == 11
        :: !((name == 1 || name == 2) && !dead[name]) -> STEP(owner[cell] = 0)
#else
        :: name != 0 && !((name == 1 || name == 2) && !dead[name]) ->
            /* Not a store: it may have given the cell back before it died. */
            STEP(
                if
                :: owner[cell] == name || FAULT == 15 -> owner[cell] = 0
                :: else
                fi)
#endif
        :: else
        fi;
        cell++
    :: else -> break
    od;
#if FAULT != 13
    STEP(made = 2);
#endif
    lock = false;
    goto over;
dies:
    lock = false;                               /* taken over by the next one */
    if :: made != 2 -> goto again :: else fi;
over:
    atomic { at = 0; cell = 0; name = 0; old = 0 }
}

proctype receiver()
{
    byte head[LEVELS], cell, number, from, level;
    byte there[LEVELS];
    short word;

    made == FRESH;
next:
    /* mci_mailbox_next */
    level = 0;
#if LEVELS > 1
    d_step {
        level = 0;
        do :: level < LEVELS -> there[level] = sent_at[level]; level++ :: else -> break od;
        level = 0
    };
#endif
    do
    :: level < LEVELS ->
#if FAULT == 8
#define LOOKED_AT (LEVELS - 1 - level)
#else
#define LOOKED_AT level
#endif
        word = NEXT(LOOKED_AT);
        if
        :: word == FULL(made, head[LOOKED_AT], CELL(word)) -> cell = CELL(word); break
        :: else -> level++
        fi
    :: else ->
        /* Nothing: sleeps until something is there. */
        if
        :: IS_SENT(0)
        :: IS_SENT(LEVELS - 1)
        :: IS_OVER && !IS_SENT(0) && !IS_SENT(LEVELS - 1) -> goto finished
        fi;
        goto next
    od;
    level = LOOKED_AT;
#if LEVELS > 1
    assert(level == 0 || taken_at[0] >= there[0]);      /* the urgent ones first */
#endif
#if LEVELS > 1
    taken_at[level]++;
#endif
    word = 0;

    /* mci_mailbox_receive, then the copy, then mci_mailbox_give */
#if FAULT == 1
    NEXT(level) = EMPTY(made, head[level] + PLACES);
    owner[cell] = TAKEN;
#else
    owner[cell] = TAKEN;
    NEXT(level) = EMPTY(made, head[level] + PLACES);
#endif
    head[level]++;
#if FAULT == 6
    owner[cell] = 0;
    number = payload[cell];
#else
    number = payload[cell];
    owner[cell] = 0;
#endif
    from = number / 16;
    assert(number != 0);                                 /* whole */
#if LATE
    assert(from == 2);                                   /* sent to this endpoint */
#endif
#if LEVELS == 1
    assert(number % 16 == came[from] + 1);               /* once, and in order */
#else
    /* Two messages of one sender have two levels: once. Of more, every other. */
    assert(LEVEL_OF(from, number % 16) == level);
    assert(from == 1 || from == 2);
#endif
    d_step { came[from]++; cell = 0; number = 0; from = 0; level = 0; word = 0 };
    goto next;

finished:
    /* What was accepted came; of the one on its way, all or nothing. */
#if LATE == 0
    assert(came[1] == accepted[1] || (dead[1] && came[1] == accepted[1] + 1));
#endif
#if LATE < 2
    assert(came[2] == accepted[2] || (dead[2] && came[2] == accepted[2] + 1));
#endif
    cell = 0;
    do
    :: cell < CELLS -> assert(owner[cell] == 0); cell++
    :: else -> break
    od
}

init {
    byte i, at;

    atomic {
        for (i : 0 .. LEVELS - 1) {
            for (at : 0 .. PLACES - 1) {
                slot[i * PLACES + at] = EMPTY(1, at)
            }
            tail[i] = TAIL(1, 0)
        }
#if LATE
        if
        :: skip
        :: owner[1] = TAKEN                               /* its receiver died */
        :: owner[1] = GONE                                /* its sender died, unsent */
        :: owner[1] = GONE; slot[0] = FULL(1, 0, 1); tail[0] = TAIL(1, 1)
        fi;
        run maker();
#endif
        run sender(1, 1);
        run sender(2, (LATE == 2 -> 1 : FRESH));
        run recovery();
        run receiver()
    }
}
