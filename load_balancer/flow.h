/* SPDX-License-Identifier: MIT */
/*
 * flow.h - which flow a packet belongs to, and the tag that stands for it.
 *
 * Packets of one flow carry the same tag in both directions, in every run and on every
 * machine. The tag is a hash, without a key, of:
 *
 *   TCP, UDP, UDP-Lite, SCTP, DCCP   protocol, both addresses, both ports
 *   fragments of IP, first ones too  protocol, both addresses: a later fragment has no ports,
 *                                    and all fragments of a datagram must agree
 *   ICMP and ICMPv6 errors           the flow of the packet that they quote, so that whoever
 *                                    handles a connection also hears what becomes of it
 *   all other IP                     protocol, both addresses
 *   Ethernet without IP (ARP, ...)   EtherType, both MAC addresses
 *   cooked captures without IP       EtherType (only one address was recorded)
 *   everything else                  the first FLOW_BYTES bytes of the packet
 *
 * VLAN tags (802.1Q, 802.1ad) are looked through and are no part of the tag. Tunnels, MPLS and
 * PPPoE are not looked into. IPv6 extension headers are. Where a packet was cut short the
 * tag is made of what is left: without ports, without addresses, of bytes.
 */
#ifndef LOAD_BALANCER_FLOW_H
#define LOAD_BALANCER_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_balancer/source/source.h"

enum {
    /* How much of a packet that cannot be parsed makes its tag. */
    FLOW_BYTES = 64,

    /* Room for every name that flow_name makes. */
    FLOW_NAME_SIZE = 128,
};

struct flow {
    uint32_t tag;
    bool parsed;          /* the tag is made of header fields, not of bytes */
    bool addresses;       /* the addresses are known: of IP, or MAC addresses */
    bool fragment;        /* a fragment of IP: no ports */
    bool ports;           /* the ports are known */
    uint8_t ip_version;   /* 4, 6, or 0: not IP */
    uint8_t protocol;     /* of IP: IPPROTO_*; an ICMP error is ICMP here */
    uint16_t ether_type;  /* behind all VLAN tags; 0: none, or a length (LLC) */
    uint16_t source_port; /* in host order, as are all numbers here; 0 without ports */
    uint16_t destination_port;

    /* As in the packet: IPv6 16 bytes, IPv4 the first 4, not IP the first 6 (MAC). The
     * rest is zero. */
    uint8_t source[16];
    uint8_t destination[16];

    /* Where the payload of the transport begins, or what was not parsed; at most
     * `captured`. */
    uint32_t payload_offset;
    uint8_t network_offset; /* where the header of IP begins, if it is IP; before that are at
                             * most a link header and some VLAN tags */
};

/* Fills `flow`, always. False: the link type is not known, and the tag is made of bytes. */
bool flow_of_packet(const struct packet *packet, struct flow *flow);

/* The flow in words, the same for both directions: "TCP 10.0.0.1:80 - 10.0.0.2:40000". */
void flow_name(const struct flow *flow, char *text, size_t size);

#endif /* LOAD_BALANCER_FLOW_H */
