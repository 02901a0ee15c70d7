/* SPDX-License-Identifier: MIT */
/*
 * input.c - the bytes of a file, a pipe or standard input, as a stream for libpcap.
 *
 *      0            mark             at              filled         room
 *      +--------------+---------------+-----------------+-------------+
 *      |  forgotten   | may be taken  | read from the   |    free     |
 *      |              | back          | file, not given |             |
 *      |              |               | away yet        |             |
 *      +--------------+---------------+-----------------+-------------+
 *
 * The stream has a buffer too, so some of what was given away may not have been read from the
 * stream yet. ftello tells how much; and when a wait begins it is nothing.
 */
#include "load_balancer/source/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    /* Bytes asked of the system at once: enough that a call costs nothing per packet. */
    CHUNK = 256 * 1024,
};

struct input {
    int file;
    bool ours; /* the file is closed with the input; standard input is not */
    int wake;  /* an eventfd; -1 for a regular file, which never waits */
    char *name;
    uint64_t size;    /* 0: not a regular file */
    FILE *stream;     /* NULL: not made yet, or closed */
    uint64_t given;   /* bytes in front of `at`, from the beginning of the input */
    bool interrupted; /* since the mark */
    bool end_met;     /* since the mark */
    uint8_t *buffer;
    size_t mark, at, filled, room;
};

/* --- Reading -------------------------------------------------------------------------- */

/* Sleeps until there is something to read; false if something else ended the sleep. */
static bool wait_for_bytes(struct input *input)
{
    struct pollfd on[2] = {
        { .fd = input->file, .events = POLLIN },
        { .fd = input->wake, .events = POLLIN },
    };
    uint64_t wakes;

    if (poll(on, 2, -1) < 0) {
        input->interrupted = errno == EINTR;
        return false;
    }
    if (on[0].revents != 0)
        return true; /* the wake keeps: it is for one who would have to wait */
    /* The count of wakes is of no interest, and reading it takes it away. */
    input->interrupted = read(input->wake, &wakes, sizeof(wakes)) == sizeof(wakes);
    errno = EINTR;
    return false;
}

/* Makes room for a chunk behind `filled`, by forgetting what stands before the mark. */
static bool make_room(struct input *input)
{
    size_t room = input->filled - input->mark + CHUNK;

    if (input->mark > 0) {
        memmove(input->buffer, input->buffer + input->mark, input->filled - input->mark);
        input->at -= input->mark;
        input->filled -= input->mark;
        input->mark = 0;
    }
    if (room > input->room) {
        uint8_t *buffer = realloc(input->buffer, 2 * room);

        if (buffer == NULL)
            return false;
        input->buffer = buffer;
        input->room = 2 * room;
    }
    return true;
}

/* Bytes added behind `filled`; 0 at the end, -1 with errno for an error or interruption. */
static ssize_t fill(struct input *input)
{
    ssize_t got;

    if (!make_room(input))
        return -1;
    do {
        if (input->wake >= 0 && !wait_for_bytes(input))
            return -1;
        got = read(input->file, input->buffer + input->filled, CHUNK);
    } while (got < 0 && (errno == EAGAIN || (errno == EINTR && input->wake < 0)));
    if (got > 0)
        input->filled += (size_t)got;
    else if (got < 0)
        input->interrupted = errno == EINTR;
    return got;
}

static ssize_t stream_read(void *cookie, char *bytes, size_t size)
{
    struct input *input = cookie;

    if (input->at == input->filled) {
        ssize_t got = fill(input);

        if (got <= 0) {
            input->end_met = got == 0;
            return got;
        }
    }
    if (size > input->filled - input->at)
        size = input->filled - input->at;
    memcpy(bytes, input->buffer + input->at, size);
    input->at += size;
    input->given += size;
    return (ssize_t)size;
}

/* Only asked where it is, by ftello. */
static int stream_seek(void *cookie, off64_t *offset, int whence)
{
    const struct input *input = cookie;

    if (*offset != 0 || whence != SEEK_CUR) {
        errno = ESPIPE;
        return -1;
    }
    *offset = (off64_t)input->given;
    return 0;
}

