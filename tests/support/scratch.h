/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - where tests make folders: $TMPDIR, or /tmp. A topology's file is replaced at every
 * join, which on a disk that is busy takes seconds; in memory (tmpfs) nobody waits.
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stdlib.h>

static inline const char *scratch_folder(void)
{
    const char *chosen = getenv("TMPDIR");

    return chosen != NULL && chosen[0] == '/' ? chosen : "/tmp";
}

#endif /* TESTS_SUPPORT_SCRATCH_H */
