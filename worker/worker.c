/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the loop: take, work, report now and then, acknowledge.
 *
 * Calls of MCAPI follow one pattern: the status of the last one is kept, and the first that is
 * not MCAPI_SUCCESS ends the run, with the name of the step in the reason.
 */
#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mcapi_ext.h>

#include "worker/clock.h"
#include "worker/distributed.h"
#include "worker/item.h"
#include "worker/results.h"

enum {
    /* How long to wait for an item before what is done is reported: the balancer keeps it in
     * memory until then. Long enough not to be noticed as load on an idle machine. */
    PATIENCE_MS = 100,

    /* At most so many items are done between two looks at the clock. */
    LOOK_ITEMS_MAX = 64,

    /* At most so many items are received at once, of those that are there. */
    BURST = 16,
};

/* What is done is reported after so long, so that a worker whose items take long gets on even
 * if it dies again and again. */
static const uint64_t report_every_ns = 10 * NS_PER_MS;

/* The clock is read about this often. */
static const uint64_t look_least_ns = 100 * NS_PER_US;
static const uint64_t look_most_ns = NS_PER_MS;

struct worker {
    const struct worker_settings *settings;
    struct work work;

    mcapi_endpoint_t work_endpoint, acks_endpoint, results_endpoint;
    mcapi_pktchan_recv_hndl_t items;
    mcapi_sclchan_send_hndl_t acks;
    mcapi_pktchan_send_hndl_t results_channel;
    mcapi_status_t status; /* of the last call of MCAPI */
    const char *step;      /* what that call was to do */

    /* Items that were received together; those before `done` are done, and those from `held` on
     * not released. */
    void *items_at[BURST];
    size_t sizes[BURST];
    uint32_t held;
    uint32_t done;

    uint32_t ack_every;
    uint32_t unacknowledged; /* items done since the last ack */
    bool last_seen;
    bool abandoned; /* the balancer is gone: nobody is there to report to */

    struct results results;
    uint8_t packet[REPORT_PACKET_MAX];

    /* The clock is read when the work runs out and when it comes back, and now and then in
     * between, not per item. */
    uint64_t began_ns; /* from here on the time is not reported; 0: no item came yet */
    uint64_t idle_ns;  /* pauses between items since then */
    uint64_t looked_ns;
    uint32_t look_every; /* items */
    uint32_t look_in;
};

static bool succeeded(struct worker *worker, const char *step)
{
    worker->step = step;
    return worker->status == MCAPI_SUCCESS;
}

/* --- Beginning ------------------------------------------------------------------- */

/* The node and its three endpoints. The results' endpoint comes last: who has found it knows
 * that the other two are there with their attributes set, and may connect all of them. */
static bool join(struct worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    mcapi_uint_t depth = settings->window + 2;
    mcapi_timeout_t patience = PATIENCE_MS;
    mcapi_info_t info;

    mcapi_initialize(settings->domain, settings->node, NULL, NULL, &info, &worker->status);
    if (!succeeded(worker, "join the topology"))
        return false;
    results_limit(&worker->results, info.impl_info.max_pkt_size);
    worker->work_endpoint = mcapi_endpoint_create(ITEM_PORT_WORK, &worker->status);
    if (!succeeded(worker, "create the endpoint for work"))
        return false;
    mcapi_endpoint_set_attribute(worker->work_endpoint, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
                                 &depth, sizeof(depth), &worker->status);
    if (!succeeded(worker, "make the channel as deep as the window"))
        return false;
    mcapi_endpoint_set_attribute(worker->work_endpoint, MCAPI_ENDP_ATTR_TIMEOUT, &patience,
                                 sizeof(patience), &worker->status);
    if (!succeeded(worker, "limit the wait for work"))
        return false;
    worker->acks_endpoint = mcapi_endpoint_create(ITEM_PORT_ACKS, &worker->status);
    if (!succeeded(worker, "create the endpoint for acks"))
        return false;
    worker->results_endpoint = mcapi_endpoint_create(ITEM_PORT_RESULTS, &worker->status);
    return succeeded(worker, "create the endpoint for results");
}

