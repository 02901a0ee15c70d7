/* SPDX-License-Identifier: MIT */
/*
 * poll.c - channels beside other things in one epoll loop: mcapi_ext_receive_fd.
 *
 * Two children send, one packets and one scalars. The parent waits in epoll_wait for both
 * channels and for a timer. A descriptor is readable exactly while a receive would not block,
 * so each turn of the loop receives one item from whatever is readable, and comes back if there
 * are more. The same descriptors can be given to poll, libev or libuv.
 *
 *     cc poll.c $(pkg-config --cflags --libs mcapi)
 */
#define _POSIX_C_SOURCE 200809L
#include "example.h"

#include <mcapi_ext.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { DOMAIN = 0, PARENT = 0, TEXTS = 1, NUMBERS = 2, TIMER = 3, ITEMS = 500 };

/* The endpoint that this child sends from, connected to the parent's port of the same number.
 */
static mcapi_endpoint_t sending_end(int number)
{
    mcapi_endpoint_t here, there;
    mcapi_request_t connected;
    mcapi_status_t status;
    mcapi_info_t info;

    TRY(mcapi_initialize(DOMAIN, (mcapi_node_t)number, NULL, NULL, &info, &status));
    TRY(here = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    TRY(there = mcapi_endpoint_get(DOMAIN, PARENT, (mcapi_port_t)number, PATIENCE, &status));
    if (number == TEXTS)
        TRY(mcapi_pktchan_connect_i(here, there, &connected, &status));
    else
        TRY(mcapi_sclchan_connect_i(here, there, &connected, &status));
    finish(connected);
    return here;
}

static void send_texts(int number)
{
    mcapi_pktchan_send_hndl_t out;
    mcapi_request_t opened;
    mcapi_status_t status;

    TRY(mcapi_pktchan_send_open_i(&out, sending_end(number), &opened, &status));
    for (int i = 0; i < ITEMS; i++)
        TRY(mcapi_pktchan_send(out, "text", sizeof "text", &status));
    TRY(mcapi_finalize(&status)); /* the parent gets all, and then learns that we are gone */
}

static void send_numbers(int number)
{
    mcapi_sclchan_send_hndl_t out;
    mcapi_request_t opened;
    mcapi_status_t status;

    TRY(mcapi_sclchan_send_open_i(&out, sending_end(number), &opened, &status));
    for (int i = 1; i <= ITEMS; i++)
        TRY(mcapi_sclchan_send_uint32(out, (mcapi_uint32_t)i, &status));
    TRY(mcapi_finalize(&status));
}

/* --- The parent ----------------------------------------------------------------------- */

/* False: the channel has ended. */
static int take_text(mcapi_pktchan_recv_hndl_t in, unsigned *count)
{
    mcapi_status_t status;
    void *text;
    size_t size;

    mcapi_pktchan_recv(in, &text, &size, &status);
    if (status == MCAPI_ERR_CHAN_INVALID)
        return 0;
    check(status, "mcapi_pktchan_recv");
    ++*count;
    TRY(mcapi_pktchan_release(text, &status));
    return 1;
}

static int take_number(mcapi_sclchan_recv_hndl_t in, unsigned *sum)
{
    mcapi_status_t status;
    mcapi_uint32_t number = mcapi_sclchan_recv_uint32(in, &status);

    if (status == MCAPI_ERR_CHAN_INVALID)
        return 0;
    check(status, "mcapi_sclchan_recv_uint32");
    *sum += number;
    return 1;
}

static void watch(int set, int fd, uint32_t what)
{
    struct epoll_event event = { .events = EPOLLIN };

    event.data.u32 = what;
    if (fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

/* epoll_wait on the set tells when something can be received there. Returns the descriptor. */
static int watch_end(int set, mcapi_endpoint_t end, uint32_t what)
{
    mcapi_status_t status;
    int fd;

    TRY(fd = mcapi_ext_receive_fd(end, &status));
    watch(set, fd, what);
    return fd;
}

int main(void)
{
    const struct itimerspec soon = { .it_value.tv_nsec = 10 * 1000 * 1000 };
    mcapi_pktchan_recv_hndl_t texts;
    mcapi_sclchan_recv_hndl_t numbers;
    mcapi_endpoint_t end[NUMBERS + 1];
    mcapi_request_t opened; /* not asked about: an end may be watched before it is connected */
    mcapi_status_t status;
    mcapi_info_t info;
    unsigned count = 0, sum = 0;
    int fd[TIMER + 1], set = epoll_create1(0), left = 3;

    start(send_texts, TEXTS);
    start(send_numbers, NUMBERS);
    TRY(mcapi_initialize(DOMAIN, PARENT, NULL, NULL, &info, &status));
    TRY(end[TEXTS] = mcapi_endpoint_create(TEXTS, &status));
    TRY(end[NUMBERS] = mcapi_endpoint_create(NUMBERS, &status));
    TRY(mcapi_pktchan_recv_open_i(&texts, end[TEXTS], &opened, &status));
    TRY(mcapi_sclchan_recv_open_i(&numbers, end[NUMBERS], &opened, &status));

    fd[TEXTS] = watch_end(set, texts, TEXTS);
    fd[NUMBERS] = watch_end(set, numbers, NUMBERS);
    fd[TIMER] = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(fd[TIMER], 0, &soon, NULL);
    watch(set, fd[TIMER], TIMER);

    while (left > 0) {
        struct epoll_event event;
        int goes_on = 0;

        if (epoll_wait(set, &event, 1, PATIENCE) != 1) {
            fprintf(stderr, "nothing came\n");
            return 1;
        }
        if (event.data.u32 == TEXTS)
            goes_on = take_text(texts, &count);
        else if (event.data.u32 == NUMBERS)
            goes_on = take_number(numbers, &sum);
        else
            printf("the timer\n");
        if (!goes_on) { /* an end that has ended stays readable */
            epoll_ctl(set, EPOLL_CTL_DEL, fd[event.data.u32], NULL);
            left--;
        }
    }
    printf("%u texts\n", count);
    printf("the sum of the numbers is %u\n", sum);
    TRY(mcapi_finalize(&status)); /* closes the ends, and their descriptors */
    return end_of_children();
}
