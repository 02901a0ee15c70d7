/* SPDX-License-Identifier: MIT */
/*
 * registries.h - what the tests of the registry share: a folder of the test's own, and a
 * registry in it.
 */
#ifndef REGISTRIES_H
#define REGISTRIES_H

#include <fcntl.h>
#include <string.h>

#include "segment/registry.h"
#include "unit/os/children.h"

#define TOPOLOGY "tested"

/* The beginning of a registry file. */
#define HEADER \
    "mcapi registry 2\nsegment 1 2\nidentity 0000000000000003 0000000000000004\nnamespace 0\n"

static char root[64]; /* a folder of the test's own; the registries' is root/mcapi */
static char reason[512];
static struct mci_registry_folder folder;
static struct mci_registry registry, found;

static inline const char *inside(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static inline void root_open(void)
{
    strcpy(root, "/tmp/check-registry-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    setenv("MCAPI_RUNTIME_DIR", inside("mcapi"), 1);
}

static inline void root_close(void)
{
    ck_assert_msg(rmdir(root) == 0, "%s is not empty", root);
}

static inline void lock(void)
{
    ck_assert(mci_registry_place(&folder, reason, sizeof reason));
    ck_assert_msg(mci_registry_lock(&folder, reason, sizeof reason), "%s", reason);
}

static inline void unlock(void)
{
    mci_registry_unlock(&folder);
}

static inline enum mci_registry_state read_back(void)
{
    strcpy(reason, "");
    return mci_registry_read(&folder, TOPOLOGY, &found, reason, sizeof reason);
}

static inline void registry_fill(uint32_t holders)
{
    memset(&registry, 0, sizeof registry);
    registry.device = 1;
    registry.inode = UINT64_MAX;
    registry.identity[0] = 0x0123456789abcdef;
    registry.identity[1] = 1;
    registry.holders = holders;
    for (uint32_t i = 0; i < holders; i++)
        registry.holder[i] = (struct mci_registry_holder){
            .pid = INT32_MAX - i,
            .fd = INT32_MAX,
            .start = UINT64_MAX - i,
        };
}

static inline void registry_write(void)
{
    ck_assert_msg(mci_registry_write(&folder, TOPOLOGY, &registry, reason, sizeof reason), "%s",
                  reason);
}

static inline void file_write(const char *bytes, size_t length)
{
    int fd = openat(folder.fd, TOPOLOGY, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    close(fd);
}

static inline size_t file_read(char *bytes, size_t size)
{
    int fd = openat(folder.fd, TOPOLOGY, O_RDONLY);
    ssize_t length = read(fd, bytes, size);

    ck_assert_int_gt(length, 0);
    close(fd);
    return (size_t)length;
}

#endif /* REGISTRIES_H */
