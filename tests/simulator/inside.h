/* SPDX-License-Identifier: MIT */
/*
 * inside.h - what the parts of the machine know of each other. Scenarios see machine.h only.
 */
#ifndef SIMULATOR_INSIDE_H
#define SIMULATOR_INSIDE_H

#include <stdalign.h>

#include "machine.h"

enum {
    SIM_PLACES = 1016, /* locations that one schedule can use */
    SIM_MORE = 4,
    SIM_STAMPS = SIM_FIBRES + SIM_PLACES,
    SIM_STEPS = 30000,   /* accesses after which a schedule gets nowhere; stamps have 15 bits */
    SIM_OWN_BYTES = 512, /* thread-local variables */
    SIM_PROCESS_BYTES = 4608, /* what each process has of its own */
};

/* A view: of each fibre how far its doings have happened before (its clock), of each place the
 * oldest store that may still be read. */
typedef int16_t sim_stamp;
typedef sim_stamp sim_lanes __attribute__((vector_size(16)));

enum sim_state { SIM_UNUSED, SIM_READY, SIM_ASLEEP, SIM_OVER, SIM_DEAD };

struct sim_fibre {
    enum sim_state state;
    int process, process_prepared;
    void *stack_pointer;
    void (*body)(void *);
    void *argument;
    uint32_t steps;
    uint32_t dies_at; /* 0: not */
    int woken;        /* what its sleep has given */
    alignas(16) sim_stamp now[SIM_STAMPS];
    alignas(16) sim_stamp fenced[SIM_STAMPS]; /* what an acquire fence would add */
    alignas(16) sim_stamp told[SIM_STAMPS];   /* what a release fence has put before stores */
    bool has_fenced, has_told;
    /* A store that the others cannot see yet: the place, NULL: none. */
    void *kept_at;
    uint64_t kept_value;
    unsigned kept_size;
    int kept_order;
    bool by_compiler; /* it is not in a processor's buffer, which others can have emptied */
    const sim_stamp *kept_view; /* of a release */
    uint32_t kept_length;
    alignas(16) unsigned char own[SIM_OWN_BYTES];
    alignas(16) unsigned char own_prepared[SIM_OWN_BYTES];
};

struct sim_machine {
    bool running; /* a schedule */
    bool undoing; /* ...or what belongs to one: begin() and end() */
    bool ending;
    const unsigned char *main_stack, *stacks;
    uint64_t stacks_size;
    int self; /* the fibre that runs, or that we act as */
    unsigned char *segment;
    uint64_t segment_size;
    const unsigned char *passed_over[2];
    uint64_t passed_over_size[2];
    uint64_t random;
    uint32_t steps;
    uint32_t switch_mask; /* a switch at one access of so many, plus one */
    uint32_t stale;       /* of 8 loads that could, so many give an old value */
    uint32_t keeps;       /* of 8 relaxed stores, so many come late */
    uint32_t spurious;    /* wakes without a reason that may still happen */
    bool no_membarrier;
    bool unheard;    /* the kernel has woken, at a death, and nobody slept */
    uint32_t pauses; /* since anybody has done anything else */
    uint32_t deaths;
    const void *pc; /* where the access comes from */
    bool tracing;
    char failure[256];
    struct sim_fibre fibre[SIM_FIBRES];
    bool shares_process; /* there is one, of several threads */
    bool detached;       /* it has no segment any more */
    bool has_processes;  /* the library's runtime is in use */
    int process;         /* of the fibre that runs */
    struct {
        alignas(16) unsigned char own[SIM_PROCESS_BYTES];
        alignas(16) unsigned char own_prepared[SIM_PROCESS_BYTES];
    } processes[SIM_FIBRES]; /* by the number that their fibres have as their process */
    /* Shared memory besides the segment: of one process with several threads. */
    const unsigned char *more[SIM_MORE];
    uint64_t more_size[SIM_MORE];
    int more_count;
    uint32_t switches; /* in the middle of what a fibre does */
    struct {
        uint64_t schedules, preempted, dead_schedules, deaths, steps, switches, old_loads, kept,
                naps;
    } all; /* schedules, since they were handed in */
};

extern struct sim_machine sim;

