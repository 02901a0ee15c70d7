/* SPDX-License-Identifier: MIT */
/*
 * check_source_generated.c - made-up packets are valid, in as many flows as asked for, and
 * the same again for the same seed; wrong specifications get one clear line.
 */
#include "load_balancer/source/source.h"

#include <netinet/in.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/flow.h"
#include "support/suite.h"

static struct source *open_or_fail(const char *specification)
{
    const struct source_settings once = { .loop = 1 };
    char error[SOURCE_REASON_SIZE] = "";
    struct source *source = source_open(specification, &once, error, sizeof(error));

    ck_assert_msg(source != NULL, "%s: %s", specification, error);
    return source;
}

static struct packet next_or_fail(struct source *source)
{
    struct packet packet;

    ck_assert_int_eq(source_next(source, &packet), SOURCE_PACKET);
    return packet;
}

static uint32_t read16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* Adds 16-bit words up as RFC 1071 says; an odd byte counts as the upper half. */
static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    while (sum > 0xffff)
        sum = (sum >> 16) + (sum & 0xffff);
    return sum;
}

static uint32_t expect_ipv4(const struct packet *packet, const uint8_t *ip)
{
    uint32_t total = packet->captured - 14;

    ck_assert_uint_eq(ip[0], 0x45);
    ck_assert_uint_eq(read16(ip + 2), total);
    ck_assert_uint_eq(sum_words(0, ip, 20), 0xffff);
    return sum_words(sum_words(0, ip + 12, 8) + ip[9] + total - 20, ip + 20, total - 20);
}

static uint32_t expect_ipv6(const struct packet *packet, const uint8_t *ip)
{
    uint32_t payload = packet->captured - 14 - 40;

    ck_assert_uint_eq(ip[0] >> 4, 6);
    ck_assert_uint_eq(read16(ip + 4), payload);
    return sum_words(sum_words(0, ip + 8, 32) + ip[6] + payload, ip + 40, payload);
}

/* Lengths and checksums of the whole frame, against the words of the standards. */
static void expect_valid(const struct packet *packet, struct flow *flow)
{
    const uint8_t *ip = packet->bytes + 14;

    ck_assert_uint_eq(packet->link_type, DLT_EN10MB);
    ck_assert(flow_of_packet(packet, flow));
    ck_assert(flow->ip_version == 4 || flow->ip_version == 6);
    ck_assert(flow->protocol == IPPROTO_TCP || flow->protocol == IPPROTO_UDP);
    ck_assert_uint_eq(flow->ip_version == 4 ? expect_ipv4(packet, ip) : expect_ipv6(packet, ip),
                      0xffff);
    if (flow->protocol == IPPROTO_UDP) {
        const uint8_t *udp = packet->bytes + flow->payload_offset - 8;

        ck_assert_uint_ne(read16(udp + 6), 0);
        ck_assert_uint_eq(read16(udp + 4), packet->captured - flow->payload_offset + 8);
    }
}

static const uint32_t sizes[] = {
    60, 61, 62, 63, 64, 69, 70, 73, 74, 75, 81, 82, 83, 128, 1499, 1514, 9001, 65534, 65535,
};

START_TEST(frames_of_every_size_have_right_lengths_and_checksums)
{
    char specification[64];
    struct source *source;
    struct packet packet;
    struct flow flow;

    snprintf(specification, sizeof(specification), "generated:size=%u,packets=2000,flows=64",
             sizes[_i]);
    source = open_or_fail(specification);
    while (source_next(source, &packet) == SOURCE_PACKET) {
        ck_assert_uint_eq(packet.captured, sizes[_i]);
        ck_assert_uint_eq(packet.original, sizes[_i]);
        expect_valid(&packet, &flow);
    }
    source_close(source);
}
END_TEST

