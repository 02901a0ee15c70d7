/* SPDX-License-Identifier: MIT */
/*
 * check_flow.c - packets of a flow have one tag, in both directions and however they are
 * wrapped, and packets of other flows have others.
 */
#include "load_balancer/flow.h"

#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "unit/load_balancer/made_packet.h"

/* --- Ports and addresses ---------------------------------------------------------- */

START_TEST(addresses_ports_and_the_payload_are_found)
{
    static const uint8_t from[2][16] = { { 10, 0, 0, 1 }, { [0] = 0xfd, [12] = 10, [15] = 1 } };

    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        struct made made = transport_packet(_i, ipv6, 0x0a000001, 80, 0x0a000002, 40000);
        struct flow flow = flow_of(&made);
        char name[FLOW_NAME_SIZE];

        ck_assert(flow.parsed && flow.ports && flow.addresses && !flow.fragment);
        ck_assert_uint_eq(flow.ip_version, ipv6 ? 6 : 4);
        ck_assert_uint_eq(flow.ether_type, ipv6 ? IPV6 : IPV4);
        ck_assert_uint_eq(flow.protocol, transports[_i].protocol);
        ck_assert_uint_eq(flow.source_port, 80);
        ck_assert_uint_eq(flow.destination_port, 40000);
        ck_assert_mem_eq(flow.source, from[ipv6], 16);
        ck_assert_uint_eq(flow.payload_offset, made.size - 4);
        snprintf(name, sizeof(name),
                 ipv6 ? "%s [fd00::a00:1]:80 - [fd00::a00:2]:40000"
                      : "%s 10.0.0.1:80 - 10.0.0.2:40000",
                 transports[_i].name);
        expect_name(&made, name);
    }
}
END_TEST

START_TEST(both_directions_have_one_tag_and_one_name)
{
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        struct made there = transport_packet(_i, ipv6, 1, 80, 2, 40000);
        struct made back = transport_packet(_i, ipv6, 2, 40000, 1, 80);
        struct flow flow = flow_of(&there);
        char name[FLOW_NAME_SIZE];

        ck_assert_uint_eq(tag_of(there), tag_of(back));
        flow_name(&flow, name, sizeof(name));
        expect_name(&back, name);
    }
}
END_TEST

START_TEST(both_directions_between_two_ports_of_one_host_have_one_tag)
{
    for (int ipv6 = 0; ipv6 < 2; ipv6++)
        ck_assert_uint_eq(tag_of(transport_packet(_i, ipv6, 1, 80, 1, 40000)),
                          tag_of(transport_packet(_i, ipv6, 1, 40000, 1, 80)));
}
END_TEST

START_TEST(another_address_port_protocol_or_family_is_another_flow)
{
    int other = (_i + 1) % transports_count;
    uint32_t tag = tag_of(transport_packet(_i, false, 1, 80, 2, 40000));
    uint32_t tag6 = tag_of(transport_packet(_i, true, 1, 80, 2, 40000));

    ck_assert_uint_ne(tag, tag6);
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        uint32_t not = ipv6 ? tag6 : tag;

        ck_assert_uint_ne(tag_of(transport_packet(_i, ipv6, 3, 80, 2, 40000)), not );
        ck_assert_uint_ne(tag_of(transport_packet(_i, ipv6, 1, 80, 3, 40000)), not );
        ck_assert_uint_ne(tag_of(transport_packet(_i, ipv6, 1, 81, 2, 40000)), not );
        ck_assert_uint_ne(tag_of(transport_packet(_i, ipv6, 1, 80, 2, 40001)), not );
        ck_assert_uint_ne(tag_of(transport_packet(_i, ipv6, 1, 40000, 2, 80)), not );
        ck_assert_uint_ne(tag_of(transport_packet(other, ipv6, 1, 80, 2, 40000)), not );
    }
}
END_TEST

/* Tags are written down, compared and reproduced: a change of the hash is a change of what
 * this header promises. */
START_TEST(tags_are_the_same_on_every_machine_and_in_every_run)
{
    struct made arp = ethernet(1, 2, ARP);
    struct made unknown = { .at = "some bytes of an unknown kind",
                            .size = 29,
                            .link_type = 147 };

    ck_assert_uint_eq(tag_of(transport_packet(0, false, 0x0a000001, 80, 0x0a000002, 40000)),
                      0xbd7dfb3d);
    ck_assert_uint_eq(tag_of(transport_packet(1, true, 1, 53, 2, 40000)), 0x960fe4fe);
    ck_assert_uint_eq(tag_of(arp), 0x9106793c);
    ck_assert_uint_eq(tag_of(unknown), 0xbe4541d9);
}
END_TEST

