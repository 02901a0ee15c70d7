/* SPDX-License-Identifier: MIT */
/*
 * address.c - addresses in words and in the form that sockets take.
 */
#include "load_balancer/server/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOST_SIZE = INET6_ADDRSTRLEN + IF_NAMESIZE + 1,
};

bool address_is_network(const char *text)
{
    return strncmp(text, "tcp:", 4) == 0 || strncmp(text, "udp:", 4) == 0;
}

/* --- Reading ---------------------------------------------------------------------------- */

static bool read_port(const char *text, uint16_t *port)
{
    unsigned long number = 0;
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length > 5 || text[length] != '\0')
        return false;
    number = strtoul(text, NULL, 10);
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

static bool read_ipv4(struct server_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&address->socket;

    address->length = sizeof(*in);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    return inet_pton(AF_INET, host, &in->sin_addr) == 1;
}

/* fe80::1%eth0 names the interface on which it is. */
static bool read_ipv6(struct server_address *address, char *host, uint16_t port)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address->socket;
    char *zone = strchr(host, '%');

    if (zone != NULL) {
        *zone = '\0';
        in->sin6_scope_id = if_nametoindex(zone + 1);
        if (in->sin6_scope_id == 0)
            return false;
    }
    address->length = sizeof(*in);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    return inet_pton(AF_INET6, host, &in->sin6_addr) == 1;
}

bool address_read(struct server_address *address, const char *text, char *reason,
                  size_t reason_size)
{
    const char *rest = text + strlen("tcp:");
    const char *colon = strrchr(rest, ':');
    bool bracketed = rest[0] == '[';
    char host[HOST_SIZE];
    size_t length;
    uint16_t port;

    *address = (struct server_address){ .datagrams = text[0] == 'u' };
    if (colon == NULL || (bracketed && (colon == rest || colon[-1] != ']'))) {
        snprintf(reason, reason_size, "an address is ADDRESS:PORT, of IPv6 [ADDRESS]:PORT");
        return false;
    }
    if (!read_port(colon + 1, &port)) {
        snprintf(reason, reason_size, "the port must be a whole number from 0 to 65535");
        return false;
    }
    length = (size_t)(colon - rest) - (bracketed ? 2 : 0);
    if (length < sizeof(host)) {
        memcpy(host, rest + (bracketed ? 1 : 0), length);
        host[length] = '\0';
        if (bracketed ? read_ipv6(address, host, port) : read_ipv4(address, host, port))
            return true;
    }
    snprintf(reason, reason_size,
             bracketed ? "there must be an address of IPv6 between the brackets"
                       : "before the port there must be an address of IPv4 in numbers, or of "
                         "IPv6 in brackets");
    return false;
}

/* --- Saying ----------------------------------------------------------------------------- */

void address_name(const struct server_address *address, char name[ADDRESS_NAME_SIZE])
{
    const char *kind = address->datagrams ? "udp" : "tcp";
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->socket.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&address->socket;
        char zone[IF_NAMESIZE + 1] = "";

        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
        if (in->sin6_scope_id != 0 && if_indextoname(in->sin6_scope_id, zone + 1) != NULL)
            zone[0] = '%';
        snprintf(name, ADDRESS_NAME_SIZE, "%s:[%s%s]:%u", kind, host, zone,
                 ntohs(in->sin6_port));
    } else {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address->socket;

        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(name, ADDRESS_NAME_SIZE, "%s:%s:%u", kind, host, ntohs(in->sin_port));
    }
}

/* --- Telling peers apart ------------------------------------------------------------------ */

/* One of the mixers of splitmix64: every bit of the number moves about half of the result. */
static uint64_t mix(uint64_t number)
{
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9ULL;
    number = (number ^ number >> 27) * 0x94d049bb133111ebULL;
    return number ^ number >> 31;
}

uint64_t address_hash(const struct sockaddr_storage *socket, bool with_port, uint64_t key)
{
    uint64_t hash = mix(key + socket->ss_family);

    if (socket->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)socket;
        uint64_t halves[2];

        memcpy(halves, &in->sin6_addr, sizeof(halves));
        hash = mix(hash ^ halves[0]);
        return with_port ? mix(mix(hash ^ halves[1]) ^ in->sin6_port) : hash;
    }
    if (socket->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)socket;

        hash = mix(hash ^ in->sin_addr.s_addr);
        return with_port ? mix(hash ^ in->sin_port) : hash;
    }
    return hash;
}
