/* SPDX-License-Identifier: MIT */
/*
 * pcap.c - packets from a capture file, read with libpcap: pcap and pcapng.
 *
 * A file that ends inside a packet is no failure: everything that was whole is delivered, and
 * the source says where it ends. A capture that comes through a pipe is waited for,
 * and a signal during the wait loses nothing.
 */
#include "load_balancer/source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <inttypes.h>
#include <pcap/pcap.h>

#include "load_balancer/source/input.h"

struct capture {
    struct source source;
    struct input *input;
    pcap_t *pcap;     /* NULL until the head of the file has been read, in each pass */
    bool blocks;      /* pcapng, which is made of blocks */
    uint64_t loop;    /* passes to make; 0: for ever */
    uint64_t pass;    /* passes made */
    uint64_t packets; /* delivered in this pass */
    uint64_t later;   /* what is added to recorded times in this pass, ns, modulo 2^64 */
    uint64_t latest;  /* time delivered so far, ns */
};

/* --- The head of the file ------------------------------------------------------------- */

/* Why libpcap did not take the head of the file. */
static void say_not_a_capture(struct capture *capture, const char *why)
{
    const char *name = input_name(capture->input);
    uint64_t position = input_position(capture->input);
    char *reason = capture->source.reason;

    if (input_end_met(capture->input) && position == 0)
        snprintf(reason, SOURCE_REASON_SIZE, "%s is empty", name);
    else if (input_end_met(capture->input))
        snprintf(reason, SOURCE_REASON_SIZE,
                 "%s is no capture: it ends at byte %" PRIu64
                 ", before the head of one is whole",
                 name, position);
    else
        snprintf(reason, SOURCE_REASON_SIZE, "%s is no capture in pcap or pcapng format (%s)",
                 name, why);
}

/* Begins a pass: SOURCE_PACKET if packets can follow now. */
static enum source_result capture_begin(struct capture *capture)
{
    static const uint8_t pcapng[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
    char error[PCAP_ERRBUF_SIZE] = "";
    const uint8_t *head;
    size_t head_size;
    FILE *stream = input_stream(capture->input);

    if (stream == NULL) {
        snprintf(capture->source.reason, SOURCE_REASON_SIZE, "%s: no memory to read it",
                 input_name(capture->input));
        return SOURCE_FAILED;
    }
    input_mark(capture->input);
    capture->packets = 0;
    capture->pcap =
            pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, error);
    if (capture->pcap == NULL) {
        fclose(stream);
        if (input_interrupted(capture->input)) {
            input_take_back(capture->input, 0);
            return SOURCE_INTERRUPTED;
        }
        say_not_a_capture(capture, error);
        return SOURCE_FAILED;
    }
    head = input_since_mark(capture->input, &head_size);
    capture->blocks = head_size >= sizeof(pcapng) && memcmp(head, pcapng, sizeof(pcapng)) == 0;
    return SOURCE_PACKET;
}

/* --- Between packets -------------------------------------------------------------------- */

static uint32_t read32(const uint8_t *at, bool swapped)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return swapped ? __builtin_bswap32(value) : value;
}

/* The size of the pcapng block that lies whole at the beginning of these bytes; 0 if none
 * does. A block tells its size in front and behind, which also shows the byte order. */
static size_t whole_block(const uint8_t *bytes, size_t size)
{
    for (int swapped = 0; size >= 12 && swapped < 2; swapped++) {
        uint32_t length = read32(bytes + 4, swapped);

        if (length >= 12 && length <= size && length % 4 == 0
            && read32(bytes + length - 4, swapped) == length)
            return length;
    }
    return 0;
}

/* Puts back the packet that was interrupted. In pcapng other blocks may stand before it;
 * libpcap has dealt with those that were whole and must not see them twice. */
static void take_back_packet(struct capture *capture)
{
    size_t size, keep = 0, block;
    const uint8_t *bytes = input_since_mark(capture->input, &size);

    if (capture->blocks)
        while ((block = whole_block(bytes + keep, size - keep)) != 0)
            keep += block;
    input_take_back(capture->input, keep);
}

/* The capture cannot be read on, and no signal is the reason. */
static enum source_result capture_broken(struct capture *capture)
{
    const char *name = input_name(capture->input);
    uint64_t position = input_position(capture->input);

    if (input_end_met(capture->input)) {
        snprintf(capture->source.reason, SOURCE_REASON_SIZE,
                 "%s is cut short: it ends at byte %" PRIu64 ", in the middle of a record; "
                 "%" PRIu64 " packets before it were whole",
                 name, position, capture->packets);
        return SOURCE_END;
    }
    snprintf(capture->source.reason, SOURCE_REASON_SIZE,
             "%s cannot be read on after packet %" PRIu64 ", near byte %" PRIu64 ": %s", name,
             capture->packets, position, pcap_geterr(capture->pcap));
    return SOURCE_FAILED;
}

