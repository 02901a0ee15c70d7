/* SPDX-License-Identifier: MIT */
/*
 * network_client.c - clients of a server of frames that echoes: many well-behaved ones that
 * check every reply, and some that behave badly.
 *
 *     network_client pipelined PORT CONNECTIONS REQUESTS DEPTH
 *     network_client ended PORT CONNECTIONS DEPTH  the same without an end, until the server
 *                                           closes each connection, behind a whole reply
 *     network_client stream PORT CONNECTIONS MIB  frames of 64 KiB without a pause
 *     network_client churn PORT COUNT
 *     network_client idle PORT COUNT BYTES  sends so much of a frame, which does not become
 *                                           whole, and holds them until standard input ends
 *     network_client trickle PORT COUNT     one byte in a segment
 *     network_client deaf PORT              sends, never reads, until it is thrown out
 *     network_client slow PORT              a byte now and then, until it is thrown out
 *     network_client greedy PORT COUNT      each asks for more than it reads, until then
 *     network_client datagrams PORT COUNT HOST
 *     network_client flood PORT COUNT       datagrams, and no look at replies
 *
 * All on 127.0.0.1, or 127.0.0.HOST, or at the address $NETWORK_SERVER. Says what it has seen
 * in one line; the exit status is 0 if that was right.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    LIMIT_S = 60,
    HEAD = 4,
    LARGEST = 20000,
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static time_t give_up;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static void look_at_clock(const char *doing)
{
    if (time(NULL) > give_up)
        fail("%s: no end after %d s", doing, LIMIT_S);
}

static int dial(void)
{
    struct timeval patience = { .tv_sec = LIMIT_S };
    int descriptor = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    if (descriptor < 0)
        fail("socket: %s", strerror(errno));
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    while (connect(descriptor, (struct sockaddr *)&server, sizeof(server)) != 0)
        if (errno != EINTR)
            fail("connect: %s", strerror(errno));
    return descriptor;
}

/* --- What is asked ---------------------------------------------------------------------------
 */

static uint32_t mix(uint32_t number)
{
    number = (number ^ number >> 16) * 0x45d9f3bU;
    number = (number ^ number >> 16) * 0x45d9f3bU;
    return number ^ number >> 16;
}

/* The frame that this connection sends as its nth: the numbers of both, and bytes that follow
 * from them. Most are short, some long, a few have only the numbers. */
static uint32_t make_frame(uint8_t *frame, uint32_t connection, uint32_t n)
{
    uint32_t random = mix(connection * 1000003 + n);
    uint32_t size = 8 + (random % 16 == 0 ? random / 16 % LARGEST : random % 200);

    for (int i = 0; i < 4; i++) {
        frame[i] = (uint8_t)(size >> (24 - 8 * i));
        frame[HEAD + i] = (uint8_t)(connection >> (24 - 8 * i));
        frame[HEAD + 4 + i] = (uint8_t)(n >> (24 - 8 * i));
    }
    for (uint32_t i = 8; i < size; i++)
        frame[HEAD + i] = (uint8_t)(random + i * (random >> 8 | 1));
    return HEAD + size;
}

/* --- Many at once
 * ------------------------------------------------------------------------------ */

struct client {
    int descriptor;
    bool ended;
    uint32_t sent, received; /* frames, whole ones */
    uint32_t out_size, out_done;
    uint32_t in_size, in_done; /* of the frame that is expected */
    uint8_t out[HEAD + 8 + LARGEST], in[HEAD + 8 + LARGEST];
};

/* Sends as far as it may; false: it may not, or the socket is full. */
static bool send_some(struct client *client, uint32_t number, uint32_t requests, uint32_t depth)
{
    ssize_t sent;

    if (client->out_done == client->out_size) {
        if (client->sent == requests || client->sent - client->received >= depth)
            return false;
        client->out_size = make_frame(client->out, number, client->sent++);
        client->out_done = 0;
    }
    sent = send(client->descriptor, client->out + client->out_done,
                client->out_size - client->out_done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN)
            return false;
        fail("connection %u: send: %s", number, strerror(errno));
    }
    client->out_done += (uint32_t)sent;
    return true;
}

