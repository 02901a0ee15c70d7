/* SPDX-License-Identifier: MIT */
/*
 * mcapi_ext.h - what this implementation offers beyond the standard.
 *
 * A program that is to run with other implementations too does without this file.
 */
#ifndef MCAPI_EXT_H
#define MCAPI_EXT_H

#include <stddef.h>

#include "mcapi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Settings for mcapi_initialize ----------------------------------------------- */

/*
 * mcapi_param_t.wait_policy, how a blocked call waits. The environment's word for it is
 * MCAPI_WAIT=adaptive|spin|sleep.
 */
#define MCAPI_EXT_WAIT_DEFAULT  0 /* what the environment says, or else adaptive */
#define MCAPI_EXT_WAIT_ADAPTIVE 1 /* looks again for a moment where that helps, then sleeps */
#define MCAPI_EXT_WAIT_SPIN     2 /* looks again all the time: for a core of its own */
#define MCAPI_EXT_WAIT_SLEEP    3 /* sleeps at once */

/*
 * mcapi_param_t.compat, whose reading of the standard to follow. The environment's word for
 * it is MCAPI_COMPAT=standard|reference|document.
 */
#define MCAPI_EXT_COMPAT_DEFAULT   0 /* what the environment says, or else standard */
#define MCAPI_EXT_COMPAT_STANDARD  1 /* what the comments in mcapi.h say */
#define MCAPI_EXT_COMPAT_REFERENCE 2 /* as the reference implementation 2.0.3 behaves */
#define MCAPI_EXT_COMPAT_DOCUMENT  3 /* the letter of MCAPI 2.000 */

/*
 * Fills init parameters with the defaults. With them comes the magic number by which
 * mcapi_initialize knows that they were filled. The program then sets the fields that it cares
 * about. Needs no node.
 *
 *   parameters  the caller's; if it is NULL, nothing happens
 */
void mcapi_param_init(mcapi_param_t *parameters);

/* --- Waiting for several receivers ----------------------------------------------- */

/*
 * Waits until one of several receivers has something. For a channel that is a packet or a
 * scalar, or that the other end is closed or has died, which a receive then reports; for an
 * endpoint, a message. If several have, repeated calls give each its turn. Receives nothing
 * itself; if two threads receive on one end, the other may be faster.
 *
 *   ends     of this node: receiving ends of packet and scalar channels, opened; and endpoints
 *            that are neither open nor on a channel, for messages. The caller's
 *   count    how many, at least 1
 *   timeout  milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until a receive on one of them would not, or until the timeout.
 *
 * Returns the index in `ends` of such a one; MCAPI_RETURN_VALUE_INVALID if there is none or the
 * call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           none had anything in that time
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     ends is NULL, or count is 0
 *   MCAPI_ERR_CHAN_INVALID  one of the ends is neither an open receiving end on this node nor an
 *                           endpoint of it that receives messages
 *   MCAPI_ERR_GENERAL       the memory of a channel is damaged
 */
mcapi_uint_t mcapi_ext_wait_receivable(const mcapi_endpoint_t *ends, size_t count,
                                       mcapi_timeout_t timeout, mcapi_status_t *mcapi_status);

/* --- In an event loop ------------------------------------------------------------- */

/*
 * Gives a file descriptor that is readable exactly while a receive would not block. It is for
 * poll, select and epoll, level-triggered or edge-triggered, and for every event loop (libev,
 * libuv, ...). Of an open receiving end of a channel it tells of packets or scalars; of an
 * endpoint that is neither open nor connected, of messages. It is the same one at each call,
 * until it is closed.
 *
 * It is readable while something is there, for a new receive or for one that was posted with an
 * _i call; of a channel also for good when the other end has closed or died and all was
 * received. It becomes readable soon after the send, and at the latest when a call of this node
 * has seen what was sent; it has ceased to be readable when the receive returns that took the
 * last of it, whichever thread makes it. With EPOLLET, go on receiving until a call says that
 * there is nothing more: mcapi_pktchan_available is 0, or a receive times out. A burst that
 * brings less than it has room for does not say so.
 *
 * The descriptor belongs to the library. Use it to wait only: do not read, write or close it.
 * It is closed with the end of the channel, or with the endpoint: by a close, by
 * mcapi_endpoint_delete, by mcapi_finalize, by the end of the node's thread. Take it out of the
 * event loop before that. Whoever waits for it then wakes, and a duplicate made with dup() is
 * readable from then on. A child made by fork does not have it, nor does a program that is
 * executed.
 *
 * The first call starts a thread that ends with the last node of the process; it has all
 * signals blocked, sleeps while nothing happens, and does nothing for ends that nobody asked
 * about.
 *
 *   end  a receiving end of a packet or a scalar channel of this node, opened, connected yet
 *        or not; or an endpoint of this node that is on no channel
 *
 * Returns the descriptor; -1 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_ENDP_INVALID  this is not an endpoint of this node
 *   MCAPI_ERR_CHAN_INVALID  it is open for sending, or connected and not open
 *   MCAPI_ERR_MEM_LIMIT     no file descriptor, thread or memory is to be had
 *   MCAPI_ERR_GENERAL       the memory of its messages is damaged
 */