/* Each sum of squares has a mean of buckets - 1 and a spread of its square root; six
 * spreads above are met once in a thousand million for a fair hash. */
static void expect_even(const uint32_t *count, uint32_t buckets, uint32_t total, double most)
{
    double mean = (double)total / buckets, squares = 0;

    for (uint32_t i = 0; i < buckets; i++)
        squares += (count[i] - mean) * (count[i] - mean) / mean;
    ck_assert_double_lt(squares, most);
}

START_TEST(tags_spread_evenly)
{
    enum { FLOWS = 100000 };
    uint32_t by_rest4[4] = { 0 }, by_rest256[256] = { 0 }, by_top4[4] = { 0 };
    uint32_t by_top256[256] = { 0 }, by_rest3[3] = { 0 };
    uint64_t state = 88172645463325252u;

    for (uint32_t i = 0; i < FLOWS; i++) {
        uint64_t ports = random_word(&state), hosts = random_word(&state);
        uint32_t tag = 0;

        switch (_i) {
        case 0: /* all at random */
            tag = tag_of(transport_packet(0, false, (uint32_t)hosts, (uint32_t)ports & 0xffff,
                                          hosts >> 32, ports >> 16 & 0xffff));
            break;
        case 1: /* one client's ports, one after the other */
            tag = tag_of(transport_packet(0, false, 0x0a000001, i & 0xffff,
                                          0x0a000002 + (i >> 16), 80));
            break;
        case 2: /* one address after the other, as in a scan */
            tag = tag_of(transport_packet(1, true, 1, 40000, i + 2, 53));
            break;
        }
        by_rest3[tag % 3]++;
        by_rest4[tag % 4]++;
        by_rest256[tag % 256]++;
        by_top4[tag >> 30]++;
        by_top256[tag >> 24]++;
    }
    expect_even(by_rest3, 3, FLOWS, 28);
    expect_even(by_rest4, 4, FLOWS, 32);
    expect_even(by_top4, 4, FLOWS, 32);
    expect_even(by_rest256, 256, FLOWS, 390);
    expect_even(by_top256, 256, FLOWS, 390);
}
END_TEST

/* --- Links ------------------------------------------------------------------------ */

START_TEST(the_same_flow_has_the_same_tag_on_every_link)
{
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
        uint32_t tag = tag_of(transport_packet(1, ipv6, 7, 1000, 8, 2000));
        struct made made = link_layer(ip_links[_i].link_type, ipv6 ? IPV6 : IPV4);
        struct flow flow;

        if (ipv6)
            add_ipv6(&made, UDP, 7, 8, 12);
        else
            add_ipv4(&made, UDP, 7, 8, 12);
        add_udp(&made, 1000, 2000, 4);
        add32(&made, 0);
        flow = flow_of(&made);
        ck_assert_msg(flow.parsed && flow.tag == tag, "%s", ip_links[_i].name);
        ck_assert_uint_eq(flow.payload_offset, made.size - 4);
    }
}
END_TEST

START_TEST(an_unknown_link_is_tagged_by_its_bytes_and_says_so)
{
    struct made made = { .at = "some bytes of an unknown kind", .size = 29, .link_type = 147 };
    struct packet packet = { made.at, made.size, made.size, 0, made.link_type };
    uint32_t tag = tag_of(made);
    struct flow flow;
    char name[FLOW_NAME_SIZE], wanted[FLOW_NAME_SIZE];

    ck_assert(!flow_of_packet(&packet, &flow));
    ck_assert(!flow.parsed);
    ck_assert_uint_eq(flow.payload_offset, 0);
    snprintf(wanted, sizeof(wanted), "bytes with tag %08x", tag);
    flow_name(&flow, name, sizeof(name));
    ck_assert_str_eq(name, wanted);
    for (uint32_t i = 0; i < made.size; i++) {
        made.at[i] ^= 1;
        ck_assert_uint_ne(tag_of(made), tag);
        made.at[i] ^= 1;
        ck_assert_uint_ne(flow_of_part(&made, i).tag, tag);
    }
}
END_TEST

