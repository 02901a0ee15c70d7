/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "runtime/channel.h"
#include "runtime/message.h"

/* --- What a mailbox tells about itself ------------------------------------------------ */

_Static_assert(sizeof(struct mci_mailbox_places) <= sizeof(struct mci_place),
               "the head of each level");

static void note(const void *self, struct mci_place *place)
{
    const struct mci_message_sink *sink = self;

    memcpy(place->at, &sink->places, sizeof sink->places);
}

/* The parts of the box do not change while the sink is attached. */
static bool would_return(const void *self, const struct mci_place *place)
{
    const struct mci_message_sink *sink = self;
    struct mci_mailbox_places places;
    uint32_t level;

    memcpy(&places, place->at, sizeof places);
    return mci_mailbox_next(&sink->box, &places, &level) != MCI_NO_CELL;
}

static uint32_t find_dead(const void *self)
{
    const struct mci_message_sink *sink = self;
    uint32_t dead = mci_mailbox_find_dead(mci_map(), &sink->box);

    return dead == UINT32_MAX ? MCI_NO_NODE : dead;
}

/* --- Asking for it -------------------------------------------------------------------- */

/* Inside the gate. */
static bool open_descriptor(struct mci_message_sink *sink, struct mci_node *node,
                            uint32_t handle)
{
    struct mci_receiver receiver = {
        .self = sink,
        .note = note,
        .would_return = would_return,
        .event = &sink->box.head->event[MCI_RECEIVE],
        .life = &sink->box.head->alarm.word,
        .alive = 0,
        .find_dead = find_dead,
    };

    if (sink->descriptor != NULL)
        return true;
    sink->descriptor = mci_descriptor_open(node, mci_self.serial, handle);
    if (sink->descriptor == NULL)
        return false;
    mci_descriptor_attach(sink->descriptor, &receiver);
    return true;
}

mcapi_status_t mci_message_fd(struct mci_node *node, struct mci_endpoint_slot *endpoint,
                              uint32_t handle, int *fd)
{
    struct mci_message_sink *sink;
    mcapi_status_t status = mci_message_attach_sink(node, endpoint, handle, &sink);
    void *owner;

    if (status != MCAPI_SUCCESS)
        return status;
    owner = mci_gate_visit(&sink->gate); /* who asks need not be who receives */
    if (open_descriptor(sink, node, handle))
        *fd = sink->descriptor->fd;
    else
        status = MCAPI_ERR_MEM_LIMIT;
    mci_gate_visit_over(&sink->gate, owner);
    return status;
}
