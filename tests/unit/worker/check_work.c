/* SPDX-License-Identifier: MIT */
/*
 * check_work.c - each kind of work does what it says, and what is no kind is refused.
 */
#include "worker/work.h"

#include <string.h>

#include "support/suite.h"
#include "worker/clock.h"

static enum work_outcome process(struct work *work, const struct item *item, const char *bytes)
{
    char copy[64];
    struct work_bytes all = { (uint8_t *)copy, item->captured };

    ck_assert_uint_le(item->captured, sizeof(copy));
    memcpy(copy, bytes, item->captured);
    return work_process(work, item, &all);
}

static uint64_t result_of(const char *kind, const char *bytes, uint32_t payload_offset)
{
    struct item item = { .captured = (uint32_t)strlen(bytes),
                         .payload_offset = payload_offset };
    struct work work;
    char error[256];

    ck_assert_msg(work_prepare(&work, kind, error, sizeof(error)), "%s", error);
    process(&work, &item, bytes);
    work_finish(&work);
    return work.result;
}

START_TEST(count_adds_up_the_payload)
{
    ck_assert_uint_eq(result_of("count", "headpayload", 4), 7);
    ck_assert_uint_eq(result_of("count", "head", 4), 0);
}
END_TEST

/* The values of the algorithm's authors. */
START_TEST(digest_is_fnv_1a_of_the_payload)
{
    ck_assert_uint_eq(result_of("digest", "", 0), 0xcbf29ce484222325ULL);
    ck_assert_uint_eq(result_of("digest", "a", 0), 0xaf63dc4c8601ec8cULL);
    ck_assert_uint_eq(result_of("digest", "foobar", 0), 0x85944171f73967e8ULL);
    ck_assert_uint_eq(result_of("digest", "headfoobar", 4), 0x85944171f73967e8ULL);
}
END_TEST

START_TEST(a_digest_of_several_does_not_depend_on_their_order)
{
    struct item item = { .captured = 3 };
    struct work one, two;
    char error[256];

    ck_assert(work_prepare(&one, "digest", error, sizeof(error)));
    ck_assert(work_prepare(&two, "digest", error, sizeof(error)));
    process(&one, &item, "abc");
    process(&one, &item, "xyz");
    process(&one, &item, "abc");
    process(&two, &item, "abc");
    process(&two, &item, "abc");
    process(&two, &item, "xyz");
    ck_assert_uint_eq(one.result, two.result);
    ck_assert_uint_ne(one.result, result_of("digest", "xyz", 0));
}
END_TEST

START_TEST(delay_holds_an_item_at_least_so_long)
{
    struct item item = { .captured = 0 };
    struct work work;
    char error[256];
    uint64_t began_ns;

    ck_assert(work_prepare(&work, "delay=2000", error, sizeof(error)));
    began_ns = clock_ns();
    for (int i = 0; i < 3; i++)
        process(&work, &item, "");
    ck_assert_uint_ge(clock_ns() - began_ns, 3 * 2000 * NS_PER_US);
}
END_TEST

/* An IPv4 header of RFC 1071's kind: the checksum is right. */
static const uint8_t ipv4[20] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

