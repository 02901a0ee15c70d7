/* SPDX-License-Identifier: MIT */
/*
 * subject_nng.c - nng: pair0 over ipc://, with room for 1,024 items at each end, which it does
 * not have by itself. Items are made and read in its own messages, without a copy.
 */
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"
#include "bench/scratch.h"

enum { ROOM = 1024 };

static char address[128];
static nng_socket pair;

static void prepare(struct trial *trial)
{
    (void)trial;
    snprintf(address, sizeof(address), "ipc://%s/nng-%d", getenv(SCRATCH_NAME), (int)getpid());
}

static void must(int error, const char *call)
{
    if (error == 0)
        return;
    fprintf(stderr, "%s: %s\n", call, nng_strerror(error));
    trial_fail(call);
}

/* Its threads may run where the system puts them; both ends are up when a first item has gone
 * through. */
static void *open_end(struct trial *trial, unsigned self)
{
    char hello = 0;
    size_t size = 1;

    trial_unpin();
    must(nng_pair0_open(&pair), "nng_pair0_open");
    must(nng_setopt_int(pair, NNG_OPT_SENDBUF, ROOM), "nng_setopt_int");
    must(nng_setopt_int(pair, NNG_OPT_RECVBUF, ROOM), "nng_setopt_int");
    if (self == 0) {
        must(nng_listen(pair, address, NULL, 0), "nng_listen");
        trial_listen(trial);
        must(nng_recv(pair, &hello, &size, 0), "nng_recv");
    } else {
        trial_await_listener(trial);
        must(nng_dial(pair, address, NULL, 0), "nng_dial");
        must(nng_send(pair, &hello, size, 0), "nng_send");
    }
    trial_pin(trial, self);
    return NULL;
}

/* A close does not wait until all is delivered. */
static void close_end(struct trial *trial, void *end)
{
    (void)end;
    trial_part(trial);
    nng_close(pair);
    unlink(address + sizeof("ipc://") - 1);
}

BENCH_INLINE size_t pair_send(void *end, uint64_t number, size_t most, size_t size)
{
    nng_msg *message;

    (void)end, (void)most;
    must(nng_msg_alloc(&message, size), "nng_msg_alloc");
    payload_make(nng_msg_body(message), number, size);
    must(nng_sendmsg(pair, message, 0), "nng_sendmsg");
    return 1;
}

BENCH_INLINE size_t pair_receive(void *end, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    nng_msg *message;

    (void)end, (void)most;
    must(nng_recvmsg(pair, &message, 0), "nng_recvmsg");
    *wrong +=
            nng_msg_len(message) != size || payload_wrong(nng_msg_body(message), number, size);
    nng_msg_free(message);
    return 1;
}

LOOPS_USUAL_PARTS(pair_send, pair_receive, 64)
LOOPS_LARGE_PART(pair_send, pair_receive)
LOOPS_WAKE_PART(pair_send, pair_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                                        \
    {                                                                                      \
        .workload = WORKLOAD, .subject = "nng", .mode = "", .size = SIZE, .crowded = true, \
        .prepare = prepare, .part = PART                                                   \
    }

const struct entry entries_nng[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    LOOPS_WAKE_ENTRY,
    { .workload = NULL },
};
