/* SPDX-License-Identifier: MIT */
/*
 * work_static.c - the files of a directory over http.
 *
 * The kernel keeps us inside the directory (openat2 with RESOLVE_BENEATH): whatever the target
 * of a request says, and whatever symbolic links there are, nothing outside is opened. A
 * response is kept for the second in which it was made, which is also how long its date is
 * right: a file that many ask for is read once a second, and is never older than that.
 */
#include "worker/work.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_SIZE = 1024, /* the longest path that is looked for, decoded */
    HEAD_SIZE = 512,  /* room for the longest head */
    FILE_MOST = ITEM_BYTES_MAX - HEAD_SIZE,

    /* Responses that are kept: so many, up to this size, to targets up to that length. */
    KEPT = 128, /* a power of two */
    KEPT_SIZE_MOST = 65536,
    KEPT_TARGET_SIZE = 120,

    /* An item lets go of two at most: what it finds outdated and what it makes. */
    RETIRED = 2 * (WORK_TOGETHER + 1),
};

struct response {
    uint32_t head;
    uint32_t size; /* with the head */
    uint8_t bytes[];
};

struct kept {
    struct response *response;
    time_t second;
    uint8_t target_size;
    char target[KEPT_TARGET_SIZE];
};

struct files {
    int directory;
    uint32_t next_retired;
    struct response *retired[RETIRED]; /* no longer needed, but perhaps not sent yet */
    struct kept kept[KEPT];
};

/* What was asked for. */
struct target {
    const char *bytes;
    uint32_t size;
    bool head; /* HEAD: all but the body */
};

/* --- Responses ---------------------------------------------------------------------------- */

static void retire(struct files *files, struct response *response)
{
    free(files->retired[files->next_retired]);
    files->retired[files->next_retired] = response;
    files->next_retired = (files->next_retired + 1) % RETIRED;
}

