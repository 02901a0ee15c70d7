/* SPDX-License-Identifier: MIT */
/*
 * check_progress.c - the progress line says what is known, and never more than fits.
 */
#include "load_balancer/progress.h"

#include <string.h>

#include "load_balancer/server/screen.h"
#include "support/suite.h"
#include "worker/clock.h"

enum { WIDE = 200 };

static struct stats some_stats(uint32_t workers)
{
    static struct worker_stats all[256];
    struct stats stats = { .worker_count = workers, .workers = all };

    memset(all, 0, sizeof(all));
    for (uint32_t i = 0; i < workers; i++)
        all[i].items = 1000 * (i + 1);
    return stats;
}

START_TEST(it_shows_items_rate_shares_and_what_is_left)
{
    struct progress progress = { .began_ns = 1, .rate = 2.5e6 };
    struct progress_share share = { .known = true, .share = 0.25 };
    struct stats stats = some_stats(3);
    char text[WIDE + 1];

    progress_text(&progress, &stats, share, 1 + 2 * NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "6,000 items   2.50 M/s   workers 17 33 50 %   25 %, 0:06 left");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
    struct progress progress = { .began_ns = 1, .rate = 0 };
    struct progress_share share = { .known = false };
    struct stats stats = some_stats(1);
    char text[WIDE + 1];

    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "1,000 items   0 /s   workers 100 %");
    stats.workers[0].items = 0;
    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "0 items   0 /s");
}
END_TEST

START_TEST(drops_are_shown_when_there_are_any)
{
    struct progress progress = { .began_ns = 1, .rate = 10 };
    struct progress_share share = { .known = false };
    struct stats stats = some_stats(1);
    char text[WIDE + 1];

    stats.dropped = 1234;
    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "1,000 items   10 /s   1,234 dropped   workers 100 %");
}
END_TEST

START_TEST(deaths_are_shown_when_there_were_any)
{
    struct progress progress = { .began_ns = 1, .rate = 10 };
    struct progress_share share = { .known = false };
    struct stats stats = some_stats(1);
    char text[WIDE + 1];

    stats.deaths = 1;
    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "1,000 items   10 /s   1 died   workers 100 %");
    stats.deaths = 2000;
    stats.respawns = 1999;
    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "1,000 items   10 /s   2,000 died, 1,999 replaced   workers 100 %");
}
END_TEST

START_TEST(many_workers_are_shown_as_a_range)
{
    struct progress progress = { .began_ns = 1, .rate = 10 };
    struct progress_share share = { .known = false };
    struct stats stats = some_stats(100);
    char text[WIDE + 1];

    progress_text(&progress, &stats, share, NS_PER_S, text, WIDE);
    ck_assert_str_eq(text, "5,050,000 items   10 /s   workers 0.0 to 2.0 %");
}
END_TEST

START_TEST(a_server_shows_connections_requests_and_workers)
{
    const struct server_live live = { .connections = 1234, .requests = 1234567 };
    struct stats stats = some_stats(2);
    char text[WIDE + 1];

    screen_text(&live, NULL, 45600, text, WIDE);
    ck_assert_str_eq(text, "1,234 connections   1,234,567 requests   45.6 k/s");
    stats.deaths = stats.respawns = 3;
    screen_text(&live, &stats, 45600, text, WIDE);
    ck_assert_str_eq(text, "1,234 connections   1,234,567 requests   45.6 k/s"
                           "   3 died, 3 replaced   workers 33 67 %");
    screen_text(&live, &stats, 45600, text, 10);
    ck_assert_str_eq(text, "1,234 conn");
}
END_TEST

START_TEST(it_is_never_wider_than_the_terminal)
{
    struct progress progress = { .began_ns = 1, .rate = 2.5e6 };
    struct progress_share share = { .known = true, .share = 0.25 };
    struct stats stats = some_stats(8);

    for (size_t width = 1; width < 100; width++) {
        char text[WIDE];

        memset(text, 'x', sizeof(text));
        progress_text(&progress, &stats, share, NS_PER_S, text, width);
        ck_assert_uint_le(strlen(text), width);
        ck_assert_int_eq(text[width + 1], 'x');
    }
}
END_TEST

START_TEST(it_is_due_ten_times_a_second_and_only_where_it_is_wanted)
{
    struct progress progress = { .wanted = true, .drawn_ns = NS_PER_S };

    ck_assert(!progress_due(&progress, NS_PER_S + 99 * NS_PER_MS));
    ck_assert(progress_due(&progress, NS_PER_S + 100 * NS_PER_MS));
    progress.wanted = false;
    ck_assert(!progress_due(&progress, 2 * NS_PER_S));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { it_shows_items_rate_shares_and_what_is_left, 1 },
        { what_is_not_known_is_left_out, 1 },
        { drops_are_shown_when_there_are_any, 1 },
        { deaths_are_shown_when_there_were_any, 1 },
        { many_workers_are_shown_as_a_range, 1 },
        { a_server_shows_connections_requests_and_workers, 1 },
        { it_is_never_wider_than_the_terminal, 1 },
        { it_is_due_ten_times_a_second_and_only_where_it_is_wanted, 1 },
    };

    return suite_run("progress", tests, SUITE_LENGTH(tests));
}
