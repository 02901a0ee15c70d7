/* SPDX-License-Identifier: MIT */
/*
 * options.h - the part of the command line that is about the network.
 *
 * config.c reads the command line and gives us our words: sources that are addresses, and the
 * options whose numbers begin at SERVER_OPTION_FIRST.
 */
#ifndef LOAD_BALANCER_SERVER_OPTIONS_H
#define LOAD_BALANCER_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "load_balancer/server/server.h"
#include "worker/work.h"

enum {
    SERVER_OPTION_FIRST = 1000,
    SERVER_OPTION_LOOPS = SERVER_OPTION_FIRST,
    SERVER_OPTION_ACCEPT,
    SERVER_OPTION_PIN,
    SERVER_OPTION_PROTO,
    SERVER_OPTION_MAX_CONNECTIONS,
    SERVER_OPTION_MAX_PENDING,
    SERVER_OPTION_MAX_REQUEST,
    SERVER_OPTION_MAX_MEMORY,
    SERVER_OPTION_MAX_RATE,
    SERVER_OPTION_IDLE_TIMEOUT,
    SERVER_OPTION_REQUEST_TIMEOUT,
    SERVER_OPTION_SEND_TIMEOUT,
    SERVER_OPTION_DRAIN_TIMEOUT,
};

/* Rows for the table of getopt_long. */
#define SERVER_OPTIONS                                                                     \
    { "loops", required_argument, NULL, SERVER_OPTION_LOOPS },                             \
            { "accept", required_argument, NULL, SERVER_OPTION_ACCEPT },                   \
            { "pin", no_argument, NULL, SERVER_OPTION_PIN },                               \
            { "proto", required_argument, NULL, SERVER_OPTION_PROTO },                     \
            { "max-connections", required_argument, NULL, SERVER_OPTION_MAX_CONNECTIONS }, \
            { "max-pending", required_argument, NULL, SERVER_OPTION_MAX_PENDING },         \
            { "max-request", required_argument, NULL, SERVER_OPTION_MAX_REQUEST },         \
            { "max-memory", required_argument, NULL, SERVER_OPTION_MAX_MEMORY },           \
            { "max-rate", required_argument, NULL, SERVER_OPTION_MAX_RATE },               \
            { "idle-timeout", required_argument, NULL, SERVER_OPTION_IDLE_TIMEOUT },       \
            { "request-timeout", required_argument, NULL, SERVER_OPTION_REQUEST_TIMEOUT }, \
            { "send-timeout", required_argument, NULL, SERVER_OPTION_SEND_TIMEOUT },       \
    {                                                                                      \
        "drain-timeout", required_argument, NULL, SERVER_OPTION_DRAIN_TIMEOUT              \
    }

struct server_options {
    struct server_settings settings;
    const char *first; /* the name of an option that was given, NULL: none was */
    bool datagram;     /* --proto datagram */
};

void server_options_begin(struct server_options *options);

/* Whether the run is a server's. */
bool server_options_used(const struct server_options *options);

/* How many loops there are to be. */
uint32_t server_options_loops(const struct server_options *options);

/* Takes an address (address_is_network); false: a reason of one line. */
bool server_options_source(struct server_options *options, const char *value, char *reason,
                           size_t reason_size);

/* Takes one option, of SERVER_OPTION_*; false: a reason of one line. */
bool server_options_read(struct server_options *options, int option, const char *name,
                         const char *value, char *reason, size_t reason_size);

/* When all was read: whether it goes together, with this kind of work. */
bool server_options_check(const struct server_options *options, const struct work_kind *kind,
                          char *reason, size_t reason_size);

/* For --help: each source and option, and what it means. */
void server_options_help(void (*row)(FILE *out, int indent, const char *word,
                                     const char *meaning),
                         FILE *out);

const char *server_accept_name(enum server_accept accept);

#endif /* LOAD_BALANCER_SERVER_OPTIONS_H */
