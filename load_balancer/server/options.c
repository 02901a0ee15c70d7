/* SPDX-License-Identifier: MIT */
/*
 * options.c - the network's options, word by word.
 */
#include "load_balancer/server/options.h"

#include <sched.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
    CONNECTIONS_MAX = 1000000,
    PENDING_MAX = 65536,
    MEMORY_MAX_MIB = 1048576,
    RATE_MAX = 1000000000,
    SECONDS_MAX = 1000000,
};

static const char *const accepts[] = {
    [SERVER_ACCEPT_SHARED] = "shared",
    [SERVER_ACCEPT_EXCLUSIVE] = "exclusive",
    [SERVER_ACCEPT_REUSEPORT] = "reuseport",
};

const char *server_accept_name(enum server_accept accept)
{
    return accepts[accept];
}

void server_options_begin(struct server_options *options)
{
    *options = (struct server_options){
        .settings = {
            .accept = SERVER_ACCEPT_EXCLUSIVE,
            .protocol = &protocol_frame,
            .max_connections = 10000,
            .max_pending = 64,
            .max_request = ITEM_BYTES_MAX,
            .max_memory_mib = 256,
            .idle_ms = 60000,
            .request_ms = 30000,
            .send_ms = 30000,
            .drain_ms = 30000,
        },
    };
}

bool server_options_used(const struct server_options *options)
{
    return options->settings.address_count > 0;
}

/* --- One word ----------------------------------------------------------------------------- */