START_TEST(frames_are_of_both_families_and_transports_where_they_fit)
{
    struct source *source = open_or_fail("generated:size=74,packets=4000");
    unsigned seen[2][2] = { { 0 } };
    struct packet packet;
    struct flow flow;

    while (source_next(source, &packet) == SOURCE_PACKET) {
        expect_valid(&packet, &flow);
        seen[flow.ip_version == 6][flow.protocol == IPPROTO_TCP]++;
    }
    source_close(source);
    for (int ipv6 = 0; ipv6 < 2; ipv6++)
        for (int tcp = 0; tcp < 2; tcp++)
            ck_assert_uint_gt(seen[ipv6][tcp], ipv6 ? 300 : 1000);

    source = open_or_fail("generated:size=61,packets=4000");
    while (source_next(source, &packet) == SOURCE_PACKET) {
        flow_of_packet(&packet, &flow);
        ck_assert_uint_eq(flow.ip_version, 4);
    }
    source_close(source);
}
END_TEST

/* Room for what tells flows apart, whichever way a packet goes. */
struct ends {
    uint8_t address[2][16];
    uint16_t port[2];
    uint8_t protocol;
};

static struct ends ends_of(const struct flow *flow)
{
    bool swap = memcmp(flow->source, flow->destination, 16) > 0;
    struct ends ends;

    memset(&ends, 0, sizeof(ends)); /* compared byte by byte */
    memcpy(ends.address[swap], flow->source, 16);
    memcpy(ends.address[!swap], flow->destination, 16);
    ends.port[swap] = flow->source_port;
    ends.port[!swap] = flow->destination_port;
    ends.protocol = flow->protocol;
    return ends;
}

static int compare_ends(const void *one, const void *other)
{
    return memcmp(one, other, sizeof(struct ends));
}

static const struct {
    const char *specification;
    size_t flows, packets;
} flow_counts[] = {
    { "generated:flows=1,packets=100", 1, 100 },
    { "generated:flows=7,packets=2000,size=100", 7, 2000 },
    { "generated:flows=1000,packets=30000", 1000, 30000 },
    { "generated:flows=1000,packets=30000,seed=18446744073709551615", 1000, 30000 },
};

START_TEST(there_are_as_many_flows_as_asked_for)
{
    struct source *source = open_or_fail(flow_counts[_i].specification);
    struct ends *ends = calloc(flow_counts[_i].packets, sizeof(*ends));
    size_t packets = 0, flows = 1;
    struct packet packet;
    struct flow flow;

    while (source_next(source, &packet) == SOURCE_PACKET) {
        flow_of_packet(&packet, &flow);
        ends[packets++] = ends_of(&flow);
    }
    ck_assert_uint_eq(packets, flow_counts[_i].packets);
    qsort(ends, packets, sizeof(*ends), compare_ends);
    for (size_t i = 1; i < packets; i++)
        flows += compare_ends(&ends[i - 1], &ends[i]) != 0;
    ck_assert_uint_eq(flows, flow_counts[_i].flows);
    free(ends);
    source_close(source);
}
END_TEST

START_TEST(one_packet_in_four_goes_back)
{
    struct source *source = open_or_fail("generated:flows=1,packets=4000");
    unsigned back = 0;
    struct packet packet;
    struct flow flow;

    while (source_next(source, &packet) == SOURCE_PACKET) {
        flow_of_packet(&packet, &flow);
        back += flow.source_port < flow.destination_port; /* servers have the small ports */
    }
    ck_assert_uint_gt(back, 800);
    ck_assert_uint_lt(back, 1200);
    source_close(source);
}
END_TEST

static uint64_t digest_of(const char *specification)
{
    struct source *source = open_or_fail(specification);
    uint64_t digest = 14695981039346656037u; /* FNV-1a */
    struct packet packet;

    while (source_next(source, &packet) == SOURCE_PACKET) {
        digest = (digest ^ packet.time_ns) * 1099511628211u;
        for (uint32_t i = 0; i < packet.captured; i++)
            digest = (digest ^ packet.bytes[i]) * 1099511628211u;
    }
    source_close(source);
    return digest;
}

