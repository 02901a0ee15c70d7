/* SPDX-License-Identifier: MIT */
/*
 * operations_message.c - deaths while messages are sent, received and waited for.
 *
 * A receiver of messages is not told of a death. It gets what was accepted, perhaps the one on
 * its way, and then whatever others send: here the test's last word.
 */
#include "crash/operations_message.h"

#include <check.h>
#include <string.h>

#include "runtime/runtime.h"
#include "segment/event.h"
#include "segment/mailbox.h"
#include "support/eventually.h"
#include "support/expect.h"

enum {
    DEPTH = 4,
    SMALL = 40,
    LARGE = 4000, /* bytes of a message */
    LARGEST = 8192,
    SENT = 3,
};
static const uint32_t LAST_WORD = UINT32_MAX;

/* A message holds its number all over. */
static void fill(uint32_t *words, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = number + (uint32_t)i;
}

/* endpoint, other; count messages of size bytes with the numbers from word on, or until one is
 * refused. */
static void act_send_messages(struct act *act)
{
    uint32_t words[LARGEST / sizeof(uint32_t)];
    uint32_t number = (uint32_t)act->word;

    for (uint32_t i = 0; i < act->count; i++, number++) {
        fill(words, act->size, number);
        mcapi_msg_send(act->endpoint, act->other, words, act->size, i % 2, &act->status);
        if (act->status != MCAPI_SUCCESS)
            break;
        atomic_fetch_add(&all->accepted, 1);
    }
    act->word = number;
}

/* endpoint; receives until the last word -> word: how many came before it; count: 1 if a wrong
 * one came. */
static void act_receive_until_last(struct act *act)
{
    uint32_t words[LARGEST / sizeof(uint32_t)], right[LARGEST / sizeof(uint32_t)];
    size_t size;

    for (act->count = 0;; act->word++) {
        mcapi_msg_recv(act->endpoint, words, sizeof words, &size, &act->status);
        if (act->status != MCAPI_SUCCESS || words[0] == LAST_WORD)
            break;
        fill(right, size, (uint32_t)act->word);
        if (size == 0 || memcmp(words, right, size) != 0)
            act->count = 1;
    }
}

static void send_last_word(mcapi_endpoint_t to)
{
    mcapi_endpoint_t from;
    uint32_t word = LAST_WORD;

    expect(MCAPI_SUCCESS, from = mcapi_endpoint_create(MCAPI_PORT_ANY, &status));
    expect(MCAPI_SUCCESS, mcapi_msg_send(from, to, &word, sizeof word, 0, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_delete(from, &status));
}

static mcapi_endpoint_t create(struct child *who)
{
    struct act act = { .port = MCAPI_PORT_ANY };

    child_do(who, act_create, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    return act.endpoint;
}

/* --- Sending -------------------------------------------------------------------------- */

static void set_up(struct stage *stage, size_t size)
{
    stage->peers = create(scene_peer);
    child_begin(scene_peer, act_receive_until_last, &(struct act){ .endpoint = stage->peers });
    scene_blocked(scene_peer);
    stage->endpoint = stage->peers; /* it is being received at */
    stage->act = (struct act){
        .endpoint = create(stage->victim),
        .other = stage->peers,
        .size = size,
        .count = 1,
    };
}

void messages_small_set_up(struct stage *stage)
{
    set_up(stage, SMALL);
}

void messages_large_set_up(struct stage *stage)
{
    set_up(stage, LARGE);
}

/* The first one ever: there is no mailbox yet. Nobody receives. */
void messages_first_set_up(struct stage *stage)
{
    stage->peers = create(scene_peer);
    stage->act = (struct act){
        .endpoint = create(stage->victim),
        .other = stage->peers,
        .size = SMALL,
        .count = 1,
    };
}

void act_messages_to_sleeper(struct act *act)
{
    struct act one = *act;
    struct mci_mailbox box;

    for (uint32_t i = 0; i < SENT; i++) {
        one.count = 1;
        one.word = i;
        act_send_messages(&one);
        act->status = one.status;
        ck_assert(mci_mailbox_view(mci_map(), act->other, &box));
        /* Nobody receives in "first": then all of them wait. */
        if (one.status != MCAPI_SUCCESS
            || (mci_mailbox_free_cells(&box) == box.depth
                && !eventually((atomic_load(&box.head->event[MCI_RECEIVE]) & MCI_EVENT_BITS)
                               != 0)))
            break;
    }
}

void messages_survive(struct stage *stage)
{
    uint32_t accepted = atomic_load(&all->accepted);
    struct act act = { .endpoint = stage->peers };

    scene_recover();
    send_last_word(stage->peers);
    if (stage->endpoint == 0)
        child_do(scene_peer, act_receive_until_last, &act);
    else
        scene_comes_back(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_msg(act.count == 0, "not what was sent, after %u", (unsigned)act.word);
    ck_assert_msg(act.word == accepted || act.word == accepted + 1,
                  "%u were accepted, and %u came", accepted, (unsigned)act.word);
    scene_remove(scene_peer, stage->peers);
}

/* --- Receiving ------------------------------------------------------------------------ */

void mailbox_full_set_up(struct stage *stage)
{
    mcapi_endpoint_t victims = create(stage->victim);

    pair_set(stage->victim, victims, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    stage->peers = create(scene_peer);
    child_begin(scene_peer, act_send_messages,
                &(struct act){ .endpoint = stage->peers,
                               .other = victims,
                               .size = SMALL,
                               .count = 3 * DEPTH });
    ck_assert(eventually(atomic_load(&all->accepted) == DEPTH));
    scene_blocked(scene_peer);
    stage->act = (struct act){ .endpoint = victims };
}

void act_messages_receive(struct act *act)
{
    char bytes[LARGEST];

    for (uint32_t i = 0; i < 2 * DEPTH; i++)
        mcapi_msg_recv(act->endpoint, bytes, sizeof bytes, &act->size, &act->status);
}

/* Messages to one who is no more are accepted, and dropped. */
void mailbox_full_survive(struct stage *stage)
{
    struct act act;

    scene_comes_back(scene_peer, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.word, 3 * DEPTH);
    scene_recover();
    scene_remove(scene_peer, stage->peers);
}

/* --- What a dead sender leaves -------------------------------------------------------- */

void cell_left_set_up(struct stage *stage)
{
    struct child *other = child_start(CHILD_PROCESS, OTHER_NODE);
    struct act act;

    stage->peers = create(scene_peer);
    pair_set(scene_peer, stage->peers, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, DEPTH);
    act = (struct act){
        .endpoint = create(other),
        .other = stage->peers,
        .size = SMALL,
        .count = 2,
    };
    scene_arm(other, MCI_CRASH_message_filled, 2);
    child_begin(other, act_send_messages, &act);
    ck_assert(scene_dies(other));
    stage->act = (struct act){ .node = VICTIM_NODE };
}

void cell_left_survive(struct stage *stage)
{
    struct act act = { .endpoint = stage->peers };
    uint32_t room = 0;

    scene_recover();
    expect(MCAPI_SUCCESS,
           mcapi_endpoint_get_attribute(stage->peers, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &room,
                                        sizeof room, &status));
    ck_assert_uint_eq(room, DEPTH - 1);
    send_last_word(stage->peers);
    child_do(scene_peer, act_receive_until_last, &act);
    expect_status(MCAPI_SUCCESS, act.status);
    ck_assert_uint_eq(act.word, 1);
    scene_remove(scene_peer, stage->peers);
}
