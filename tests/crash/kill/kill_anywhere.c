/* SPDX-License-Identifier: MIT */
/*
 * kill_anywhere.c - ends real nodes at every instruction of the library, and counts.
 *
 *     kill_anywhere --process 20000 --thread 20000 --chain 20000 ...
 *     kill_anywhere --engine 0 --replay send-small:0x1234:0:0
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/kill/engines.h"

enum { SKIPPED = 77, SETTINGS = 5 };

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

struct command {
    struct work work;
    enum engine engine;
    char *replay;
    uint64_t chain_seed; /* 0: none */
    const char *disabled;
    uint32_t times;
    bool tap;
    uint32_t progress; /* seconds between lines; 0: none */
};

static _Noreturn void usage(void)
{
    fprintf(stderr,
            "usage: kill_anywhere [--process N] [--thread N] [--step N] [--chain N]\n"
            "  [--chain-process N] [--live N] [--jobs N] [--seed N] [--operation NAME]\n"
            "  [--disable FUNCTION] [--list] [--tap] [--progress SECONDS]\n"
            "  [--hangs SECONDS]\n"
            "  [--engine N --replay OPERATION:OFFSET:OCCURRENCE:DEATH [--times N]]\n"
            "  [--engine N --chain-seed N [--times N]]\n");
    exit(2);
}

static void list(void)
{
    for (size_t i = 0; i < operation_count(); i++)
        printf("%s\n", operation_at(i)->name);
    exit(0);
}