START_TEST(the_same_seed_makes_the_same_packets_and_another_seed_others)
{
    ck_assert_uint_eq(digest_of("generated:packets=1000,seed=5"),
                      digest_of("generated:packets=1000,seed=5"));
    ck_assert_uint_ne(digest_of("generated:packets=1000,seed=5"),
                      digest_of("generated:packets=1000,seed=6"));
    ck_assert_uint_eq(digest_of("generated:packets=1000"),
                      digest_of("generated:flows=1000,size=64,seed=1,packets=1000"));
}
END_TEST

static int compare_words(const void *one, const void *other)
{
    return memcmp(one, other, sizeof(uint64_t));
}

START_TEST(no_two_packets_have_the_same_payload)
{
    enum { PACKETS = 5000 };
    struct source *source = open_or_fail("generated:flows=10,size=82,packets=5000");
    static uint64_t words[PACKETS];
    struct flow flow;

    for (int i = 0; i < PACKETS; i++) {
        struct packet packet = next_or_fail(source);

        flow_of_packet(&packet, &flow);
        ck_assert_uint_ge(packet.captured - flow.payload_offset, sizeof(words[i]));
        memcpy(&words[i], packet.bytes + flow.payload_offset, sizeof(words[i]));
    }
    qsort(words, PACKETS, sizeof(words[0]), compare_words);
    for (int i = 1; i < PACKETS; i++)
        ck_assert_uint_ne(words[i - 1], words[i]);
    source_close(source);
}
END_TEST

START_TEST(the_end_is_known_beforehand_and_stays_the_end)
{
    struct source *source = open_or_fail("generated:packets=4");
    struct packet packet;
    double fraction = -1;

    ck_assert_uint_eq(source_expected(source), 4);
    ck_assert_uint_eq(next_or_fail(source).time_ns, 0);
    ck_assert(source_progress(source, &fraction));
    ck_assert_double_eq(fraction, 0.25);
    for (int i = 1; i < 4; i++)
        ck_assert_uint_eq(next_or_fail(source).time_ns, 1000 * (uint64_t)i);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(source_next(source, &packet), SOURCE_END);
    ck_assert_ptr_null(source_reason(source));
    ck_assert(source_progress(source, &fraction));
    ck_assert_double_eq(fraction, 1);
    source_close(source);
}
END_TEST

START_TEST(without_a_number_of_packets_it_goes_on_for_ever)
{
    struct source *source = open_or_fail("generated:packets=0");
    double fraction;

    for (int i = 0; i < 10000; i++)
        next_or_fail(source);
    ck_assert_uint_eq(source_expected(source), 0);
    ck_assert(!source_progress(source, &fraction));
    source_interrupt(source); /* it never waits, so this changes nothing */
    next_or_fail(source);
    source_close(source);
}
END_TEST

static const struct {
    const char *specification;
    uint64_t packets;
} usual[] = {
    { "generated", 1000000 },
    { "generated:", 1000000 },
    { "generated:flows=16777216", 1000000 },
    { "generated:packets=1000000000000000", 1000000000000000 },
    { "generated:seed=0,size=65535,packets=1,flows=1", 1 },
};

START_TEST(settings_that_are_left_out_have_their_usual_values)
{
    struct source *source = open_or_fail(usual[_i].specification);

    ck_assert_uint_eq(source_expected(source), usual[_i].packets);
    next_or_fail(source);
    source_close(source);
}
END_TEST

