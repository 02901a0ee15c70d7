/* SPDX-License-Identifier: MIT */
/*
 * check_quarantine.c - what is set aside is a capture that libpcap reads again.
 */
#include "load_balancer/quarantine.h"

#include <limits.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"

static char path[] = "/tmp/check_quarantine.XXXXXX";
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
    struct quarantine quarantine;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    memset(made.bytes, 0x5a, sizeof(made.bytes));
    ck_assert(quarantine_open(&quarantine, path, "generated:", reason));
    ck_assert(quarantine_put(&quarantine, &made.item));
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
            ck_assert(quarantine_close(&quarantine));
    }
}
END_TEST

START_TEST(without_an_item_it_is_a_capture_too)
{
    struct quarantine quarantine;
    struct pcap_pkthdr *header;
    const u_char *bytes;
    pcap_t *capture;

    ck_assert(quarantine_open(&quarantine, path, "generated:", reason));
    ck_assert(quarantine_close(&quarantine));
    capture = read_again();
    ck_assert_int_eq(pcap_next_ex(capture, &header, &bytes), PCAP_ERROR_BREAK);
    pcap_close(capture);
}
END_TEST

START_TEST(without_a_file_nothing_is_written)
{
    struct quarantine quarantine;

    ck_assert(quarantine_open(&quarantine, NULL, "generated:", reason));
    ck_assert(quarantine_put(&quarantine, &(struct item){ .captured = 0 }));
    ck_assert(quarantine_close(&quarantine));
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_refused)
{
    struct quarantine quarantine;

    ck_assert(!quarantine_open(&quarantine, "/no/such/folder/file", "generated:", reason));
    ck_assert_str_eq(reason, "--quarantine '/no/such/folder/file': No such file or directory");
    ck_assert(quarantine_close(&quarantine));
}
END_TEST

START_TEST(the_source_is_not_emptied)
{
    struct quarantine quarantine;
    char source[PATH_MAX + 8];

    ck_assert(quarantine_open(&quarantine, path, "pcap:/no/such/file", reason));
    ck_assert(quarantine_close(&quarantine));
    snprintf(source, sizeof(source), "pcap:%s", path);
    ck_assert(!quarantine_open(&quarantine, path, source, reason));
    ck_assert_ptr_nonnull(strstr(reason, "that is the source"));
    pcap_close(read_again());
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
    struct quarantine quarantine;

    ck_assert(quarantine_open(&quarantine, "/dev/full", "generated:", reason));
    ck_assert(!quarantine_put(&quarantine, &(struct item){ .captured = 0 }));
    quarantine_close(&quarantine);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { items_can_be_read_again, 1 },           { without_an_item_it_is_a_capture_too, 1 },
        { without_a_file_nothing_is_written, 1 }, { a_file_that_cannot_be_made_is_refused, 1 },
        { the_source_is_not_emptied, 1 },         { a_full_disk_is_noticed, 1 },
    };
    int failed;

    make_path();
    failed = suite_run("quarantine", tests, SUITE_LENGTH(tests));
    remove_path();
    return failed;
}
