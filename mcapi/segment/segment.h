/* SPDX-License-Identifier: MIT */
/*
 * segment.h - the shared memory of a topology: attach, commit, detach.
 *
 * The first process of a topology makes the segment, later ones find it through the registry
 * (segment/registry.h), and the last one takes everything along. There is no daemon, and
 * nothing is stale: a segment of which no holder lives does not exist.
 *
 * Other processes may do the same at any time. Within a process the caller sees to it that
 * only one of these calls runs at a time.
 */
#ifndef MCI_SEGMENT_H
#define MCI_SEGMENT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Bytes of a topology's name, the closing NUL included. */
    MCI_TOPOLOGY_NAME = 64,
};

/* How every segment of every layout version begins; what follows is segment/layout.h's. */
struct mci_segment_start {
    uint64_t magic;       /* written by format() */
    uint64_t identity[2]; /* random, written by mci_segment_attach() */
};
_Static_assert(sizeof(struct mci_segment_start) == 24, "the same in all layouts");

struct mci_segment {
    unsigned char *base;
    uint64_t size;
    int fd;
    char topology[MCI_TOPOLOGY_NAME];
    uint64_t identity[2];   /* no two segments have the same; also in the registry */
    uint64_t device, inode; /* of the memory behind `fd` */
    uint32_t generation;    /* of the process that attached, which a forked child is not */
    char folder[PATH_MAX];  /* of its registry, whatever the environment says later */
};

/* What a fresh segment looks like, and what an existing one must look like. */
struct mci_segment_form {
    uint64_t size;      /* of a fresh segment; a multiple of the page size is not needed */
    uint64_t committed; /* bytes from its start that get memory at once; the rest is sparse */
    void *context;      /* for format() */

    /* Writes the layout into a fresh zeroed segment, before anybody else can see it. False: it
     * cannot be done. */
    bool (*format)(unsigned char *base, void *context);

    /* NULL, or why this segment cannot be used; `text` is room for saying so. */
    const char *(*verify)(const unsigned char *base, uint64_t size, char *text,
                          size_t text_size);
};

/*
 * Attaches this process to the topology's segment, which is made if no living process has one.
 * False: `reason` says on one line why, naming the file and the system's error. An existing
 * segment keeps its size, whatever the form says.
 */
bool mci_segment_attach(struct mci_segment *segment, const char *topology,
                        const struct mci_segment_form *form, char *reason, size_t reason_size);

/*
 * For somebody who only looks: maps the segment of a topology that there is, to be read, and is
 * no holder of it. Writes nothing anywhere, waits for nobody. False: `reason` says why not.
 * `form` needs its verify() only.
 */
bool mci_segment_look(struct mci_segment *segment, const char *topology,
                      const struct mci_segment_form *form, char *reason, size_t reason_size);
void mci_segment_look_away(struct mci_segment *segment);

/* Gives a range memory. False: there is none (errno ENOSPC, ENOMEM or EFBIG), or the range is
 * not within the segment (EINVAL). */
bool mci_segment_commit(struct mci_segment *segment, uint64_t offset, uint64_t length);

/* Leaves: the last living holder removes every trace. Nothing is mapped afterwards. */
void mci_segment_detach(struct mci_segment *segment);

/* The same, but the mapping stays until the process ends: for one in which another thread has
 * a robust word, which the kernel and that thread must still find. */
void mci_segment_detach_mapped(struct mci_segment *segment);

/* For a forked child, instead of detach: forgets what it has inherited, and leaves its parent's
 * attachment alone. Async-signal-safe. */
void mci_segment_forget_after_fork(struct mci_segment *segment);

#endif /* MCI_SEGMENT_H */
