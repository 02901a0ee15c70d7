/* SPDX-License-Identifier: MIT */
/* memory.c - memory that processes share: made, committed, opened, mapped, unmapped. */
#include "os/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Of Linux 6.3; without it such a kernel complains in its log about each program. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum {
    SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,

    /* A commit that a signal interrupts loses its own piece only, and goes on with smaller
     * ones: it comes to an end under any rain of signals. */
    COMMIT_PIECE = 4 << 20,
    COMMIT_PIECE_LEAST = 64 << 10,

    /* Standard input, output and error stay what they are, closed too: a stray printf() must
     * not write into the segment. */
    FIRST_FD = 3,

    PROC_PATH = 64,
};

/* The same file under a number from FIRST_FD on. Closes `fd` in any other case. */
static int beyond_standard_files(int fd)
{
    int moved, error;

    if (fd < 0 || fd >= FIRST_FD)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    error = errno;
    close(fd);
    errno = error;
    return moved;
}

/* A file beyond the limit is answered with a signal that ends the program; we answer before. */
static bool within_file_limit(uint64_t size)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY
        || size <= limit.rlim_cur;
}

int mci_memory_create(const char *name, uint64_t size)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd, error;

    if (size > INT64_MAX || !within_file_limit(size)) {
        errno = EFBIG;
        return -1;
    }
    fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    fd = beyond_standard_files(fd);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool mci_memory_commit(int fd, uint64_t offset, uint64_t length)
{
    uint64_t most = COMMIT_PIECE;

    while (length > 0) {
        uint64_t piece = length < most ? length : most;

        /* Not posix_fallocate(): where the kernel cannot, that one writes into each page. */
        if (fallocate(fd, 0, (off_t)offset, (off_t)piece) == 0) {
            offset += piece;
            length -= piece;
        } else if (errno != EINTR) {
            return false;
        } else if (most > COMMIT_PIECE_LEAST) {
            most /= 2;
        }
    }
    return true;
}

bool mci_memory_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & SEALS) == SEALS;
}

/* Opens what `path` in /proc leads to, if that is such memory. */
static int open_link(const char *path)
{
    struct stat status;
    int fd;

    if (stat(path, &status) != 0)
        return -1;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    /* Should it have become something else in between: opening that neither waits nor takes it
     * over. */
    fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && !mci_memory_sealed(fd)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return beyond_standard_files(fd);
}

/*
 * Calls `look` with the folder of each thread of the process in /proc until it returns a
 * descriptor, or anything but -1. Usually the first thread's, which is the process' own, will
 * do; that one is empty once the first thread has ended. -1: errno of the first.
 */
static int through_threads(uint32_t pid, int (*look)(const char *folder, const void *what),
                           const void *what)
{
    char path[PROC_PATH];
    struct dirent *entry;
    int result, error;
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%u", pid);
    result = look(path, what);
    if (result != -1)
        return result;
    error = errno;
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    threads = opendir(path);
    while (threads != NULL && result == -1 && (entry = readdir(threads)) != NULL) {
        uint32_t thread = (uint32_t)strtoul(entry->d_name, NULL, 10);

        if (thread == 0 || thread == pid)
            continue;
        snprintf(path, sizeof path, "/proc/%u/task/%u", pid, thread);
        result = look(path, what);
    }
    if (threads != NULL)
        closedir(threads);
    errno = error;
    return result;
}

static int look_for_descriptor(const char *folder, const void *what)
{
    char path[PROC_PATH];

    snprintf(path, sizeof path, "%s/fd/%d", folder, *(const int *)what);
    return open_link(path);
}

int mci_memory_open(uint32_t pid, int fd)
{
    return through_threads(pid, look_for_descriptor, &fd);
}

/* 1: the mapping is there; 0: it is not; -1: there are no mappings to see, with errno. */
static int look_for_mapping(const char *folder, const void *what)
{
    const struct stat *memory = what;
    char path[PROC_PATH];
    char *line = NULL;
    size_t room = 0;
    int found = -1, error;
    FILE *maps;

    snprintf(path, sizeof path, "%s/maps", folder);
    maps = fopen(path, "re");
    if (maps == NULL)
        return -1;
    errno = ENOENT; /* no line: a process on its way out */
    while (found != 1 && getline(&line, &room, maps) > 0) {
        unsigned major_number, minor_number;
        unsigned long long inode;

        found = 0;
        if (sscanf(line, "%*s %*s %*s %x:%x %llu", &major_number, &minor_number, &inode) == 3
            && inode == memory->st_ino && major_number == major(memory->st_dev)
            && minor_number == minor(memory->st_dev))
            found = 1;
    }
    if (found != 1 && !feof(maps))
        found = -1; /* not all of it could be read */
    error = errno;
    free(line);
    fclose(maps);
    errno = error;
    return found;
}

/* The same of the process. */
static int find_mapping(uint32_t pid, uint64_t device, uint64_t inode)
{
    struct stat memory = { .st_dev = (dev_t)device, .st_ino = (ino_t)inode };

    return through_threads(pid, look_for_mapping, &memory);
}

bool mci_memory_mapped(uint32_t pid, uint64_t device, uint64_t inode)
{
    int found = find_mapping(pid, device, inode);

    return found == 1 || (found == -1 && errno != ENOENT && errno != ESRCH);
}

bool mci_memory_replaced(uint32_t pid, uint64_t device, uint64_t inode)
{
    return find_mapping(pid, device, inode) == 0;
}

unsigned char *mci_memory_map(int fd, uint64_t size)
{
    void *base;
    int error;

    if (size == 0 || size > SIZE_MAX) {
        errno = EINVAL;
        return NULL;
    }
    base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return NULL;
    /* A core dump of a large segment delays the notice of a death by seconds. A child that
     * inherited the mapping would be a writer that nobody knows of. */
    if (madvise(base, size, MADV_DONTDUMP) == 0 && madvise(base, size, MADV_DONTFORK) == 0)
        return base;
    error = errno;
    munmap(base, size);
    errno = error;
    return NULL;
}

const unsigned char *mci_memory_map_to_read(int fd, uint64_t size)
{
    void *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

    return base == MAP_FAILED ? NULL : base;
}

void mci_memory_unmap(unsigned char *base, uint64_t size)
{
    munmap(base, size);
}

void *mci_memory_scratch(size_t size)
{
    void *scratch =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return scratch == MAP_FAILED ? NULL : scratch;
}

void mci_memory_scratch_free(void *scratch, size_t size)
{
    if (scratch != NULL)
        munmap(scratch, size);
}
