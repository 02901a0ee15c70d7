/* SPDX-License-Identifier: MIT */
/*
 * random_worker.c - a worker that does what it is told and stamps what it has in work.
 *
 * STAMP_TAKEN comes after the call that took the item, STAMP_FINISHED before the one that gives
 * it back: the time between is inside that in which the item is in work, so two such times of
 * one tag that overlap are never the test's own doing.
 */
#include "distributor/random.h"

#include <errno.h>
#include <mcapi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    DRAIN_TIMEOUT = 5,      /* ms: how soon a worker that drains sees that it is to stop */
    LONGEST_LIFE_US = 3000, /* of a worker that kills itself */
};

struct self {
    const struct plan *plan;
    struct record *record;
    struct post *post;
    struct distributor_worker *worker;
    uint32_t life, limit, count;
    bool asking, node, process;
    struct distributor_item in_work[DISTRIBUTOR_BURST_MAX]; /* oldest first */
    uint32_t item[DISTRIBUTOR_BURST_MAX];
    unsigned char bytes[DISTRIBUTOR_BURST_MAX][RANDOM_LARGEST];
};

/* --- Finished items ------------------------------------------------------------------ */

/* Works on the oldest ones, which are not in work any more then. */
static uint32_t finish(struct self *self, uint32_t count, struct distributor_item *items)
{
    if (count > self->count)
        count = self->count;
    for (uint32_t i = 0; i < count; i++) {
        struct traits traits = item_traits(self->plan, self->item[i]);

        items[i] = self->in_work[i];
        items[i].flags = 0;
        if (traits.changed) {
            if (!traits.in_place)
                items[i].bytes = self->bytes[i];
            item_fill(items[i].bytes, self->item[i], traits.changed_size, true);
            items[i].size = traits.changed_size;
            items[i].flags = DISTRIBUTOR_CHANGED;
        }
        log_stamp(self->record, STAMP_FINISHED, self->life, self->item[i], 0);
    }
    return count;
}

static void forget(struct self *self, uint32_t count)
{
    self->count -= count;
    memmove(self->in_work, self->in_work + count, self->count * sizeof self->in_work[0]);
    memmove(self->item, self->item + count, self->count * sizeof self->item[0]);
}

static void given(struct self *self)
{
    log_stamp(self->record, STAMP_GIVEN, self->life, 0, 0);
}

/* --- New items ------------------------------------------------------------------------ */

static void take(struct self *self, const struct distributor_item *item)
{
    struct traits traits;
    uint32_t number = UINT32_MAX;

    if (item->size >= 4)
        memcpy(&number, item->bytes, 4);
    if (number >= RANDOM_ITEMS) {
        wrong(self->record, "a worker was given %u bytes that are no item", item->size);
        return;
    }
    log_stamp(self->record, STAMP_TAKEN, self->life, number,
              (item->flags & DISTRIBUTOR_AGAIN) != 0);
    traits = item_traits(self->plan, number);
    if (item->size != traits.size || !item_is(item->bytes, number, item->size, false))
        wrong(self->record, "item %u came to a worker with other bytes: %u, of %u", number,
              item->size, traits.size);
    if (item->cookie != 0)
        wrong(self->record, "item %u came to a worker with a cookie", number);
    if (self->plan->distortion == DISTORT_NOTHING && item->tag != traits.tag)
        wrong(self->record, "item %u came to a worker with tag %u, not %u", number, item->tag,
              traits.tag);
    self->in_work[self->count] = *item;
    self->item[self->count++] = number;
    if (traits.kills && self->process && !atomic_load(&self->record->calm)) {
        log_stamp(self->record, STAMP_KILLING, self->life, 0, 0);
        atomic_fetch_add(&self->record->kills, 1);
        raise(SIGKILL);
    }
}

