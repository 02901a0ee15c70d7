/* SPDX-License-Identifier: MIT */
/*
 * capture_file.c - a capture that is written.
 */
#include "load_balancer/capture_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "worker/clock.h"

/* Whether it is the very capture that is to be read. */
static bool is_source(const char *path, const char *source)
{
    static const char kind[] = "pcap:";
    struct stat one, other;

    return strncmp(source, kind, strlen(kind)) == 0 && stat(path, &one) == 0
        && S_ISREG(one.st_mode)
        && (strcmp(source, "pcap:-") == 0 ? fstat(STDIN_FILENO, &other)
                                          : stat(source + strlen(kind), &other))
                   == 0
        && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool capture_file_open(struct capture_file *to, const char *option, const char *path,
                       bool at_once, const char *source, char reason[CONFIG_REASON_SIZE])
{
    *to = (struct capture_file){
        .option = option, .path = path, .at_once = at_once, .link_type = DLT_EN10MB
    };
    if (path == NULL)
        return true;
    if (is_source(path, source)) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "%s '%.200s': that is the source, which would be emptied", option, path);
        return false;
    }
    to->file = fopen(path, "wbe");
    if (to->file == NULL)
        snprintf(reason, CONFIG_REASON_SIZE, "%s '%.200s': %s", option, path, strerror(errno));
    return to->file != NULL;
}

/* The capture's own header, for which the link type must be known. */
static bool begin(struct capture_file *to)
{
    if (to->link == NULL)
        to->link = pcap_open_dead_with_tstamp_precision(to->link_type, ITEM_BYTES_MAX,
                                                        PCAP_TSTAMP_PRECISION_NANO);
    errno = ENOMEM;
    if (to->link == NULL)
        return false;
    to->capture = pcap_dump_fopen(to->link, to->file);
    if (to->capture == NULL)
        return false;
    to->file = NULL;
    return true;
}

static bool note_failure(struct capture_file *to, bool good)
{
    to->failed = to->failed || !good;
    return good;
}

bool capture_file_put(struct capture_file *to, const struct item *item, const void *bytes,
                      uint32_t size)
{
    const struct pcap_pkthdr header = {
        .ts = { .tv_sec = (time_t)(item->time_ns / NS_PER_S),
                .tv_usec = (suseconds_t)(item->time_ns % NS_PER_S) }, /* ns, as was said */
        .caplen = size,
        .len = item->original - item->captured + size,
    };

    if (to->failed)
        return true;
    if (to->file != NULL) {
        to->link_type = item->link_type;
        if (!begin(to))
            return note_failure(to, false);
    }
    if (to->capture == NULL)
        return true;
    if (to->link_type != item->link_type) {
        to->others++;
        return true;
    }
    pcap_dump(to->capture, &header, bytes);
    to->behind = true;
    return to->at_once ? capture_file_flush(to)
                       : note_failure(to, ferror(pcap_dump_file(to->capture)) == 0);
}

bool capture_file_flush(struct capture_file *to)
{
    if (!to->behind || to->failed)
        return true;
    to->behind = false;
    return note_failure(to, pcap_dump_flush(to->capture) == 0);
}

bool capture_file_close(struct capture_file *to)
{
    bool good = true;

    if (to->file != NULL && !to->failed)
        good = begin(to);
    if (to->capture != NULL) {
        good = (to->failed || pcap_dump_flush(to->capture) == 0) && good;
        pcap_dump_close(to->capture);
    }
    if (to->link != NULL)
        pcap_close(to->link);
    if (to->file != NULL)
        fclose(to->file);
    *to = (struct capture_file){ .file = NULL };
    return good;
}
