/* SPDX-License-Identifier: MIT */
/*
 * event_loop.h - three channels for a program that is an event loop: what their senders do, and
 * what the receiver does when the loop says that one is readable.
 *
 *     open_channels();                      forks the senders, becomes node 0
 *     watch channels[i].fd; in the callback, if (!readable(&channels[i])), unwatch it and
 *     close_channel(&channels[i]);
 *     report(ticks);
 *
 * One channel is drained at each call of the callback and two are not, so that the loop has to
 * come back to them by itself.
 */
#ifndef TESTS_EVENT_LOOP_H
#define TESTS_EVENT_LOOP_H

#include <mcapi_ext.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHANNELS = 3, ITEMS = 2000, PATIENCE = 30000 /* ms */ };

/* Channel 0 and 1 carry packets, 2 scalars. */
struct channel {
    int number;
    mcapi_endpoint_t end;
    int fd;
    int received;
    int calls; /* of the callback */
};

static struct channel channels[CHANNELS];

#define TRY(call)                                                     \
    do {                                                              \
        mcapi_status_t status;                                        \
        char text[MCAPI_MAX_STATUS_SIZE];                             \
        call;                                                         \
        if (status != MCAPI_SUCCESS) {                                \
            fprintf(stderr, "%s: %s\n", #call,                        \
                    mcapi_display_status(status, text, sizeof text)); \
            exit(1);                                                  \
        }                                                             \
    } while (0)

static bool carries_scalars(int number)
{
    return number == 2;
}

/* Sends in bursts, with pauses that are longer than a receiver stays awake. */
static void send_all(int number)
{
    mcapi_endpoint_t here, there, handle;
    mcapi_request_t request;
    mcapi_info_t info;

    TRY(mcapi_initialize(0, (mcapi_node_t)number + 1, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(0, &status));
    TRY(there = mcapi_endpoint_get(0, 0, (mcapi_port_t)number, PATIENCE, &status));
    if (carries_scalars(number)) {
        TRY(mcapi_sclchan_connect_i(here, there, &request, &status));
        TRY(mcapi_sclchan_send_open_i(&handle, here, &request, &status));
    } else {
        TRY(mcapi_pktchan_connect_i(here, there, &request, &status));
        TRY(mcapi_pktchan_send_open_i(&handle, here, &request, &status));
    }
    for (int i = 0; i < ITEMS; i++) {
        if (i % 100 == 0)
            nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
        if (carries_scalars(number))
            TRY(mcapi_sclchan_send_uint32(handle, (mcapi_uint32_t)i, &status));
        else
            TRY(mcapi_pktchan_send(handle, &i, sizeof i, &status));
    }
    TRY(mcapi_finalize(&status));
}

static void open_channels(void)
{
    mcapi_request_t request;
    mcapi_info_t info;

    for (int i = 0; i < CHANNELS; i++) {
        pid_t child = fork();

        if (child < 0) {
            perror("fork");
            exit(1);
        }
        if (child == 0) {
            send_all(i);
            _exit(0);
        }
    }
    TRY(mcapi_initialize(0, 0, NULL, NULL, &info, &status));
    for (int i = 0; i < CHANNELS; i++) {
        struct channel *channel = &channels[i];

        channel->number = i;
        TRY(channel->end = mcapi_endpoint_create((mcapi_port_t)i, &status));
        if (carries_scalars(i))
            TRY(mcapi_sclchan_recv_open_i(&channel->end, channel->end, &request, &status));
        else
            TRY(mcapi_pktchan_recv_open_i(&channel->end, channel->end, &request, &status));
        /* Nobody may have connected it yet. */
        TRY(channel->fd = mcapi_ext_receive_fd(channel->end, &status));
    }
}

/* One item, which must be the next. False: the channel is over. */
static bool receive_one(struct channel *channel)
{
    mcapi_status_t status;
    void *packet = NULL;
    size_t size;
    int item;

    if (carries_scalars(channel->number)) {
        item = (int)mcapi_sclchan_recv_uint32(channel->end, &status);
    } else {
        mcapi_pktchan_recv(channel->end, &packet, &size, &status);
        item = status == MCAPI_SUCCESS ? *(int *)packet : -1;
    }
    if (status == MCAPI_ERR_CHAN_INVALID && channel->received == ITEMS)
        return false;
    if (status != MCAPI_SUCCESS || item != channel->received) {
        fprintf(stderr, "channel %d, item %d: %d, status %d\n", channel->number,
                channel->received, item, (int)status);
        exit(1);
    }
    if (packet != NULL)
        TRY(mcapi_pktchan_release(packet, &status));
    channel->received++;
    return true;
}

static unsigned available(const struct channel *channel)
{
    mcapi_status_t status;

    return carries_scalars(channel->number) ? mcapi_sclchan_available(channel->end, &status)
                                            : mcapi_pktchan_available(channel->end, &status);
}

/* What the callback does. False: the channel is over. */
static bool readable(struct channel *channel)
{
    channel->calls++;
    do {
        /* It would block, and the loop with it, if there were nothing. */
        if (!receive_one(channel))
            return false;
    } while (channel->number == 0 && available(channel) > 0);
    return true;
}

static void close_channel(struct channel *channel)
{
    mcapi_request_t request;

    if (carries_scalars(channel->number))
        TRY(mcapi_sclchan_recv_close_i(channel->end, &request, &status));
    else
        TRY(mcapi_pktchan_recv_close_i(channel->end, &request, &status));
}

/* What a timer of the same loop has counted belongs to it: the loop was not held up. */
static int report(int ticks)
{
    int how;

    TRY(mcapi_finalize(&status));
    while (wait(&how) > 0)
        if (how != 0)
            return 1;
    for (int i = 0; i < CHANNELS; i++)
        printf("channel %d: %d items%s\n", i, channels[i].received,
               channels[i].number != 0 && channels[i].calls != ITEMS + 1 ? ", odd calls" : "");
    printf("timer: %s\n", ticks > 0 ? "ticked" : "never");
    return 0;
}

#endif /* TESTS_EVENT_LOOP_H */
