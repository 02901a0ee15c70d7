/* SPDX-License-Identifier: MIT */
/*
 * registry.c - who holds the segment of a topology: a small text file under a lock.
 *
 *      mcapi registry 2
 *      segment <device> <inode>
 *      identity <16 hexadecimal digits> <16 hexadecimal digits>
 *      namespace <of process ids>
 *      holder <pid> <start time> <descriptor>          one line for each
 */
#include "segment/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/memory.h"
#include "os/process.h"

enum {
    NAME_MAX_LENGTH = 63,

    /* Longer than the longest file we write: holders of 10 + 20 + 10 digits, and words. */
    FILE_MAX = 256 + MCI_REGISTRY_HOLDERS * 56,

    /* Each try but the last means that somebody else came and went in between. */
    LOCK_TRIES = 10000,
};

#define FIRST_LINE "mcapi registry "
#define LAYOUT     "2"

/* The next file, until it is renamed. No topology has a name that begins with a dot, and the
 * folder's lock keeps it to one at a time. */
#define NEXT_FILE ".next"

/* The lock that this process holds or is about to; a forked child closes its copy. */
static _Atomic int locked_fd = -1;

__attribute__((format(printf, 3, 4))) static bool refuse(char *reason, size_t size,
                                                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, size, format, arguments);
    va_end(arguments);
    return false;
}

/* --- Names ---------------------------------------------------------------------- */

bool mci_registry_name_valid(const char *topology, char *reason, size_t reason_size)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";
    size_t length = strnlen(topology, NAME_MAX_LENGTH + 1);

    if (length == 0)
        return refuse(reason, reason_size, "the name of the topology is empty");
    if (length > NAME_MAX_LENGTH)
        return refuse(reason, reason_size,
                      "the name of the topology is longer than %d characters: %.*s...",
                      NAME_MAX_LENGTH, 16, topology);
    if (topology[0] == '.' || strspn(topology, allowed) != length)
        return refuse(
                reason, reason_size,
                "the name of the topology may have letters, digits, '.', '_' and '-', and "
                "not begin with '.': %s",
                topology);
    return true;
}

static bool own_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

bool mci_registry_place(struct mci_registry_folder *folder, char *reason, size_t reason_size)
{
    const char *named = secure_getenv("MCAPI_RUNTIME_DIR");
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    size_t room = sizeof folder->path;
    int length;

    folder->fd = -1;
    if (named != NULL && named[0] != '\0') {
        if (named[0] != '/')
            return refuse(reason, reason_size,
                          "MCAPI_RUNTIME_DIR is not an absolute path (beginning with '/'): %s",
                          named);
        length = snprintf(folder->path, room, "%s", named);
    } else if (runtime != NULL && runtime[0] == '/' && own_folder(runtime)) {
        length = snprintf(folder->path, room, "%s/mcapi", runtime);
    } else {
        length = snprintf(folder->path, room, "/tmp/mcapi-%u", (unsigned)geteuid());
    }
    if (length < 0 || (size_t)length >= room)
        return refuse(reason, reason_size, "the path in %s is too long",
                      named != NULL && named[0] != '\0' ? "MCAPI_RUNTIME_DIR"
                                                        : "XDG_RUNTIME_DIR");
    while (length > 1 && folder->path[length - 1] == '/')
        folder->path[--length] = '\0'; /* behind a slash a symbolic link would be followed */
    return true;
}

/* --- The folder and its lock ---------------------------------------------------- */

/* Ours, and nobody else may enter. */
static bool folder_acceptable(const char *path, const struct stat *status, char *reason,
                              size_t reason_size)
{
    if (!S_ISDIR(status->st_mode))
        return refuse(reason, reason_size,
                      "%s is not a folder: remove it, or name another in MCAPI_RUNTIME_DIR",
                      path);
    if (status->st_uid != geteuid())
        return refuse(reason, reason_size,
                      "folder %s belongs to user %u, and this program runs as user %u: name "
                      "another in MCAPI_RUNTIME_DIR",
                      path, (unsigned)status->st_uid, (unsigned)geteuid());
    if ((status->st_mode & 077) != 0)
        return refuse(reason, reason_size,
                      "folder %s is open to other users (mode %04o): run chmod 700 on it", path,
                      (unsigned)status->st_mode & 07777);
    return true;
}

