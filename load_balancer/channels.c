/* SPDX-License-Identifier: MIT */
/*
 * channels.c - the three channels between the balancer and one worker.
 */
#include "load_balancer/channels.h"

#include "worker/item.h"

enum {
    /* Reports that can wait for us, if the window's channels are as deep; each has memory of
     * its own. There are more than a few only where many flows are new. */
    RESULTS_DEPTH = 16,
};

/* Waits for what was begun with an _i call whose status is `status`. */
static mcapi_status_t finish(mcapi_request_t *request, mcapi_status_t status)
{
    size_t size;

    if (status == MCAPI_SUCCESS)
        mcapi_wait(request, &size, MCAPI_TIMEOUT_INFINITE, &status);
    return status;
}

mcapi_status_t channels_find(struct channels *channels, mcapi_domain_t domain,
                             mcapi_node_t node, mcapi_timeout_t timeout, const char **step)
{
    mcapi_status_t status;

    *step = "find its endpoints";
    /* The worker makes this one last: the others are there too, and ready to be connected. */
    channels->worker_results =
            mcapi_endpoint_get(domain, node, ITEM_PORT_RESULTS, timeout, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    channels->worker_work = mcapi_endpoint_get(domain, node, ITEM_PORT_WORK, timeout, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    channels->worker_acks = mcapi_endpoint_get(domain, node, ITEM_PORT_ACKS, timeout, &status);
    return status;
}

/* An endpoint of ours whose blocking calls come back now and then. */
static mcapi_status_t make_end(mcapi_endpoint_t *end)
{
    mcapi_timeout_t patience = CHANNELS_PATIENCE_MS;
    mcapi_status_t status;

    *end = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);
    if (status == MCAPI_SUCCESS)
        mcapi_endpoint_set_attribute(*end, MCAPI_ENDP_ATTR_TIMEOUT, &patience, sizeof(patience),
                                     &status);
    return status;
}

/* Of work, packets to the worker. */
static mcapi_status_t open_work(struct channels *channels)
{
    mcapi_request_t connected;
    mcapi_status_t status = make_end(&channels->work_end);

    if (status != MCAPI_SUCCESS)
        return status;
    channels->ends++;
    mcapi_pktchan_connect_i(channels->work_end, channels->worker_work, &connected, &status);
    status = finish(&connected, status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_send_open_i(&channels->work, channels->work_end, &channels->opens[0],
                                  &status);
    channels->opened += status == MCAPI_SUCCESS;
    return status;
}

static mcapi_status_t open_acks(struct channels *channels)
{
    mcapi_request_t connected;
    mcapi_status_t status = make_end(&channels->acks_end);

    if (status != MCAPI_SUCCESS)
        return status;
    channels->ends++;
    mcapi_sclchan_connect_i(channels->worker_acks, channels->acks_end, &connected, &status);
    status = finish(&connected, status);
    if (status == MCAPI_SUCCESS)
        mcapi_sclchan_recv_open_i(&channels->acks, channels->acks_end, &channels->opens[1],
                                  &status);
    channels->opened += status == MCAPI_SUCCESS;
    return status;
}

static mcapi_status_t open_results(struct channels *channels, mcapi_uint_t depth)
{
    mcapi_request_t connected;
    mcapi_status_t status = make_end(&channels->results_end);

    if (status != MCAPI_SUCCESS)
        return status;
    channels->ends++;
    mcapi_endpoint_set_attribute(channels->results_end, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS,
                                 &depth, sizeof(depth), &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_connect_i(channels->worker_results, channels->results_end, &connected,
                            &status);
    status = finish(&connected, status);
    if (status == MCAPI_SUCCESS)
        mcapi_pktchan_recv_open_i(&channels->results, channels->results_end,
                                  &channels->opens[2], &status);
    channels->opened += status == MCAPI_SUCCESS;
    return status;
}

mcapi_status_t channels_open(struct channels *channels, uint32_t window, const char **step)
{
    mcapi_status_t status;

    *step = "connect the channel for work";
    status = open_work(channels);
    if (status != MCAPI_SUCCESS)
        return status;
    *step = "connect the channel for acks";
    status = open_acks(channels);
    if (status != MCAPI_SUCCESS)
        return status;
    *step = "connect the channel for results";
    return open_results(channels, window < RESULTS_DEPTH ? window + 2 : RESULTS_DEPTH);
}

mcapi_status_t channels_opened(struct channels *channels, const char **step)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    *step = "open the channels";
    for (size_t i = 0; i < 3 && status == MCAPI_SUCCESS; i++) {
        status = finish(&channels->opens[i], status);
        channels->opens[i] = 0;
    }
    return status;
}

/* --- Ending ----------------------------------------------------------------------- */

static void close_end(struct channels *channels, unsigned which, mcapi_request_t *request,
                      mcapi_status_t *status)
{
    switch (which) {
    case 0:
        mcapi_pktchan_send_close_i(channels->work, request, status);
        break;
    case 1:
        mcapi_sclchan_recv_close_i(channels->acks, request, status);
        break;
    default:
        mcapi_pktchan_recv_close_i(channels->results, request, status);
        break;
    }
}

static mcapi_endpoint_t end_of(const struct channels *channels, unsigned which)
{
    return which == 0 ? channels->work_end
         : which == 1 ? channels->acks_end
                      : channels->results_end;
}

mcapi_status_t channels_close(struct channels *channels, const char **step)
{
    mcapi_request_t requests[3];
    mcapi_status_t status = MCAPI_SUCCESS;

    *step = "close the channels";
    for (unsigned i = 0; i < 3 && status == MCAPI_SUCCESS; i++)
        close_end(channels, i, &requests[i], &status);
    for (unsigned i = 0; i < 3 && status == MCAPI_SUCCESS; i++)
        status = finish(&requests[i], status);
    for (unsigned i = 0; i < 3 && status == MCAPI_SUCCESS; i++)
        mcapi_endpoint_delete(end_of(channels, i), &status);
    if (status == MCAPI_SUCCESS)
        channels->ends = channels->opened = 0;
    return status;
}

/* Looks whether it is finished, which also makes the library look whether the other side has
 * died; if not, nobody waits for it any more. */
static void finish_now(mcapi_request_t *request)
{
    mcapi_status_t status;
    size_t size;

    mcapi_wait(request, &size, MCAPI_TIMEOUT_IMMEDIATE, &status);
    if (status == MCAPI_TIMEOUT)
        mcapi_cancel(request, &status);
}

void channels_abandon(struct channels *channels)
{
    mcapi_request_t request;
    mcapi_status_t status;

    for (unsigned i = 0; i < channels->opened; i++) {
        close_end(channels, i, &request, &status);
        if (status == MCAPI_SUCCESS)
            finish_now(&request);
        if (channels->opens[i] != 0)
            finish_now(&channels->opens[i]);
    }
    for (unsigned i = 0; i < channels->ends; i++)
        mcapi_endpoint_delete(end_of(channels, i), &status);
    *channels = (struct channels){ .ends = 0 };
}
