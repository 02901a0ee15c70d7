/* SPDX-License-Identifier: MIT */
/*
 * robust.c - a word in the segment that the kernel marks when its owner dies.
 *
 * glibc gives the kernel, for each thread, the head of a circular list of the robust mutexes
 * that the thread holds, linked by their `next`, and "pending": the one entry that is about to
 * be inserted or removed. When the thread ends, the kernel walks the list (at most 2,048
 * entries) and looks at pending, and marks each word that holds the thread's id.
 *
 *      head -> application's mutexes ... -> our first -> ... -> our last -> head
 *
 * glibc inserts at the head, and writes the `prev` of the neighbour when it inserts or removes.
 * We insert at the tail and leave glibc's entries where they are, so ours always are the end of
 * the list, in the order in which this thread remembers them. That is why nothing that we read
 * in the segment is ever followed: up to our first entry the list is the application's own,
 * behind it we know each address ourselves. glibc writes `link_prev` of our first entry and
 * reads neither.
 */
#include "os/robust.h"

#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/futex.h"
#include "os/process.h"

_Static_assert(sizeof(void *) == 8, "links in the segment have 64 bits");

enum {
    /* From a link to its word: what glibc told the kernel must be this, or our words would not
     * be found. */
    WORD_OF_LINK = (int)offsetof(struct mci_liveness, word)
                 - (int)offsetof(struct mci_liveness, link_next),

    /* The kernel walks no further (ROBUST_LIST_LIMIT). */
    WALK_LIMIT = 2048,

    /* In an address in the list: the entry there is a priority-inheritance mutex. */
    PRIORITY_INHERITANCE = 1,
};

/* What a thread knows of its list. */
struct held {
    uint32_t generation; /* of the process that found the list; else start anew */
    uint32_t count;
    struct robust_list_head *head; /* NULL: not available */
    struct mci_liveness *entry[MCI_ROBUST_HELD];
};

static _Thread_local struct held held;

/* The calling thread's. After fork the C library has emptied the list, and so do we. */
static struct held *held_here(void)
{
    uint32_t generation = mci_process_generation();
    struct robust_list_head *head = NULL;
    size_t length = 0;

    if (held.generation == generation)
        return &held;
    held = (struct held){ .generation = generation };
    if (syscall(SYS_get_robust_list, 0, &head, &length) == 0 && head != NULL
        && length == sizeof *head && head->futex_offset == WORD_OF_LINK)
        held.head = head;
    return &held;
}

bool mci_robust_available(void)
{
    return held_here()->head != NULL;
}

/* The kernel looks at the list from this very thread, between any two instructions: the order
 * of the instructions is all it takes. */
