/* SPDX-License-Identifier: MIT */
/*
 * made_packet.c - packets made by hand, for the tests of flow.c.
 */
#include "unit/load_balancer/made_packet.h"

#include <check.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

void add(struct made *made, const void *bytes, uint32_t size)
{
    ck_assert_uint_le(made->size + size, sizeof(made->at));
    memcpy(made->at + made->size, bytes, size);
    made->size += size;
}

void add8(struct made *made, uint32_t value)
{
    uint8_t byte = (uint8_t)value;

    add(made, &byte, 1);
}

void add16(struct made *made, uint32_t value)
{
    add8(made, value >> 8);
    add8(made, value);
}

void add32(struct made *made, uint32_t value)
{
    add16(made, value >> 16);
    add16(made, value);
}

void add_zeros(struct made *made, uint32_t count)
{
    while (count-- > 0)
        add8(made, 0);
}

struct made ethernet(uint32_t from, uint32_t to, uint32_t ether_type)
{
    struct made made = { .link_type = DLT_EN10MB };

    add16(&made, 0x0200);
    add32(&made, to);
    add16(&made, 0x0200);
    add32(&made, from);
    add16(&made, ether_type);
    return made;
}

const struct link ip_links[] = {
    { DLT_EN10MB, "Ethernet" }, { DLT_LINUX_SLL, "cooked" }, { DLT_LINUX_SLL2, "cooked 2" },
    { DLT_NULL, "null" },       { DLT_LOOP, "loop" },        { DLT_IPV4, "IPv4" },
    { DLT_IPV6, "IPv6" },       { 12, "raw on Linux" },      { 14, "raw on OpenBSD" },
    { 101, "raw in files" },
};
const int ip_links_count = sizeof(ip_links) / sizeof(ip_links[0]);

struct made link_layer(uint32_t link_type, uint32_t ether_type)
{
    struct made made = { .link_type = link_type };

    switch (link_type) {
    case DLT_EN10MB:
        return ethernet(1, 2, ether_type);
    case DLT_LINUX_SLL:
        add16(&made, 0);
        add16(&made, 1);
        add16(&made, 6);
        add_zeros(&made, 8);
        add16(&made, ether_type);
        break;
    case DLT_LINUX_SLL2:
        add16(&made, ether_type);
        add16(&made, 0);
        add32(&made, 1);
        add16(&made, 1);
        add16(&made, 6);
        add_zeros(&made, 8);
        break;
    case DLT_NULL:
        add32(&made, ether_type == IPV4 ? 0x02000000 : 0x1e000000);
        break;
    case DLT_LOOP:
        add32(&made, ether_type == IPV4 ? 2 : 24);
        break;
    }
    return made;
}

void add_vlan_tag(struct made *made, uint32_t vlan, uint32_t ether_type)
{
    add16(made, vlan);
    add16(made, ether_type);
}

void add_ipv4(struct made *made, uint32_t protocol, uint32_t from, uint32_t to,
              uint32_t payload)
{
    add16(made, 0x4500);
    add16(made, 20 + payload);
    add32(made, 0);
    add8(made, 64);
    add8(made, protocol);
    add16(made, 0);
    add32(made, from);
    add32(made, to);
}

void add_ipv6(struct made *made, uint32_t protocol, uint32_t from, uint32_t to,
              uint32_t payload)
{
    add32(made, 0x60000000);
    add16(made, payload);
    add8(made, protocol);
    add8(made, 64);
    add8(made, 0xfd);
    add_zeros(made, 11);
    add32(made, from);
    add8(made, 0xfd);
    add_zeros(made, 11);
    add32(made, to);
}

void add_tcp(struct made *made, uint32_t from, uint32_t to)
{
    add16(made, from);
    add16(made, to);
    add_zeros(made, 8);
    add16(made, 0x5018);
    add_zeros(made, 6);
}

void add_udp(struct made *made, uint32_t from, uint32_t to, uint32_t payload)
{
    add16(made, from);
    add16(made, to);
    add16(made, 8 + payload);
    add16(made, 0);
}

struct made udp_packet(uint32_t from, uint32_t to)
{
    struct made made = ethernet(from, to, IPV4);

