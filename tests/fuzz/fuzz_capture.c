/* SPDX-License-Identifier: MIT */
/*
 * fuzz_capture.c - an input is a capture, pcap or pcapng: it is read to its end, and the flow
 * of each packet is looked for, in bytes of which there are exactly as many as there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "load_balancer/flow.h"
#include "load_balancer/source/source.h"

enum { MOST_PACKETS = 1000 };

static void look_at(const struct packet *packet)
{
    struct packet exact = *packet;
    uint8_t *bytes = malloc(packet->captured);
    struct flow flow;
    char name[FLOW_NAME_SIZE];

    if (bytes == NULL && packet->captured > 0)
        return;
    if (packet->captured > 0)
        memcpy(bytes, packet->bytes, packet->captured);
    exact.bytes = bytes;
    flow_of_packet(&exact, &flow);
    flow_name(&flow, name, sizeof name);
    if (flow.payload_offset > packet->captured || memchr(name, '\0', sizeof name) == NULL)
        abort();
    free(bytes);
}

static void read_capture(const char *specification)
{
    const struct source_settings once = { .loop = 1 };
    char error[SOURCE_REASON_SIZE] = "";
    struct source *source = source_open(specification, &once, error, sizeof error);
    struct packet packet;

    if (source == NULL) {
        if (error[0] == '\0')
            abort(); /* refused, and nobody says why */
        return;
    }
    for (int i = 0; i < MOST_PACKETS && source_next(source, &packet) == SOURCE_PACKET; i++)
        look_at(&packet);
    source_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    char specification[64];

    if (file < 0)
        file = memfd_create("capture", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        return 0;
    snprintf(specification, sizeof specification, "pcap:/proc/self/fd/%d", file);
    read_capture(specification);
    return 0;
}
