/* SPDX-License-Identifier: MIT */
/* readable.c - the descriptor of a receiving end, and what it says. */
#include "support/readable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mcapi_ext.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/eventually.h"
#include "support/expect.h"

int fd_of(const struct pair *pair)
{
    int fd;

    expect(MCAPI_SUCCESS, fd = mcapi_ext_receive_fd(pair->receive, &status));
    expect_true(fd >= 0);
    return fd;
}

static bool poll_says(int fd, int timeout)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    int ready = poll(&one, 1, timeout);

    expect_true(ready >= 0 || errno == EINTR);
    return ready == 1 && one.revents == POLLIN;
}

bool is_readable(int fd)
{
    return poll_says(fd, 0);
}

bool becomes_readable(int fd)
{
    return poll_says(fd, PATIENCE_MS);
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

int watcher_thread(void)
{
    DIR *all = opendir("/proc/self/task");
    const struct dirent *entry;
    int found = 0;

    expect_true(all != NULL);
    while (found == 0 && (entry = readdir(all)) != NULL) {
        char path[sizeof entry->d_name + 32];
        char name[32] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue; /* . and .., and threads that have just ended */
        if (fgets(name, sizeof name, file) != NULL && strcmp(name, "mcapi-ready\n") == 0)
            found = atoi(entry->d_name);
        fclose(file);
    }
    closedir(all);
    return found;
}
