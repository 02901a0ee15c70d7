/* SPDX-License-Identifier: MIT */
/*
 * gate.pml - one thread at a time inside a gate, whichever way it came in.
 *
 * Of: mcapi/runtime/gate.h, mcapi/runtime/gate.c, mci_fence_heavy_own of mcapi/os/fence.c.
 *
 * THREADS threads enter and leave ENTRIES times each. At most one is inside at a time, what
 * one does inside is whole when the next one comes, and all get through.
 *
 * Memory: a thread's stores to `busy` become visible to others some time later, in their
 * order (`flush`). Its second look at `owner` may even come before its store of busy is done.
 * The heavy fence reaches one thread after the other, and falls between two instructions of
 * it: what stands before is visible, a look that stands behind is done again. With BARE no
 * fence is available, and nobody gets the gate to itself.
 *
 * Left out: death (a gate dies with its process), forks, signal handlers.
 *
 * Faults: 1 no heavy fence; 2 the owner is not looked at again; 3 who takes the gate away does
 * not wait until its owner is out; 4 the owner says that it is out before it is; 5 the mutex
 * is given back as soon as the gate was taken away.
 */
#ifndef FAULT
#define FAULT 0
#endif
#ifndef THREADS
#define THREADS 3
#endif
#ifndef ENTRIES
#define ENTRIES 2
#endif
#ifndef BARE
#define BARE 0
#endif
#define NOBODY 0
#define SHARED 9              /* &mci_gate_shared */
#define ROOM   2              /* in a store buffer; a thread waits for more */

byte owner;                   /* NOBODY, a thread, or SHARED */
bool busy;
bool mutex;

/* The processor of each thread: its stores of `busy` that others do not see yet, and what it
 * read too early. */
byte stored[THREADS + 1];
bool value[(THREADS + 1) * ROOM];
byte looked[THREADS + 1];     /* 1: it looked before the store; 2: then it stored */
byte seen[THREADS + 1];

byte inside;
bool half;                    /* what is done inside is half done */

inline flush_one(w)
{
    busy = value[w * ROOM];
    value[w * ROOM] = value[w * ROOM + 1];
    value[w * ROOM + 1] = 0;
    stored[w]--
}

inline flush_all(w)
{
    do
    :: stored[w] > 0 -> flush_one(w)
    :: else -> break
    od;
    stored[w] = 0
}

inline store_busy(what)
{
    d_step {
        stored[me] < ROOM ->
        value[me * ROOM + stored[me]] = what;
        stored[me]++
    }
}

proctype flush()
{
end:
    do
    :: d_step { stored[1] > 0 -> flush_one(1) }
    :: d_step { stored[2] > 0 -> flush_one(2) }
#if THREADS > 2
    :: d_step { stored[3] > 0 -> flush_one(3) }
#endif
    od
}

proctype thread(byte me)
{
    byte n, w, was;
    bool alone;

    do
    :: n < ENTRIES ->
        /* mci_gate_enter */
        alone = false;
        if
        :: d_step { owner == me -> alone = true }
        :: owner != me
        fi;
        if
        :: alone ->
            if
            :: d_step { seen[me] = owner; looked[me] = 1 }
            :: skip
            fi;
            d_step {
                stored[me] < ROOM ->
                value[me * ROOM + stored[me]] = 1;
                stored[me]++;
                looked[me] = looked[me] * 2
            };
            d_step {
                if :: looked[me] == 0 -> seen[me] = owner :: else fi;
#if FAULT == 2
                seen[me] = me;
#endif
                looked[me] = 0
            };
            if
            :: seen[me] != me -> store_busy(0); alone = false
            :: else
            fi;
            seen[me] = 0
        :: else
        fi;
        if
        :: !alone ->
            /* mci_gate_enter_slowly. Locking the mutex is an exchange: it waits for the
             * buffer, and no later look comes before it. */
            d_step { !mutex -> mutex = true; flush_all(me) };
            if
            :: d_step { owner == NOBODY && !BARE -> skip };
                store_busy(1);
                d_step { flush_all(me); owner = me };
                mutex = false;
                alone = true
            :: owner != NOBODY || BARE ->
                /* share */
                d_step { flush_all(me); was = owner; owner = SHARED };
#if FAULT == 5
                mutex = false;
#endif
                if
                :: was != SHARED ->
#if FAULT != 1
                    w = 1;
                    do
                    :: w <= THREADS ->
                        if
                        :: d_step { looked[w] != 1 -> flush_all(w) }
                        :: d_step { looked[w] != 0 -> flush_all(w); looked[w] = 0 }
                        fi;
                        w++
                    :: else -> w = 0; break
                    od;
#endif
#if FAULT != 3
                    !busy
#endif
                :: else
                fi;
                was = 0
            fi
        :: else
        fi;

        inside++;
        assert(inside == 1);
        assert(!half);
        half = true;
#if FAULT == 4
        if :: alone -> store_busy(0) :: else fi;
#endif
        half = false;
        inside--;

        /* mci_gate_leave */
#if FAULT == 5
        if :: alone -> store_busy(0) :: else fi;
#elif FAULT == 4
        if :: !alone -> d_step { flush_all(me); mutex = false } :: else fi;
#else
        if :: alone -> store_busy(0) :: else -> d_step { flush_all(me); mutex = false } fi;
#endif
        n++
    :: else -> break
    od
}

init {
    byte i;

    atomic {
        for (i : 1 .. THREADS) {
            run thread(i)
        }
        run flush()
    }
}