int mcapi_ext_receive_fd(mcapi_endpoint_t end, mcapi_status_t *mcapi_status);

/* --- Packets by reference -------------------------------------------------------- */

/*
 * The buffers of a packet channel lie in shared memory. A program that fills one where it lies
 * sends a packet without a copy:
 *
 *     char *buffer = mcapi_ext_pktchan_buffer_take(handle, 16000, &status);
 *     size_t size = make_packet(buffer, 16000);
 *     mcapi_ext_pktchan_buffer_send(handle, buffer, size, &status);
 *
 * The receiver cannot tell such a packet from others. Both kinds may be mixed; packets arrive
 * in the order in which they were sent, not taken. mcapi_pktchan_release_test tells whether the
 * receiver has released the buffer.
 *
 * A buffer that is taken takes its place from the channel's depth, as one that the receiver
 * holds does, and stalls nothing else. A program may hold any number, up to all: then a send or
 * a take waits until one is given back or released. Those that are not sent when the sending
 * end is closed go with the close; so they do with the node.
 *
 * Any thread of the node may make any of these calls.
 */

/*
 * Takes a buffer of a packet channel. It is the caller's to fill until it is sent or given
 * back.
 *
 *   send_handle  an open sending end of a packet channel of this node
 *   size         bytes of room, at most the endpoint's MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE; may
 *                be 0. What lies in the buffer is of earlier packets. Its address is a multiple
 *                of 16, and of 64 (a cache line) if size is more than 112
 *
 * Blocks while there is none or the channel is not connected yet, until the timeout of the
 * endpoint.
 *
 * Returns the buffer; NULL if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a packet channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_PKT_LIMIT     size is too large
 *   MCAPI_ERR_MEM_LIMIT     no buffer is free, and the endpoint has
 *                           MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT set; or there is no memory
 *   MCAPI_TIMEOUT           no buffer was free within the endpoint's timeout
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void *mcapi_ext_pktchan_buffer_take(mcapi_pktchan_send_hndl_t send_handle, size_t size,
                                    mcapi_status_t *mcapi_status);

/*
 * Sends a packet in the buffer that it was made in. The place for it is there. If the call
 * succeeds, the buffer is not the caller's any more, and may be written to by the receiver; if
 * it fails, the buffer is what it was.
 *
 *   send_handle  of the channel that the buffer was taken from
 *   buffer       as mcapi_ext_pktchan_buffer_take has returned it; any other pointer is
 *                recognised and refused
 *   size         bytes of the packet, from the beginning of the buffer; at most as many as it
 *                was taken for
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a packet channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_PKT_LIMIT     size is more than the buffer was taken for
 *   MCAPI_ERR_BUF_INVALID   not a buffer that is taken from this channel
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void mcapi_ext_pktchan_buffer_send(mcapi_pktchan_send_hndl_t send_handle, void *buffer,
                                   size_t size, mcapi_status_t *mcapi_status);

/*
 * Gives a buffer back that was taken and is not to be sent. The receiver may be gone.
 *
 *   send_handle, buffer  as for mcapi_ext_pktchan_buffer_send
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a packet channel on this node
 *   MCAPI_ERR_BUF_INVALID   not a buffer that is taken from this channel
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
void mcapi_ext_pktchan_buffer_give_back(mcapi_pktchan_send_hndl_t send_handle, void *buffer,
                                        mcapi_status_t *mcapi_status);

/* --- Bursts ---------------------------------------------------------------------- */

