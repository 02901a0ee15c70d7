/* SPDX-License-Identifier: MIT */
#include "runtime/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct limit {
    const char *name; /* of the macro, and of the variable */
    size_t offset;    /* in struct mci_limits */
    size_t parameter; /* in mcapi_param_t */
    uint32_t usual;
    uint32_t least, most;
};

#define LIMIT(name, field, usual, most)                                                     \
    {                                                                                       \
        name, offsetof(struct mci_limits, field), offsetof(mcapi_param_t, field), usual, 1, \
                most                                                                        \
    }

static const struct limit limits[] = {
    LIMIT("MCAPI_MAX_NODES", max_nodes, MCAPI_MAX_NODES, MCI_MOST_NODES),
    LIMIT("MCAPI_MAX_CHANNELS", max_channels, MCAPI_MAX_CHANNELS, 1u << 20),
    LIMIT("MCAPI_MAX_ENDPOINTS", max_endpoints, MCAPI_MAX_ENDPOINTS, MCI_ENDPOINT_SLOTS),
    LIMIT("MCA_MAX_REQUESTS", max_requests, MCA_MAX_REQUESTS, 1u << 20),
    LIMIT("MCAPI_MAX_MSG_SIZE", max_msg_size, MCAPI_MAX_MSG_SIZE, 1u << 30),
    LIMIT("MCAPI_MAX_PKT_SIZE", max_pkt_size, MCAPI_MAX_PKT_SIZE, 1u << 30),
    LIMIT("MCAPI_MAX_QUEUE_ELEMENTS", max_queue_elements, MCAPI_MAX_QUEUE_ELEMENTS, 1u << 20),
    LIMIT("MCAPI_MAX_BUFFERS", max_buffers, MCAPI_MAX_BUFFERS, 1u << 20),
};

struct word {
    const char *text;
    mcapi_uint_t value;
};

static const struct word waits[] = {
    { "adaptive", MCAPI_EXT_WAIT_ADAPTIVE },
    { "spin", MCAPI_EXT_WAIT_SPIN },
    { "sleep", MCAPI_EXT_WAIT_SLEEP },
    { NULL, 0 },
};

static const struct word profiles[] = {
    { "standard", MCAPI_EXT_COMPAT_STANDARD },
    { "reference", MCAPI_EXT_COMPAT_REFERENCE },
    { "document", MCAPI_EXT_COMPAT_DOCUMENT },
    { NULL, 0 },
};

static bool limit_from_environment(const struct limit *limit, uint32_t *value)
{
    const char *text = getenv(limit->name);
    unsigned long long number;
    char *end;

    if (text == NULL || *text == '\0')
        return true;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || *text == '-' || number < limit->least
        || number > limit->most) {
        mci_say(0, "%s=%s in the environment: a number from %u to %u is wanted", limit->name,
                text, limit->least, limit->most);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

static bool read_limit(const struct limit *limit, const mcapi_param_t *parameters,
                       struct mci_limits *chosen)
{
    uint32_t *value = (uint32_t *)((unsigned char *)chosen + limit->offset);
    mcapi_uint_t wanted = 0;

    *value = limit->usual;
    if (parameters != NULL)
        memcpy(&wanted, (const unsigned char *)parameters + limit->parameter, sizeof wanted);
    if (wanted == 0)
        return limit_from_environment(limit, value);
    if (wanted < limit->least || wanted > limit->most) {
        mci_say(0, "%u in the init parameter for %s: a number from %u to %u is wanted", wanted,
                limit->name, limit->least, limit->most);
        return false;
    }
    *value = wanted;
    return true;
}

/* A choice by number from the parameter, by word from the environment; the first is usual. */
static bool read_word(const char *variable, const struct word *words, mcapi_uint_t wanted,
                      mcapi_uint_t *value)
{
    const char *text = getenv(variable);

    *value = words[0].value;
    if (wanted == 0 && (text == NULL || *text == '\0'))
        return true;
    for (const struct word *word = words; word->text != NULL; word++)
        if (wanted != 0 ? word->value == wanted : strcmp(word->text, text) == 0) {
            *value = word->value;
            return true;
        }
    if (wanted != 0)
        mci_say(0, "%u in the init parameter for %s: no such choice", wanted, variable);
    else
        mci_say(0, "%s=%s in the environment: %s, %s or %s is wanted", variable, text,
                words[0].text, words[1].text, words[2].text);
    return false;
}

bool mci_settings_read(struct mci_node_settings *settings, const mcapi_param_t *parameters)
{
    const char *topology = getenv("MCAPI_TOPOLOGY");
    bool possible = true;

    if (parameters != NULL
        && (parameters->magic[0] != MCI_PARAM_MAGIC_0
            || parameters->magic[1] != MCI_PARAM_MAGIC_1))
        parameters = NULL;
    settings->topology = topology != NULL && *topology != '\0' ? topology : "default";
    if (parameters != NULL && parameters->topology[0] != '\0') {
        if (memchr(parameters->topology, '\0', sizeof parameters->topology) == NULL) {
            mci_say(0, "the topology's name in the init parameter has no end");
            return false;
        }
        settings->topology = parameters->topology;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        possible = read_limit(&limits[i], parameters, &settings->limits) && possible;
    possible = read_word("MCAPI_WAIT", waits, parameters != NULL ? parameters->wait_policy : 0,
                         &settings->wait_policy)
            && possible;
    return read_word("MCAPI_COMPAT", profiles, parameters != NULL ? parameters->compat : 0,
                     &settings->compat)
        && possible;
}
