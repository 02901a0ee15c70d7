/* SPDX-License-Identifier: MIT */
/*
 * subject_pipe.c - pipes, a system call for each item.
 */
#include <fcntl.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/loops.h"

enum { LARGEST = 65536 };

struct pipes {
    int there[2], back[2];
};

struct end {
    int in, out;
};

static void prepare(struct trial *trial)
{
    static struct pipes pipes;

    if (pipe(pipes.there) != 0 || pipe(pipes.back) != 0)
        trial_fail("pipe");
    trial->state = &pipes;
}

static void *open_end(struct trial *trial, unsigned self)
{
    static struct end end;
    struct pipes *pipes = trial->state;

    end.in = self == 0 ? pipes->back[0] : pipes->there[0];
    end.out = self == 0 ? pipes->there[1] : pipes->back[1];
    return &end;
}

static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
}

BENCH_INLINE size_t pipe_send(void *side, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];
    struct end *end = side;

    (void)most;
    payload_make(buffer, number, size);
    if (write(end->out, buffer, size) != (ssize_t)size)
        trial_fail("write");
    return 1;
}

/* More than a page may come in parts. */
BENCH_INLINE size_t pipe_receive(void *side, uint64_t number, size_t most, size_t size,
                                 uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[LARGEST];
    struct end *end = side;
    ssize_t got;

    (void)most;
    for (size_t have = 0; have < size; have += (size_t)got)
        if ((got = read(end->in, buffer + have, size - have)) <= 0)
            trial_fail("read");
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

LOOPS_USUAL_PARTS(pipe_send, pipe_receive, 64)
LOOPS_LARGE_PART(pipe_send, pipe_receive)
LOOPS_WAKE_PART(pipe_send, pipe_receive)

#define ENTRY(WORKLOAD, SIZE, PART)                                                            \
    {                                                                                          \
        .workload = WORKLOAD, .subject = "pipe", .mode = "", .size = SIZE, .prepare = prepare, \
        .part = PART                                                                           \
    }

const struct entry entries_pipe[] = {
    LOOPS_USUAL_ENTRIES,
    LOOPS_LARGE_ENTRY,
    LOOPS_WAKE_ENTRY,
    { .workload = NULL },
};
