/* SPDX-License-Identifier: MIT */
/*
 * packet_ring.pml - one sender, one receiver, packets read in place and held.
 *
 * Of: mcapi/segment/ring_packet.h, mcapi/segment/ring_packet.c, take_packet of
 * mcapi/runtime/receive.c, try_packet of mcapi/runtime/send.c.
 *
 * The sender sends PACKETS through DEPTH slots; when it finds no buffer it waits for the next
 * release. The receiver takes them, holds as many as there are, gives them back in any order,
 * and may keep one for good. Either may die before every step.
 *
 *   - a packet is whole and itself for as long as it is held, and comes once, in order;
 *   - the receiver gets what was sent before the sender's death, and nothing else;
 *   - a slot's mark was read before it is overwritten;
 *   - whoever counts free buffers finds one; and a packet that is kept stalls nothing else,
 *     as long as there is another buffer;
 *   - an end that is opened again finds its place from the ring alone.
 *
 * Positions are bytes and begin just below the wrap, as in the code they are 32 bits.
 *
 * Left out: large payloads, sizes, a damaged ring, sleeping (event.pml), counting ahead
 * (available). One store is a step; those between which the code says "SENT publishes" are
 * in the code's order.
 *
 * Faults: 1 the mark is stored before the packet is filled; 2 counted before it is freed;
 * 3 the slot's own buffer is used though it is held; 4 not looked once more after the peer's
 * death; 5 the first lap's marks are 0; 6 the sender trusts what it knew to be free after it
 * has used another slot's buffer.
 */
#include "step.h"

#ifndef DEPTH
#define DEPTH 2
#endif
#ifndef PACKETS
#define PACKETS 5
#endif
#define FIRST 254
#define NO_BUFFER DEPTH
#define MOD(x) ((x) & 255)

byte mark[DEPTH], buffer[DEPTH];
byte taken[DEPTH], freed[DEPTH], occupant[DEPTH];
byte released = FIRST;
byte payload[DEPTH];

bool sender_dead, receiver_dead;
bool sender_done, receiver_done;
byte sent, came;              /* packets, by their marks */
bool held[DEPTH];
byte holds[DEPTH];            /* the packet that is in it */

#define IS_THERE (mark[cursor] == position)
#if DEPTH > 2
#define CAN_RELEASE (CAN_GIVE(0) || CAN_GIVE(1) || CAN_GIVE(2))
#else
#define CAN_RELEASE (CAN_GIVE(0) || CAN_GIVE(1))
#endif
#define CAN_GIVE(b) (held[b] && keep != b)
#define IS_FREE(b) (freed[b] == occupant[b])

proctype sender()
{
    byte position = FIRST, cursor, known_free, n = 1, b, count, seen, last, i;

    do
    :: n <= PACKETS ->
        /* mci_ring_packet_find */
find:
        count = 0;
        b = NO_BUFFER;
        if
        :: known_free == 0 ->
            b = cursor;
            do
            :: known_free < DEPTH ->
                STEP(
                    if
                    :: IS_FREE(b) -> known_free++
                    :: else -> count = 1
                    fi);
                if :: count -> count = 0; break :: else fi;
                b = (b + 1) % DEPTH
            :: else -> break
            od;
            b = NO_BUFFER
        :: else
        fi;
        if
        :: known_free > 0 -> b = cursor
        :: else ->
            STEP(seen = released);
            if
            :: MOD(position - seen) >= DEPTH -> skip
            :: else ->
#if FAULT == 3
                b = cursor
#else
                b = cursor;
                count = 0;
                do
                :: count < DEPTH ->
                    b = (b + DEPTH - 1) % DEPTH;
                    STEP(
                        if
                        :: IS_FREE(b) -> count = DEPTH + 1
                        :: else -> count++
                        fi)
                :: else -> break
                od;
                assert(count == DEPTH + 1);      /* counted, so found */
                count = 0
#endif
#if FAULT == 6
                ;
                known_free = 2
#endif
            fi
        fi;
        if
        :: b == NO_BUFFER ->
            if
            :: released != seen -> goto find
            :: receiver_dead -> goto over
            fi
        :: else
        fi;
        seen = 0;
        assert(!held[b]);
#if FAULT != 1
        STEP(payload[b] = 0);
        STEP(payload[b] = n);
#endif
        /* mci_ring_packet_send */
        STEP(occupant[b] = position);
        STEP(buffer[cursor] = b);
        STEP(
            assert(position == FIRST || n <= DEPTH || came >= n - DEPTH);   /* was read */
            mark[cursor] = position;
            sent++);
#if FAULT == 1
        STEP(payload[b] = n);
#endif
        d_step {
            position = MOD(position + 1);
            cursor = (cursor + 1) % DEPTH;
            if :: known_free > 0 -> known_free-- :: else fi;
            b = 0;
            n++
        };
        /* mci_ring_packet_resume_sender: the one place where the marks do not go on */
        d_step {
            i = 0;
            do
            :: i < DEPTH ->
                if
                :: mark[(i + 1) % DEPTH] != MOD(mark[i] + 1) -> last = i; count++
                :: else
                fi;
                i++
            :: else -> break
            od;
            assert(count == 1 && MOD(mark[last] + 1) == position && (last + 1) % DEPTH == cursor);
            i = 0;
            last = 0;
            count = 0
        }
    :: else -> break
    od;
    goto over;
dies:
    sender_dead = true;
over:
    sender_done = true
}

