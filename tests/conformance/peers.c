/* SPDX-License-Identifier: MIT */
/*
 * peers.c - the nodes that a test talks with: processes, or threads of our own process.
 *
 * A peer waits for an act, makes it, and says that it is done. Two semaphores in shared memory
 * are all that it takes: none of them is held, so that a peer can be killed anywhere.
 */
#include "suite.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum state { IDLE, BEGUN, IN_CALL, DONE };

struct peer {
    int index;
    bool is_process, is_alive;
    pid_t pid;
    pthread_t thread;

    sem_t work, done;
    int state;   /* enum state, by atomic operations */
    int signals; /* that have arrived, likewise */
    void (*act)(struct call *);
    struct call call;
};

static struct peer *peers;
static int peer_count;

/* Which peer the calling thread is; NULL: none. */
static __thread struct peer *self;

const char *who_am_i(void)
{
    static const char *const names[PEERS] = { " (peer 0)", " (peer 1)", " (peer 2)" };

    return self == NULL ? "" : names[self->index];
}

/* --- In the peer ------------------------------------------------------------------ */

static void on_interrupt(int number)
{
    (void)number;
    if (self != NULL)
        __atomic_add_fetch(&self->signals, 1, __ATOMIC_SEQ_CST);
}

static void handle_interrupts(void)
{
    struct sigaction action = { .sa_handler = on_interrupt };

    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
}

static void serve(struct peer *peer)
{
    self = peer;
    for (;;) {
        while (sem_wait(&peer->work) != 0)
            ;
        if (peer->act == NULL)
            return;
        __atomic_store_n(&peer->state, IN_CALL, __ATOMIC_RELEASE);
        peer->act(&peer->call);
        __atomic_store_n(&peer->state, DONE, __ATOMIC_RELEASE);
        sem_post(&peer->done);
    }
}

static void *peer_thread(void *peer)
{
    serve(peer);
    return NULL;
}

/* --- Starting and ending ---------------------------------------------------------- */

void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        fail("no shared memory: %s", strerror(errno));
    return memory;
}

static void start(struct peer *peer)
{
    sem_init(&peer->work, 1, 0);
    sem_init(&peer->done, 1, 0);
    peer->is_alive = true;
    peer->is_process = variant() == PROCESSES;
    if (!peer->is_process) {
        if (pthread_create(&peer->thread, NULL, peer_thread, peer) != 0)
            fail("cannot start a thread");
        return;
    }
    peer->pid = fork();
    if (peer->pid < 0)
        fail("cannot start a process: %s", strerror(errno));
    if (peer->pid > 0)
        return;
    peer->pid = getpid();
    serve(peer);
    exit(EXIT_SUCCESS);
}