static bool finished(struct worker *worker, mcapi_request_t *request, const char *step)
{
    size_t size;

    if (worker->status == MCAPI_SUCCESS)
        mcapi_wait(request, &size, MCAPI_TIMEOUT_INFINITE, &worker->status);
    return succeeded(worker, step);
}

/* Waits until the balancer has connected the three channels and opened its ends. */
static bool open_channels(struct worker *worker)
{
    mcapi_request_t items, acks, results;

    mcapi_pktchan_recv_open_i(&worker->items, worker->work_endpoint, &items, &worker->status);
    if (!succeeded(worker, "open the channel for work"))
        return false;
    mcapi_sclchan_send_open_i(&worker->acks, worker->acks_endpoint, &acks, &worker->status);
    if (!succeeded(worker, "open the channel for acks"))
        return false;
    mcapi_pktchan_send_open_i(&worker->results_channel, worker->results_endpoint, &results,
                              &worker->status);
    return finished(worker, &results, "open the channel for results")
        && finished(worker, &acks, "open the channel for acks")
        && finished(worker, &items, "open the channel for work");
}

/* As long as nothing is connected the runtime has no reason to tell us of the balancer's
 * death, so the kernel does. False: it is dead already. */
static bool die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    return getppid() == parent;
}

void worker_outlive_parent(const struct worker_settings *settings)
{
    if (settings->parent != 0)
        prctl(PR_SET_PDEATHSIG, 0UL, 0UL, 0UL, 0UL);
}

/* --- Working --------------------------------------------------------------------- */

/* When the balancer is gone what it had sent is still done, for the sake of the work; so a send
 * that fails for that reason is no failure. */
static bool sent(struct worker *worker, const char *step)
{
    if (worker->status == MCAPI_ERR_TRANSMISSION || worker->status == MCAPI_ERR_CHAN_INVALID) {
        worker->abandoned = true;
        worker->status = MCAPI_SUCCESS;
    }
    return succeeded(worker, step);
}

/* Gives the buffers of items that are done back. */
static bool release(struct worker *worker)
{
    while (worker->held < worker->done) {
        worker->held += (uint32_t)mcapi_ext_pktchan_release_burst(
                worker->items_at + worker->held, worker->done - worker->held, &worker->status);
        if (!succeeded(worker, "release items"))
            return false;
    }
    return true;
}

/* An ack makes room for as many items, so their buffers go first. */
static bool acknowledge(struct worker *worker)
{
    uint32_t count = worker->unacknowledged;

    if (!release(worker))
        return false;
    worker->unacknowledged = 0;
    if (worker->abandoned)
        return true;
    mcapi_sclchan_send_uint32(worker->acks, count, &worker->status);
    return sent(worker, "acknowledge");
}

/* `done_ns`: when the last item was done. */
static bool report(struct worker *worker, uint64_t done_ns)
{
    struct report *sum = &worker->results.sum;
    size_t size;

    sum->result = worker->work.result;
    worker->work.result = 0;
    sum->span_ns = done_ns - worker->began_ns;
    sum->busy_ns = sum->span_ns - worker->idle_ns;
    worker->began_ns = done_ns;
    worker->idle_ns = 0;
    size = results_report(&worker->results, worker->packet);
    if (worker->abandoned)
        return true;
    mcapi_pktchan_send(worker->results_channel, worker->packet, size, &worker->status);
    return sent(worker, "report");
}

void worker_die(bool quietly)
{
    const struct rlimit none = { 0, 0 };

    if (quietly)
        exit(EXIT_SUCCESS);
    setrlimit(RLIMIT_CORE, &none);
    abort();
}

