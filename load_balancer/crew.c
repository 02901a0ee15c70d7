/* SPDX-License-Identifier: MIT */
/*
 * crew.c - the worker processes of a distributor.
 */
#include "load_balancer/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/ack.h"
#include "load_balancer/deaths.h"
#include "load_balancer/distribution.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

enum {
    /* How long a worker may take to be ready, also on a small machine with the most workers;
     * and when a signal asks to stop. */
    START_LIMIT_S = 60,
    START_HURRY_S = 2,

    /* How often to look whether a worker is ready. */
    START_STEP_MS = 5,

    /* How long a worker that has nothing more to do may take to end. */
    END_LIMIT_MS = 10000,

    /* How long a process may take to be gone that MCAPI knows to be dead. */
    GONE_LIMIT_MS = 100,
};

/* The load is judged after so long, by what it was since then. */
static const uint64_t judge_every_ns = 500 * NS_PER_MS;

bool crew_open(struct crew *crew, const struct config *config, struct stats *stats)
{
    *crew = (struct crew){
        .count = config->workers,
        .all = calloc(config->workers, sizeof(*crew->all)),
        .wanted = config->workers_min,
    };
    for (uint32_t i = 0; crew->all != NULL && i < crew->count; i++) {
        crew->all[i].number = i + 1;
        crew->all[i].stats = &stats->workers[i];
        crew->all[i].process.handle = -1;
    }
    return crew->all != NULL;
}

void crew_close(struct crew *crew)
{
    free(crew->all);
    *crew = (struct crew){ .all = NULL };
}

/* --- States ------------------------------------------------------------------------- */

static bool is_at_work(enum crew_state state)
{
    return state == CREW_STARTING || state == CREW_HERE;
}

static void become(struct crew *crew, struct crew_worker *worker, enum crew_state state)
{
    crew->starting += (state == CREW_STARTING) - (worker->state == CREW_STARTING);
    crew->at_work += is_at_work(state) - is_at_work(worker->state);
    worker->state = state;
}

static void say_how_it_ended(const struct crew_worker *worker, char reason[CONFIG_REASON_SIZE])
{
    char end[128];

    process_describe(&worker->process, end, sizeof(end));
    snprintf(reason, CONFIG_REASON_SIZE, "worker %u (pid %ld) %s%s", worker->number,
             (long)worker->process.pid, end,
             worker->state == CREW_STARTING ? " before it was ready" : "");
}

/* --- Starting ----------------------------------------------------------------------- */

/* It is to start, not before the pause is over. */
static void start_after(struct crew *crew, struct crew_worker *worker, uint64_t pause_ns)
{
    worker->start_ns = clock_ns() + pause_ns;
    worker->has_done = false;
    become(crew, worker, CREW_STARTING);
}

static bool start_process(struct balancer *balancer, struct crew_worker *worker,
                          char reason[CONFIG_REASON_SIZE])
{
    struct crew *crew = &balancer->distribution->crew;

    worker->deadline_ns = clock_ns() + START_LIMIT_S * NS_PER_S;
    if (!process_start(&worker->process, crew->program, balancer->config, worker->number,
                       reason))
        return false;
    worker->stats->pid = worker->process.pid;
    worker->launched = true;
    return true;
}

/* The member of the distributor that this worker is, and that takes items. False: it is none
 * yet. */
static bool has_joined(struct balancer *balancer, struct crew_worker *worker)
{
    struct distribution *distribution = balancer->distribution;
    struct distributor_worker_stats stats;
    mcapi_status_t status;

    for (uint32_t i = 0; i < distribution->crew.count; i++) {
        distributor_worker_stats(distribution->distributor, i, &stats, &status);
        if (status == MCAPI_SUCCESS && stats.node == worker->number && stats.asking) {
            worker->member = i;
            return true;
        }
    }
    return false;
}

/* After a signal those who start are to be quick. But who takes a dead one's place at a server
 * that has had requests is needed for their replies: how long that may take is --drain-timeout.
 */
static bool in_a_hurry(const struct balancer *balancer)
{
    return signals_stops() > 0
        && (!server_options_used(&balancer->config->network) || balancer->number == 0);
}

