/* SPDX-License-Identifier: MIT */
/*
 * check_soak.c - four programs, a channel from each to each, and one of them is killed and
 * started again all the time; what each has sent is compared with what came.
 *
 *     MCAPI_SOAK_SECONDS=3600 CK_TIMEOUT_MULTIPLIER=40 tests/crash/check_soak      an hour
 *
 * Every connection has a number, and its sender counts in memory that all see what was
 * accepted. Its receiver must get exactly that, in order; or one more, if the sender died in
 * the middle of a call.
 */
#include <mcapi_ext.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/scene.h"
#include "runtime/control.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    PROGRAMS = 4,
    FIRST_NODE = 10,
    SEND_PORT = 100,       /* + the receiver's number */
    RECEIVE_PORT = 200,    /* + the sender's number */
    CONNECTIONS = 1 << 16, /* whose counts are kept; older ones are over long ago */
    SHORT = 64,
    LONG = 100,   /* packets of a connection; times this, if it is long */
    LARGE = 3000, /* bytes */
    SECONDS = 20,
    KILL_EVERY_US = 60 * 1000,
    QUIET_EVERY_US = 1500 * 1000,
    GET_FOR = 100, /* ms; then a sender asks again */
};

struct soak {
    _Atomic bool quiet;                 /* senders shall rest */
    _Atomic uint32_t resting[PROGRAMS]; /* how many of each program do */
    _Atomic uint32_t connections;       /* numbers given out */
    _Atomic uint32_t accepted[CONNECTIONS];
    _Atomic uint64_t delivered, checked, proper_ends;
    _Atomic bool failed;
    char failure[256];
};

static struct soak *soak;

__attribute__((format(printf, 1, 2))) static void give_up_because(const char *format, ...)
{
    va_list arguments;

    if (atomic_exchange(&soak->failed, true))
        return;
    va_start(arguments, format);
    vsnprintf(soak->failure, sizeof soak->failure, format, arguments);
    va_end(arguments);
}

/* --- A program: a thread for each channel that it sends to or receives from ------------ */

struct way {
    uint32_t from, to; /* programs */
    mcapi_endpoint_t end;
};

static struct way ways[2 * PROGRAMS];
static uint32_t myself;

static enum pair_kind kind_of(const struct way *way)
{
    return (way->from + way->to) % 3 == 0 ? SCALARS : PACKETS;
}

static void rest_if_quiet(void)
{
    if (!atomic_load(&soak->quiet))
        return;
    atomic_fetch_add(&soak->resting[myself], 1);
    while (atomic_load(&soak->quiet))
        breathe();
    atomic_fetch_sub(&soak->resting[myself], 1);
}

/* Closes an end whatever it is, and waits until the endpoint is free again. */
static void close_end(const struct way *way, void (*close)(struct act *))
{
    struct act act = { .kind = kind_of(way), .endpoint = way->end };

    close(&act);
    if (act.status != MCAPI_SUCCESS) {
        give_up_because("a close of %u -> %u: %s", way->from, way->to, status_name(act.status));
        return;
    }
    act.timeout = MCAPI_TIMEOUT_INFINITE;
    act_wait(&act);
}

/* What a packet is: the connection, and its number in it, over and over. */
static size_t fill(uint32_t *words, uint32_t connection, uint32_t number)
{
    size_t size = number % 7 == 3 ? LARGE : 8 + 8 * (number % 13);

    for (size_t i = 0; i < size / 8; i++) {
        words[2 * i] = connection;
        words[2 * i + 1] = number;
    }
    return size;
}

/* In the buffer that it is made in. */
static mcapi_status_t send_by_reference(const struct way *way, uint32_t connection,
                                        uint32_t number)
{
    mcapi_status_t status;
    void *made = mcapi_ext_pktchan_buffer_take(way->end, LARGE + 8, &status);

    if (made != NULL)
        mcapi_ext_pktchan_buffer_send(way->end, made, fill(made, connection, number), &status);
    return status;
}

static mcapi_status_t send_one(const struct way *way, uint32_t connection, uint32_t number)
{
    uint32_t words[LARGE / 4 + 2];
    mcapi_status_t status;

    if (kind_of(way) == SCALARS)
        mcapi_sclchan_send_uint64(way->end, (uint64_t)connection << 32 | number, &status);
    else if (number % 5 == 2)
        return send_by_reference(way, connection, number);
    else
        mcapi_pktchan_send(way->end, words, fill(words, connection, number), &status);
    return status;
}

