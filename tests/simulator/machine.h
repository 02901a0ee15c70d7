/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a machine on which the library's real code runs: weak memory, a schedule that a
 * seed decides, and a kernel that notices deaths.
 *
 * Everything of the machine is one thread of one process. The participants of a scenario are
 * fibres; each is a process of its own to the library, with its own thread-local variables. The
 * library and the scenarios are compiled with -fsanitize=thread and linked with our hooks
 * (hooks.c) in place of the sanitizer's runtime, so that every access to memory comes by here.
 * Only what lies in the segment is shared; the rest is taken as it comes.
 *
 * Before each access to the segment the fibre that runs may be replaced by another, or die: it
 * is never continued, and the kernel (kernel.c) marks what it held. A load may give any value
 * that C11 allows, and a relaxed store come late (memory.c). What this machine leaves out: a
 * load that is satisfied later than a store behind it; for that see sim_guard().
 *
 * Who writes to memory while a schedule runs need not clean up: all of it is undone afterwards.
 */
#ifndef SIMULATOR_MACHINE_H
#define SIMULATOR_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIM_FIBRES = 8,
    SIM_STAGE = SIM_FIBRES - 1, /* the last one is not for scenarios */
    SIM_NOBODY = -1,
};

/* --- Scenarios ------------------------------------------------------------------------ */

struct sim_scenario {
    const char *name;
    const char *about;
    /* Once, before the first schedule; nothing is simulated. The segment is as it leaves it at
     * the start of every schedule. */
    void (*prepare)(void);
    /* Every schedule: chooses (sim_random), starts fibres. Nothing is simulated yet. */
    void (*begin)(void);
    /* After every schedule that has not failed: accounts for everything. */
    void (*end)(void);
    uint32_t deaths;  /* at most so many in one schedule */
    uint32_t span;    /* accesses of a fibre within which it dies */
    uint32_t weight;  /* share of the schedules of a run of all scenarios */
    uint32_t share;   /* of 64 schedules, with a death */
    uint32_t members; /* of the fibres, from the first on, that may die; 0: nobody */
};

extern const struct sim_scenario *const sim_scenarios[];

/* Starts fibre `id` (below SIM_STAGE); they run when begin() has returned. */
void sim_start(int id, void (*body)(void *), void *argument);

/* Fibres with the same number are threads of one process; at first each is its own. */
void sim_same_process(int id, int as);
int sim_process_of(int id);

/* It does not die in this schedule. */
void sim_spare(int id);

/* The calling thread ends without the C library, and its process goes on. All other deaths are
 * those of processes: the other threads end at places of their own soon after. */
void sim_end_thread(void) __attribute__((noreturn));

/* --- In a fibre ----------------------------------------------------------------------- */

int sim_self(void);

/* The next number of the schedule's sequence, below `below`. */
uint32_t sim_random(uint32_t below);

/* Lets others run: for a loop that waits. */
void sim_pause(void);

/* Whether the fibre has ended or died; if so, all that it did has happened before. */
bool sim_is_over(int id);
bool sim_is_dead(int id);
bool sim_is_started(int id);

/* Ends the schedule as a failure. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
#define sim_check(condition) \
    ((condition) ? (void)0 : sim_fail("%s:%d: not so: %s", __FILE__, __LINE__, #condition))

/* --- Memory --------------------------------------------------------------------------- */

/* The segment: `size` bytes of zeros, given memory where they are used. */
void *sim_segment(uint64_t size);

/*
 * From now on these bytes of the segment are checked as plain ones are, though they are atomic:
 * each write is ordered with every other access. For words that another word publishes: there
 * a load that is satisfied late (which this machine does not do) would otherwise go unnoticed.
 * `name`: for people; several ranges may have the same one.
 */
void sim_guard(const volatile void *start, size_t size);

/* Accesses to these bytes are not checked: they are no more than a hint, and may be wrong. */
void sim_hint(const volatile void *start, size_t size);
void sim_name(const volatile void *start, size_t size, size_t step, const char *name);

/* For prepare(), twice at most: these bytes of the segment are no places, and never shared. For
 * large tables that are walked under a lock, of which a scenario uses next to nothing. */
void sim_pass_over(const volatile void *start, uint64_t size);

/* For prepare(), first of all: each process has its own struct mci_runtime. */
void sim_with_processes(void);

/* For prepare(), first of all: memory that the library allocates, and struct mci_runtime, are
 * simulated as the segment is. There is one process, and its threads share them. */
void sim_share_process(void);

void sim_share(const void *at, uint64_t size); /* ...and this */

/* The library has let the segment go. */
bool sim_is_detached(void);

/* Acts as this fibre, outside of a schedule: its thread-local variables and its thread id. */
void sim_act_as(int id);

/* The kernel refuses membarrier, in this schedule. */
void sim_without_membarrier(void);

/* Sleeps until a descriptor of the library's (os/eventfd.h) is readable; and whether it is. */
void sim_poll(int fd);
bool sim_is_readable(int fd);

/* The thread id that the kernel knows the fibre by. */
uint32_t sim_thread_id(int id);

#endif /* SIMULATOR_MACHINE_H */
