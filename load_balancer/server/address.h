/* SPDX-License-Identifier: MIT */
/*
 * address.h - where a server listens: "tcp:127.0.0.1:80", "udp:[::1]:53".
 */
#ifndef LOAD_BALANCER_SERVER_ADDRESS_H
#define LOAD_BALANCER_SERVER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    /* "udp:[", 45 characters of IPv6, "%", the name of an interface, "]:65535" */
    ADDRESS_NAME_SIZE = 96,
};

struct server_address {
    bool datagrams; /* udp: rather than tcp: */
    socklen_t length;
    struct sockaddr_storage socket;
};

/* Whether this is said of the network at all: it begins with tcp: or udp:. */
bool address_is_network(const char *text);

/* Reads one; false: a reason of one line. Addresses are numbers: no name is looked up. Port 0
 * is any that is free. */
bool address_read(struct server_address *address, const char *text, char *reason,
                  size_t reason_size);

/* As it is written; of "tcp:" or "udp:" and what the socket address says. */
void address_name(const struct server_address *address, char name[ADDRESS_NAME_SIZE]);

/* A number that belongs to the peer: of its address and port, or of its address alone. Of IPv6
 * the address alone is its first 64 bits, which is what one peer has to choose from. `key`
 * makes the numbers those of this run. */
uint64_t address_hash(const struct sockaddr_storage *socket, bool with_port, uint64_t key);

#endif /* LOAD_BALANCER_SERVER_ADDRESS_H */