/* Whether it may go on starting. */
static bool still_starting(struct balancer *balancer, struct crew_worker *worker,
                           char reason[CONFIG_REASON_SIZE])
{
    uint64_t now_ns = clock_ns();

    if (in_a_hurry(balancer) && worker->deadline_ns > now_ns + START_HURRY_S * NS_PER_S)
        worker->deadline_ns = now_ns + START_HURRY_S * NS_PER_S;
    if (now_ns < worker->deadline_ns)
        return true;
    snprintf(reason, CONFIG_REASON_SIZE,
             "worker %u (pid %ld) was not ready in topology '%s' within %d s%s", worker->number,
             (long)worker->process.pid, balancer->topology,
             in_a_hurry(balancer) ? START_HURRY_S : START_LIMIT_S,
             in_a_hurry(balancer) ? " after the signal to stop" : "");
    return false;
}

/* False: it cannot start, with a reason. */
static bool start_on(struct balancer *balancer, struct crew_worker *worker,
                     char reason[CONFIG_REASON_SIZE])
{
    struct crew *crew = &balancer->distribution->crew;

    if (!worker->launched)
        return clock_ns() < worker->start_ns || start_process(balancer, worker, reason);
    if (has_joined(balancer, worker)) {
        become(crew, worker, CREW_HERE);
        worker->ready_ns = clock_ns();
        balancer->stats.respawns += worker->stats->deaths > 0;
        return true;
    }
    return still_starting(balancer, worker, reason);
}

/* --- Deaths -------------------------------------------------------------------------- */

/* Always false. */
static bool end_the_run(struct balancer *balancer, struct crew_worker *worker)
{
    become(&balancer->distribution->crew, worker, CREW_LOST);
    balancer->over = true;
    balancer->stats.failed = true;
    return false;
}

/* Who is killed from outside while it has nothing to do has not died in vain. */
static void count_in_vain(struct crew_worker *worker)
{
    bool killed = process_was_killed_by_another(&worker->process);

    if (worker->has_done) {
        worker->in_vain = worker->vain_blame = 0;
    } else if (!killed || worker->state == CREW_STARTING) {
        worker->in_vain++;
        worker->vain_blame += killed ? ACK_BLAME_KILLED : ACK_BLAME_CRASH;
    }
}

static bool respawn(struct balancer *balancer, struct crew_worker *worker, const char *reason)
{
    bool died = worker->process.pid != 0;

    if (worker->vain_blame >= DEATHS_IN_VAIN_MAX * ACK_BLAME_CRASH) {
        balancer_complain(balancer,
                          "%s; worker %u has ended %u times in a row without having done an "
                          "item: the run ends",
                          reason, worker->number, worker->in_vain);
        return end_the_run(balancer, worker);
    }
    if (died)
        balancer_say(balancer, "%s; another one takes over", reason);
    else if (!worker->failure_said)
        balancer_say(balancer, "%s; worker %u is tried again", reason, worker->number);
    worker->failure_said = !died;
    become(&balancer->distribution->crew, worker, CREW_AWAY);
    start_after(&balancer->distribution->crew, worker, deaths_pause_ns(worker->in_vain));
    return true;
}

static bool shrink(struct balancer *balancer, struct crew_worker *worker, const char *reason)
{
    struct crew *crew = &balancer->distribution->crew;
    uint32_t left = crew->at_work - is_at_work(worker->state);

    if (left == 0) {
        balancer_complain(balancer, "%s; it was the last one: the run ends", reason);
        return end_the_run(balancer, worker);
    }
    balancer_say(balancer, "%s; %u %s over", reason, left,
                 left == 1 ? "other takes" : "others take");
    become(crew, worker, CREW_LOST);
    crew->wanted = left;
    return true;
}

/* Its process has ended, or could not be started; `reason` says so. */
static bool succeed(struct balancer *balancer, struct crew_worker *worker, const char *reason)
{
    bool died = worker->process.pid != 0;

    balancer->stats.deaths += died;
    worker->stats->deaths += died;
    count_in_vain(worker);
    if (signals_stops() >= 2) /* it was us who killed it */
        return end_the_run(balancer, worker);
    if (balancer->config->on_death == ON_DEATH_STOP || balancer->over) {
        balancer_complain(balancer, balancer->over ? "%s" : "%s: the run ends", reason);
        return end_the_run(balancer, worker);
    }
    return balancer->config->on_death == ON_DEATH_SHRINK ? shrink(balancer, worker, reason)
                                                         : respawn(balancer, worker, reason);
}

/* It was sent away, and had something to finish. */
static bool bury_leaver(struct balancer *balancer, struct crew_worker *worker)
{
    char reason[CONFIG_REASON_SIZE];

    say_how_it_ended(worker, reason);
    become(&balancer->distribution->crew, worker, CREW_AWAY);
    if (process_succeeded(&worker->process))
        return true;
    balancer->stats.deaths++;
    worker->stats->deaths++;
    if (balancer->config->on_death == ON_DEATH_STOP) {
        balancer_complain(balancer, "%s as it went: the run ends", reason);
        return end_the_run(balancer, worker);
    }
    balancer_say(balancer, "%s as it went", reason);
    return true;
}

