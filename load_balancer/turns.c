/* SPDX-License-Identifier: MIT */
/*
 * turns.c - the one parameter of the scheduler that is asked for, the others as they are.
 */
#include "load_balancer/turns.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of <linux/sched/types.h>, which does not go together with <sched.h>
 * everywhere. */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime; /* of SCHED_OTHER: the slice */
    uint64_t deadline;
    uint64_t period;
};

void turns_ask(pid_t pid, uint32_t slice_ns)
{
    struct attributes attributes = { .size = sizeof(attributes) };

    if (syscall(SYS_sched_getattr, pid, &attributes, sizeof(attributes), 0) != 0
        || attributes.policy != SCHED_OTHER)
        return;
    attributes.runtime = slice_ns;
    /* What cannot be is no loss. */
    syscall(SYS_sched_setattr, pid, &attributes, 0);
}
