/* SPDX-License-Identifier: MIT */
/*
 * config.h - the settings of a run: defaults and command line.
 */
#ifndef LOAD_BALANCER_CONFIG_H
#define LOAD_BALANCER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mcapi_ext.h>

#include "load_balancer/server/options.h"
#include "worker/work.h"

enum {
    CONFIG_WORKERS_MAX = 256,
    CONFIG_WINDOW_MAX = 4096, /* a channel's room in the segment grows with it */
    CONFIG_WINDOW_DISTRIBUTOR_MAX = 1024,

    /* Where --window says nothing. */
    CONFIG_WINDOW = 64,
    CONFIG_WINDOW_DISTRIBUTOR = 256,

    CONFIG_QUEUE_MAX = 1000000,
    CONFIG_REASON_SIZE = 512,
};

/* How items get to workers. */
enum mode_kind {
    MODE_DEFAULT, /* what the policy, and what is asked for beside it, needs */
    MODE_WINDOW,  /* a channel and a window of items for each worker */
    MODE_BURST,   /* a distributor, up to 8 items per hand-over */
    MODE_SINGLE,  /* a distributor, one item at a time */
};

enum policy {
    POLICY_DEFAULT,
    POLICY_FLOW,         /* all packets of a flow at one worker */
    POLICY_TAG,          /* the packets of a flow that are out at one worker */
    POLICY_LEAST_LOADED, /* the worker with the fewest items out */
    POLICY_INLINE,       /* no workers: where the item has come in */
};

/* What becomes of an item whose worker has a full window. */
enum on_busy {
    ON_BUSY_BLOCK, /* everything waits for the worker */
    ON_BUSY_QUEUE, /* the item waits, others overtake it; a full queue blocks */
    ON_BUSY_DROP,
};

/* What happens when a worker dies. */
enum on_death {
    ON_DEATH_RESPAWN, /* another process takes its place */
    ON_DEATH_SHRINK,  /* the others take over what it had */
    ON_DEATH_STOP,    /* the run ends */
};

enum pace {
    PACE_FULL,
    PACE_AS_RECORDED, /* with the distances in time that the packets had */
};

struct config {
    const char *source;
    uint32_t workers;     /* at most */
    uint32_t workers_min; /* with which it begins */
    uint32_t window;
    enum mode_kind mode;
    enum policy policy;
    enum on_busy on_busy;
    uint32_t queue_limit; /* items, over all workers */
    bool queue_drops;     /* a full queue drops instead */
    enum on_death on_death;
    const char *sink;       /* a file for what comes back; NULL: none */
    const char *quarantine; /* a file for items that kill workers; NULL: none */
    const char *work;
    const struct work_kind *work_kind; /* that it names */
    enum pace pace;
    uint64_t loop;   /* times through a file; 0: for ever */
    mca_uint_t wait; /* MCAPI_EXT_WAIT_*; _DEFAULT leaves it to the environment */
    uint32_t domain;
    const char *topology;       /* NULL leaves it to the environment */
    const char *worker_program; /* NULL: looked for */
    bool json;
    bool quiet;
    struct server_options network; /* used instead of `source` when it has addresses */
};

enum config_result {
    CONFIG_RUN,
    CONFIG_HELP,    /* the help text was asked for */
    CONFIG_VERSION, /* the version was */
    CONFIG_WRONG,   /* a reason of one line: the option, its value, what it could be */
};

/* Reads the command line; strings point into argv. */
enum config_result config_read(struct config *config, int argc, char **argv,
                               char reason[CONFIG_REASON_SIZE]);

/* Whether there is a distributor. */
static inline bool config_distributes(const struct config *config)
{
    return config->mode == MODE_BURST || config->mode == MODE_SINGLE;
}

/* The words that the options above take, for reports. */
const char *config_mode_name(enum mode_kind mode);
const char *config_policy_name(enum policy policy);
const char *config_on_busy_name(enum on_busy on_busy);
const char *config_on_death_name(enum on_death on_death);

#endif /* LOAD_BALANCER_CONFIG_H */
