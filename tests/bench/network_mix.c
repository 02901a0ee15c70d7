/* SPDX-License-Identifier: MIT */
/*
 * network_mix.c - clients of network_work.c: cheap requests and costly ones, and how long the
 * cheap ones take.
 *
 *     network_mix closed PORT CONNECTIONS SECONDS EVERY COST SEED
 *         each connection asks, waits for its reply, and asks again
 *     network_mix open PORT CONNECTIONS SECONDS EVERY COST SEED RATE
 *         RATE requests a second come, whatever has become of those before, at times and
 *         on connections drawn by chance; the time of each counts from when it was to come
 *     network_mix uneven PORT CONNECTIONS SECONDS COST
 *         as closed, but each connection has its own cost, COST to 8 COST
 *
 * One in EVERY requests, drawn by chance, costs COST microseconds, the others nothing. Every
 * reply is checked: is it whole, is it the one to this connection's oldest request? One line:
 * how many requests of each kind there were, and percentiles of their times in microseconds.
 * `alone` are the cheap requests that came when their connection waited for nothing: before
 * those, by the order of a connection's replies, nothing but requests of others can be.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000ULL
#define NS_PER_US 1000ULL

enum {
    CONNECTIONS_MAX = 1024,
    UNDER_WAY_MAX = 256, /* requests of a connection */
    PATIENCE_S = 30,
    BODY = 1024,
};

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 1024\r\n\r\n";

enum { REPLY = sizeof(head) - 1 + BODY };

struct under_way {
    uint64_t due_ns;
    uint32_t cost;
    bool alone;
};

struct client {
    int descriptor;
    uint32_t asked, replied;
    struct under_way under_way[UNDER_WAY_MAX];
    char reply[REPLY]; /* what is there of the next one */
    uint32_t got;
};

struct times {
    uint64_t *all;
    size_t count, room;
};

static struct client clients[CONNECTIONS_MAX];
static struct pollfd polls[CONNECTIONS_MAX];
static uint32_t client_count;
static struct times cheap, alone, costly;
static uint64_t random_state;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("network_mix: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- Chance ---------------------------------------------------------------------------------
 */

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t mixed = random_state += 0x9e3779b97f4a7c15ULL;

    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    return mixed ^ mixed >> 31;
}

/* The pause to the next request, where RATE come in a second independently of each other. */
static uint64_t draw_pause_ns(uint32_t rate)
{
    double share = ((double)(draw() >> 11) + 1) / 9007199254740993.0; /* above 0, below 1 */

    return (uint64_t)(-log(share) * (double)NS_PER_S / rate);
}

/* --- Times ----------------------------------------------------------------------------------
 */

static void add(struct times *times, uint64_t ns)
{
    if (times->count == times->room) {
        times->room = times->room == 0 ? 4096 : 2 * times->room;
        times->all = realloc(times->all, times->room * sizeof(*times->all));
        if (times->all == NULL)
            fail("no memory");
    }
    times->all[times->count++] = ns;
}

static int compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

    return a < b ? -1 : a > b;
}

/* Of each thousand, so many are no longer than this; in microseconds. */
static double quantile_us(const struct times *times, size_t thousandth)
{
    size_t at = times->count * thousandth / 1000;

    if (times->count == 0)
        return 0;
    return (double)times->all[at < times->count ? at : times->count - 1] / NS_PER_US;
}

static void print(const char *name, struct times *times)
{
    if (times->count > 0)
        qsort(times->all, times->count, sizeof(*times->all), compare);
    printf("%s %zu p50 %.0f p99 %.0f p999 %.0f  ", name, times->count, quantile_us(times, 500),
           quantile_us(times, 990), quantile_us(times, 999));
}

/* --- Connections ----------------------------------------------------------------------------
 */

static void dial(struct client *client, uint16_t port)
{
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;

    client->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (client->descriptor < 0
        || connect(client->descriptor, (struct sockaddr *)&server, sizeof(server)) != 0)
        fail("connect: %s", strerror(errno));
    setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void ask(struct client *client, uint32_t cost, uint64_t due_ns)
{
    struct under_way *it = &client->under_way[client->asked % UNDER_WAY_MAX];
    char request[64];
    int size = snprintf(request, sizeof(request), "GET /%u HTTP/1.1\r\nHost: x\r\n\r\n", cost);

    if (client->asked - client->replied == UNDER_WAY_MAX)
        fail("%d requests of a connection wait: the load is too much", UNDER_WAY_MAX);
    *it = (struct under_way){ due_ns, cost, client->asked == client->replied };
    client->asked++;
    if (send(client->descriptor, request, (size_t)size, MSG_NOSIGNAL) != size)
        fail("send: %s", strerror(errno));
}

/* A whole reply is there: it has to be that to the oldest request. */
static void take(struct client *client, uint64_t at_ns)
{
    const struct under_way *it = &client->under_way[client->replied % UNDER_WAY_MAX];
    char expected[16];

    snprintf(expected, sizeof(expected), "%08ux", it->cost);
    if (client->replied == client->asked || memcmp(client->reply, head, sizeof(head) - 1) != 0
        || memcmp(client->reply + sizeof(head) - 1, expected, 9) != 0
        || client->reply[REPLY - 1] != 'x')
        fail("a reply is not right");
    client->replied++;
    client->got = 0;
    if (it->cost > 0) {
        add(&costly, at_ns - it->due_ns);
        return;
    }
    add(&cheap, at_ns - it->due_ns);
    if (it->alone)
        add(&alone, at_ns - it->due_ns);
}

/* What has come; how many replies that made. */
static uint32_t receive(struct client *client)
{
    char bytes[65536];
    ssize_t got = recv(client->descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);
    uint64_t at_ns = now_ns();
    uint32_t replies = 0;

    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0)
        fail("a connection ended: %s", got == 0 ? "end of stream" : strerror(errno));
    for (ssize_t done = 0; done < got;) {
        size_t now = REPLY - client->got;

        if (now > (size_t)(got - done))
            now = (size_t)(got - done);
        memcpy(client->reply + client->got, bytes + done, now);
        client->got += (uint32_t)now;
        done += (ssize_t)now;
        if (client->got == REPLY) {
            take(client, at_ns);
            replies++;
        }
    }
    return replies;
}

