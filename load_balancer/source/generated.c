/* SPDX-License-Identifier: MIT */
/*
 * generated.c - packets that are made up, the same again for the same seed.
 *
 * Valid Ethernet frames: TCP and UDP, over IPv4 and, for a quarter of the flows, IPv6 where
 * the frame has room for its headers; all checksums are right. Each packet belongs to one
 * of the flows, each as likely as the others, and one packet in four goes from the server
 * back to the client. The payload begins with eight bytes (or as many as there is room
 * for) that no other packet of the run has.
 *
 * Nothing is kept per flow: a flow's addresses and ports are computed from its number. A frame
 * is a template with a few fields filled in, and its checksum is that of the template
 * plus those fields.
 */
#include "load_balancer/source/source.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <pcap/dlt.h>

enum {
    ETHERNET_SIZE = 14,
    IPV4_SIZE = 20,
    IPV6_SIZE = 40,
    TCP_SIZE = 20,
    UDP_SIZE = 8,
    UNIQUE_SIZE = 8, /* of the payload: what no other packet has */

    /* Of one kind: the one that is in use, and the next. */
    FRAMES = 2,

    /* A client's address carries the flow's number: 24 bits, as many as 10.0.0.0/8 has. */
    CLIENT_BITS = 24,

    NS_PER_PACKET = 1000, /* the times pretend a million packets in a second */
};

/* --- What may be asked for --------------------------------------------------------- */

enum setting { FLOWS, PACKETS, SIZE, SEED, SETTINGS };

static const struct {
    const char *name;
    uint64_t usual, least, most;
} settings_known[SETTINGS] = {
    [FLOWS] = { "flows", 1000, 1, UINT64_C(1) << CLIENT_BITS },
    [PACKETS] = { "packets", 1000000, 0 /* for ever */, UINT64_C(1000000000000000) },
    [SIZE] = { "size", 64, 60, 65535 },
    [SEED] = { "seed", 1, 0, UINT64_MAX },
};

/* Decimal digits and nothing else; false also for what is too large. */
static bool number_parse(const char *text, size_t length, uint64_t *number)
{
    uint64_t value = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

static void say_unknown(const char *name, size_t length, char *error, size_t error_size)
{
    char known[128] = "";

    for (size_t i = 0, used = 0; i < SETTINGS && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "" : ", ",
                                 settings_known[i].name);
    snprintf(error, error_size, "generated: unknown setting '%.*s' (there are %s)", (int)length,
             name, known);
}

/* One "name=value" of the given length; false and a reason if it is wrong. */
static bool setting_parse(const char *text, size_t length, uint64_t value[SETTINGS],
                          bool given[SETTINGS], char *error, size_t error_size)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - text) : length;
    size_t i = 0;

    while (i < SETTINGS
           && (strlen(settings_known[i].name) != name_length
               || memcmp(settings_known[i].name, text, name_length) != 0))
        i++;
    if (i == SETTINGS) {
        say_unknown(text, name_length, error, error_size);
        return false;
    }
    if (given[i]) {
        snprintf(error, error_size, "generated: %s is given twice", settings_known[i].name);
        return false;
    }
    given[i] = true;
    if (equals != NULL && number_parse(equals + 1, length - name_length - 1, &value[i])
        && value[i] >= settings_known[i].least && value[i] <= settings_known[i].most)
        return true;
    snprintf(error, error_size,
             "generated: '%.*s' is not possible, %s is a number from %" PRIu64 " to %" PRIu64
             "%s",
             (int)length, text, settings_known[i].name, settings_known[i].least,
             settings_known[i].most, i == PACKETS ? " (0: for ever)" : "");
    return false;
}

static bool settings_parse(const char *text, uint64_t value[SETTINGS], char *error,
                           size_t error_size)
{
    bool given[SETTINGS] = { false };

    for (size_t i = 0; i < SETTINGS; i++)
        value[i] = settings_known[i].usual;
    while (*text != '\0') {
        size_t length = strcspn(text, ",");

        if (!setting_parse(text, length, value, given, error, error_size))
            return false;
        text += length;
        if (*text == ',' && *++text == '\0') {
            snprintf(error, error_size, "generated: nothing stands behind the last comma");
            return false;
        }
    }
    return true;
}

/* --- A frame ------------------------------------------------------------------------ */

