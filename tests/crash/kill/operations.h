/* SPDX-License-Identifier: MIT */
/*
 * operations.h - every operation on shared state, as something in which a node can die at any
 * instruction.
 */
#ifndef TESTS_KILL_OPERATIONS_H
#define TESTS_KILL_OPERATIONS_H

#include "crash/kill/scene.h"

extern const struct operation control_operations[], data_operations[], message_operations[],
        look_operations[], more_operations[], wait_operations[];
extern const size_t control_operation_count, data_operation_count, message_operation_count,
        look_operation_count, more_operation_count, wait_operation_count;

/* All of them, one after the other; NULL behind the last. */
const struct operation *operation_at(size_t index);
size_t operation_count(void);
const struct operation *operation_named(const char *name);

/* Some of everything, again and again; and what a survivor does meanwhile. */
extern const struct operation mixed_operation;
void work_a_little(void);

/* --- What their parts share ----------------------------------------------------------- */

enum kind { PACKETS, SCALARS };

mcapi_endpoint_t create(mcapi_port_t port);
void set(mcapi_endpoint_t endpoint, mcapi_uint_t attribute, uint32_t value);
void connect_ends(enum kind kind, mcapi_endpoint_t send, mcapi_endpoint_t receive);

/* Without waiting for the other side. */
void open_send(enum kind kind, mcapi_endpoint_t send, mcapi_request_t *request);
void open_receive(enum kind kind, mcapi_endpoint_t receive, mcapi_request_t *request);

void close_send(enum kind kind, mcapi_endpoint_t send);
void close_receive(enum kind kind, mcapi_endpoint_t receive);

/* Closes it, if it is open as anything, and deletes it. */
void remove_endpoint(mcapi_endpoint_t endpoint);

/* Somebody has created the endpoint that the board will name here; 0: never. */
mcapi_endpoint_t wait_for(_Atomic mcapi_endpoint_t *place);

/* What stands for a number in this round; and back. */
uint32_t word_of(uint32_t number);
uint32_t number_of(uint32_t word);

/* A packet or message holds its number all over. */
void fill(uint32_t *words, size_t size, uint32_t number);

/* Sends numbers until one is refused or `count` are sent; counts them on the board. */
mcapi_status_t send_numbers(enum kind kind, mcapi_endpoint_t at, size_t size, uint32_t first,
                            uint32_t count);

/* Receives numbers in order until a call is refused, or `count` have come. */
mcapi_status_t receive_numbers(enum kind kind, mcapi_endpoint_t at, uint32_t count);

/* A number has come; false: it should not have, now. */
void note(uint32_t number);

/* What was accepted came, once and in order; the one on its way wholly or not at all. */
void all_came(void);

/* Somebody has said that it is about to sleep on this event, and was not yet woken. */
bool is_announced(const _Atomic uint32_t *event);

/* The channel's other side sleeps on its event. */
bool sleeps(mcapi_endpoint_t endpoint, int side);

void peer_is_back(mcapi_status_t or_else);

/* --- Peers of channels, and what the victim does first -------------------------------- */

/* The peer receives until the channel ends; `slowly`: when the victim waits for room, of which
 * there is for DEPTH; `waiting`: when mcapi_ext_wait_receivable says so. The victim opens its
 * sending end, v[0]. Then all that was accepted came. */
void peer_receives_packets(void);
void peer_receives_scalars(void);
void peer_receives_packets_slowly(void);
void waiting_peer(void);
void packets_set_up(void);
void scalars_set_up(void);
void all_survive(void);

/* The peer sends to the victim's receiving end, v[0], DEPTH packets and then when there is
 * room, until the channel ends. */
void peer_sends_packets(void);
void receive_packets_set_up(void);
void sender_survives(void);

/* So many packets or messages come for certain, however the peer is held up. */
uint32_t certain(void);

/* The peer sends one packet whenever the victim sleeps at its channel, DEPTH in all. */
void peer_sends_to_sleeper(void);
void quiet_channel_set_up(void);

#endif /* TESTS_KILL_OPERATIONS_H */
