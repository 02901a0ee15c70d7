/* SPDX-License-Identifier: MIT */
/*
 * run.c - runs tests, each in a process group of its own, and finds out what came of it.
 *
 * A run has a verdict when its first process has ended, when any of its processes has given one
 * (it rings the bell), or when its time is over. Then what is left of the group is killed. The
 * group is killed before its first process is reaped: until then nobody else can have its
 * number.
 */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    struct run *run;
    struct board *board;
    pid_t pid; /* 0: this place is free */
    int bell;  /* the end that is read */
    FILE *printed;
    int64_t began;
};

static volatile sig_atomic_t told_to_stop;
static sigset_t signals_outside;

const char *where_name(int where)
{
    static const char *const names[] = { "processes", "threads", "node", "alone" };

    return names[where];
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = { "not run", "passed", "FAILED", "skipped" };

    return names[verdict];
}

/* --- In the process of a test ----------------------------------------------------- */

static void run_test(const struct job *job, size_t number, int timeout)
{
    char topology[64];

    setpgid(0, 0);
    signals_for_test();
    alarm((unsigned)timeout + 10); /* should nobody be left to end us */
    dup2(fileno(job->printed), STDERR_FILENO);
    board = job->board;
    snprintf(topology, sizeof topology, "conformance-%d-%zu", (int)getppid(), number);
    setenv("MCAPI_TOPOLOGY", topology, 1);
    job->run->test->body();
    board_say(PASSED, "");
    exit(EXIT_SUCCESS);
}

/* --- Beside it -------------------------------------------------------------------- */

