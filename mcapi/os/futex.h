/* SPDX-License-Identifier: MIT */
/*
 * futex.h - sleeping on a word of the segment until somebody wakes us.
 *
 * Every wait may end early (return 0) without a wake that was meant for us: callers look at
 * what they wait for again, and sleep again if it is not there.
 *
 * A word that the kernel marks at its owner's death (os/robust.h) wakes one sleeper only. Both
 * waits below pass that wake on to all others before they return, so that everybody who watches
 * a dead word comes back. For sleepers that are killed while they are being woken, see
 * mci_robust_guard().
 */
#ifndef MCI_FUTEX_H
#define MCI_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

#include "os/clock.h"

enum {
    /* Words that one wait can watch (the kernel's FUTEX_WAITV_MAX). */
    MCI_FUTEX_WATCHES = 128,
};

/* Sleep only while `*word` is `expected`. */
struct mci_futex_watch {
    _Atomic uint32_t *word;
    uint32_t expected;
};

/*
 * Sleeps while `*word` is `expected`, at most until `deadline`. 0: woken; EAGAIN: the word is
 * another; EINTR: a signal came; ETIMEDOUT. The word may be in memory shared by processes.
 */
int mci_futex_wait(_Atomic uint32_t *word, uint32_t expected, mci_time deadline);

/*
 * The same for several words at once, 1 to MCI_FUTEX_WATCHES: any of them ends the wait. EINVAL
 * for another count. Where the kernel has no futex_waitv (before 5.16, or forbidden), the first
 * word is slept on and the others are looked at every 20 ms.
 */
int mci_futex_wait_any(const struct mci_futex_watch *watches, uint32_t count,
                       mci_time deadline);

/* Wakes up to `count` sleepers (INT_MAX: all). A system call: look for sleepers first. */
void mci_futex_wake(_Atomic uint32_t *word, int count);

#endif /* MCI_FUTEX_H */
