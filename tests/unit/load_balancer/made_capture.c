/* SPDX-License-Identifier: MIT */
/*
 * made_capture.c - captures made by hand, and what a source makes of them.
 */
#include "unit/load_balancer/made_capture.h"

#include <check.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    NS_PER_S = 1000000000,
    LAST_INTERFACE = 2,
};

static void add16(struct capture *capture, uint16_t value)
{
    if (capture->swapped)
        value = __builtin_bswap16(value);
    memcpy(capture->at + capture->size, &value, sizeof(value));
    capture->size += sizeof(value);
}

static void add32(struct capture *capture, uint32_t value)
{
    if (capture->swapped)
        value = __builtin_bswap32(value);
    memcpy(capture->at + capture->size, &value, sizeof(value));
    capture->size += sizeof(value);
}

/* Lengths that are not multiples of 4, and contents that tell which packet it is. */
static uint32_t captured_of(int i)
{
    return 61 + 7 * (uint32_t)i;
}

static uint32_t original_of(int i)
{
    return i == 2 ? 1500 : captured_of(i);
}

uint64_t capture_time(int i)
{
    return (UINT64_C(1700000000) + (uint64_t)i) * NS_PER_S + 123456000 + (uint64_t)i * 1000;
}

static void add_contents(struct capture *capture, int i)
{
    memset(capture->at + capture->size, 'a' + i, captured_of(i));
    capture->size += captured_of(i);
}

static void end_record(struct capture *capture)
{
    capture->boundary[capture->size] = true;
}

static void make_pcap(struct capture *capture, bool nanoseconds)
{
    add32(capture, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    add16(capture, 2);
    add16(capture, 4);
    add32(capture, 0);
    add32(capture, 0);
    add32(capture, 65535);
    add32(capture, 1); /* Ethernet */
    end_record(capture);
    capture->head = capture->size;
    for (int i = 0; i < CAPTURE_PACKETS; i++) {
        add32(capture, (uint32_t)(capture_time(i) / NS_PER_S));
        add32(capture, (uint32_t)(capture_time(i) % NS_PER_S / (nanoseconds ? 1 : 1000)));
        add32(capture, captured_of(i));
        add32(capture, original_of(i));
        add_contents(capture, i);
        end_record(capture);
        capture->ends[i] = capture->size;
    }
}

/* A description of an interface: Ethernet, times in units of 10^-digits seconds. */
static void add_interface(struct capture *capture, uint32_t digits)
{
    add32(capture, 1);
    add32(capture, 32);
    add16(capture, 1);
    add16(capture, 0);
    add32(capture, 65535);
    add16(capture, 9); /* if_tsresol */
    add16(capture, 1);
    add32(capture, capture->swapped ? digits << 24 : digits);
    add32(capture, 0);
    add32(capture, 32);
    end_record(capture);
}

static void add_enhanced_packet(struct capture *capture, int i, uint32_t interface)
{
    uint64_t time = interface == LAST_INTERFACE ? capture_time(i) / 1000 : capture_time(i);
    uint32_t padding = -captured_of(i) & 3;
    uint32_t size = 32 + captured_of(i) + padding;

    add32(capture, 6);
    add32(capture, size);
    add32(capture, interface);
    add32(capture, (uint32_t)(time >> 32));
    add32(capture, (uint32_t)time);
    add32(capture, captured_of(i));
    add32(capture, original_of(i));
    add_contents(capture, i);
    capture->size += padding;
    add32(capture, size);
    end_record(capture);
    capture->ends[i] = capture->size;
}

/* More interfaces appear on the way. The last counts in microseconds: a reader that saw a block
 * of the one before it twice would take that one for the last, and have wrong times. */
static void make_pcapng(struct capture *capture)
{
    add32(capture, 0x0a0d0d0a);
    add32(capture, 28);
    add32(capture, 0x1a2b3c4d);
    add16(capture, 1);
    add16(capture, 0);
    add32(capture, UINT32_MAX);
    add32(capture, UINT32_MAX);
    add32(capture, 28);
    end_record(capture);
    add_interface(capture, 9);
    capture->head = capture->size;
    for (int i = 0; i < CAPTURE_PACKETS; i++) {
        if (i == 2 || i == 4)
            add_interface(capture, i / 2 == LAST_INTERFACE ? 6 : 9);
        add_enhanced_packet(capture, i, (uint32_t)(i / 2));
    }
}

struct capture capture_make(int kind)
{
    struct capture capture = { .swapped = kind & 1, .blocks = kind >= 4 };

    if (capture.blocks)
        make_pcapng(&capture);
    else
        make_pcap(&capture, kind & 2);
    return capture;
}

int capture_whole(const struct capture *capture, size_t size)
{
    int whole = 0;

    while (whole < CAPTURE_PACKETS && capture->ends[whole] <= size)
        whole++;
    return whole;
}

const char *file_of(const void *bytes, size_t size)
{
    static char path[64];
    int file = memfd_create("capture", 0);

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, bytes, size), (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return path;
}

struct source *capture_try(const char *path, uint64_t loop, char *error)
{
    const struct source_settings settings = { .loop = loop };
    char specification[256];

    snprintf(specification, sizeof(specification), "pcap:%s", path);
    error[0] = '\0';
    return source_open(specification, &settings, error, SOURCE_REASON_SIZE);
}

struct source *capture_open(const char *path, uint64_t loop)
{
    char error[SOURCE_REASON_SIZE];
    struct source *source = capture_try(path, loop, error);

    ck_assert_msg(source != NULL, "%s: %s", path, error);
    return source;
}

void expect_packet(const struct packet *packet, int i)
{
    ck_assert_uint_eq(packet->captured, captured_of(i));
    ck_assert_uint_eq(packet->original, original_of(i));
    ck_assert_uint_eq(packet->time_ns, capture_time(i));
    ck_assert_uint_eq(packet->link_type, DLT_EN10MB);
    for (uint32_t at = 0; at < packet->captured; at++)
        ck_assert_uint_eq(packet->bytes[at], 'a' + i);
}

void expect_next(struct source *source, int i)
{
    struct packet packet;

    ck_assert_int_eq(source_next(source, &packet), SOURCE_PACKET);
    expect_packet(&packet, i);
}

void expect_end(struct source *source)
{
    struct packet packet;

    ck_assert_int_eq(source_next(source, &packet), SOURCE_END);
    ck_assert_int_eq(source_next(source, &packet), SOURCE_END);
}