struct template
{
    uint8_t *bytes[FRAMES]; /* whole frames, each with UNIQUE_SIZE bytes of room behind it */
    uint32_t transport;     /* where TCP or UDP begins */
    uint32_t payload;       /* where their payload begins */
    uint32_t sum_ip;        /* of the IPv4 header, without the fields that are filled in */
    uint32_t sum;           /* of the transport and its payload, likewise */
    uint64_t unique;        /* those of the eight bytes for which there is room, as a mask */
};

/* Who talks to whom, from the flow's number. */
struct pair {
    uint32_t client, server; /* the last 32 bits of the address */
    uint16_t client_port, server_port;
    bool ipv6, tcp;
};

/* What a packet is to be, from its number. */
struct plan {
    uint64_t random; /* different for every packet */
    struct pair pair;
    bool reply;
};

struct generated {
    struct source source;
    uint32_t flows;
    uint32_t size;
    uint64_t packets; /* 0: for ever */
    uint64_t given;   /* packets */
    uint64_t seed;
    struct template template[2][2]; /* IPv6?, TCP? */

    /* A processor that reads what it wrote in pieces just now waits, and so it does at a branch
     * on what it computes just now. So a packet is planned and made before it is asked for. */
    const uint8_t *next;   /* the frame of the next packet */
    struct plan next_plan; /* of the one behind that */
};

static inline void put16(uint8_t *at, uint32_t value)
{
    uint16_t ordered = htons((uint16_t)value);

    memcpy(at, &ordered, sizeof(ordered));
}

static inline void put32(uint8_t *at, uint32_t value)
{
    uint32_t ordered = htonl(value);

    memcpy(at, &ordered, sizeof(ordered));
}

static inline void put64(uint8_t *at, uint64_t value)
{
    uint64_t ordered = htobe64(value);

    memcpy(at, &ordered, sizeof(ordered));
}

/* With its halves exchanged if `swap`; a branch would often go the wrong way. */
static inline uint64_t swap_if(bool swap, uint64_t value)
{
    unsigned by = swap ? 32 : 0;

    return value << by | value >> (-by & 63);
}

/* The sum of the two halves: one's complement sums do not mind when carries are added, nor how
 * long the words are that are added. */
static inline uint64_t halves(uint64_t value, unsigned bits)
{
    return (value >> bits) + (value & ((UINT64_C(1) << bits) - 1));
}

/* Of a sum of a few words of 32 bits. */
static inline uint16_t checksum(uint64_t sum)
{
    return (uint16_t)~halves(halves(halves(sum, 32), 16), 16);
}