static void read_command(struct command *command, int argc, char **argv)
{
    static const struct option options[] = {
        { "process", required_argument, NULL, ENGINE_PROCESS },
        { "thread", required_argument, NULL, ENGINE_THREAD },
        { "step", required_argument, NULL, ENGINE_STEP },
        { "chain", required_argument, NULL, ENGINE_CHAIN },
        { "chain-process", required_argument, NULL, ENGINE_CHAIN_PROCESS },
        { "live", required_argument, NULL, ENGINE_LIVE },
        { "jobs", required_argument, NULL, 'j' },
        { "seed", required_argument, NULL, 's' },
        { "operation", required_argument, NULL, 'o' },
        { "disable", required_argument, NULL, 'd' },
        { "engine", required_argument, NULL, 'e' },
        { "replay", required_argument, NULL, 'r' },
        { "chain-seed", required_argument, NULL, 'c' },
        { "tap", no_argument, NULL, 'p' },
        { "progress", required_argument, NULL, 'g' },
        { "hangs", required_argument, NULL, 'h' },
        { "times", required_argument, NULL, 't' },
        { "list", no_argument, NULL, 'l' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        uint64_t number = optarg == NULL ? 0 : strtoull(optarg, NULL, 0);

        switch (option) {
        case 'j':
            command->work.workers = (uint32_t)number;
            break;
        case 's':
            command->work.seed = number;
            break;
        case 'o':
            command->work.only = optarg;
            break;
        case 'd':
            command->disabled = optarg;
            command->work.quiet = true;
            break;
        case 'e':
            command->engine = (enum engine)number;
            break;
        case 'r':
            command->replay = optarg;
            break;
        case 'c':
            command->chain_seed = number;
            break;
        case 't':
            command->times = (uint32_t)number;
            break;
        case 'p':
            command->tap = true;
            break;
        case 'g':
            command->progress = (uint32_t)number;
            break;
        case 'h':
            round_seconds = (uint32_t)number;
            break;
        case 'l':
            list();
            break;
        case '?':
            usage();
        default:
            command->work.count[option] = number;
        }
    }
    if (command->work.workers < 1 || command->work.workers > MOST_WORKERS)
        usage();
    if (command->work.only != NULL && operation_named(command->work.only) == NULL)
        usage();
}

/* --- One of them again ---------------------------------------------------------------- */

static void replay(struct command *command)
{
    char *name = strtok(command->replay, ":"), *offset = strtok(NULL, ":");
    char *occurrence = strtok(NULL, ":"), *how = strtok(NULL, ":");
    struct life life = { .way = LIFE_PLANTED };

    if (how == NULL || operation_named(name) == NULL)
        usage();
    life.operation = operation_named(name);
    life.boundary.offset = (uint32_t)strtoul(offset, NULL, 0);
    life.boundary.occurrence = (uint32_t)strtoul(occurrence, NULL, 0);
    life.how = (enum death)atoi(how);
    life.thread = life.how == DEATH_THREAD;
    if (command->engine == ENGINE_LIVE)
        scene_start_busy(work_a_little);
    for (uint32_t i = 0; i < command->times; i++) {
        round_of(command->engine, &life);
        round_violated(&command->work, command->engine, &life);
    }
    if (command->engine == ENGINE_LIVE)
        scene_end_busy();
}

/* --- Workers -------------------------------------------------------------------------- */

static void hangs(int signal_number)
{
    static const char text[] = "VIOLATION: the test itself hangs in the library\n";

    (void)signal_number;
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    totals_count_violation();
    _exit(1);
}

static _Noreturn void work(struct command *command, uint32_t worker)
{
    struct work *own = &command->work;

    own->worker = worker;
    random_seed(own->seed + worker);
    signal(SIGALRM, hangs);
    /* One worker waits as programs usually do, the next one sleeps at once. */
    setenv("MCAPI_WAIT", worker % 2 == 0 ? "adaptive" : "sleep", 1);
    scene_share();
    scene_begin();
    if (command->replay != NULL) {
        replay(command);
    } else if (command->chain_seed != 0) {
        trace_all(own);
        for (uint32_t i = 0; i < command->times; i++) {
            chain_again(own, command->engine, command->chain_seed);
            violated(own, "this chain of deaths", "the same");
        }
    } else {
        trace_all(own);
        engine_boundaries(own, ENGINE_STEP);
        engine_boundaries(own, ENGINE_PROCESS);
        engine_boundaries(own, ENGINE_THREAD);
        engine_chains(own, ENGINE_CHAIN);
        engine_chains(own, ENGINE_CHAIN_PROCESS);
        engine_live(own);
    }
    scene_end();
    if (atomic_load(&board->violations) > 0) {
        fprintf(stderr, "VIOLATION at the end: %s\n", board->violation);
        atomic_fetch_add(&totals->violations, 1);
    }
    atomic_fetch_add(&totals->late, scene_late);
    if (scene_slowest > atomic_load(&totals->slowest))
        atomic_store(&totals->slowest, scene_slowest);
    exit(0);
}

static void settle(void)
{
    static const char *const settings[SETTINGS][2] = {
        { "MCAPI_MAX_NODES", "8" },           { "MCAPI_MAX_CHANNELS", "8" },
        { "MCAPI_MAX_QUEUE_ELEMENTS", "16" }, { "MCAPI_MAX_BUFFERS", "16" },
        { "MCA_MAX_REQUESTS", "32" },
    };
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
    for (int i = 0; i < SETTINGS; i++)
        setenv(settings[i][0], settings[i][1], 1);
}

/* Until all workers have ended. True: all well. */
static bool watch(const struct command *command)
{
    int64_t begun = now_us(), told = begun;
    bool good = true;
    int status;
    pid_t ended;

    while ((ended = waitpid(-1, &status, command->progress == 0 ? 0 : WNOHANG)) >= 0) {
        if (ended > 0) {
            if (status != 0)
                fprintf(stderr, "worker %d ended with wait status %#x\n", (int)ended,
                        (unsigned)status);
            good &= status == 0;
            continue;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000 * 1000 }, NULL);
        if (now_us() - told >= (int64_t)command->progress * 1000000) {
            told = now_us();
            totals_progress(begun);
        }
    }
    return good;
}

int main(int argc, char **argv)
{
    struct command command = { .work = { .seed = 1, .workers = 1 }, .times = 1 };
    const char *why = "the sanitizer's code would be stepped through as well";
    bool good;

    read_command(&command, argc, argv);
    if (sanitized || !text_prepare(&why)) {
        printf("SKIPPED: %s\n", why);
        return SKIPPED;
    }
    if (command.disabled != NULL && !text_disable(command.disabled)) {
        fprintf(stderr, "there is no function %s in the library\n", command.disabled);
        return 2;
    }
    settle();
    totals_share();
    for (uint32_t i = 0; i < command.work.workers; i++)
        if (fork() == 0)
            work(&command, i);
    good = watch(&command);
    totals_print(command.work.seed, command.tap);
    totals_append();
    return good && totals->violations == 0 ? 0 : 1;
}
