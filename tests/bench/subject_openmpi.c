/* SPDX-License-Identifier: MIT */
/*
 * subject_openmpi.c - Open MPI over shared memory: its ranks are the parties, which mpirun
 * starts as processes of the program openmpi_party.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/entries.h"
#include "bench/trial.h"

static void part(struct trial *trial, unsigned self)
{
    const char *build = getenv("top_builddir");
    char program[4096], path[64], parties[16], size[16];

    (void)self;
    trial_path(path, sizeof(path));
    snprintf(program, sizeof(program), "%s/tests/bench/openmpi_party",
             build == NULL ? ".." : build);
    snprintf(parties, sizeof(parties), "%u", trial->parties);
    snprintf(size, sizeof(size), "%zu", trial->entry->size);
    trial_unpin();
    /* As many ranks as wanted, whoever runs them; each pins itself. With more of them than
     * processors it does best if it yields. */
    if (trial->parties > (unsigned)sysconf(_SC_NPROCESSORS_ONLN))
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    execlp("mpirun", "mpirun", "-np", parties, "--oversubscribe", "--bind-to", "none", "--mca",
           "btl", "self,vader", program, path, trial->entry->workload, size, (char *)NULL);
    trial_fail("mpirun");
}

#define ENTRY(WORKLOAD, MODE, SIZE, PARTIES)                                    \
    {                                                                           \
        .workload = WORKLOAD, .subject = "openmpi", .mode = MODE, .size = SIZE, \
        .parties = PARTIES, .launcher = true, .part = part                      \
    }

const struct entry entries_openmpi[] = {
    ENTRY("words", "", 8, 2),
    ENTRY("packets", "", 64, 2),
    ENTRY("packets", "", 1024, 2),
    ENTRY("packets", "", 4096, 2),
    ENTRY("packets", "", 65536, 2),
    ENTRY("ping-pong", "", 64, 2),
    ENTRY("balancer", "workers-1", 64, 2),
    ENTRY("balancer", "workers-2", 64, 3),
    ENTRY("balancer", "workers-4", 64, 5),
    ENTRY("balancer", "workers-8", 64, 9),
    ENTRY("messages", "senders-1", 64, 2),
    ENTRY("messages", "senders-2", 64, 3),
    ENTRY("messages", "senders-4", 64, 5),
    { .workload = NULL },
};