/* The end of a pass: SOURCE_PACKET if another one begins. A pass without a packet is the
 * last one: going round for ever would deliver nothing, busily. */
static enum source_result pass_ended(struct capture *capture)
{
    capture->pass++;
    if (capture->pass == capture->loop || capture->packets == 0)
        return SOURCE_END;
    pcap_close(capture->pcap);
    capture->pcap = NULL;
    if (!input_rewind(capture->input)) {
        snprintf(capture->source.reason, SOURCE_REASON_SIZE,
                 "%s cannot be read from its beginning again", input_name(capture->input));
        return SOURCE_FAILED;
    }
    return SOURCE_PACKET;
}

/* --- The source --------------------------------------------------------------------------- */

static void deliver(struct capture *capture, const struct pcap_pkthdr *header,
                    const uint8_t *bytes, struct packet *packet)
{
    /* With nanosecond precision asked for, tv_usec counts nanoseconds. */
    uint64_t time_ns =
            (uint64_t)header->ts.tv_sec * UINT64_C(1000000000) + (uint64_t)header->ts.tv_usec;

    if (capture->pass > 0 && capture->packets == 0)
        capture->later = capture->latest - time_ns;
    time_ns += capture->later;
    if (time_ns > capture->latest)
        capture->latest = time_ns;
    capture->packets++;
    packet->bytes = bytes;
    packet->captured = header->caplen;
    packet->original = header->len > header->caplen ? header->len : header->caplen;
    packet->time_ns = time_ns;
    packet->link_type = (uint32_t)pcap_datalink(capture->pcap);
}

static enum source_result capture_next(struct source *source, struct packet *packet)
{
    struct capture *capture = (struct capture *)source;
    enum source_result result = SOURCE_PACKET;

    while (result == SOURCE_PACKET) {
        struct pcap_pkthdr *header;
        const uint8_t *bytes;
        int answer;

        if (capture->pcap == NULL && (result = capture_begin(capture)) != SOURCE_PACKET)
            break;
        input_mark(capture->input);
        answer = pcap_next_ex(capture->pcap, &header, &bytes);
        if (answer == 1) {
            deliver(capture, header, bytes, packet);
            return SOURCE_PACKET;
        }
        if (answer != PCAP_ERROR_BREAK && input_interrupted(capture->input)) {
            take_back_packet(capture);
            return SOURCE_INTERRUPTED;
        }
        if (answer != PCAP_ERROR_BREAK && capture_broken(capture) == SOURCE_FAILED)
            return SOURCE_FAILED;
        result = pass_ended(capture);
    }
    return result;
}

static bool capture_progress(const struct source *source, double *fraction)
{
    const struct capture *capture = (const struct capture *)source;
    uint64_t size = input_size(capture->input);

    if (size == 0 || capture->loop == 0)
        return false;
    if (capture->pass == capture->loop)
        *fraction = 1;
    else
        *fraction = ((double)capture->pass + (double)input_given(capture->input) / (double)size)
                  / (double)capture->loop;
    return true;
}

static void capture_interrupt(struct source *source)
{
    input_interrupt(((struct capture *)source)->input);
}

static void capture_close(struct source *source)
{
    struct capture *capture = (struct capture *)source;

    if (capture->pcap != NULL)
        pcap_close(capture->pcap);
    input_close(capture->input);
    free(capture);
}

static struct source *capture_open(const char *path, const struct source_settings *settings,
                                   char *error, size_t error_size)
{
    struct capture *capture;

    if (*path == '\0') {
        snprintf(error, error_size,
                 "pcap: names no file (pcap:FILE, or pcap:- for standard input)");
        return NULL;
    }
    capture = calloc(1, sizeof(*capture));
    if (capture == NULL) {
        snprintf(error, error_size, "%s: no memory to open it", path);
        return NULL;
    }
    capture->source.kind = &source_pcap;
    capture->loop = settings->loop;
    capture->input = input_open(path, error, error_size);
    if (capture->input == NULL)
        goto close;
    capture->source.prompt = input_size(capture->input) != 0;
    if (settings->loop != 1 && (strcmp(path, "-") == 0 || input_size(capture->input) == 0)) {
        snprintf(error, error_size,
                 "%s cannot be gone through more than once: "
                 "that needs a regular file",
                 input_name(capture->input));
        goto close;
    }
    /* What may wait is left for later; a file shows now whether it is a capture. */
    if (input_size(capture->input) != 0 && capture_begin(capture) != SOURCE_PACKET) {
        snprintf(error, error_size, "%s", capture->source.reason);
        goto close;
    }
    return &capture->source;

close:
    capture_close(&capture->source);
    return NULL;
}

const struct source_kind source_pcap = {
    .name = "pcap",
    .help = "pcap:FILE\t"
            "a capture in pcap or pcapng format; FILE - is standard input",
    .open = capture_open,
    .next = capture_next,
    .progress = capture_progress,
    .interrupt = capture_interrupt,
    .close = capture_close,
};
