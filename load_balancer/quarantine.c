/* SPDX-License-Identifier: MIT */
/*
 * quarantine.c - a capture of the items that are set aside.
 */
#include "load_balancer/quarantine.h"

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

bool quarantine_open(struct quarantine *quarantine, const char *path, const char *source,
                     char reason[CONFIG_REASON_SIZE])
{
    *quarantine = (struct quarantine){ .link_type = DLT_EN10MB };
    if (path == NULL)
        return true;
    if (is_source(path, source)) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--quarantine '%.200s': that is the source, which would be emptied", path);
        return false;
    }
    quarantine->file = fopen(path, "wbe");
    if (quarantine->file == NULL)
        snprintf(reason, CONFIG_REASON_SIZE, "--quarantine '%.200s': %s", path,
                 strerror(errno));
    return quarantine->file != NULL;
}

/* The capture's own header, for which the link type must be known. */
static bool begin(struct quarantine *quarantine)
{
    if (quarantine->link == NULL)
        quarantine->link = pcap_open_dead_with_tstamp_precision(
                quarantine->link_type, ITEM_BYTES_MAX, PCAP_TSTAMP_PRECISION_NANO);
    errno = ENOMEM;
    if (quarantine->link == NULL)
        return false;
    quarantine->capture = pcap_dump_fopen(quarantine->link, quarantine->file);
    if (quarantine->capture == NULL)
        return false;
    quarantine->file = NULL;
    return true;
}

bool quarantine_put(struct quarantine *quarantine, const struct item *item)
{
    const struct pcap_pkthdr header = {
        .ts = { .tv_sec = (time_t)(item->time_ns / NS_PER_S),
                .tv_usec = (suseconds_t)(item->time_ns % NS_PER_S) }, /* ns, as was said */
        .caplen = item->captured,
        .len = item->original,
    };

    if (quarantine->file != NULL) {
        quarantine->link_type = item->link_type;
        if (!begin(quarantine))
            return false;
    }
    if (quarantine->capture == NULL)
        return true;
    pcap_dump(quarantine->capture, &header, (const u_char *)(item + 1));
    return pcap_dump_flush(quarantine->capture) == 0;
}

bool quarantine_close(struct quarantine *quarantine)
{
    bool good = true;

    if (quarantine->file != NULL)
        good = begin(quarantine);
    if (quarantine->capture != NULL) {
        good = pcap_dump_flush(quarantine->capture) == 0 && good;
        pcap_dump_close(quarantine->capture);
    }
    if (quarantine->link != NULL)
        pcap_close(quarantine->link);
    if (quarantine->file != NULL)
        fclose(quarantine->file);
    *quarantine = (struct quarantine){ .file = NULL };
    return good;
}
