/* SPDX-License-Identifier: MIT */
/* random_people.c - the workers of a run: started, told what to do, killed. */
#include "distributor/random_drive.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    DRAIN_SEED = 1,
    LOOK_NS = 200 * 1000, /* between two looks whether a worker has answered */
};

static struct post *post_of(const struct drive *drive, uint32_t worker)
{
    return &drive->record->post[drive->place[worker].life];
}

/* --- Waiting for one ------------------------------------------------------------------------
 */

static int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool answered_soon(struct post *post)
{
    int64_t until = now_ns(CLOCK_REALTIME) + LOOK_NS;

    return sem_timedwait(&post->answered, &(struct timespec){ .tv_sec = until / 1000000000,
                                                              .tv_nsec = until % 1000000000 })
        == 0;
}

static void gone(struct place *place)
{
    if (place->process == 0)
        pthread_join(place->thread, NULL);
    *place = (struct place){ .here = false };
}

/* Meanwhile the distributing thread is at work: what a worker does may wait for it. */
static void wait_for_answer(struct drive *drive, uint32_t worker)
{
    struct place *place = &drive->place[worker];
    struct post *post = post_of(drive, worker);
    int64_t give_up = now_ns(CLOCK_MONOTONIC) + drive->plan->patience * INT64_C(1000000);
    mcapi_status_t status;

    while (!answered_soon(post)) {
        if (place->process != 0 && waitpid(place->process, NULL, WNOHANG) == place->process) {
            gone(place); /* it was to die */
            return;
        }
        if (now_ns(CLOCK_MONOTONIC) > give_up) {
            wrong(drive->record, "worker %u does not come back from what it was told", worker);
            return;
        }
        if (drive->distributor != NULL)
            distributor_process(drive->distributor, NULL, 0, &status);
    }
    place->busy = false;
    atomic_store(&post->stop, 0);
}

void people_stop(struct drive *drive, uint32_t worker)
{
    if (!drive->place[worker].here || !drive->place[worker].busy)
        return;
    atomic_store(&post_of(drive, worker)->stop, 1);
    wait_for_answer(drive, worker);
}

/* --- Joining
 * ---------------------------------------------------------------------------------- */

struct start {
    const struct plan *plan;
    struct record *record;
    uint32_t life;
};

static struct start starts[RANDOM_LIVES];

static void *thread_body(void *argument)
{
    const struct start *start = argument;

    worker_serve(start->plan, start->record, start->life);
    return NULL;
}

static void start_process(struct drive *drive, struct place *place)
{
    pid_t parent = getpid();

    place->process = fork();
    if (place->process < 0)
        wrong(drive->record, "fork: %s", strerror(errno));
    if (place->process != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        worker_serve(drive->plan, drive->record, place->life);
    _exit(0);
}

void people_join(struct drive *drive, uint32_t worker)
{
    struct place *place = &drive->place[worker];
    struct post *post;

    if (place->here || drive->lives == RANDOM_LIVES)
        return;
    *place = (struct place){ .here = true, .busy = true, .life = drive->lives++ };
    drive->record->lives = drive->lives;
    post = post_of(drive, worker);
    sem_init(&post->asked, 1, 0);
    sem_init(&post->answered, 1, 0);
    starts[place->life] = (struct start){ drive->plan, drive->record, place->life };
    if (!drive->plan->thread[worker])
        start_process(drive, place);
    else if (pthread_create(&place->thread, NULL, thread_body, &starts[place->life]) != 0)
        wrong(drive->record, "there is no thread to be had");
    if (!is_wrong(drive->record))
        wait_for_answer(drive, worker);
}

/* --- Telling them
 * ------------------------------------------------------------------------------- */

static bool ends_it(enum step_kind kind)
{
    return kind == STEP_LEAVE || kind == STEP_KILL || kind == STEP_END;
}

static bool takes_a_while(enum step_kind kind)
{
    return kind == STEP_WORK || kind == STEP_WORK_DIE;
}

void people_tell(struct drive *drive, const struct step *step)
{
    struct place *place = &drive->place[step->worker];
    struct post *post;

    people_stop(drive, step->worker);
    if (!place->here || is_wrong(drive->record))
        return;
    post = post_of(drive, step->worker);
    post->step = *step;
    if (step->kind == STEP_WORK_DIE && place->process != 0)
        atomic_fetch_add(&drive->record->kills, 1);
    place->busy = true;
    sem_post(&post->asked);
    if (takes_a_while(step->kind))
        return;
    wait_for_answer(drive, step->worker);
    if (!ends_it(step->kind) || !place->here)
        return;
    if (place->process != 0)
        waitpid(place->process, NULL, 0);
    gone(place);
}

void people_kill(struct drive *drive, uint32_t worker)
{
    struct place *place = &drive->place[worker];

    if (!place->here)
        return;
    if (place->process == 0) {
        people_stop(drive, worker);
        if (is_wrong(drive->record))
            return;
    }
    atomic_fetch_add(&drive->record->kills, 1);
    log_stamp(drive->record, STAMP_KILLING, place->life, 0, 0);
    if (place->process == 0) {
        people_tell(drive, &(struct step){ .kind = STEP_KILL, .worker = worker });
        return;
    }
    kill(place->process, SIGKILL);
    waitpid(place->process, NULL, 0);
    gone(place);
}

void people_drain(struct drive *drive)
{
    bool any = false;

    for (uint32_t i = 0; i < drive->plan->workers; i++) {
        people_stop(drive, i);
        any = any || drive->place[i].here;
    }
    if (!any)
        people_join(drive, 0);
    for (uint32_t i = 0; i < drive->plan->workers; i++)
        people_tell(drive, &(struct step){ .kind = STEP_WORK,
                                           .worker = i,
                                           .count = UINT32_MAX,
                                           .seed = DRAIN_SEED });
}
