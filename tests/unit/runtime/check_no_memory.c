/* SPDX-License-Identifier: MIT */
/*
 * check_no_memory.c - there is no more memory for the segment: the call that needs some says
 * so, nothing is lost, and once there is memory again the same call succeeds.
 *
 * What gives the segment memory is fallocate(), and this program has its own: so each of the
 * places where memory is asked for can be the one that gets none, and none ends in SIGBUS.
 */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/runtime.h"
#include "segment/audit.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum { LARGE = 1000, SMALL = 100 };

static unsigned asked;     /* how often memory was asked for */
static unsigned refuse_at; /* the time from which on there is none; 0: there is always some */
static const char payload[LARGE];
static mcapi_status_t status;

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    asked++;
    if (refuse_at != 0 && asked >= refuse_at) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

static void no_more_memory(void)
{
    asked = 0;
    refuse_at = 1;
}

static void memory_again(void)
{
    refuse_at = 0;
}

static void expect_whole(void)
{
    struct mci_audit audit;

    ck_assert_msg(mci_audit(mci_map(), &audit), "%s", audit.fault[0]);
}

static mcapi_status_t try_to_join(void)
{
    mcapi_info_t info;

    mcapi_initialize(0, 1, NULL, NULL, &info, &status);
    return status;
}

START_TEST(without_memory_there_is_no_topology)
{
    topology_begin();
    no_more_memory();
    expect_status(MCAPI_ERR_NODE_INITFAILED, try_to_join());
    ck_assert_uint_gt(asked, 0);
    memory_again();
    expect_status(MCAPI_SUCCESS, try_to_join());
    expect_whole();
    leave();
    topology_end();
}
END_TEST

/* --- Channels --------------------------------------------------------------------------- */

static mcapi_endpoint_t from, to;
static mcapi_pktchan_send_hndl_t send_handle;
static mcapi_pktchan_recv_hndl_t receive_handle;
static mcapi_request_t request;

static void begin_ends(void)
{
    from = mcapi_endpoint_create(1, &status);
    to = mcapi_endpoint_create(2, &status);
    expect_status(MCAPI_SUCCESS, status);
}

static void begin(void)
{
    node_begin();
    begin_ends();
}

static mcapi_status_t connect_now(void)
{
    size_t size;

    mcapi_pktchan_connect_i(from, to, &request, &status);
    if (status == MCAPI_SUCCESS || status == MCAPI_PENDING)
        mcapi_wait(&request, &size, MCAPI_TIMEOUT_IMMEDIATE, &status);
    return status;
}

static void open_both(void)
{
    expect_status(MCAPI_SUCCESS, connect_now());
    mcapi_pktchan_send_open_i(&send_handle, from, &request, &status);
    mcapi_pktchan_recv_open_i(&receive_handle, to, &request, &status);
}

START_TEST(without_memory_no_channel_is_connected)
{
    begin();
    no_more_memory();
    expect_status(MCAPI_ERR_MEM_LIMIT, connect_now());
    expect_whole();
    memory_again();
    open_both();
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(send_handle, payload, LARGE, &status));
    expect_whole();
    node_end();
}
END_TEST

START_TEST(without_memory_small_packets_are_sent_and_large_ones_are_not)
{
    size_t size;
    void *packet;

    begin();
    open_both();
    no_more_memory();
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_pktchan_send(send_handle, payload, LARGE, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(send_handle, payload, SMALL, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(receive_handle, &packet, &size, &status));
    ck_assert_uint_eq(size, SMALL);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    expect_whole();
    memory_again();
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(send_handle, payload, LARGE, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(receive_handle, &packet, &size, &status));
    ck_assert_uint_eq(size, LARGE);
    expect_whole();
    node_end();
}
END_TEST

START_TEST(without_memory_no_large_buffer_is_lent)
{
    void *taken;

    begin();
    open_both();
    no_more_memory();
    expect(MCAPI_ERR_MEM_LIMIT,
           (void)mcapi_ext_pktchan_buffer_take(send_handle, LARGE, &status));
    expect_whole();
    memory_again();
    taken = mcapi_ext_pktchan_buffer_take(send_handle, LARGE, &status);
    expect_status(MCAPI_SUCCESS, status);
    expect(MCAPI_SUCCESS, mcapi_ext_pktchan_buffer_send(send_handle, taken, LARGE, &status));
    expect_whole();
    node_end();
}
END_TEST

/* --- Messages --------------------------------------------------------------------------- */

START_TEST(without_memory_there_is_no_mailbox)
{
    begin();
    no_more_memory();
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, to, payload, SMALL, 0, &status));
    expect_whole();
    memory_again();
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, payload, SMALL, 0, &status));
    expect_whole();
    node_end();
}
END_TEST

START_TEST(without_memory_small_messages_are_sent_and_large_ones_are_not)
{
    char buffer[LARGE];
    size_t size;

    begin();
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, payload, SMALL, 0, &status));
    no_more_memory();
    expect(MCAPI_ERR_MEM_LIMIT, mcapi_msg_send(from, to, payload, LARGE, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, payload, SMALL, 0, &status));
    expect_whole();
    memory_again();
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, payload, LARGE, 0, &status));
    for (int i = 0; i < 3; i++)
        expect(MCAPI_SUCCESS, mcapi_msg_recv(to, buffer, sizeof buffer, &size, &status));
    ck_assert_uint_eq(size, LARGE);
    expect_whole();
    node_end();
}
END_TEST

/* --- Each place in turn ------------------------------------------------------------------ */

/* All that needs memory. Statuses are what they are; nothing else may happen. */
static void do_everything(void)
{
    connect_now();
    mcapi_pktchan_send_open_i(&send_handle, from, &request, &status);
    mcapi_pktchan_recv_open_i(&receive_handle, to, &request, &status);
    if (status == MCAPI_SUCCESS || status == MCAPI_PENDING) {
        mcapi_pktchan_send_i(send_handle, payload, LARGE, &request, &status);
        mcapi_pktchan_send_i(send_handle, payload, SMALL, &request, &status);
    }
    mcapi_endpoint_t other = mcapi_endpoint_create(MCAPI_PORT_ANY, &status);

    mcapi_msg_send_i(other, other, payload, LARGE, 3, &request, &status);
    mcapi_msg_send_i(other, other, payload, SMALL, 3, &request, &status);
}

START_TEST(wherever_memory_ends_the_segment_stays_whole)
{
    unsigned needed = 1; /* times that memory is asked for, as far as we have got */

    topology_begin();
    for (unsigned at = 1; at <= needed + 1; at++) {
        join(0, 1);
        begin_ends();
        asked = 0;
        refuse_at = at;
        do_everything();
        if (at == 1 || asked > needed)
            needed = asked;
        expect_whole();
        memory_again();
        do_everything();
        expect_whole();
        leave();
    }
    topology_end();
    ck_assert_uint_ge(needed, 4);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { without_memory_there_is_no_topology, 1 },
        { without_memory_no_channel_is_connected, 1 },
        { without_memory_small_packets_are_sent_and_large_ones_are_not, 1 },
        { without_memory_no_large_buffer_is_lent, 1 },
        { without_memory_there_is_no_mailbox, 1 },
        { without_memory_small_messages_are_sent_and_large_ones_are_not, 1 },
        { wherever_memory_ends_the_segment_stays_whole, 1 },
    };

    return suite_run("no_memory", tests, SUITE_LENGTH(tests));
}
