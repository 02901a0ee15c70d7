/* SPDX-License-Identifier: MIT */
/* scene.c - the board, the peer, and the look at what is left. */
#include "crash/kill/scene.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mcapi_ext.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/control.h"
#include "runtime/node.h"
#include "runtime/recovery.h"
#include "segment/audit.h"
#include "support/scratch.h"

enum {
    PATIENCE_US = 5 * 1000 * 1000,
    /* ...and so many looks: where others have the processor, nothing happens in the time. */
    PATIENCE_ROUNDS = 20 * 1000,
    HANGS_US = 60 * 1000 * 1000,
};

struct board *board;
int64_t scene_slowest;
uint64_t scene_late;

static pid_t peer, busy;
static void (*busy_work)(void);
static int64_t died_at;     /* us; the last victim */
static int64_t waited;      /* us; the peer for a processor, up to then */
static int peer_times = -1; /* its schedstat */
static char folder[PATH_MAX];
static unsigned scenes; /* so far; each has a name of its own */

int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void violate(const char *format, ...)
{
    va_list arguments;

    if (atomic_fetch_add(&board->violations, 1) > 0)
        return;
    va_start(arguments, format);
    vsnprintf(board->violation, TEXT, format, arguments);
    va_end(arguments);
}

static const struct timespec a_moment = { .tv_nsec = 20 * 1000 };

bool wait_a_little(struct patience_ *patience)
{
    if (patience->rounds++ < 200)
        return true;
    if (patience->deadline == 0)
        patience->deadline = now_us() + PATIENCE_US;
    /* Whoever yields on a busy machine waits for others' slices; a sleeper comes in between. */
    nanosleep(&a_moment, NULL);
    return patience->rounds < PATIENCE_ROUNDS || now_us() < patience->deadline;
}

static void sleep_on(_Atomic uint32_t *word, uint32_t value)
{
    struct timespec most = { .tv_sec = 1 };

    syscall(SYS_futex, word, FUTEX_WAIT, value, &most, NULL, 0);
}

static void wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void scene_share(void)
{
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                 0);
    if (board == MAP_FAILED)
        abort();
    prctl(PR_SET_TIMERSLACK, 1000); /* ns; of all that we fork, too */
}

void scene_reset_board(void)
{
    board->round = (board->round + 1) & 0x7fffff; /* with a number never all ones */
    for (int i = 0; i < 4; i++) {
        atomic_store(&board->v[i], 0);
        atomic_store(&board->p[i], 0);
        atomic_store(&board->t[i], 0);
    }
    atomic_store(&board->accepted, 0);
    atomic_store(&board->on_way, 1);
    atomic_store(&board->came, 0);
    atomic_store(&board->seen, 0);
    atomic_store(&board->ready, 0);
    atomic_store(&board->go, 0);
    atomic_store(&board->over, 0);
    atomic_store(&board->dead, 0);
    atomic_store(&board->violations, 0);
    board->back_at = 0;
    board->status = MCAPI_SUCCESS;
    board->violation[0] = '\0';
}

void join_as(mcapi_node_t node)
{
    mcapi_info_t info;

    MUST(mcapi_initialize(0, node, NULL, NULL, &info, &status));
}

/* --- The peer ------------------------------------------------------------------------- */

static void peer_joins(void)
{
    join_as(PEER_NODE);
}

static void finalize(void)
{
    MUST(mcapi_finalize(&status));
}

static _Noreturn void be_peer(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        void (*function)(void);
        uint32_t asked;

        while ((asked = atomic_load(&board->asked)) == atomic_load(&board->done))
            sleep_on(&board->asked, asked);
        function = board->function;
        function();
        atomic_store(&board->done, asked);
        wake(&board->done);
        if (function == finalize)
            _exit(0);
    }
}

void scene_ask_peer(void (*function)(void))
{
    board->function = function;
    atomic_fetch_add(&board->asked, 1);
    wake(&board->asked);
}

