/* SPDX-License-Identifier: MIT */
/*
 * scalar_ring.pml - one sender, one receiver, words in lines, marks with lap and width.
 *
 * Of: mcapi/segment/ring_scalar.h, mcapi/segment/ring_scalar.c, try_scalar of
 * mcapi/runtime/receive.c and mcapi/runtime/send.c.
 *
 * The sender sends WORDS of changing width through DEPTH of LINES * PER_LINE places; when the
 * ring is full it waits until the receiver has taken something. Either may die before every
 * step. Between two sends the sender may come back to the ring as if it had opened its end
 * anew, and finds its place step by step while the receiver works.
 *
 *   - words come once, in order, with their width; those that were sent before the sender's
 *     death all come, and nothing else;
 *   - no word is overwritten before it was read;
 *   - an end that is opened again finds its place, lap and what waits.
 *
 * Positions are bytes and begin just below the wrap; there are LAPS (the code: 32) and lines
 * of PER_LINE (the code: 7).
 *
 * Left out: a damaged ring, sleeping (event.pml), a wrong width asked for.
 *
 * Faults: 1 the mark is stored before the word; 2 taken is stored before the word was read;
 * 3 one lap only; 4 not looked once more after the peer's death; 5 the place is not looked
 * for again if the receiver took something meanwhile; 6 a lap is told after what was taken.
 */
#include "step.h"

#ifndef LINES
#define LINES 2
#endif
#ifndef PER_LINE
#define PER_LINE 2
#endif
#ifndef DEPTH
#define DEPTH 4
#endif
#ifndef WORDS
#define WORDS 9
#endif
#ifndef LAPS
#define LAPS 2
#endif
#define PLACES (LINES * PER_LINE)
#define FIRST  254
#define MOD(x) ((x) & 255)
#define FULL   128
#if FAULT == 3
#define NEXT_LAP(m) (m)
#define LAST_LAP(m) (m)
#else
#define NEXT_LAP(m) (FULL | (((m) + 4) & ((LAPS - 1) * 4)))
#define LAST_LAP(m) (FULL | (((m) - 4) & ((LAPS - 1) * 4)))
#endif
#define WIDTH(n) ((n) & 3)

byte word[PLACES], mark[PLACES];
byte taken = FIRST;
byte lap_position = FIRST, lap_mark = FULL;

bool sender_dead, receiver_dead;
byte sent, came;
byte was_read;

/* mci_ring_scalar_advance, of a place that consists of these. */
inline advance(position, place, lap)
{
    position = MOD(position + 1);
    place = place + 1;
    if
    :: place == PLACES -> place = 0; lap = NEXT_LAP(lap)
    :: else
    fi
}