proctype receiver()
{
    byte position = FIRST, cursor, b, i, place;
    bool over, kept;
    byte keep = NO_BUFFER;

    do
    :: came < PACKETS ->
        if
        :: true ->
            /* mci_ring_packet_take; and when there is nothing and the peer is over, once more */
            if
            :: mark[cursor] == position -> skip
            :: mark[cursor] != position ->
                if
                :: sender_dead -> over = true
                :: !sender_dead ->
                    (IS_THERE || sender_dead || CAN_RELEASE);
                    goto next
                fi;
#if FAULT == 4
                break;
#endif
                if
                :: mark[cursor] != position -> break
                :: mark[cursor] == position -> over = false
                fi
            fi;
            STEP(b = buffer[cursor]);
            assert(b < DEPTH && !held[b]);
            STEP(taken[b] = position);
            d_step {
                came++;
                held[b] = true;
                holds[b] = came;
                assert(payload[b] == came);          /* whole, once, in order */
                position = MOD(position + 1);
                cursor = (cursor + 1) % DEPTH
            };
            if
            :: !kept && DEPTH > 1 -> keep = b; kept = true
            :: skip
            fi;
            b = 0
        :: CAN_GIVE(0) -> b = 0; goto release
        :: CAN_GIVE(1) -> b = 1; goto release
#if DEPTH > 2
        :: CAN_GIVE(2) -> b = 2; goto release
#endif
        fi;
        goto next;
release:
        assert(payload[b] == holds[b]);              /* still */
#if FAULT == 2
        STEP(held[b] = false; holds[b] = 0; released = MOD(released + 1));
        STEP(freed[b] = taken[b]);
#else
        STEP(held[b] = false; holds[b] = 0; freed[b] = taken[b]);
        STEP(released = MOD(released + 1));
#endif
        b = 0;
next:
        skip;
        /* mci_ring_packet_resume_receiver */
        d_step {
            place = released;
            i = 0;
            do
            :: i < DEPTH ->
                place = MOD(place + (taken[i] != freed[i] -> 1 : 0));
                i++
            :: else -> break
            od;
            i = 0;
            do
            :: i < DEPTH && mark[i] != place && mark[i] != MOD(place - DEPTH) -> i++
            :: else -> break
            od;
            assert(place == position && i == cursor);
            i = 0;
            place = 0
        }
    :: else -> break
    od;
    if
    :: over -> assert(came == sent)                  /* all that was sent, and no more */
    :: else -> assert(came == PACKETS)
    fi;
    goto finished;
dies:
    receiver_dead = true;
finished:
    receiver_done = true
}

init {
    byte i;

    atomic {
        for (i : 0 .. DEPTH - 1) {
            taken[i] = FIRST - 1;
            freed[i] = FIRST - 1;
            occupant[i] = FIRST - 1;
#if FAULT != 5
            mark[i] = MOD(FIRST + i - DEPTH)
#endif
        }
        run sender();
        run receiver()
    }
}
