/* SPDX-License-Identifier: MIT */
/* expect.c - statuses compared and told by name. */
#include "support/expect.h"

#include <stdio.h>

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

void expect_status_of(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got)
{
    if (wanted == got)
        mark_point();
    else
        _ck_assert_failed(file, line, call, "%s: wanted %s, got %s", call,
                          status_name(wanted), status_name(got));
}
