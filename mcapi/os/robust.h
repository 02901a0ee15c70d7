/* SPDX-License-Identifier: MIT */
/*
 * robust.h - a word in the segment that the kernel marks when its owner dies.
 *
 * acquire: the word holds our thread's id. Then one of: release, by the same thread; or the
 * thread ends, the process dies, or it executes another program: the kernel sets
 * FUTEX_OWNER_DIED in the word, before it tears down the address space, and wakes a sleeper.
 * Checking costs one load.
 *
 * The entry is linked into the list of robust mutexes that glibc keeps for each thread, beside
 * those of the application. The segment must stay mapped while a thread holds a word in it:
 * unmapped before the release, the word is marked by nobody.
 *
 * A word can also serve as a lock: whoever finds it dead takes it over with
 * mci_robust_take_over() and knows that the work under it was left unfinished.
 */
#ifndef MCI_ROBUST_H
#define MCI_ROBUST_H

#include <linux/futex.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Words that one thread can hold at a time. */
    MCI_ROBUST_HELD = 8,
};

/*
 * The word and its link, at the places that they have in a 64-bit pthread_mutex_t of glibc,
 * because the kernel finds all words of a thread at the same distance from their links.
 * `link_next` and `link_prev` are addresses in the owner's process: nobody else has a use for
 * them, and the owner itself never follows what it reads there.
 */
struct mci_liveness {
    /* 0 free; owner's thread id | FUTEX_WAITERS; FUTEX_OWNER_DIED | FUTEX_WAITERS dead. */
    alignas(8) _Atomic uint32_t word;
    uint32_t reserved[5];
    uint64_t link_prev;
    uint64_t link_next;
};
_Static_assert(sizeof(struct mci_liveness) == 40, "as in pthread_mutex_t");
_Static_assert(offsetof(struct mci_liveness, word) == 0, "as in pthread_mutex_t");
_Static_assert(offsetof(struct mci_liveness, link_prev) == 24, "as in pthread_mutex_t");
_Static_assert(offsetof(struct mci_liveness, link_next) == 32, "as in pthread_mutex_t");

/* Whether this thread's C library keeps a list that our entries fit into. Without it every
 * acquire fails. */
bool mci_robust_available(void);

/* --- The thread that owns the word --------------------------------------------- */

/*
 * Makes this thread the owner of a free word. False, with nothing changed: somebody has it or
 * it is dead; this thread holds MCI_ROBUST_HELD words; the list is not available.
 */
bool mci_robust_acquire(struct mci_liveness *liveness);

/* The same for a dead word. One of several that try gets it. */
bool mci_robust_take_over(struct mci_liveness *liveness);

/* Gives the word back (0) and wakes all who sleep on it. Only by the thread that has it;
 * anybody else's call does nothing. */
void mci_robust_release(struct mci_liveness *liveness);

/* The same for a word that was taken over and should not have been: it is dead again. */
void mci_robust_return_dead(struct mci_liveness *liveness);

/* --- Anybody ------------------------------------------------------------------- */

static inline bool mci_robust_dead(uint32_t word)
{
    return (word & FUTEX_OWNER_DIED) != 0;
}

/* The owner's thread id; 0: free or dead. */
static inline uint32_t mci_robust_owner(uint32_t word)
{
    return word & FUTEX_TID_MASK;
}

/* Makes a dead word free and wakes all who sleep on it: the last step of recovery. Does nothing
 * to a word that is not dead. */
void mci_robust_clear_dead(struct mci_liveness *liveness);

/* For a word whose owner has died without a mark (the kernel walks 2,048 entries of a thread's
 * list and no more): marks it as the kernel would have, if it is still `seen`, and wakes all.
 */
void mci_robust_declare_dead(struct mci_liveness *liveness, uint32_t seen);

/*
 * For a thread about to sleep on somebody else's word (NULL: it sleeps no more). At the death
 * of an owner the kernel wakes a single sleeper, who passes it on (os/futex.h). Should that one
 * be killed before it can, the kernel wakes the next in its place if it was guarded. One word
 * at a time, in pairs around a wait, no robust mutex locked or unlocked in between.
 */
void mci_robust_guard(struct mci_liveness *liveness);

#endif /* MCI_ROBUST_H */