static void take_all(struct self *self, const struct distributor_item *items, size_t count)
{
    if (count > self->limit - self->count) {
        wrong(self->record, "a worker with %u of %u items in work was given %zu more",
              self->count, self->limit, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        take(self, &items[i]);
}

/* --- Calls ---------------------------------------------------------------------------- */

static void expect_good(struct self *self, const char *call, mcapi_status_t status)
{
    if (status != MCAPI_SUCCESS)
        wrong(self->record, "%s of worker life %u has status %u", call, self->life,
              (unsigned)status);
}

static void join_distributor(struct self *self)
{
    mcapi_status_t status;

    self->worker = distributor_join(0, RANDOM_NODE, RANDOM_PORT, RANDOM_PATIENCE, &status);
    expect_good(self, "join", status);
}

/* It was dismissed: goes, with all that it has finished, and comes again. */
static void go_and_come(struct self *self)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    uint32_t count = finish(self, self->count, items);
    mcapi_status_t status;

    if (atomic_load(&self->record->dismissals) == 0)
        wrong(self->record, "worker life %u was dismissed by nobody", self->life);
    distributor_leave(self->worker, items, count, &status);
    expect_good(self, "leave", status);
    given(self);
    forget(self, count);
    self->asking = false;
    join_distributor(self);
}

static void call_get(struct self *self, uint32_t count, mcapi_timeout_t timeout)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;
    size_t got;

    if (count == 0 && self->count == self->limit)
        count = 1;
    count = finish(self, count, items);
    got = distributor_get(self->worker, items, count, timeout, &status);
    self->asking = true;
    forget(self, count);
    if (status == MCAPI_TIMEOUT && got == 0) {
        given(self);
        return;
    }
    if (status == MCAPI_ERR_CHAN_CLOSEPENDING && got == 0) {
        given(self);
        go_and_come(self);
        return;
    }
    expect_good(self, "get", status);
    if (got == 0)
        wrong(self->record, "get has status %u and no item", (unsigned)status);
    take_all(self, items, got);
}

static void call_request(struct self *self, uint32_t count)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;

    count = finish(self, count, items);
    distributor_request(self->worker, count > 0 ? items : NULL, count, &status);
    expect_good(self, "request", status);
    self->asking = true;
    given(self);
    forget(self, count);
}

static void call_poll(struct self *self)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;
    size_t got;

    if (self->count == self->limit)
        return;
    got = distributor_poll(self->worker, items, &status);
    if (status == MCAPI_ERR_CHAN_CLOSEPENDING && got == 0) {
        go_and_come(self);
        return;
    }
    expect_good(self, "poll", status);
    if (got > 0 && !self->asking)
        wrong(self->record, "poll gave %zu items to a worker that does not ask", got);
    take_all(self, items, got);
}

static void call_return(struct self *self, uint32_t count)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;

    count = finish(self, count, items);
    distributor_return(self->worker, count > 0 ? items : NULL, count, &status);
    expect_good(self, "return", status);
    self->asking = false;
    given(self);
    forget(self, count);
}

/* --- Coming and going ----------------------------------------------------------------- */

static void join(struct self *self)
{
    mcapi_status_t status;
    mcapi_info_t info;

    mcapi_initialize(0, 10 + self->life, NULL, NULL, &info, &status);
    expect_good(self, "mcapi_initialize", status);
    if (status != MCAPI_SUCCESS)
        return;
    self->node = true;
    join_distributor(self);
}

static void end_node(struct self *self)
{
    mcapi_status_t status;

    if (!self->node)
        return;
    mcapi_finalize(&status);
    expect_good(self, "mcapi_finalize", status);
    self->node = false;
}

static void leave(struct self *self, uint32_t count, mcapi_status_t wanted)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;

    if (self->worker == NULL)
        return;
    count = finish(self, count, items);
    log_stamp(self->record, STAMP_ENDING, self->life, 0, 0);
    distributor_leave(self->worker, items, count, &status);
    self->worker = NULL;
    if (status == MCAPI_SUCCESS)
        given(self);
    if (status != wanted)
        wrong(self->record, "leave of worker life %u has status %u, not %u", self->life,
              (unsigned)status, (unsigned)wanted);
}

/* The node of a thread ends under its worker. */
static void end_suddenly(struct self *self)
{
    end_node(self);
    self->count = 0;
    leave(self, 0, MCAPI_ERR_NODE_NOTINIT);
}

