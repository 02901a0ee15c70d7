/* SPDX-License-Identifier: MIT */
/* expect.c - statuses compared and told by name. */
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool expect_in_child;

const char *status_name(mcapi_status_t status)
{
    static _Thread_local char names[4][MCAPI_MAX_STATUS_SIZE + 16];
    static _Thread_local unsigned next;
    char *name = names[next++ % 4];

    if (status == STATUS_UNTOUCHED)
        return "(untouched)";
    if (status == 0 || status >= MCAPI_STATUSCODE_END)
        snprintf(name, sizeof names[0], "(status %u)", status);
    else
        mcapi_display_status(status, name, sizeof names[0]);
    return name;
}

static void refute(const char *file, int line, const char *what, const char *why)
{
    if (!expect_in_child)
        _ck_assert_failed(file, line, what, "%s: %s", what, why);
    dprintf(STDERR_FILENO, "%s:%d: in a child: %s: %s\n", file, line, what, why);
    _exit(EXIT_FAILURE);
}

void expect_status_of(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got)
{
    char why[3 * MCAPI_MAX_STATUS_SIZE];

    if (wanted == got)
        return;
    snprintf(why, sizeof why, "wanted %s, got %s", status_name(wanted), status_name(got));
    refute(file, line, call, why);
}

void expect_true_at(const char *file, int line, const char *condition, bool holds)
{
    if (!holds)
        refute(file, line, condition, "does not hold");
}
