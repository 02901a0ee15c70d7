/* SPDX-License-Identifier: MIT */
/*
 * eventfd.h - a file descriptor that is readable exactly while it was told to be.
 */
#ifndef MCI_EVENTFD_H
#define MCI_EVENTFD_H

/* Not readable, closed by exec; -1: there is none to be had. */
int mci_eventfd_make(void);

/* Readable from now on. Wakes those who wait for the edge, too, however often it is said. */
void mci_eventfd_raise(int fd);

/* Not readable any more. */
void mci_eventfd_lower(int fd);

void mci_eventfd_close(int fd);

#endif /* MCI_EVENTFD_H */
