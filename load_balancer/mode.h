/* SPDX-License-Identifier: MIT */
/*
 * mode.h - how items get to workers, and what becomes of them back: what --mode decides.
 *
 *   window          each worker has a channel and a window of items (window.c, dispatch.c)
 *   burst, single   a distributor has the workers (distribution.c)
 *
 * The rest of the balancer does not know which one it has. Every function that returns bool
 * says false when the run is over or cannot begin; why has been said by then, or is the reason,
 * of one line, which is empty if it has been said. All are called by the balancer's one thread.
 */
#ifndef LOAD_BALANCER_MODE_H
#define LOAD_BALANCER_MODE_H

#include <stdbool.h>

#include <mcapi.h>

#include "load_balancer/config.h"

struct balancer;

struct mode {
    /* --- Beginning, in this order ------------------------------------------------------- */

    /* Memory; false: there is none. */
    bool (*open)(struct balancer *balancer);

    /* What a topology that is made for this run is to have room for. */
    void (*ask)(const struct config *config, mcapi_param_t *parameters);

    /* Whether the topology, which may have been there before, will do; notes the largest
     * packet in balancer->bytes_max. */
    bool (*fits)(struct balancer *balancer, const impl_info_t *limits,
                 char reason[CONFIG_REASON_SIZE]);

    /* Gets the workers ready. After false none is left running. */
    bool (*start)(struct balancer *balancer, char reason[CONFIG_REASON_SIZE]);

    /* --- Running ------------------------------------------------------------------------ */

    /* Sends the item in hand, or does with it what --on-busy says. May wait. */
    bool (*item)(struct balancer *balancer);

    /* Whether there is something to be looked after beside the input. */
    bool (*has_chores)(const struct balancer *balancer);

    /* Looks after it, between two items. */
    bool (*chores)(struct balancer *balancer);

    /* The same, and waits until something comes from a worker, at most so long. */
    bool (*wait)(struct balancer *balancer, mcapi_timeout_t timeout_ms);

    /* What is due now and then, most urgently after a child has ended. */
    bool (*tick)(struct balancer *balancer);

    /* --- Ending ------------------------------------------------------------------------- */

    /* Waits for all that is out and lets the workers go. */
    void (*finish)(struct balancer *balancer);

    /* Ends the workers that are still there. */
    void (*stop)(struct balancer *balancer);

    void (*close)(struct balancer *balancer);
};

extern const struct mode mode_window;       /* window.c */
extern const struct mode mode_distribution; /* distribution.c */

static inline const struct mode *mode_of(const struct config *config)
{
    return config_distributes(config) ? &mode_distribution : &mode_window;
}

#endif /* LOAD_BALANCER_MODE_H */
