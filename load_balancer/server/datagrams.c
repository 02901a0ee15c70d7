/* SPDX-License-Identifier: MIT */
/*
 * datagrams.c - in and out in batches.
 */
#include "load_balancer/server/datagrams.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load_balancer/server/server_inside.h"
#include "worker/clock.h"

enum {
    BATCH = 32,
    /* Batches taken from one socket in a turn. */
    BATCHES_MOST = 4,
    LARGEST = 65536,
    CONTROL_SIZE = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

union peer_address {
    struct sockaddr_storage storage;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* Whom a pending request is from, and at which of our addresses it came. */
struct datagram_peer {
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    union {
        struct in_pktinfo in;
        struct in6_pktinfo in6;
    } at;
    uint32_t generation;
    uint32_t next_free; /* number + 1; 0: none */
    uint16_t socket;
    bool ipv6;
    bool told; /* `at` is known */
    bool taken;
};

struct datagram_batch {
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    union peer_address addresses[BATCH];
    struct {
        alignas(struct cmsghdr) uint8_t bytes[CONTROL_SIZE];
    } control[BATCH];
    uint32_t count; /* of those that are to go out */
    uint16_t socket;
    uint8_t bytes[BATCH][LARGEST];
};

/* --- Making ------------------------------------------------------------------------------- */

static struct datagram_batch *make_batch(void)
{
    struct datagram_batch *batch = calloc(1, sizeof(*batch));

    if (batch == NULL)
        return NULL;
    for (int i = 0; i < BATCH; i++) {
        batch->vectors[i].iov_base = batch->bytes[i];
        batch->headers[i].msg_hdr.msg_iov = &batch->vectors[i];
        batch->headers[i].msg_hdr.msg_iovlen = 1;
        batch->headers[i].msg_hdr.msg_name = &batch->addresses[i];
    }
    return batch;
}

static bool make_peers(struct datagrams *datagrams, uint32_t count)
{
    datagrams->peers = calloc(count, sizeof(*datagrams->peers));
    if (datagrams->peers == NULL)
        return false;
    datagrams->peer_count = count;
    for (uint32_t i = count; i-- > 0;) {
        datagrams->peers[i].next_free = datagrams->free;
        datagrams->free = i + 1;
    }
    return true;
}

static bool open_socket(struct event_loop *loop, size_t index, char *reason, size_t reason_size)
{
    struct datagrams *datagrams = &loop->datagrams;
    struct server_address *address = &loop->server->at[index];
    int descriptor = listener_open(address, true, reason, reason_size);

    if (descriptor < 0)
        return false;
    datagrams->sockets[datagrams->socket_count++] = descriptor;
    if (event_loop_watch(loop, descriptor, EPOLLIN,
                         EVENT_SLOT_DATAGRAMS + (uint32_t)(datagrams->socket_count - 1), 0))
        return true;
    snprintf(reason, reason_size, "cannot watch a socket: %s", strerror(errno));
    return false;
}

bool datagrams_open(struct event_loop *loop, char *reason, size_t reason_size)
{
    const struct server_settings *settings = loop->settings;
    struct datagrams *datagrams = &loop->datagrams;
    size_t count = 0;

    for (size_t i = 0; i < settings->address_count; i++)
        count += settings->addresses[i].datagrams;
    if (count == 0)
        return true;
    datagrams->sockets = calloc(count, sizeof(*datagrams->sockets));
    datagrams->in = make_batch();
    datagrams->out = make_batch();
    if (datagrams->sockets == NULL || datagrams->in == NULL || datagrams->out == NULL
        || !make_peers(datagrams, settings->max_pending * DATAGRAMS_PER_PENDING)) {
        snprintf(reason, reason_size, "no memory for datagrams");
        return false;
    }
    for (size_t i = 0; i < settings->address_count; i++)
        if (settings->addresses[i].datagrams && !open_socket(loop, i, reason, reason_size))
            return false;
    return true;
}

void datagrams_stop(struct event_loop *loop)
{
    for (size_t i = 0; i < loop->datagrams.socket_count; i++)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->datagrams.sockets[i], NULL);
}

void datagrams_close(struct event_loop *loop)
{
    struct datagrams *datagrams = &loop->datagrams;

    for (size_t i = 0; i < datagrams->socket_count; i++)
        close(datagrams->sockets[i]);
    free(datagrams->sockets);
    free(datagrams->peers);
    free(datagrams->in);
    free(datagrams->out);
    *datagrams = (struct datagrams){ 0 };
}

/* --- In -------------------------------------------------------------------------------------
 */

/* Of our addresses, the one to which it was sent: the reply is to come from there. */
static void note_where(struct datagram_peer *peer, struct msghdr *header)
{
    peer->told = false;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at != NULL; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            memcpy(&peer->at.in, CMSG_DATA(at), sizeof(peer->at.in));
            peer->at.in.ipi_ifindex = 0; /* routes decide */
            peer->told = true;
        } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            memcpy(&peer->at.in6, CMSG_DATA(at), sizeof(peer->at.in6));
            peer->told = true;
        }
    }
}