static void __attribute__((noreturn)) give_up(const char *what)
{
    fprintf(stderr, "conformance: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void start(struct job *job, struct run *run, size_t number, int timeout)
{
    int bell[2];

    job->run = run;
    job->board = mmap(NULL, sizeof *job->board, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    job->printed = tmpfile();
    if (job->board == MAP_FAILED || job->printed == NULL || pipe(bell) != 0)
        give_up("cannot run a test");
    job->began = now_ms();
    job->board->variant = run->where;
    job->board->deadline = job->began + timeout * (int64_t)1000;
    job->board->bell = bell[1];
    job->bell = bell[0];
    fflush(stdout);
    job->pid = fork();
    if (job->pid < 0)
        give_up("cannot run a test");
    if (job->pid == 0)
        run_test(job, number, timeout);
    setpgid(job->pid, job->pid); /* the test does the same: one of us is first */
    close(bell[1]);
}

static char *contents(FILE *file)
{
    long size = (fseek(file, 0, SEEK_END), ftell(file));
    char *text = size > 0 ? malloc((size_t)size + 1) : NULL;

    if (text == NULL)
        return NULL;
    rewind(file);
    text[fread(text, 1, (size_t)size, file)] = '\0';
    return text;
}

static void how_it_ended(char *text, size_t size, int status)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exited with status %d", WEXITSTATUS(status));
}

/* What the board says, or else how its first process ended. */
static void judge(const struct job *job, int status, bool late, int timeout)
{
    const struct board *said = job->board;
    bool gave = __atomic_load_n(&said->said, __ATOMIC_ACQUIRE) == SAID;
    char text[sizeof said->message + 128], how[64];

    how_it_ended(how, sizeof how, status);
    if (gave && (said->verdict != PASSED || status == 0)) {
        job->run->verdict = said->verdict;
        snprintf(text, sizeof text, "%s", said->message);
    } else {
        job->run->verdict = FAILED;
        if (late)
            snprintf(how, sizeof how, "took longer than %d s", timeout);
        if (gave)
            snprintf(text, sizeof text, "%s after all that was expected", how);
        else if (said->file != NULL)
            snprintf(text, sizeof text, "%s, after what %s:%d expects", how, said->file,
                     said->line);
        else
            snprintf(text, sizeof text, "%s, before anything that is expected", how);
    }
    job->run->message = strdup(text);
    if (job->run->message == NULL)
        give_up("no memory");
}

static void end(struct job *job, bool late, int timeout)
{
    int status = 0;

    kill(-job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        ;
    job->run->took = now_ms() - job->began;
    judge(job, status, late, timeout);
    job->run->printed = contents(job->printed);
    fclose(job->printed);
    close(job->bell);
    munmap(job->board, sizeof *job->board);
    job->pid = 0;
}

static bool has_ended(const struct job *job)
{
    siginfo_t info = { .si_pid = 0 };

    return waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
        && info.si_pid == job->pid;
}

/* Ends what is over; whether there was any. */
static bool end_some(struct job *jobs, int count, const fd_set *bells, int timeout)
{
    bool any = false;

    for (int i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        bool late = job->pid != 0 && now_ms() >= job->board->deadline;

        if (job->pid == 0 || !(late || FD_ISSET(job->bell, bells) || has_ended(job)))
            continue;
        end(job, late, timeout);
        any = true;
    }
    return any;
}

/* Until something of a run is new, or its time is over. */
static void wait_for_some(const struct job *jobs, int count, fd_set *bells)
{
    int64_t next = INT64_MAX, left;
    struct timespec time;
    int largest = -1;

    FD_ZERO(bells);
    for (int i = 0; i < count; i++) {
        if (jobs[i].pid == 0)
            continue;
        FD_SET(jobs[i].bell, bells);
        largest = jobs[i].bell > largest ? jobs[i].bell : largest;
        next = jobs[i].board->deadline < next ? jobs[i].board->deadline : next;
    }
    left = next - now_ms() > 0 ? next - now_ms() : 0;
    time.tv_sec = (time_t)(left / 1000);
    time.tv_nsec = (long)(left % 1000) * 1000000;
    if (pselect(largest + 1, bells, NULL, NULL, &time, &signals_outside) < 0)
        FD_ZERO(bells);
}

/* --- Signals ---------------------------------------------------------------------- */

static void on_child(int number)
{
    (void)number;
}

static void on_stop(int number)
{
    told_to_stop = number;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

/* They arrive while we wait, and only then. */
static void signals_for_runs(void)
{
    sigset_t ours;

    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    handle(SIGCHLD, on_child);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        sigaddset(&ours, stops[i]);
        handle(stops[i], on_stop);
    }
    sigprocmask(SIG_BLOCK, &ours, &signals_outside);
}

void signals_for_test(void)
{
    handle(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        handle(stops[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &signals_outside, NULL);
}

/* --- All of them ------------------------------------------------------------------ */

static void stop_all(struct job *jobs, int count)
{
    for (int i = 0; i < count; i++)
        if (jobs[i].pid != 0)
            kill(-jobs[i].pid, SIGKILL);
    handle(told_to_stop, SIG_DFL);
    sigprocmask(SIG_SETMASK, &signals_outside, NULL);
    raise(told_to_stop);
}

static bool start_one(struct job *jobs, int count, struct run *run, size_t number, int timeout)
{
    for (int i = 0; i < count; i++)
        if (jobs[i].pid == 0) {
            start(&jobs[i], run, number, timeout);
            return true;
        }
    return false;
}

void runs_make(struct run *runs, size_t count, int job_count, int timeout)
{
    struct job *jobs = calloc((size_t)job_count, sizeof *jobs);
    size_t started = 0, reported = 0;
    fd_set bells;

    if (jobs == NULL)
        give_up("no memory");
    signals_for_runs();
    while (reported < count) {
        while (started < count
               && start_one(jobs, job_count, &runs[started], started + 1, timeout))
            started++;
        do {
            wait_for_some(jobs, job_count, &bells);
            if (told_to_stop)
                stop_all(jobs, job_count);
        } while (!end_some(jobs, job_count, &bells, timeout));
        for (; reported < started && runs[reported].verdict != NOT_RUN; reported++)
            report_run(reported + 1, &runs[reported]);
    }
    sigprocmask(SIG_SETMASK, &signals_outside, NULL);
    free(jobs);
}