static void reaped(struct peer *peer, int status)
{
    peer->is_alive = false;
    if (WIFSIGNALED(status))
        fail("peer %d ended by signal %d (%s)", peer->index, WTERMSIG(status),
             strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        fail("peer %d exited with status %d", peer->index, WEXITSTATUS(status));
}

static void stop(struct peer *peer)
{
    int status = 0;

    peer->act = NULL;
    sem_post(&peer->work);
    if (!peer->is_process) {
        peer->is_alive = false;
        pthread_join(peer->thread, NULL);
        return;
    }
    while (waitpid(peer->pid, &status, 0) < 0)
        if (errno != EINTR)
            fail("peer %d cannot be waited for: %s", peer->index, strerror(errno));
    reaped(peer, status);
}

void nodes_begin_bare(int count)
{
    if (peers != NULL || count > PEERS)
        fail("nodes_begin: twice, or with too many peers");
    peers = shared_memory(sizeof *peers * PEERS);
    peer_count = count;
    handle_interrupts();
    /* All processes before we are a node: not every library can be forked later. */
    for (int i = 0; i < count; i++) {
        peers[i].index = i;
        start(&peers[i]);
    }
}

static void become(struct peer *peer, mcapi_node_t node)
{
    struct call call = { .domain = DOMAIN, .node = node };

    at(peer, do_initialize, &call);
    if (call.status != MCAPI_SUCCESS)
        fail("node %u cannot be initialized: %s", node, status_name(call.status));
}

void nodes_begin(int count)
{
    nodes_begin_bare(count);
    become(NULL, OWN_NODE);
    for (int i = 0; variant() != ONE_NODE && i < count; i++)
        become(&peers[i], peer_node(&peers[i]));
}

static void end_own_node(struct call *call)
{
    call->status = MCAPI_SUCCESS;
    if (is_node_here())
        do_finalize(call);
}

void nodes_end(void)
{
    mcapi_status_t status = UNTOUCHED;
    struct call call = { 0 };

    for (int i = 0; i < peer_count; i++) {
        if (!peers[i].is_alive)
            continue;
        if (__atomic_load_n(&peers[i].state, __ATOMIC_ACQUIRE) != IDLE)
            finish(&peers[i], &call);
        at(&peers[i], end_own_node, &call);
        if (call.status != MCAPI_SUCCESS)
            fail("peer %d: mcapi_finalize at the end: %s", i, status_name(call.status));
        stop(&peers[i]);
    }
    peers = NULL;
    peer_count = 0;
    /* Nobody else is a node of our process now. */
    mcapi_node_id_get(&status);
    if (status != MCAPI_SUCCESS)
        return;
    do_finalize(&call);
    if (call.status != MCAPI_SUCCESS)
        fail("mcapi_finalize at the end: %s", status_name(call.status));
}

struct peer *peer(int index)
{
    if (index >= peer_count)
        fail("there is no peer %d", index);
    return &peers[index];
}

mcapi_node_t peer_node(const struct peer *peer)
{
    return variant() == ONE_NODE ? OWN_NODE : OWN_NODE + 1 + (mcapi_node_t)peer->index;
}

/* --- Asking ----------------------------------------------------------------------- */

/* Whether it is done within these milliseconds. */
static bool wait_done(struct peer *peer, int ms)
{
    struct timespec end;
    int failed;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    do
        failed = sem_timedwait(&peer->done, &end);
    while (failed != 0 && errno == EINTR);
    return failed == 0;
}

/* Fails if the peer's process has ended by itself. */
static void look_after(struct peer *peer)
{
    int status;

    if (peer->is_process && waitpid(peer->pid, &status, WNOHANG) == peer->pid) {
        reaped(peer, status);
        fail("peer %d ended in the middle of a call", peer->index);
    }
}

void begin(struct peer *peer, void (*act)(struct call *), const struct call *call)
{
    if (!peer->is_alive || __atomic_load_n(&peer->state, __ATOMIC_ACQUIRE) != IDLE)
        fail("peer %d is asked while it is busy, or dead", peer->index);
    peer->call = *call;
    peer->act = act;
    __atomic_store_n(&peer->state, BEGUN, __ATOMIC_RELEASE);
    sem_post(&peer->work);
}

void finish(struct peer *peer, struct call *call)
{
    if (!peer->is_alive || __atomic_load_n(&peer->state, __ATOMIC_ACQUIRE) == IDLE)
        fail("peer %d was asked nothing", peer->index);
    while (!wait_done(peer, 50)) {
        look_after(peer);
        if (patience_ms() == 0)
            fail("peer %d does not come back", peer->index);
    }
    *call = peer->call;
    __atomic_store_n(&peer->state, IDLE, __ATOMIC_RELEASE);
}

void at(struct peer *peer, void (*act)(struct call *), struct call *call)
{
    if (peer == NULL) {
        act(call);
        return;
    }
    begin(peer, act, call);
    finish(peer, call);
}

bool is_done(const struct peer *peer)
{
    return __atomic_load_n(&peer->state, __ATOMIC_ACQUIRE) == DONE;
}

bool stays_blocked(const struct peer *peer)
{
    const int64_t while_ms = 50;
    int64_t until;

    if (!eventually(__atomic_load_n(&peer->state, __ATOMIC_ACQUIRE) >= IN_CALL))
        return false;
    for (until = now_ms() + while_ms; now_ms() < until; breathe())
        if (is_done(peer))
            return false;
    return true;
}

void interrupt(struct peer *peer)
{
    int before = __atomic_load_n(&peer->signals, __ATOMIC_SEQ_CST);

    if (peer->is_process)
        kill(peer->pid, SIGUSR1);
    else
        pthread_kill(peer->thread, SIGUSR1);
    if (!eventually(__atomic_load_n(&peer->signals, __ATOMIC_SEQ_CST) > before))
        fail("the signal does not arrive at peer %d", peer->index);
}

void kill_peer(struct peer *peer)
{
    if (!peer->is_process)
        fail("kill_peer: peer %d is not a process", peer->index);
    kill(peer->pid, SIGKILL);
    while (waitpid(peer->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    peer->is_alive = false;
}
