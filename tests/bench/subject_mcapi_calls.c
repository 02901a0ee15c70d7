/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_calls.c - what this library takes for all that is not the way of items: making
 * endpoints and channels, waiting for many requests, and nodes that only wait.
 */
#include <mcapi_ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/mcapi_ends.h"

enum { IDLE_NODES = 100, REQUESTS_MOST = 1000, BRIEF = 1000000 };

static void prepare(struct trial *trial)
{
    ends_prepare(trial, NULL);
}

/* One round of `turn` after the other until the time is over. */
BENCH_INLINE void repeat(struct trial *trial, void (*turn)(void *), void *argument)
{
    uint64_t done = 0;
    int64_t until;

    trial_meet(trial, 0);
    trial->began_ns = trial_now_ns();
    until = trial->began_ns + (int64_t)(trial->seconds * 1e9);
    do
        turn(argument);
    while (++done < trial->items && (done % 16 != 0 || trial_now_ns() < until));
    trial->ended_ns = trial_now_ns();
    trial->done = done;
    trial_count(trial, 0, 0);
}

/* --- Endpoints and channels ----------------------------------------------------------- */

static void create_and_delete(void *unused)
{
    mcapi_status_t status;
    mcapi_endpoint_t made = mcapi_endpoint_create(100, &status);

    (void)unused;
    ends_check(status, "mcapi_endpoint_create");
    if (mcapi_endpoint_get(ENDS_DOMAIN, 1, 100, MCAPI_TIMEOUT_INFINITE, &status) != made)
        trial_fail("mcapi_endpoint_get: another endpoint");
    mcapi_endpoint_delete(made, &status);
    ends_check(status, "mcapi_endpoint_delete");
}

static void endpoints(struct trial *trial, unsigned self)
{
    ends_join(trial, self);
    repeat(trial, create_and_delete, NULL);
    ends_close(trial, NULL);
}

static void connect_and_close(void *argument)
{
    const mcapi_endpoint_t *end = argument;
    mcapi_request_t request;
    mcapi_status_t status;
    mcapi_pktchan_send_hndl_t out;
    mcapi_pktchan_recv_hndl_t in;

    mcapi_pktchan_connect_i(end[0], end[1], &request, &status);
    ends_check(status, "mcapi_pktchan_connect_i");
    ends_finish(&request);
    mcapi_pktchan_send_open_i(&out, end[0], &request, &status);
    ends_check(status, "mcapi_pktchan_send_open_i");
    ends_finish(&request);
    mcapi_pktchan_recv_open_i(&in, end[1], &request, &status);
    ends_check(status, "mcapi_pktchan_recv_open_i");
    ends_finish(&request);
    mcapi_pktchan_send_close_i(out, &request, &status);
    ends_check(status, "mcapi_pktchan_send_close_i");
    ends_finish(&request);
    mcapi_pktchan_recv_close_i(in, &request, &status);
    ends_check(status, "mcapi_pktchan_recv_close_i");
    ends_finish(&request);
}

static void channels(struct trial *trial, unsigned self)
{
    mcapi_endpoint_t end[2];

    ends_join(trial, self);
    end[0] = ends_create(ENDS_OUT, 0);
    end[1] = ends_create(ENDS_IN, 0);
    repeat(trial, connect_and_close, end);
    ends_close(trial, NULL);
}

/* --- Waiting for one of many requests ------------------------------------------------- */

struct waiting {
    size_t count, next;
    uint64_t number;
    mcapi_endpoint_t from, end[REQUESTS_MOST];
    mcapi_request_t request[REQUESTS_MOST];
    uint64_t item[REQUESTS_MOST];
};

static void post(struct waiting *waiting, size_t i)
{
    mcapi_status_t status;

    mcapi_msg_recv_i(waiting->end[i], &waiting->item[i], sizeof(waiting->item[i]),
                     &waiting->request[i], &status);
    ends_check(status, "mcapi_msg_recv_i");
}

/* A message to one of the endpoints, each in its turn, ends the wait. */
static void wait_for_one(void *argument)
{
    struct waiting *waiting = argument;
    mcapi_status_t status;
    size_t size, which;

    mcapi_msg_send(waiting->from, waiting->end[waiting->next], &waiting->number,
                   sizeof(waiting->number), 0, &status);
    ends_check(status, "mcapi_msg_send");
    which = mcapi_wait_any(waiting->count, waiting->request, &size, MCAPI_TIMEOUT_INFINITE,
                           &status);
    ends_check(status, "mcapi_wait_any");
    if (which != waiting->next || waiting->item[which] != waiting->number)
        trial_fail("mcapi_wait_any: not the request that is complete");
    post(waiting, which);
    waiting->next = (waiting->next + 1) % waiting->count;
    waiting->number++;
}