static void say_date(time_t at, char text[32])
{
    struct tm parts;

    gmtime_r(&at, &parts);
    strftime(text, 32, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* A response with room for a body of `size` bytes behind its head; NULL: no memory. */
static struct response *make(const char *status, const char *type, const char *more,
                             uint32_t size)
{
    struct response *response = malloc(sizeof(*response) + HEAD_SIZE + size);
    char date[32];
    int head;

    if (response == NULL)
        return NULL;
    say_date(time(NULL), date);
    head = snprintf(
            (char *)response->bytes, HEAD_SIZE,
            "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %u\r\n%s\r\n",
            status, date, type, size, more);
    response->head = (uint32_t)head;
    response->size = response->head + size;
    return response;
}

static struct response *make_page(const char *status, const char *more)
{
    uint32_t size = (uint32_t)strlen(status);
    struct response *response = make(status, "text/plain", more, size + 1);

    if (response != NULL) {
        memcpy(response->bytes + response->head, status, size);
        response->bytes[response->head + size] = '\n';
    }
    return response;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        { ".html", "text/html" },      { ".htm", "text/html" },
        { ".txt", "text/plain" },      { ".css", "text/css" },
        { ".js", "text/javascript" },  { ".json", "application/json" },
        { ".svg", "image/svg+xml" },   { ".png", "image/png" },
        { ".jpg", "image/jpeg" },      { ".jpeg", "image/jpeg" },
        { ".gif", "image/gif" },       { ".webp", "image/webp" },
        { ".ico", "image/x-icon" },    { ".xml", "application/xml" },
        { ".pdf", "application/pdf" }, { ".wasm", "application/wasm" },
        { ".woff2", "font/woff2" },
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* --- Files
 * ------------------------------------------------------------------------------------ */

static int open_beneath(int directory, const char *path)
{
    struct open_how how = {
        /* Not to wait for the writer of a pipe. */
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

/* The file's bytes behind the head; false: it is shorter than it was, or cannot be read. */
static bool read_whole(int file, struct response *response)
{
    uint8_t *at = response->bytes + response->head;
    uint8_t *end = response->bytes + response->size;

    while (at < end) {
        ssize_t got = read(file, at, (size_t)(end - at));

        if (got > 0)
            at += got;
        else if (got == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static struct response *respond_with(int file, const char *path)
{
    struct response *response;
    struct stat status;
    char date[32], more[64];

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return make_page("404 Not Found", "");
    if (status.st_size > FILE_MOST)
        return make_page("500 Internal Server Error", ""); /* more than a reply can carry */
    say_date(status.st_mtime, date);
    snprintf(more, sizeof(more), "Last-Modified: %s\r\n", date);
    response = make("200 OK", type_of(path), more, (uint32_t)status.st_size);
    if (response != NULL && !read_whole(file, response)) {
        free(response);
        response = make_page("500 Internal Server Error", "");
    }
    return response;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* The path in a target, from the directory on: decoded, without the query, and of a directory
 * its index. */
static bool read_path(const struct target *target, char path[PATH_SIZE])
{
    uint32_t used = 0, i = 0;

    while (i < target->size && target->bytes[i] == '/')
        i++;
    for (; i < target->size && target->bytes[i] != '?' && target->bytes[i] != '#'; i++) {
        char c = target->bytes[i];

        if (c == '%') {
            if (i + 2 >= target->size || digit(target->bytes[i + 1]) < 0
                || digit(target->bytes[i + 2]) < 0)
                return false;
            c = (char)(digit(target->bytes[i + 1]) * 16 + digit(target->bytes[i + 2]));
            i += 2;
        }
        if (c == '\0' || used + sizeof("index.html") >= PATH_SIZE)
            return false;
        path[used++] = c;
    }
    path[used] = '\0';
    if (used == 0 || path[used - 1] == '/')
        strcpy(path + used, "index.html");
    return true;
}

static struct response *respond(const struct files *files, const struct target *target)
{
    struct response *response;
    char path[PATH_SIZE];
    int file;

    if (!read_path(target, path))
        return make_page("400 Bad Request", "");
    file = open_beneath(files->directory, path);
    if (file < 0)
        return errno == EACCES ? make_page("403 Forbidden", "")
                               : make_page("404 Not Found", "");
    response = respond_with(file, path);
    close(file);
    return response;
}

/* --- Requests
 * ----------------------------------------------------------------------------------- */

static uint32_t hash(const struct target *target)
{
    uint32_t sum = 2166136261U;

    for (uint32_t i = 0; i < target->size; i++)
        sum = (sum ^ (uint8_t)target->bytes[i]) * 16777619U;
    return sum;
}

/* The response that is kept, made anew if it is of another second. */
static const struct response *find(struct files *files, const struct target *target)
{
    struct kept *kept = &files->kept[hash(target) % KEPT];
    time_t now = time(NULL);
    struct response *response;

    if (kept->response != NULL && kept->second == now && kept->target_size == target->size
        && memcmp(kept->target, target->bytes, target->size) == 0)
        return kept->response;
    response = respond(files, target);
    if (response == NULL)
        return NULL;
    if (response->size > KEPT_SIZE_MOST || target->size > KEPT_TARGET_SIZE) {
        retire(files, response);
        return response;
    }
    retire(files, kept->response);
    kept->response = response;
    kept->second = now;
    kept->target_size = (uint8_t)target->size;
    memcpy(kept->target, target->bytes, target->size);
    return response;
}

/* The target of "GET /target HTTP/1.1"; false: of another method. "http://host/target" is the
 * same (RFC 9112, 3.2.2). */
static bool read_target(const uint8_t *bytes, uint32_t size, struct target *target)
{
    const char *at = (const char *)bytes;
    const char *end = memchr(at, '\r', size);
    const char *space, *slash;

    if (end == NULL)
        end = at + size;
    target->head = end - at > 5 && memcmp(at, "HEAD ", 5) == 0;
    if (!target->head && (end - at < 4 || memcmp(at, "GET ", 4) != 0))
        return false;
    at += target->head ? 5 : 4;
    space = memchr(at, ' ', (size_t)(end - at));
    if (space == NULL)
        space = end;
    if (space - at > 7 && strncasecmp(at, "http://", 7) == 0) {
        slash = memchr(at + 7, '/', (size_t)(space - at - 7));
        at = slash == NULL ? space : slash;
    }
    target->bytes = at;
    target->size = (uint32_t)(space - at);
    return true;
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    static uint8_t no_memory[] =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    const struct response *response;
    struct files *files = work->state;
    struct target target;

    if (item->kind != ITEM_REQUEST)
        return WORK_UNCHANGED;
    if (read_target(bytes->bytes, item->payload_offset, &target)) {
        response = find(files, &target);
    } else {
        struct response *refusal = make_page("405 Method Not Allowed", "Allow: GET, HEAD\r\n");

        retire(files, refusal);
        response = refusal;
        target.head = false;
    }
    if (response == NULL)
        *bytes = (struct work_bytes){ no_memory, sizeof(no_memory) - 1 };
    else
        *bytes = (struct work_bytes){ (uint8_t *)response->bytes,
                                      target.head ? response->head : response->size };
    return WORK_CHANGED;
}

static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    struct files *files;
    int directory;

    if (argument == NULL || argument[0] == '\0') {
        snprintf(error, error_size, "static: names no directory (static=DIR)");
        return false;
    }
    directory = open(argument, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        snprintf(error, error_size, "static: '%.200s': %s", argument, strerror(errno));
        return false;
    }
    files = calloc(1, sizeof(*files));
    if (files == NULL) {
        close(directory);
        snprintf(error, error_size, "static: no memory");
        return false;
    }
    files->directory = directory;
    work->state = files;
    return true;
}

static void finish(struct work *work)
{
    struct files *files = work->state;

    for (size_t i = 0; i < KEPT; i++)
        free(files->kept[i].response);
    for (size_t i = 0; i < RETIRED; i++)
        free(files->retired[i]);
    close(files->directory);
    free(files);
}

const struct work_kind work_static = {
    .version = WORK_VERSION,
    .name = "static",
    .argument = "DIR",
    .help = "reply to requests of http with the files of a directory",
    .replies = WORK_REPLIES_HTTP,
    .prepare = prepare,
    .process = process,
    .finish = finish,
};
