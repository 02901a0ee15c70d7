/* SPDX-License-Identifier: MIT */
/* futex.c - sleeping on a word of the segment until somebody wakes us. */
#include "os/futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    NS_PER_S = 1000000000,

    /* How late a word other than the first is noticed where the kernel cannot watch several. */
    SLICE_NS = 20 * 1000000,
};

/* Whether futex_waitv was refused once; it will be for good. */
static _Atomic bool one_word_only;

/* NULL, the kernel's "for ever", for MCI_FOREVER. */
static struct timespec *kernel_time(mci_time deadline, struct timespec *room)
{
    if (deadline == MCI_FOREVER)
        return NULL;
    if (deadline < 0)
        deadline = 0;
    room->tv_sec = deadline / NS_PER_S;
    room->tv_nsec = deadline % NS_PER_S;
    return room;
}

/*
 * The kernel's mark of a dead owner woke a single sleeper: us. This wakes the others. Nobody
 * can go to sleep after them: the word is no longer what they expect. (An ordinary word that
 * happens to have this value gets a wake that nobody needs.)
 */
static void pass_on_death(_Atomic uint32_t *word)
{
    /* relaxed: nothing is read behind this word here; the woken ones look for themselves */
    uint32_t value = atomic_load_explicit(word, memory_order_relaxed);

    if (value == (FUTEX_OWNER_DIED | FUTEX_WAITERS))
        mci_futex_wake(word, INT_MAX);
}

int mci_futex_wait(_Atomic uint32_t *word, uint32_t expected, mci_time deadline)
{
    struct timespec room;

    /* Without FUTEX_CLOCK_REALTIME the time is absolute, of CLOCK_MONOTONIC. */
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, kernel_time(deadline, &room),
                NULL, FUTEX_BITSET_MATCH_ANY)
        != 0)
        return errno;
    pass_on_death(word);
    return 0;
}

/* EAGAIN as soon as any of the words has changed, else what the sleep on the first word gave.
 */
static int wait_in_slices(const struct mci_futex_watch *watches, uint32_t count,
                          mci_time deadline)
{
    for (;;) {
        mci_time later = mci_clock_now() + SLICE_NS;
        mci_time slice = deadline < later ? deadline : later;
        int result;

        for (uint32_t i = 0; i < count; i++) {
            /* acquire: as after a wake, what was written before the change is seen */
            if (atomic_load_explicit(watches[i].word, memory_order_acquire)
                != watches[i].expected)
                return EAGAIN;
        }
        result = mci_futex_wait(watches[0].word, watches[0].expected, slice);
        if (result != ETIMEDOUT || slice == deadline)
            return result;
    }
}

int mci_futex_wait_any(const struct mci_futex_watch *watches, uint32_t count, mci_time deadline)
{
    struct futex_waitv waiters[MCI_FUTEX_WATCHES];
    struct timespec room;

    if (count == 0 || count > MCI_FUTEX_WATCHES)
        return EINVAL;
    if (count == 1)
        return mci_futex_wait(watches[0].word, watches[0].expected, deadline);
    if (atomic_load_explicit(&one_word_only, memory_order_relaxed)) /* alone with its meaning */
        return wait_in_slices(watches, count, deadline);

    for (uint32_t i = 0; i < count; i++) {
        waiters[i] = (struct futex_waitv){
            .val = watches[i].expected,
            .uaddr = (uintptr_t)watches[i].word,
            .flags = FUTEX_32,
        };
    }
    if (syscall(SYS_futex_waitv, waiters, count, 0, kernel_time(deadline, &room),
                CLOCK_MONOTONIC)
        < 0) {
        if (errno != ENOSYS && errno != EPERM)
            return errno;
        atomic_store_explicit(&one_word_only, true, memory_order_relaxed); /* as above */
        return wait_in_slices(watches, count, deadline);
    }
    for (uint32_t i = 0; i < count; i++)
        pass_on_death(watches[i].word);
    return 0;
}

void mci_futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}