static void take(struct worker *worker, struct item *item, size_t size)
{
    struct work_bytes bytes;

    if (size < sizeof(*item) || item->captured != size - sizeof(*item)
        || item->payload_offset > item->captured) {
        worker->results.sum.malformed++;
        worker->results.left -= RESULTS_BYTES_PER_ITEM;
        worker->unacknowledged++;
        return;
    }
    if (item->kind != ITEM_PACKET) {
        worker->last_seen = item->kind == ITEM_LAST;
        if (results_pending(&worker->results))
            results_make_due(&worker->results);
        return;
    }
    if (item->number - worker->settings->die_first < worker->settings->die_count)
        worker_die(worker->settings->die_quietly);
    if (item->worker != worker->settings->node)
        worker->results.sum.misdirected++;
    results_add(&worker->results, item);
    bytes = (struct work_bytes){ (uint8_t *)(item + 1), item->captured };
    work_process(&worker->work, item, &bytes); /* what is changed goes no further */
    if (item->sent_ns != 0)
        results_time(&worker->results, clock_ns() - item->sent_ns);
    worker->unacknowledged++;
}

/* Reads the clock, after `look_every` items; then sets anew how many that are. */
static void look(struct worker *worker)
{
    uint64_t now_ns = clock_ns();
    uint64_t elapsed_ns = now_ns - worker->looked_ns;

    if (elapsed_ns > look_most_ns && worker->look_every > 1)
        worker->look_every /= 2;
    else if (elapsed_ns < look_least_ns && worker->look_every < LOOK_ITEMS_MAX)
        worker->look_every *= 2;
    worker->look_in = worker->look_every;
    worker->looked_ns = now_ns;
    if (now_ns - worker->began_ns >= report_every_ns && results_pending(&worker->results))
        results_make_due(&worker->results);
}

/* Does what is due between two items. */
static bool follow_up(struct worker *worker)
{
    if (--worker->look_in == 0)
        look(worker);
    if (results_due(&worker->results))
        return report(worker, clock_ns())
            && (worker->unacknowledged == 0 || acknowledge(worker));
    return worker->unacknowledged < worker->ack_every || acknowledge(worker);
}

/* Works on items where they lie, and gives their buffers back. */
static bool handle(struct worker *worker, uint32_t count)
{
    worker->held = worker->done = 0;
    while (worker->done < count) {
        take(worker, worker->items_at[worker->done], worker->sizes[worker->done]);
        worker->done++;
        if (!follow_up(worker))
            return false;
    }
    return release(worker);
}

/* How many were received; 0: it failed, or none came in time. */
static uint32_t receive(struct worker *worker)
{
    return (uint32_t)mcapi_ext_pktchan_recv_burst(worker->items, worker->items_at,
                                                  worker->sizes, BURST, &worker->status);
}

static bool handle_next(struct worker *worker)
{
    uint32_t count = receive(worker);

    return succeeded(worker, "receive items") && handle(worker, count);
}

/* Waits for items; when none comes for a while, what is done is reported. 0: it failed. */
static uint32_t await_items(struct worker *worker, uint64_t paused_ns)
{
    uint32_t count;

    do {
        count = receive(worker);
        if (worker->status != MCAPI_TIMEOUT)
            return succeeded(worker, "receive items") ? count : 0;
    } while (!results_pending(&worker->results) || report(worker, paused_ns));
    return 0;
}

/* There is nothing to do: what is done is acknowledged now, and the next item waited for. */
static bool handle_next_after_pause(struct worker *worker)
{
    uint64_t paused_ns;
    uint32_t count;

    if (worker->unacknowledged > 0 && !acknowledge(worker))
        return false;
    paused_ns = clock_ns();
    count = await_items(worker, paused_ns);
    if (count == 0)
        return false;
    worker->looked_ns = clock_ns();
    if (worker->began_ns == 0)
        worker->began_ns = worker->looked_ns;
    else
        worker->idle_ns += worker->looked_ns - paused_ns;
    return handle(worker, count);
}