START_TEST(only_the_first_bytes_of_an_unknown_link_make_its_tag)
{
    struct made made = { .size = FLOW_BYTES + 20, .link_type = 147 };
    uint32_t tag = tag_of(made);

    made.at[FLOW_BYTES] = 1;
    ck_assert_uint_eq(tag_of(made), tag);
    made.at[FLOW_BYTES - 1] = 1;
    ck_assert_uint_ne(tag_of(made), tag);
}
END_TEST

START_TEST(netlink_in_a_cooked_capture_is_tagged_by_its_bytes)
{
    struct made made = link_layer(DLT_LINUX_SLL, IPV4);

    made.at[2] = 824 >> 8;
    made.at[3] = 824 & 0xff;
    add_ipv4(&made, UDP, 1, 2, 8);
    add_udp(&made, 1, 2, 0);
    ck_assert(!flow_of(&made).parsed);
}
END_TEST

/* --- VLAN tags and what is not IP ------------------------------------------------- */

START_TEST(vlan_tags_are_looked_through)
{
    uint32_t tag = tag_of(udp_packet(1, 2));

    for (uint32_t tags = 1; tags <= 4; tags++) {
        struct made made = ethernet(1, 2, tags > 1 ? QINQ : VLAN);

        for (uint32_t i = 1; i <= tags; i++)
            add_vlan_tag(&made, 100 * i, i == tags ? IPV4 : i == 2 ? 0x9100 : VLAN);
        add_ipv4(&made, UDP, 0x0a000001, 0x0a000002, 12);
        add_udp(&made, 1001, 1002, 4);
        add32(&made, 0);
        ck_assert_uint_eq(tag_of(made), tag);
        ck_assert_uint_eq(flow_of(&made).payload_offset, 14 + 4 * tags + 28);
        ck_assert_uint_eq(flow_of(&made).ether_type, IPV4);
    }
}
END_TEST

START_TEST(too_many_vlan_tags_are_not_ip)
{
    struct made made = ethernet(1, 2, VLAN);

    for (int i = 0; i < 4; i++)
        add_vlan_tag(&made, 1, VLAN);
    add_vlan_tag(&made, 1, IPV4);
    add_ipv4(&made, UDP, 1, 2, 8);
    add_udp(&made, 1, 2, 0);
    ck_assert_uint_eq(flow_of(&made).ip_version, 0);
    ck_assert_uint_eq(flow_of(&made).ether_type, VLAN);
}
END_TEST

START_TEST(what_is_not_ip_is_tagged_by_ether_type_and_stations)
{
    struct made arp = ethernet(1, 2, ARP), lldp = ethernet(1, 2, LLDP);
    struct made tagged = ethernet(1, 2, VLAN);

    add_vlan_tag(&tagged, 7, ARP);
    add_zeros(&arp, 28);
    ck_assert_uint_eq(tag_of(arp), tag_of(ethernet(2, 1, ARP)));
    ck_assert_uint_eq(tag_of(arp), tag_of(tagged));
    ck_assert_uint_ne(tag_of(arp), tag_of(ethernet(1, 3, ARP)));
    ck_assert_uint_ne(tag_of(arp), tag_of(lldp));
    ck_assert_uint_eq(flow_of(&arp).payload_offset, 14);
    expect_name(&arp, "ARP 02:00:00:00:00:01 - 02:00:00:00:00:02");
    expect_name(&lldp, "EtherType 0x88cc 02:00:00:00:00:01 - 02:00:00:00:00:02");
}
END_TEST

START_TEST(frames_with_a_length_are_one_flow_whatever_their_length)
{
    struct made made = ethernet(1, 2, 39);

    ck_assert_uint_eq(tag_of(made), tag_of(ethernet(1, 2, 1500)));
    expect_name(&made, "LLC 02:00:00:00:00:01 - 02:00:00:00:00:02");
}
END_TEST

START_TEST(cooked_frames_without_ip_are_tagged_by_ether_type)
{
    struct made there = link_layer(DLT_LINUX_SLL, ARP), back = link_layer(DLT_LINUX_SLL, ARP);

    back.at[7] = 9; /* the sender's address */
    ck_assert_uint_eq(tag_of(there), tag_of(back));
    ck_assert_uint_ne(tag_of(there), tag_of(link_layer(DLT_LINUX_SLL, LLDP)));
    expect_name(&there, "ARP");
}
END_TEST

