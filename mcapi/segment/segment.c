/* SPDX-License-Identifier: MIT */
/* segment.c - the shared memory of a topology: attach, commit, detach. */
#include "segment/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/memory.h"
#include "os/process.h"
#include "segment/registry.h"

/* Larger than any machine's memory; smaller than what could overflow. */
#define SIZE_LIMIT ((uint64_t)1 << 46)

/* What a line of the registry turned out to be. */
enum holder {
    HOLDER_GONE, /* no such process, or it has the segment no more */
    HOLDER_OPEN, /* alive, and we have its segment open */
    HOLDER_SHUT, /* alive, has the segment mapped, and we cannot open it */
};

/* One call's work on the registry, from lock to unlock. */
struct work {
    const char *topology;
    char *reason;
    size_t reason_size;
    struct mci_registry_folder folder;
    struct mci_registry registry;
    bool looks; /* and changes nothing */
};

/* Says why not; false, so that it can be returned. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct work *work, const char *format,
                                                         ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(work->reason, work->reason_size, format, arguments);
    va_end(arguments);
    return false;
}

/* --- Looking at holders --------------------------------------------------------- */

/* Is `fd` the memory with these numbers? */
static bool is_memory(int fd, uint64_t device, uint64_t inode)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (uint64_t)status.st_dev == device
        && (uint64_t)status.st_ino == inode;
}

/*
 * Opens the segment through a holder. One that is alive but does not have it open is gone,
 * unless it has it mapped: a program that was executed in its place keeps its id and start
 * time, and one that closes all descriptors, ours too, still works in the segment.
 */
static enum holder holder_open(struct work *work, const struct mci_registry_holder *holder,
                               int *fd)
{
    const struct mci_registry *registry = &work->registry;
    const char *why = "closed by the program";

    if (!mci_process_alive(holder->pid, holder->start))
        return HOLDER_GONE;
    *fd = mci_memory_open(holder->pid, holder->fd);
    if (*fd >= 0 && is_memory(*fd, registry->device, registry->inode))
        return HOLDER_OPEN;
    if (*fd >= 0)
        close(*fd);
    else if (errno != ENOENT && errno != EINVAL)
        why = strerror(errno);
    if (!mci_memory_mapped(holder->pid, registry->device, registry->inode))
        return HOLDER_GONE;
    refuse(work,
           "process %" PRIu32 " has topology %s, and its descriptor %" PRId32
           " of the segment cannot be opened (%s): end that process, or use another topology",
           holder->pid, work->topology, holder->fd, why);
    return HOLDER_SHUT;
}

static void drop_dead_holders(struct mci_registry *registry)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < registry->holders; i++)
        if (mci_process_alive(registry->holder[i].pid, registry->holder[i].start))
            registry->holder[kept++] = registry->holder[i];
    registry->holders = kept;
}

/* --- The segment itself --------------------------------------------------------- */

static void segment_clear(struct mci_segment *segment)
{
    memset(segment, 0, sizeof *segment);
    segment->fd = -1;
}

/* The program may have closed our descriptor, and have a file of its own under that number. */
static void close_descriptor(const struct mci_segment *segment)
{
    if (segment->fd >= 0 && is_memory(segment->fd, segment->device, segment->inode))
        close(segment->fd);
}

static void let_go(struct mci_segment *segment)
{
    if (segment->base != NULL)
        mci_memory_unmap(segment->base, segment->size);
    close_descriptor(segment);
    segment_clear(segment);
}

/* `fd` becomes the segment's, to be let go with it. */
static bool own_descriptor(struct mci_segment *segment, int fd, struct work *work)
{
    struct stat status;

    if (fstat(fd, &status) != 0) {
        close(fd);
        return refuse(work, "cannot look at the segment of topology %s: %s", work->topology,
                      strerror(errno));
    }
    segment->fd = fd;
    segment->device = (uint64_t)status.st_dev;
    segment->inode = (uint64_t)status.st_ino;
    segment->size = (uint64_t)status.st_size;
    if (status.st_uid != geteuid())
        return refuse(work,
                      "the segment of topology %s belongs to user %u, and this program runs as "
                      "user %u: use another topology",
                      work->topology, (unsigned)status.st_uid, (unsigned)geteuid());
    return true;
}

