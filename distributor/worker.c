/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the calls of a worker.
 */
#include <mcapi_ext.h>
#include <stdlib.h>
#include <time.h>

#include "distributor/ends.h"
#include "distributor/port.h"

enum {
    /* Milliseconds. While there is no room for an answer, and before a distributor has let us
     * in, a worker that sleeps looks again after a while. */
    NAP_FIRST = 1,
    NAP_LONGEST = 256,

    /* So often one that only polls looks whether there is a distributor to let it in. */
    LOOK_EVERY = 16,
};

static bool report(mcapi_status_t *to, mcapi_status_t status)
{
    if (to != NULL)
        *to = status;
    return status == MCAPI_SUCCESS;
}

static mcapi_status_t check(const struct distributor_worker *worker)
{
    mcapi_status_t status;

    mcapi_node_id_get(&status);
    if (status == MCAPI_SUCCESS && worker == NULL)
        return MCAPI_ERR_PARAMETER;
    return status;
}

/* --- Joining --------------------------------------------------------------------------- */

static void forget_opens(struct distributor_worker *worker)
{
    while (worker->opened < 2)
        ends_forget(&worker->opens[worker->opened++]);
}

static void let_go(struct distributor_worker *worker)
{
    if (worker->opening)
        forget_opens(worker);
    ends_delete_receiver(worker->work_end);
    ends_delete_sender(worker->answers_end);
    free(worker->answer);
    free(worker);
}