/* --- Fragments -------------------------------------------------------------------- */

START_TEST(all_fragments_of_a_datagram_have_one_tag)
{
    struct made first = fragment4(1, 2, 0x2000), later = fragment4(1, 2, 0x2010);
    struct made last = fragment4(1, 2, 0x0010);

    memset(later.at + 34, 0x55, 8); /* what would be ports */
    memset(last.at + 34, 0x77, 8);
    ck_assert_uint_eq(tag_of(first), tag_of(later));
    ck_assert_uint_eq(tag_of(first), tag_of(last));
    ck_assert_uint_eq(tag_of(first), tag_of(fragment4(2, 1, 0x2000)));
    ck_assert_uint_ne(tag_of(first), tag_of(fragment4(1, 3, 0x2000)));
    ck_assert_uint_ne(tag_of(first), tag_of(udp_packet(1, 2)));
    ck_assert(flow_of(&first).fragment && !flow_of(&first).ports);
    ck_assert_uint_eq(flow_of(&last).payload_offset, 34);
    expect_name(&first, "UDP 10.0.0.1 - 10.0.0.2 (fragments)");
}
END_TEST

START_TEST(a_datagram_that_must_not_be_fragmented_has_its_ports)
{
    struct made made = fragment4(1, 2, 0x4000);

    ck_assert(flow_of(&made).ports);
    ck_assert_uint_eq(tag_of(made), tag_of(udp_packet(1, 2)));
}
END_TEST

START_TEST(all_fragments_of_an_ipv6_datagram_have_one_tag)
{
    struct made first = fragment6(0x0001, UDP), whole = fragment6(0x0000, UDP);

    ck_assert_uint_eq(tag_of(first), tag_of(fragment6(0x0011, UDP)));
    ck_assert_uint_eq(tag_of(first), tag_of(fragment6(0x0020, UDP)));
    ck_assert(flow_of(&first).fragment);
    expect_name(&first, "UDP fd00::1 - fd00::2 (fragments)");
    /* One that is alone is no fragment in truth. */
    ck_assert_uint_eq(tag_of(whole), tag_of(transport_packet(1, true, 1, 1000, 2, 2000)));
    ck_assert(flow_of(&whole).ports && !flow_of(&whole).fragment);
}
END_TEST

START_TEST(a_fragment_with_more_headers_behind_agrees_with_the_others)
{
    struct made first = fragment6(0x0001, DESTINATION), last = fragment6(0x0010, DESTINATION);

    ck_assert_uint_eq(tag_of(first), tag_of(last));
    ck_assert_uint_eq(flow_of(&first).protocol, DESTINATION);
}
END_TEST

/* --- Headers between IP and the transport ----------------------------------------- */

static const struct {
    uint32_t protocol;
    const char *name;
} extensions[] = {
    { HOP_BY_HOP, "hop by hop" },
    { ROUTING, "routing" },
    { DESTINATION, "destination" },
    { AH, "authentication" },
    { MOBILITY, "mobility" },
    { 139, "HIP" },
    { 140, "shim6" },
};

START_TEST(ipv6_extension_headers_are_walked_over)
{
    struct made made = ethernet(1, 2, IPV6);

    add_ipv6(&made, extensions[_i].protocol, 1, 2, 3 * 24 + 12);
    add_extension(&made, extensions[_i].protocol, DESTINATION);
    add_extension(&made, DESTINATION, extensions[_i].protocol);
    add_extension(&made, extensions[_i].protocol, UDP);
    add_udp(&made, 1000, 2000, 4);
    add32(&made, 0);
    ck_assert_msg(tag_of(made) == tag_of(transport_packet(1, true, 1, 1000, 2, 2000)), "%s",
                  extensions[_i].name);
    ck_assert_uint_eq(flow_of(&made).payload_offset, made.size - 4);
}
END_TEST

START_TEST(endless_extension_headers_end)
{
    struct made made = ethernet(1, 2, IPV6);

    add_ipv6(&made, DESTINATION, 1, 2, 8 * 40);
    for (int i = 0; i < 40; i++) {
        add8(&made, DESTINATION);
        add_zeros(&made, 7);
    }
    ck_assert_uint_eq(flow_of(&made).protocol, DESTINATION);
    ck_assert(!flow_of(&made).ports);
}
END_TEST