static bool work_until_last(struct worker *worker)
{
    if (!acknowledge(worker)) /* of nothing: ready */
        return false;
    while (!worker->last_seen) {
        if (mcapi_pktchan_available(worker->items, &worker->status) == 0) {
            if (!handle_next_after_pause(worker))
                return false;
            continue;
        }
        if (worker->began_ns == 0)
            worker->began_ns = worker->looked_ns = clock_ns();
        if (!handle_next(worker))
            return false;
    }
    return true;
}

/* --- Ending ---------------------------------------------------------------------- */

/* Closing completes when the balancer has closed its ends too, so it has read everything. */
static bool close_channels(struct worker *worker)
{
    mcapi_request_t items, acks, results;

    mcapi_pktchan_send_close_i(worker->results_channel, &results, &worker->status);
    if (!succeeded(worker, "close the channel for results"))
        return false;
    mcapi_sclchan_send_close_i(worker->acks, &acks, &worker->status);
    if (!succeeded(worker, "close the channel for acks"))
        return false;
    mcapi_pktchan_recv_close_i(worker->items, &items, &worker->status);
    return finished(worker, &items, "close the channel for work")
        && finished(worker, &acks, "close the channel for acks")
        && finished(worker, &results, "close the channel for results");
}

static bool leave(struct worker *worker)
{
    const mcapi_endpoint_t endpoints[] = { worker->work_endpoint, worker->acks_endpoint,
                                           worker->results_endpoint };

    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        mcapi_endpoint_delete(endpoints[i], &worker->status);
        if (!succeeded(worker, "delete an endpoint"))
            return false;
    }
    mcapi_finalize(&worker->status);
    return succeeded(worker, "leave the topology");
}

/* --- All of it ------------------------------------------------------------------- */

static enum worker_end give_up(const struct worker *worker, char reason[WORKER_REASON_SIZE])
{
    bool abandoned = worker->status == MCAPI_ERR_TRANSMISSION
                  || worker->status == MCAPI_ERR_CHAN_INVALID;
    char name[MCAPI_MAX_STATUS_SIZE];
    mcapi_status_t ignored;

    mcapi_display_status(worker->status, name, sizeof(name));
    if (worker->status == MCAPI_ERR_NODE_INITFAILED)
        reason[0] = '\0'; /* the library itself has said why on stderr */
    else if (abandoned)
        snprintf(reason, WORKER_REASON_SIZE, "the load balancer is gone (%s)", name);
    else
        snprintf(reason, WORKER_REASON_SIZE, "cannot %s: %s", worker->step, name);
    mcapi_finalize(&ignored);
    return abandoned ? WORKER_ABANDONED : WORKER_FAILED;
}

enum worker_end worker_run(const struct worker_settings *settings,
                           char reason[WORKER_REASON_SIZE])
{
    struct worker worker = {
        .settings = settings,
        .work = settings->work,
        .ack_every = item_ack_every(settings->window),
        .look_every = 1,
        .look_in = 1,
    };
    bool done;

    reason[0] = '\0';
    if (settings->parent != 0 && !die_with(settings->parent)) {
        snprintf(reason, WORKER_REASON_SIZE, "the load balancer is gone");
        return WORKER_ABANDONED;
    }
    if (settings->distributor)
        return distributed_run(settings, reason);
    if (!results_open(&worker.results, WORKER_FLOWS_MAX)) {
        snprintf(reason, WORKER_REASON_SIZE, "there is no memory for the table of flows");
        return WORKER_FAILED;
    }
    done = join(&worker) && open_channels(&worker);
    if (done)
        worker_outlive_parent(settings);
    done = done && work_until_last(&worker) && close_channels(&worker) && leave(&worker);
    results_close(&worker.results);
    work_finish(&worker.work);
    return done ? WORKER_DONE : give_up(&worker, reason);
}