/* A descriptor of the folder, which is made, if that is wanted and it is not there. -1: the
 * reason, or "" when it is not there, or vanished under us. */
static int open_folder(const char *path, bool make, char *reason, size_t reason_size)
{
    struct stat status;
    int fd;

    reason[0] = '\0';
    if (!make) {
        /* as it is */
    } else if (mkdir(path, 0700) == 0) {
        chmod(path, 0700); /* whatever the umask takes away */
    } else if (errno != EEXIST) {
        refuse(reason, reason_size,
               "cannot make folder %s: %s: change that, or name another in MCAPI_RUNTIME_DIR",
               path, strerror(errno));
        return -1;
    }
    if (lstat(path, &status) != 0) {
        if (errno != ENOENT)
            refuse(reason, reason_size, "cannot look at folder %s: %s", path, strerror(errno));
        return -1;
    }
    if (!folder_acceptable(path, &status, reason, reason_size))
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT)
            refuse(reason, reason_size, "cannot open folder %s: %s", path, strerror(errno));
        return -1;
    }
    /* The one that we have open may be another than the one that we looked at. */
    if (fstat(fd, &status) == 0 && folder_acceptable(path, &status, reason, reason_size))
        return fd;
    close(fd);
    return -1;
}

/* Is the folder that we have open the one that the path leads to now? */
static bool still_there(int fd, const char *path)
{
    struct stat open_one, named_one;

    return fstat(fd, &open_one) == 0 && lstat(path, &named_one) == 0
        && open_one.st_ino == named_one.st_ino && open_one.st_dev == named_one.st_dev;
}

static void unlock_and_close(int fd)
{
    /* Explicitly: a forked child may have a copy of the descriptor, and the lock with it. */
    flock(fd, LOCK_UN);
    atomic_store_explicit(&locked_fd, -1, memory_order_relaxed); /* read by our children only */
    close(fd);
}

bool mci_registry_lock(struct mci_registry_folder *folder, char *reason, size_t reason_size)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        int fd = open_folder(folder->path, true, reason, reason_size);
        int result;

        if (fd < 0 && reason[0] != '\0')
            return false;
        if (fd < 0)
            continue;
        atomic_store_explicit(&locked_fd, fd, memory_order_relaxed); /* as above */
        do
            result = flock(fd, LOCK_EX);
        while (result != 0 && errno == EINTR);
        if (result != 0) {
            refuse(reason, reason_size, "cannot lock folder %s: %s", folder->path,
                   strerror(errno));
            unlock_and_close(fd);
            return false;
        }
        if (still_there(fd, folder->path)) {
            folder->fd = fd;
            return true;
        }
        unlock_and_close(fd); /* its last user has just removed it */
    }
    return refuse(reason, reason_size, "folder %s is removed again and again by somebody",
                  folder->path);
}

void mci_registry_unlock(struct mci_registry_folder *folder)
{
    rmdir(folder->path); /* refused while anything is in it */
    unlock_and_close(folder->fd);
    folder->fd = -1;
}

bool mci_registry_visit(struct mci_registry_folder *folder, char *reason, size_t reason_size)
{
    folder->fd = open_folder(folder->path, false, reason, reason_size);
    return folder->fd >= 0;
}

void mci_registry_leave(struct mci_registry_folder *folder)
{
    close(folder->fd);
    folder->fd = -1;
}

void mci_registry_forget_after_fork(void)
{
    int fd = atomic_exchange_explicit(&locked_fd, -1, memory_order_relaxed); /* one thread */

    if (fd >= 0)
        close(fd); /* without LOCK_UN: the lock is the parent's */
}

/* --- Reading -------------------------------------------------------------------- */

/* A number in the given base that ends at `end`; false: there is none. Moves on behind it. */
static bool take_number(const char **text, int base, char end, uint64_t *number)
{
    char *behind;

    if (strchr("0123456789abcdef", **text) == NULL || **text == '\0')
        return false;
    errno = 0;
    *number = strtoull(*text, &behind, base);
    if (errno != 0 || *behind != end)
        return false;
    *text = behind + 1;
    return true;
}

