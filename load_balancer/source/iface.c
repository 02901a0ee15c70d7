/* SPDX-License-Identifier: MIT */
/*
 * iface.c - packets from a network interface, as they come, read with libpcap. Nothing is sent.
 *
 * There is no end: it goes on until somebody no longer asks. What the kernel had to drop
 * because we were too slow is said when the source is closed.
 */
#include "load_balancer/source/source.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pcap/pcap.h>

enum {
    /* The largest packet that libpcap records. */
    SNAPSHOT = 262144,
    /* What the kernel keeps for us while we do something else, bytes. */
    KEPT = 16 * 1024 * 1024,
    /* Packets that come within this time come together. */
    TOGETHER_MS = 10,
};

struct live {
    struct source source;
    pcap_t *pcap;
    bool nanoseconds; /* what the times of packets count */
    int wake;         /* an eventfd: somebody interrupts */
    char name[64];
};

/* --- Opening ---------------------------------------------------------------------------- */

static bool activate(struct live *live, char *error, size_t error_size)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    int status;

    live->pcap = pcap_create(live->name, why);
    if (live->pcap == NULL) {
        snprintf(error, error_size, "iface:%s: %s", live->name, why);
        return false;
    }
    pcap_set_snaplen(live->pcap, SNAPSHOT);
    pcap_set_promisc(live->pcap, 1);
    pcap_set_timeout(live->pcap, TOGETHER_MS);
    pcap_set_buffer_size(live->pcap, KEPT);
    live->nanoseconds = pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    status = pcap_activate(live->pcap);
    if (status < 0) {
        const char *more = pcap_geterr(live->pcap);

        snprintf(error, error_size, "iface:%s: %s%s%s", live->name, pcap_statustostr(status),
                 more[0] == '\0' ? "" : ": ", more);
        return false;
    }
    if (pcap_setnonblock(live->pcap, 1, why) != 0 || pcap_get_selectable_fd(live->pcap) < 0) {
        snprintf(error, error_size, "iface:%s: cannot be waited for: %s", live->name, why);
        return false;
    }
    return true;
}

static void live_close(struct source *source)
{
    struct live *live = (struct live *)source;
    struct pcap_stat statistics;

    if (live->pcap != NULL) {
        if (pcap_stats(live->pcap, &statistics) == 0 && statistics.ps_drop > 0)
            fprintf(stderr,
                    "load_balancer: iface:%s: the kernel dropped %u packets that came too "
                    "fast\n",
                    live->name, statistics.ps_drop);
        pcap_close(live->pcap);
    }
    if (live->wake >= 0)
        close(live->wake);
    free(live);
}

static struct source *live_open(const char *name, const struct source_settings *settings,
                                char *error, size_t error_size)
{
    struct live *live;

    if (*name == '\0') {
        snprintf(error, error_size, "iface: names no interface (iface:NAME, or iface:any)");
        return NULL;
    }
    if (settings->loop != 1) {
        snprintf(error, error_size, "iface:%.100s cannot be gone through more than once", name);
        return NULL;
    }
    live = calloc(1, sizeof(*live));
    if (live == NULL) {
        snprintf(error, error_size, "iface: no memory");
        return NULL;
    }
    live->source.kind = &source_iface;
    live->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (live->wake < 0)
        snprintf(error, error_size, "iface: no eventfd to wait with: %s", strerror(errno));
    else if (snprintf(live->name, sizeof(live->name), "%s", name) >= (int)sizeof(live->name))
        snprintf(error, error_size, "iface:%.100s: no interface has a name that long", name);
    else if (activate(live, error, error_size))
        return &live->source;
    live_close(&live->source);
    return NULL;
}

/* --- Packets ---------------------------------------------------------------------------- */

/* Sleeps until there may be packets; false: somebody interrupts. */
static bool wait_for_packets(struct live *live)
{
    struct pollfd on[2] = {
        { .fd = pcap_get_selectable_fd(live->pcap), .events = POLLIN },
        { .fd = live->wake, .events = POLLIN },
    };
    uint64_t wakes;

    if (poll(on, 2, -1) < 0)
        return errno != EINTR;
    /* The wake keeps while there are packets: it is for one who would have to wait. */
    return on[0].revents != 0 || read(live->wake, &wakes, sizeof(wakes)) != sizeof(wakes);
}

static void deliver(const struct live *live, const struct pcap_pkthdr *header,
                    const uint8_t *bytes, struct packet *packet)
{
    uint64_t part = (uint64_t)header->ts.tv_usec * (live->nanoseconds ? 1 : 1000);

    packet->bytes = bytes;
    packet->captured = header->caplen;
    packet->original = header->len > header->caplen ? header->len : header->caplen;
    packet->time_ns = (uint64_t)header->ts.tv_sec * UINT64_C(1000000000) + part;
    packet->link_type = (uint32_t)pcap_datalink(live->pcap);
}

static enum source_result live_next(struct source *source, struct packet *packet)
{
    struct live *live = (struct live *)source;

    for (;;) {
        struct pcap_pkthdr *header;
        const uint8_t *bytes;
        int answer = pcap_next_ex(live->pcap, &header, &bytes);

        if (answer == 1) {
            deliver(live, header, bytes, packet);
            return SOURCE_PACKET;
        }
        if (answer != 0) {
            snprintf(source->reason, SOURCE_REASON_SIZE, "iface:%s: %s", live->name,
                     pcap_geterr(live->pcap));
            return SOURCE_FAILED;
        }
        if (!wait_for_packets(live))
            return SOURCE_INTERRUPTED;
    }
}

static void live_interrupt(struct source *source)
{
    const uint64_t one = 1;
    int before = errno;

    /* It fails only when nobody has read the wakes for 2^64 calls. */
    if (write(((struct live *)source)->wake, &one, sizeof(one)) < 0)
        errno = before;
}

const struct source_kind source_iface = {
    .name = "iface",
    .help = "iface:NAME\t"
            "live packets of a network interface, until a signal; any: of all",
    .open = live_open,
    .next = live_next,
    .interrupt = live_interrupt,
    .close = live_close,
};
