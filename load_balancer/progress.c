/* SPDX-License-Identifier: MIT */
/*
 * progress.c - one line on the terminal.
 */
#include "load_balancer/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "load_balancer/stats/text.h"
#include "worker/clock.h"

enum {
    /* Each worker's share is shown up to so many workers, then the smallest and the largest. */
    SHARES_MAX = 8,

    WIDTH_MAX = 256,
};

static const uint64_t interval_ns = 100 * NS_PER_MS;

void progress_open(struct progress *progress, bool quiet)
{
    const char *terminal = getenv("TERM");

    *progress = (struct progress){
        .wanted = !quiet && isatty(STDERR_FILENO) == 1
               && (terminal == NULL || strcmp(terminal, "dumb") != 0),
        .began_ns = clock_ns(),
    };
    progress->drawn_ns = progress->began_ns;
}

bool progress_due(const struct progress *progress, uint64_t now_ns)
{
    return progress->wanted && now_ns - progress->drawn_ns >= interval_ns;
}

static uint64_t items_of(const struct stats *stats)
{
    uint64_t items = 0;

    for (uint32_t i = 0; i < stats->worker_count; i++)
        items += stats->workers[i].items;
    return items;
}

void progress_append_deaths(struct line *line, const struct stats *stats)
{
    char number[TEXT_SIZE];

    if (stats->deaths > 0)
        line_append(line, "   %s died", text_count(number, stats->deaths));
    if (stats->respawns > 0)
        line_append(line, ", %s replaced", text_count(number, stats->respawns));
}

void progress_append_shares(struct line *line, const struct stats *stats)
{
    uint64_t items = items_of(stats);
    double least = 100, most = 0;

    if (items == 0)
        return;

    line_append(line, "   workers");
    for (uint32_t i = 0; i < stats->worker_count; i++) {
        double share = 100.0 * (double)stats->workers[i].items / (double)items;

        if (stats->worker_count <= SHARES_MAX)
            line_append(line, " %.0f", share);
        least = share < least ? share : least;
        most = share > most ? share : most;
    }
    if (stats->worker_count > SHARES_MAX)
        line_append(line, " %.1f to %.1f", least, most);
    line_append(line, " %%");
}

void progress_text(const struct progress *progress, const struct stats *stats,
                   struct progress_share share, uint64_t now_ns, char *text, size_t width)
{
    struct line line = { .text = text, .room = width + 1 };
    char number[TEXT_SIZE];

    line_append(&line, "%s items", text_count(number, items_of(stats)));
    line_append(&line, "   %s/s", text_short(number, progress->rate));
    if (stats->dropped > 0)
        line_append(&line, "   %s dropped", text_count(number, stats->dropped));
    progress_append_deaths(&line, stats);
    progress_append_shares(&line, stats);
    if (share.known && share.share > 0) {
        double elapsed = (double)(now_ns - progress->began_ns) / (double)NS_PER_S;

        line_append(&line, "   %.0f %%, %s left", share.share * 100,
                    text_clock(number, elapsed * (1 - share.share) / share.share));
    }
}

static size_t terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
        return 79;
    /* The last column stays free: some terminals wrap as soon as it is written. */
    return size.ws_col - 1U < WIDTH_MAX ? size.ws_col - 1U : WIDTH_MAX;
}

static void measure(struct progress *progress, uint64_t items, uint64_t now_ns)
{
    double seconds = (double)(now_ns - progress->drawn_ns) / (double)NS_PER_S;
    double rate = seconds > 0 ? (double)(items - progress->drawn_items) / seconds : 0;
    progress->rate = progress->rate == 0 ? rate : 0.7 * progress->rate + 0.3 * rate;
    progress->drawn_items = items;
    progress->drawn_ns = now_ns;
}

void progress_draw(struct progress *progress, const struct stats *stats,
                   struct progress_share share, uint64_t now_ns)
{
    const struct progress_subject *subject = progress->subject;
    char text[WIDTH_MAX + 1];

    if (!progress->wanted)
        return;
    measure(progress, subject == NULL ? items_of(stats) : subject->count(subject->context),
            now_ns);
    if (subject == NULL)
        progress_text(progress, stats, share, now_ns, text, terminal_width());
    else
        subject->text(subject->context, progress->rate, text, terminal_width());
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