static int stream_close(void *cookie)
{
    ((struct input *)cookie)->stream = NULL;
    return 0;
}

FILE *input_stream(struct input *input)
{
    cookie_io_functions_t calls = {
        .read = stream_read,
        .seek = stream_seek,
        .close = stream_close,
    };

    input->stream = fopencookie(input, "r", calls);
    return input->stream;
}

uint64_t input_position(const struct input *input)
{
    off_t read = input->stream != NULL ? ftello(input->stream) : -1;

    return read >= 0 ? (uint64_t)read : input->given;
}

void input_mark(struct input *input)
{
    input->mark = input->at;
    if (input->wake >= 0) /* else nothing is ever taken back, and the question costs time */
        input->mark -= (size_t)(input->given - input_position(input));
    input->interrupted = false;
    input->end_met = false;
}

const uint8_t *input_since_mark(const struct input *input, size_t *size)
{
    *size = input->at - input->mark;
    return input->buffer + input->mark;
}

void input_take_back(struct input *input, size_t keep)
{
    input->given -= input->at - input->mark - keep;
    input->at = input->mark + keep;
    if (input->stream != NULL)
        clearerr(input->stream);
}

bool input_rewind(struct input *input)
{
    if (lseek(input->file, 0, SEEK_SET) != 0)
        return false;
    input->mark = input->at = input->filled = 0;
    input->given = 0;
    return true;
}

void input_interrupt(struct input *input)
{
    const uint64_t one = 1;
    int before = errno;

    /* It fails only when nobody has read the wakes for 2^64 calls. */
    if (input->wake >= 0 && write(input->wake, &one, sizeof(one)) < 0)
        errno = before;
}

/* --- What is known about it --------------------------------------------------------- */

const char *input_name(const struct input *input)
{
    return input->name;
}

uint64_t input_size(const struct input *input)
{
    return input->size;
}

uint64_t input_given(const struct input *input)
{
    return input->given;
}

bool input_interrupted(const struct input *input)
{
    return input->interrupted;
}

bool input_end_met(const struct input *input)
{
    return input->end_met;
}

/* --- Opening and closing --------------------------------------------------------------- */

/* What the open file is; false and a reason if it is of no use. */
static bool examine(struct input *input, char *error, size_t error_size)
{
    struct stat about;

    if (fstat(input->file, &about) < 0) {
        snprintf(error, error_size, "%s: %s", input->name, strerror(errno));
        return false;
    }
    if (S_ISDIR(about.st_mode)) {
        snprintf(error, error_size, "%s is a directory, not a capture", input->name);
        return false;
    }
    if (isatty(input->file)) {
        snprintf(error, error_size,
                 "%s is a terminal: captures come from a file or a pipe, "
                 "as in tcpdump -w - | ...",
                 input->name);
        return false;
    }
    if (S_ISREG(about.st_mode)) {
        if (about.st_size == 0)
            snprintf(error, error_size, "%s is empty", input->name);
        input->size = (uint64_t)about.st_size;
        return about.st_size != 0;
    }
    input->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (input->wake < 0) {
        snprintf(error, error_size, "%s: no eventfd to wait with: %s", input->name,
                 strerror(errno));
        return false;
    }
    return true;
}

struct input *input_open(const char *path, char *error, size_t error_size)
{
    bool standard = strcmp(path, "-") == 0;
    struct input *input = calloc(1, sizeof(*input));

    if (input == NULL)
        goto no_memory;
    input->file = input->wake = -1;
    input->name = strdup(standard ? "standard input" : path);
    if (input->name == NULL)
        goto no_memory;
    /* O_NONBLOCK: opening a pipe does not wait for its writer. Reading does, in poll. */
    input->ours = !standard;
    input->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (input->file < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        goto close;
    }
    if (examine(input, error, error_size))
        return input;
    goto close;

no_memory:
    snprintf(error, error_size, "%s: no memory to open it", path);
close:
    input_close(input);
    return NULL;
}

void input_close(struct input *input)
{
    if (input == NULL)
        return;
    if (input->wake >= 0)
        close(input->wake);
    if (input->ours && input->file >= 0)
        close(input->file);
    free(input->buffer);
    free(input->name);
    free(input);
}
