/* SPDX-License-Identifier: MIT */
/*
 * run.c - from the settings to the report: sockets open, loops running, a signal, the end.
 */
#include "load_balancer/server/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load_balancer/server/balanced.h"
#include "load_balancer/server/inline.h"
#include "load_balancer/server/report.h"
#include "load_balancer/server/screen.h"
#include "load_balancer/signals.h"
#include "worker/clock.h"

static int fail(const char *reason)
{
    fprintf(stderr, "load_balancer: %s\n", reason);
    return EXIT_FAILURE;
}

static void say_where(const struct server *server)
{
    struct server_address address;
    char name[ADDRESS_NAME_SIZE];

    for (size_t i = 0; server_listens_at(server, i, &address); i++) {
        address_name(&address, name);
        fprintf(stderr, "load_balancer: listening at %s\n", name);
    }
}

/* Until the loops have ended, which signals have asked them to. */
static void wait_for_end(const struct config *config, struct server *server)
{
    struct progress progress;
    struct screen screen;
    unsigned told = 0;

    progress_open(&progress, config->quiet);
    screen_open(&screen, server, NULL, &progress);

    while (!server_ended(server)) {
        uint64_t pause_ns = progress.wanted ? 100 * NS_PER_MS : NS_PER_S;
        uint64_t now_ns = clock_ns();

        for (; told < signals_stops(); told++)
            server_stop(server);
        if (progress_due(&progress, now_ns))
            progress_draw(&progress, NULL, (struct progress_share){ .known = false }, now_ns);
        /* The loops' own end comes without a signal. */
        signals_sleep(now_ns + (told == 0 ? pause_ns : 10 * NS_PER_MS));
    }
    progress_clear(&progress);
}

static bool print(const struct config *config, const struct server_report *report)
{
    if (config->json)
        server_print_json(report, stdout);
    else if (!config->quiet)
        server_print_text(report, stdout);
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

/* Starts the loops, and goes on until they have ended. False: that was not as it should be,
 * which has been said. */
static bool serve(const struct config *config, struct server *server, struct balanced *balanced,
                  struct server_report *report)
{
    char reason[SERVER_REASON_SIZE];
    uint64_t began_ns = clock_ns();
    bool good = true;

    if (!server_start(server, reason)) {
        fail(reason);
        return false;
    }
    if (!config->quiet)
        say_where(server);
    if (balanced != NULL)
        good = balanced_run(balanced, server);
    else
        wait_for_end(config, server);
    server_join(server);
    report->seconds = (double)(clock_ns() - began_ns) / NS_PER_S;
    return good;
}

/* What the work came to, in the loops or in the workers. */
static uint64_t result_of(const struct server *server, const struct inline_work *work,
                          const struct stats *workers)
{
    uint64_t result = 0;

    for (uint32_t i = 0; workers == NULL && i < server_loops(server); i++)
        result += work->loops[i].result;
    for (uint32_t i = 0; workers != NULL && i < workers->worker_count; i++)
        result += workers->workers[i].report.result;
    return result;
}

/* Each connection is a descriptor: as many as we are allowed. */
static void raise_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* With the handler that there is: from the sockets to the report. */
static int run(const struct config *config, const struct server_handler *handler,
               const struct inline_work *work, struct balanced *balanced)
{
    struct server_report report = { .config = config };
    char reason[SERVER_REASON_SIZE];
    struct server *server = server_open(&config->network.settings, handler, reason);
    bool good = server != NULL;

    if (!good)
        fail(reason);
    report.server = server;
    good = good && serve(config, server, balanced, &report);
    if (balanced != NULL) {
        balanced_finish(balanced);
        report.workers = balanced_statistics(balanced);
    }
    if (server != NULL && report.seconds > 0) {
        report.result = result_of(server, work, report.workers);
        good = good && server_report_is_good(&report);
        if (!print(config, &report))
            good = fail("cannot write the report") == EXIT_SUCCESS;
    }
    server_close(server);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_inline(const struct config *config)
{
    struct inline_work *work = malloc(sizeof(*work));
    struct server_handler handler;
    int result;

    if (work == NULL)
        return fail(strerror(errno));
    inline_work_begin(work, config->work, config->work_kind, &handler);
    result = run(config, &handler, work, NULL);
    free(work);
    return result;
}

static int run_balanced(const struct config *config)
{
    char reason[CONFIG_REASON_SIZE];
    struct balanced *balanced = balanced_open(config, config->network.settings.loops, reason);
    struct server_handler handler;
    int result;

    if (balanced == NULL)
        return reason[0] == '\0' ? EXIT_FAILURE : fail(reason);
    balanced_handler(balanced, &handler);
    result = run(config, &handler, NULL, balanced);
    balanced_close(balanced);
    return result;
}

int server_run(const struct config *config)
{
    if (!signals_begin())
        return fail(strerror(errno));
    raise_limit();
    return config->policy == POLICY_INLINE ? run_inline(config) : run_balanced(config);
}
