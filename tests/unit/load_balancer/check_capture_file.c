/* SPDX-License-Identifier: MIT */
/*
 * check_capture_file.c - what is written is a capture that libpcap reads again.
 */
#include "load_balancer/capture_file.h"

#include <limits.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"

static char path[] = "/tmp/check_capture_file.XXXXXX";
static char reason[CONFIG_REASON_SIZE];

static void make_path(void)
{
    int file = mkstemp(path);

    if (file < 0)
        exit(99);
    close(file);
}

static void remove_path(void)
{
    unlink(path);
}

static pcap_t *read_again(void)
{
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture =
            pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);

    ck_assert_msg(capture != NULL, "%s", error);
    return capture;
}

START_TEST(items_can_be_read_again)
{
    struct {
        struct item item;
        uint8_t bytes[100];
    } made = { .item = { .captured = 100,
                         .original = 1400,
                         .link_type = DLT_RAW,
                         .time_ns = 1700000000123456789ULL } };
    struct capture_file capture_file;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    memset(made.bytes, 0x5a, sizeof(made.bytes));
    ck_assert(
            capture_file_open(&capture_file, "--quarantine", path, true, "generated:", reason));
    ck_assert(capture_file_put(&capture_file, &made.item, made.bytes, made.item.captured));
    /* It is there although nothing was closed. */
    for (int i = 0; i < 2; i++) {
        capture = read_again();
        ck_assert_int_eq(pcap_datalink(capture), DLT_RAW);
        ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
        ck_assert_uint_eq(header->caplen, 100);
        ck_assert_uint_eq(header->len, 1400);
        ck_assert_int_eq(header->ts.tv_sec, 1700000000);
        ck_assert_int_eq(header->ts.tv_usec, 123456789);
        ck_assert_mem_eq(bytes, made.bytes, 100);
        ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), PCAP_ERROR_BREAK);
        pcap_close(capture);
        if (i == 0)
            ck_assert(capture_file_close(&capture_file));
    }
}
END_TEST

START_TEST(bytes_that_were_changed_are_as_many_as_they_are_now)
{
    const struct item item = {
        .captured = 100, .original = 1400, .link_type = DLT_RAW, .time_ns = 1
    };
    struct capture_file capture_file;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    ck_assert(capture_file_open(&capture_file, "--sink", path, false, "generated:", reason));
    ck_assert(capture_file_put(&capture_file, &item, "shorter", 7));
    ck_assert(capture_file_close(&capture_file));
    capture = read_again();
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
    ck_assert_uint_eq(header->caplen, 7);
    ck_assert_uint_eq(header->len, 1400 - 93);
    ck_assert_mem_eq(bytes, "shorter", 7);
    pcap_close(capture);
}
END_TEST

START_TEST(packets_of_another_link_type_are_counted_and_left_out)
{
    const struct item item = { .link_type = DLT_RAW }, other = { .link_type = DLT_EN10MB };
    struct capture_file capture_file;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    ck_assert(capture_file_open(&capture_file, "--sink", path, false, "generated:", reason));
    ck_assert(capture_file_put(&capture_file, &item, "", 0));
    ck_assert(capture_file_put(&capture_file, &other, "", 0));
    ck_assert_uint_eq(capture_file.others, 1);
    ck_assert(capture_file_close(&capture_file));
    capture = read_again();
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(capture);
}
END_TEST

START_TEST(without_an_item_it_is_a_capture_too)
{
    struct capture_file capture_file;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    ck_assert(
            capture_file_open(&capture_file, "--quarantine", path, true, "generated:", reason));
    ck_assert(capture_file_close(&capture_file));
    capture = read_again();
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(capture);
}
END_TEST

START_TEST(without_a_file_nothing_is_written)
{
    struct capture_file capture_file;

    ck_assert(
            capture_file_open(&capture_file, "--quarantine", NULL, true, "generated:", reason));
    ck_assert(capture_file_put(&capture_file, &(struct item){ .captured = 0 }, "", 0));
    ck_assert(capture_file_close(&capture_file));
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_refused)
{
    struct capture_file capture_file;

    ck_assert(!capture_file_open(&capture_file, "--quarantine", "/no/such/folder/file", true,
                                 "generated:", reason));
    ck_assert_str_eq(reason, "--quarantine '/no/such/folder/file': No such file or directory");
    ck_assert(capture_file_close(&capture_file));
}
END_TEST

START_TEST(the_source_is_not_emptied)
{
    struct capture_file capture_file;
    char source[PATH_MAX + 8];

    ck_assert(capture_file_open(&capture_file, "--quarantine", path, true, "pcap:/no/such/file",
                                reason));
    ck_assert(capture_file_close(&capture_file));
    snprintf(source, sizeof(source), "pcap:%s", path);
    ck_assert(!capture_file_open(&capture_file, "--quarantine", path, true, source, reason));
    ck_assert_ptr_nonnull(strstr(reason, "that is the source"));
    pcap_close(read_again());
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
    struct capture_file capture_file;

    ck_assert(capture_file_open(&capture_file, "--quarantine", "/dev/full", true,
                                "generated:", reason));
    ck_assert(!capture_file_put(&capture_file, &(struct item){ .captured = 0 }, "", 0));
    /* Once. */
    ck_assert(capture_file_put(&capture_file, &(struct item){ .captured = 0 }, "", 0));
    ck_assert(capture_file_flush(&capture_file));
    ck_assert(capture_file_close(&capture_file));
}
END_TEST

/* Packets that are not in the file one by one are so when that is asked for. */
START_TEST(what_was_put_is_there_after_a_flush)
{
    const struct item item = { .link_type = DLT_RAW, .original = 7 };
    struct capture_file capture_file;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    ck_assert(capture_file_open(&capture_file, "--sink", path, false, "generated:", reason));
    ck_assert(capture_file_flush(&capture_file));
    ck_assert(!capture_file.behind);
    ck_assert(capture_file_put(&capture_file, &item, "a sink!", 7));
    ck_assert(capture_file.behind);
    ck_assert(capture_file_flush(&capture_file));
    ck_assert(!capture_file.behind);
    capture = read_again();
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), 1);
    ck_assert_mem_eq(bytes, "a sink!", 7);
    pcap_close(capture);
    ck_assert(capture_file_close(&capture_file));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { bytes_that_were_changed_are_as_many_as_they_are_now, 1 },
        { packets_of_another_link_type_are_counted_and_left_out, 1 },
        { items_can_be_read_again, 1 },
        { without_an_item_it_is_a_capture_too, 1 },
        { without_a_file_nothing_is_written, 1 },
        { a_file_that_cannot_be_made_is_refused, 1 },
        { the_source_is_not_emptied, 1 },
        { a_full_disk_is_noticed, 1 },
        { what_was_put_is_there_after_a_flush, 1 },
    };
    int failed;

    make_path();
    failed = suite_run("capture_file", tests, SUITE_LENGTH(tests));
    remove_path();
    return failed;
}
