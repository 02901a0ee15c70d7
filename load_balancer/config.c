/* SPDX-License-Identifier: MIT */
/*
 * config.c - the command line, checked word by word before anything begins.
 */
#include "load_balancer/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_balancer/server/link.h"
#include "worker/work.h"

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
    OPTION_SOURCE = 1,
    OPTION_LOOP,
    OPTION_PACE,
    OPTION_WORKERS,
    OPTION_WORK,
    OPTION_MODE,
    OPTION_POLICY,
    OPTION_WINDOW,
    OPTION_ON_BUSY,
    OPTION_WAIT,
    OPTION_TOPOLOGY,
    OPTION_DOMAIN,
    OPTION_WORKER_PROGRAM,
    OPTION_ON_WORKER_DEATH,
    OPTION_QUARANTINE,
    OPTION_SINK,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option options[] = {
    { "source", required_argument, NULL, OPTION_SOURCE },
    { "loop", required_argument, NULL, OPTION_LOOP },
    { "pace", required_argument, NULL, OPTION_PACE },
    { "workers", required_argument, NULL, OPTION_WORKERS },
    { "work", required_argument, NULL, OPTION_WORK },
    { "mode", required_argument, NULL, OPTION_MODE },
    { "policy", required_argument, NULL, OPTION_POLICY },
    { "window", required_argument, NULL, OPTION_WINDOW },
    { "on-busy", required_argument, NULL, OPTION_ON_BUSY },
    { "wait", required_argument, NULL, OPTION_WAIT },
    { "topology", required_argument, NULL, OPTION_TOPOLOGY },
    { "domain", required_argument, NULL, OPTION_DOMAIN },
    { "worker-program", required_argument, NULL, OPTION_WORKER_PROGRAM },
    { "on-worker-death", required_argument, NULL, OPTION_ON_WORKER_DEATH },
    { "quarantine", required_argument, NULL, OPTION_QUARANTINE },
    { "sink", required_argument, NULL, OPTION_SINK },
    { "json", no_argument, NULL, OPTION_JSON },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    SERVER_OPTIONS,
    { NULL, 0, NULL, 0 },
};

/* A word of the command line and what it stands for. */
struct choice {
    const char *word;
    int value;
};

static const struct choice modes[] = {
    { "window", MODE_WINDOW },
    { "burst", MODE_BURST },
    { "single", MODE_SINGLE },
};

static const struct choice policies[] = {
    { "flow", POLICY_FLOW },
    { "tag", POLICY_TAG },
    { "least-loaded", POLICY_LEAST_LOADED },
    { "inline", POLICY_INLINE },
};

static const struct choice deaths[] = {
    { "respawn", ON_DEATH_RESPAWN },
    { "shrink", ON_DEATH_SHRINK },
    { "stop", ON_DEATH_STOP },
};

static const struct choice paces[] = {
    { "full", PACE_FULL },
    { "as-recorded", PACE_AS_RECORDED },
};

static const struct choice waits[] = {
    { "adaptive", MCAPI_EXT_WAIT_ADAPTIVE },
    { "spin", MCAPI_EXT_WAIT_SPIN },
    { "sleep", MCAPI_EXT_WAIT_SLEEP },
};

/* The option that is being read, and where to complain about it. */
struct reading {
    const char *option;
    const char *value;
    char *reason;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reading *reading,
                                                         const char *format, ...)
{
    int used = snprintf(reading->reason, CONFIG_REASON_SIZE, "--%s '%.200s': ", reading->option,
                        reading->value);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->reason + used, CONFIG_REASON_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* Digits only: no sign, no blanks, no unit, nothing behind. */
static bool parse_number(const char *text, uint64_t *number)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_number(const struct reading *reading, uint64_t least, uint64_t most,
                        const char *of_what, uint64_t *number)
{
    if (parse_number(reading->value, number) && *number >= least && *number <= most)
        return true;
    return refuse(reading, "the number of %s must be a whole number from %llu to %llu", of_what,
                  (unsigned long long)least, (unsigned long long)most);
}

static bool read_small(const struct reading *reading, uint32_t least, uint32_t most,
                       const char *of_what, uint32_t *number)
{
    uint64_t wide = 0;

    if (!read_number(reading, least, most, of_what, &wide))
        return false;
    *number = (uint32_t)wide;
    return true;
}

static bool read_choice(const struct reading *reading, const struct choice *choices,
                        size_t count, int *value)
{
    char words[128];
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(choices[i].word, reading->value) == 0) {
            *value = choices[i].value;
            return true;
        }
        used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
                                 i == 0           ? ""
                                 : i == count - 1 ? " or "
                                                  : ", ",
                                 choices[i].word);
    }
    return refuse(reading, "must be %s", words);
}