START_TEST(options_of_ipv4_and_tcp_are_skipped)
{
    struct made made = ethernet(1, 2, IPV4);

    add_ipv4(&made, TCP, 1, 2, 12 + 32 + 3);
    made.at[14] = 0x48; /* 12 bytes of options */
    add_zeros(&made, 12);
    add_tcp(&made, 80, 40000);
    made.at[14 + 32 + 12] = 0x80; /* again 12 */
    add_zeros(&made, 12 + 3);
    ck_assert_uint_eq(flow_of(&made).payload_offset, made.size - 3);
    ck_assert_uint_eq(tag_of(made), tag_of(transport_packet(0, false, 1, 80, 2, 40000)));
}
END_TEST

START_TEST(padding_of_the_link_is_not_taken_for_ports)
{
    struct made made = ethernet(1, 2, IPV4);

    add_ipv4(&made, UDP, 1, 2, 0);
    for (int i = 0; i < 26; i++)
        add8(&made, 0x99);
    ck_assert(!flow_of(&made).ports);
}
END_TEST

START_TEST(a_length_that_the_network_card_fills_in_later_is_not_believed)
{
    struct made four = transport_packet(0, false, 1, 80, 2, 40000);
    struct made six = transport_packet(0, true, 1, 80, 2, 40000);
    uint32_t tag4 = tag_of(four), tag6 = tag_of(six);

    four.at[14 + 2] = four.at[14 + 3] = 0;
    six.at[14 + 4] = six.at[14 + 5] = 0;
    ck_assert_uint_eq(tag_of(four), tag4);
    ck_assert_uint_eq(tag_of(six), tag6);
}
END_TEST

static const struct {
    uint32_t protocol;
    const char *name;
} portless[] = {
    { ICMP, "ICMP 10.0.0.1 - 10.0.0.2" },
    { IGMP, "IGMP 10.0.0.1 - 10.0.0.2" },
    { ESP, "ESP 10.0.0.1 - 10.0.0.2" },
    { OSPF, "IP protocol 89 10.0.0.1 - 10.0.0.2" },
    { NO_NEXT, "IP protocol 59 10.0.0.1 - 10.0.0.2" },
};

START_TEST(other_protocols_are_tagged_by_addresses)
{
    struct made there = ethernet(1, 2, IPV4), back = ethernet(2, 1, IPV4);

    add_ipv4(&there, portless[_i].protocol, 0x0a000001, 0x0a000002, 8);
    add_ipv4(&back, portless[_i].protocol, 0x0a000002, 0x0a000001, 8);
    add32(&there, 0x08000000);
    add32(&there, 1);
    add32(&back, 0);
    add32(&back, 2);
    ck_assert_uint_eq(tag_of(there), tag_of(back));
    ck_assert_uint_eq(flow_of(&there).payload_offset,
                      portless[_i].protocol == ICMP ? there.size : there.size - 8);
    expect_name(&there, portless[_i].name);
}
END_TEST

/* --- ICMP errors ------------------------------------------------------------------ */

static const struct {
    bool ipv6;
    uint32_t type;
    bool error;
} icmp_types[] = {
    { false, 3, true },  { false, 4, true },   { false, 5, true },   { false, 11, true },
    { false, 12, true }, { false, 0, false },  { false, 8, false },  { false, 13, false },
    { true, 1, true },   { true, 2, true },    { true, 3, true },    { true, 4, true },
    { true, 127, true }, { true, 128, false }, { true, 129, false }, { true, 135, false },
};

START_TEST(an_icmp_error_has_the_tag_of_the_flow_it_is_about)
{
    bool ipv6 = icmp_types[_i].ipv6;
    struct made made = icmp_about_udp(ipv6, icmp_types[_i].type);
    struct made bare = ethernet(1, 9, ipv6 ? IPV6 : IPV4);
    struct flow flow = flow_of(&made);

    if (ipv6)
        add_ipv6(&bare, ICMPV6, 1, 9, 0);
    else
        add_ipv4(&bare, ICMP, 1, 9, 0);
    if (icmp_types[_i].error)
        ck_assert_uint_eq(flow.tag, tag_of(transport_packet(1, ipv6, 1, 1000, 2, 2000)));
    else
        ck_assert_uint_eq(flow.tag, tag_of(bare));
    ck_assert_uint_eq(flow.protocol, ipv6 ? ICMPV6 : ICMP);
    ck_assert(!flow.ports);
    ck_assert_uint_eq(flow.payload_offset, 14 + (ipv6 ? 40 : 20) + 8);
    expect_name(&made, ipv6 ? "ICMPv6 fd00::1 - fd00::9" : "ICMP 0.0.0.1 - 0.0.0.9");
}
END_TEST

