/* SPDX-License-Identifier: MIT */
/* scenarios.c - all of them. */
#include "machine.h"

extern const struct sim_scenario sim_packets, sim_scalars, sim_mailbox, sim_event, sim_robust;
#ifdef SIM_WHOLE
extern const struct sim_scenario sim_gate, sim_control, sim_nodes, sim_channel, sim_messages,
        sim_threads, sim_leave, sim_connect, sim_descriptor, sim_descriptor_messages,
        sim_descriptor_process, sim_requests, sim_tally, sim_words,
        sim_helpers, sim_helpers_packets, sim_delete, sim_seats;
#endif

const struct sim_scenario *const sim_scenarios[] = {
    &sim_packets,
    &sim_scalars,
    &sim_mailbox,
    &sim_event,
    &sim_robust,
#ifdef SIM_WHOLE
    &sim_gate,
    &sim_control,
    &sim_nodes,
    &sim_channel,
    &sim_messages,
    &sim_threads,
    &sim_leave,
    &sim_connect,
    &sim_descriptor,
    &sim_descriptor_messages,
    &sim_descriptor_process,
    &sim_requests,
    &sim_tally,
    &sim_words,
    &sim_helpers,
    &sim_helpers_packets,
    &sim_delete,
    &sim_seats,
#endif
    0,
};
