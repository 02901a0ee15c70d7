/* SPDX-License-Identifier: MIT */
/*
 * patience.h - the one place that waits: spin shortly, let others run, then sleep.
 *
 * A blocking call is a loop: try, and when there was nothing, mci_patience_wait(). It returns
 * MCAPI_SUCCESS to say "try again", or why the call must end. It goes through these steps,
 * as far as the waiting policy lets it:
 *
 *   spin        about a microsecond: the peer is likely at work on another core
 *   yield       up to 50 us, longer than a sleeper takes to wake, so that two nodes that
 *               answer each other do not fall into sleeping each time; and the peer may need
 *               this very core
 *   announce    tell the wakers that we are about to sleep; the caller tries once more
 *   sleep       until something was published, the peer died, or the deadline came
 *
 * All deadlines are absolute. Every sleep also ends after a second, then two, four, eight:
 * the call looks again for itself, should a waker have died without a trace or the words
 * in the segment be damaged; and whether the threads live whose words it sleeps on, should the
 * kernel have failed to mark one. Who sleeps on the words of several looks again every 80 ms:
 * the kernel wakes a single sleeper for a death, and should that one be dying too, it wakes
 * another only for the one word that was guarded (os/robust.h). Who sleeps on a mailbox's alarm
 * begins with 20 ms: the kernel wakes who sleeps on it and leaves the word as it is, so that a
 * wake which comes after the last look and before the sleep is lost. EINTR never escapes.
 */
#ifndef MCI_PATIENCE_H
#define MCI_PATIENCE_H

#include "runtime/end.h"

struct mci_patience {
    struct mci_node *node;
    uint32_t serial;
    mci_time deadline;
    mci_time spun_since; /* 0: not yet looked at the clock */
    mci_time nap;        /* longest next sleep, ns */
    mci_time noticed;    /* when it last looked whether the peers are there; 0: not yet */
    uint32_t rounds;
    uint32_t pace;  /* pauses between two tries while spinning */
    bool immediate; /* do not wait at all */
    bool announced;
    bool slept;
    bool counted; /* we are among the bell's sleepers */
    uint32_t watch_count;
    struct mci_futex_watch watch[MCI_FUTEX_WATCHES];
};

enum {
    /* ns; how long a death may stay unnoticed if who was to pass it on has died as well. */
    MCI_UNGUARDED_NAP = 80 * 1000 * 1000,
};

/*
 * Which of these words to guard while asleep (os/robust.h): liveness words of peers, or alarms.
 * `*more`: there are others, so the sleep must be short. Those of our own process do not count:
 * it dies as a whole. NULL: none. The mapping is held.
 */
struct mci_liveness *mci_patience_guarded(const struct mci_futex_watch *watches, uint32_t count,
                                          bool *more);

/* After a sleep that ended by itself: looks, once a second at most, whether the owners of the
 * liveness words among these are still there. `*noticed`: when it did so last. The mapping is
 * held. */
void mci_patience_notice(const struct mci_futex_watch *watches, uint32_t count,
                         mci_time *noticed);

/* How long a spinning thread leaves the other side's cache lines alone between two tries. */
enum {
    MCI_PACE_RECEIVER = 1, /* what comes next is wanted at once */
    MCI_PACE_SENDER = 8,   /* let the receiver free several at undisturbed speed */
};

/* Starts waiting for `timeout` ms, on behalf of a node. */
void mci_patience_begin(struct mci_patience *patience, struct mci_node *node,
                        mcapi_timeout_t timeout);

/* Ends it, in any state; needed after mci_patience_wait_bell only. */
void mci_patience_end(struct mci_patience *patience);

/*
 * The next step of waiting for what the other side of a channel does. MCAPI_SUCCESS: try
 * again. MCAPI_TIMEOUT; MCAPI_ERR_NODE_NOTINIT: our node was finalized meanwhile. The end's
 * words are copied before, inside the gate.
 */
struct mci_patience_end_words {
    _Atomic uint32_t *own_event;
    _Atomic uint32_t *peer_life; /* NULL: no one peer */
    uint32_t peer_alive;
    _Atomic uint32_t *alarm;  /* NULL, or a word that stays 0 (segment/mailbox.h) */
    _Atomic uint64_t *sleeps; /* NULL, or where they are counted */
};

mcapi_status_t mci_patience_wait(struct mci_patience *patience,
                                 const struct mci_patience_end_words *words);

/*
 * The next step of waiting for the node's bell: for anything that is not one channel end.
 * `announce` sets the bell bit in the events concerned and adds the liveness words to watch
 * (mci_patience_watch); it may be NULL.
 */
mcapi_status_t mci_patience_wait_bell(struct mci_patience *patience,
                                      void (*announce)(struct mci_patience *, void *),
                                      void *context);

/* Watches a mailbox's alarm while asleep, and looks again soon after the first look. */
void mci_patience_watch_alarm(struct mci_patience *patience, _Atomic uint32_t *alarm);

/* Watches one more word while asleep; without room for it the sleep gets short. */
void mci_patience_watch(struct mci_patience *patience, _Atomic uint32_t *word,
                        uint32_t expected);

#endif /* MCI_PATIENCE_H */
