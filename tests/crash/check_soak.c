/* SPDX-License-Identifier: MIT */
/*
 * check_soak.c - eight nodes with traffic of every kind, which die, stop, finalize and start
 * again all the time; what was accepted is compared with what came (soak/soak.h).
 *
 *     MCAPI_SOAK_SECONDS=3600 MCAPI_SOAK_SEED=7 CK_TIMEOUT_MULTIPLIER=40 tests/crash/check_soak
 *
 * The test itself is a node too, and always survives. Now and then it has all senders rest:
 * then the receivers must have all that was accepted, and everything in the segment must be
 * accounted for.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/scene.h"
#include "crash/soak/soak.h"
#include "runtime/control.h"
#include "runtime/recovery.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/suite.h"
#include "support/topology.h"

enum {
    SECONDS = 45,
    ACT_EVERY_US = 40 * 1000,
    QUIET_EVERY_US = 2500 * 1000,
    TELL_EVERY_US = 10 * 1000 * 1000,
    STOPPED_US = 60 * 1000, /* at most */
    HISTORY = 24,
    US = 1000 * 1000,

    /* What may come on top of what the first quarter of the run needed. */
    MORE_RSS_KB = 8 * 1024,
    MORE_FDS = 2,

    /* The segment needs more until each slot of its tables has been used for everything. */
    SETTLED_AFTER_S = 600,
    MORE_SEGMENT_KB = 16 * 1024,
    MOST_SEGMENT_KB = 1024 * 1024,
};

static pid_t processes[PROCESSES];
static int64_t began;
static struct dice dice;

/* --- What was done ---------------------------------------------------------------------- */

enum act_kind { KILLED, CRASHED, EXITED, STOPPED, ENDED, FINALIZED, ACTS };
static const char *const act_names[ACTS] = { "killed",  "crashed", "left without a word",
                                             "stopped", "ended",   "finalized" };

static struct {
    enum act_kind kind;
    uint32_t whom;
    int64_t when;
} history[HISTORY];
static uint32_t acts, acts_of[ACTS];

static void remember(enum act_kind kind, uint32_t whom)
{
    history[acts % HISTORY].kind = kind;
    history[acts % HISTORY].whom = whom;
    history[acts % HISTORY].when = now_us();
    acts++;
    acts_of[kind]++;
}

static void tell_all(void)
{
    fprintf(stderr, "seed %llu, after %lld ms, %u streams; the last that was done:\n",
            (unsigned long long)soak->seed, (long long)(now_us() - began) / 1000,
            atomic_load(&soak->streams));
    for (uint32_t i = acts < HISTORY ? 0 : acts - HISTORY; i < acts; i++)
        fprintf(stderr, "    %lld ms ago: %u %s\n",
                (long long)(now_us() - history[i % HISTORY].when) / 1000,
                history[i % HISTORY].whom, act_names[history[i % HISTORY].kind]);
    soak_tell();
}

#define must(condition, ...)           \
    do {                               \
        if (!(condition)) {            \
            tell_all();                \
            ck_abort_msg(__VA_ARGS__); \
        }                              \
    } while (0)

static void expect_no_failure(void)
{
    must(!atomic_load(&soak->failed), "%s", soak->failure);
}

/* --- Processes -------------------------------------------------------------------------- */

static void start(uint32_t process)
{
    fflush(NULL);
    processes[process] = fork();
    ck_assert_int_ge(processes[process], 0);
    if (processes[process] != 0)
        return;
    expect_in_child = true;
    process_live(process);
}

/* It is dead and gone; who was blocked must come back now. */
static void bury(uint32_t process)
{
    int status;

    must(eventually(waitpid(processes[process], &status, WNOHANG) == processes[process]),
         "process %u does not end", process);
    for (uint32_t seat = 0; seat < SEATS; seat++)
        if (seat == process || (process == PROCESSES - 1 && seat >= process))
            atomic_store(&soak->died_at[seat], now_us());
}

static void wait_us(int64_t us)
{
    int64_t until = now_us() + us;

    while (now_us() < until)
        nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000 }, NULL);
}

static void stop(uint32_t process)
{
    kill(processes[process], SIGSTOP);
    wait_us(draw(&dice, STOPPED_US));
    atomic_store(&soak->stopped_until, now_us());
    kill(processes[process], SIGCONT);
    atomic_store(&soak->stopped_until, now_us());
}

