/* SPDX-License-Identifier: MIT */
#include "os/crash_point.h"

#ifdef MCI_CRASH_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static const char *const names[] = {
#define MCI_CRASH_POINT_NAME(name) #name,
    MCI_CRASH_POINTS_LIST(MCI_CRASH_POINT_NAME)
};

static _Atomic unsigned passed[MCI_CRASH_POINT_COUNT];
static enum mci_crash_point armed_point;
static unsigned armed_occurrence; /* 0: none */
static int armed_signal;

const char *mci_crash_point_name(enum mci_crash_point point)
{
    return names[point];
}

void mci_crash_point_arm(enum mci_crash_point point, unsigned occurrence)
{
    for (unsigned i = 0; i < MCI_CRASH_POINT_COUNT; i++)
        atomic_store(&passed[i], 0);
    armed_point = point;
    armed_occurrence = occurrence;
    armed_signal = SIGKILL;
}

void mci_crash_point_stop_at(enum mci_crash_point point)
{
    mci_crash_point_arm(point, 1);
    armed_signal = SIGSTOP;
}

unsigned mci_crash_point_passed(enum mci_crash_point point)
{
    return atomic_load(&passed[point]);
}

void mci_crash_point_pass(enum mci_crash_point point)
{
    unsigned count = atomic_fetch_add(&passed[point], 1) + 1;

    if (point == armed_point && count == armed_occurrence)
        kill(getpid(), armed_signal);
}

#else

/* A translation unit may not be empty. */
typedef int mci_crash_point_none;

#endif
