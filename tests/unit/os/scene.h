/* SPDX-License-Identifier: MIT */
/*
 * scene.h - words that a test and its children see, and what they do with them.
 */
#ifndef SCENE_H
#define SCENE_H

#include <sys/syscall.h>

#include "os/robust.h"
#include "unit/os/children.h"

/* What parent and children see. */
struct scene {
    struct mci_liveness words[MCI_ROBUST_HELD + 1];
    _Atomic uint32_t ready;
    _Atomic uint32_t data;
    _Atomic uint32_t asleep; /* sleepers that are about to sleep */
    _Atomic uint32_t woken;
    bool guarded;
};

static struct scene *scene;

static inline void scene_open(void)
{
    scene = shared_memory(sizeof *scene);
    ck_assert(mci_robust_available());
}

static inline uint32_t word(int i)
{
    return atomic_load(&scene->words[i].word);
}

static inline void wait_for_ever(void)
{
    for (;;)
        pause();
}

/* Entries of the calling thread's list, -1 if it does not come to an end. */
static inline int listed(void)
{
    struct robust_list_head *head;
    struct robust_list *link;
    size_t length;
    int count = 0;

    ck_assert_int_eq(syscall(SYS_get_robust_list, 0, &head, &length), 0);
    ck_assert_ptr_null(head->list_op_pending);
    for (link = head->list.next; link != &head->list && count <= 100; count++)
        link = ((struct robust_list *)((uintptr_t)link & ~(uintptr_t)1))->next;
    return count <= 100 ? count : -1;
}

static inline void own_and_tell(void)
{
    bool owned = mci_robust_acquire(&scene->words[0]) && mci_robust_acquire(&scene->words[1]);

    scene->ready = owned ? 1 : 2;
}

/* A child that has the first two words until it is killed. */
static inline int own_and_wait(void *unused)
{
    (void)unused;
    own_and_tell();
    wait_for_ever();
    return 1;
}

#endif /* SCENE_H */
