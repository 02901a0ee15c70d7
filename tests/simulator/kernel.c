/* SPDX-License-Identifier: MIT */
/*
 * kernel.c - the kernel of the simulated machine, as far as the library asks for it: sleeping
 * on words, fences on all processors, robust lists; and the mutexes of the C library.
 *
 * Timeouts do not come: a sleep that only its deadline would end is a failure of the schedule.
 * With one exception, which the library knows and leaves to its sleeps, that end: a wake that
 * the kernel does at a death, on a word that it does not mark (a mailbox's alarm), changes
 * nothing that could be looked at, and is for those who sleep already. If nobody at all slept
 * then, who fell asleep later is woken when nothing else is left to happen.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside.h"

enum {
    WATCHES = 128,
    WALK = 2048,
    MUTEXES = 128,
    FIRST_THREAD = 1000,
};

/* What a fibre sleeps on. */
static struct {
    uint32_t *word[WATCHES];
    uint32_t count;
} sleeps[SIM_FIBRES];

static struct robust_list_head heads[SIM_FIBRES];

struct mutex {
    const void *at;
    int process;
    int owner; /* SIM_NOBODY */
    alignas(16) sim_stamp view[SIM_STAMPS];
};
static struct mutex mutexes[MUTEXES];
static uint32_t mutex_count;

void sim_kernel_begin(void)
{
    mutex_count = 0;
}

/* --- Sleeping on words ---------------------------------------------------------------- */

uint32_t sim_kernel_read(void *at)
{
    return *(uint32_t *)at;
}

/* The fibre that wakes others for the dead; for all else a wake orders nothing. */
static int dead_waker = SIM_NOBODY;

/* Wakes up to `count` of those who sleep on the word, in any order. */
static int wake(const void *word, int count)
{
    int woken = 0;
    int first = (int)(sim_draw() % SIM_FIBRES);

    for (int i = 0; i < SIM_FIBRES && woken < count; i++) {
        int id = (first + i) % SIM_FIBRES;

        if (sim.fibre[id].state != SIM_ASLEEP)
            continue;
        for (uint32_t j = 0; j < sleeps[id].count; j++)
            if (sleeps[id].word[j] == word) {
                sim_wake_fibre(id, (int)j);
                if (dead_waker != SIM_NOBODY)
                    sim_join(dead_waker, id);
                woken++;
                break;
            }
    }
    return woken;
}

bool sim_kernel_time_passes(void)
{
    if (!sim.unheard)
        return false;
    for (int i = 0; i < SIM_FIBRES; i++)
        if (sim.fibre[i].state == SIM_ASLEEP)
            sim_wake_fibre(i, -ETIMEDOUT);
    sim.unheard = false;
    sim.all.naps++;
    return true;
}

static bool somebody_sleeps(void)
{
    for (int i = 0; i < SIM_FIBRES; i++)
        if (sim.fibre[i].state == SIM_ASLEEP)
            return true;
    return false;
}

bool sim_kernel_wake_for_nothing(void)
{
    int first = (int)(sim_draw() % SIM_FIBRES);

    for (int i = 0; i < SIM_FIBRES; i++) {
        int id = (first + i) % SIM_FIBRES;

        if (sim.fibre[id].state == SIM_ASLEEP && sleeps[id].count > 0) {
            sim_wake_fibre(id, -EINTR);
            return true;
        }
    }
    return false;
}

