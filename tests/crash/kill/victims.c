/* SPDX-License-Identifier: MIT */
/* victims.c - a victim, from its birth as a process or a thread to its death. */
#include <mcapi_ext.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/kill/scene.h"
#include "runtime/end.h"
#include "runtime/message.h"
#include "runtime/node.h"

/* Stepped, an adaptive wait looks ten thousand times before it sleeps. */
static void sleep_at_once(void)
{
    mci_runtime.wait_policy = MCAPI_EXT_WAIT_SLEEP;
}

static void plan(const struct life *life)
{
    const char *thread = life->operation->thread;

    switch (life->way) {
    case LIFE_PLAIN:
        break;
    case LIFE_RECORDS:
        text_record(board->boundary, MOST_BOUNDARIES, &board->boundaries, sleep_at_once);
        if (thread != NULL)
            text_record_thread(thread);
        break;
    case LIFE_PLANTED:
        if (thread != NULL)
            text_plant_everywhere(life->boundary, life->how);
        else
            text_plant(life->waits ? board->late : life->boundary, life->how);
        break;
    case LIFE_STEPPED:
        text_step_to(life->index, life->how);
        break;
    }
}

static _Noreturn void live(const struct life *life)
{
    const struct operation *operation = life->operation;

    if (operation->alone)
        scene_go_elsewhere();
    if (!operation->joins)
        join_as(life->waits ? OTHER_NODE : VICTIM_NODE);
    if (life->waits) {
        atomic_store(&board->waiting, (uintptr_t)mci_self.node);
        until(atomic_load(&board->turn) != 0);
    }
    if (operation->set_up != NULL)
        operation->set_up();
    plan(life);
    operation->run();
    text_restore();
    atomic_fetch_add(&board->over, 1);
    text_die(life->thread ? DEATH_THREAD : DEATH_KILL);
}

static void *live_as_thread(void *life)
{
    text_stack_of_thread();
    live(life);
}

/* It may have died inside a gate. No endpoint here has a higher number than this. */
static void open_gates(void)
{
    enum { HIGHEST = 256 };
    static struct {
        const char *name;
        void *gates;
        size_t size;
    } tables[] = { { .name = "mci_ends" }, { .name = "sources" }, { .name = "sinks" } };

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (tables[i].gates == NULL)
            tables[i].gates = text_variable(tables[i].name, &tables[i].size);
        if (tables[i].gates == NULL)
            violate("the library has no table of the name %s", tables[i].name);
        else
            memset(tables[i].gates, 0, tables[i].size / MCI_ENDPOINT_SLOTS * HIGHEST);
    }
}

/* What the thread was in the middle of, in this process, is over; `other` lives on. */
static void forget_thread(const struct mci_node *other)
{
    text_restore();
    pthread_mutex_init(&mci_runtime.mutex, NULL);
    for (uint32_t i = 0; i < mci_runtime.node_count; i++)
        if (mci_runtime.nodes[i] != mci_self.node && mci_runtime.nodes[i] != other)
            mci_node_forget(mci_runtime.nodes[i]);
    mci_runtime.live = other == NULL ? 1 : 2;
    atomic_store(&mci_runtime.users, 0);
    mci_end_forget_all();
    mci_message_forget_all();
    open_gates();
}

void scene_start(const struct life *life, struct living *living)
{
    *living = (struct living){ .life = life };
    if (life->waits) {
        atomic_store(&board->turn, 0);
        atomic_store(&board->waiting, 0);
    }
    if (life->thread) {
        if (pthread_create(&living->thread, NULL, live_as_thread, (void *)(uintptr_t)life) != 0)
            abort();
    } else {
        living->process = fork();
        if (living->process == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the test be ended while we hang */
            live(life);
        }
    }
    if (life->waits)
        until(atomic_load(&board->waiting) != 0);
}

void scene_finish(struct living *living, const struct living *other)
{
    int status = 0;

    if (living->life->waits)
        atomic_store(&board->turn, 1);
    if (living->life->thread) {
        pthread_join(living->thread, NULL);
        forget_thread(other == NULL ? NULL : (void *)atomic_load(&board->waiting));
    } else {
        waitpid(living->process, &status, 0);
        if (living->life->way == LIFE_RECORDS && WTERMSIG(status) != SIGKILL)
            violate("a victim that was stepped died: wait status %#x", (unsigned)status);
    }
    scene_note_death();
}

bool scene_live(const struct life *life)
{
    struct living living;

    atomic_store(&board->over, 0);
    scene_start(life, &living);
    scene_finish(&living, NULL);
    return atomic_load(&board->over) == 0;
}

static void *heir(void *unused)
{
    (void)unused;
    join_as(VICTIM_NODE);
    MUST(mcapi_finalize(&status));
    return NULL;
}

void scene_name_is_free(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, heir, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}
