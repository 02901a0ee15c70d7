/* SPDX-License-Identifier: MIT */
/*
 * fuzz_flow.c - an input is a packet; its first byte says what the packet begins with.
 */
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "load_balancer/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t types[] = { DLT_EN10MB, DLT_RAW, DLT_LINUX_SLL, DLT_NULL,
                                      DLT_LOOP,   276,     228,           229 };
    struct packet packet = { .time_ns = 1 };
    struct flow flow, back;
    char name[FLOW_NAME_SIZE];
    uint8_t *bytes;

    if (size < 2)
        return 0;
    bytes = malloc(size - 1);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    packet.bytes = bytes;
    packet.captured = packet.original = (uint32_t)size - 1;
    packet.link_type = types[data[0] % (sizeof types / sizeof types[0])];
    flow_of_packet(&packet, &flow);
    flow_of_packet(&packet, &back);
    flow_name(&flow, name, sizeof name);
    if (flow.payload_offset > packet.captured || flow.tag != back.tag
        || memchr(name, '\0', sizeof name) == NULL)
        abort();
    free(bytes);
    return 0;
}
