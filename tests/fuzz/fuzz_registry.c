/* SPDX-License-Identifier: MIT */
/*
 * fuzz_registry.c - an input is the file that says who holds a segment.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "segment/registry.h"

static struct mci_registry_folder folder;

static bool write_file(const uint8_t *data, size_t size)
{
    int fd = openat(folder.fd, "registry", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, data, size) == (ssize_t)size;

    if (fd >= 0)
        close(fd);
    return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    static struct mci_registry registry;
    char reason[256] = "";

    if (!begun) {
        fuzz_begin("registry");
        if (!mci_registry_place(&folder, reason, sizeof reason)
            || !mci_registry_lock(&folder, reason, sizeof reason))
            abort();
    }
    begun = true;
    if (!write_file(data, size))
        return 0;
    switch (mci_registry_read(&folder, "registry", &registry, reason, sizeof reason)) {
    case MCI_REGISTRY_FOUND:
        if (registry.holders > MCI_REGISTRY_HOLDERS
            || !mci_registry_write(&folder, "registry", &registry, reason, sizeof reason))
            abort();
        break;
    case MCI_REGISTRY_REFUSED:
        if (reason[0] == '\0')
            abort();
        break;
    case MCI_REGISTRY_NONE:
        break;
    }
    return 0;
}
