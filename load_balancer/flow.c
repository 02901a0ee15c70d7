/* SPDX-License-Identifier: MIT */
/*
 * flow.c - which flow a packet belongs to, and the tag that stands for it.
 *
 * From outside to inside: link layer, VLAN tags, IP, transport. Each step gets the bytes
 * that are there, checks before it reads, and leaves the rest to the next one. Nothing in
 * a packet is believed: not its lengths, not how often it is nested.
 */
#include "load_balancer/flow.h"

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <string.h>

enum {
    ETHER_ADDRESS = 6,
    ETHER_LEAST = 0x600, /* smaller values of an EtherType are lengths */
    ETHER_IPV4 = 0x0800,
    ETHER_ARP = 0x0806,
    ETHER_IPV6 = 0x86dd,

    MOST_VLAN_TAGS = 4,
    MOST_EXTENSIONS = 16, /* headers of IPv6 between its own and the transport */

    /* Raw IP has different numbers on different systems and in files. */
    RAW_ON_LINUX = 12,
    RAW_ON_OPENBSD = 14,
    RAW_IN_FILES = 101,

    HARDWARE_NETLINK = 824, /* of cooked captures: what follows has no EtherType */

    /* Extension headers and transports that not every <netinet/in.h> names. */
    PROTOCOL_HIP = 139,
    PROTOCOL_SHIM6 = 140,
    PROTOCOL_UDP_LITE = 136,
    PROTOCOL_MOBILITY = 135,
};

/* What is looked at: `at` bytes of it are dealt with, `end` is as far as one may read. */
struct view {
    const uint8_t *bytes;
    uint32_t at, end;
};

static bool view_has(const struct view *view, uint32_t size)
{
    return view->end - view->at >= size;
}

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint64_t read64(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return be64toh(word);
}

/* --- The tag ----------------------------------------------------------------------------- */

/* Adds a word to a hash (the finisher of splitmix64, a bijection without patterns). Words
 * are read in network order, so that all machines agree. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* Which end of the flow comes first: the smaller address, then the smaller port. */
static bool destination_first(const struct flow *flow)
{
    int order = memcmp(flow->source, flow->destination, sizeof(flow->source));

    return order > 0 || (order == 0 && flow->source_port > flow->destination_port);
}

/* Exchanges the two if `swap`. Which end comes first is as good as random, so that a branch
 * would go the wrong way for every other packet. */
static inline void swap_if(bool swap, uint64_t *a, uint64_t *b)
{
    uint64_t change = (*a ^ *b) & -(uint64_t)swap;

    *a ^= change;
    *b ^= change;
}

static uint32_t tag_of_fields(const struct flow *flow)
{
    uint64_t low = read64(flow->source), high = read64(flow->destination);
    uint64_t low_rest = read64(flow->source + 8), high_rest = read64(flow->destination + 8);
    uint64_t low_port = flow->source_port, high_port = flow->destination_port;
    bool by_the_rest =
            (low_rest > high_rest) | ((low_rest == high_rest) & (low_port > high_port));
    bool swap = (low > high) | ((low == high) & by_the_rest);
    uint64_t kind = flow->ip_version != 0 ? flow->protocol : flow->ether_type;
    uint64_t hash;

    swap_if(swap, &low, &high);
    swap_if(swap, &low_port, &high_port);
    hash = mix(0, (uint64_t)flow->ip_version << 56 | kind << 32 | low_port << 16 | high_port);
    hash = mix(hash, low);
    hash = mix(hash, high);
    if (flow->ip_version == 6) {
        swap_if(swap, &low_rest, &high_rest);
        hash = mix(hash, low_rest);
        hash = mix(hash, high_rest);
    }
    return (uint32_t)(hash >> 32);
}

static uint32_t tag_of_bytes(const uint8_t *bytes, uint32_t size)
{
    uint64_t hash = mix(0, UINT64_MAX - size); /* unlike the start of any tag of fields */

    for (uint32_t at = 0; at < size && at < FLOW_BYTES; at += 8) {
        uint8_t word[8] = { 0 };

        memcpy(word, bytes + at, size - at < 8 ? size - at : 8);
        hash = mix(hash, read64(word));
    }
    return (uint32_t)(hash >> 32);
}

