/* SPDX-License-Identifier: MIT */
/*
 * check_source_pcap.c - packets of a capture file arrive as they were recorded, also when it
 * is cut short; what is no capture gets one clear line.
 */
#include "load_balancer/source/source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"
#include "unit/load_balancer/made_capture.h"

static struct source *open_capture(const struct capture *capture, size_t size, uint64_t loop)
{
    return capture_open(file_of(capture->at, size), loop);
}

/* --- Whole files ------------------------------------------------------------------ */

START_TEST(packets_arrive_as_they_were_recorded)
{
    struct capture capture = capture_make(_i);
    struct source *source = open_capture(&capture, capture.size, 1);

    for (int i = 0; i < CAPTURE_PACKETS; i++)
        expect_next(source, i);
    expect_end(source);
    ck_assert_ptr_null(source_reason(source));
    ck_assert_uint_eq(source_expected(source), 0);
    source_close(source);
}
END_TEST

START_TEST(a_file_is_gone_through_as_often_as_asked)
{
    struct capture capture = capture_make(_i);
    struct source *source = open_capture(&capture, capture.size, 3);
    uint64_t lasts = capture_time(CAPTURE_PACKETS - 1) - capture_time(0);
    struct packet packet;

    for (uint64_t pass = 0; pass < 3; pass++) {
        for (int i = 0; i < CAPTURE_PACKETS; i++) {
            ck_assert_int_eq(source_next(source, &packet), SOURCE_PACKET);
            packet.time_ns -= pass * lasts; /* each pass goes on where the last ended */
            expect_packet(&packet, i);
        }
    }
    expect_end(source);
    source_close(source);
}
END_TEST

START_TEST(a_file_is_gone_through_for_ever)
{
    struct capture capture = capture_make(0);
    struct source *source = open_capture(&capture, capture.size, 0);
    struct packet packet;
    double fraction;

    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(source_next(source, &packet), SOURCE_PACKET);
    ck_assert(!source_progress(source, &fraction));
    source_close(source);
}
END_TEST

START_TEST(a_file_without_packets_ends_even_if_gone_through_for_ever)
{
    struct capture capture = capture_make(_i);
    struct source *source = open_capture(&capture, capture.head, 0);

    expect_end(source);
    ck_assert_ptr_null(source_reason(source));
    source_close(source);
}
END_TEST

START_TEST(progress_grows_to_one)
{
    struct capture capture = capture_make(0);
    struct source *source = open_capture(&capture, capture.size, 2);
    double before = 0, fraction = -1;
    struct packet packet;

    while (source_next(source, &packet) == SOURCE_PACKET) {
        ck_assert(source_progress(source, &fraction));
        ck_assert_double_ge(fraction, before);
        ck_assert_double_le(fraction, 1);
        before = fraction;
    }
    ck_assert(source_progress(source, &fraction));
    ck_assert_double_eq(fraction, 1);
    source_close(source);
}
END_TEST

/* --- Files that are cut short, damaged, or something else ------------------------- */

START_TEST(a_file_that_is_cut_short_delivers_what_is_whole_and_says_where_it_ends)
{
    struct capture capture = capture_make(_i);

    for (size_t size = capture.head; size <= capture.size; size++) {
        const char *path = file_of(capture.at, size);
        struct source *source = capture_open(path, 1);
        int whole = capture_whole(&capture, size);
        char note[SOURCE_REASON_SIZE];

        for (int i = 0; i < whole; i++)
            expect_next(source, i);
        expect_end(source);
        snprintf(note, sizeof(note),
                 "%s is cut short: it ends at byte %zu, in the middle of a "
                 "record; %d packets before it were whole",
                 path, size, whole);
        if (capture.boundary[size])
            ck_assert_ptr_null(source_reason(source));
        else
            ck_assert_str_eq(source_reason(source), note);
        source_close(source);
    }
}
END_TEST