static inline uint64_t sim_draw(void)
{
    sim.random ^= sim.random << 13;
    sim.random ^= sim.random >> 7;
    sim.random ^= sim.random << 17;
    return sim.random * UINT64_C(0x2545f4914f6cdd1d) >> 32;
}

/* --- fibres.c ------------------------------------------------------------------------- */

/* Before each access to the segment: a place to be replaced, or to die. */
void sim_step(void);
/* The same without being replaced, for accesses that nobody else can tell the time of. */
void sim_step_alone(void);
/* The calling fibre sleeps until sim_wake_fibre. */
void sim_sleep(void);
void sim_wake_fibre(int id, int result);
/* One schedule. False: it failed, and sim.failure says how. */
bool sim_run(const struct sim_scenario *scenario, uint64_t seed);
void sim_begin_processes(void);
void sim_keep_prepared(void);
void sim_use(int id);

/* --- memory.c ------------------------------------------------------------------------- */

static inline bool sim_is_shared(const volatile void *at)
{
    const unsigned char *place = (const unsigned char *)at;

    if ((uint64_t)(place - sim.segment) < sim.segment_size)
        return (uint64_t)(place - sim.passed_over[0]) >= sim.passed_over_size[0]
            && (uint64_t)(place - sim.passed_over[1]) >= sim.passed_over_size[1];
    for (int i = 0; i < sim.more_count; i++)
        if ((uint64_t)(place - sim.more[i]) < sim.more_size[i])
            return true;
    return false;
}

void sim_memory_begin(void);
void sim_share(const void *at, uint64_t size);

enum sim_read_modify { SIM_SWAP, SIM_ADD, SIM_SUBTRACT, SIM_OR, SIM_AND, SIM_XOR };

void sim_plain(void *at, size_t size, bool write);
uint64_t sim_load(void *at, unsigned size, int order);
void sim_store(void *at, unsigned size, uint64_t value, int order);
uint64_t sim_modify(void *at, unsigned size, uint64_t value, int order,
                    enum sim_read_modify how);
bool sim_compare(void *at, unsigned size, uint64_t *expected, uint64_t value, int order,
                 int failure_order, bool weak);
void sim_fence(int order);
void sim_fence_on(int id);
void sim_compiler_barrier(void);
/* What the fibre has stored is there for all: before it sleeps, ends or dies. */
void sim_let_go(int id);
/* What the kernel does, for a fibre: no step, the newest value, ordered like a lock. */
uint32_t sim_kernel_read(void *at);
void sim_kernel_write(int id, void *at, uint32_t value);
/* All that one has done has happened before what the other does. */
void sim_join(int before, int after);
/* For locks: a view that is handed on. */
void sim_hand_over(int id, sim_stamp *view);
void sim_take_over(int id, const sim_stamp *view);

/* --- ranges.c ------------------------------------------------------------------------- */

enum sim_checks {
    SIM_CHECKED, /* as what it is, atomic or plain */
    SIM_CHECKED_AS_PLAIN,
    SIM_NOT_CHECKED,
};

void sim_ranges_begin(void);
enum sim_checks sim_checks_of(const unsigned char *at);

/* --- undo.c --------------------------------------------------------------------------- */

/* What is there is there again after sim_undo_all(). */
void sim_undo(void *at, size_t size);
void sim_undo_all(void);

/* --- kernel.c ------------------------------------------------------------------------- */

void sim_kernel_begin(void);
void sim_kernel_death(int id);
bool sim_kernel_wake_for_nothing(void);
/* Until somebody wakes those who sleep on the word; and those are woken. */
void sim_kernel_sleep(uint32_t *word);
void sim_kernel_wake(const uint32_t *word);
/* The time of a sleep is over; see kernel.c. */
bool sim_kernel_time_passes(void);

/* --- system.c ------------------------------------------------------------------------- */

void sim_system_begin(void);

/* --- report.c ------------------------------------------------------------------------- */

void sim_trace_begin(void);
void sim_names_begin(void);
void sim_trace(const char *what, const volatile void *at, unsigned size, uint64_t value,
               int order, int age);
/* The last so many accesses, and those before to the place of the last one. */
void sim_trace_print(uint64_t last);

#endif /* SIMULATOR_INSIDE_H */