static bool look_for_death(struct balancer *balancer, struct crew_worker *worker)
{
    char reason[CONFIG_REASON_SIZE];

    if (!process_wait(&worker->process, 0))
        return true;
    worker->launched = false;
    if (worker->state == CREW_LEAVING)
        return bury_leaver(balancer, worker);
    say_how_it_ended(worker, reason);
    return succeed(balancer, worker, reason);
}

bool crew_look_for_deaths(struct balancer *balancer)
{
    struct crew *crew = &balancer->distribution->crew;
    bool good = true;

    for (uint32_t i = 0; i < crew->count; i++)
        if (crew->all[i].launched)
            good = look_for_death(balancer, &crew->all[i]) && good;
    return good;
}

/* It cannot start, or is not ready in time. */
static bool bury_beginner(struct balancer *balancer, struct crew_worker *worker,
                          const char *reason)
{
    bool late = worker->process.running && signals_stops() > 0;

    process_kill(&worker->process);
    process_wait(&worker->process, -1);
    worker->launched = false;
    if (!late)
        return succeed(balancer, worker, reason);
    balancer_complain(balancer, "%s", reason);
    return end_the_run(balancer, worker);
}

bool crew_look_after(struct balancer *balancer)
{
    struct crew *crew = &balancer->distribution->crew;
    char reason[CONFIG_REASON_SIZE];

    for (uint32_t i = 0; crew->starting > 0 && i < crew->count; i++) {
        struct crew_worker *worker = &crew->all[i];

        if (worker->state == CREW_STARTING && !start_on(balancer, worker, reason)
            && !bury_beginner(balancer, worker, reason))
            return false;
    }
    return true;
}

/* --- The beginning ------------------------------------------------------------------- */

/* Lets workers in, and waits for the next one. */
static void await_members(struct balancer *balancer)
{
    mcapi_status_t status;

    distributor_wait(balancer->distribution->distributor, DISTRIBUTOR_RETURNS, START_STEP_MS,
                     &status);
}

/* Whoever fails by itself when the run begins would do so again. */
static bool begin_on(struct balancer *balancer, struct crew_worker *worker,
                     char reason[CONFIG_REASON_SIZE])
{
    bool ended = worker->launched && process_wait(&worker->process, 0);

    if (ended) {
        worker->launched = false;
        say_how_it_ended(worker, reason);
    } else if (start_on(balancer, worker, reason)) {
        return true;
    }
    if (signals_stops() >= 2) { /* it was us who killed it */
        snprintf(reason, CONFIG_REASON_SIZE,
                 "stopped at once by a second signal, before all workers were ready");
        return false;
    }
    if (!ended || !process_was_killed_by_another(&worker->process))
        return false;
    if (succeed(balancer, worker, reason))
        return true;
    reason[0] = '\0'; /* it has been said */
    return false;
}

bool crew_begin(struct balancer *balancer, char reason[CONFIG_REASON_SIZE])
{
    struct crew *crew = &balancer->distribution->crew;

    if (!process_find(balancer->config->worker_program, crew->program, reason))
        return false;
    for (uint32_t i = 0; i < crew->wanted; i++)
        start_after(crew, &crew->all[i], 0);
    while (crew->starting > 0) {
        for (uint32_t i = 0; i < crew->count; i++)
            if (crew->all[i].state == CREW_STARTING
                && !begin_on(balancer, &crew->all[i], reason))
                return false;
        if (crew->starting > 0)
            await_members(balancer);
    }
    crew->since_ns = clock_ns();
    return true;
}

/* --- More or fewer ------------------------------------------------------------------- */

static struct crew_worker *one_that_is(struct crew *crew, enum crew_state state, bool last)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        struct crew_worker *worker = &crew->all[last ? crew->count - 1 - i : i];

        if (worker->state == state)
            return worker;
    }
    return NULL;
}

static void grow(struct balancer *balancer)
{
    struct crew *crew = &balancer->distribution->crew;
    struct crew_worker *worker = one_that_is(crew, CREW_AWAY, false);

    if (worker == NULL)
        return; /* one is still leaving */
    crew->wanted++;
    balancer_say(balancer, "traffic is heavy: worker %u comes, %u in all", worker->number,
                 crew->wanted);
    start_after(crew, worker, 0);
}

