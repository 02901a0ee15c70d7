/* SPDX-License-Identifier: MIT */
/*
 * deaths.h - what happens when a worker dies: --on-worker-death.
 *
 *   respawn   another process takes the worker's place and is sent all that was kept of it; at
 *             once the first time, then after pauses that double. Dying in vain
 *             DEATHS_IN_VAIN_MAX times in a row ends the run: before the worker was ready, with
 *             items out and none done that was not done before, or of a crash at once.
 *
 *   shrink    what it had becomes homeless (homeless.h) until the others have taken it.
 *
 *   stop      the run ends.
 *
 * An item of which workers die again and again (ack.h: ACK_BLAME_MAX) is set aside, in
 * quarantine.
 */
#ifndef LOAD_BALANCER_DEATHS_H
#define LOAD_BALANCER_DEATHS_H

#include <stdbool.h>

#include "load_balancer/balancer.h"
#include "load_balancer/config.h"

enum {
    /* In crashes; SIGKILL from outside weighs less: ack.h. */
    DEATHS_IN_VAIN_MAX = 20,
};

/* --- In every mode ------------------------------------------------------------------- */

/* How long to wait before the next start after so many deaths in a row in vain. */
uint64_t deaths_pause_ns(unsigned deaths);

/* An item that has killed too often: counts it, says so, and writes it to --quarantine. */
void deaths_set_aside(struct balancer *balancer, const struct item *item);

/* --- In mode window ------------------------------------------------------------------ */

/* Gets all workers ready whose processes have begun, those included that take the place of one
 * that is killed meanwhile. False: that cannot be, with a reason of one line, which is empty if
 * it has been said. */
bool deaths_start_all(struct balancer *balancer, char reason[CONFIG_REASON_SIZE]);

/* A ready worker has died, or is to: takes what it has sent, and does what the policy says.
 * `status` is what MCAPI said; MCAPI_SUCCESS, or MCAPI_ERR_GENERAL for nonsense, if it was not
 * MCAPI. False: the run is over; why has been said. */
bool deaths_lose(struct balancer *balancer, struct worker *worker, mcapi_status_t status);

/* Gets workers ready that take a dead one's place, as far as that can be done without waiting,
 * and sends them what they are to be sent again. False: the run is over. */
bool deaths_look_after(struct balancer *balancer);

/* At the end of a run: what no worker has reported is lost. */
void deaths_count_losses(struct balancer *balancer);

#endif /* LOAD_BALANCER_DEATHS_H */