static void end_process(enum act_kind kind, uint32_t process)
{
    if (kind == EXITED)
        atomic_store(&soak->order[process], ORDER_EXIT);
    else
        kill(processes[process], kind == KILLED ? SIGKILL : SIGSEGV);
    bury(process);
    atomic_store(&soak->order[process], ORDER_NONE);
    if (draw(&dice, 2) == 0)
        wait_us(draw(&dice, 50 * 1000));
    start(process);
}

/* Two at once now and then: who is to tell others of a death may be dying too. */
static void end_two(void)
{
    uint32_t one = 1 + draw(&dice, PROCESSES - 1);
    uint32_t other = 1 + one % (PROCESSES - 1);

    remember(KILLED, one);
    remember(KILLED, other);
    kill(processes[one], SIGKILL);
    kill(processes[other], SIGKILL);
    bury(one);
    bury(other);
    start(one);
    start(other);
}

/* Process 0 is never ended: its memory is watched. */
static void act_at_random(void)
{
    uint32_t what = draw(&dice, 100);
    uint32_t seat = draw(&dice, SEATS);
    uint32_t process = 1 + draw(&dice, PROCESSES - 1);
    enum act_kind kind = what < 40 ? KILLED : what < 50 ? CRASHED : EXITED;

    if (what < 60) {
        remember(kind, process);
        end_process(kind, process);
    } else if (what < 65) {
        end_two();
    } else if (what < 75) {
        process = draw(&dice, PROCESSES);
        remember(STOPPED, process);
        stop(process);
    } else if (what < 85) {
        seat = SEATS - THREAD_SEATS + draw(&dice, THREAD_SEATS);
        remember(ENDED, seat);
        atomic_store(&soak->thread_order[seat],
                     draw(&dice, 4) == 0 ? ORDER_THREAD_VANISHES : ORDER_THREAD_ENDS);
    } else {
        remember(FINALIZED, seat);
        atomic_store(&soak->thread_order[seat], ORDER_FINALIZE);
    }
}

/* --- Accounts --------------------------------------------------------------------------- */

static struct mci_audit audit;

static bool all_rest(void)
{
    for (uint32_t seat = 0; seat < SEATS; seat++)
        for (uint32_t i = 0; i < SEND_WAYS; i++)
            if (atomic_load(&soak->activity[seat][i].rests_in) != atomic_load(&soak->quiet))
                return false;
    return true;
}

static bool is_whole(void)
{
    ck_assert(mci_control_lock(mci_self.node, mci_self.serial));
    mci_recover_all_dead(&mci_runtime.map);
    mci_audit(mci_map(), &audit);
    mci_control_unlock();
    return audit.faults == 0 && audit.dead == 0 && audit.packets_queued == 0
        && audit.packets_held == 0 && audit.packets_lent == 0 && audit.scalars_queued == 0
        && audit.messages_queued == 0 && audit.cells_taken == 0 && audit.nodes == SEATS + 1
        && audit.endpoints == SEATS * WAYS;
}

/* Of each inbox that lives, what was accepted has come. */
static bool messages_have_come(void)
{
    for (uint32_t i = 0; i < STREAMS; i++) {
        const struct stream *stream = &soak->stream[i];
        uint32_t inbox = atomic_load(&stream->inbox);

        if (inbox == 0 || atomic_load(&soak->inbox[atomic_load(&stream->to)]) != inbox)
            continue;
        for (uint32_t priority = 0; priority < PRIORITIES; priority++) {
            uint32_t received = atomic_load(&stream->received[priority]);

            if (received < atomic_load(&stream->accepted[priority])
                || received > atomic_load(&stream->attempted[priority]))
                return false;
        }
    }
    return true;
}