/* us for which the peer was ready to run and did not: others had the processors. */
static int64_t peer_waited(void)
{
    char text[96] = "";
    unsigned long long ran, waited_ns = 0;

    if (pread(peer_times, text, sizeof text - 1, 0) <= 0
        || sscanf(text, "%llu %llu", &ran, &waited_ns) != 2)
        return 0;
    return (int64_t)(waited_ns / 1000);
}

static void look_at_peers_times(void)
{
    char path[64];

    if (peer_times >= 0)
        close(peer_times);
    snprintf(path, sizeof path, "/proc/%d/schedstat", peer);
    peer_times = open(path, O_RDONLY | O_CLOEXEC);
}

/* The blocked call of the peer against the time of the death. */
static void look_at_delay(void)
{
    int64_t late = board->back_at - died_at;

    if (board->back_at == 0 || atomic_load(&board->holds) != 0)
        return;
    if (late > scene_slowest)
        scene_slowest = late;
    scene_late += late > LIMIT_US;
    if (late > LATEST_US)
        fprintf(stderr,
                "# a blocked call came back %lld ms after the death, %lld of them ready\n",
                (long long)late / 1000, (long long)(peer_waited() - waited) / 1000);
    if (late - (peer_waited() - waited) > LATEST_US)
        violate("a blocked call came back %lld ms after the death", (long long)late / 1000);
}

void scene_note_death(void)
{
    died_at = now_us();
    waited = peer_waited();
    atomic_store(&board->dead, 1);
}

bool scene_peer_back(void)
{
    uint32_t asked = atomic_load(&board->asked);
    int64_t deadline = 0;
    uint32_t done;

    while ((done = atomic_load(&board->done)) != asked) {
        sleep_on(&board->done, done);
        if (atomic_load(&board->done) == asked)
            break;
        if (deadline == 0)
            deadline = now_us() + HANGS_US;
        int status = 0;

        if (now_us() < deadline && waitpid(peer, &status, WNOHANG) != peer)
            continue;
        if (atomic_load(&board->done) == asked)
            break;
        violate("the peer hangs or has died: wait status %#x", (unsigned)status);
        return false;
    }
    look_at_delay();
    return true;
}

void let_go_on(void)
{
    atomic_store(&board->go, 1);
    wake(&board->go);
}

void wait_to_go_on(void)
{
    int64_t deadline = now_us() + HANGS_US;

    while (atomic_load(&board->go) == 0) {
        sleep_on(&board->go, 0);
        if (atomic_load(&board->go) == 0 && now_us() > deadline) {
            violate("nobody lets the peer go on");
            return;
        }
    }
}

void about_to_block(void)
{
    atomic_store(&board->ready, 1);
    if (atomic_load(&board->holds) != 0)
        wait_to_go_on();
}

void is_back(mcapi_status_t status)
{
    board->status = status;
    board->back_at = now_us();
}

/* --- The scene ------------------------------------------------------------------------ */

void scene_end(void)
{
    scene_ask_peer(finalize);
    scene_peer_back();
    waitpid(peer, NULL, 0);
    finalize();
    rmdir(folder);
    if (rmdir(folder) == 0 || access(folder, F_OK) == 0)
        violate("the folder of the topology is not empty");
}

static _Noreturn void be_busy(void (*work)(void))
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    join_as(BUSY_NODE);
    while (atomic_load(&board->leave) == 0) {
        if (atomic_load(&board->stop) == 0) {
            work();
            atomic_fetch_add(&board->worked, 1);
            sched_yield(); /* there may be fewer processors than of us */
            continue;
        }
        atomic_store(&board->stopped, 1);
        wake(&board->stopped);
        sleep_on(&board->stop, 1);
    }
    finalize();
    _exit(0);
}

static void let_busy_stop(void)
{
    int64_t deadline = now_us() + HANGS_US;

    atomic_store(&board->stopped, 0);
    atomic_store(&board->stop, 1);
    while (atomic_load(&board->stopped) == 0 && now_us() < deadline)
        sleep_on(&board->stopped, 0);
    if (atomic_load(&board->stopped) == 0)
        violate("the survivor that works hangs");
}