static bool take_word(const char **text, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

static bool take_header(const char **text, struct mci_registry *registry)
{
    return take_word(text, FIRST_LINE LAYOUT "\n") && take_word(text, "segment ")
        && take_number(text, 10, ' ', &registry->device)
        && take_number(text, 10, '\n', &registry->inode) && take_word(text, "identity ")
        && take_number(text, 16, ' ', &registry->identity[0])
        && take_number(text, 16, '\n', &registry->identity[1]) && take_word(text, "namespace ")
        && take_number(text, 10, '\n', &registry->name_space);
}

/* Holders up to the first line that is none. Those behind it are lost: they are not told apart
 * from bytes that only look like holders. */
static void take_holders(const char *text, struct mci_registry *registry)
{
    registry->holders = 0;
    while (registry->holders < MCI_REGISTRY_HOLDERS && take_word(&text, "holder ")) {
        uint64_t pid, start, fd;

        if (!take_number(&text, 10, ' ', &pid) || !take_number(&text, 10, ' ', &start)
            || !take_number(&text, 10, '\n', &fd) || pid == 0 || pid > INT32_MAX || start == 0
            || fd > INT32_MAX)
            return;
        registry->holder[registry->holders++] = (struct mci_registry_holder){
            .pid = (uint32_t)pid,
            .fd = (int32_t)fd,
            .start = start,
        };
    }
}

/* Whether the file was written before the machine was started: then all that it names is gone.
 */
static bool is_of_earlier_boot(const struct stat *status)
{
    struct timespec now, running;

    return clock_gettime(CLOCK_REALTIME, &now) == 0
        && clock_gettime(CLOCK_BOOTTIME, &running) == 0
        && status->st_mtime < now.tv_sec - running.tv_sec - 1;
}

/* Process ids of another namespace mean nothing here: those holders would all look dead. */
static enum mci_registry_state check_namespace(const struct mci_registry *registry,
                                               const struct stat *status, const char *path,
                                               const char *topology, char *reason,
                                               size_t reason_size)
{
    uint64_t ours = mci_process_namespace();

    if (ours == 0 || registry->name_space == 0 || registry->name_space == ours)
        return MCI_REGISTRY_FOUND;
    if (is_of_earlier_boot(status))
        return MCI_REGISTRY_NONE;
    refuse(reason, reason_size,
           "topology %s is that of processes in pid namespace %" PRIu64
           ", and this process is in %" PRIu64
           ": name another folder in MCAPI_RUNTIME_DIR, or remove %s/%s if they have ended",
           topology, registry->name_space, ours, path, topology);
    return MCI_REGISTRY_REFUSED;
}

static enum mci_registry_state parse(const char *text, const struct stat *status,
                                     const char *path, const char *topology,
                                     struct mci_registry *registry, char *reason,
                                     size_t reason_size)
{
    const char *rest = text;
    uint64_t layout;

    if (take_word(&rest, FIRST_LINE) && take_number(&rest, 10, '\n', &layout)
        && layout != strtoull(LAYOUT, NULL, 10)) {
        refuse(reason, reason_size,
               "%s/%s was written by another version of the library (layout %" PRIu64
               ", ours is " LAYOUT "): end its programs, or use another topology",
               path, topology, layout);
        return MCI_REGISTRY_REFUSED;
    }
    if (!take_header(&text, registry))
        return MCI_REGISTRY_NONE;
    take_holders(text, registry);
    return check_namespace(registry, status, path, topology, reason, reason_size);
}

/* All of the file, NUL-terminated; NULL with errno. EFBIG: longer than any of ours. */
static char *read_all(int fd)
{
    char *text = mci_memory_scratch(FILE_MAX + 1);
    size_t length = 0;
    ssize_t got = 1;

    if (text == NULL)
        return NULL;
    while (got > 0 && length <= FILE_MAX) {
        got = read(fd, text + length, FILE_MAX + 1 - length);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            length += (size_t)got;
    }
    if (got < 0 || length > FILE_MAX) {
        int error = got < 0 ? errno : EFBIG;

        mci_memory_scratch_free(text, FILE_MAX + 1);
        errno = error;
        return NULL;
    }
    text[length] = '\0';
    return text;
}

static bool file_acceptable(const char *path, const char *topology, const struct stat *status,
                            char *reason, size_t reason_size)
{
    if (!S_ISREG(status->st_mode))
        return refuse(reason, reason_size,
                      "%s/%s is not a regular file: remove it, or use another topology", path,
                      topology);
    if (status->st_uid != geteuid())
        return refuse(
                reason, reason_size,
                "%s/%s belongs to user %u, and this program runs as user %u: remove it, or "
                "use another topology",
                path, topology, (unsigned)status->st_uid, (unsigned)geteuid());
    return true;
}

enum mci_registry_state mci_registry_read(const struct mci_registry_folder *folder,
                                          const char *topology, struct mci_registry *registry,
                                          char *reason, size_t reason_size)
{
    enum mci_registry_state state = MCI_REGISTRY_REFUSED;
    struct stat status;
    char *text;
    int fd;

    memset(registry, 0, sizeof *registry);
    fd = openat(folder->fd, topology,
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            return MCI_REGISTRY_NONE;
        refuse(reason, reason_size, "cannot open %s/%s: %s", folder->path, topology,
               errno == ELOOP ? "it is a symbolic link; remove it" : strerror(errno));
        return MCI_REGISTRY_REFUSED;
    }
    if (fstat(fd, &status) != 0
        || !file_acceptable(folder->path, topology, &status, reason, reason_size))
        goto done;
    text = read_all(fd);
    if (text != NULL) {
        state = parse(text, &status, folder->path, topology, registry, reason, reason_size);
        mci_memory_scratch_free(text, FILE_MAX + 1);
    } else if (errno == EFBIG) {
        state = MCI_REGISTRY_NONE;
    } else {
        refuse(reason, reason_size, "cannot read %s/%s: %s", folder->path, topology,
               strerror(errno));
    }
done:
    close(fd);
    return state;
}

/* --- Writing -------------------------------------------------------------------- */

static size_t print_registry(const struct mci_registry *registry, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size,
                                     FIRST_LINE LAYOUT "\nsegment %" PRIu64 " %" PRIu64
                                                       "\nidentity %016" PRIx64 " %016" PRIx64
                                                       "\nnamespace %" PRIu64 "\n",
                                     registry->device, registry->inode, registry->identity[0],
                                     registry->identity[1], registry->name_space);

    for (uint32_t i = 0; i < registry->holders; i++)
        length += (size_t)snprintf(
                text + length, size - length, "holder %" PRIu32 " %" PRIu64 " %" PRId32 "\n",
                registry->holder[i].pid, registry->holder[i].start, registry->holder[i].fd);
    return length;
}

