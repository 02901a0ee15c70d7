/* SPDX-License-Identifier: MIT */
/* traffic.c - packets by reference, and bursts, on their way to somebody who sleeps. */
#include "crash/traffic.h"

#include <mcapi_ext.h>

#include "runtime/end.h"
#include "support/eventually.h"

void act_send_by_reference(struct act *act)
{
    struct mci_end *end = &mci_ends[act->endpoint & 0xffff];

    for (uint32_t i = 0; i < SENT; i++) {
        void *other = mcapi_ext_pktchan_buffer_take(act->endpoint, SMALL, &act->status);
        void *made = mcapi_ext_pktchan_buffer_take(act->endpoint, act->size, &act->status);

        if (made == NULL || other == NULL)
            break;
        mcapi_ext_pktchan_buffer_give_back(act->endpoint, other, &act->status);
        scene_fill(made, act->size, i);
        mcapi_ext_pktchan_buffer_send(act->endpoint, made, act->size, &act->status);
        atomic_store(&all->accepted, i + 1);
        if (act->status != MCAPI_SUCCESS
            || !eventually((atomic_load(end->peer_event) & MCI_EVENT_BITS) != 0))
            break;
    }
}

void act_send_bursts(struct act *act)
{
    struct mci_end *end = &mci_ends[act->endpoint & 0xffff];
    mcapi_uint32_t words[SENT][SMALL / sizeof(mcapi_uint32_t)];
    mcapi_uint32_t numbers[SENT];
    const void *packets[SENT];
    size_t sizes[SENT];

    for (uint32_t sent = 0; sent < 2 * SENT; sent += SENT) {
        for (uint32_t i = 0; i < SENT; i++) {
            scene_fill(words[i], SMALL, sent + i);
            packets[i] = words[i];
            sizes[i] = SMALL;
            numbers[i] = sent + i;
        }
        if (act->kind == PACKETS)
            mcapi_ext_pktchan_send_burst(act->endpoint, packets, sizes, SENT, &act->status);
        else
            mcapi_ext_sclchan_send_burst_uint32(act->endpoint, numbers, SENT, &act->status);
        atomic_store(&all->accepted, sent + SENT);
        if (act->status != MCAPI_SUCCESS
            || !eventually((atomic_load(end->peer_event) & MCI_EVENT_BITS) != 0))
            break;
    }
}

void act_receive_bursts(struct act *act)
{
    mcapi_uint32_t words[DEPTH];
    void *packets[DEPTH];
    size_t sizes[DEPTH];
    size_t came = 0;

    for (size_t all_of_them = 0; all_of_them < 2 * DEPTH; all_of_them += came) {
        if (act->kind == PACKETS)
            came = mcapi_ext_pktchan_recv_burst(act->endpoint, packets, sizes, DEPTH,
                                                &act->status);
        else
            came = mcapi_ext_sclchan_recv_burst_uint32(act->endpoint, words, DEPTH,
                                                       &act->status);
        if (act->status != MCAPI_SUCCESS)
            break;
        if (act->kind == PACKETS)
            mcapi_ext_pktchan_release_burst(packets, came, &act->status);
    }
}