static struct datagram_peer *take_peer(struct datagrams *datagrams)
{
    struct datagram_peer *peer;

    if (datagrams->free == 0)
        return NULL;
    peer = &datagrams->peers[datagrams->free - 1];
    datagrams->free = peer->next_free;
    datagrams->pending++;
    peer->taken = true;
    return peer;
}

static void give_peer(struct datagrams *datagrams, struct datagram_peer *peer)
{
    peer->generation++;
    peer->taken = false;
    peer->next_free = datagrams->free;
    datagrams->free = (uint32_t)(peer - datagrams->peers) + 1;
    datagrams->pending--;
}

static bool submit(struct event_loop *loop, size_t socket, uint32_t index)
{
    struct datagrams *datagrams = &loop->datagrams;
    struct mmsghdr *message = &datagrams->in->headers[index];
    union peer_address *from = &datagrams->in->addresses[index];
    struct server *server = loop->server;
    struct server_request request = {
        .tag = (uint32_t)address_hash(&from->storage, true, server->key),
        .bytes = datagrams->in->bytes[index],
        .size = message->msg_len,
    };
    struct datagram_peer *peer;

    if ((message->msg_hdr.msg_flags & MSG_TRUNC) != 0
        || message->msg_len > loop->settings->max_request) {
        loop->statistics.datagrams_cut++;
        return false;
    }
    if (server->rate.every_ns != 0
        && rate_take(&server->rate, address_hash(&from->storage, false, server->key),
                     clock_ns())
                   != 0)
        return false;
    peer = take_peer(datagrams);
    if (peer == NULL)
        return false;
    peer->socket = (uint16_t)socket;
    peer->ipv6 = from->storage.ss_family == AF_INET6;
    if (peer->ipv6)
        peer->address.in6 = from->in6;
    else
        peer->address.in = from->in;
    note_where(peer, &message->msg_hdr);
    request.id.slot = DATAGRAMS_SLOT | (uint32_t)(peer - datagrams->peers);
    request.id.generation = peer->generation;
    if (loop->handler->submit(loop->handler_context, loop, &request)) {
        loop->statistics.requests++;
        return true;
    }
    give_peer(datagrams, peer);
    return false;
}

/* One batch; how many there were. */
static int receive(struct event_loop *loop, size_t index)
{
    struct datagram_batch *in = loop->datagrams.in;
    int count;

    for (int i = 0; i < BATCH; i++) {
        struct msghdr *header = &in->headers[i].msg_hdr;

        in->vectors[i].iov_len = LARGEST;
        header->msg_namelen = sizeof(in->addresses[i]);
        header->msg_control = in->control[i].bytes;
        header->msg_controllen = sizeof(in->control[i].bytes);
    }
    count = recvmmsg(loop->datagrams.sockets[index], in->headers, BATCH, 0, NULL);
    for (int i = 0; i < count; i++) {
        loop->statistics.datagrams++;
        loop->statistics.bytes_in += in->headers[i].msg_len;
        if (!submit(loop, index, (uint32_t)i))
            loop->statistics.datagrams_dropped++;
    }
    return count;
}

