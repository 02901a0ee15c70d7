/* SPDX-License-Identifier: MIT */
#include "runtime/message_wait.h"

#include "os/robust.h"
#include "runtime/channel.h"

void mci_message_describe(const struct mci_mailbox *box,
                          const struct mci_endpoint_slot *receiver, enum mci_side side,
                          struct mci_message_place *place)
{
    const struct mci_map *map = mci_map();

    place->box = *box;
    place->owner = receiver->owner < map->limits.max_nodes ? receiver->owner : 0;
    place->words = (struct mci_patience_end_words){
        .own_event = &box->head->event[side],
        .alarm = &box->head->alarm.word,
    };
    if (side == MCI_RECEIVE)
        return; /* its node is ours */
    place->words.peer_life = &map->nodes[place->owner].liveness.word;
    place->words.peer_alive =
            atomic_load_explicit(place->words.peer_life, memory_order_relaxed);
}

void mci_message_wait_begin(struct mci_message_wait *wait, struct mci_node *node, uint32_t pace)
{
    mci_patience_begin(&wait->patience, node, wait->timeout);
    wait->patience.pace = pace;
    if (wait->waiting != NULL)
        atomic_fetch_add_explicit(wait->waiting, 1, memory_order_release);
}

void mci_message_wait_end(struct mci_message_wait *wait)
{
    if (wait->waiting != NULL)
        atomic_fetch_sub_explicit(wait->waiting, 1, memory_order_relaxed);
    mci_patience_end(&wait->patience);
}

/* A dead node that holds something here, or MCI_NO_NODE. */
static uint32_t dead_here(struct mci_node *node, uint32_t serial,
                          const struct mci_message_place *place)
{
    const struct mci_map *map = mci_map();
    uint32_t dead = MCI_NO_NODE;

    if (!mci_runtime_hold(node, serial))
        return dead;
    if (place->words.peer_life != NULL
        && mci_robust_dead(atomic_load_explicit(place->words.peer_life, memory_order_acquire)))
        dead = place->owner;
    else
        dead = mci_mailbox_find_dead(map, &place->box);
    mci_runtime_drop();
    return dead;
}

bool mci_message_bury(struct mci_node *node, uint32_t serial,
                      const struct mci_message_place *place)
{
    uint32_t dead = dead_here(node, serial, place);

    mci_channel_bury(node, dead);
    return dead != MCI_NO_NODE;
}

mcapi_status_t mci_message_wait_step(struct mci_message_wait *wait)
{
    bool was_announced = wait->patience.announced;
    mcapi_status_t status = mci_patience_wait(&wait->patience, &wait->place.words);

    /* Before the first sleep and after each. */
    if (was_announced || wait->patience.announced)
        mci_message_bury(wait->patience.node, wait->patience.serial, &wait->place);
    return status;
}
