/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the calls by name. Each chooses its arguments with `call_random`, and leaves what
 * it was told in `call_status`.
 */
#ifndef HOSTILE_CALLS_H
#define HOSTILE_CALLS_H

#include "hostile/hostile.h"

extern mcapi_status_t call_status;
extern struct hostile_random *call_random;

/* The bytes beside the buffer that calls are given are what they were; and are not. */
void call_check_room(void);
void call_spoil_room(void);

void call_pktchan_send(void);
void call_pktchan_recv(void);
void call_pktchan_release(void);
void call_sclchan_send(void);
void call_sclchan_recv(void);
void call_msg_send(void);
void call_msg_recv(void);
void call_pktchan_send_i(void);
void call_pktchan_recv_i(void);
void call_pktchan_available(void);
void call_pktchan_release_test(void);
void call_buffer_take(void);
void call_buffer_send(void);
void call_buffer_give_back(void);
void call_pktchan_send_burst(void);
void call_pktchan_recv_burst(void);
void call_pktchan_release_burst(void);
void call_sclchan_available(void);
void call_sclchan_send_burst(void);
void call_sclchan_recv_burst(void);
void call_msg_send_i(void);
void call_msg_recv_i(void);
void call_msg_available(void);
void call_node_attribute(void);
void call_endpoint_create(void);
void call_endpoint_get(void);
void call_endpoint_get_i(void);
void call_endpoint_release(void);
void call_endpoint_delete(void);
void call_endpoint_get_attribute(void);
void call_endpoint_set_attribute(void);
void call_connect_packets(void);
void call_connect_scalars(void);
void call_open_sender(void);
void call_open_receiver(void);
void call_close_sender(void);
void call_close_receiver(void);
void call_test(void);
void call_wait_for_one(void);
void call_wait_for_any(void);
void call_cancel(void);
void call_wait_receivable(void);
void call_receive_fd(void);
void call_node_stats(void);
void call_endpoint_stats(void);
void call_channel_stats(void);

#endif /* HOSTILE_CALLS_H */