/*
 * Several packets or scalars in one call: the channel is entered once, and the other side woken
 * at most once. Each call does at least one item, for which it waits as the call for a single
 * one does, and then as many as can be done without waiting. It returns how many, from the
 * first on; 0 if it fails, and then nothing has changed. An item that cannot be done for a
 * reason of its own (too large, of another width, no buffer) ends the burst before it, and
 * makes the call fail only if it is the first. So whoever gets less than asked for calls again
 * with the rest, and either gets on or learns what is wrong.
 *
 * Bursts and single calls may be mixed, and made by any thread of the node; the items of one
 * burst stay together.
 */

/*
 * Sends packets. Their bytes are copied before the call returns.
 *
 *   send_handle  an open sending end of a packet channel of this node
 *   buffers      the packets, in order; one of 0 bytes may be NULL
 *   sizes        bytes of each, at most the endpoint's MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE
 *   count        packets, at least 1
 *
 * Blocks until the first is sent, or until the timeout of the endpoint.
 *
 * Returns how many were sent, from the first on; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffers or sizes is NULL, or one of the buffers and its size is not
 *                           0, or count is 0
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a packet channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_PKT_LIMIT     the first packet is too large
 *   MCAPI_ERR_MEM_LIMIT     no room, and the endpoint has MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT
 *                           set; or there is no memory
 *   MCAPI_TIMEOUT           there was no room within the endpoint's timeout
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
size_t mcapi_ext_pktchan_send_burst(mcapi_pktchan_send_hndl_t send_handle,
                                    const void *const *buffers, const size_t *sizes,
                                    size_t count, mcapi_status_t *mcapi_status);

/*
 * Receives packets where they lie. Each buffer is the caller's to read and to write until it is
 * released: by mcapi_pktchan_release or mcapi_ext_pktchan_release_burst, in any order. Receives
 * that were posted before are served first.
 *
 *   receive_handle  an open receiving end of a packet channel of this node
 *   buffers, sizes  of the packets that came; the rest is left alone
 *   room            how many packets they have room for, at least 1
 *
 * Blocks until there is one, or until the timeout of the endpoint.
 *
 * Returns how many came; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffers or sizes is NULL, or room is 0
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a packet channel on this node; or the
 *                           sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_TIMEOUT           there was no packet within the endpoint's timeout
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
size_t mcapi_ext_pktchan_recv_burst(mcapi_pktchan_recv_hndl_t receive_handle, void **buffers,
                                    size_t *sizes, size_t room, mcapi_status_t *mcapi_status);

/*
 * Gives the buffers of received packets back to their channels. They may be of several
 * channels; the sender of one is woken once for all that stand side by side.
 *
 *   buffers  as mcapi_pktchan_recv or mcapi_ext_pktchan_recv_burst has given them
 *   count    how many, at least 1
 *
 * Returns how many were given back, from the first on; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     buffers is NULL, or count is 0
 *   MCAPI_ERR_BUF_INVALID   the first is not the buffer of a packet that this node has received
 *                           and not released
 */
size_t mcapi_ext_pktchan_release_burst(void *const *buffers, size_t count,
                                       mcapi_status_t *mcapi_status);

/*
 * Sends scalars of one width.
 *
 *   send_handle  an open sending end of a scalar channel of this node
 *   words        the scalars, in order
 *   count        how many, at least 1
 *
 * Blocks until the first is sent, or until the timeout of the endpoint.
 *
 * Returns how many were sent, from the first on; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     words is NULL, or count is 0
 *   MCAPI_ERR_CHAN_INVALID  not an open sending end of a scalar channel on this node, or the
 *                           receiver has closed its end
 *   MCAPI_ERR_TRANSMISSION  the receiver's node has died
 *   MCAPI_ERR_MEM_LIMIT     no room, and the endpoint has MCAPI_ENDP_ATTR_FAIL_ON_MEM_LIMIT
 *                           set
 *   MCAPI_TIMEOUT           there was no room within the endpoint's timeout
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
size_t mcapi_ext_sclchan_send_burst_uint64(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint64_t *words, size_t count,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_send_burst_uint32(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint32_t *words, size_t count,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_send_burst_uint16(mcapi_sclchan_send_hndl_t send_handle,
                                           const mcapi_uint16_t *words, size_t count,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_send_burst_uint8(mcapi_sclchan_send_hndl_t send_handle,
                                          const mcapi_uint8_t *words, size_t count,
                                          mcapi_status_t *mcapi_status);

/*
 * Receives scalars of one width, up to one that was sent in another.
 *
 *   receive_handle  an open receiving end of a scalar channel of this node
 *   words           the scalars that came; the rest is left alone
 *   room            how many it has room for, at least 1
 *
 * Blocks until there is one, or until the timeout of the endpoint.
 *
 * Returns how many came; 0 if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     words is NULL, or room is 0
 *   MCAPI_ERR_CHAN_INVALID  not an open receiving end of a scalar channel on this node; or the
 *                           sender has closed its end, and all that was sent is received
 *   MCAPI_ERR_SCL_SIZE      the first scalar has another width; it stays where it is (profile
 *                           `reference`: it is gone)
 *   MCAPI_ERR_TRANSMISSION  the sender's node has died, and all that was sent is received
 *   MCAPI_TIMEOUT           there was no scalar within the endpoint's timeout
 *   MCAPI_ERR_GENERAL       the memory of the channel is damaged
 */