/* --- The load -------------------------------------------------------------------------------
 */

struct load {
    bool open, uneven;
    uint32_t every, cost, rate;
    uint64_t ends_ns;
};

static uint32_t cost_for(const struct load *load, uint32_t number)
{
    if (load->uneven)
        return load->cost * (1 + number % 8);
    return draw() % load->every == 0 ? load->cost : 0;
}

/* Sends what is due; when the next one will be. */
static uint64_t send_due(const struct load *load, uint64_t due_ns)
{
    uint64_t now = now_ns();

    while (due_ns <= now && due_ns < load->ends_ns) {
        ask(&clients[draw() % client_count], cost_for(load, 0), due_ns);
        due_ns += draw_pause_ns(load->rate);
    }
    return due_ns;
}

static void await(uint64_t until_ns)
{
    uint64_t now = now_ns();
    uint64_t left = until_ns > now ? until_ns - now : 0;
    struct timespec timeout = { (time_t)(left / NS_PER_S), (long)(left % NS_PER_S) };

    if (ppoll(polls, client_count, &timeout, NULL) < 0 && errno != EINTR)
        fail("poll: %s", strerror(errno));
}

static void run(const struct load *load)
{
    uint64_t give_up_ns = load->ends_ns + PATIENCE_S * NS_PER_S;
    uint64_t due_ns = load->open ? now_ns() : give_up_ns;
    uint32_t waiting = load->open ? 0 : client_count;

    for (uint32_t i = 0; !load->open && i < client_count; i++)
        ask(&clients[i], cost_for(load, i), now_ns());
    for (;;) {
        uint64_t now;

        if (load->open)
            due_ns = send_due(load, due_ns);
        await(due_ns < load->ends_ns     ? due_ns
              : now_ns() < load->ends_ns ? load->ends_ns
                                         : give_up_ns);
        now = now_ns();
        for (uint32_t i = 0; i < client_count; i++) {
            if ((polls[i].revents & (POLLIN | POLLERR | POLLHUP)) == 0
                || receive(&clients[i]) == 0 || load->open)
                continue;
            if (now < load->ends_ns)
                ask(&clients[i], cost_for(load, i), now_ns());
            else
                waiting--;
        }
        if (load->open)
            for (uint32_t i = waiting = 0; i < client_count; i++)
                waiting += clients[i].asked - clients[i].replied;
        if (now >= load->ends_ns && waiting == 0)
            return;
        if (now >= give_up_ns)
            fail("%u replies do not come", waiting);
    }
}

int main(int argc, char **argv)
{
    struct load load = { .every = 1 };
    uint32_t numbers[7] = { 0 };
    uint64_t began_ns;

    load.open = argc == 9 && strcmp(argv[1], "open") == 0;
    load.uneven = argc == 6 && strcmp(argv[1], "uneven") == 0;
    if (!load.open && !load.uneven && (argc != 8 || strcmp(argv[1], "closed") != 0))
        fail("usage: see the head of network_mix.c");
    for (int i = 2; i < argc; i++)
        numbers[i - 2] = (uint32_t)strtoul(argv[i], NULL, 10);
    client_count = numbers[1];
    load.every = load.uneven ? 1 : numbers[3];
    load.cost = load.uneven ? numbers[3] : numbers[4];
    load.rate = numbers[6];
    random_state = numbers[5];
    if (client_count < 1 || client_count > CONNECTIONS_MAX || load.every < 1
        || (load.open && load.rate < 1))
        fail("a number is out of its range");
    for (uint32_t i = 0; i < client_count; i++) {
        dial(&clients[i], (uint16_t)numbers[0]);
        polls[i] = (struct pollfd){ .fd = clients[i].descriptor, .events = POLLIN };
    }
    began_ns = now_ns();
    load.ends_ns = began_ns + numbers[2] * NS_PER_S;
    run(&load);
    print("cheap", &cheap);
    print("alone", &alone);
    print("costly", &costly);
    printf("rate %.0f\n",
           (double)(cheap.count + costly.count) * NS_PER_S / (double)(now_ns() - began_ns));
    return EXIT_SUCCESS;
}