static void next_step(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static struct robust_list *link_of(struct mci_liveness *liveness)
{
    return (struct robust_list *)(void *)&liveness->link_next;
}

static void set_next(struct robust_list *link, struct robust_list *next)
{
    *(struct robust_list *volatile *)&link->next = next;
}

static void set_pending(struct robust_list_head *head, struct robust_list *link)
{
    next_step();
    *(struct robust_list *volatile *)&head->list_op_pending = link;
    next_step();
}

/* The head or the application's entry whose next is `target`: our first entry, or the head
 * while we have none. NULL: there is none within the kernel's reach. */
static struct robust_list *application_end(struct robust_list_head *head,
                                           struct robust_list *target)
{
    struct robust_list *link = &head->list;

    for (int i = 0; i < WALK_LIMIT && link != NULL; i++) {
        uintptr_t next = (uintptr_t)link->next & ~(uintptr_t)PRIORITY_INHERITANCE;

        if (next == (uintptr_t)target)
            return link;
        link = (struct robust_list *)next;
        if (link == &head->list)
            break;
    }
    return NULL;
}

/* Where the next entry will hang. NULL: our list is full, or is not what we left it. */
static struct robust_list *tail_of(struct held *own)
{
    struct robust_list *last;

    if (own->head == NULL || own->count == MCI_ROBUST_HELD)
        return NULL;
    if (own->count == 0)
        return application_end(own->head, &own->head->list);
    last = link_of(own->entry[own->count - 1]);
    return last->next == &own->head->list ? last : NULL;
}

/*
 * RELEASED: who takes a word sees all that its last owner did.
 */
static bool take(struct mci_liveness *liveness, uint32_t from)
{
    struct held *own = held_here();
    struct robust_list *tail = tail_of(own);
    struct robust_list *link = link_of(liveness);
    /* With the mark of a waiter from the start, so that the kernel always wakes one. */
    uint32_t owned = mci_thread_id() | FUTEX_WAITERS;

    if (tail == NULL)
        return false;
    /* A death before the word is ours: pending names a word without our id; the kernel leaves
     * it alone (if it is 0 or dead, it wakes a sleeper, who finds it as it was). */
    set_pending(own->head, link);
    if (!atomic_compare_exchange_strong_explicit(&liveness->word, &from, owned,
                                                 memory_order_acquire, /* RELEASED */
                                                 memory_order_relaxed)) {
        set_pending(own->head, NULL);
        return false;
    }
    /* From here on a death marks the word: it is pending until it is in the list. */
    next_step();
    liveness->link_prev = (uintptr_t)tail;
    set_next(link, &own->head->list);
    next_step();
    set_next(tail, link);
    next_step();
    own->entry[own->count++] = liveness;
    /* Pending and in the list at once: the kernel marks it once. */
    set_pending(own->head, NULL);
    return true;
}

bool mci_robust_acquire(struct mci_liveness *liveness)
{
    return take(liveness, 0);
}

bool mci_robust_take_over(struct mci_liveness *liveness)
{
    uint32_t seen =
            atomic_load_explicit(&liveness->word, memory_order_relaxed); /* CAS decides */

    return mci_robust_dead(seen) && take(liveness, seen);
}

/* Which of this thread's entries it is; count: none. */
static uint32_t place_of(const struct held *own, const struct mci_liveness *liveness)
{
    uint32_t place = 0;

    while (place < own->count && own->entry[place] != liveness)
        place++;
    return place;
}

static void unlink_entry(struct held *own, uint32_t place)
{
    struct robust_list *link = link_of(own->entry[place]);
    struct robust_list *next =
            place + 1 < own->count ? link_of(own->entry[place + 1]) : &own->head->list;
    struct robust_list *before =
            place > 0 ? link_of(own->entry[place - 1]) : application_end(own->head, link);

    /* No way to it: the application has damaged its own list, and the kernel finds no way
     * either. */
    if (before != NULL)
        set_next(before, next);
    own->count--;
    memmove(&own->entry[place], &own->entry[place + 1],
            (own->count - place) * sizeof own->entry[0]);
}

/* From the thread that has the word to whoever comes next, who finds `value` there. */
static void give_back(struct mci_liveness *liveness, uint32_t value)
{
    struct held *own = held_here();
    uint32_t place = place_of(own, liveness);
    uint32_t owned = mci_thread_id() | FUTEX_WAITERS;

    if (place == own->count)
        return;
    /* A death here marks the word, listed or not: pending names it. */
    set_pending(own->head, link_of(liveness));
    unlink_entry(own, place);
    next_step();
    /* A word that is not ours any more was overwritten by somebody; not by us too. */
    atomic_compare_exchange_strong_explicit(&liveness->word, &owned, value,
                                            memory_order_release, /* RELEASED */
                                            memory_order_relaxed);
    next_step();
    /* A death here: the word has no owner and is pending, so the kernel wakes a sleeper in our
     * place. */
    mci_futex_wake(&liveness->word, INT_MAX);
    set_pending(own->head, NULL);
}

void mci_robust_release(struct mci_liveness *liveness)
{
    give_back(liveness, 0);
}

void mci_robust_return_dead(struct mci_liveness *liveness)
{
    give_back(liveness, FUTEX_OWNER_DIED | FUTEX_WAITERS);
}

void mci_robust_clear_dead(struct mci_liveness *liveness)
{
    uint32_t seen =
            atomic_load_explicit(&liveness->word, memory_order_relaxed); /* CAS decides */

    while (mci_robust_dead(seen)) {
        if (atomic_compare_exchange_weak_explicit(&liveness->word, &seen, 0,
                                                  memory_order_release, /* RELEASED */
                                                  memory_order_relaxed)) {
            mci_futex_wake(&liveness->word, INT_MAX);
            return;
        }
    }
}

void mci_robust_declare_dead(struct mci_liveness *liveness, uint32_t seen)
{
    if (atomic_compare_exchange_strong_explicit(
                &liveness->word, &seen, FUTEX_OWNER_DIED | FUTEX_WAITERS, memory_order_acq_rel,
                memory_order_relaxed)) /* as the kernel's mark */
        mci_futex_wake(&liveness->word, INT_MAX);
}

void mci_robust_guard(struct mci_liveness *liveness)
{
    struct held *own = held_here();

    /* The kernel, at our death: pending names a word that has no owner, so it wakes a sleeper.
     */
    if (own->head != NULL)
        set_pending(own->head, liveness != NULL ? link_of(liveness) : NULL);
}