static mcapi_status_t receive_one(const struct way *way, uint32_t *connection, uint32_t *number)
{
    uint32_t words[LARGE / 4 + 2];
    mcapi_status_t status, released;
    uint64_t scalar;
    void *packet;
    size_t size;

    if (kind_of(way) == SCALARS) {
        scalar = mcapi_sclchan_recv_uint64(way->end, &status);
        *connection = (uint32_t)(scalar >> 32);
        *number = (uint32_t)scalar;
        return status;
    }
    mcapi_pktchan_recv(way->end, &packet, &size, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    memcpy(connection, packet, 4);
    memcpy(number, (char *)packet + 4, 4);
    if (size != fill(words, *connection, *number) || memcmp(words, packet, size) != 0)
        give_up_because("%u -> %u: packet %u of connection %u is damaged", way->from, way->to,
                        *number, *connection);
    mcapi_pktchan_release(packet, &released);
    if (released != MCAPI_SUCCESS)
        give_up_because("%u -> %u: a release: %s", way->from, way->to, status_name(released));
    return status;
}

/* How many packets a connection has: mostly few, so that there are many connections, and now
 * and then many, so that somebody dies in the middle. */
static uint32_t length_of(uint32_t connection)
{
    uint32_t drawn = connection * 2654435761u >> 16;

    return drawn % SHORT * (drawn / SHORT % 8 == 0 ? LONG : 1);
}

static void send_connection(const struct way *way)
{
    uint32_t connection = atomic_fetch_add(&soak->connections, 1) + 1;
    uint32_t count = length_of(connection);
    _Atomic uint32_t *accepted = &soak->accepted[connection % CONNECTIONS];
    mcapi_status_t status;

    atomic_store(accepted, 0);
    for (uint32_t number = 0; number < count; number++) {
        status = send_one(way, connection, number);
        if (status == MCAPI_ERR_TRANSMISSION)
            return;
        if (status != MCAPI_SUCCESS) {
            give_up_because("%u -> %u: a send: %s", way->from, way->to, status_name(status));
            return;
        }
        atomic_store(accepted, number + 1);
        rest_if_quiet();
    }
}

static void *send_for_ever(void *context)
{
    const struct way *way = context;
    struct act connect = { .kind = kind_of(way), .endpoint = way->end };

    while (!atomic_load(&soak->failed)) {
        mcapi_status_t status;

        rest_if_quiet();
        connect.other = mcapi_endpoint_get(0, FIRST_NODE + way->to, RECEIVE_PORT + way->from,
                                           GET_FOR, &status);
        if (status != MCAPI_SUCCESS)
            continue;
        act_connect(&connect);
        mcapi_endpoint_release(connect.other, &status);
        if (connect.status != MCAPI_SUCCESS) {
            breathe(); /* the other one has not let go of the last connection yet */
            continue;
        }
        act_open_send(&(struct act){ .kind = kind_of(way), .endpoint = way->end });
        send_connection(way);
        close_end(way, act_close_send);
    }
    return NULL;
}

/* Until the sender ends it, properly or by dying. */
static void receive_connection(const struct way *way)
{
    uint32_t connection = 0, first = 0, number, accepted, next = 0;
    mcapi_status_t status;

    while ((status = receive_one(way, &connection, &number)) == MCAPI_SUCCESS) {
        if (next == 0)
            first = connection;
        if (connection != first || number != next)
            give_up_because("%u -> %u: packet %u of %u came, not %u of %u", way->from, way->to,
                            number, connection, next, first);
        next++;
        atomic_fetch_add_explicit(&soak->delivered, 1, memory_order_relaxed);
    }
    if (status != MCAPI_ERR_TRANSMISSION && status != MCAPI_ERR_CHAN_INVALID)
        give_up_because("%u -> %u: a receive: %s", way->from, way->to, status_name(status));
    if (next == 0)
        return;
    accepted = atomic_load(&soak->accepted[first % CONNECTIONS]);
    if (next != accepted && !(status == MCAPI_ERR_TRANSMISSION && next == accepted + 1))
        give_up_because("%u -> %u: connection %u ended with %s, %u were accepted, %u came",
                        way->from, way->to, first, status_name(status), accepted, next);
    atomic_fetch_add(&soak->checked, 1);
    atomic_fetch_add(&soak->proper_ends, status == MCAPI_ERR_CHAN_INVALID);
}

static void *receive_for_ever(void *context)
{
    const struct way *way = context;

    while (!atomic_load(&soak->failed)) {
        struct act open = { .kind = kind_of(way), .endpoint = way->end };

        act_open_receive(&open);
        if (open.status != MCAPI_SUCCESS) {
            breathe(); /* the sender has not let go of the last connection yet */
            continue;
        }
        receive_connection(way);
        close_end(way, act_close_receive);
    }
    return NULL;
}

static void start_way(struct way *way, uint32_t from, uint32_t to)
{
    mcapi_port_t port = from == myself ? SEND_PORT + to : RECEIVE_PORT + from;
    pthread_t thread;

    *way = (struct way){ .from = from, .to = to };
    expect(MCAPI_SUCCESS, way->end = mcapi_endpoint_create(port, &status));
    ck_assert_int_eq(pthread_create(&thread, NULL,
                                    from == myself ? send_for_ever : receive_for_ever, way),
                     0);
}

/* count: which program */
static void act_be_a_program(struct act *act)
{
    myself = act->count;
    atomic_store(&soak->resting[myself], 0);
    join(0, FIRST_NODE + myself);
    for (uint32_t i = 0; i < PROGRAMS; i++)
        if (i != myself) {
            start_way(&ways[2 * i], myself, i);
            start_way(&ways[2 * i + 1], i, myself);
        }
    act->status = MCAPI_SUCCESS;
}

/* --- The test ------------------------------------------------------------------------- */

static struct child *programs[PROGRAMS];

static void start_program(uint32_t number)
{
    struct act act = { .count = number };

    programs[number] = child_start_bare(CHILD_PROCESS);
    child_do(programs[number], act_be_a_program, &act);
    expect_status(MCAPI_SUCCESS, act.status);
}

static bool all_rest(void)
{
    for (int i = 0; i < PROGRAMS; i++)
        if (atomic_load(&soak->resting[i]) != PROGRAMS - 1)
            return false;
    return true;
}

static bool is_whole(struct mci_audit *audit)
{
    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
    mci_audit(mci_map(), audit);
    mci_control_unlock();
    return audit->faults == 0 && audit->dead == 0 && audit->packets_queued == 0
        && audit->packets_held == 0 && audit->packets_lent == 0 && audit->scalars_queued == 0;
}

/* The senders rest, the receivers drain: then everything must be accounted for. */
static void audit_in_quiet(void)
{
    struct mci_audit audit;

    atomic_store(&soak->quiet, true);
    ck_assert_msg(eventually(all_rest() || atomic_load(&soak->failed)), "senders hang");
    ck_assert_msg(eventually(is_whole(&audit) || atomic_load(&soak->failed)),
                  "%u faults (%s), %u dead, %u queued, %u held", audit.faults, audit.fault[0],
                  audit.dead, (unsigned)audit.packets_queued, (unsigned)audit.packets_held);
    atomic_store(&soak->quiet, false);
    ck_assert_msg(!atomic_load(&soak->failed), "%s", soak->failure);
    ck_assert_uint_eq(audit.nodes, PROGRAMS + 1);
    ck_assert_uint_eq(audit.endpoints, PROGRAMS * (PROGRAMS - 1) * 2);
}

static int64_t soak_until(void)
{
    const char *seconds = getenv("MCAPI_SOAK_SECONDS");

    return now_us() + (seconds != NULL ? atoll(seconds) : SECONDS) * INT64_C(1000000);
}

START_TEST(programs_may_be_killed_and_started_again_all_the_time)
{
    int64_t until = soak_until();
    int64_t next_quiet = now_us() + QUIET_EVERY_US;
    uint32_t kills = 0, quiets = 0;
    uint64_t before = 0;
    unsigned seed = 11;

    soak = shared_memory(sizeof *soak);
    node_begin();
    for (uint32_t i = 0; i < PROGRAMS; i++)
        start_program(i);
    while (now_us() < until) {
        int64_t next_kill = now_us() + rand_r(&seed) % (2 * KILL_EVERY_US);
        uint32_t which = (uint32_t)rand_r(&seed) % PROGRAMS;

        while (now_us() < next_kill)
            breathe();
        child_kill(programs[which]);
        start_program(which);
        kills++;
        ck_assert_msg(!atomic_load(&soak->failed), "%s", soak->failure);
        if (now_us() < next_quiet)
            continue;
        audit_in_quiet();
        quiets++;
        ck_assert_msg(atomic_load(&soak->delivered) > before, "nothing was delivered");
        before = atomic_load(&soak->delivered);
        next_quiet = now_us() + QUIET_EVERY_US;
    }
    audit_in_quiet();
    for (int i = 0; i < PROGRAMS; i++)
        child_kill(programs[i]);
    scene_recover();
    scene_expect_clean(1);
    printf("%u kills, %u connections (%llu compared, %llu ended properly), %llu delivered, %u "
           "audits\n",
           kills, atomic_load(&soak->connections), (unsigned long long)soak->checked,
           (unsigned long long)soak->proper_ends, (unsigned long long)soak->delivered,
           quiets + 1);
    ck_assert_uint_gt(soak->proper_ends, 0);
    ck_assert_uint_gt(soak->checked, soak->proper_ends);
    node_end();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { programs_may_be_killed_and_started_again_all_the_time, 1 },
    };

    return suite_run("soak", tests, SUITE_LENGTH(tests));
}
