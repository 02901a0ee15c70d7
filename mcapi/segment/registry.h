/* SPDX-License-Identifier: MIT */
/*
 * registry.h - who holds the segment of a topology: a small text file under a lock.
 *
 * lock, read, then write or remove, unlock. The folder may be entered by its owner only; the
 * lock is on the folder itself, so there is no lock file to leave behind. What is read is a
 * claim, not the truth: segment.c checks each holder before it follows it.
 *
 * A process that dies at any point leaves the old file or the new one, complete, and no lock.
 */
#ifndef MCI_REGISTRY_H
#define MCI_REGISTRY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Processes that can share one segment. */
    MCI_REGISTRY_HOLDERS = 4096,
};

/* One process that says it has the segment open. */
struct mci_registry_holder {
    uint32_t pid;
    int32_t fd;     /* its descriptor of the segment */
    uint64_t start; /* its start time (os/process.h) */
};

/* What a registry file says. */
struct mci_registry {
    uint64_t device, inode; /* of the segment's memory */
    uint64_t identity[2];   /* also at the segment's start */
    uint64_t name_space;    /* of the holders' process ids; 0: unknown */
    uint32_t holders;
    struct mci_registry_holder holder[MCI_REGISTRY_HOLDERS];
};

/* Where the registries of this user are. */
struct mci_registry_folder {
    int fd; /* while it is locked; else -1 */
    char path[PATH_MAX];
};

enum mci_registry_state {
    MCI_REGISTRY_NONE, /* no file, or one that says nothing: damaged, or of no use any more */
    MCI_REGISTRY_FOUND,
    MCI_REGISTRY_REFUSED, /* a file that we must neither use nor replace */
};

/* 1 to 63 of A-Z a-z 0-9 . _ - and not beginning with a dot; else false and the reason. */
bool mci_registry_name_valid(const char *topology, char *reason, size_t reason_size);

/*
 * Decides on the folder: MCAPI_RUNTIME_DIR names it, else it is $XDG_RUNTIME_DIR/mcapi, else
 * /tmp/mcapi-<user id>. False: no such path can be.
 */
bool mci_registry_place(struct mci_registry_folder *folder, char *reason, size_t reason_size);

/*
 * Makes the folder if need be and locks it, waiting for others. False: the reason names the
 * path, and for a folder of another user both users.
 */
bool mci_registry_lock(struct mci_registry_folder *folder, char *reason, size_t reason_size);

/* The same for somebody who only reads: no folder is made, and no lock taken, as the file is
 * always replaced as a whole. False with an empty reason: there is no such folder. Then _leave.
 */
bool mci_registry_visit(struct mci_registry_folder *folder, char *reason, size_t reason_size);
void mci_registry_leave(struct mci_registry_folder *folder);

/* The reason is written for MCI_REGISTRY_REFUSED only. */
enum mci_registry_state mci_registry_read(const struct mci_registry_folder *folder,
                                          const char *topology, struct mci_registry *registry,
                                          char *reason, size_t reason_size);

/* Replaces the file in one step. */
bool mci_registry_write(const struct mci_registry_folder *folder, const char *topology,
                        const struct mci_registry *registry, char *reason, size_t reason_size);

void mci_registry_remove(const struct mci_registry_folder *folder, const char *topology);

/* Removes the folder too if nothing is in it. */
void mci_registry_unlock(struct mci_registry_folder *folder);

/* In a forked child: drops a lock that another thread of the parent was holding. */
void mci_registry_forget_after_fork(void);

#endif /* MCI_REGISTRY_H */
