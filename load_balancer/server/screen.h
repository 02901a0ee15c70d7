/* SPDX-License-Identifier: MIT */
/*
 * screen.h - what the progress line of a server says.
 *
 *   12 connections   1,234,567 requests   45.6 k/s   workers 49 51 %
 */
#ifndef LOAD_BALANCER_SERVER_SCREEN_H
#define LOAD_BALANCER_SERVER_SCREEN_H

#include "load_balancer/progress.h"
#include "load_balancer/server/server.h"

struct screen {
    const struct server *server;
    const struct stats *workers; /* NULL: there are none */
    struct progress_subject subject;
};

/* Has the line be about this server, which must outlive it. */
void screen_open(struct screen *screen, const struct server *server,
                 const struct stats *workers, struct progress *progress);

/* The line as text, at most `width` characters. */
void screen_text(const struct server_live *live, const struct stats *workers, double rate,
                 char *text, size_t width);

#endif /* LOAD_BALANCER_SERVER_SCREEN_H */