/* The senders rest, the receivers drain: then everything must be accounted for. */
static void account_in_quiet(void)
{
    atomic_fetch_add(&soak->quiet, 1);
    must(eventually(all_rest() || atomic_load(&soak->failed)), "senders hang");
    expect_no_failure();
    atomic_store(&soak->drained, true);
    must(eventually(is_whole() || atomic_load(&soak->failed)),
         "%u faults (%s), %u dead, %u nodes, %u endpoints; packets: %u queued, %u held, %u "
         "lent; "
         "%u scalars; %u messages, %u cells taken",
         audit.faults, audit.fault[0], audit.dead, audit.nodes, audit.endpoints,
         (unsigned)audit.packets_queued, (unsigned)audit.packets_held,
         (unsigned)audit.packets_lent, (unsigned)audit.scalars_queued,
         (unsigned)audit.messages_queued, (unsigned)audit.cells_taken);
    must(eventually(messages_have_come() || atomic_load(&soak->failed)),
         "messages that were accepted have not come");
    expect_no_failure();
    atomic_store(&soak->drained, false);
    atomic_fetch_add(&soak->quiet, 1);
}

/* --- Memory ------------------------------------------------------------------------------ */

/* Of the test and of process 0, which live for as long as the run. */
struct needs {
    long rss[2], fds[2]; /* KB */
    long segment;        /* KB with memory behind them */
};

static long rss_of(pid_t pid)
{
    char path[64], line[128];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "RssAnon: %ld", &kb) == 1)
            break;
    fclose(file);
    return kb;
}

