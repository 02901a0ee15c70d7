/* SPDX-License-Identifier: MIT */
/*
 * screen.c - a server's line on the terminal.
 */
#include "load_balancer/server/screen.h"

#include "load_balancer/stats/text.h"

void screen_text(const struct server_live *live, const struct stats *workers, double rate,
                 char *text, size_t width)
{
    struct line line = { .text = text, .room = width + 1 };
    char number[TEXT_SIZE];

    line_append(&line, "%s connections", text_count(number, live->connections));
    line_append(&line, "   %s requests", text_count(number, live->requests));
    line_append(&line, "   %s/s", text_short(number, rate));
    if (workers == NULL)
        return;
    progress_append_deaths(&line, workers);
    progress_append_shares(&line, workers);
}

static uint64_t count_of(const void *context)
{
    const struct screen *screen = context;
    struct server_live live;

    server_look(screen->server, &live);
    return live.requests;
}

static void text_of(const void *context, double rate, char *text, size_t width)
{
    const struct screen *screen = context;
    struct server_live live;

    server_look(screen->server, &live);
    screen_text(&live, screen->workers, rate, text, width);
}

void screen_open(struct screen *screen, const struct server *server,
                 const struct stats *workers, struct progress *progress)
{
    *screen = (struct screen){
        .server = server,
        .workers = workers,
        .subject = { .count = count_of, .text = text_of, .context = screen },
    };
    progress->subject = &screen->subject;
}