static bool read_queue(const struct reading *reading, struct config *config)
{
    const char *text = reading->value + strlen("queue=");
    const char *comma = strchr(text, ',');
    size_t length = comma == NULL ? strlen(text) : (size_t)(comma - text);
    char digits[16] = "";
    uint64_t limit;

    if (length < sizeof(digits))
        memcpy(digits, text, length);
    if (!parse_number(digits, &limit) || limit < 1 || limit > CONFIG_QUEUE_MAX)
        return refuse(reading, "the queue's length must be a whole number from 1 to %d",
                      CONFIG_QUEUE_MAX);
    if (comma != NULL && strcmp(comma, ",drop") != 0)
        return refuse(reading, "only ',drop' can follow the queue's length");
    config->on_busy = ON_BUSY_QUEUE;
    config->queue_limit = (uint32_t)limit;
    config->queue_drops = comma != NULL;
    return true;
}

static bool read_on_busy(const struct reading *reading, struct config *config)
{
    config->queue_limit = 0;
    config->queue_drops = false;
    if (strncmp(reading->value, "queue=", strlen("queue=")) == 0)
        return read_queue(reading, config);
    if (strcmp(reading->value, "block") == 0)
        config->on_busy = ON_BUSY_BLOCK;
    else if (strcmp(reading->value, "drop") == 0)
        config->on_busy = ON_BUSY_DROP;
    else
        return refuse(reading, "must be block, queue=N, queue=N,drop or drop");
    return true;
}

static bool read_work(const struct reading *reading, struct config *config)
{
    struct work work;
    char why[256];

    if (!work_prepare(&work, reading->value, why, sizeof(why))) {
        snprintf(reading->reason, CONFIG_REASON_SIZE, "--work %s", why);
        return false;
    }
    config->work = reading->value;
    config->work_kind = work.kind;
    work_finish(&work);
    return true;
}

/* The name becomes part of a file's name. */
static bool read_topology(const struct reading *reading, struct config *config)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    size_t length = strlen(reading->value);

    if (length == 0 || length >= MCAPI_TOPOLOGY_NAME_SIZE
        || strspn(reading->value, allowed) != length || reading->value[0] == '.')
        return refuse(reading,
                      "a topology's name has 1 to %d letters, digits, '.', '_' and '-', "
                      "and does not begin with '.'",
                      MCAPI_TOPOLOGY_NAME_SIZE - 1);
    config->topology = reading->value;
    return true;
}

static bool read_text(const struct reading *reading, const char **text)
{
    if (reading->value[0] == '\0')
        return refuse(reading, "must not be empty");
    *text = reading->value;
    return true;
}

/* "N" or "MIN..MAX". */
static bool read_workers(const struct reading *reading, struct config *config)
{
    const char *dots = strstr(reading->value, "..");
    size_t length = dots == NULL ? strlen(reading->value) : (size_t)(dots - reading->value);
    char digits[16] = "";
    uint64_t least = 0, most = 0;

    if (length < sizeof(digits))
        memcpy(digits, reading->value, length);
    if (!parse_number(digits, &least) || !parse_number(dots == NULL ? digits : dots + 2, &most)
        || least < 1 || most > CONFIG_WORKERS_MAX)
        return refuse(reading,
                      "the number of workers must be a whole number from 1 to %d, or two as in "
                      "2..8",
                      CONFIG_WORKERS_MAX);
    if (least > most)
        return refuse(reading, "the first number must not be larger than the second");
    config->workers_min = (uint32_t)least;
    config->workers = (uint32_t)most;
    return true;
}

static bool read_sink(const struct reading *reading, struct config *config)
{
    static const char kind[] = "pcap:";

    config->sink = NULL;
    if (strcmp(reading->value, "none") == 0)
        return true;
    if (strncmp(reading->value, kind, strlen(kind)) != 0
        || reading->value[strlen(kind)] == '\0')
        return refuse(reading, "must be none or pcap:FILE");
    if (strcmp(reading->value, "pcap:-") == 0)
        return refuse(reading, "standard output is for the report; pcap:FILE can be a FIFO");
    config->sink = reading->value + strlen(kind);
    return true;
}

static bool read_source(const struct reading *reading, struct config *config)
{
    if (address_is_network(reading->value))
        return server_options_source(&config->network, reading->value, reading->reason,
                                     CONFIG_REASON_SIZE);
    return read_text(reading, &config->source);
}