static bool map_segment(struct mci_segment *segment, struct work *work)
{
    /* Who looks reads only: a store would be a mistake of ours, and end the program. */
    segment->base = work->looks
                          ? (unsigned char *)mci_memory_map_to_read(segment->fd, segment->size)
                          : mci_memory_map(segment->fd, segment->size);
    if (segment->base == NULL)
        return refuse(work,
                      "cannot map the segment of topology %s (%" PRIu64
                      " bytes of address space): %s: raise ulimit -v, or choose a smaller "
                      "MCAPI_MAX_CHANNELS or MCAPI_MAX_PKT_SIZE",
                      work->topology, segment->size, strerror(errno));
    return true;
}

static bool draw_identity(uint64_t identity[2])
{
    size_t size = 2 * sizeof identity[0];
    size_t got = 0;

    while (got < size) {
        ssize_t more = getrandom((char *)identity + got, size - got, 0);

        if (more > 0)
            got += (size_t)more;
        else if (more == 0 || errno != EINTR)
            return false;
    }
    return true;
}

/* A new segment, complete but for its line in the registry: nobody else can find it. */
static bool make_segment(struct mci_segment *segment, const struct mci_segment_form *form,
                         struct work *work)
{
    struct mci_segment_start *start;
    char name[MCI_TOPOLOGY_NAME + 8];
    int fd;

    if (form->size < sizeof *start || form->size > SIZE_LIMIT || form->committed > form->size)
        return refuse(work, "no segment of %" PRIu64 " bytes can be made for topology %s",
                      form->size, work->topology);
    snprintf(name, sizeof name, "mcapi-%s", work->topology);
    fd = mci_memory_create(name, form->size);
    if (fd < 0)
        return refuse(work, "cannot make the segment of topology %s (%" PRIu64 " bytes): %s%s",
                      work->topology, form->size, strerror(errno),
                      errno == EFBIG ? ": raise ulimit -f, or choose a smaller "
                                       "MCAPI_MAX_CHANNELS or MCAPI_MAX_PKT_SIZE"
                                     : "");
    if (!own_descriptor(segment, fd, work))
        return false;
    if (!mci_memory_commit(fd, 0, form->committed))
        return refuse(work,
                      "no memory for the segment of topology %s (%" PRIu64
                      " bytes): %s: end other programs, or choose a smaller MCAPI_MAX_NODES or "
                      "MCAPI_MAX_CHANNELS",
                      work->topology, form->committed, strerror(errno));
    if (!map_segment(segment, work))
        return false;
    if (!form->format(segment->base, form->context))
        return refuse(work, "the segment of topology %s (%" PRIu64 " bytes) cannot be laid out",
                      work->topology, form->size);
    start = (void *)segment->base;
    if (!draw_identity(start->identity))
        return refuse(work, "cannot draw random numbers: %s", strerror(errno));
    return true;
}

/* --- Attach --------------------------------------------------------------------- */

/* What came of a try to use what a holder has open. */
enum adopted {
    ADOPTED,
    ADOPTED_OTHER,   /* it is not the segment of which the registry speaks */
    ADOPTED_REFUSED, /* it is, and it cannot be used */
};

static enum adopted adopt(struct mci_segment *segment, int fd, uint32_t pid,
                          const struct mci_segment_form *form, struct work *work)
{
    const struct mci_segment_start *start;
    const char *objection;
    char text[256];

    if (!own_descriptor(segment, fd, work))
        return ADOPTED_REFUSED;
    if (segment->size < sizeof *start || segment->size > SIZE_LIMIT)
        return ADOPTED_OTHER;
    if (!map_segment(segment, work))
        return ADOPTED_REFUSED;
    start = (const void *)segment->base;
    if (start->identity[0] != work->registry.identity[0]
        || start->identity[1] != work->registry.identity[1])
        return ADOPTED_OTHER;
    objection = form->verify(segment->base, segment->size, text, sizeof text);
    if (objection == NULL)
        return ADOPTED;
    refuse(work, "the segment of topology %s (process %" PRIu32 ") cannot be used: %s",
           work->topology, pid, objection);
    return ADOPTED_REFUSED;
}

/* Through the first holder that lets us in. */
static enum adopted find_segment(struct mci_segment *segment,
                                 const struct mci_segment_form *form, struct work *work)
{
    enum adopted result = ADOPTED_OTHER;

    drop_dead_holders(&work->registry);
    for (uint32_t i = 0; i < work->registry.holders; i++) {
        enum adopted here = ADOPTED_OTHER;
        int fd;

        switch (holder_open(work, &work->registry.holder[i], &fd)) {
        case HOLDER_OPEN:
            here = adopt(segment, fd, work->registry.holder[i].pid, form, work);
            if (here != ADOPTED_OTHER)
                return here;
            let_go(segment);
            break;
        case HOLDER_SHUT:
            result = ADOPTED_REFUSED; /* unless a later one lets us in */
            break;
        case HOLDER_GONE:
            break;
        }
    }
    return result;
}