/* False: there is nothing; or it is the end, where that is allowed. */
static bool receive_some(struct client *client, uint32_t number, bool may_end)
{
    static uint8_t bytes[65536];
    ssize_t got = recv(client->descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return false;
    if (got == 0 && may_end) {
        if (client->in_done != client->in_size)
            fail("connection %u: ended within a reply", number);
        client->ended = true;
        return false;
    }
    if (got <= 0)
        fail("connection %u: ended after %u replies: %s", number, client->received,
             got == 0 ? "end of stream" : strerror(errno));
    for (ssize_t i = 0; i < got; i++) {
        if (client->in_done == client->in_size) {
            client->in_size = make_frame(client->in, number, client->received);
            client->in_done = 0;
        }
        if (client->received >= client->sent || bytes[i] != client->in[client->in_done])
            fail("connection %u: reply %u differs at byte %u", number, client->received,
                 client->in_done);
        if (++client->in_done == client->in_size)
            client->received++;
    }
    return true;
}

static void pipelined(uint32_t connections, uint32_t requests, uint32_t depth)
{
    struct client *clients = calloc(connections, sizeof(*clients));
    int epoll = epoll_create1(0);
    uint32_t finished = 0;

    if (clients == NULL)
        fail("no memory");
    for (uint32_t i = 0; i < connections; i++) {
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i };

        clients[i].descriptor = dial();
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].descriptor, &event) != 0)
            fail("epoll: %s", strerror(errno));
    }
    while (finished < connections) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, 1000);

        look_at_clock("pipelined");
        for (int e = 0; e < count; e++) {
            uint32_t i = events[e].data.u32;
            struct client *client = &clients[i];
            bool more = true, was = client->received == requests;

            while (more) {
                more = send_some(client, i, requests, depth);
                more = receive_some(client, i, false) || more;
            }
            finished += !was && client->received == requests;
        }
    }
    for (uint32_t i = 0; i < connections; i++)
        close(clients[i].descriptor);
    free(clients);
    printf("%u connections, %u replies, each right\n", connections, connections * requests);
}

/* Asks on and on, until the server ends every connection. */
static void ended(uint32_t connections, uint32_t depth)
{
    struct client *clients = calloc(connections, sizeof(*clients));
    struct pollfd *polls = calloc(connections, sizeof(*polls));
    uint32_t finished = 0, replies = 0;

    if (clients == NULL || polls == NULL)
        fail("no memory");
    for (uint32_t i = 0; i < connections; i++) {
        clients[i].descriptor = dial();
        polls[i] = (struct pollfd){ .fd = clients[i].descriptor, .events = POLLIN };
    }
    printf("%u connections ask\n", connections);
    fflush(stdout);
    while (finished < connections) {
        for (uint32_t i = 0; i < connections; i++) {
            struct client *client = &clients[i];
            bool more = !client->ended;

            while (more) {
                more = send_some(client, i, UINT32_MAX, depth);
                more = receive_some(client, i, true) || (more && !client->ended);
            }
            if (client->ended && client->descriptor >= 0) {
                close(client->descriptor);
                client->descriptor = polls[i].fd = -1;
                replies += client->received;
                finished++;
            }
        }
        poll(polls, connections, 100);
        look_at_clock("ended");
    }
    printf("%u connections ended behind %u replies, each right\n", connections, replies);
    free(clients);
    free(polls);
}

/* --- Streams
 * ------------------------------------------------------------------------------------ */

enum { STREAM_FRAME = 65536 };

/* What a connection sends at this place: frames, one behind the other. An echo is the same. */
static uint8_t stream_byte(uint32_t connection, uint64_t at)
{
    uint64_t in_frame = at % (HEAD + STREAM_FRAME);

    if (in_frame < HEAD)
        return (uint8_t)(STREAM_FRAME >> (24 - 8 * in_frame));
    return (uint8_t)(connection * 31 + at * 7 + (at >> 13));
}

struct stream {
    uint64_t sent, received;
};

/* Sends, or receives and looks; false: that cannot be at present. */
static bool stream_some(struct stream *stream, uint32_t number, int descriptor, uint64_t total)
{
    uint8_t bytes[16384];
    uint32_t room = sizeof(bytes);
    ssize_t count;
    bool more = false;

    if (total - stream->sent < room)
        room = (uint32_t)(total - stream->sent);
    for (uint32_t i = 0; i < room; i++)
        bytes[i] = stream_byte(number, stream->sent + i);
    count = room == 0 ? 0 : send(descriptor, bytes, room, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
        fail("stream %u: send: %s", number, strerror(errno));
    if (count > 0) {
        stream->sent += (uint64_t)count;
        more = true;
    }
    count = recv(descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN))
        fail("stream %u: ended", number);
    for (ssize_t i = 0; i < count; i++)
        if (bytes[i] != stream_byte(number, stream->received++))
            fail("stream %u differs at byte %llu", number,
                 (unsigned long long)stream->received - 1);
    return more || count > 0;
}