proctype sender()
{
    byte position = FIRST, place, lap = FULL, known = FIRST, n = 1;
    /* coming back */
    byte before, f_position, f_place, f_lap, waiting, seen, i;
    byte b_place, b_lap, left;
    bool whole, done;

    do
    :: n <= WORDS ->
        /* mci_ring_scalar_is_full */
room:
        if
        :: MOD(position - known) >= DEPTH ->
            STEP(known = taken);
            if
            :: MOD(position - known) >= DEPTH ->
                if
                :: taken != known -> goto room
                :: receiver_dead -> goto over
                fi
            :: else
            fi
        :: else
        fi;
        assert(n <= PLACES || was_read >= n - PLACES);
#if FAULT != 1
        STEP(word[place] = n);
#endif
        STEP(mark[place] = lap | WIDTH(n); sent++);
#if FAULT == 1
        STEP(word[place] = n);
#endif
        d_step { n++; advance(position, place, lap) };

        /* mci_ring_scalar_resume_sender */
        if
        :: skip
        :: n == WORDS / 2 || n == WORDS ->
            i = 0;
again:
            assert(i <= DEPTH);                       /* the receiver takes what there is */
            i++;
            STEP(before = taken);
            /* mci_ring_scalar_resume_receiver */
            STEP(f_position = taken);
            STEP(
                seen = lap_position;
                f_lap = lap_mark);
            d_step {
                if
                :: MOD(f_position + 1) == seen -> f_position = seen
                :: else
                fi;
                f_place = MOD(f_position - seen);
                whole = f_place < PLACES;
                waiting = 0;
                done = false
            };
            /* mci_ring_scalar_available */
            do
            :: whole && !done ->
                STEP(seen = mark[f_place]);
                if
                :: (seen & 252) != f_lap || waiting == DEPTH -> done = true
                :: else -> d_step { waiting++; advance(f_position, f_place, f_lap) }
                fi
            :: else -> break
            od;
            skip;
            /* The places that come next have the marks of a lap ago, or none. The sender is
             * the one that stores them: one step. */
            d_step {
                b_place = f_place;
                b_lap = f_lap;
                left = PLACES - waiting;
                do
                :: whole && left > 0 ->
                    if
                    :: mark[b_place] == 0 -> whole = b_lap == FULL
                    :: else -> whole = (mark[b_place] & 252) == LAST_LAP(b_lap)
                    fi;
                    left--;
                    advance(seen, b_place, b_lap)
                :: else -> break
                od;
                b_place = 0;
                b_lap = 0;
                left = 0;
                done = false
            };
            STEP(seen = taken);
#if FAULT != 5
            if :: seen != before -> goto again :: else fi;
#endif
            assert(whole);
            assert(f_position == position && f_place == place && f_lap == lap);
            /* A receiver that begins a lap has said so, and not yet what it took. */
            assert(MOD(position - before) == waiting || MOD(position - before) == waiting + 1);
            /* It goes on from what it found. */
            known = MOD(f_position - waiting)
        fi;
        skip;
        d_step {
            before = 0;
            f_position = 0;
            f_place = 0;
            f_lap = 0;
            waiting = 0;
            seen = 0;
            i = 0;
            whole = false
        }
    :: else -> break
    od;
    goto over;
dies:
    sender_dead = true;
over:
    skip
}

proctype receiver()
{
    byte position = FIRST, place, lap = FULL, seen, value, f_position, f_place, f_lap;
    bool over;

    do
    :: came < WORDS ->
        /* mci_ring_scalar_look; and when there is nothing and the peer is over, once more */
look:
        STEP(seen = mark[place]);
        if
        :: (seen & 252) == lap
        :: else ->
            if
            :: over -> break
            :: !over && sender_dead ->
                over = true;
#if FAULT == 4
                break;
#endif
                goto look
            :: !sender_dead ->
                ((mark[place] & 252) == lap || sender_dead);
                goto look
            fi
        fi;
        over = false;
        /* mci_ring_scalar_take */
#if FAULT != 2
        STEP(value = word[place]; was_read++);
#endif
        d_step {
            f_place = place;
            advance(position, place, lap)
        };
#if FAULT != 6
        if :: place == 0 -> STEP(lap_position = position; lap_mark = lap) :: else fi;
#endif
        STEP(taken = position);
#if FAULT == 6
        if :: place == 0 -> STEP(lap_position = position; lap_mark = lap) :: else fi;
#endif
#if FAULT == 2
        STEP(value = word[f_place]; was_read++);
#endif
        d_step {
            came++;
            assert(value == came);
            assert((seen & 3) == WIDTH(came));
            value = 0;
            seen = 0
        };
        /* mci_ring_scalar_resume_receiver */
        d_step {
            f_position = taken;
            if :: MOD(f_position + 1) == lap_position -> f_position = lap_position :: else fi;
            f_place = MOD(f_position - lap_position);
            assert(f_position == position && f_place == place && lap_mark == lap);
            f_position = 0;
            f_place = 0
        }
    :: else -> break
    od;
    if
    :: over -> assert(came == sent)
    :: else -> assert(came == WORDS)
    fi;
    goto finished;
dies:
    receiver_dead = true;
finished:
    skip
}

init {
    atomic {
        run sender();
        run receiver()
    }
}