static bool read_value(const struct reading *reading, struct config *config, int option)
{
    int choice = 0;
    bool good;

    if (option >= SERVER_OPTION_FIRST)
        return server_options_read(&config->network, option, reading->option,
                                   reading->value == NULL ? "" : reading->value,
                                   reading->reason, CONFIG_REASON_SIZE);
    switch (option) {
    case OPTION_SOURCE:
        return read_source(reading, config);
    case OPTION_LOOP:
        return read_number(reading, 0, UINT32_MAX, "passes (0: for ever)", &config->loop);
    case OPTION_PACE:
        good = read_choice(reading, paces, ARRAY_LENGTH(paces), &choice);
        config->pace = (enum pace)choice;
        return good;
    case OPTION_WORKERS:
        return read_workers(reading, config);
    case OPTION_WORK:
        return read_work(reading, config);
    case OPTION_MODE:
        good = read_choice(reading, modes, ARRAY_LENGTH(modes), &choice);
        config->mode = (enum mode_kind)choice;
        return good;
    case OPTION_POLICY:
        good = read_choice(reading, policies, ARRAY_LENGTH(policies), &choice);
        config->policy = (enum policy)choice;
        return good;
    case OPTION_WINDOW:
        return read_small(reading, 1, CONFIG_WINDOW_MAX, "items out per worker",
                          &config->window);
    case OPTION_ON_BUSY:
        return read_on_busy(reading, config);
    case OPTION_ON_WORKER_DEATH:
        good = read_choice(reading, deaths, ARRAY_LENGTH(deaths), &choice);
        config->on_death = (enum on_death)choice;
        return good;
    case OPTION_SINK:
        return read_sink(reading, config);
    case OPTION_QUARANTINE:
        return read_text(reading, &config->quarantine);
    case OPTION_WAIT:
        good = read_choice(reading, waits, ARRAY_LENGTH(waits), &choice);
        config->wait = (mca_uint_t)choice;
        return good;
    case OPTION_TOPOLOGY:
        return read_topology(reading, config);
    case OPTION_DOMAIN:
        return read_small(reading, 0, MCAPI_MAX_DOMAIN, "the domain", &config->domain);
    default:
        return read_text(reading, &config->worker_program);
    }
}

static const char *option_name(int value)
{
    for (const struct option *option = options; option->name != NULL; option++)
        if (option->val == value)
            return option->name;
    return NULL;
}

/* What getopt_long could not make sense of. */
static enum config_result refuse_word(int found, char **argv, char reason[CONFIG_REASON_SIZE])
{
    if (found == ':')
        snprintf(reason, CONFIG_REASON_SIZE, "--%s needs a value", option_name(optopt));
    else if (optopt != 0 && option_name(optopt) != NULL)
        snprintf(reason, CONFIG_REASON_SIZE, "--%s takes no value", option_name(optopt));
    else
        snprintf(reason, CONFIG_REASON_SIZE, "'%.200s' is no option", argv[optind - 1]);
    return CONFIG_WRONG;
}

/* What only a distributor does; NULL: nothing of that was asked for. */
static const char *needs_distributor(const struct config *config)
{
    if (config->policy == POLICY_TAG)
        return "--policy tag";
    if (config->sink != NULL)
        return "--sink pcap:FILE";
    if (config->workers_min < config->workers)
        return "--workers MIN..MAX";
    return config->work_kind->changes ? "work that changes packets" : NULL;
}

/* Mode, policy and window, where they were not given, and whether they go together. */
static bool settle_mode(struct config *config, char reason[CONFIG_REASON_SIZE])
{
    const char *needs = needs_distributor(config);

    if (config->mode == MODE_DEFAULT)
        config->mode = needs == NULL ? MODE_WINDOW : MODE_BURST;
    if (config->mode == MODE_WINDOW && needs != NULL) {
        snprintf(reason, CONFIG_REASON_SIZE, "%s needs --mode burst or --mode single", needs);
        return false;
    }
    if (config->policy == POLICY_DEFAULT)
        config->policy = config->mode == MODE_WINDOW ? POLICY_FLOW : POLICY_TAG;
    if (config->mode != MODE_WINDOW && config->policy == POLICY_FLOW) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--policy flow, all packets of a flow to one worker, needs --mode window%s%s; "
                 "--policy tag keeps them in order too",
                 needs == NULL ? "" : ", which cannot be with ", needs == NULL ? "" : needs);
        return false;
    }
    if (config->window == 0)
        config->window =
                config->mode == MODE_WINDOW ? CONFIG_WINDOW : CONFIG_WINDOW_DISTRIBUTOR;
    if (config->mode != MODE_WINDOW && config->window > CONFIG_WINDOW_DISTRIBUTOR_MAX) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--window '%u': with --mode %s it can be %d at most", config->window,
                 config_mode_name(config->mode), CONFIG_WINDOW_DISTRIBUTOR_MAX);
        return false;
    }
    return true;
}