static void let_busy_work(void)
{
    atomic_store(&board->stop, 0);
    wake(&board->stop);
}

void scene_start_busy(void (*work)(void))
{
    busy_work = work;
    atomic_store(&board->leave, 0);
    atomic_store(&board->stop, 0);
    busy = fork();
    if (busy == 0)
        be_busy(work);
}

void scene_end_busy(void)
{
    atomic_store(&board->leave, 1);
    let_busy_work();
    waitpid(busy, NULL, 0);
    busy = 0;
    busy_work = NULL;
}

void scene_begin(void)
{
    char name[32];

    snprintf(folder, sizeof folder, "%s/mcapi-kill-%d", scratch_folder(), getpid());
    snprintf(name, sizeof name, "kill-%d-%u", getpid(), scenes++);
    setenv("MCAPI_RUNTIME_DIR", folder, 1);
    setenv("MCAPI_TOPOLOGY", name, 1);
    scene_reset_board();
    atomic_store(&board->done, atomic_load(&board->asked));
    peer = fork();
    if (peer == 0)
        be_peer();
    look_at_peers_times();
    join_as(TEST_NODE);
    scene_ask_peer(peer_joins);
    scene_peer_back();
    if (busy_work != NULL)
        scene_start_busy(busy_work);
}

void scene_abandon(void)
{
    mcapi_status_t status;

    if (busy != 0) {
        kill(busy, SIGKILL);
        waitpid(busy, NULL, 0);
        busy = 0;
    }

    kill(peer, SIGKILL);
    waitpid(peer, NULL, 0);
    mcapi_finalize(&status);
}

static void lock(void)
{
    if (!mci_control_lock(mci_self.node, mci_self.serial))
        violate("the test is no node any more");
}

void scene_recover(void)
{
    lock();
    mci_recover_all_dead(&mci_runtime.map);
    mci_control_unlock();
}

void scene_expect_clean(void)
{
    uint32_t nodes = busy != 0 ? 3 : 2;
    struct mci_audit audit;

    if (busy != 0)
        let_busy_stop();
    lock();
    mci_recover_all_dead(&mci_runtime.map);
    mci_audit(mci_map(), &audit);
    mci_control_unlock();
    if (audit.faults != 0)
        violate("audit: %u faults: %s", audit.faults, audit.fault[0]);
    if (audit.nodes != nodes || audit.dead != 0 || audit.held != 0)
        violate("audit: %u nodes, %u dead, %u held", audit.nodes, audit.dead, audit.held);
    if (audit.endpoints != 0 || audit.channels != 0 || audit.gets != 0)
        violate("audit: %u endpoints, %u channels, %u gets are left", audit.endpoints,
                audit.channels, audit.gets);
    if (busy != 0)
        let_busy_work();
}

/* --- A topology whose last node dies ---------------------------------------------------- */

#define ALONE "alone"

void scene_go_elsewhere(void)
{
    setenv("MCAPI_TOPOLOGY", ALONE, 1);
}

static _Noreturn void be_next(void)
{
    struct mci_audit audit;

    scene_go_elsewhere();
    join_as(VICTIM_NODE);
    if (atomic_load(&board->violations) == 0) {
        lock();
        mci_audit(mci_map(), &audit);
        mci_control_unlock();
        if (audit.faults != 0 || audit.nodes != 1 || audit.dead != 0 || audit.endpoints != 0)
            violate("the next start finds %u faults, %u nodes, %u dead, %u endpoints",
                    audit.faults, audit.nodes, audit.dead, audit.endpoints);
        finalize();
    }
    _exit(0);
}

void scene_start_anew(void)
{
    char path[sizeof folder + sizeof ALONE + 1];
    pid_t next = fork();
    int status;

    if (next == 0)
        be_next();
    waitpid(next, &status, 0);
    if (status != 0)
        violate("the next start ended with wait status %#x", (unsigned)status);
    snprintf(path, sizeof path, "%s/%s", folder, ALONE);
    if (access(path, F_OK) == 0)
        violate("the topology of one that was alone is still in the folder");
}
