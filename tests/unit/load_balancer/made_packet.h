/* SPDX-License-Identifier: MIT */
/*
 * made_packet.h - packets made by hand, for the tests of flow.c.
 *
 * A packet is begun with its link layer and grows at its end, header by header. It is then
 * given to flow_of_packet in a block of exactly its size.
 */
#ifndef TESTS_MADE_PACKET_H
#define TESTS_MADE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "load_balancer/flow.h"

enum {
    ICMP = 1,
    IGMP = 2,
    TCP = 6,
    UDP = 17,
    DCCP = 33,
    ESP = 50,
    AH = 51,
    ICMPV6 = 58,
    OSPF = 89,
    SCTP = 132,
    UDP_LITE = 136,
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    NO_NEXT = 59,
    DESTINATION = 60,
    MOBILITY = 135,
    IPV4 = 0x0800,
    ARP = 0x0806,
    VLAN = 0x8100,
    IPV6 = 0x86dd,
    QINQ = 0x88a8,
    LLDP = 0x88cc,
};

struct made {
    uint8_t at[512];
    uint32_t size;
    uint32_t link_type;
};

/* --- Piece by piece --------------------------------------------------------------- */

/* From the station with the number `from` to the one with the number `to`. */
struct made ethernet(uint32_t from, uint32_t to, uint32_t ether_type);

/* The links that may carry IP, and everything that stands in front of IP on one of them. */
extern const struct link {
    uint32_t link_type;
    const char *name;
} ip_links[];
extern const int ip_links_count;
struct made link_layer(uint32_t link_type, uint32_t ether_type);

void add(struct made *made, const void *bytes, uint32_t size);
void add8(struct made *made, uint32_t value);
void add16(struct made *made, uint32_t value);
void add32(struct made *made, uint32_t value);
void add_zeros(struct made *made, uint32_t count);

void add_vlan_tag(struct made *made, uint32_t vlan, uint32_t ether_type);

/* IPv6 addresses are fd00::from and fd00::to. */
void add_ipv4(struct made *made, uint32_t protocol, uint32_t from, uint32_t to,
              uint32_t payload);
void add_ipv6(struct made *made, uint32_t protocol, uint32_t from, uint32_t to,
              uint32_t payload);

/* An extension header of IPv6, of 24 bytes. */
void add_extension(struct made *made, uint32_t protocol, uint32_t next);

void add_tcp(struct made *made, uint32_t from, uint32_t to);
void add_udp(struct made *made, uint32_t from, uint32_t to, uint32_t payload);

/* --- Whole packets, on Ethernet --------------------------------------------------- */

/* The transports with ports. */
extern const struct transport {
    uint32_t protocol, header;
    const char *name;
} transports[];
extern const int transports_count;

/* A packet of transports[i] with a header of the usual size and four bytes of payload. */
struct made transport_packet(int i, bool ipv6, uint32_t from, uint32_t from_port, uint32_t to,
                             uint32_t to_port);

/* UDP over IPv4 from 10.0.0.`from`:1000+from to 10.0.0.`to`:1000+to. */
struct made udp_packet(uint32_t from, uint32_t to);

/* The same with other flags and another offset: `word` is that field of the IP header. */
struct made fragment4(uint32_t from, uint32_t to, uint32_t word);

/* A datagram from fd00::1 to fd00::2 with a fragment header; `word` is that field of it. */
struct made fragment6(uint32_t word, uint32_t next);

/* What a router, 9, tells 1 about a packet of UDP from 1 to 2: its IP header and 8 bytes. */
struct made icmp_about_udp(bool ipv6, uint32_t type);

/* --- What becomes of them --------------------------------------------------------- */

struct flow flow_of(const struct made *made);
struct flow flow_of_part(const struct made *made, uint32_t captured); /* only the first bytes */
uint32_t tag_of(struct made made);
void expect_name(const struct made *made, const char *name);

/* The next word of a sequence that is the same in every run; the state is not 0. */
uint64_t random_word(uint64_t *state);

#endif /* TESTS_MADE_PACKET_H */