START_TEST(a_file_that_is_cut_short_is_so_in_every_pass)
{
    struct capture capture = capture_make(_i);
    struct source *source = open_capture(&capture, capture.ends[1] + 40, 2);
    struct packet packet;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(source_next(source, &packet), SOURCE_PACKET);
    expect_end(source);
    ck_assert_ptr_nonnull(strstr(source_reason(source), "is cut short"));
    source_close(source);
}
END_TEST

START_TEST(a_file_that_is_cut_in_its_head_is_refused)
{
    struct capture capture = capture_make(_i);
    char error[SOURCE_REASON_SIZE], reason[SOURCE_REASON_SIZE];

    for (size_t size = 1; size < capture.head; size++) {
        const char *path = file_of(capture.at, size);

        ck_assert_ptr_null(capture_try(path, 1, error));
        snprintf(reason, sizeof(reason),
                 "%s is no capture: it ends at byte %zu, before the head "
                 "of one is whole",
                 path, size);
        ck_assert_str_eq(error, reason);
    }
}
END_TEST

START_TEST(a_damaged_file_fails_where_the_damage_is)
{
    struct capture capture = capture_make(0);
    struct packet packet;
    struct source *source;

    memset(capture.at + capture.ends[1] + 8, 0x7f, 4); /* the third packet has 2 GB, it says */
    source = open_capture(&capture, capture.size, 1);
    expect_next(source, 0);
    expect_next(source, 1);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_FAILED);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_FAILED);
    ck_assert_ptr_nonnull(
            strstr(source_reason(source), "cannot be read on after packet 2, near"));
    ck_assert_ptr_null(strchr(source_reason(source), '\n'));
    source_close(source);
}
END_TEST

static const struct {
    const char *path, *reason;
} wrong[] = {
    { "", "pcap: names no file (pcap:FILE, or pcap:- for standard input)" },
    { "/no/such/file", "/no/such/file: No such file or directory" },
    { "/", "/ is a directory, not a capture" },
};

START_TEST(what_cannot_be_a_capture_is_refused_with_one_clear_line)
{
    char error[SOURCE_REASON_SIZE];

    ck_assert_ptr_null(capture_try(wrong[_i].path, 1, error));
    ck_assert_str_eq(error, wrong[_i].reason);
}
END_TEST

START_TEST(what_has_no_capture_in_it_is_refused_with_one_clear_line)
{
    static const char text[] = "once upon a time there was a text";
    char error[SOURCE_REASON_SIZE];

    ck_assert_ptr_null(capture_try(file_of("", 0), 1, error));
    ck_assert_ptr_nonnull(strstr(error, " is empty"));

    ck_assert_ptr_null(capture_try(file_of(text, sizeof(text)), 1, error));
    ck_assert_ptr_nonnull(strstr(error, " is no capture in pcap or pcapng format"));
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { packets_arrive_as_they_were_recorded, CAPTURE_KINDS },
        { a_file_is_gone_through_as_often_as_asked, CAPTURE_KINDS },
        { a_file_is_gone_through_for_ever, 1 },
        { a_file_without_packets_ends_even_if_gone_through_for_ever, CAPTURE_KINDS },
        { progress_grows_to_one, 1 },
        { a_file_that_is_cut_short_delivers_what_is_whole_and_says_where_it_ends,
          CAPTURE_KINDS },
        { a_file_that_is_cut_short_is_so_in_every_pass, CAPTURE_KINDS },
        { a_file_that_is_cut_in_its_head_is_refused, CAPTURE_KINDS },
        { a_damaged_file_fails_where_the_damage_is, 1 },
        { what_cannot_be_a_capture_is_refused_with_one_clear_line, SUITE_LENGTH(wrong) },
        { what_has_no_capture_in_it_is_refused_with_one_clear_line, 1 },
    };

    return suite_run("source_pcap", tests, SUITE_LENGTH(tests));
}
