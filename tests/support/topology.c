/* SPDX-License-Identifier: MIT */
/* topology.c - a topology for each test, and a search for traces of it. */
#include "support/topology.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/child.h"
#include "support/expect.h"
#include "support/scratch.h"

static char base[PATH_MAX - 16], runtime[PATH_MAX];
static char name[64];

void topology_begin(void)
{
    snprintf(base, sizeof base, "%s/mcapi-tests-XXXXXX", scratch_folder());
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(runtime, sizeof runtime, "%s/runtime", base);
    snprintf(name, sizeof name, "test-%d-%s", getpid(), base + strlen(base) - 6);
    ck_assert_int_eq(setenv("MCAPI_RUNTIME_DIR", runtime, 1), 0);
    ck_assert_int_eq(setenv("MCAPI_TOPOLOGY", name, 1), 0);
}

/* Fails if a file in this folder has a name with this text in it; any file if it is NULL. */
static void expect_no_file(const char *folder, const char *text)
{
    DIR *all = opendir(folder);
    const struct dirent *entry;

    if (all == NULL) {
        ck_assert_int_eq(errno, ENOENT);
        return;
    }
    while ((entry = readdir(all)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
            && (text == NULL || strstr(entry->d_name, text) != NULL))
            ck_abort_msg("left behind: %s/%s", folder, entry->d_name);
    closedir(all);
}

void topology_end(void)
{
    child_end_all();
    expect_no_file(runtime, NULL);
    expect_no_file("/dev/shm", name);
    rmdir(runtime);
    ck_assert_int_eq(rmdir(base), 0);
}

void node_begin(void)
{
    topology_begin();
    join(0, 1);
}

void node_end(void)
{
    child_end_all();
    leave();
    topology_end();
}

void join(mcapi_domain_t domain, mcapi_node_t node)
{
    mcapi_info_t info;

    expect(MCAPI_SUCCESS, mcapi_initialize(domain, node, NULL, NULL, &info, &status));
}

void leave(void)
{
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
}
