/* SPDX-License-Identifier: MIT */
/*
 * check_flow_cut.c - packets that are cut short, damaged or made to mislead: the tag is made of
 * what is left, nothing is read that is not there, and every name fits.
 */
#include "load_balancer/flow.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "unit/load_balancer/made_packet.h"

START_TEST(a_packet_that_is_cut_short_is_tagged_by_what_is_left)
{
    struct made made = transport_packet(0, false, 0x0a000001, 80, 0x0a000002, 40000);
    struct made portless = ethernet(1, 2, IPV4);
    uint32_t tag = tag_of(made);

    add_ipv4(&portless, TCP, 0x0a000001, 0x0a000002, 0);
    for (uint32_t size = 0; size < made.size; size++) {
        struct flow flow = flow_of_part(&made, size);

        ck_assert(flow.parsed == (size >= 14));
        ck_assert(flow.ip_version == (size >= 34 ? 4 : 0));
        ck_assert(flow.ports == (size >= 38));
        if (size >= 38)
            ck_assert_uint_eq(flow.tag, tag);
        else if (size >= 34)
            ck_assert_uint_eq(flow.tag, tag_of(portless));
        else if (size >= 14)
            ck_assert_uint_eq(flow.tag, tag_of(ethernet(2, 1, IPV4)));
        if (size < 54)
            ck_assert_uint_eq(flow.payload_offset, size >= 34 ? size : size >= 14 ? 14 : 0);
    }
}
END_TEST

/* One of each kind, with all that a parser could trip over. */
static struct made sample(int i)
{
    struct made made;

    switch (i) {
    case 0:
        return transport_packet(0, false, 1, 80, 2, 40000);
    case 1:
        return transport_packet(0, true, 1, 80, 2, 40000);
    case 2:
        return transport_packet(2, false, 1, 80, 2, 40000);
    case 3:
        return transport_packet(4, true, 1, 80, 2, 40000);
    case 4:
        return icmp_about_udp(false, 3);
    case 5:
        return icmp_about_udp(true, 1);
    case 6:
        return fragment6(0x0001, UDP);
    case 7:
        return fragment4(1, 2, 0x2000);
    case 8:
        made = ethernet(1, 2, QINQ);
        add_vlan_tag(&made, 1, VLAN);
        add_vlan_tag(&made, 2, IPV6);
        add_ipv6(&made, HOP_BY_HOP, 1, 2, 2 * 24 + 12);
        add_extension(&made, HOP_BY_HOP, AH);
        add_extension(&made, AH, UDP);
        add_udp(&made, 1000, 2000, 4);
        add32(&made, 0);
        return made;
    default:
        made = link_layer(ip_links[i - 9].link_type, IPV4);
        add_ipv4(&made, UDP, 1, 2, 8);
        add_udp(&made, 1, 2, 0);
        return made;
    }
}

START_TEST(no_packet_is_read_beyond_its_end_wherever_it_is_cut)
{
    struct made made = sample(_i);
    char text[FLOW_NAME_SIZE];

    for (uint32_t size = 0; size <= made.size; size++) {
        struct flow flow = flow_of_part(&made, size);

        flow_name(&flow, text, sizeof(text));
        ck_assert_uint_gt(strlen(text), 0);
    }
}
END_TEST

START_TEST(no_packet_is_read_beyond_its_end_whatever_its_bytes_say)
{
    uint64_t state = 88172645463325252u + (uint64_t)_i;

    for (int i = 0; i < 20000; i++) {
        struct made made = sample(_i);
        uint64_t random = random_word(&state);

        for (int changes = (int)(random % 4); changes >= 0; changes--) {
            random = random_word(&state);
            made.at[(random >> 8) % made.size] = (uint8_t)random;
        }
        flow_of_part(&made, random_word(&state) % (made.size + 1));
        flow_of(&made);
    }
}
END_TEST

START_TEST(headers_that_cannot_be_are_not_parsed_as_ip)
{
    struct made made = udp_packet(1, 2);
    uint32_t tag = tag_of(ethernet(1, 2, IPV4));

    made.at[14] = 0x44; /* a header of 16 bytes */
    ck_assert_uint_eq(tag_of(made), tag);
    made.at[14] = 0x75; /* version 7 */
    ck_assert_uint_eq(tag_of(made), tag);
    made.at[14] = 0x45;
    made.at[14 + 3] = 19; /* shorter than its header */
    ck_assert_uint_eq(tag_of(made), tag);
}
END_TEST

START_TEST(a_name_fits_where_there_is_little_room)
{
    struct made made = udp_packet(1, 2);
    struct flow flow = flow_of(&made);
    char text[6] = "12345";

    flow_name(&flow, text, sizeof(text));
    ck_assert_str_eq(text, "UDP 1");
}
END_TEST

START_TEST(the_longest_name_fits)
{
    struct made made = fragment6(0x0001, 253);
    struct flow flow;
    char text[FLOW_NAME_SIZE];

    memset(made.at + 14 + 8, 0xfe, 32);
    flow = flow_of(&made);
    flow_name(&flow, text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "(fragments)"));
    flow.fragment = false;
    flow.ports = true;
    flow.source_port = flow.destination_port = 65535;
    flow_name(&flow, text, sizeof(text));
    ck_assert_str_eq(text + strlen(text) - 7, "]:65535");
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_packet_that_is_cut_short_is_tagged_by_what_is_left, 1 },
        { no_packet_is_read_beyond_its_end_wherever_it_is_cut, 9 + ip_links_count },
        { no_packet_is_read_beyond_its_end_whatever_its_bytes_say, 9 + ip_links_count },
        { headers_that_cannot_be_are_not_parsed_as_ip, 1 },
        { a_name_fits_where_there_is_little_room, 1 },
        { the_longest_name_fits, 1 },
    };

    return suite_run("flow_cut", tests, SUITE_LENGTH(tests));
}