void datagrams_event(struct event_loop *loop, size_t index)
{
    /* What fails here (an ICMP error that a reply of ours has caused) is told once, and gone.
     */
    for (int i = 0; i < BATCHES_MOST; i++)
        if (receive(loop, index) < BATCH)
            return;
}

/* --- Out ------------------------------------------------------------------------------------
 */

void datagrams_flush(struct event_loop *loop)
{
    struct datagram_batch *out = loop->datagrams.out;
    uint32_t sent = 0;

    if (out == NULL || out->count == 0)
        return;
    while (sent < out->count) {
        int count = sendmmsg(loop->datagrams.sockets[out->socket], out->headers + sent,
                             out->count - sent, MSG_DONTWAIT);

        if (count > 0) {
            for (uint32_t i = sent; i < sent + (uint32_t)count; i++)
                loop->statistics.bytes_out += out->headers[i].msg_len;
            loop->statistics.replies += (uint64_t)count;
            sent += (uint32_t)count;
        } else if (errno == EINTR) {
            continue;
        } else if (errno == EAGAIN) {
            loop->statistics.datagrams_dropped += out->count - sent;
            break;
        } else { /* this one cannot go to where it should; the others may */
            loop->statistics.datagrams_dropped++;
            sent++;
        }
    }
    out->count = 0;
}

static void set_control(struct datagram_batch *out, uint32_t index,
                        const struct datagram_peer *peer)
{
    struct msghdr *header = &out->headers[index].msg_hdr;
    size_t size = peer->ipv6 ? sizeof(peer->at.in6) : sizeof(peer->at.in);
    struct cmsghdr *control;

    header->msg_control = NULL;
    header->msg_controllen = 0;
    if (!peer->told)
        return;
    header->msg_control = out->control[index].bytes;
    header->msg_controllen = CMSG_SPACE(size);
    memset(out->control[index].bytes, 0, CONTROL_SIZE);
    control = CMSG_FIRSTHDR(header);
    control->cmsg_level = peer->ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    control->cmsg_type = peer->ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(control), &peer->at, size);
}

static void add(struct event_loop *loop, const struct datagram_peer *peer, const uint8_t *bytes,
                uint32_t size)
{
    struct datagram_batch *out = loop->datagrams.out;
    uint32_t index;

    if (out->count == BATCH || (out->count > 0 && out->socket != peer->socket))
        datagrams_flush(loop);
    index = out->count++;
    out->socket = peer->socket;
    memcpy(out->bytes[index], bytes, size);
    out->vectors[index].iov_len = size;
    if (peer->ipv6)
        out->addresses[index].in6 = peer->address.in6;
    else
        out->addresses[index].in = peer->address.in;
    out->headers[index].msg_hdr.msg_namelen =
            peer->ipv6 ? sizeof(peer->address.in6) : sizeof(peer->address.in);
    set_control(out, index, peer);
}

void datagrams_reply(struct event_loop *loop, const struct server_request_id *id,
                     enum protocol_outcome outcome, const uint8_t *bytes, uint32_t size)
{
    struct datagrams *datagrams = &loop->datagrams;
    uint32_t number = id->slot & ~DATAGRAMS_SLOT;
    struct datagram_peer *peer;

    if (number >= datagrams->peer_count)
        return;
    peer = &datagrams->peers[number];
    if (!peer->taken || peer->generation != id->generation) {
        loop->statistics.late++;
        return;
    }
    if (outcome == PROTOCOL_REPLY) {
        if (size < LARGEST)
            add(loop, peer, bytes, size);
        else
            loop->statistics.datagrams_dropped++;
    }
    give_peer(datagrams, peer);
}