static void stream(uint32_t connections, uint32_t mib)
{
    uint64_t frames = ((uint64_t)mib << 20) / STREAM_FRAME;
    uint64_t total = frames * (HEAD + STREAM_FRAME);
    struct stream *streams = calloc(connections, sizeof(*streams));
    struct pollfd *polls = calloc(connections, sizeof(*polls));
    uint32_t finished = 0;

    if (streams == NULL || polls == NULL)
        fail("no memory");
    for (uint32_t i = 0; i < connections; i++)
        polls[i] = (struct pollfd){ .fd = dial(), .events = POLLIN | POLLOUT };
    while (finished < connections) {
        for (uint32_t i = finished = 0; i < connections; i++) {
            while (streams[i].received < total
                   && stream_some(&streams[i], i, polls[i].fd, total))
                continue;
            if (streams[i].sent == total)
                polls[i].events = streams[i].received == total ? 0 : POLLIN;
            finished += streams[i].received == total;
        }
        if (finished < connections)
            poll(polls, connections, 1000);
        look_at_clock("stream");
    }
    printf("%u streams of %u MiB, each right\n", connections, mib);
    free(streams);
    free(polls);
}

/* --- One at a time
 * ------------------------------------------------------------------------------- */

static void send_all(int descriptor, const uint8_t *bytes, uint32_t size, uint32_t piece)
{
    for (uint32_t done = 0; done < size; done += piece) {
        uint32_t now = size - done < piece ? size - done : piece;

        if (send(descriptor, bytes + done, now, MSG_NOSIGNAL) != (ssize_t)now)
            fail("send: %s", strerror(errno));
    }
}

static void expect_frame(int descriptor, uint32_t connection, uint32_t n)
{
    static uint8_t expected[HEAD + 8 + LARGEST], got[HEAD + 8 + LARGEST];
    uint32_t size = make_frame(expected, connection, n);

    if (recv(descriptor, got, size, MSG_WAITALL) != (ssize_t)size
        || memcmp(got, expected, size) != 0)
        fail("the reply to frame %u of connection %u is not right", n, connection);
}

/* Connections of every kind of short life. */
static void churn(uint32_t count)
{
    static uint8_t frame[HEAD + 8 + LARGEST];
    struct linger reset = { .l_onoff = 1 };
    uint32_t replies = 0;

    for (uint32_t i = 0; i < count; i++) {
        int descriptor = dial();
        uint32_t size = make_frame(frame, i, 0);

        if (i % 5 != 0)
            send_all(descriptor, frame, i % 5 == 2 ? size / 2 : size, size);
        if (i % 5 == 1) {
            expect_frame(descriptor, i, 0);
            replies++;
        }
        if (i % 5 == 4)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(descriptor);
        look_at_clock("churn");
    }
    printf("%u connections, %u replies, each right\n", count, replies);
}