static long fds_of(pid_t pid)
{
    char path[64];
    long count = 0;
    DIR *folder;

    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct needs needs_now(void)
{
    struct needs needs;
    struct stat status;

    for (int i = 0; i < 2; i++) {
        pid_t pid = i == 0 ? getpid() : processes[0];

        needs.rss[i] = rss_of(pid);
        needs.fds[i] = fds_of(pid);
    }
    ck_assert_int_eq(fstat(mci_map()->segment.fd, &status), 0);
    needs.segment = status.st_blocks / 2;
    return needs;
}

static void note_most(struct needs *most, const struct needs *now)
{
    for (int i = 0; i < 2; i++) {
        most->rss[i] = now->rss[i] > most->rss[i] ? now->rss[i] : most->rss[i];
        most->fds[i] = now->fds[i] > most->fds[i] ? now->fds[i] : most->fds[i];
    }
    most->segment = now->segment > most->segment ? now->segment : most->segment;
}

static void compare_needs(const struct needs *first, const struct needs *now)
{
    for (int i = 0; i < 2; i++) {
        must(now->rss[i] <= first->rss[i] + MORE_RSS_KB, "memory of %s grew from %ld to %ld KB",
             i == 0 ? "the test" : "seat 0", first->rss[i], now->rss[i]);
        must(now->fds[i] <= first->fds[i] + MORE_FDS, "descriptors of %s grew from %ld to %ld",
             i == 0 ? "the test" : "seat 0", first->fds[i], now->fds[i]);
    }
    must(now->segment <= MOST_SEGMENT_KB, "the segment has %ld KB", now->segment);
}

static void compare_segment(const struct needs *first, const struct needs *now)
{
    must(now->segment <= first->segment + MORE_SEGMENT_KB,
         "memory of the segment grew from %ld to %ld KB", first->segment, now->segment);
}

/* --- Progress and totals ------------------------------------------------------------------ */

#define TOTAL(name) ((unsigned long long)atomic_load(&soak->name))

static void tell_progress(uint32_t quiets)
{
    struct needs now = needs_now();

    fprintf(stderr,
            "soak: %lld s, %u acts, %llu lives, %u connections, %llu packets, %llu scalars, "
            "%llu "
            "messages, %u audits, slowest %lld ms; segment %ld KB, seat 0 %ld KB, %ld fds\n",
            (long long)(now_us() - began) / US, acts, TOTAL(lives),
            atomic_load(&soak->connections), TOTAL(packets), TOTAL(scalars), TOTAL(messages),
            quiets, (long long)atomic_load(&soak->slowest) / 1000, now.segment, now.rss[1],
            now.fds[1]);
}

static void tell_totals(uint32_t quiets, const struct needs *first, const struct needs *most)
{
    printf("soak, seed %llu, %lld s:\n", (unsigned long long)soak->seed,
           (long long)(now_us() - began) / US);
    printf("  acts      ");
    for (int i = 0; i < ACTS; i++)
        printf(" %u %s%s", acts_of[i], act_names[i], i + 1 < ACTS ? "," : "\n");
    printf("  nodes      %llu lives, %llu finalized, %llu threads ended, %llu endpoints came "
           "and "
           "went\n",
           TOTAL(lives), TOTAL(finalized), TOTAL(threads_ended), TOTAL(churns));
    printf("  channels   %u connections: %llu compared, %llu of them closed properly, %llu "
           "with "
           "items that a dying process's other threads sent later\n",
           atomic_load(&soak->connections), TOTAL(compared), TOTAL(proper_ends), TOTAL(late));
    printf("  items      %llu packets, %llu scalars, %llu messages; %llu bursts, %llu by "
           "reference\n",
           TOTAL(packets), TOTAL(scalars), TOTAL(messages), TOTAL(bursts), TOTAL(references));
    printf("  receives   %llu posted, %llu cancelled, %llu polls\n", TOTAL(posted),
           TOTAL(cancelled), TOTAL(polled));
    printf("  deaths     noticed by %llu who were blocked, by %llu after more than 100 ms, at "
           "the "
           "latest after %lld ms\n",
           TOTAL(noticed), TOTAL(noticed_late), (long long)atomic_load(&soak->slowest) / 1000);
    printf("  memory     test %ld to %ld KB, seat 0 %ld to %ld KB and %ld to %ld fds, segment "
           "%ld "
           "to %ld KB\n",
           first->rss[0], most->rss[0], first->rss[1], most->rss[1], first->fds[1],
           most->fds[1], first->segment, most->segment);
    printf("  streams    %u of messages\n", atomic_load(&soak->streams));
    printf("  audits     %u, all clean\n", quiets);
    fflush(stdout);
}

/* --- The test -------------------------------------------------------------------------- */

static int64_t number_from(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL && text[0] != '\0' ? atoll(text) : otherwise;
}

static void end_all(void)
{
    for (uint32_t i = 0; i < PROCESSES; i++)
        kill(processes[i], SIGKILL);
    for (uint32_t i = 0; i < PROCESSES; i++)
        bury(i);
    scene_recover();
    scene_expect_clean(1);
}

START_TEST(nodes_may_die_stop_and_start_again_all_the_time)
{
    int64_t seconds = number_from("MCAPI_SOAK_SECONDS", SECONDS);
    int64_t next_quiet, next_told;
    uint64_t before = 0, now_delivered;
    struct needs first = { 0 }, most = { 0 }, settled = { 0 }, now;
    uint32_t quiets = 0;

    soak = shared_memory(sizeof *soak);
    soak->seed = (uint64_t)number_from("MCAPI_SOAK_SEED", now_us());
    dice.state = soak->seed * 2654435761u + 1;
    printf("soak: MCAPI_SOAK_SEED=%llu\n", (unsigned long long)soak->seed);
    fflush(stdout);
    node_begin();
    began = now_us();
    for (uint32_t i = 0; i < PROCESSES; i++)
        start(i);
    next_quiet = began + QUIET_EVERY_US;
    next_told = began + TELL_EVERY_US;
    while (now_us() < began + seconds * US) {
        wait_us(draw(&dice, 2 * ACT_EVERY_US));
        act_at_random();
        expect_no_failure();
        if (now_us() < next_quiet)
            continue;
        account_in_quiet();
        quiets++;
        now_delivered = TOTAL(packets) + TOTAL(scalars) + TOTAL(messages);
        must(now_delivered > before, "nothing was delivered");
        before = now_delivered;
        now = needs_now();
        note_most(now_us() < began + seconds * US / 4 ? &first : &most, &now);
        if (now_us() >= began + seconds * US / 4 && first.segment != 0)
            compare_needs(&first, &now);
        if (now_us() < began + seconds * US / 2)
            note_most(&settled, &now);
        else if (seconds >= 2 * SETTLED_AFTER_S)
            compare_segment(&settled, &now);
        if (now_us() >= next_told) {
            tell_progress(quiets);
            next_told += TELL_EVERY_US;
        }
        next_quiet = now_us() + QUIET_EVERY_US;
    }
    account_in_quiet();
    end_all();
    tell_totals(quiets + 1, &first, &most);
    must(TOTAL(proper_ends) > 0 && TOTAL(compared) > TOTAL(proper_ends) && TOTAL(messages) > 0
                 && TOTAL(noticed) > 0,
         "not everything was tried");
    node_end();
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { nodes_may_die_stop_and_start_again_all_the_time, 1 },
    };

    return suite_run("soak", tests, SUITE_LENGTH(tests));
}