/* False with errno. */
static bool write_all(int fd, const char *text, size_t length)
{
    struct rlimit limit;

    /* The kernel's answer would be a signal that ends the program. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < length) {
        errno = EFBIG;
        return false;
    }
    while (length > 0) {
        ssize_t written = write(fd, text, length);

        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* False with errno. A death leaves at most NEXT_FILE, which the next writer removes. */
static bool replace_file(int folder, const char *topology, const char *text, size_t length)
{
    int fd, error;

    if (unlinkat(folder, NEXT_FILE, 0) != 0 && errno != ENOENT)
        return false;
    fd = openat(folder, NEXT_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    fchmod(fd, 0600); /* whatever the umask takes away */
    error = write_all(fd, text, length) ? 0 : errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0) {
        if (renameat(folder, NEXT_FILE, folder, topology) == 0)
            return true;
        error = errno;
    }
    unlinkat(folder, NEXT_FILE, 0);
    errno = error;
    return false;
}

bool mci_registry_write(const struct mci_registry_folder *folder, const char *topology,
                        const struct mci_registry *registry, char *reason, size_t reason_size)
{
    char *text = mci_memory_scratch(FILE_MAX);
    bool written = text != NULL
                && replace_file(folder->fd, topology, text,
                                print_registry(registry, text, FILE_MAX));

    if (!written)
        refuse(reason, reason_size,
               "cannot write %s/%s: %s: change that, or name another folder in "
               "MCAPI_RUNTIME_DIR",
               folder->path, topology, strerror(errno));
    mci_memory_scratch_free(text, FILE_MAX);
    return written;
}

void mci_registry_remove(const struct mci_registry_folder *folder, const char *topology)
{
    unlinkat(folder->fd, topology, 0);
    unlinkat(folder->fd, NEXT_FILE, 0); /* of a writer that died */
}
