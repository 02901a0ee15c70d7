/* SPDX-License-Identifier: MIT */
/*
 * segments.h - what the tests of the segment share: a folder of the test's own, a simple
 * layout, and children that hold the segment until they are told to leave.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <dirent.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "segment/segment.h"
#include "unit/os/children.h"

#define TOPOLOGY "tested"
#define MAGIC    0x6d63617069746573u

enum {
    SIZE = 1 << 20,
    COMMITTED = 128 << 10,
};

static char root[64]; /* a folder of the test's own; the registry's is root/mcapi */
static char reason[512];
static struct mci_segment segment;

/* --- The form --------------------------------------------------------------------- */

struct content {
    struct mci_segment_start start;
    uint64_t version;
    _Atomic uint64_t visitors;
};

static inline bool format(unsigned char *base, void *context)
{
    struct content *content = (void *)base;

    for (int i = 0; i < COMMITTED; i += 512)
        if (base[i] != 0)
            return false;
    content->start.magic = MAGIC;
    content->version = context != NULL ? *(uint64_t *)context : 1;
    return content->version != 0;
}

static inline const char *verify(const unsigned char *base, uint64_t size, char *text,
                                 size_t text_size)
{
    const struct content *content = (const void *)base;

    if (size < sizeof *content || content->start.magic != MAGIC)
        return "it is not ours";
    if (content->version == 1)
        return NULL;
    snprintf(text, text_size, "it has layout %u", (unsigned)content->version);
    return text;
}

static uint64_t version = 1;
static struct mci_segment_form form = {
    .size = SIZE,
    .committed = COMMITTED,
    .context = &version,
    .format = format,
    .verify = verify,
};

static inline struct content *content(void)
{
    return (void *)segment.base;
}

/* --- Attach and detach, and what is left of it ------------------------------------- */

static inline const char *inside(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static inline void root_open(void)
{
    strcpy(root, "/tmp/check-segment-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    setenv("MCAPI_RUNTIME_DIR", inside("mcapi"), 1);
}

/* Nothing is left: neither a registry nor its folder. */
static inline void root_close(void)
{
    ck_assert_msg(rmdir(root) == 0, "something is left in %s", root);
}

static inline bool attach(void)
{
    strcpy(reason, "");
    return mci_segment_attach(&segment, TOPOLOGY, &form, reason, sizeof reason);
}

static inline void attached(void)
{
    ck_assert_msg(attach(), "%s", reason);
}

static inline void expect_refusal(const char *why)
{
    ck_assert(!attach());
    ck_assert_msg(strstr(reason, why) != NULL, "%s", reason);
    ck_assert_ptr_null(strchr(reason, '\n'));
    ck_assert_ptr_null(segment.base);
    ck_assert_int_lt(segment.fd, 0);
}

static inline int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

/* --- Children that hold the segment ------------------------------------------------ */

enum holder_state {
    HOLDER_STARTS,
    HOLDER_ATTACHED,
    HOLDER_REFUSED,
    HOLDER_CLOSE, /* asked to close its descriptor, and go on */
    HOLDER_LEAVE, /* asked to leave */
    HOLDER_LEFT,
};

struct holder {
    _Atomic enum holder_state state;
    uint64_t identity[2];
    int fd;
    void (*then)(struct holder *holder); /* once attached */
};

static inline int hold(void *argument)
{
    struct holder *holder = argument;

    if (!attach()) {
        fprintf(stderr, "%s\n", reason);
        holder->state = HOLDER_REFUSED;
        return 1;
    }
    content()->visitors++;
    memcpy(holder->identity, segment.identity, sizeof holder->identity);
    holder->fd = segment.fd;
    if (holder->then != NULL)
        holder->then(holder);
    holder->state = HOLDER_ATTACHED;
    while (holder->state != HOLDER_LEAVE) {
        if (holder->state == HOLDER_CLOSE) {
            close(segment.fd);
            holder->state = HOLDER_ATTACHED;
        }
        breathe();
    }
    mci_segment_detach(&segment);
    holder->state = HOLDER_LEFT;
    return 0;
}

static inline struct holder *holders_open(int count)
{
    return shared_memory((size_t)count * sizeof(struct holder));
}

static inline pid_t holder_start(struct holder *holder)
{
    pid_t pid = child_start(hold, holder);

    ck_assert(eventually(holder->state != HOLDER_STARTS));
    ck_assert_int_eq(holder->state, HOLDER_ATTACHED);
    return pid;
}

static inline void holder_leave(struct holder *holder, pid_t pid)
{
    holder->state = HOLDER_LEAVE;
    ck_assert_int_eq(child_result(pid), 0);
}

#endif /* SEGMENTS_H */
