/* SPDX-License-Identifier: MIT */
/*
 * protocol.c - the table of protocols.
 */
#include "load_balancer/server/protocol.h"

#include <string.h>

static const struct protocol *const protocols[] = {
    &protocol_frame,
    &protocol_line,
    &protocol_http,
};

const struct protocol *protocol_at(size_t index)
{
    return index < sizeof(protocols) / sizeof(protocols[0]) ? protocols[index] : NULL;
}

const struct protocol *protocol_named(const char *name)
{
    const struct protocol *protocol;

    for (size_t i = 0; (protocol = protocol_at(i)) != NULL; i++)
        if (strcmp(protocol->name, name) == 0)
            return protocol;
    return NULL;
}
