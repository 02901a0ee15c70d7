/* SPDX-License-Identifier: MIT */
/*
 * channels.h - the three channels between the balancer and one worker.
 *
 *   our end (no name)           the worker's end (a port of worker/item.h)
 *   work     packets  ------->  ITEM_PORT_WORK
 *   acks     scalars  <-------  ITEM_PORT_ACKS
 *   results  packets  <-------  ITEM_PORT_RESULTS
 */
#ifndef LOAD_BALANCER_CHANNELS_H
#define LOAD_BALANCER_CHANNELS_H

#include <stdint.h>

#include <mcapi.h>

enum {
    /* How long a receive on them waits before it returns MCAPI_TIMEOUT, so that the
     * balancer can look after other things: the progress line, signals, dead workers. */
    CHANNELS_PATIENCE_MS = 100,
};

struct channels {
    /* Handles of our ends, when the channels are open. */
    mcapi_pktchan_send_hndl_t work;
    mcapi_sclchan_recv_hndl_t acks;
    mcapi_pktchan_recv_hndl_t results;

    mcapi_endpoint_t work_end, acks_end, results_end;          /* ours */
    mcapi_endpoint_t worker_work, worker_acks, worker_results; /* the worker's */

    /* Opens that the worker has not answered yet. */
    mcapi_request_t opens[3];

    /* How many of our ends there are, and how many of them are opened: in the order work,
     * acks, results. */
    unsigned ends;
    unsigned opened;
};

/* Each returns the status of the first call that did not succeed, else MCAPI_SUCCESS; `step`
 * then says what that call was to do. */

/* Waits for the worker's endpoints; MCAPI_TIMEOUT: they are not there in time, ask again. */
mcapi_status_t channels_find(struct channels *channels, mcapi_domain_t domain,
                             mcapi_node_t node, mcapi_timeout_t timeout, const char **step);

/* Connects the channels and opens our ends, without waiting for the worker to open its own.
 * Packets can be sent at once. Channels can be two packets deeper than the window. */
mcapi_status_t channels_open(struct channels *channels, uint32_t window, const char **step);

/* Waits until the worker has opened its ends. */
mcapi_status_t channels_opened(struct channels *channels, const char **step);

/* Closes our ends, waits for the worker to close its own, and deletes ours. */
mcapi_status_t channels_close(struct channels *channels, const char **step);

/* Closes and deletes what there is of our ends, and waits for nothing: for channels of a worker
 * that is dead. */
void channels_abandon(struct channels *channels);

#endif /* LOAD_BALANCER_CHANNELS_H */
