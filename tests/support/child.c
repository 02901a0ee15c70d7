/* SPDX-License-Identifier: MIT */
/* child.c - processes and threads that do what the test asks, one act after the other. */
#include "support/child.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/eventually.h"
#include "support/expect.h"

enum { CHILDREN = 64 };

/* Where the two sides meet: memory that both see. */
struct mailbox {
    sem_t asked, answered;
    void (*function)(struct act *); /* NULL: the child is to end */
    struct act act;
    _Atomic int busy;
    pid_t thread;    /* its thread id */
    clockid_t clock; /* of its thread */
};

struct child {
    enum child_kind kind;
    struct mailbox *mailbox;
    pid_t pid;        /* CHILD_PROCESS, while it lives; else 0 */
    pthread_t thread; /* CHILD_THREAD */
};

static struct child *children[CHILDREN];

void *shared_memory(size_t size)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(base, MAP_FAILED);
    return base;
}

/* --- The other side ------------------------------------------------------------------- */

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        expect_true(errno == EINTR);
}

static void finalize_if_node(void)
{
    mcapi_status_t status;

    mcapi_finalize(&status);
    if (status != MCAPI_ERR_NODE_NOTINIT)
        expect_status(MCAPI_SUCCESS, status);
}

static void serve(struct mailbox *mailbox)
{
    mailbox->thread = (pid_t)syscall(SYS_gettid);
    pthread_getcpuclockid(pthread_self(), &mailbox->clock);
    sem_post(&mailbox->answered);
    for (;;) {
        wait_for(&mailbox->asked);
        if (mailbox->function == NULL)
            return;
        mailbox->function(&mailbox->act);
        atomic_store(&mailbox->busy, 0);
        sem_post(&mailbox->answered);
    }
}

static void *thread_body(void *argument)
{
    serve(argument);
    return NULL;
}

/* --- Starting ------------------------------------------------------------------------- */

/* False: PATIENCE_MS is over, or the process has ended instead. */
static bool wait_for_answer(struct child *child)
{
    int64_t give_up = now_us() + PATIENCE_MS * 1000LL;
    int status;

    while (now_us() < give_up) {
        struct timespec soon;

        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 50 * 1000 * 1000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        if (sem_timedwait(&child->mailbox->answered, &soon) == 0)
            return true;
        if (child->pid != 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
            child->pid = 0;
            return sem_trywait(&child->mailbox->answered) == 0;
        }
    }
    return false;
}

static struct child **free_place(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i] == NULL)
            return &children[i];
    ck_abort_msg("more than %d children", CHILDREN);
    return NULL;
}

struct child *child_start_bare(enum child_kind kind)
{
    struct child **place = free_place();
    struct child *child = calloc(1, sizeof *child);
    pid_t parent = getpid();

    ck_assert_ptr_nonnull(child);
    child->kind = kind;
    child->mailbox = shared_memory(sizeof *child->mailbox);
    sem_init(&child->mailbox->asked, 1, 0);
    sem_init(&child->mailbox->answered, 1, 0);
    if (kind == CHILD_THREAD) {
        ck_assert_int_eq(pthread_create(&child->thread, NULL, thread_body, child->mailbox), 0);
    } else {
        child->pid = fork();
        ck_assert_int_ge(child->pid, 0);
        if (child->pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent)
                _exit(EXIT_FAILURE);
            expect_in_child = true;
            memset(children, 0, sizeof children); /* they are the parent's */
            serve(child->mailbox);
            finalize_if_node();
            _exit(EXIT_SUCCESS);
        }
    }
    *place = child;
    ck_assert_msg(wait_for_answer(child), "the child did not start");
    return child;
}

struct child *child_start(enum child_kind kind, mcapi_node_t node)
{
    struct child *child = child_start_bare(kind);
    struct act act = { .node = node };

    child_do(child, act_initialize, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return child;
}

/* --- Asking --------------------------------------------------------------------------- */

void child_begin(struct child *child, void (*function)(struct act *), const struct act *act)
{
    ck_assert_msg(child_is_done(child), "the child is busy");
    child->mailbox->function = function;
    child->mailbox->act = *act;
    child->mailbox->act.status = STATUS_UNTOUCHED;
    atomic_store(&child->mailbox->busy, 1);
    sem_post(&child->mailbox->asked);
}

void child_finish(struct child *child, struct act *act)
{
    ck_assert_msg(wait_for_answer(child), "the child does not come back, or has ended");
    *act = child->mailbox->act;
}

void child_do(struct child *child, void (*function)(struct act *), struct act *act)
{
    if (child == NULL) {
        act->status = STATUS_UNTOUCHED;
        function(act);
        return;
    }
    child_begin(child, function, act);
    child_finish(child, act);
}

bool child_is_done(const struct child *child)
{
    return atomic_load(&child->mailbox->busy) == 0;
}

/* --- Looking at it -------------------------------------------------------------------- */

bool child_is_asleep(const struct child *child)
{
    char path[64], line[512] = "";
    const char *state;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat",
             child->kind == CHILD_PROCESS ? child->pid : getpid(), child->mailbox->thread);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    state = strrchr(line, ')');
    return state != NULL && state[1] == ' ' && state[2] == 'S';
}

int64_t child_processor_time(const struct child *child)
{
    struct timespec used;
    clockid_t clock = child->mailbox->clock;

    if (child->kind == CHILD_PROCESS)
        ck_assert_int_eq(clock_getcpuclockid(child->pid, &clock), 0);
    ck_assert_int_eq(clock_gettime(clock, &used), 0);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

pid_t child_process(const struct child *child)
{
    return child->pid;
}

/* --- Ending --------------------------------------------------------------------------- */

static void forget(struct child *child)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i] == child)
            children[i] = NULL;
    munmap(child->mailbox, sizeof *child->mailbox);
    free(child);
}

void child_kill(struct child *child)
{
    int status;

    ck_assert_int_ne(child->pid, 0);
    ck_assert_int_eq(kill(child->pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert(WIFSIGNALED(status));
    forget(child);
}

void child_expect_exit(struct child *child)
{
    int status;

    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert_int_eq(status, 0);
    forget(child);
}

void child_end(struct child *child)
{
    int status = 0;
    struct act act = { .status = 0 };

    if (child->kind == CHILD_PROCESS && child->pid == 0) { /* it has ended by itself */
        forget(child);
        return;
    }
    if (!child_is_done(child))
        child_finish(child, &act);
    child->mailbox->function = NULL;
    sem_post(&child->mailbox->asked);
    if (child->kind == CHILD_THREAD) {
        ck_assert_int_eq(pthread_join(child->thread, NULL), 0);
    } else {
        ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS,
                      "a child ended with wait status 0x%x", status);
    }
    forget(child);
}

void child_end_all(void)
{
    for (int i = 0; i < CHILDREN; i++)
        if (children[i] != NULL)
            child_end(children[i]);
}

/* --- Acts ----------------------------------------------------------------------------- */

void act_initialize(struct act *act)
{
    mcapi_info_t info;

    mcapi_initialize(act->domain, act->node, NULL, NULL, &info, &act->status);
    act->count = info.number_of_nodes;
}

void act_finalize(struct act *act)
{
    mcapi_finalize(&act->status);
}

void act_create(struct act *act)
{
    act->endpoint = mcapi_endpoint_create(act->port, &act->status);
}

void act_get(struct act *act)
{
    act->endpoint =
            mcapi_endpoint_get(act->domain, act->node, act->port, act->timeout, &act->status);
}

void act_delete(struct act *act)
{
    mcapi_endpoint_delete(act->endpoint, &act->status);
}