/* Adds our line to what the registry says. */
static bool enter_registry(struct mci_segment *segment, struct work *work)
{
    const struct mci_segment_start *start = (const void *)segment->base;
    struct mci_registry *registry = &work->registry;
    uint64_t born = mci_process_start(mci_process_id());

    if (born == 0)
        return refuse(work, "cannot read /proc/self/stat: is /proc mounted?");
    if (registry->holders == MCI_REGISTRY_HOLDERS)
        return refuse(work, "topology %s has %d processes already: no more fit in",
                      work->topology, MCI_REGISTRY_HOLDERS);
    registry->name_space = mci_process_namespace();
    registry->device = segment->device;
    registry->inode = segment->inode;
    memcpy(registry->identity, start->identity, sizeof registry->identity);
    registry->holder[registry->holders++] = (struct mci_registry_holder){
        .pid = mci_process_id(),
        .fd = segment->fd,
        .start = born,
    };
    return mci_registry_write(&work->folder, work->topology, registry, work->reason,
                              work->reason_size);
}

/* The folder is locked. */
static bool attach_locked(struct mci_segment *segment, const struct mci_segment_form *form,
                          struct work *work)
{
    enum mci_registry_state state = mci_registry_read(
            &work->folder, work->topology, &work->registry, work->reason, work->reason_size);

    if (state == MCI_REGISTRY_REFUSED)
        return false;
    if (state == MCI_REGISTRY_FOUND) {
        switch (find_segment(segment, form, work)) {
        case ADOPTED:
            return enter_registry(segment, work);
        case ADOPTED_REFUSED:
            return false;
        case ADOPTED_OTHER:
            break;
        }
    }
    /* No holder lives: whatever the file says, there is no segment. */
    work->registry.holders = 0;
    return make_segment(segment, form, work) && enter_registry(segment, work);
}

bool mci_segment_attach(struct mci_segment *segment, const char *topology,
                        const struct mci_segment_form *form, char *reason, size_t reason_size)
{
    bool attached = false;
    struct work *work;
    int cancellation;

    segment_clear(segment);
    if (!mci_registry_name_valid(topology, reason, reason_size))
        return false;
    work = mci_memory_scratch(sizeof *work);
    if (work == NULL) {
        snprintf(reason, reason_size, "no memory to attach topology %s", topology);
        return false;
    }
    *work = (struct work){ .topology = topology, .reason = reason, .reason_size = reason_size };
    /* A thread that is cancelled in here would take the lock with it. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    if (mci_registry_place(&work->folder, reason, reason_size)
        && mci_registry_lock(&work->folder, reason, reason_size)) {
        attached = attach_locked(segment, form, work);
        if (!attached)
            let_go(segment);
        mci_registry_unlock(&work->folder);
    }
    if (attached) {
        const struct mci_segment_start *start = (const void *)segment->base;

        memcpy(segment->identity, start->identity, sizeof segment->identity);
        snprintf(segment->topology, sizeof segment->topology, "%s", topology);
        snprintf(segment->folder, sizeof segment->folder, "%s", work->folder.path);
        segment->generation = mci_process_generation();
    }
    pthread_setcancelstate(cancellation, NULL);
    mci_memory_scratch_free(work, sizeof *work);
    return attached;
}

/* --- Looking only ------------------------------------------------------------------ */

static bool look(struct mci_segment *segment, const struct mci_segment_form *form,
                 struct work *work)
{
    enum mci_registry_state state = MCI_REGISTRY_NONE;
    enum adopted adopted = ADOPTED_OTHER;

    if (!mci_registry_place(&work->folder, work->reason, work->reason_size))
        return false;
    if (mci_registry_visit(&work->folder, work->reason, work->reason_size)) {
        state = mci_registry_read(&work->folder, work->topology, &work->registry, work->reason,
                                  work->reason_size);
        mci_registry_leave(&work->folder);
    } else if (work->reason[0] != '\0') {
        return false;
    }
    if (state == MCI_REGISTRY_REFUSED)
        return false;
    if (state == MCI_REGISTRY_FOUND)
        adopted = find_segment(segment, form, work);
    if (adopted == ADOPTED_OTHER)
        refuse(work, "no program has topology %s (%s/%s names none that lives)", work->topology,
               work->folder.path, work->topology);
    return adopted == ADOPTED;
}

bool mci_segment_look(struct mci_segment *segment, const char *topology,
                      const struct mci_segment_form *form, char *reason, size_t reason_size)
{
    struct work *work;
    bool found;

    segment_clear(segment);
    if (!mci_registry_name_valid(topology, reason, reason_size))
        return false;
    work = mci_memory_scratch(sizeof *work);
    if (work == NULL) {
        snprintf(reason, reason_size, "no memory to look at topology %s", topology);
        return false;
    }
    *work = (struct work){
        .topology = topology,
        .reason = reason,
        .reason_size = reason_size,
        .looks = true,
    };
    found = look(segment, form, work);
    if (found)
        snprintf(segment->topology, sizeof segment->topology, "%s", topology);
    else
        let_go(segment);
    mci_memory_scratch_free(work, sizeof *work);
    return found;
}

void mci_segment_look_away(struct mci_segment *segment)
{
    let_go(segment);
}

/* --- Commit, detach ------------------------------------------------------------- */

bool mci_segment_commit(struct mci_segment *segment, uint64_t offset, uint64_t length)
{
    if (offset > segment->size || length > segment->size - offset) {
        errno = EINVAL;
        return false;
    }
    return mci_memory_commit(segment->fd, offset, length);
}

/* Takes our line out. */
static void strike_out(struct mci_registry *registry, const struct mci_segment *segment)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < registry->holders; i++)
        if (registry->holder[i].pid != mci_process_id()
            || registry->holder[i].fd != segment->fd)
            registry->holder[kept++] = registry->holder[i];
    registry->holders = kept;
}