static void await_end(const char *what, uint32_t count)
{
    char byte;

    printf("%u connections are %s\n", count, what);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

/* They end with the process. */
static void idle(uint32_t count, uint32_t bytes)
{
    static uint8_t frame[65536] = { 0, 3, 0 }; /* of 196,608 bytes */

    for (uint32_t i = 0; i < count; i++) {
        int descriptor = dial();

        /* What the server does not read the kernel does not take for ever. */
        for (uint32_t done = 0; done < bytes; done += sizeof(frame))
            if (send(descriptor, frame,
                     bytes - done < sizeof(frame) ? bytes - done : sizeof(frame),
                     MSG_DONTWAIT | MSG_NOSIGNAL)
                < 0)
                break;
    }
    await_end("open", count);
}

/* Each sends frames as long as they are taken, and reads none. */
static void greedy(uint32_t count)
{
    static uint8_t frame[HEAD + 100000] = { 0, 1, 0x86, 0xa0 };
    int *descriptors = calloc(count, sizeof(*descriptors));
    time_t enough;

    for (uint32_t i = 0; i < count; i++)
        descriptors[i] = dial();
    enough = time(NULL) + 2;
    while (time(NULL) < enough)
        for (uint32_t i = 0; i < count; i++)
            /* A part of a frame is as good as a whole one. */
            send(descriptors[i], frame, sizeof(frame), MSG_DONTWAIT | MSG_NOSIGNAL);
    free(descriptors);
    await_end("greedy", count);
}

static void trickle(uint32_t count)
{
    static uint8_t frame[HEAD + 8 + LARGEST];
    int descriptor = dial();

    for (uint32_t n = 0; n < count; n++) {
        send_all(descriptor, frame, make_frame(frame, 1, n), 1);
        expect_frame(descriptor, 1, n);
        look_at_clock("trickle");
    }
    close(descriptor);
    printf("%u replies, each right\n", count);
}

/* --- Badly behaved
 * --------------------------------------------------------------------------------- */

static void deaf(void)
{
    static uint8_t frame[HEAD + 8 + LARGEST];
    int descriptor = dial();
    unsigned long long sent = 0;

    for (uint32_t n = 0;; n = (n + 1) % 64) {
        uint32_t size = make_frame(frame, 1, n);
        ssize_t now = 0;

        for (uint32_t done = 0; done < size && now >= 0; done += (uint32_t)now) {
            now = send(descriptor, frame + done, size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (now < 0 && errno == EAGAIN) {
                struct pollfd one = { .fd = descriptor, .events = POLLOUT };

                poll(&one, 1, 1000);
                look_at_clock("deaf");
                now = 0;
            }
        }
        if (now < 0)
            break;
        sent += size;
        if (sent > 64ULL << 20)
            fail("64 MiB were taken from who does not read");
    }
    printf("thrown out\n");
}

static void slow(void)
{
    int descriptor = dial();
    struct pollfd one = { .fd = descriptor, .events = POLLIN };

    send_all(descriptor, (const uint8_t *)"\0\0\1", 3, 3);
    while (send(descriptor, "\0", 1, MSG_NOSIGNAL) == 1 && poll(&one, 1, 50) == 0)
        look_at_clock("slow");
    printf("thrown out\n");
}

/* --- Datagrams
 * ---------------------------------------------------------------------------------------- */

/* Each is asked for again until it is there: datagrams may be lost. */
static void datagrams(uint32_t count, uint32_t host)
{
    uint32_t sent = 0;
    static uint8_t frame[HEAD + 8 + LARGEST], got[HEAD + 8 + LARGEST];
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    struct pollfd one = { .fd = descriptor, .events = POLLIN };

    if (host != 0)
        server.sin_addr.s_addr = htonl(0x7f000000 | host);
    /* Connected: a reply from another address would not be seen. */
    if (connect(descriptor, (struct sockaddr *)&server, sizeof(server)) != 0)
        fail("connect: %s", strerror(errno));
    for (uint32_t n = 0; n < count; n++) {
        uint32_t size = make_frame(frame, 7, n);
        ssize_t reply = -1;

        while (reply < 0 || memcmp(got, frame, HEAD + 8) != 0) {
            if (reply < 0 && send(descriptor, frame, size, 0) != (ssize_t)size)
                fail("send: %s", strerror(errno));
            sent += reply < 0;
            reply = poll(&one, 1, 100) == 1 ? recv(descriptor, got, sizeof(got), 0) : -1;
            look_at_clock("datagrams");
        }
        if (reply != (ssize_t)size || memcmp(got, frame, size) != 0)
            fail("the reply to datagram %u is not right", n);
    }
    printf("%u replies, each right, to %u datagrams\n", count, sent);
}

static void flood(uint32_t count)
{
    static uint8_t frame[HEAD + 8 + LARGEST];
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

    for (uint32_t n = 0; n < count; n++) {
        uint32_t size = make_frame(frame, 7, n);

        if (sendto(descriptor, frame, size, 0, (struct sockaddr *)&server, sizeof(server)) < 0)
            fail("send: %s", strerror(errno));
    }
    close(descriptor);
    printf("%u datagrams sent\n", count);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "", *address = getenv("NETWORK_SERVER");
    uint32_t numbers[3] = { 0 };
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    give_up = time(NULL) + LIMIT_S;
    for (int i = 3; i < argc && i < 6; i++)
        numbers[i - 3] = (uint32_t)strtoul(argv[i], NULL, 10);
    if (argc > 2)
        server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (address != NULL && inet_pton(AF_INET, address, &server.sin_addr) != 1)
        fail("NETWORK_SERVER: '%s' is no address", address);
    if (strcmp(what, "pipelined") == 0)
        pipelined(numbers[0], numbers[1], numbers[2]);
    else if (strcmp(what, "ended") == 0)
        ended(numbers[0], numbers[1]);
    else if (strcmp(what, "stream") == 0)
        stream(numbers[0], numbers[1]);
    else if (strcmp(what, "churn") == 0)
        churn(numbers[0]);
    else if (strcmp(what, "idle") == 0)
        idle(numbers[0], numbers[1]);
    else if (strcmp(what, "greedy") == 0)
        greedy(numbers[0]);
    else if (strcmp(what, "trickle") == 0)
        trickle(numbers[0]);
    else if (strcmp(what, "deaf") == 0)
        deaf();
    else if (strcmp(what, "slow") == 0)
        slow();
    else if (strcmp(what, "datagrams") == 0)
        datagrams(numbers[0], numbers[1]);
    else if (strcmp(what, "flood") == 0)
        flood(numbers[0]);
    else
        fail("usage: see the head of network_client.c");
    return EXIT_SUCCESS;
}
