/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the loop: take, work, acknowledge.
 *
 * Calls of MCAPI follow one pattern: the status of the last one is kept, and the first that is
 * not MCAPI_SUCCESS ends the run, with the name of the step in the reason.
 */
#include "worker/worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <mcapi.h>

#include "worker/clock.h"
#include "worker/flow_table.h"
#include "worker/item.h"
#include "worker/latency.h"
#include "worker/report.h"

struct worker {
    const struct worker_settings *settings;
    struct work work;

    mcapi_endpoint_t work_endpoint, acks_endpoint, results_endpoint;
    mcapi_pktchan_recv_hndl_t items;
    mcapi_sclchan_send_hndl_t acks;
    mcapi_pktchan_send_hndl_t results;
    mcapi_status_t status; /* of the last call of MCAPI */
    const char *step;      /* what that call was to do */

    uint32_t ack_every;
    uint32_t unacknowledged; /* items done since the last ack */
    bool last_seen;

    struct flow_table flows;
    struct report_summary summary;

    /* The clock is read when the work runs out and when it comes back, not per item. */
    uint64_t began_ns; /* when the first item came; 0: none did */
    uint64_t idle_ns;  /* pauses between items */
    uint64_t done_ns;  /* when the last item was done */
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
    mcapi_info_t info;

