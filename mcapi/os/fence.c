/* SPDX-License-Identifier: MIT */
/* fence.c - full fences that the rare side of a protocol pays for the frequent side. */
#include "os/fence.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/process.h"

/* What the two fences need the kernel to know. */
enum {
    NEEDED = MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
           | MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
};

/* The process generation that has asked, and what came of it. A forked child asks again. */
static _Atomic uint32_t asked;
static _Atomic bool available;
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

static bool register_process(void)
{
    int commands = membarrier(MEMBARRIER_CMD_QUERY);

    return commands >= 0 && (commands & NEEDED) == NEEDED
        && membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0
        && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
        && membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0
        && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
}

/* REGISTERED: who sees that this generation has asked also sees the answer. */
bool mci_fence_heavy_available(void)
{
    uint32_t generation = mci_process_generation();

    if (atomic_load_explicit(&asked, memory_order_acquire) /* REGISTERED */ != generation) {
        pthread_mutex_lock(&asking);
        if (atomic_load_explicit(&asked, memory_order_relaxed) /* under the mutex */
            != generation) {
            atomic_store_explicit(&available, register_process(),
                                  memory_order_relaxed); /* published by the next store */
            atomic_store_explicit(&asked, generation, memory_order_release); /* REGISTERED */
        }
        pthread_mutex_unlock(&asking);
    }
    return atomic_load_explicit(&available, memory_order_relaxed); /* after REGISTERED */
}

void mci_fence_heavy(void)
{
    /* The call fences its own thread too, except where it is refused at once. */
    atomic_thread_fence(memory_order_seq_cst);
    membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

void mci_fence_heavy_own(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}