/* Does any other process have the segment? */
static bool others_hold(struct work *work)
{
    for (uint32_t i = 0; i < work->registry.holders; i++) {
        int fd;

        switch (holder_open(work, &work->registry.holder[i], &fd)) {
        case HOLDER_OPEN:
            close(fd);
            return true;
        case HOLDER_SHUT:
            return true;
        case HOLDER_GONE:
            break;
        }
    }
    return false;
}

/* The folder is locked. */
static void leave_registry(const struct mci_segment *segment, struct work *work)
{
    struct mci_registry *registry = &work->registry;

    if (mci_registry_read(&work->folder, work->topology, registry, work->reason,
                          work->reason_size)
                != MCI_REGISTRY_FOUND
        || memcmp(registry->identity, segment->identity, sizeof segment->identity) != 0)
        return; /* not about us any more: somebody has removed or damaged the file */
    strike_out(registry, segment);
    drop_dead_holders(registry);
    if (others_hold(work))
        mci_registry_write(
                &work->folder, work->topology, registry, work->reason,
                work->reason_size); /* if not: a line that is found to be of no use */
    else
        mci_registry_remove(&work->folder, work->topology);
}

static void detach(struct mci_segment *segment, bool keep_mapped)
{
    char reason[256]; /* nobody to tell: what cannot be done here, the next one does */
    struct work *work;
    int cancellation;

    if (segment->base == NULL)
        return;
    if (segment->generation != mci_process_generation()) {
        mci_segment_forget_after_fork(segment);
        return;
    }
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    work = mci_memory_scratch(sizeof *work);
    if (work != NULL) {
        *work = (struct work){
            .topology = segment->topology,
            .reason = reason,
            .reason_size = sizeof reason,
        };
        snprintf(work->folder.path, sizeof work->folder.path, "%s", segment->folder);
        if (mci_registry_lock(&work->folder, reason, sizeof reason)) {
            leave_registry(segment, work);
            mci_registry_unlock(&work->folder);
        }
        mci_memory_scratch_free(work, sizeof *work);
    }
    if (keep_mapped)
        segment->base = NULL;
    let_go(segment);
    pthread_setcancelstate(cancellation, NULL);
}

void mci_segment_detach(struct mci_segment *segment)
{
    detach(segment, false);
}

void mci_segment_detach_mapped(struct mci_segment *segment)
{
    detach(segment, true);
}

void mci_segment_forget_after_fork(struct mci_segment *segment)
{
    mci_registry_forget_after_fork();
    close_descriptor(segment);
    segment_clear(segment);
}
