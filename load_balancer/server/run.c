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

#include "load_balancer/server/inline.h"
#include "load_balancer/server/report.h"
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
static void wait_for_end(struct server *server)
{
    unsigned told = 0;

    while (!server_ended(server)) {
        for (; told < signals_stops(); told++)
            server_stop(server);
        /* The loops' own end comes without a signal. */
        signals_sleep(clock_ns() + (told == 0 ? NS_PER_S : 10 * NS_PER_MS));
    }
}

static bool print(const struct config *config, const struct server_report *report)
{
    if (config->json)
        server_print_json(report, stdout);
    else if (!config->quiet)
        server_print_text(report, stdout);
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

static int serve(const struct config *config, struct server *server,
                 const struct inline_work *work)
{
    struct server_report report = { .config = config, .server = server };
    char reason[SERVER_REASON_SIZE];
    uint64_t began_ns = clock_ns();

    if (!server_start(server, reason))
        return fail(reason);
    if (!config->quiet)
        say_where(server);
    wait_for_end(server);
    server_join(server);
    report.seconds = (double)(clock_ns() - began_ns) / NS_PER_S;
    for (uint32_t i = 0; i < server_loops(server); i++)
        report.result += work->loops[i].result;
    if (!print(config, &report))
        return fail("cannot write the report");
    return server_report_is_good(&report) ? EXIT_SUCCESS : EXIT_FAILURE;
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

int server_run(const struct config *config)
{
    struct server_handler handler;
    struct inline_work *work = malloc(sizeof(*work));
    char reason[SERVER_REASON_SIZE];
    struct server *server;
    int result;

    if (work == NULL || !signals_begin()) {
        free(work);
        return fail(strerror(errno));
    }
    raise_limit();
    inline_work_begin(work, config->work, config->work_kind, &handler);
    server = server_open(&config->network.settings, &handler, reason);
    result = server == NULL ? fail(reason) : serve(config, server, work);
    server_close(server);
    free(work);
    return result;
}