    mcapi_initialize(settings->domain, settings->node, NULL, NULL, &info, &worker->status);
    if (!succeeded(worker, "join the topology"))
        return false;
    worker->work_endpoint = mcapi_endpoint_create(ITEM_PORT_WORK, &worker->status);
    if (!succeeded(worker, "create the endpoint for work"))
        return false;
    mcapi_endpoint_set_attribute(worker->work_endpoint, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
                                 &depth, sizeof(depth), &worker->status);
    if (!succeeded(worker, "make the channel as deep as the window"))
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
    mcapi_pktchan_send_open_i(&worker->results, worker->results_endpoint, &results,
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

static void outlive_parent(void)
{
    prctl(PR_SET_PDEATHSIG, 0UL, 0UL, 0UL, 0UL);
}

/* --- Working --------------------------------------------------------------------- */

static bool acknowledge(struct worker *worker)
{
    mcapi_sclchan_send_uint32(worker->acks, worker->unacknowledged, &worker->status);
    worker->unacknowledged = 0;
    return succeeded(worker, "acknowledge");
}

static void count_for_flow(struct worker *worker, const struct item *item)
{
    struct flow_record *flow =
            flow_table_at(&worker->flows, flow_key(item->tag, item->ip_version, item->protocol),
                          item->link_type, item + 1, item->captured);

    if (flow->items > 0 && item->number <= flow->last_number) {
        flow->out_of_order++;
        worker->summary.out_of_order++;
    }
    flow->last_number = item->number;
    flow->items++;
    flow->bytes += item->captured;
    flow->original_bytes += item->original;
}

static void take(struct worker *worker, const struct item *item, size_t size)
{
    if (size < sizeof(*item) || item->captured != size - sizeof(*item)
        || item->payload_offset > item->captured) {
        worker->summary.malformed++;
        worker->unacknowledged++;
        return;
    }
    if (item->kind == ITEM_LAST) {
        worker->last_seen = true;
        return;
    }
    if (item->worker != worker->settings->node)
        worker->summary.misdirected++;
    worker->summary.items++;
    worker->summary.bytes += item->captured;
    worker->summary.original_bytes += item->original;
    count_for_flow(worker, item);
    work_process(&worker->work, item, (const uint8_t *)(item + 1));
    if (item->sent_ns != 0)
        latency_add(&worker->summary.latency, clock_ns() - item->sent_ns);
    worker->unacknowledged++;
}

/* Works on an item where it lies and gives its buffer back. */
static bool handle(struct worker *worker, void *buffer, size_t size)
{
    take(worker, buffer, size);
    mcapi_pktchan_release(buffer, &worker->status);
    if (!succeeded(worker, "release an item"))
        return false;
    return worker->unacknowledged < worker->ack_every || acknowledge(worker);
}

static bool handle_next(struct worker *worker)
{
    void *buffer;
    size_t size;

    mcapi_pktchan_recv(worker->items, &buffer, &size, &worker->status);
    return succeeded(worker, "receive an item") && handle(worker, buffer, size);
}

/* There is nothing to do: what is done is acknowledged now, and the next item waited for. */
static bool handle_next_after_pause(struct worker *worker)
{
    uint64_t paused_ns, pause_ns;
    void *buffer;
    size_t size;

    if (worker->unacknowledged > 0 && !acknowledge(worker))
        return false;
    paused_ns = clock_ns();
    mcapi_pktchan_recv(worker->items, &buffer, &size, &worker->status);
    if (!succeeded(worker, "receive an item"))
        return false;
    pause_ns = clock_ns() - paused_ns;
    if (!handle(worker, buffer, size))
        return false;
    if (worker->last_seen)
        worker->done_ns = paused_ns;
    else if (worker->began_ns == 0)
        worker->began_ns = paused_ns + pause_ns;
    else
        worker->idle_ns += pause_ns;
    return true;
}

static bool work_until_last(struct worker *worker)
{
    if (!acknowledge(worker)) /* of nothing: ready */
        return false;
    while (!worker->last_seen) {
        mcapi_uint_t waiting = mcapi_pktchan_available(worker->items, &worker->status);

        if (waiting == 0) {
            if (!handle_next_after_pause(worker))
                return false;
            continue;
        }
        if (worker->began_ns == 0)
            worker->began_ns = clock_ns();
        for (; waiting > 0 && !worker->last_seen; waiting--)
            if (!handle_next(worker))
                return false;
    }
    if (worker->done_ns == 0)
        worker->done_ns = clock_ns();
    return worker->unacknowledged == 0 || acknowledge(worker);
}

/* --- Ending ---------------------------------------------------------------------- */

static void describe_flow(const struct worker *worker, size_t index, struct report_flow *out)
{
    const struct flow_record *flow = flow_table_flow(&worker->flows, index);
    const struct flow_head *head = flow_table_head(&worker->flows, flow);

    *out = (struct report_flow){
        .items = flow->items,
        .bytes = flow->bytes,
        .original_bytes = flow->original_bytes,
        .out_of_order = flow->out_of_order,
        .tag = flow_key_tag(flow->key),
        .ip_version = flow_key_ip_version(flow->key),
        .protocol = flow_key_protocol(flow->key),
        .head_size = (uint16_t)head->size,
        .link_type = head->link_type,
    };
    memcpy(out->head, head->bytes, sizeof(out->head));
}

static bool send_flows(struct worker *worker)
{
    struct {
        struct report_header header;
        struct report_flow flows[REPORT_FLOWS_MAX];
    } packet;
    size_t sent = 0;

    while (sent < worker->flows.used) {
        uint32_t count = 0;

        while (count < REPORT_FLOWS_MAX && sent < worker->flows.used)
            describe_flow(worker, sent++, &packet.flows[count++]);
        packet.header = (struct report_header){ .kind = REPORT_FLOWS, .count = count };
        mcapi_pktchan_send(worker->results, &packet,
                           sizeof(packet.header) + count * sizeof(packet.flows[0]),
                           &worker->status);
        if (!succeeded(worker, "report flows"))
            return false;
    }
    return true;
}

static bool send_summary(struct worker *worker)
{
    struct {
        struct report_header header;
        struct report_summary summary;
    } packet = { .header = { .kind = REPORT_SUMMARY, .count = 1 }, .summary = worker->summary };

    packet.summary.flows = worker->flows.used;
    packet.summary.other_items = worker->flows.others.items;
    packet.summary.other_bytes = worker->flows.others.bytes;
    packet.summary.other_original_bytes = worker->flows.others.original_bytes;
    packet.summary.result = worker->work.result;
    if (worker->summary.items > 0) {
        packet.summary.span_ns = worker->done_ns - worker->began_ns;
        packet.summary.busy_ns = packet.summary.span_ns - worker->idle_ns;
    }
    mcapi_pktchan_send(worker->results, &packet, sizeof(packet), &worker->status);
    return succeeded(worker, "report");
}

/* Closing completes when the balancer has closed its ends too, so it has read everything. */
static bool close_channels(struct worker *worker)
{
    mcapi_request_t items, acks, results;

    mcapi_pktchan_send_close_i(worker->results, &results, &worker->status);
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
    };
    bool done;

    reason[0] = '\0';
    if (settings->parent != 0 && !die_with(settings->parent)) {
        snprintf(reason, WORKER_REASON_SIZE, "the load balancer is gone");
        return WORKER_ABANDONED;
    }
    if (!flow_table_open(&worker.flows, WORKER_FLOWS_MAX)) {
        snprintf(reason, WORKER_REASON_SIZE, "there is no memory for the table of flows");
        return WORKER_FAILED;
    }
    done = join(&worker) && open_channels(&worker);
    if (done && settings->parent != 0)
        outlive_parent();
    done = done && work_until_last(&worker) && send_flows(&worker) && send_summary(&worker)
        && close_channels(&worker) && leave(&worker);
    flow_table_close(&worker.flows);
    return done ? WORKER_DONE : give_up(&worker, reason);
}