static const struct {
    const char *specification, *reason;
} wrong[] = {
    { "", "'' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { ":", "':' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { "file.pcap",
      "'file.pcap' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { "udp:7",
      "'udp:7' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { "pcapng:x",
      "'pcapng:x' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { "gen:",
      "'gen:' begins with no known kind of source (there are pcap:, generated:, iface:)" },
    { "generated:speed=1",
      "generated: unknown setting 'speed' (there are flows, packets, size, seed)" },
    { "generated:=1", "generated: unknown setting '' (there are flows, packets, size, seed)" },
    { "generated:,", "generated: unknown setting '' (there are flows, packets, size, seed)" },
    { "generated:size=64,", "generated: nothing stands behind the last comma" },
    { "generated:size=64,,seed=1",
      "generated: unknown setting '' (there are flows, packets, size, seed)" },
    { "generated:size",
      "generated: 'size' is not possible, size is a number from 60 to 65535" },
    { "generated:size=",
      "generated: 'size=' is not possible, size is a number from 60 to 65535" },
    { "generated:size=59",
      "generated: 'size=59' is not possible, size is a number from 60 to 65535" },
    { "generated:size=65536",
      "generated: 'size=65536' is not possible, size is a number from 60 to 65535" },
    { "generated:size=64k",
      "generated: 'size=64k' is not possible, size is a number from 60 to 65535" },
    { "generated:size= 64",
      "generated: 'size= 64' is not possible, size is a number from 60 to 65535" },
    { "generated:size=-1",
      "generated: 'size=-1' is not possible, size is a number from 60 to 65535" },
    { "generated:flows=0",
      "generated: 'flows=0' is not possible, flows is a number from 1 to 16777216" },
    { "generated:flows=16777217",
      "generated: 'flows=16777217' is not possible, flows is a number from 1 to 16777216" },
    { "generated:packets=1000000000000001",
      "generated: 'packets=1000000000000001' is not possible, packets is a number from 0 to "
      "1000000000000000 (0: for ever)" },
    { "generated:seed=18446744073709551616",
      "generated: 'seed=18446744073709551616' is not possible, seed is a number from 0 to "
      "18446744073709551615" },
    { "generated:seed=0x10", "generated: 'seed=0x10' is not possible, seed is a number from 0 "
                             "to 18446744073709551615" },
    { "generated:size=64,size=64", "generated: size is given twice" },
};

START_TEST(a_wrong_specification_gets_one_clear_line)
{
    const struct source_settings once = { .loop = 1 };
    char error[SOURCE_REASON_SIZE] = "";

    ck_assert_ptr_null(source_open(wrong[_i].specification, &once, error, sizeof(error)));
    ck_assert_str_eq(error, wrong[_i].reason);
}
END_TEST

START_TEST(going_through_again_is_refused)
{
    char error[SOURCE_REASON_SIZE] = "";

    for (uint64_t loop = 0; loop <= 2; loop += 2) {
        const struct source_settings settings = { .loop = loop };

        ck_assert_ptr_null(source_open("generated:", &settings, error, sizeof(error)));
        ck_assert_str_eq(error, "generated: only a file can be gone through again, "
                                "ask for more packets");
    }
}
END_TEST

START_TEST(a_reason_fits_where_there_is_little_room)
{
    const struct source_settings once = { .loop = 1 };
    char error[8] = "1234567";

    ck_assert_ptr_null(source_open("generated:speed=1", &once, error, sizeof(error)));
    ck_assert_str_eq(error, "generat");
}
END_TEST

START_TEST(every_kind_has_one_line_of_help)
{
    size_t kinds = 0;

    for (const char *help; (help = source_help(kinds)) != NULL; kinds++) {
        ck_assert_ptr_nonnull(strchr(help, '\t'));
        ck_assert_ptr_null(strchr(help, '\n'));
    }
    ck_assert_uint_eq(kinds, 3);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { frames_of_every_size_have_right_lengths_and_checksums, SUITE_LENGTH(sizes) },
        { frames_are_of_both_families_and_transports_where_they_fit, 1 },
        { there_are_as_many_flows_as_asked_for, SUITE_LENGTH(flow_counts) },
        { one_packet_in_four_goes_back, 1 },
        { the_same_seed_makes_the_same_packets_and_another_seed_others, 1 },
        { no_two_packets_have_the_same_payload, 1 },
        { the_end_is_known_beforehand_and_stays_the_end, 1 },
        { without_a_number_of_packets_it_goes_on_for_ever, 1 },
        { settings_that_are_left_out_have_their_usual_values, SUITE_LENGTH(usual) },
        { a_wrong_specification_gets_one_clear_line, SUITE_LENGTH(wrong) },
        { going_through_again_is_refused, 1 },
        { a_reason_fits_where_there_is_little_room, 1 },
        { every_kind_has_one_line_of_help, 1 },
    };

    return suite_run("source_generated", tests, SUITE_LENGTH(tests));
}