START_TEST(an_icmp_error_about_a_fragment_has_the_tag_of_the_fragments)
{
    struct made made = ethernet(9, 1, IPV4);
    struct made about = fragment4(1, 2, 0x2000);

    add_ipv4(&made, ICMP, 0x0a000009, 0x0a000001, 8 + 28);
    add32(&made, 0x0b010000);
    add32(&made, 0);
    add(&made, about.at + 14, 28);
    ck_assert_uint_eq(tag_of(made), tag_of(about));
}
END_TEST

START_TEST(an_icmp_error_that_quotes_nothing_is_tagged_by_its_addresses)
{
    struct made made = icmp_about_udp(false, 3), echo = icmp_about_udp(false, 8);

    for (uint32_t size = 34; size < 34 + 8 + 20; size++)
        ck_assert_uint_eq(flow_of_part(&made, size).tag, tag_of(echo));
}
END_TEST

START_TEST(errors_within_errors_are_not_followed)
{
    struct made made = ethernet(9, 1, IPV4), about = icmp_about_udp(false, 3);
    struct made pair = ethernet(1, 9, IPV4);

    add_ipv4(&made, ICMP, 9, 1, 8 + about.size - 14);
    add32(&made, 0x03000000);
    add32(&made, 0);
    add(&made, about.at + 14, about.size - 14);
    add_ipv4(&pair, ICMP, 9, 1, 0);
    ck_assert_uint_eq(tag_of(made), tag_of(pair));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { addresses_ports_and_the_payload_are_found, transports_count },
        { both_directions_have_one_tag_and_one_name, transports_count },
        { both_directions_between_two_ports_of_one_host_have_one_tag, transports_count },
        { another_address_port_protocol_or_family_is_another_flow, transports_count },
        { tags_are_the_same_on_every_machine_and_in_every_run, 1 },
        { tags_spread_evenly, 3 },
        { the_same_flow_has_the_same_tag_on_every_link, ip_links_count },
        { an_unknown_link_is_tagged_by_its_bytes_and_says_so, 1 },
        { only_the_first_bytes_of_an_unknown_link_make_its_tag, 1 },
        { netlink_in_a_cooked_capture_is_tagged_by_its_bytes, 1 },
        { vlan_tags_are_looked_through, 1 },
        { too_many_vlan_tags_are_not_ip, 1 },
        { what_is_not_ip_is_tagged_by_ether_type_and_stations, 1 },
        { frames_with_a_length_are_one_flow_whatever_their_length, 1 },
        { cooked_frames_without_ip_are_tagged_by_ether_type, 1 },
        { all_fragments_of_a_datagram_have_one_tag, 1 },
        { a_datagram_that_must_not_be_fragmented_has_its_ports, 1 },
        { all_fragments_of_an_ipv6_datagram_have_one_tag, 1 },
        { a_fragment_with_more_headers_behind_agrees_with_the_others, 1 },
        { ipv6_extension_headers_are_walked_over, SUITE_LENGTH(extensions) },
        { endless_extension_headers_end, 1 },
        { options_of_ipv4_and_tcp_are_skipped, 1 },
        { padding_of_the_link_is_not_taken_for_ports, 1 },
        { a_length_that_the_network_card_fills_in_later_is_not_believed, 1 },
        { other_protocols_are_tagged_by_addresses, SUITE_LENGTH(portless) },
        { an_icmp_error_has_the_tag_of_the_flow_it_is_about, SUITE_LENGTH(icmp_types) },
        { an_icmp_error_about_a_fragment_has_the_tag_of_the_fragments, 1 },
        { an_icmp_error_that_quotes_nothing_is_tagged_by_its_addresses, 1 },
        { errors_within_errors_are_not_followed, 1 },
    };

    return suite_run("flow", tests, SUITE_LENGTH(tests));
}
