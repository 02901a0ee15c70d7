/* SPDX-License-Identifier: MIT */
#include "distributor/port.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "distributor/ends.h"

enum {
    /* What is finished is told after about so long, or so many items: seldom enough that
     * telling costs nothing, often enough that nobody waits for it. */
    TELL_NS = 10 * 1000,
    TELL_MOST = 32,
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- Telling --------------------------------------------------------------------------- */

/* What an item has taken since the last time that something was told, in ns, 0: not known. */
static int64_t time_of_each(const struct distributor_worker *worker, int64_t now)
{
    return worker->done == 0 ? 0 : (now - worker->told_ns) / worker->done + 1;
}

/* After how many more items to tell: of those that take long one by one, of short ones many
 * together. */
static uint32_t next_pace(const struct distributor_worker *worker, int64_t each)
{
    if (each == 0)
        return worker->tell_every;
    return each <= TELL_NS / TELL_MOST ? TELL_MOST
         : each >= TELL_NS             ? 1
                                       : (uint32_t)(TELL_NS / each);
}

/* As an answer says it. */
static uint32_t log2_of(int64_t each)
{
    if (each >= INT64_C(1) << WIRE_PACE_MOST)
        return WIRE_PACE_MOST;
    return each <= 1 ? (uint32_t)each : 64 - (uint32_t)__builtin_clzll((uint64_t)each - 1);
}

static struct wire_answer what_to_tell(const struct distributor_worker *worker, uint32_t flags,
                                       int64_t each)
{
    uint32_t pace = next_pace(worker, each);

    return (struct wire_answer){
        .done = worker->done,
        .epoch = worker->epoch,
        .kept = (uint16_t)worker->work_count,
        .flags = (uint8_t)(flags | (worker->asking ? WIRE_ASKING : 0)
                           | log2_of(each) << WIRE_PACE_SHIFT),
        .lag = (uint8_t)(pace - 1),
        .changed = worker->changed,
    };
}

static void has_been_told(struct distributor_worker *worker, int64_t each, int64_t now)
{
    worker->tell_every = next_pace(worker, each);
    if (worker->done > 0)
        worker->told_ns = now;
    worker->done = worker->changed = 0;
    worker->news = false;
}

/* MCAPI_ERR_MEM_LIMIT: there is no room. `waits`: then it waits instead. */
static mcapi_status_t send_answer(struct distributor_worker *worker, uint32_t flags,
                                  int64_t each, bool waits)
{
    struct wire_answer answer = what_to_tell(worker, flags, each);
    const void *bytes = &answer;
    size_t size = sizeof(answer);
    mcapi_request_t request;
    mcapi_status_t status;

    if (worker->changed > 0) {
        *worker->answer = answer;
        bytes = worker->answer;
        size = worker->answer_size;
    }
    if (waits) {
        mcapi_pktchan_send(worker->answers_end, bytes, size, &status);
        return status;
    }
    mcapi_pktchan_send_i(worker->answers_end, bytes, size, &request, &status);
    return status == MCAPI_SUCCESS ? ends_look(&request) : status;
}

static bool tell(struct distributor_worker *worker, uint32_t flags, bool waits)
{
    int64_t now = now_ns();
    int64_t each = time_of_each(worker, now);
    mcapi_status_t status;

    if (worker->over != MCAPI_SUCCESS)
        return true; /* nobody is there to be told */
    status = send_answer(worker, flags, each, waits);
    if (status == MCAPI_ERR_MEM_LIMIT)
        return false;
    if (status != MCAPI_SUCCESS)
        worker->over = status;
    has_been_told(worker, each, now);
    return true;
}

bool port_tell(struct distributor_worker *worker)
{
    return tell(worker, 0, false);
}

void port_tell_surely(struct distributor_worker *worker)
{
    tell(worker, 0, true);
}

void port_begin_to_work(struct distributor_worker *worker)
{
    worker->told_ns = now_ns();
}

void port_tell_farewell(struct distributor_worker *worker)
{
    tell(worker, WIRE_LEAVING, true);
}

/* --- Finishing ------------------------------------------------------------------------- */

static const struct port_work *work_at(const struct distributor_worker *worker, uint32_t index)
{
    return &worker->work[(worker->work_first + index) % DISTRIBUTOR_BURST_MAX];
}

static bool is_changed(const struct distributor_item *item)
{
    return (item->flags & DISTRIBUTOR_CHANGED) != 0;
}

mcapi_status_t port_check(const struct distributor_worker *worker,
                          const struct distributor_item *items, size_t count)
{
    if (count > worker->work_count || (items == NULL && count > 0))
        return MCAPI_ERR_PARAMETER;
    for (uint32_t i = 0; i < count; i++) {
        const struct port_work *work = work_at(worker, i);

        if (!is_changed(&items[i]))
            continue;
        if (items[i].size > worker->max_size || (items[i].bytes == NULL && items[i].size > 0)
            || (items[i].bytes == work->bytes && items[i].size > work->size))
            return MCAPI_ERR_PKT_LIMIT;
    }
    return MCAPI_SUCCESS;
}

/* Adds the bytes of a changed item to the answer; an answer that is full is told first. */
static void add_change(struct distributor_worker *worker, const struct distributor_item *item)
{
    struct wire_changed entry = { .size = item->size };
    uint32_t most = wire_answer_bytes(worker->max_size);
    unsigned char *at;

    if (worker->changed > 0
        && worker->answer_size + sizeof(entry) + wire_stride(item->size) > most)
        tell(worker, 0, true);
    if (worker->changed == 0) {
        if (worker->answer == NULL)
            worker->answer = malloc(most);
        if (worker->answer == NULL)
            worker->over = MCAPI_ERR_MEM_LIMIT;
        worker->answer_size = sizeof(*worker->answer);
    }
    if (worker->over != MCAPI_SUCCESS)
        return;
    entry.index = worker->done;
    at = (unsigned char *)worker->answer + worker->answer_size;
    memcpy(at, &entry, sizeof(entry));
    if (item->size > 0)
        memcpy(at + sizeof(entry), item->bytes, item->size);
    worker->answer_size += (uint32_t)sizeof(entry) + wire_stride(item->size);
    worker->changed++;
}

void port_finish(struct distributor_worker *worker, const struct distributor_item *items,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct port_work *work = work_at(worker, 0);
        mcapi_status_t status;

        if (__builtin_expect(is_changed(&items[i]), 0))
            add_change(worker, &items[i]);
        if (work->last_of != NULL)
            mcapi_pktchan_release(work->last_of, &status);
        worker->work_first = (worker->work_first + 1) % DISTRIBUTOR_BURST_MAX;
        worker->work_count--;
        worker->done++;
    }
    if (worker->done >= worker->tell_every)
        tell(worker, 0, false);
}
