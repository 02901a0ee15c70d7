/* SPDX-License-Identifier: MIT */
/*
 * openmpi_party.c - one rank of a trial of Open MPI; subject_openmpi.c has it started.
 *
 * usage: openmpi_party TRIAL WORKLOAD SIZE
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/balancer.h"
#include "bench/loops.h"
#include "bench/messages.h"

enum { LARGEST = 65536, ITEM = 1, COUNT = 2 /* tags */ };

static int other; /* rank */

static void *open_end(struct trial *trial, unsigned self)
{
    (void)trial;
    other = !self;
    MPI_Barrier(MPI_COMM_WORLD);
    return NULL;
}

/* The messages of a rank go on only while it is in a call. */
static void close_end(struct trial *trial, void *end)
{
    (void)trial, (void)end;
    MPI_Barrier(MPI_COMM_WORLD);
}

BENCH_INLINE size_t mpi_send(void *end, uint64_t number, size_t most, size_t size)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)end, (void)most;
    payload_make(buffer, number, size);
    MPI_Send(buffer, (int)size, MPI_BYTE, other, ITEM, MPI_COMM_WORLD);
    return 1;
}

BENCH_INLINE size_t mpi_receive(void *end, uint64_t number, size_t most, size_t size,
                                uint64_t *wrong)
{
    _Alignas(64) static unsigned char buffer[LARGEST];

    (void)end, (void)most;
    MPI_Recv(buffer, (int)size, MPI_BYTE, other, ITEM, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    *wrong += payload_wrong(buffer, number, size);
    return 1;
}

/* --- The balancer's pattern ----------------------------------------------------------- */

BENCH_INLINE void give(void *end, unsigned worker, const struct balancer_item *item)
{
    (void)end;
    MPI_Send(item, sizeof(*item), MPI_BYTE, (int)worker + 1, ITEM, MPI_COMM_WORLD);
}

BENCH_INLINE uint32_t collect(void *end, unsigned worker)
{
    uint32_t count;

    (void)end;
    MPI_Recv(&count, sizeof(count), MPI_BYTE, (int)worker + 1, COUNT, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    return count;
}

BENCH_INLINE void take(void *end, struct balancer_item *item)
{
    (void)end;
    MPI_Recv(item, sizeof(*item), MPI_BYTE, 0, ITEM, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

BENCH_INLINE void acknowledge(void *end, uint32_t count)
{
    (void)end;
    MPI_Send(&count, sizeof(count), MPI_BYTE, 0, COUNT, MPI_COMM_WORLD);
}

/* --- Messages of many ----------------------------------------------------------------- */

BENCH_INLINE void send_message(void *end, const uint64_t *item)
{
    (void)end;
    MPI_Send(item, MESSAGES_SIZE, MPI_BYTE, 0, ITEM, MPI_COMM_WORLD);
}

BENCH_INLINE void receive_message(void *end, uint64_t *item)
{
    (void)end;
    MPI_Recv(item, MESSAGES_SIZE, MPI_BYTE, MPI_ANY_SOURCE, ITEM, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
}

LOOPS_USUAL_PARTS(mpi_send, mpi_receive, 64)
LOOPS_LARGE_PART(mpi_send, mpi_receive)
BALANCER_PART(balancer_64, open_end, close_end, give, collect, take, acknowledge)
MESSAGES_PART(messages_64, open_end, close_end, send_message, receive_message)

static const struct {
    const char *workload;
    size_t size;
    void (*part)(struct trial *, unsigned);
} parts[] = {
    { "words", 8, one_way_8 },           { "packets", 64, one_way_64 },
    { "packets", 1024, one_way_1024 },   { "packets", 4096, one_way_4096 },
    { "packets", 65536, one_way_65536 }, { "ping-pong", 64, hop_64 },
    { "balancer", 64, balancer_64 },     { "messages", 64, messages_64 },
};

int main(int argc, char **argv)
{
    struct trial *trial;
    int rank;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (argc != 4 || (trial = trial_attach(argv[1])) == NULL) {
        fprintf(stderr, "openmpi_party: is started by suite\n");
        return 2;
    }
    trial_pin(trial, (unsigned)rank);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        if (strcmp(parts[i].workload, argv[2]) == 0
            && parts[i].size == strtoul(argv[3], NULL, 10))
            parts[i].part(trial, (unsigned)rank);
    trial_probe(trial, (unsigned)rank, 1);
    MPI_Finalize();
    return 0;
}