struct reading {
    const char *name;
    const char *value;
    char *reason;
    size_t reason_size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reading *reading,
                                                         const char *format, ...)
{
    int used = snprintf(reading->reason, reading->reason_size, "--%s '%.200s': ", reading->name,
                        reading->value);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->reason + used, reading->reason_size - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static bool read_number(const struct reading *reading, uint32_t least, uint32_t most,
                        const char *of_what, uint32_t *number)
{
    size_t length = strspn(reading->value, "0123456789");
    unsigned long long wide = strtoull(reading->value, NULL, 10);

    if (length == 0 || length > 10 || reading->value[length] != '\0' || wide < least
        || wide > most)
        return refuse(reading, "the number of %s must be a whole number from %u to %u", of_what,
                      least, most);
    *number = (uint32_t)wide;
    return true;
}

/* Seconds, with up to three digits behind a point. */
static bool read_seconds(const struct reading *reading, uint32_t *ms)
{
    const char *text = reading->value;
    size_t whole = strspn(text, "0123456789");
    size_t behind = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    bool point = text[whole] == '.';
    unsigned long thousandths = 0;

    for (size_t i = 0; i < 3; i++)
        thousandths = thousandths * 10
                    + (i < behind ? (unsigned long)(text[whole + 1 + i] - '0') : 0);
    if (whole == 0 || whole > 7 || behind > 3 || (point && behind == 0)
        || text[whole + point + behind] != '\0' || strtoul(text, NULL, 10) > SECONDS_MAX)
        return refuse(reading,
                      "must be seconds from 0 (for ever) to %d, with up to three digits behind "
                      "a point",
                      SECONDS_MAX);
    *ms = (uint32_t)(strtoul(text, NULL, 10) * 1000 + thousandths);
    return true;
}

static bool read_accept(const struct reading *reading, enum server_accept *accept)
{
    for (size_t i = 0; i < ARRAY_LENGTH(accepts); i++)
        if (strcmp(accepts[i], reading->value) == 0) {
            *accept = (enum server_accept)i;
            return true;
        }
    return refuse(reading, "must be shared, exclusive or reuseport");
}

static bool read_protocol(const struct reading *reading, struct server_options *options)
{
    const struct protocol *protocol = protocol_named(reading->value);

    options->datagram = strcmp(reading->value, "datagram") == 0;
    if (protocol == NULL && !options->datagram)
        return refuse(reading, "must be frame, line, http or datagram");
    if (protocol != NULL)
        options->settings.protocol = protocol;
    return true;
}

bool server_options_source(struct server_options *options, const char *value, char *reason,
                           size_t reason_size)
{
    struct server_settings *settings = &options->settings;
    struct reading reading = { "source", value, reason, reason_size };
    char why[160];

    if (settings->address_count == SERVER_ADDRESSES_MAX)
        return refuse(&reading, "more than %d addresses", SERVER_ADDRESSES_MAX);
    if (!address_read(&settings->addresses[settings->address_count], value, why, sizeof(why)))
        return refuse(&reading, "%s", why);
    settings->address_count++;
    return true;
}

bool server_options_read(struct server_options *options, int option, const char *name,
                         const char *value, char *reason, size_t reason_size)
{
    struct server_settings *settings = &options->settings;
    struct reading reading = { name, value, reason, reason_size };

    if (options->first == NULL)
        options->first = name;
    switch (option) {
    case SERVER_OPTION_LOOPS:
        return read_number(&reading, 1, SERVER_LOOPS_MAX, "loops", &settings->loops);
    case SERVER_OPTION_ACCEPT:
        return read_accept(&reading, &settings->accept);
    case SERVER_OPTION_PIN:
        settings->pin = true;
        return true;
    case SERVER_OPTION_PROTO:
        return read_protocol(&reading, options);
    case SERVER_OPTION_MAX_CONNECTIONS:
        return read_number(&reading, 1, CONNECTIONS_MAX, "connections",
                           &settings->max_connections);
    case SERVER_OPTION_MAX_PENDING:
        return read_number(&reading, 1, PENDING_MAX, "pending requests of a connection",
                           &settings->max_pending);
    case SERVER_OPTION_MAX_REQUEST:
        return read_number(&reading, 1, ITEM_BYTES_MAX, "bytes of a request",
                           &settings->max_request);
    case SERVER_OPTION_MAX_MEMORY:
        return read_number(&reading, 1, MEMORY_MAX_MIB, "mebibytes", &settings->max_memory_mib);
    case SERVER_OPTION_MAX_RATE:
        return read_number(&reading, 0, RATE_MAX, "requests a second", &settings->max_rate);
    case SERVER_OPTION_IDLE_TIMEOUT:
        return read_seconds(&reading, &settings->idle_ms);
    case SERVER_OPTION_REQUEST_TIMEOUT:
        return read_seconds(&reading, &settings->request_ms);
    case SERVER_OPTION_SEND_TIMEOUT:
        return read_seconds(&reading, &settings->send_ms);
    default:
        return read_seconds(&reading, &settings->drain_ms);
    }
}

static uint32_t processors(void)
{
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        return 1;
    return (uint32_t)CPU_COUNT(&allowed);
}

uint32_t server_options_loops(const struct server_options *options)
{
    uint32_t loops = options->settings.loops == 0 ? processors() : options->settings.loops;

    return loops < SERVER_LOOPS_MAX ? loops : SERVER_LOOPS_MAX;
}

/* --- All of it -------------------------------------------------------------------------------
 */

bool server_options_check(const struct server_options *options, const struct work_kind *kind,
                          char *reason, size_t reason_size)
{
    const struct server_settings *settings = &options->settings;
    bool streams = false, datagrams = false;

    for (size_t i = 0; i < settings->address_count; i++) {
        datagrams = datagrams || settings->addresses[i].datagrams;
        streams = streams || !settings->addresses[i].datagrams;
    }
    if (!server_options_used(options)) {
        if (options->first != NULL)
            snprintf(reason, reason_size, "--%s is for sources of the network (tcp:, udp:)",
                     options->first);
        else if (kind->replies == WORK_REPLIES_HTTP)
            snprintf(reason, reason_size,
                     "--work %s needs requests of http: --source tcp:ADDRESS:PORT --proto http",
                     kind->name);
        else
            return true;
        return false;
    }
    if (options->datagram && streams)
        snprintf(reason, reason_size, "--proto datagram is for sources udp: alone");
    else if (kind->replies == WORK_REPLIES_HTTP
             && (datagrams || !settings->protocol->http || options->datagram))
        snprintf(reason, reason_size,
                 "--work %s replies in http: it needs --proto http, and "
                 "sources tcp: alone",
                 kind->name);
    else
        return true;
    return false;
}

void server_options_help(void (*row)(FILE *out, int indent, const char *word,
                                     const char *meaning),
                         FILE *out)
{
    row(out, 2, "--source tcp:ADDR:PORT",
        "listen there for connections; ADDR in numbers, of IPv6 in brackets; several can be "
        "given, and udp: beside them");
    row(out, 2, "--source udp:ADDR:PORT", "the same for datagrams");
    row(out, 2, "--proto P",
        "what an item is in a stream: frame (default), line or http; of udp: always a "
        "datagram");
    row(out, 2, "--loops N", "threads that wait for the network (default: one per processor)");
    row(out, 2, "--accept HOW",
        "how they share a listening socket: exclusive (default), shared, or reuseport");
    row(out, 2, "--pin", "each of them to one processor");
    row(out, 2, "--max-connections N", "over all loops (default: 10000)");
    row(out, 2, "--max-pending N", "requests of one connection without a reply (default: 64)");
    row(out, 2, "--max-request N", "bytes of a request (default: 262144)");
    row(out, 2, "--max-memory MIB",
        "for requests that are half there, and replies not yet sent (default: 256)");
    row(out, 2, "--max-rate N", "requests a second of one peer; 0: any number (default)");
    row(out, 2, "--idle-timeout S", "seconds without a request, 0: for ever (default: 60)");
    row(out, 2, "--request-timeout S", "for a request to become whole (default: 30)");
    row(out, 2, "--send-timeout S", "for a client to take its replies (default: 30)");
    row(out, 2, "--drain-timeout S", "for all to end after a signal (default: 30)");
}