size_t mcapi_ext_sclchan_recv_burst_uint64(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint64_t *words, size_t room,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_recv_burst_uint32(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint32_t *words, size_t room,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_recv_burst_uint16(mcapi_sclchan_recv_hndl_t receive_handle,
                                           mcapi_uint16_t *words, size_t room,
                                           mcapi_status_t *mcapi_status);
size_t mcapi_ext_sclchan_recv_burst_uint8(mcapi_sclchan_recv_hndl_t receive_handle,
                                          mcapi_uint8_t *words, size_t room,
                                          mcapi_status_t *mcapi_status);

/* --- Statistics ------------------------------------------------------------------ */

/*
 * What every node, endpoint and channel of the topology is and has done, told to any of its
 * nodes, while everything goes on:
 *
 *     mcapi_ext_channel_stats_t channel;
 *     mcapi_uint_t cursor = 0;
 *
 *     while (mcapi_ext_channel_stats(&cursor, &channel, &status))
 *         printf("%llu sent, %u queued\n", channel.sent, channel.queued);
 *
 * Counting costs the ends of a channel next to nothing: how much was sent and received follows
 * from the positions of the channel's ring. Numbers of 64 bits never come round, and those of
 * items never go back. Each number was true at some moment of the call, not all of them at the
 * same one. Room that is reserved is 0.
 */

/* A live node. */
typedef struct mcapi_ext_node_stats {
    mcapi_uint32_t domain, node;          /* its name */
    mcapi_uint32_t process;               /* process id */
    mcapi_uint32_t dead;                  /* 1: it has died, and is not yet recovered */
    mcapi_uint32_t type;                  /* MCAPI_NODE_ATTR_TYPE */
    mcapi_uint32_t endpoints;             /* that it has now */
    mcapi_uint32_t sends_on, receives_on; /* so many channels now */
    mcapi_uint64_t joined;                /* when: CLOCK_MONOTONIC, ns */
    mcapi_uint64_t reserved[11];
} mcapi_ext_node_stats_t;

#define MCAPI_EXT_NO_CHANNEL (~0u)

/* An endpoint. Bytes are of payload; what was counted, since the endpoint was created. */
typedef struct mcapi_ext_endpoint_stats {
    mcapi_endpoint_t endpoint;
    mcapi_uint32_t domain, node, port; /* its name; the node is its owner */
    mcapi_uint32_t type;               /* MCAPI_ENDP_ATTR_TYPE */
    mcapi_uint32_t status;             /* MCAPI_ENDP_ATTR_STATUS */
    mcapi_uint32_t gets;               /* MCAPI_ENDP_ATTR_GET_COUNT */
    mcapi_uint32_t channel;          /* as in mcapi_ext_channel_stats_t; MCAPI_EXT_NO_CHANNEL */
    mcapi_uint32_t messages_queued;  /* that wait here now, or are on their way in or out */
    mcapi_uint32_t messages_room;    /* for so many more; 0 before the first message */
    mcapi_uint64_t messages_sent;    /* from this endpoint */
    mcapi_uint64_t messages_dropped; /* the same, to endpoints that were no more */
    mcapi_uint64_t messages_received;
    mcapi_uint64_t message_bytes_sent;
    mcapi_uint64_t message_bytes_received;
    mcapi_uint64_t reserved[14];
} mcapi_ext_endpoint_stats_t;

#define MCAPI_EXT_PACKETS 1u
#define MCAPI_EXT_SCALARS 2u

#define MCAPI_EXT_SIDE_SHUT   0u /* not opened yet */
#define MCAPI_EXT_SIDE_OPEN   1u
#define MCAPI_EXT_SIDE_CLOSED 2u /* closed, or finalized */
#define MCAPI_EXT_SIDE_DEAD   3u /* its node has died */

/* One end of a channel. */
typedef struct mcapi_ext_side_stats {
    mcapi_endpoint_t endpoint;
    mcapi_uint32_t domain, node, port; /* its name; all bits set: it was deleted */
    mcapi_uint32_t state;              /* MCAPI_EXT_SIDE_... */
    mcapi_uint32_t reserved_too;
    mcapi_uint64_t stalls; /* calls that found no room (sender), or nothing there (receiver) */
    mcapi_uint64_t sleeps; /* of blocked calls that wait for this channel alone */
    mcapi_uint64_t wakes;  /* times that this end woke the other one */
    mcapi_uint64_t reserved[6];
} mcapi_ext_side_stats_t;

/* A connected channel. What was counted, since it was connected. */
typedef struct mcapi_ext_channel_stats {
    mcapi_uint32_t channel;     /* its number; the next channel that is connected may have it */
    mcapi_uint32_t kind;        /* MCAPI_EXT_PACKETS, MCAPI_EXT_SCALARS */
    mcapi_uint32_t depth;       /* packets or scalars that fit */
    mcapi_uint32_t max_payload; /* bytes of one */
    mcapi_uint32_t queued;      /* sent and not yet received */
    mcapi_uint32_t held;        /* packets received and not yet released */
    mcapi_uint32_t taken;       /* buffers taken to be sent by reference */
    mcapi_uint32_t room;        /* for so many more now */
    mcapi_uint64_t connected;   /* when: CLOCK_MONOTONIC, ns */
    mcapi_uint64_t sent;        /* packets or scalars */
    mcapi_uint64_t received;
    mcapi_uint64_t bytes_sent; /* of packets; a scalar counts as the 8 that it travels in */
    mcapi_ext_side_stats_t sender, receiver;
    mcapi_uint64_t reserved[8];
} mcapi_ext_channel_stats_t;

/*
 * Tells of the live nodes of the topology, one at each call. Those that join or leave meanwhile
 * are told of, or not.
 *
 *   cursor  where to go on: 0 at the first call, and then as the last call has left it
 *   stats   is filled with the next node
 *
 * Returns MCAPI_TRUE if there was one; MCAPI_FALSE if all were told of, with MCAPI_SUCCESS, or
 * if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     cursor or stats is NULL
 */
mcapi_boolean_t mcapi_ext_node_stats(mcapi_uint_t *cursor, mcapi_ext_node_stats_t *stats,
                                     mcapi_status_t *mcapi_status);

/*
 * Tells of the endpoints of all nodes, one at each call. Those that are created or deleted
 * meanwhile are told of, or not.
 *
 *   cursor  where to go on: 0 at the first call, and then as the last call has left it
 *   stats   is filled with the next endpoint
 *
 * Returns MCAPI_TRUE if there was one; MCAPI_FALSE if all were told of, with MCAPI_SUCCESS, or
 * if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     cursor or stats is NULL
 */
mcapi_boolean_t mcapi_ext_endpoint_stats(mcapi_uint_t *cursor,
                                         mcapi_ext_endpoint_stats_t *stats,
                                         mcapi_status_t *mcapi_status);

/*
 * Tells of the channels of the topology, one at each call. Those that are connected or end
 * meanwhile are told of, or not.
 *
 *   cursor  where to go on: 0 at the first call, and then as the last call has left it
 *   stats   is filled with the next channel
 *
 * Returns MCAPI_TRUE if there was one; MCAPI_FALSE if all were told of, with MCAPI_SUCCESS, or
 * if the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     cursor or stats is NULL
 */
mcapi_boolean_t mcapi_ext_channel_stats(mcapi_uint_t *cursor, mcapi_ext_channel_stats_t *stats,
                                        mcapi_status_t *mcapi_status);

#ifdef __cplusplus
}
#endif

#endif /* MCAPI_EXT_H */
