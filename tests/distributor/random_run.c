/* SPDX-License-Identifier: MIT */
/*
 * random_run.c - a plan, step after step, in a process of its own: one that ends by a signal or
 * does not end at all is wrong as well.
 */
#include <ftw.h>
#include <mcapi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "distributor/random_drive.h"

struct run_totals run_totals;

/* --- Steps ------------------------------------------------------------------------------ */

static void do_step(struct drive *drive, const struct step *step)
{
    switch (step->kind) {
    case STEP_PROCESS:
        drive_process(drive, step->count);
        break;
    case STEP_RETURNED:
        drive_returned(drive, step->count);
        break;
    case STEP_CLEAR:
        if (drive->plan->settings.deaths_max == 0) /* else what was given up is to be seen */
            drive_clear(drive);
        break;
    case STEP_WAIT:
        drive_wait(drive, step);
        break;
    case STEP_FLUSH:
        drive_flush(drive, step->time);
        break;
    case STEP_STATS:
        drive_stats(drive);
        break;
    case STEP_DISMISS:
        drive_dismiss(drive, step->count);
        break;
    case STEP_JOIN:
        if (drive->lives < RANDOM_LIVES - 1) /* one life for the end */
            people_join(drive, step->worker);
        break;
    case STEP_STOP:
        people_stop(drive, step->worker);
        break;
    case STEP_KILL:
        people_kill(drive, step->worker);
        break;
    default:
        people_tell(drive, step);
    }
    drive_check_lent(drive);
}

/* --- The end ----------------------------------------------------------------------------- */

/* What is told when something does not come back. */
static void tell_stats(struct drive *drive)
{
    struct distributor_stats stats;
    mcapi_status_t status;

    distributor_stats(drive->distributor, &stats, &status);
    wrong(drive->record,
          "flush ends by timeout: %llu taken, %u wait, %u are out, %u uncollected; "
          "%u workers are here, %u asking",
          (unsigned long long)stats.taken, stats.waiting, stats.out, stats.uncollected,
          stats.workers, stats.asking);
}

static void everything_back(struct drive *drive)
{
    mcapi_status_t status;

    drive_check_lent(drive);
    drive->lent_count = 0;
    atomic_store(&drive->record->calm, true);
    people_drain(drive);
    if (is_wrong(drive->record))
        return;
    distributor_flush(drive->distributor, drive->plan->patience, &status);
    if (status != MCAPI_SUCCESS)
        tell_stats(drive);
    while (!is_wrong(drive->record) && drive_returned(drive, 1 + drive->lives * 7) > 0)
        drive_check_lent(drive);
    drive_stats(drive);
}

/* Some leave before the distributor is destroyed, the others find out. */
static void everybody_goes(struct drive *drive)
{
    mcapi_status_t status;

    for (uint32_t i = 0; i < drive->plan->workers; i++) {
        people_stop(drive, i);
        if (i % 2 == drive->plan->seed % 2)
            people_tell(drive, &(struct step){ .kind = STEP_LEAVE, .worker = i });
    }
    if (is_wrong(drive->record))
        return;
    distributor_destroy(drive->distributor, &status);
    drive->distributor = NULL;
    if (status != MCAPI_SUCCESS)
        wrong(drive->record, "destroy has status %u", (unsigned)status);
    for (uint32_t i = 0; i < drive->plan->workers; i++)
        people_tell(drive, &(struct step){ .kind = STEP_END, .worker = i });
    mcapi_finalize(&status);
    if (status != MCAPI_SUCCESS)
        wrong(drive->record, "mcapi_finalize has status %u", (unsigned)status);
}

/* --- In its process -------------------------------------------------------------------------
 */

static bool begin(struct drive *drive)
{
    mcapi_status_t status;
    mcapi_info_t info;
    size_t size = (size_t)RANDOM_ITEMS * RANDOM_LARGEST;

    /* Only what is used of it is there. */
    drive->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (drive->bytes == MAP_FAILED) {
        wrong(drive->record, "no memory for items");
        return false;
    }
    mcapi_initialize(0, RANDOM_NODE, NULL, NULL, &info, &status);
    if (status == MCAPI_SUCCESS)
        drive->distributor =
                distributor_create(RANDOM_PORT, drive->plan->max_workers, drive->plan->mode,
                                   &drive->plan->settings, &status);
    if (drive->distributor == NULL)
        wrong(drive->record, "initialize or create has status %u", (unsigned)status);
    return drive->distributor != NULL;
}

static void run_here(const struct plan *plan, struct record *record)
{
    static struct drive drive;

    drive.plan = plan;
    drive.record = record;
    if (!begin(&drive))
        return;
    for (size_t i = 0; i < plan->count && !is_wrong(record); i++)
        do_step(&drive, &plan->step[i]);
    if (!is_wrong(record))
        everything_back(&drive);
    if (!is_wrong(record))
        everybody_goes(&drive);
    atomic_store(&record->complete, !is_wrong(record));
}

/* --- Around it --------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat, (void)kind, (void)walk;
    return remove(path);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether it has ended by then; its wait status. */
static bool wait_until(pid_t process, int64_t give_up, int *status)
{
    while (waitpid(process, status, WNOHANG) == 0) {
        if (now_ms() > give_up)
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 }, NULL);
    }
    return true;
}

static void run_apart(const struct plan *plan, struct record *record, const char *folder)
{
    pid_t process, parent = getpid();
    int status = 0;

    fflush(NULL);
    process = fork();
    if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        setenv("MCAPI_RUNTIME_DIR", folder, 1);
        setenv("MCAPI_TOPOLOGY", folder + strlen("/tmp/"), 1);
        run_here(plan, record);
        _exit(0);
    }
    if (process < 0) {
        wrong(record, "there is no process to be had");
        return;
    }
    if (!wait_until(process, now_ms() + 4 * (int64_t)plan->patience, &status)) {
        wrong(record, "a call does not return");
        kill(process, SIGKILL);
        waitpid(process, &status, 0);
    } else if (status != 0) {
        wrong(record, "the run ended with wait status 0x%x", (unsigned)status);
    } else if (!atomic_load(&record->complete)) {
        wrong(record, "the run did not come to its end");
    }
}

bool run_plan(const struct plan *plan, char *text)
{
    char folder[] = "/tmp/random-distributor-XXXXXX";
    struct record *record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool good;

    if (record == MAP_FAILED || mkdtemp(folder) == NULL) {
        perror("random_distributor");
        exit(2);
    }
    run_apart(plan, record, folder);
    /* The order of things says more than what a later step stumbled over. */
    model_check(plan, record);
    good = !is_wrong(record);
    if (!good)
        memcpy(text, record->text, sizeof record->text);
    run_totals.runs++;
    run_totals.lives += record->lives;
    run_totals.kills += atomic_load(&record->kills);
    run_totals.stamps += atomic_load(&record->count);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    munmap(record, sizeof *record);
    return good;
}