static void prepare_requests(struct trial *trial)
{
    setenv("MCAPI_MAX_ENDPOINTS", "1100", 1);
    setenv("MCA_MAX_REQUESTS", "1100", 1);
    ends_prepare(trial, NULL);
}

static void requests(struct trial *trial, unsigned self)
{
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    mcapi_status_t status;

    if (waiting == NULL)
        trial_fail("calloc");
    ends_join(trial, self);
    waiting->count = (size_t)atoi(trial->entry->mode + sizeof("requests-") - 1);
    waiting->from = ends_create(ENDS_OUT, 0);
    for (size_t i = 0; i < waiting->count; i++) {
        waiting->end[i] = ends_create((mcapi_port_t)(100 + i), 0);
        post(waiting, i);
    }
    repeat(trial, wait_for_one, waiting);
    for (size_t i = 0; i < waiting->count; i++)
        mcapi_cancel(&waiting->request[i], &status);
    ends_close(trial, NULL);
    free(waiting);
}

/* --- Nodes that wait ------------------------------------------------------------------ */

static double kib_of_process(void)
{
    double kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/smaps_rollup", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Pss: %lf", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib;
}

/* Processor time of all parties but 0, in ns, as the system counts it for each process. */
static double processor_ns(const struct trial *trial)
{
    double sum = 0;

    for (unsigned i = 1; i < trial->parties; i++) {
        char path[64];
        double ns = 0;
        FILE *file;

        snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)trial->party[i].process);
        file = fopen(path, "r");
        if (file == NULL || fscanf(file, "%lf", &ns) != 1)
            trial_fail(path);
        fclose(file);
        sum += ns;
    }
    return sum;
}

/* Once they sleep as long as they ever do: the longer the library waits, the longer are its
 * naps, up to eight seconds. */
static void watch(struct trial *trial)
{
    static const struct timespec eight = { .tv_sec = 8 };
    static const struct timespec moment = { .tv_nsec = 50 * 1000 * 1000 };
    bool brief = trial->items < BRIEF; /* it is a test of the suite and not a measurement */
    double before;

    nanosleep(brief ? &moment : &eight, NULL);
    trial->began_ns = trial_now_ns();
    before = processor_ns(trial);
    nanosleep(brief ? &moment : &eight, NULL); /* the time that is looked at */
    trial->share = processor_ns(trial) - before;
    trial->ended_ns = trial_now_ns();
    trial->share /= (double)(trial->ended_ns - trial->began_ns);
}

/* Party 0 looks on and then sends the others a message each; they block until it comes. What a
 * node takes is what its process has more after it has joined and blocked, its share of the
 * memory of all included. */
static void idle(struct trial *trial, unsigned self)
{
    double before = kib_of_process();
    uint64_t item = self;
    mcapi_endpoint_t end;
    mcapi_status_t status;
    size_t size;

    ends_join(trial, self);
    end = ends_create(self == 0 ? ENDS_OUT : ENDS_IN, 0);
    if (self != 0) {
        trial_gather(trial);
        trial->party[self].memory_kib = kib_of_process() - before;
        trial_meet(trial, self);
        mcapi_msg_recv(end, &item, sizeof(item), &size, &status);
        ends_check(status, "mcapi_msg_recv");
        trial_count(trial, self, item != self);
    } else {
        trial_gather(trial);
        trial_meet(trial, 0);
        watch(trial);
        trial_count(trial, 0, 0);
        for (item = 1; item < trial->parties; item++) {
            mcapi_msg_send(end, ends_get((unsigned)item, ENDS_IN), &item, sizeof(item), 0,
                           &status);
            ends_check(status, "mcapi_msg_send");
            trial->done++;
        }
    }
    ends_close(trial, NULL);
}

static void prepare_idle(struct trial *trial)
{
    setenv("MCAPI_MAX_NODES", "128", 1);
    ends_prepare(trial, NULL);
}

#define ENTRY(WORKLOAD, MODE, PARTIES, PREPARE, PART)                               \
    {                                                                               \
        .workload = WORKLOAD, .subject = "mcapi", .mode = MODE, .parties = PARTIES, \
        .prepare = PREPARE, .part = PART                                            \
    }

const struct entry entries_mcapi_calls[] = {
    ENTRY("create-delete", "", 1, prepare, endpoints),
    ENTRY("connect-close", "", 1, prepare, channels),
    ENTRY("wait-any", "requests-1", 1, prepare_requests, requests),
    ENTRY("wait-any", "requests-10", 1, prepare_requests, requests),
    ENTRY("wait-any", "requests-100", 1, prepare_requests, requests),
    ENTRY("wait-any", "requests-1000", 1, prepare_requests, requests),
    ENTRY("idle", "nodes-100", IDLE_NODES + 1, prepare_idle, idle),
    { .workload = NULL },
};