/* --- Transport -------------------------------------------------------------------- */

/* Moves on over a header of this size, or as far as there is something. */
static void skip(struct view *view, uint32_t size)
{
    view->at = view_has(view, size) ? view->at + size : view->end;
}

/* The size of a header that tells it itself, in words of 32 bits, in the byte at `at`; 0 if
 * that byte is cut off. */
static uint32_t told_size(const struct view *view, uint32_t at, uint32_t shift)
{
    return view_has(view, at + 1) ? 4 * (uint32_t)(view->bytes[view->at + at] >> shift) : 0;
}

/* Reads the ports and moves on to the payload; to the end if it cannot be found. */
static void parse_ports(struct view *view, struct flow *flow, uint32_t header_size)
{
    const uint8_t *header = view->bytes + view->at;

    if (view_has(view, 4)) {
        flow->ports = true;
        flow->source_port = read16(header);
        flow->destination_port = read16(header + 2);
    }
    if (header_size >= 8)
        skip(view, header_size);
    else
        view->at = view->end;
}

static bool is_error(const struct flow *flow, uint8_t type)
{
    if (flow->protocol == IPPROTO_ICMPV6)
        return type < 128;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool parse_ip(struct view *view, struct flow *flow, bool quoted);

/* ICMP: an error's tag is that of the packet which it quotes. Out of the way of the others, and
 * this is where the functions call each other in a circle. */
__attribute__((noinline)) static void parse_icmp(struct view *view, struct flow *flow,
                                                 bool quoted)
{
    bool error = view_has(view, 8) && is_error(flow, view->bytes[view->at]);
    struct flow cause = { .parsed = false };
    struct view quote;

    skip(view, 8);
    quote = *view;
    if (error && !quoted && parse_ip(&quote, &cause, true))
        flow->tag = cause.tag;
}

static void parse_transport(struct view *view, struct flow *flow, bool quoted)
{
    flow->parsed = true;
    switch (flow->protocol) {
    case IPPROTO_TCP:
        parse_ports(view, flow, told_size(view, 12, 4));
        break;
    case IPPROTO_DCCP:
        parse_ports(view, flow, told_size(view, 4, 0));
        break;
    case IPPROTO_SCTP:
        parse_ports(view, flow, 12);
        break;
    case IPPROTO_UDP:
    case PROTOCOL_UDP_LITE:
        parse_ports(view, flow, 8);
        break;
    }
    flow->tag = tag_of_fields(flow);
    if (flow->protocol == (flow->ip_version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
        parse_icmp(view, flow, quoted);
}

/* --- IP ---------------------------------------------------------------------------------- */

/* Ends the view where the packet says that it ends: padding of the link layer may follow.
 * 0 comes from senders whose network card fills in the length later. */
static void limit(struct view *view, uint32_t size)
{
    if (size != 0 && view_has(view, size))
        view->end = view->at + size;
}

/* In one piece with the zeros behind it, because it is read so: a read of what was written in
 * several pieces has to wait for all of them. */
static inline void copy_ipv4(uint8_t *to, const uint8_t *address)
{
    uint64_t word = 0;

    memcpy(&word, address, 4);
    memcpy(to, &word, sizeof(word));
}

static bool parse_ipv4(struct view *view, struct flow *flow, bool quoted)
{
    const uint8_t *header = view->bytes + view->at;
    uint32_t header_size, total;

    if (!view_has(view, 20))
        return false;
    header_size = 4 * (uint32_t)(header[0] & 0xf);
    total = read16(header + 2);
    if (header_size < 20 || (total != 0 && total < header_size))
        return false;
    limit(view, total);
    flow->ip_version = 4;
    flow->addresses = true;
    flow->protocol = header[9];
    copy_ipv4(flow->source, header + 12);
    copy_ipv4(flow->destination, header + 16);
    flow->fragment = (read16(header + 6) & 0x3fff) != 0; /* more to come, or not the first */
    skip(view, header_size);
    if (!flow->fragment) {
        parse_transport(view, flow, quoted);
        return true;
    }
    flow->parsed = true;
    flow->tag = tag_of_fields(flow);
    return true;
}

/* Walks over the extension headers; `protocol` ends as that of the transport, or of what
 * is cut short or fragmented. */
static void parse_extensions(struct view *view, struct flow *flow)
{
    for (int i = 0; i < MOST_EXTENSIONS && view_has(view, 8); i++) {
        const uint8_t *header = view->bytes + view->at;
        uint32_t size;

        switch (flow->protocol) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
        case PROTOCOL_MOBILITY:
        case PROTOCOL_HIP:
        case PROTOCOL_SHIM6:
            size = 8 * ((uint32_t)header[1] + 1);
            break;
        case IPPROTO_AH:
            size = 4 * ((uint32_t)header[1] + 2);
            break;
        case IPPROTO_FRAGMENT:
            flow->fragment = (read16(header + 2) & 0xfff9) != 0;
            size = 8;
            break;
        default:
            return;
        }
        if (!view_has(view, size))
            return;
        flow->protocol = header[0];
        view->at += size;
        if (flow->fragment)
            return;
    }
}

static bool parse_ipv6(struct view *view, struct flow *flow, bool quoted)
{
    const uint8_t *header = view->bytes + view->at;

    if (!view_has(view, 40))
        return false;
    flow->ip_version = 6;
    flow->addresses = true;
    flow->protocol = header[6];
    memcpy(flow->source, header + 8, 16);
    memcpy(flow->destination, header + 24, 16);
    skip(view, 40);
    limit(view, read16(header + 4));
    parse_extensions(view, flow);
    if (!flow->fragment) {
        parse_transport(view, flow, quoted);
        return true;
    }
    flow->parsed = true;
    flow->tag = tag_of_fields(flow);
    return true;
}

/* False, with `flow` as it was: this is not IP, or its addresses are cut off. */
static bool parse_ip(struct view *view, struct flow *flow, bool quoted)
{
    if (!view_has(view, 1))
        return false;
    if (!quoted)
        flow->network_offset = (uint8_t)view->at;
    switch (view->bytes[view->at] >> 4) {
    case 4:
        return parse_ipv4(view, flow, quoted);
    case 6:
        return parse_ipv6(view, flow, quoted);
    default:
        return false;
    }
}

/* --- Link layer -------------------------------------------------------------------------- */

static bool is_vlan_tag(uint16_t ether_type)
{
    return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100
        || ether_type == 0x9200;
}

/* From an EtherType on; the view stands behind it. `addresses`, if there are any, are the
 * two MAC addresses, the destination's first. */
static void parse_ether_type(struct view *view, struct flow *flow, uint16_t ether_type,
                             const uint8_t *addresses)
{
    for (int i = 0; i < MOST_VLAN_TAGS && is_vlan_tag(ether_type) && view_has(view, 4); i++) {
        ether_type = read16(view->bytes + view->at + 2);
        view->at += 4;
    }
    flow->ether_type = ether_type >= ETHER_LEAST ? ether_type : 0;
    if ((ether_type == ETHER_IPV4 || ether_type == ETHER_IPV6) && parse_ip(view, flow, false))
        return;
    if (addresses != NULL) {
        flow->addresses = true;
        memcpy(flow->destination, addresses, ETHER_ADDRESS);
        memcpy(flow->source, addresses + ETHER_ADDRESS, ETHER_ADDRESS);
    }
    flow->parsed = true;
    flow->tag = tag_of_fields(flow);
}

/* What most packets are is one piece of code. */
__attribute__((flatten)) static void parse_ethernet(struct view *view, struct flow *flow)
{
    const uint8_t *header = view->bytes;

    if (!view_has(view, 14))
        return;
    view->at = 14;
    parse_ether_type(view, flow, read16(header + 12), header);
}

/* Cooked captures of Linux: the offsets of the kind of hardware and of the EtherType. */
static void parse_cooked(struct view *view, struct flow *flow, uint32_t header_size,
                         uint32_t hardware_at, uint32_t type_at)
{
    const uint8_t *header = view->bytes;

    if (!view_has(view, header_size) || read16(header + hardware_at) == HARDWARE_NETLINK)
        return;
    view->at = header_size;
    parse_ether_type(view, flow, read16(header + type_at), NULL);
}

/* Behind a header that says nothing that the version of IP does not say. */
static void parse_raw(struct view *view, struct flow *flow, uint32_t header_size)
{
    if (!view_has(view, header_size))
        return;
    view->at = header_size;
    if (!parse_ip(view, flow, false))
        view->at = 0;
}

bool flow_of_packet(const struct packet *packet, struct flow *flow)
{
    struct view view = { .bytes = packet->bytes, .end = packet->captured };
    bool known = true;

    memset(flow, 0, sizeof(*flow));
    switch (packet->link_type) {
    case DLT_EN10MB:
        parse_ethernet(&view, flow);
        break;
    case DLT_LINUX_SLL:
        parse_cooked(&view, flow, 16, 2, 14);
        break;
    case DLT_LINUX_SLL2:
        parse_cooked(&view, flow, 20, 8, 0);
        break;
    case DLT_NULL: /* a family of addresses, numbered as the capturing system likes */
    case DLT_LOOP:
        parse_raw(&view, flow, 4);
        break;
    case RAW_ON_LINUX:
    case RAW_ON_OPENBSD:
    case RAW_IN_FILES:
    case DLT_IPV4:
    case DLT_IPV6:
        parse_raw(&view, flow, 0);
        break;
    default:
        known = false;
    }
    if (!flow->parsed)
        flow->tag = tag_of_bytes(packet->bytes, packet->captured);
    flow->payload_offset = view.at;
    return known;
}

/* --- In words --------------------------------------------------------------------- */

static const struct {
    uint8_t protocol;
    const char *name;
} protocol_names[] = {
    { IPPROTO_ICMP, "ICMP" },
    { IPPROTO_IGMP, "IGMP" },
    { IPPROTO_TCP, "TCP" },
    { IPPROTO_UDP, "UDP" },
    { IPPROTO_DCCP, "DCCP" },
    { IPPROTO_GRE, "GRE" },
    { IPPROTO_ESP, "ESP" },
    { IPPROTO_AH, "AH" },
    { IPPROTO_ICMPV6, "ICMPv6" },
    { IPPROTO_SCTP, "SCTP" },
    { PROTOCOL_UDP_LITE, "UDP-Lite" },
};

/* "TCP", or "protocol 89" of IP; an EtherType is in hexadecimal, as everywhere. */
static void kind_name(const struct flow *flow, char *text, size_t size)
{
    if (flow->ip_version == 0) {
        if (flow->ether_type == ETHER_ARP)
            snprintf(text, size, "ARP");
        else if (flow->ether_type == 0)
            snprintf(text, size, "LLC");
        else
            snprintf(text, size, "EtherType 0x%04x", flow->ether_type);
        return;
    }
    for (size_t i = 0; i < sizeof(protocol_names) / sizeof(protocol_names[0]); i++) {
        if (protocol_names[i].protocol == flow->protocol) {
            snprintf(text, size, "%s", protocol_names[i].name);
            return;
        }
    }
    snprintf(text, size, "IP protocol %u", flow->protocol);
}

static void end_name(const struct flow *flow, const uint8_t *address, uint16_t port, char *text,
                     size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "";

    if (flow->ip_version == 0) {
        snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1],
                 address[2], address[3], address[4], address[5]);
        return;
    }
    inet_ntop(flow->ip_version == 4 ? AF_INET : AF_INET6, address, ip, sizeof(ip));
    if (!flow->ports)
        snprintf(text, size, "%s", ip);
    else if (flow->ip_version == 4)
        snprintf(text, size, "%s:%u", ip, port);
    else
        snprintf(text, size, "[%s]:%u", ip, port);
}

void flow_name(const struct flow *flow, char *text, size_t size)
{
    char kind[24], source[INET6_ADDRSTRLEN + 8], destination[INET6_ADDRSTRLEN + 8];
    bool swap = destination_first(flow);

    if (!flow->parsed) {
        snprintf(text, size, "bytes with tag %08" PRIx32, flow->tag);
        return;
    }
    kind_name(flow, kind, sizeof(kind));
    if (!flow->addresses) {
        snprintf(text, size, "%s", kind);
        return;
    }
    end_name(flow, flow->source, flow->source_port, source, sizeof(source));
    end_name(flow, flow->destination, flow->destination_port, destination, sizeof(destination));
    snprintf(text, size, "%s %s - %s%s", kind, swap ? destination : source,
             swap ? source : destination, flow->fragment ? " (fragments)" : "");
}