/* An option that was given and is about packets alone; NULL: none. */
static const char *given_for_packets(const struct config *config)
{
    return config->sink != NULL             ? "sink"
         : config->quarantine != NULL       ? "quarantine"
         : config->on_busy != ON_BUSY_BLOCK ? "on-busy"
         : config->loop != 1                ? "loop"
         : config->pace == PACE_AS_RECORDED ? "pace"
                                            : NULL;
}

/* What goes with sources of the network, and what does not. */
static bool check_network(const struct config *config, char reason[CONFIG_REASON_SIZE])
{
    bool used = server_options_used(&config->network);

    if (used && config->source != NULL)
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--source '%.200s' cannot be beside sources of the network", config->source);
    else if (used && (config->policy == POLICY_FLOW || config->mode == MODE_WINDOW))
        snprintf(reason, CONFIG_REASON_SIZE,
                 "sources of the network need --policy tag, least-loaded or inline, and a "
                 "distributor: --mode burst or --mode single");
    else if (used && given_for_packets(config) != NULL)
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--%s is for packets; sources of the network have requests",
                 given_for_packets(config));
    else if (!used && config->policy == POLICY_INLINE)
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--policy inline is for sources of the network (tcp:, udp:)");
    else
        return server_options_check(&config->network, config->work_kind, reason,
                                    CONFIG_REASON_SIZE);
    return false;
}

/* What a server has where nothing was said: requests one at a time, since they differ. All that
 * the loops can have under way waits in the distributor. */
static void settle_network(struct config *config)
{
    uint32_t loops = server_options_loops(&config->network);

    config->network.settings.loops = loops;
    if (config->mode == MODE_DEFAULT)
        config->mode = MODE_SINGLE;
    config->on_busy = ON_BUSY_QUEUE;
    config->queue_limit = loops * LINK_DEPTH;
}

static enum config_result check_whole(struct config *config, int argc, char **argv,
                                      char reason[CONFIG_REASON_SIZE])
{
    if (optind < argc) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "'%.200s' is no option; a capture is read with --source pcap:FILE",
                 argv[optind]);
        return CONFIG_WRONG;
    }
    if (!check_network(config, reason))
        return CONFIG_WRONG;
    if (config->source == NULL && !server_options_used(&config->network)) {
        snprintf(reason, CONFIG_REASON_SIZE,
                 "--source is missing: where the packets come from, as in --source pcap:FILE");
        return CONFIG_WRONG;
    }
    if (server_options_used(&config->network))
        settle_network(config);
    return config->policy == POLICY_INLINE || settle_mode(config, reason) ? CONFIG_RUN
                                                                          : CONFIG_WRONG;
}

enum config_result config_read(struct config *config, int argc, char **argv,
                               char reason[CONFIG_REASON_SIZE])
{
    int found;

    *config = (struct config){
        .workers = 4,
        .workers_min = 4,
        .on_busy = ON_BUSY_BLOCK,
        .on_death = ON_DEATH_RESPAWN,
        .work = work_kind_at(0)->name,
        .work_kind = work_kind_at(0),
        .pace = PACE_FULL,
        .loop = 1,
        .wait = MCAPI_EXT_WAIT_DEFAULT,
    };
    server_options_begin(&config->network);
    optind = 0; /* from the beginning, also when called again */
    while ((found = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
        struct reading reading = { option_name(found), optarg, reason };

        switch (found) {
        case '?':
        case ':':
            return refuse_word(found, argv, reason);
        case OPTION_JSON:
            config->json = true;
            break;
        case OPTION_QUIET:
            config->quiet = true;
            break;
        case OPTION_HELP:
            return CONFIG_HELP;
        case OPTION_VERSION:
            return CONFIG_VERSION;
        default:
            if (!read_value(&reading, config, found))
                return CONFIG_WRONG;
        }
    }
    return check_whole(config, argc, argv, reason);
}

static const char *word_of(const struct choice *choices, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (choices[i].value == value)
            return choices[i].word;
    return "default";
}

const char *config_mode_name(enum mode_kind mode)
{
    return word_of(modes, ARRAY_LENGTH(modes), mode);
}

const char *config_policy_name(enum policy policy)
{
    return word_of(policies, ARRAY_LENGTH(policies), policy);
}

const char *config_on_busy_name(enum on_busy on_busy)
{
    static const char *const names[] = {
        [ON_BUSY_BLOCK] = "block",
        [ON_BUSY_QUEUE] = "queue",
        [ON_BUSY_DROP] = "drop",
    };

    return names[on_busy];
}

const char *config_on_death_name(enum on_death on_death)
{
    return deaths[on_death].word;
}