    add_ipv4(&made, UDP, 0x0a000000 + from, 0x0a000000 + to, 12);
    add_udp(&made, 1000 + from, 1000 + to, 4);
    add32(&made, 0x12345678);
    return made;
}

struct flow flow_of_part(const struct made *made, uint32_t captured)
{
    /* A block of exactly this size: a read beyond its end is seen by the address sanitizer. */
    uint8_t *exact = malloc(captured > 0 ? captured : 1);
    struct packet packet = { exact, captured, made->size, 0, made->link_type };
    struct flow flow;

    memcpy(exact, made->at, captured);
    memset(&flow, 0xff, sizeof(flow));
    flow_of_packet(&packet, &flow);
    ck_assert_uint_le(flow.payload_offset, captured);
    free(exact);
    return flow;
}

struct flow flow_of(const struct made *made)
{
    return flow_of_part(made, made->size);
}

uint32_t tag_of(struct made made)
{
    return flow_of(&made).tag;
}

void expect_name(const struct made *made, const char *name)
{
    struct flow flow = flow_of(made);
    char text[FLOW_NAME_SIZE];

    flow_name(&flow, text, sizeof(text));
    ck_assert_str_eq(text, name);
}

const struct transport transports[] = {
    { TCP, 20, "TCP" },          { UDP, 8, "UDP" },    { SCTP, 12, "SCTP" },
    { UDP_LITE, 8, "UDP-Lite" }, { DCCP, 16, "DCCP" },
};
const int transports_count = sizeof(transports) / sizeof(transports[0]);

/* A header of the transport with its usual size, and four bytes of payload. */
static void add_transport(struct made *made, int i, uint32_t from, uint32_t to)
{
    switch (transports[i].protocol) {
    case TCP:
        add_tcp(made, from, to);
        break;
    case DCCP:
        add16(made, from);
        add16(made, to);
        add8(made, 4); /* words */
        add_zeros(made, 11);
        break;
    default:
        add16(made, from);
        add16(made, to);
        add_zeros(made, transports[i].header - 4);
    }
    add32(made, 0x12345678);
}

struct made transport_packet(int i, bool ipv6, uint32_t from, uint32_t from_port, uint32_t to,
                             uint32_t to_port)
{
    struct made made = ethernet(1, 2, ipv6 ? IPV6 : IPV4);

    if (ipv6)
        add_ipv6(&made, transports[i].protocol, from, to, transports[i].header + 4);
    else
        add_ipv4(&made, transports[i].protocol, from, to, transports[i].header + 4);
    add_transport(&made, i, from_port, to_port);
    return made;
}

struct made fragment4(uint32_t from, uint32_t to, uint32_t word)
{
    struct made made = udp_packet(from, to);

    made.at[14 + 6] = (uint8_t)(word >> 8);
    made.at[14 + 7] = (uint8_t)word;
    return made;
}

struct made fragment6(uint32_t word, uint32_t next)
{
    struct made made = ethernet(1, 2, IPV6);

    add_ipv6(&made, FRAGMENT, 1, 2, 8 + 12);
    add8(&made, next);
    add8(&made, 0);
    add16(&made, word);
    add32(&made, 0xabcdef);
    add_udp(&made, 1000 + word, 2000, 4);
    add32(&made, 0);
    return made;
}

void add_extension(struct made *made, uint32_t protocol, uint32_t next)
{
    add8(made, next);
    add8(made, protocol == AH ? 4 : 2); /* 24 bytes, counted in two ways */
    add_zeros(made, 22);
}

struct made icmp_about_udp(bool ipv6, uint32_t type)
{
    struct made made = ethernet(9, 1, ipv6 ? IPV6 : IPV4);

    if (ipv6)
        add_ipv6(&made, ICMPV6, 9, 1, 8 + 40 + 8);
    else
        add_ipv4(&made, ICMP, 9, 1, 8 + 20 + 8);
    add8(&made, type);
    add_zeros(&made, 7);
    if (ipv6)
        add_ipv6(&made, UDP, 1, 2, 500);
    else
        add_ipv4(&made, UDP, 1, 2, 500);
    add_udp(&made, 1000, 2000, 492);
    return made;
}

uint64_t random_word(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}