static uint32_t sum_of(const uint8_t *header)
{
    uint32_t sum = 0;

    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static enum work_outcome route(uint8_t *packet, uint32_t size, uint8_t version, uint8_t at)
{
    struct item item = { .captured = size, .ip_version = version, .network_offset = at };
    struct work_bytes bytes = { packet, size };
    enum work_outcome outcome;
    struct work work;
    char error[256];

    ck_assert(work_prepare(&work, "ttl", error, sizeof(error)));
    outcome = work_process(&work, &item, &bytes);
    ck_assert_uint_eq(work.result, outcome == WORK_FILTERED);
    ck_assert_ptr_eq(bytes.bytes, packet);
    ck_assert_uint_eq(bytes.size, size);
    work_finish(&work);
    return outcome;
}

START_TEST(ttl_goes_down_and_the_checksum_stays_right)
{
    uint8_t packet[34];
    uint32_t sum;

    for (uint8_t ttl = 255; ttl > 1; ttl--) {
        memcpy(packet + 14, ipv4, sizeof(ipv4));
        packet[14 + 8] = ttl;
        packet[14 + 10] = packet[14 + 11] = 0;
        sum = 0xffff - sum_of(packet + 14);
        packet[14 + 10] = (uint8_t)(sum >> 8);
        packet[14 + 11] = (uint8_t)sum;
        ck_assert_uint_eq(sum_of(packet + 14), 0xffff);
        ck_assert_int_eq(route(packet, 34, 4, 14), WORK_CHANGED);
        ck_assert_uint_eq(packet[14 + 8], ttl - 1);
        ck_assert_uint_eq(sum_of(packet + 14), 0xffff);
    }
}
END_TEST

START_TEST(a_wrong_checksum_stays_wrong)
{
    uint8_t packet[20];

    memcpy(packet, ipv4, sizeof(ipv4));
    packet[11] ^= 1;
    ck_assert_int_eq(route(packet, 20, 4, 0), WORK_CHANGED);
    ck_assert_uint_ne(sum_of(packet), 0xffff);
}
END_TEST

START_TEST(a_packet_without_a_hop_left_ends)
{
    uint8_t packet[40] = { 0x60 };

    packet[7] = 1;
    ck_assert_int_eq(route(packet, 40, 6, 0), WORK_FILTERED);
    packet[7] = 0;
    ck_assert_int_eq(route(packet, 40, 6, 0), WORK_FILTERED);
    packet[7] = 2;
    ck_assert_int_eq(route(packet, 40, 6, 0), WORK_CHANGED);
    ck_assert_uint_eq(packet[7], 1);
}
END_TEST

START_TEST(what_is_no_ip_or_is_cut_short_goes_on_as_it_came)
{
    uint8_t packet[20], before[20];

    memcpy(packet, ipv4, sizeof(ipv4));
    memcpy(before, ipv4, sizeof(ipv4));
    ck_assert_int_eq(route(packet, 20, 0, 0), WORK_UNCHANGED);
    ck_assert_int_eq(route(packet, 20, 6, 0), WORK_UNCHANGED); /* the header says 4 */
    for (uint32_t size = 0; size < 20; size++)
        ck_assert_int_eq(route(packet, size, 4, 0), WORK_UNCHANGED);
    ck_assert_int_eq(route(packet, 20, 4, 1), WORK_UNCHANGED);
    ck_assert_int_eq(route(packet, 20, 4, 255), WORK_UNCHANGED);
    ck_assert_mem_eq(packet, before, sizeof(before));
}
END_TEST

static const struct {
    const char *specification;
    const char *reason;
} wrong[] = {
    { "./no-such.so", "'./no-such.so': " },
    { "/dev/null", "'/dev/null': " },
    { "ttl=3", "nothing can follow 'ttl'" },
    { "",
      "'' is no kind of work (there are count, digest, delay=US, ttl, echo, static=DIR, and "
      "shared objects: ./FILE.so)" },
    { "counts", "'counts' is no kind of work" },
    { "coun", "'coun' is no kind of work" },
    { "count=3", "nothing can follow 'count'" },
    { "digest=", "nothing can follow 'digest'" },
    { "delay", "'delay=': delay takes whole microseconds from 0" },
    { "delay=", "'delay=': delay takes whole microseconds" },
    { "delay=-1", "'delay=-1': delay takes whole microseconds" },
    { "delay=1.5", "'delay=1.5': delay takes whole microseconds" },
    { "delay=1us", "'delay=1us': delay takes whole microseconds" },
    { "delay= 1", "'delay= 1': delay takes whole microseconds" },
    { "delay=3600000001", "'delay=3600000001': delay takes whole microseconds" },
    { "delay=99999999999999999999", "delay takes whole microseconds" },
};

START_TEST(what_is_no_kind_of_work_is_refused_with_a_reason)
{
    struct work work;
    char error[256] = "";

    ck_assert(!work_prepare(&work, wrong[_i].specification, error, sizeof(error)));
    ck_assert_msg(strstr(error, wrong[_i].reason) != NULL, "'%s' is not in '%s'",
                  wrong[_i].reason, error);
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(acks_come_at_the_latest_after_a_quarter_of_the_window)
{
    ck_assert_uint_eq(item_ack_every(1), 1);
    ck_assert_uint_eq(item_ack_every(2), 1);
    ck_assert_uint_eq(item_ack_every(64), 16);
    for (uint32_t window = 1; window < 5000; window++) {
        ck_assert_uint_ge(item_ack_every(window), 1);
        ck_assert_uint_le(4 * item_ack_every(window), window < 4 ? 4 : window);
    }
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { count_adds_up_the_payload, 1 },
        { digest_is_fnv_1a_of_the_payload, 1 },
        { a_digest_of_several_does_not_depend_on_their_order, 1 },
        { delay_holds_an_item_at_least_so_long, 1 },
        { ttl_goes_down_and_the_checksum_stays_right, 1 },
        { a_wrong_checksum_stays_wrong, 1 },
        { a_packet_without_a_hop_left_ends, 1 },
        { what_is_no_ip_or_is_cut_short_goes_on_as_it_came, 1 },
        { what_is_no_kind_of_work_is_refused_with_a_reason, SUITE_LENGTH(wrong) },
        { acks_come_at_the_latest_after_a_quarter_of_the_window, 1 },
    };

    return suite_run("work", tests, SUITE_LENGTH(tests));
}
