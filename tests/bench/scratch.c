/* SPDX-License-Identifier: MIT */
#include "bench/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    FILES_MOST = 16, /* open while the folder is walked */
    TRIES = 40,
};

static char folder[64];

bool scratch_make(void)
{
    /* Where the libraries have their files too, if nobody tells them otherwise; a short name,
     * for sockets are made in it. */
    static const char *const places[] = { "/dev/shm", "/tmp" };
    static const char *const named[] = {
        SCRATCH_NAME,
        "TMPDIR",
        "OMPI_MCA_orte_tmpdir_base",
        "OMPI_MCA_btl_vader_backing_directory",
        "UCX_POSIX_DIR",
    };
    char runtime[sizeof(folder) + 16];
    bool made = false;

    for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !made; i++) {
        snprintf(folder, sizeof(folder), "%s/mcapi-bench-XXXXXX", places[i]);
        made = mkdtemp(folder) != NULL;
    }
    if (!made) {
        folder[0] = '\0';
        return false;
    }
    for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
        setenv(named[i], folder, 1);
    snprintf(runtime, sizeof(runtime), "%s/mcapi", folder);
    setenv("MCAPI_RUNTIME_DIR", runtime, 1);
    return true;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    remove(path);
    return 0;
}

/* Again, while processes that are ending still make files in it. */
void scratch_remove(void)
{
    static const struct timespec moment = { .tv_nsec = 50 * 1000 * 1000 };

    for (int i = 0; i < TRIES && folder[0] != '\0'; i++) {
        nftw(folder, remove_one, FILES_MOST, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        if (access(folder, F_OK) != 0)
            return;
        nanosleep(&moment, NULL);
    }
}
