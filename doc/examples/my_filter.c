/* SPDX-License-Identifier: MIT */
/*
 * my_filter.c - work of one's own for load_balancer: packets to a port go no further, and their
 * bytes are counted.
 *
 *     cc -shared -fPIC my_filter.c $(pkg-config --cflags mcapi) -o my_filter.so
 *     load_balancer --source pcap:all.pcap --work ./my_filter.so=53 --sink pcap:without_53.pcap
 */
#include <load_balancer/work.h>
#include <stdio.h>
#include <stdlib.h>

enum { TCP = 6, UDP = 17 };
enum { IPV6_HEADER = 40 };

/* The destination of a TCP or UDP packet; -1: it has none, or is cut short before it. */
static long port_of(const struct item *item, const struct work_bytes *bytes)
{
    const uint8_t *header = bytes->bytes + item->network_offset;
    uint32_t ports = item->network_offset; /* where they begin */

    if ((item->protocol != TCP && item->protocol != UDP) || ports + 20 > bytes->size)
        return -1;
    if (item->ip_version == 4) {
        if ((header[6] & 0x1f) != 0 || header[7] != 0)
            return -1; /* a later fragment */
        ports += 4 * (header[0] & 0x0fU);
    } else {
        if (header[6] != item->protocol)
            return -1; /* there is something in between, which we leave alone */
        ports += IPV6_HEADER;
    }
    if (ports + 4 > bytes->size)
        return -1;
    return bytes->bytes[ports + 2] << 8 | bytes->bytes[ports + 3];
}

/* Called once in each worker before the first packet, and by load_balancer itself to see
 * whether the argument will do. */
static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    char *end = NULL;
    unsigned long port = argument != NULL ? strtoul(argument, &end, 10) : 0;
    long *kept;

    if (end == NULL || *end != '\0' || port < 1 || port > 65535) {
        snprintf(error, error_size,
                 "my_filter needs a port, 1 to 65535, as in my_filter.so=53");
        return false;
    }
    kept = malloc(sizeof(*kept));
    if (kept == NULL) {
        snprintf(error, error_size, "there is no memory");
        return false;
    }
    *kept = (long)port;
    work->state = kept;
    return true;
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    const long *port = work->state;

    if (item->ip_version == 0 || port_of(item, bytes) != *port)
        return WORK_UNCHANGED;
    work->result += bytes->size; /* summed up over all workers */
    return WORK_FILTERED;
}

static void finish(struct work *work)
{
    free(work->state);
}

/* What load_balancer and worker look for, by this name. */
const struct work_kind work_kind = {
    .version = WORK_VERSION,
    .name = "my_filter",
    .argument = "PORT",
    .result = "filtered_bytes",
    .meaning = "bytes to the port",
    .changes = true,
    .prepare = prepare,
    .process = process,
    .finish = finish,
};
