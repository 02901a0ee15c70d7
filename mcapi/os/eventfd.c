/* SPDX-License-Identifier: MIT */
/* eventfd.c - a file descriptor that is readable exactly while it was told to be. */
#include "os/eventfd.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int mci_eventfd_make(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Neither of the two blocks, and a signal comes between neither: all that can go wrong is that
 * the counter is as high as it can be, or zero already. */

void mci_eventfd_raise(int fd)
{
    const uint64_t one = 1;
    int kept = errno;

    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = kept;
}

void mci_eventfd_lower(int fd)
{
    uint64_t count;
    int kept = errno;

    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    errno = kept;
}

void mci_eventfd_close(int fd)
{
    close(fd);
}
