/* SPDX-License-Identifier: MIT */
/*
 * scenario_gate.c - a gate and two or three threads of one process: one at a time is inside,
 * and sees what the one before did there.
 */
#include <stdalign.h>

#include "machine.h"
#include "os/fence.h"
#include "runtime/gate.h"

enum { THREADS = 3, MOST = 4 };

struct room {
    struct mci_gate gate;
    alignas(64) uint64_t turns, again;
    _Atomic uint64_t looked_at;
};

static struct room *room;
static uint32_t threads, turns;
static int inside;
static bool visits; /* all but the first one */

static void prepare(void)
{
    room = sim_segment(sizeof *room);
    if (!mci_fence_heavy_available())
        __builtin_trap();
}

static void use_room(void)
{
    sim_check(inside++ == 0);
    room->turns++;
    /* Others may come here, and what this thread has stored before need not be there yet: as it
     * is at a ring, and unlike at a pause. */
    (void)atomic_load_explicit(&room->looked_at, memory_order_relaxed);
    if (sim_random(4) == 0)
        sim_pause();
    sim_check(room->turns == room->again + 1);
    room->again++;
    sim_check(--inside == 0);
}

/* One that comes once and not again: the gate stays whose it is. */
static void visit(void)
{
    void *owner = mci_gate_visit(&room->gate);

    use_room();
    mci_gate_visit_over(&room->gate, owner);
}

static void take_turns(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < turns; i++) {
        bool alone;

        if (visits && sim_self() > 0) {
            visit();
            continue;
        }
        alone = mci_gate_enter(&room->gate);
        use_room();
        mci_gate_leave(&room->gate, alone);
    }
    sim_check(mci_self.inside == 0);
}

static void begin(void)
{
    threads = 2 + sim_random(THREADS - 1);
    turns = 1 + sim_random(MOST);
    visits = sim_random(2) == 0;
    sim_name((void *)&room->gate.owner, sizeof room->gate.owner, 8, "owner");
    sim_name(&room->gate.busy, sizeof room->gate.busy, 4, "busy");
    sim_name(&room->turns, 16, 8, "turns");
    for (int i = 0; i < (int)threads; i++) {
        sim_same_process(i, 0);
        sim_start(i, take_turns, NULL);
    }
}

static void end(void)
{
    sim_check(room->turns == (uint64_t)threads * turns && room->again == room->turns);
}

const struct sim_scenario sim_gate = {
    .name = "gate",
    .about = "a gate, and threads of one process",
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .weight = 16,
};
