/* SPDX-License-Identifier: MIT */
/*
 * fuzz.c - what the fuzzers share.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void)
{
    DIR *all = opendir(folder);
    const struct dirent *entry;

    while (all != NULL && (entry = readdir(all)) != NULL)
        unlinkat(dirfd(all), entry->d_name, 0);
    if (all != NULL)
        closedir(all);
    rmdir(folder);
}

void fuzz_begin(const char *name)
{
    static const char *const limits[][2] = {
        { "MCAPI_MAX_NODES", "6" },      { "MCAPI_MAX_CHANNELS", "8" },
        { "MCAPI_MAX_REQUESTS", "16" },  { "MCAPI_MAX_MSG_SIZE", "300" },
        { "MCAPI_MAX_PKT_SIZE", "300" }, { "MCAPI_MAX_QUEUE_ELEMENTS", "8" },
        { "MCAPI_MAX_BUFFERS", "8" },
    };

    snprintf(folder, sizeof folder, "/tmp/mcapi-fuzz-%s-%d", name, (int)getpid());
    setenv("MCAPI_RUNTIME_DIR", folder, 1);
    setenv("MCAPI_TOPOLOGY", name, 1);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        setenv(limits[i][0], limits[i][1], 1);
    mkdir(folder, 0700);
    atexit(remove_folder);
}

const char *fuzz_folder(void)
{
    return folder;
}
