/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_growth.c - how this library does when there is more of everything: packets over
 * many channels in turn, and endpoints that are made where there are many already.
 */
#include <stdlib.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/mcapi_ends.h"

enum { SIZE = 64, CHANNELS_MOST = 1000, PORT = 100, PORT_NEW = 60000 };

/* The number at the end of the mode. */
static unsigned many(const struct trial *trial)
{
    return (unsigned)atoi(strrchr(trial->entry->mode, '-') + 1);
}

/* --- Channels ------------------------------------------------------------------------- */

static struct {
    unsigned count;
    mcapi_pktchan_send_hndl_t out[CHANNELS_MOST];
    mcapi_pktchan_recv_hndl_t in[CHANNELS_MOST];
} channels;

static void prepare_channels(struct trial *trial)
{
    setenv("MCAPI_MAX_CHANNELS", "1024", 1);
    setenv("MCAPI_MAX_ENDPOINTS", "1024", 1);
    setenv("MCAPI_MAX_BUFFERS", "16", 1);
    ends_prepare(trial, NULL);
}

static void open_sender(mcapi_port_t port, mcapi_pktchan_send_hndl_t *out)
{
    mcapi_endpoint_t end = ends_create(port, 0);
    mcapi_request_t request;
    mcapi_status_t status;

    mcapi_pktchan_connect_i(end, ends_get(1, port), &request, &status);
    ends_check(status, "mcapi_pktchan_connect_i");
    ends_finish(&request);
    mcapi_pktchan_send_open_i(out, end, &request, &status);
    ends_check(status, "mcapi_pktchan_send_open_i");
    ends_finish(&request);
}

static void open_receiver(mcapi_endpoint_t end, mcapi_pktchan_recv_hndl_t *in)
{
    mcapi_request_t request;
    mcapi_status_t status;

    mcapi_pktchan_recv_open_i(in, end, &request, &status);
    ends_check(status, "mcapi_pktchan_recv_open_i");
    ends_finish(&request);
}

static void *open_channels(struct trial *trial, unsigned self)
{
    static mcapi_endpoint_t end[CHANNELS_MOST];

    channels.count = many(trial);
    ends_join(trial, self);
    for (unsigned i = 0; i < channels.count && self == 1; i++)
        end[i] = ends_create(PORT + i, 0);
    trial_gather(trial);
    for (unsigned i = 0; i < channels.count; i++)
        if (self == 0)
            open_sender(PORT + i, &channels.out[i]);
        else
            open_receiver(end[i], &channels.in[i]);
    return NULL;
}

BENCH_INLINE size_t turn_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[SIZE];
    mcapi_status_t status;

    (void)end, (void)most;
    payload_make(buffer, number, size);
    mcapi_pktchan_send(channels.out[number % channels.count], buffer, size, &status);
    ends_check(status, "mcapi_pktchan_send");
    return 1;
}

BENCH_INLINE size_t turn_receive(void *end, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    mcapi_status_t status;
    void *packet;
    size_t came;

    (void)end, (void)most;
    mcapi_pktchan_recv(channels.in[number % channels.count], &packet, &came, &status);
    ends_check(status, "mcapi_pktchan_recv");
    *wrong += came != size || payload_wrong(packet, number, size);
    mcapi_pktchan_release(packet, &status);
    ends_check(status, "mcapi_pktchan_release");
    return 1;
}

LOOPS_ONE_WAY(in_turn, open_channels, ends_close, turn_send, turn_receive, SIZE, LOOPS_CHUNK)

/* --- Endpoints ------------------------------------------------------------------------ */

static void prepare_endpoints(struct trial *trial)
{
    setenv("MCAPI_MAX_ENDPOINTS", "10100", 1);
    ends_prepare(trial, NULL);
}

static void make_one(void)
{
    mcapi_status_t status;
    mcapi_endpoint_t made = mcapi_endpoint_create(PORT_NEW, &status);

    ends_check(status, "mcapi_endpoint_create");
    if (mcapi_endpoint_get(ENDS_DOMAIN, 1, PORT_NEW, MCAPI_TIMEOUT_INFINITE, &status) != made)
        trial_fail("mcapi_endpoint_get: another endpoint");
    mcapi_endpoint_delete(made, &status);
    ends_check(status, "mcapi_endpoint_delete");
}

static void among_many(struct trial *trial, unsigned self)
{
    uint64_t done = 0;
    int64_t until;

    ends_join(trial, self);
    for (unsigned i = 0; i < many(trial); i++)
        ends_create(PORT + i, 0);
    trial_meet(trial, self);
    trial->began_ns = trial_now_ns();
    until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    do
        make_one();
    while (++done < trial->items && (done % 16 != 0 || trial_now_ns() < until));
    trial->ended_ns = trial_now_ns();
    trial->done = done;
    trial_count(trial, self, 0);
    ends_close(trial, NULL);
}

#define CHANNELS(COUNT)                                                                \
    {                                                                                  \
        .workload = "growth-channels", .subject = "mcapi", .mode = "channels-" #COUNT, \
        .size = SIZE, .prepare = prepare_channels, .part = in_turn                     \
    }
#define ENDPOINTS(COUNT)                                                                 \
    {                                                                                    \
        .workload = "growth-endpoints", .subject = "mcapi", .mode = "endpoints-" #COUNT, \
        .parties = 1, .prepare = prepare_endpoints, .part = among_many                   \
    }

const struct entry entries_mcapi_growth[] = {
    CHANNELS(1),    CHANNELS(10),    CHANNELS(100),    CHANNELS(1000),       ENDPOINTS(10),
    ENDPOINTS(100), ENDPOINTS(1000), ENDPOINTS(10000), { .workload = NULL },
};
