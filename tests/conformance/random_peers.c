/* SPDX-License-Identifier: MIT */
/*
 * random_peers.c - the users: threads of a few processes, which make the calls they are told.
 *
 * A process has one thread more, which is never a node: it renews those that have ended.
 */
#include "random.h"

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

enum {
    LOOK_MS = 20,         /* between two looks whether a process is still there */
    PARENT_LOOK_MS = 5000 /* between two looks whether there is still somebody to serve */
};

/* One user's, or one process's, seen by both sides. */
struct mailbox {
    sem_t go, done;
    bool leave; /* of a user: its thread is to end */
    int renew;  /* of a process: this user's thread */
    struct order order;
    struct came came;
};

struct shared {
    struct mailbox user[RANDOM_USERS];
    struct mailbox process[RANDOM_PROCESSES];
};

struct peers {
    struct shared *shared;
    size_t landings;
    int patience;                    /* ms after which a call does not come back */
    pid_t process[RANDOM_PROCESSES]; /* 0: it is gone */
    char why[80];
};

/* --- Over there --------------------------------------------------------------------------- */

struct thread {
    pthread_t thread;
    struct mailbox *mailbox;
    struct landing *landings;
};

static bool wait_ms(sem_t *semaphore, int milliseconds)
{
    struct timespec until;
    int result;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    until.tv_sec += milliseconds / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    do
        result = sem_timedwait(semaphore, &until);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Nobody outlives the one that it works for. */
static void await(sem_t *semaphore, pid_t parent)
{
    while (!wait_ms(semaphore, PARENT_LOOK_MS))
        if (getppid() != parent)
            _exit(1);
}

static pid_t parent;

static void *serve(void *argument)
{
    struct thread *thread = argument;
    struct mailbox *mailbox = thread->mailbox;
    bool leave;

    do {
        await(&mailbox->go, parent);
        leave = mailbox->leave;
        if (!leave) {
            act(&mailbox->order, &mailbox->came, thread->landings);
            sem_post(&mailbox->done);
        }
    } while (!leave);
    return NULL;
}

static void start_thread(struct thread *thread)
{
    thread->mailbox->leave = false;
    if (pthread_create(&thread->thread, NULL, serve, thread) != 0)
        _exit(2);
}

/* What a library does once for a process may take long when the process has threads already. */
static void warm_up(void)
{
    mcapi_info_t info;
    mcapi_status_t status;

    mcapi_initialize(0, MCAPI_MAX_NODE - (mcapi_node_t)(getpid() % 1000), NULL, NULL, &info,
                     &status);
    mcapi_finalize(&status);
}

static void __attribute__((noreturn))
run_process(struct shared *shared, int process, size_t landings, bool first)
{
    struct thread thread[RANDOM_USERS_EACH];
    struct landing *landing = calloc(landings, sizeof *landing);
    struct mailbox *mailbox = &shared->process[process];

    if (landing == NULL)
        _exit(2);
    if (first)
        warm_up();
    for (int i = 0; i < RANDOM_USERS_EACH; i++) {
        thread[i].mailbox = &shared->user[process * RANDOM_USERS_EACH + i];
        thread[i].landings = landing;
        start_thread(&thread[i]);
    }
    sem_post(&mailbox->done);
    for (;;) { /* until it is killed */
        await(&mailbox->go, parent);
        pthread_join(thread[mailbox->renew].thread, NULL);
        start_thread(&thread[mailbox->renew]);
        sem_post(&mailbox->done);
    }
}

/* --- Over here ---------------------------------------------------------------------------- */

static void prepare(struct mailbox *mailbox)
{
    memset(mailbox, 0, sizeof *mailbox);
    sem_init(&mailbox->go, 1, 0);
    sem_init(&mailbox->done, 1, 0);
}

/* `first`: there are no nodes yet, and nobody is disturbed. Wait for it before anything else.
 */
static void start_process(struct peers *peers, int process, bool first)
{
    for (int i = 0; i < RANDOM_USERS_EACH; i++)
        prepare(&peers->shared->user[process * RANDOM_USERS_EACH + i]);
    prepare(&peers->shared->process[process]);
    fflush(NULL);
    parent = getpid();
    peers->process[process] = fork();
    if (peers->process[process] == 0)
        run_process(peers->shared, process, peers->landings, first);
    if (peers->process[process] < 0) {
        perror("random: fork");
        abort();
    }
}

static void set_limit(const char *name, int value)
{
    char text[20];

    snprintf(text, sizeof text, "%d", value);
    setenv(name, text, 1);
}

/* Its process is not there any more: reaps it, and says how it ended. */
static bool has_died(struct peers *peers, int process)
{
    int ended = 0;

    if (waitpid(peers->process[process], &ended, WNOHANG) != peers->process[process])
        return false;
    peers->process[process] = 0;
    if (WIFSIGNALED(ended))
        snprintf(peers->why, sizeof peers->why, "the call ended its process with signal %d",
                 WTERMSIG(ended));
    else
        snprintf(peers->why, sizeof peers->why, "the call ended its process with exit code %d",
                 WEXITSTATUS(ended));
    return true;
}

/* Until it has answered; false: it will not. */
static bool wait_for(struct peers *peers, int process, sem_t *done)
{
    for (int look = 0; look < peers->patience / LOOK_MS; look++) {
        if (wait_ms(done, LOOK_MS))
            return true;
        if (has_died(peers, process))
            return false;
    }
    snprintf(peers->why, sizeof peers->why, "the call did not return within %d ms",
             peers->patience);
    return false;
}

static void wait_for_process(struct peers *peers, int process)
{
    if (wait_for(peers, process, &peers->shared->process[process].done))
        return;
    fprintf(stderr, "random: a process cannot be started\n");
    abort();
}

struct peers *peers_start(size_t landings, int patience)
{
    struct peers *peers = calloc(1, sizeof *peers);
    char topology[40];

    snprintf(topology, sizeof topology, "random-%ld", (long)getpid());
    setenv("MCAPI_TOPOLOGY", topology, 1);
    set_limit("MCAPI_MAX_ENDPOINTS", LIMIT_ENDPOINTS);
    set_limit("MCA_MAX_REQUESTS", LIMIT_REQUESTS);
    set_limit("MCAPI_MAX_BUFFERS", LIMIT_BUFFERS);
    set_limit("MCAPI_MAX_QUEUE_ELEMENTS", LIMIT_QUEUE);
    set_limit("MCAPI_MAX_PKT_SIZE", LIMIT_PACKET);
    set_limit("MCAPI_MAX_MSG_SIZE", LIMIT_MESSAGE);
    if (peers != NULL)
        peers->shared = mmap(NULL, sizeof *peers->shared, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (peers == NULL || peers->shared == MAP_FAILED) {
        perror("random: memory");
        abort();
    }
    peers->landings = landings;
    peers->patience = patience;
    for (int process = 0; process < RANDOM_PROCESSES; process++)
        start_process(peers, process, true);
    for (int process = 0; process < RANDOM_PROCESSES; process++)
        wait_for_process(peers, process);
    return peers;
}

bool peers_call(struct peers *peers, int user, const struct order *order, struct came *came,
                const char **why)
{
    struct mailbox *mailbox = &peers->shared->user[user];

    mailbox->order = *order;
    sem_post(&mailbox->go);
    *why = peers->why;
    if (!wait_for(peers, user / RANDOM_USERS_EACH, &mailbox->done))
        return false;
    *came = mailbox->came;
    return true;
}

void peers_end_thread(struct peers *peers, int user)
{
    int process = user / RANDOM_USERS_EACH;
    struct mailbox *mailbox = &peers->shared->process[process];

    peers->shared->user[user].leave = true;
    sem_post(&peers->shared->user[user].go);
    mailbox->renew = user % RANDOM_USERS_EACH;
    sem_post(&mailbox->go);
    wait_for(peers, process, &mailbox->done);
}

static void end_process(struct peers *peers, int process)
{
    if (peers->process[process] == 0)
        return;
    kill(peers->process[process], SIGKILL);
    waitpid(peers->process[process], NULL, 0);
    peers->process[process] = 0;
}

void peers_kill(struct peers *peers, int user)
{
    int process = user / RANDOM_USERS_EACH;

    end_process(peers, process);
    start_process(peers, process, false);
    wait_for_process(peers, process);
}

void peers_stop(struct peers *peers)
{
    for (int process = 0; process < RANDOM_PROCESSES; process++)
        end_process(peers, process);
    munmap(peers->shared, sizeof *peers->shared);
    free(peers);
}