static void send_away(struct balancer *balancer)
{
    struct distribution *distribution = balancer->distribution;
    struct crew *crew = &distribution->crew;
    struct crew_worker *worker = one_that_is(crew, CREW_HERE, true);
    mcapi_status_t status;

    if (worker == NULL)
        return;
    distributor_dismiss(distribution->distributor, worker->member, &status);
    if (status != MCAPI_SUCCESS)
        return; /* it has died, which is seen to elsewhere */
    become(crew, worker, CREW_LEAVING);
    crew->wanted--;
    balancer_say(balancer, "traffic is light: worker %u goes, %u %s", worker->number,
                 crew->wanted, crew->wanted == 1 ? "stays" : "stay");
}

/* Full: items wait in the distributor although workers could be had. Light: what was done would
 * have kept one fewer at most three quarters busy. */
bool crew_may_shrink(const struct balancer *balancer)
{
    return balancer->distribution->crew.wanted > balancer->config->workers_min
        && balancer->config->workers_min < balancer->config->workers;
}

bool crew_adapt(struct balancer *balancer)
{
    const struct config *config = balancer->config;
    struct distribution *distribution = balancer->distribution;
    struct crew *crew = &distribution->crew;
    uint64_t elapsed_ns = balancer->now_ns - crew->since_ns;
    struct distributor_stats stats;
    mcapi_status_t status;

    if (config->workers_min == config->workers)
        return true;
    distributor_stats(distribution->distributor, &stats, &status);
    crew->looks++;
    crew->full_looks += stats.waiting > 0 || stats.room == 0;
    if (elapsed_ns < judge_every_ns)
        return true;
    if (crew->starting == 0 && crew->wanted == crew->at_work && !balancer->over) {
        bool light = (double)crew->busy_ns < 0.75 * (double)elapsed_ns * (crew->wanted - 1.0);

        if (2 * crew->full_looks > crew->looks && crew->wanted < config->workers)
            grow(balancer);
        else if (crew->full_looks == 0 && light && crew->wanted > config->workers_min)
            send_away(balancer);
    }
    crew->since_ns = balancer->now_ns;
    crew->busy_ns = crew->looks = crew->full_looks = 0;
    return true;
}

/* --- The end ------------------------------------------------------------------------- */

static void see_off(struct balancer *balancer, struct crew_worker *worker)
{
    bool stops = balancer->config->on_death == ON_DEATH_STOP;
    char reason[CONFIG_REASON_SIZE];

    if (!process_wait(&worker->process, END_LIMIT_MS)) {
        balancer_complain(balancer, "worker %u (pid %ld) has no work but does not end",
                          worker->number, (long)worker->process.pid);
        return;
    }
    if (process_succeeded(&worker->process) || signals_stops() >= 2)
        return;
    worker->state = CREW_HERE;
    say_how_it_ended(worker, reason);
    if (stops || !process_was_killed(&worker->process)) {
        balancer_complain(balancer, "%s after its last item", reason);
        return;
    }
    balancer->stats.deaths++;
    worker->stats->deaths++;
    balancer_say(balancer, "%s; all it had done was reported", reason);
}

void crew_call_off(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->count; i++) {
        struct crew_worker *worker = &crew->all[i];

        if (worker->state != CREW_STARTING)
            continue;
        process_kill(&worker->process);
        process_wait(&worker->process, -1);
        worker->launched = false;
        become(crew, worker, CREW_AWAY);
    }
}

uint32_t crew_weigh(void *crew, mcapi_domain_t domain, mcapi_node_t node)
{
    const struct crew *all = crew;
    struct crew_worker *worker;

    (void)domain;
    if (node < 1 || node > all->count)
        return ACK_BLAME_CRASH; /* a guest */
    worker = &all->all[node - 1];
    /* A process that is dead to MCAPI may need a moment more to be gone. */
    return process_wait(&worker->process, GONE_LIMIT_MS)
                        && process_was_killed_by_another(&worker->process)
                 ? ACK_BLAME_KILLED
                 : ACK_BLAME_CRASH;
}

void crew_see_off(struct balancer *balancer)
{
    struct crew *crew = &balancer->distribution->crew;

    for (uint32_t i = 0; i < crew->count; i++)
        if (crew->all[i].launched)
            see_off(balancer, &crew->all[i]);
}

void crew_kill(struct crew *crew)
{
    for (uint32_t i = 0; crew->all != NULL && i < crew->count; i++)
        process_kill(&crew->all[i].process);
    for (uint32_t i = 0; crew->all != NULL && i < crew->count; i++)
        process_wait(&crew->all[i].process, -1);
}