/* The distributor was destroyed. */
static void end_after_all(struct self *self)
{
    struct distributor_item items[DISTRIBUTOR_BURST_MAX];
    mcapi_status_t status;
    size_t got = distributor_get(self->worker, items, 0, RANDOM_PATIENCE, &status);

    /* One that was dismissed before, and has not asked since, learns that first. */
    if (status == MCAPI_ERR_CHAN_CLOSEPENDING && atomic_load(&self->record->dismissals) > 0)
        got = distributor_get(self->worker, items, 0, RANDOM_PATIENCE, &status);
    if (got != 0 || status != MCAPI_ERR_CHAN_INVALID)
        wrong(self->record, "get after destroy gave %zu items and status %u", got,
              (unsigned)status);
    leave(self, 0, MCAPI_ERR_CHAN_INVALID);
}

/* --- By itself -------------------------------------------------------------------------- */

static void spin(uint32_t rounds)
{
    for (volatile uint32_t i = 0; i < rounds; i++)
        continue;
}

static void call_something(struct self *self, uint64_t *state)
{
    uint32_t count = random_below(state, 2) == 0 ? self->count : random_below(state, 9);

    switch (random_below(state, 12)) {
    case 0:
        call_request(self, count);
        break;
    case 1:
    case 2:
        call_poll(self);
        break;
    case 3:
        call_return(self, count);
        break;
    default:
        call_get(self, count, random_below(state, 3));
    }
    spin(random_below(state, 2000));
}

static void die(int signal)
{
    (void)signal;
    raise(SIGKILL);
}

static void work(struct self *self, const struct step *step)
{
    uint64_t state = step->seed;
    bool dies = step->kind == STEP_WORK_DIE && !self->plan->thread[step->worker];

    if (dies) {
        uint32_t soon = 1 + random_below(&state, LONGEST_LIFE_US);

        log_stamp(self->record, STAMP_KILLING, self->life, 0, 0);
        signal(SIGALRM, die);
        setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { .tv_usec = soon } }, NULL);
    }
    for (uint32_t i = 0; i < step->count; i++) {
        if (atomic_load(&self->post->stop) != 0 || is_wrong(self->record))
            break;
        if (step->count == UINT32_MAX)
            call_get(self, self->count, DRAIN_TIMEOUT);
        else
            call_something(self, &state);
    }
    while (dies)
        pause();
}

/* --- As it is told ----------------------------------------------------------------------- */

/* False: it has ended. */
static bool obey(struct self *self, const struct step *step)
{
    switch (step->kind) {
    case STEP_GET:
        call_get(self, step->count, step->time);
        return true;
    case STEP_REQUEST:
        call_request(self, step->count);
        return true;
    case STEP_POLL:
        call_poll(self);
        return true;
    case STEP_RETURN:
        call_return(self, step->count);
        return true;
    case STEP_WORK:
    case STEP_WORK_DIE:
        work(self, step);
        return true;
    case STEP_LEAVE:
        leave(self, step->count, MCAPI_SUCCESS);
        break;
    case STEP_KILL:
        end_suddenly(self);
        break;
    default:
        end_after_all(self);
    }
    end_node(self);
    return false;
}

void worker_serve(const struct plan *plan, struct record *record, uint32_t life)
{
    struct self *self = calloc(1, sizeof *self);
    bool on = true;

    if (self == NULL) {
        wrong(record, "no memory for a worker");
        return;
    }
    self->plan = plan;
    self->record = record;
    self->life = life;
    self->post = &record->post[life];
    self->process = gettid() == getpid();
    self->limit = plan->mode == DISTRIBUTOR_SINGLE ? 1 : DISTRIBUTOR_BURST_MAX;
    join(self);
    on = self->worker != NULL;
    sem_post(&self->post->answered);
    while (on) {
        while (sem_wait(&self->post->asked) != 0 && errno == EINTR)
            continue;
        on = obey(self, &self->post->step);
        sem_post(&self->post->answered);
    }
    free(self);
}
