/* SPDX-License-Identifier: MIT */
/*
 * subject_bare_digest.c - what load_balancer does with generated packets of 64 bytes, by the
 * least that it takes: the same source, the same tag of a flow, the same digest of the payload,
 * and between them rings written by hand. A flow is always at the same worker.
 */
#include <stdlib.h>

#include "bench/bare_rings.h"
#include "bench/entries.h"
#include "load_balancer/flow.h"
#include "load_balancer/source/source.h"

#define STOP UINT32_MAX /* in place of where the payload begins */

static const char specification[] = "generated:flows=1000,packets=0,size=64";

static struct bare_own own;

static void prepare(struct trial *trial)
{
    trial->state = bare_rings(trial);
}

static struct source *open_source(struct trial *trial)
{
    static const struct source_settings settings = { .loop = 1 };
    char error[SOURCE_REASON_SIZE];
    struct source *source = source_open(specification, &settings, error, sizeof(error));

    if (source == NULL)
        trial_fail_with(trial, error);
    return source;
}

/* The next packet, and its flow. */
BENCH_INLINE void next(struct trial *trial, struct source *source, struct packet *packet,
                       struct flow *flow)
{
    if (source_next(source, packet) != SOURCE_PACKET || !flow_of_packet(packet, flow)
        || packet->captured != BALANCER_SIZE)
        trial_fail_with(trial, "another packet than was asked for");
}

/* FNV-1a, as the work digest has it. */
BENCH_INLINE uint64_t digest(const unsigned char *packet, uint32_t from)
{
    uint64_t sum = UINT64_C(14695981039346656037);

    for (uint32_t i = from; i < BALANCER_SIZE; i++)
        sum = (sum ^ packet[i]) * UINT64_C(1099511628211);
    return sum;
}

static void make_room(uint32_t *out, unsigned worker)
{
    while (out[worker] == BALANCER_WINDOW)
        out[worker] -= bare_collect(&own, worker);
}

static uint64_t distribute(struct trial *trial, struct source *source, uint32_t *out)
{
    int64_t until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    unsigned workers = trial->parties - 1;
    struct packet packet;
    struct flow flow;
    uint64_t done = 0;

    do {
        unsigned worker;

        next(trial, source, &packet, &flow);
        worker = flow.tag % workers;
        make_room(out, worker);
        bare_give(&own, worker, packet.bytes, flow.payload_offset);
        out[worker]++;
    } while (++done < trial->items && (done % 256 != 0 || trial_now_ns() < until));
    return done;
}

/* What the workers have to come to. */
static uint64_t expected(struct trial *trial)
{
    struct source *source = open_source(trial);
    struct packet packet;
    struct flow flow;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < trial->done; i++) {
        next(trial, source, &packet, &flow);
        sum += digest(packet.bytes, flow.payload_offset);
    }
    source_close(source);
    return sum;
}

static void be_balancer(struct trial *trial)
{
    static const unsigned char nothing[BALANCER_SIZE];
    struct source *source = open_source(trial);
    uint32_t out[BALANCER_MOST] = { 0 };

    own.ring = trial->state;
    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    trial->done = distribute(trial, source, out);
    for (unsigned i = 0; i + 1 < trial->parties; i++) {
        make_room(out, i);
        bare_give(&own, i, nothing, STOP);
        out[i]++;
    }
    for (unsigned i = 0; i + 1 < trial->parties; i++)
        while (out[i] > 0)
            out[i] -= bare_collect(&own, i);
    trial->ended_ns = trial_now_ns();
    trial_count(trial, 0, 0);
    source_close(source);
    trial->party[0].wrong = atomic_load(&trial->sum) != expected(trial);
}

static void be_worker(struct trial *trial, unsigned self)
{
    unsigned char packet[BALANCER_SIZE];
    uint32_t pending = 0, from;
    uint64_t sum = 0;

    own.ring = (struct bare_ring *)trial->state + self - 1;
    trial_meet(trial, self);
    while ((from = bare_take(&own, packet)) != STOP) {
        sum += digest(packet, from);
        if (++pending == BALANCER_ACK) {
            bare_acknowledge(&own, pending);
            pending = 0;
        }
    }
    atomic_fetch_add(&trial->sum, sum);
    bare_acknowledge(&own, pending + 1); /* the last one too */
    trial_count(trial, self, 0);
}

/* As load_balancer and its workers do, they run where the system puts them. */
static void part(struct trial *trial, unsigned self)
{
    trial_unpin();
    if (self == 0)
        be_balancer(trial);
    else
        be_worker(trial, self);
    trial_pin(trial, self);
}

const struct entry entries_bare_digest[] = {
    { .workload = "digest",
      .subject = "bare",
      .mode = "workers-4",
      .size = BALANCER_SIZE,
      .parties = 5,
      .crowded = true,
      .prepare = prepare,
      .part = part },
    { .workload = NULL },
};