static uint32_t sum_of(const uint8_t *bytes, uint32_t size)
{
    uint32_t sum = 0; /* of at most 32768 words: no overflow */

    for (uint32_t i = 0; i < size; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    return (uint32_t)halves(halves(sum, 16), 16);
}

/* A bijection of 64 bits that leaves no pattern (the finisher of splitmix64). */
static inline uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

/* Different for every packet of a run. */
static inline uint64_t packet_random(const struct generated *generated, uint64_t number)
{
    return mixed(generated->seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static inline struct pair pair_of_flow(const struct generated *generated, uint32_t flow)
{
    static const uint16_t served[4] = { 7, 9, 5001, 5201 }; /* echo, discard, iperf, iperf3 */
    const uint32_t all = (UINT32_C(1) << CLIENT_BITS) - 1;
    uint64_t random = mixed(generated->seed ^ mixed(flow));
    struct pair pair;
    uint32_t least;

    /* The multiplier is odd, so no two flows have the same client. */
    pair.client = (flow * UINT32_C(0x9e3779b1) + (uint32_t)generated->seed) & all;
    pair.tcp = random & 1;
    least = ETHERNET_SIZE + IPV6_SIZE + (uint32_t)(pair.tcp ? TCP_SIZE : UDP_SIZE);
    pair.ipv6 = ((random >> 1 & 3) == 0) & (generated->size >= least);
    pair.server = (random >> 8) & 0xffff;
    pair.client_port = (uint16_t)(32768 + (random >> 24 & 0x7fff));
    pair.server_port = served[random >> 40 & 3];
    return pair;
}

/* Everything that is the same in all frames of one kind. Fields that differ are zero. */
static bool template_make(struct generated *generated, bool ipv6, bool tcp)
{
    struct template *template = &generated->template[ipv6][tcp];
    uint32_t size = generated->size, ip_size = ipv6 ? IPV6_SIZE : IPV4_SIZE;
    uint32_t transport_size = size - ETHERNET_SIZE - ip_size;
    uint32_t protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP, room;
    uint8_t *frame, *ip, *transport;

    template->transport = ETHERNET_SIZE + ip_size;
    template->payload = template->transport + (uint32_t)(tcp ? TCP_SIZE : UDP_SIZE);
    if (size < template->payload)
        return true; /* pair_of_flow never asks for it */
    for (int i = 0; i < FRAMES; i++) {
        template->bytes[i] = calloc(1, (size_t)size + UNIQUE_SIZE);
        if (template->bytes[i] == NULL)
            return false;
    }
    frame = template->bytes[0];
    ip = frame + ETHERNET_SIZE;
    transport = frame + template->transport;

    frame[0] = frame[6] = 0x02; /* local, unicast */
    put16(frame + 12, ipv6 ? 0x86dd : 0x0800);
    if (ipv6) {
        ip[0] = 0x60;
        put16(ip + 4, transport_size);
        ip[6] = (uint8_t)protocol;
        ip[7] = 64;
    } else {
        ip[0] = 0x45;
        put16(ip + 2, size - ETHERNET_SIZE);
        put16(ip + 6, 0x4000); /* do not fragment */
        ip[8] = 64;
        ip[9] = (uint8_t)protocol;
        template->sum_ip = sum_of(ip, IPV4_SIZE);
    }
    if (tcp) {
        put32(transport + 8, 1); /* acknowledged */
        put16(transport + 12, TCP_SIZE / 4 << 12 | 0x18 /* PSH, ACK */);
        put16(transport + 14, 65535);
    } else {
        put16(transport + 4, transport_size);
    }
    room = size - template->payload;
    if (room < UNIQUE_SIZE)
        template->unique = ~(UINT64_MAX >> 8 * room);
    else
        template->unique = UINT64_MAX;
    for (uint32_t i = template->payload + UNIQUE_SIZE; i < size; i++)
        frame[i] = (uint8_t)(mixed(generated->seed + i) >> 56);
    template->sum = sum_of(transport, transport_size) + protocol + transport_size;
    for (int i = 1; i < FRAMES; i++)
        memcpy(template->bytes[i], frame, size);
    return true;
}

static inline struct plan plan_packet(const struct generated *generated, uint64_t number)
{
    uint64_t random = packet_random(generated, number);
    uint32_t flow = (uint32_t)((random >> 32) * generated->flows >> 32);

    return (struct plan){
        .random = random,
        .pair = pair_of_flow(generated, flow),
        .reply = (random & 3) == 0,
    };
}

/* Writes both addresses; their sum. The first bytes differ between client and server. */
static inline uint64_t addresses_fill(uint8_t *ip, const struct pair *pair, bool reply)
{
    uint64_t first, last;

    if (pair->ipv6) { /* fd00::client, fd01::server */
        first = swap_if(reply, UINT64_C(0xfd000000fd010000));
        last = swap_if(reply, (uint64_t)pair->client << 32 | pair->server);
        put32(ip + 8, (uint32_t)(first >> 32));
        put32(ip + 20, (uint32_t)(last >> 32));
        put32(ip + 24, (uint32_t)first);
        put32(ip + 36, (uint32_t)last);
        return halves(first, 32) + halves(last, 32);
    }
    /* 10.client, 192.168.server */
    last = swap_if(reply, UINT64_C(0x0a000000c0a80000) + ((uint64_t)pair->client << 32)
                                  + pair->server);
    put64(ip + 12, last);
    return halves(last, 32);
}

/* Writes both ports; their sum. */
static inline uint64_t ports_fill(uint8_t *transport, const struct pair *pair, bool reply)
{
    uint64_t ports = (uint64_t)pair->client_port << 48 | (uint64_t)pair->server_port << 32
                   | (uint32_t)pair->server_port << 16 | pair->client_port;

    put32(transport, (uint32_t)(swap_if(reply, ports) >> 32));
    return (uint32_t)ports;
}

static inline const uint8_t *frame_fill(struct generated *generated, uint64_t number,
                                        const struct plan *plan)
{
    const struct pair *pair = &plan->pair;
    struct template *template = &generated->template[pair->ipv6][pair->tcp];
    uint8_t *frame = template->bytes[number % FRAMES], *ip = frame + ETHERNET_SIZE;
    uint8_t *transport = frame + template->transport;
    uint64_t addresses = addresses_fill(ip, pair, plan->reply), sum;

    /* 02:00:00:00:00:01 is the client, :02 the server. */
    frame[5] = 2 - plan->reply;
    frame[11] = 1 + plan->reply;
    if (!pair->ipv6) {
        put16(ip + 4, (uint32_t)number & 0xffff);
        put16(ip + 10, checksum(template->sum_ip + addresses + (number & 0xffff)));
    }
    put64(frame + template->payload, plan->random);
    sum = template->sum + addresses + ports_fill(transport, pair, plan->reply)
        + halves(plan->random & template->unique, 32);
    if (pair->tcp) {
        uint32_t sequence = (uint32_t)number * (generated->size - template->payload);

        put32(transport + 4, sequence);
        put16(transport + 16, checksum(sum + sequence));
    } else {
        uint16_t filled = checksum(sum);

        put16(transport + 6, filled != 0 ? filled : 0xffff); /* 0 would mean: none */
    }
    return frame;
}

/* Makes the packet of this number, which is the next, and plans the one behind it. */
static inline void make_next(struct generated *generated, uint64_t number)
{
    generated->next = frame_fill(generated, number, &generated->next_plan);
    generated->next_plan = plan_packet(generated, number + 1);
}

/* --- The source --------------------------------------------------------------------- */

static void generated_close(struct source *source)
{
    struct generated *generated = (struct generated *)source;

    for (int ipv6 = 0; ipv6 < 2; ipv6++)
        for (int tcp = 0; tcp < 2; tcp++)
            for (int i = 0; i < FRAMES; i++)
                free(generated->template[ipv6][tcp].bytes[i]);
    free(generated);
}

static struct source *generated_open(const char *rest, const struct source_settings *settings,
                                     char *error, size_t error_size)
{
    uint64_t value[SETTINGS];
    struct generated *generated;
    bool made = true;

    if (!settings_parse(rest, value, error, error_size))
        return NULL;
    if (settings->loop != 1) {
        snprintf(error, error_size,
                 "generated: only a file can be gone through again, ask for more packets");
        return NULL;
    }
    generated = calloc(1, sizeof(*generated));
    if (generated == NULL)
        goto no_memory;
    generated->source.kind = &source_generated;
    generated->source.expected = value[PACKETS];
    generated->source.prompt = true;
    generated->flows = (uint32_t)value[FLOWS];
    generated->size = (uint32_t)value[SIZE];
    generated->packets = value[PACKETS];
    generated->seed = mixed(value[SEED]); /* so that neighbours have nothing in common */
    for (int ipv6 = 0; ipv6 < 2; ipv6++)
        for (int tcp = 0; tcp < 2; tcp++)
            made = made && template_make(generated, ipv6, tcp);
    if (made) {
        generated->next_plan = plan_packet(generated, 0);
        make_next(generated, 0);
        return &generated->source;
    }
    generated_close(&generated->source);
no_memory:
    snprintf(error, error_size, "generated: no memory for the frames");
    return NULL;
}

static enum source_result generated_next(struct source *source, struct packet *packet)
{
    struct generated *generated = (struct generated *)source;
    uint64_t number = generated->given;

    if (generated->packets != 0 && number == generated->packets)
        return SOURCE_END;
    generated->given++;
    packet->bytes = generated->next;
    make_next(generated, number + 1);
    packet->captured = packet->original = generated->size;
    packet->time_ns = number * NS_PER_PACKET;
    packet->link_type = DLT_EN10MB;
    return SOURCE_PACKET;
}

static bool generated_progress(const struct source *source, double *fraction)
{
    const struct generated *generated = (const struct generated *)source;

    if (generated->packets == 0)
        return false;
    *fraction = (double)generated->given / (double)generated->packets;
    return true;
}

const struct source_kind source_generated = {
    .name = "generated",
    .help = "generated:flows=F,packets=P,size=S,seed=X\t"
            "P made-up packets (1000000; 0: for ever) of S bytes (64; 60 to 65535) in F flows "
            "(1000; at most 16777216), the same again for the same seed (1)",
    .open = generated_open,
    .next = generated_next,
    .progress = generated_progress,
    .close = generated_close,
};