static long fall_asleep(void)
{
    int result;

    sim_sleep();
    sleeps[sim.self].count = 0;
    result = sim.fibre[sim.self].woken;
    if (sim.tracing)
        sim_trace("wakes up", NULL, 0, (uint64_t)result, -1, 0);
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

void sim_kernel_sleep(uint32_t *word)
{
    if (sim.tracing)
        sim_trace("sleeps", NULL, 0, 0, -1, 0);
    sleeps[sim.self].word[0] = word;
    sleeps[sim.self].count = 1;
    fall_asleep();
}

void sim_kernel_wake(const uint32_t *word)
{
    wake(word, SIM_FIBRES);
}

static long futex_wait(uint32_t *word, uint32_t expected)
{
    if ((uint64_t)((const unsigned char *)word - sim.stacks) < sim.stacks_size) {
        sim_pause(); /* nobody else knows the word: it sleeps for a moment */
        errno = ETIMEDOUT;
        return -1;
    }
    sim_step();
    if (sim_kernel_read(word) != expected) {
        errno = EAGAIN;
        return -1;
    }
    if (sim.tracing)
        sim_trace("sleeps on", word, 4, expected, -1, 0);
    sleeps[sim.self].word[0] = word;
    sleeps[sim.self].count = 1;
    return fall_asleep() < 0 ? -1 : 0;
}

static long futex_wait_any(const struct futex_waitv *watches, uint32_t count)
{
    sim_step();
    for (uint32_t i = 0; i < count; i++)
        if (sim_kernel_read((void *)(uintptr_t)watches[i].uaddr) != (uint32_t)watches[i].val) {
            errno = EAGAIN;
            return -1;
        }
    for (uint32_t i = 0; i < count; i++) {
        sleeps[sim.self].word[i] = (uint32_t *)(uintptr_t)watches[i].uaddr;
        if (sim.tracing)
            sim_trace("sleeps on", sleeps[sim.self].word[i], 4, watches[i].val, -1, 0);
    }
    sleeps[sim.self].count = count;
    return fall_asleep();
}

/* --- Fences --------------------------------------------------------------------------- */

/* Each fibre in its turn, while the others go on. */
static long membarrier(int command)
{
    const int all = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
                  | MEMBARRIER_CMD_PRIVATE_EXPEDITED
                  | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    int first;

    if (command == MEMBARRIER_CMD_QUERY)
        return sim.no_membarrier ? 0 : all;
    if (!sim.running)
        return 0;
    if (sim.no_membarrier) {
        errno = EPERM;
        return -1;
    }
    sim_fence(__ATOMIC_SEQ_CST);
    first = (int)(sim_draw() % SIM_FIBRES);
    for (int i = 0; i < SIM_FIBRES; i++) {
        int id = (first + i) % SIM_FIBRES;

        /* One that has ended did so through the scheduler, whose barriers are as good. */
        if (id == sim.self || sim.fibre[id].state == SIM_UNUSED
            || (command == MEMBARRIER_CMD_PRIVATE_EXPEDITED
                && sim.fibre[id].process != sim.fibre[sim.self].process))
            continue;
        sim_fence_on(id);
        sim_step();
    }
    sim_fence(__ATOMIC_SEQ_CST);
    return 0;
}

/* --- Robust lists --------------------------------------------------------------------- */

uint32_t sim_thread_id(int id)
{
    return (uint32_t)(FIRST_THREAD + id);
}

/* The kernel has marked the word before it wakes one who sleeps on it. */
static void wake_for_the_dead(int id, const uint32_t *word)
{
    dead_waker = id;
    wake(word, 1);
    dead_waker = SIM_NOBODY;
}

static void word_of_the_dead(int id, uint32_t *word, bool pending)
{
    uint32_t value = sim_kernel_read(word);
    uint32_t owner = value & FUTEX_TID_MASK;

    if (pending && owner == 0) {
        sim.unheard |= !somebody_sleeps();
        wake_for_the_dead(id, word);
        return;
    }
    if (owner != sim_thread_id(id))
        return;
    sim_kernel_write(id, word, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
    if (value & FUTEX_WAITERS)
        wake_for_the_dead(id, word);
}

void sim_kernel_death(int id)
{
    struct robust_list_head *head = &heads[id];
    struct robust_list *pending = head->list_op_pending;
    struct robust_list *link = head->list.next;

    sleeps[id].count = 0;
    if (link == NULL)
        return; /* it never asked */
    for (int i = 0; i < WALK && link != &head->list; i++) {
        struct robust_list *next = link->next;

        if (link != pending)
            word_of_the_dead(id, (uint32_t *)(void *)((char *)link + head->futex_offset),
                             false);
        link = next;
    }
    if (pending != NULL)
        word_of_the_dead(id, (uint32_t *)(void *)((char *)pending + head->futex_offset), true);
}

static long get_robust_list(struct robust_list_head **head, size_t *size)
{
    *head = &heads[sim.self];
    *size = sizeof **head;
    if ((*head)->list.next == NULL) {
        (*head)->list.next = &(*head)->list;
        /* As in a pthread_mutex_t: from __data.__list.__next to __data.__lock. */
        (*head)->futex_offset = -32;
    }
    return 0;
}

/* --- Calls ---------------------------------------------------------------------------- */

long sim_syscall(long number, ...);

long sim_syscall(long number, ...)
{
    va_list arguments;
    long argument[5];

    va_start(arguments, number);
    for (int i = 0; i < 5; i++)
        argument[i] = va_arg(arguments, long);
    va_end(arguments);
    sim.pc = __builtin_return_address(0);
    sim_let_go(sim.self);
    switch (number) {
    case SYS_membarrier:
        return membarrier((int)argument[0]);
    case SYS_get_robust_list:
        return get_robust_list((struct robust_list_head **)argument[1], (size_t *)argument[2]);
    case SYS_futex:
        if (!sim.running)
            return 0;
        if ((int)argument[1] == FUTEX_WAIT_BITSET)
            return futex_wait((uint32_t *)argument[0], (uint32_t)argument[2]);
        sim_step();
        if (sim.tracing)
            sim_trace("wakes who sleeps on", (void *)argument[0], 4, 0, -1, 0);
        return wake((const void *)argument[0], (int)argument[2]);
    case SYS_futex_waitv:
        return futex_wait_any((const struct futex_waitv *)argument[0], (uint32_t)argument[1]);
    default:
        sim_fail("system call %ld is not simulated", number);
    }
}

int sim_yield(void);

int sim_yield(void)
{
    if (sim.running)
        sim_pause();
    return 0;
}

/* --- Mutexes -------------------------------------------------------------------------- */

static struct mutex *find_mutex(const void *at)
{
    int process = sim.fibre[sim.self].process;

    for (uint32_t i = 0; i < mutex_count; i++)
        if (mutexes[i].at == at && mutexes[i].process == process)
            return &mutexes[i];
    if (mutex_count == MUTEXES)
        sim_fail("more than %d mutexes", MUTEXES);
    mutexes[mutex_count].at = at;
    mutexes[mutex_count].process = process;
    mutexes[mutex_count].owner = SIM_NOBODY;
    memset(mutexes[mutex_count].view, 0, sizeof mutexes[mutex_count].view);
    return &mutexes[mutex_count++];
}

int sim_mutex_lock(pthread_mutex_t *at);
int sim_mutex_trylock(pthread_mutex_t *at);
int sim_mutex_unlock(pthread_mutex_t *at);

int sim_mutex_lock(pthread_mutex_t *at)
{
    struct mutex *mutex;

    if (!sim.running)
        return 0;
    sim.pc = __builtin_return_address(0);
    sim_step();
    mutex = find_mutex(at);
    if (mutex->owner == sim.self)
        sim_fail("a mutex is locked twice by fibre %d", sim.self);
    while (mutex->owner != SIM_NOBODY)
        sim_pause();
    mutex->owner = sim.self;
    sim_take_over(sim.self, mutex->view);
    return 0;
}

int sim_mutex_trylock(pthread_mutex_t *at)
{
    if (sim.running && find_mutex(at)->owner != SIM_NOBODY)
        return EBUSY;
    return sim_mutex_lock(at);
}

int sim_mutex_unlock(pthread_mutex_t *at)
{
    struct mutex *mutex;

    if (!sim.running)
        return 0;
    sim.pc = __builtin_return_address(0);
    sim_step();
    mutex = find_mutex(at);
    if (mutex->owner != sim.self)
        sim_fail("fibre %d unlocks a mutex that is not its own", sim.self);
    mutex->owner = SIM_NOBODY;
    sim_hand_over(sim.self, mutex->view);
    return 0;
}