static mcapi_status_t open_ends(struct distributor_worker *worker)
{
    mcapi_pktchan_recv_hndl_t receive;
    mcapi_pktchan_send_hndl_t send;
    mcapi_status_t status;

    worker->work_end = ends_create(WIRE_PARCELS, true, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    worker->answers_end = ends_create(0, true, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_recv_open_i(&receive, worker->work_end, &worker->opens[0], &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_send_open_i(&send, worker->answers_end, &worker->opens[1], &status);
    if (status == MCAPI_SUCCESS)
        worker->opening = true;
    else
        ends_forget(&worker->opens[0]);
    return status;
}

static mcapi_status_t say_hello(const struct distributor_worker *worker, mcapi_endpoint_t door)
{
    mcapi_status_t status, ignored;
    struct wire_hello hello = { WIRE_MAGIC, worker->work_end, worker->answers_end,
                                mcapi_domain_id_get(&ignored), mcapi_node_id_get(&ignored) };
    mcapi_endpoint_t from = ends_create(0, false, &status);

    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_msg_send(from, door, &hello, sizeof(hello), 0, &status);
    mcapi_endpoint_delete(from, &ignored);
    return status;
}

struct distributor_worker *distributor_join(mcapi_domain_t domain, mcapi_node_t node,
                                            mcapi_port_t port, mcapi_timeout_t timeout,
                                            mcapi_status_t *mcapi_status)
{
    struct distributor_worker *worker;
    mcapi_status_t status;
    mcapi_endpoint_t door = mcapi_endpoint_get(domain, node, port, timeout, &status);

    if (!report(mcapi_status, status))
        return NULL;
    worker = calloc(1, sizeof(*worker));
    if (worker == NULL) {
        report(mcapi_status, MCAPI_ERR_MEM_LIMIT);
        return NULL;
    }
    worker->domain = domain;
    worker->node = node;
    worker->port = port;
    worker->door = door;
    worker->over = MCAPI_SUCCESS;
    worker->batch = 1;
    worker->tell_every = 1;
    status = open_ends(worker);
    if (status == MCAPI_SUCCESS)
        status = say_hello(worker, door);
    if (report(mcapi_status, status))
        return worker;
    let_go(worker);
    return NULL;
}

/* --- Waiting --------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool node_lives(const struct distributor_worker *worker)
{
    mcapi_ext_node_stats_t node;
    mcapi_uint_t cursor = 0;
    mcapi_status_t status;

    while (mcapi_ext_node_stats(&cursor, &node, &status))
        if (node.domain == worker->domain && node.node == worker->node)
            return node.dead == 0;
    return false;
}

/* As long as nobody has let us in, nothing tells us that nobody ever will: then the node is
 * dead, or the door is gone, perhaps with another in its place. */
static mcapi_status_t look_at_distributor(const struct distributor_worker *worker)
{
    mcapi_status_t status;
    mcapi_endpoint_t door;

    if (!node_lives(worker))
        return MCAPI_ERR_TRANSMISSION;
    door = mcapi_endpoint_get(worker->domain, worker->node, worker->port,
                              MCAPI_TIMEOUT_IMMEDIATE, &status);
    return status == MCAPI_SUCCESS && door == worker->door ? MCAPI_SUCCESS
                                                           : MCAPI_ERR_CHAN_INVALID;
}

/* An open has ended like that. The second one is pending while the distributor connects, and
 * for good if it cannot: then the first channel is closed again. */
static mcapi_status_t how_it_stands(const struct distributor_worker *worker,
                                    mcapi_status_t status)
{
    if (status == MCAPI_TIMEOUT && worker->opened > 0) {
        mcapi_pktchan_available(worker->work_end, &status);
        return status == MCAPI_SUCCESS ? MCAPI_TIMEOUT : status;
    }
    return status;
}

/* Whether we were let in, or are within so long; notes it if so. */
static bool is_in_after(struct distributor_worker *worker, mcapi_timeout_t timeout)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    size_t size;

    while (worker->opened < 2) {
        mcapi_wait(&worker->opens[worker->opened], &size, timeout, &status);
        status = how_it_stands(worker, status);
        if (status == MCAPI_TIMEOUT)
            return false;
        if (status != MCAPI_SUCCESS)
            break;
        worker->opened++;
    }
    worker->opening = false;
    forget_opens(worker);
    worker->over = status;
    return true;
}

static bool is_in(struct distributor_worker *worker)
{
    return !worker->opening || is_in_after(worker, MCAPI_TIMEOUT_IMMEDIATE);
}

/* For one that does not sleep: `over`, if nobody will let it in. */
static void look_now_and_then(struct distributor_worker *worker)
{
    int64_t now = now_ms();
    mcapi_status_t status;

    if (!worker->opening || now - worker->looked_ms < LOOK_EVERY)
        return;
    worker->looked_ms = now;
    status = look_at_distributor(worker);
    if (status != MCAPI_SUCCESS && !is_in(worker))
        worker->over = status;
}

struct waiting {
    mcapi_timeout_t timeout;
    int64_t deadline_ms;
    mcapi_timeout_t nap;
};

static void wait_begin(struct waiting *waiting, mcapi_timeout_t timeout)
{
    waiting->timeout = timeout;
    waiting->deadline_ms =
            timeout != MCAPI_TIMEOUT_IMMEDIATE && timeout != MCAPI_TIMEOUT_INFINITE
                    ? now_ms() + timeout
                    : 0;
    waiting->nap = NAP_FIRST;
}

/* Sleeps until something has come, or it is time to look. MCAPI_TIMEOUT: the time is over. */
static mcapi_status_t wait_step(struct distributor_worker *worker, struct waiting *waiting)
{
    mcapi_timeout_t timeout = waiting->timeout;
    mcapi_endpoint_t end = worker->work_end;
    mcapi_status_t status;

    if (timeout == MCAPI_TIMEOUT_IMMEDIATE)
        return MCAPI_TIMEOUT;
    if (timeout != MCAPI_TIMEOUT_INFINITE) {
        int64_t left_ms = waiting->deadline_ms - now_ms();

        if (left_ms <= 0)
            return MCAPI_TIMEOUT;
        timeout = (mcapi_timeout_t)left_ms;
    }
    if (worker->opening || port_has_news(worker)) {
        if (timeout > waiting->nap)
            timeout = waiting->nap;
        if (waiting->nap < NAP_LONGEST)
            waiting->nap *= 2;
    }
    if (worker->opening) {
        status = look_at_distributor(worker);
        /* Let in and dismissed since the last look: the channel tells. */
        if (status != MCAPI_SUCCESS && !is_in(worker))
            return status;
        is_in_after(worker, timeout);
        return MCAPI_SUCCESS;
    }
    mcapi_ext_wait_receivable(&end, 1, timeout, &status);
    port_begin_to_work(worker);
    return status == MCAPI_TIMEOUT ? MCAPI_SUCCESS : status;
}

/* --- Items ----------------------------------------------------------------------------- */

static void ask(struct distributor_worker *worker)
{
    if (worker->asking)
        return;
    worker->asking = true;
    worker->news = true;
}

/* Why no more items will come; MCAPI_SUCCESS: they may, or some are here. */
static mcapi_status_t why_over(const struct distributor_worker *worker)
{
    if (worker->over == MCAPI_SUCCESS && worker->dismissed && worker->count == 0
        && !port_has_news(worker))
        return MCAPI_ERR_CHAN_CLOSEPENDING;
    return worker->over;
}

/* Items that are there. What is finished is told now if there are none. */
static size_t take_what_is_there(struct distributor_worker *worker,
                                 struct distributor_item *items)
{
    if (worker->count == 0 && is_in(worker) && !port_receive(worker) && port_has_news(worker))
        port_tell(worker);
    return port_take(worker, items);
}

size_t distributor_get(struct distributor_worker *worker, struct distributor_item *items,
                       size_t count, mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    struct waiting waiting;
    mcapi_status_t status = check(worker);
    size_t taken;

    if (status == MCAPI_SUCCESS && items == NULL)
        status = MCAPI_ERR_PARAMETER;
    if (status == MCAPI_SUCCESS)
        status = port_check(worker, items, count);
    if (status == MCAPI_SUCCESS && worker->work_count - count >= worker->batch)
        status = MCAPI_ERR_PARAMETER;
    if (!report(mcapi_status, status))
        return 0;
    port_finish(worker, items, count);
    ask(worker);
    taken = take_what_is_there(worker, items);
    if (__builtin_expect(taken > 0, 1))
        return taken;
    wait_begin(&waiting, timeout);
    while (taken == 0 && why_over(worker) == MCAPI_SUCCESS) {
        status = wait_step(worker, &waiting);
        if (status != MCAPI_SUCCESS && status != MCAPI_TIMEOUT)
            worker->over = status;
        else
            taken = take_what_is_there(worker, items);
        if (status == MCAPI_TIMEOUT)
            break;
    }
    if (taken == 0)
        report(mcapi_status, why_over(worker) != MCAPI_SUCCESS ? why_over(worker) : status);
    return taken;
}

/* What request and return begin with. */
static bool finish(struct distributor_worker *worker, const struct distributor_item *items,
                   size_t count, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status = check(worker);

    if (status == MCAPI_SUCCESS)
        status = port_check(worker, items, count);
    if (!report(mcapi_status, status))
        return false;
    port_finish(worker, items, count);
    return true;
}

void distributor_request(struct distributor_worker *worker,
                         const struct distributor_item *items, size_t count,
                         mcapi_status_t *mcapi_status)
{
    if (!finish(worker, items, count, mcapi_status))
        return;
    ask(worker);
    /* There may be no further call: what is not told now might never be. */
    if (is_in(worker) && port_has_news(worker))
        port_tell_surely(worker);
    look_now_and_then(worker);
    report(mcapi_status, worker->over);
}

size_t distributor_poll(struct distributor_worker *worker, struct distributor_item *items,
                        mcapi_status_t *mcapi_status)
{
    mcapi_status_t status = check(worker);
    size_t taken;

    if (status == MCAPI_SUCCESS && (items == NULL || worker->work_count >= worker->batch))
        status = MCAPI_ERR_PARAMETER;
    if (!report(mcapi_status, status))
        return 0;
    taken = take_what_is_there(worker, items);
    look_now_and_then(worker);
    if (taken == 0)
        report(mcapi_status, why_over(worker));
    return taken;
}

/* No more, and what is not in work is for others. */
static void stop_asking(struct distributor_worker *worker)
{
    port_drop(worker);
    if (!worker->asking)
        return;
    worker->asking = false;
    worker->epoch++;
    worker->news = true;
}

void distributor_return(struct distributor_worker *worker, const struct distributor_item *items,
                        size_t count, mcapi_status_t *mcapi_status)
{
    if (!finish(worker, items, count, mcapi_status))
        return;
    stop_asking(worker);
    /* There may be no further call: what is not told now might never be. */
    if (is_in(worker) && port_has_news(worker))
        port_tell_surely(worker);
    report(mcapi_status, worker->over);
}

void distributor_leave(struct distributor_worker *worker, const struct distributor_item *items,
                       size_t count, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status = check(worker);

    if (status == MCAPI_SUCCESS)
        status = port_check(worker, items, count);
    if (!report(mcapi_status, status) && (worker == NULL || status != MCAPI_ERR_NODE_NOTINIT))
        return;
    if (status == MCAPI_SUCCESS) {
        port_finish(worker, items, count);
        stop_asking(worker);
        if (is_in(worker))
            port_tell_farewell(worker);
        report(mcapi_status, worker->over);
    }
    let_go(worker);
}
