/* SPDX-License-Identifier: MIT */
/*
 * operations_message.c - deaths while messages are sent, received and waited for.
 *
 * A receiver of messages is not told of a death. It gets what was accepted, perhaps the one on
 * its way, and then the test's last word.
 */
#include <sched.h>
#include <string.h>

#include "crash/kill/operations.h"
#include "runtime/runtime.h"
#include "segment/mailbox.h"

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])

enum {
    SENT = 3,
    LAST_PRIORITY = MCAPI_MAX_PRIORITY,
    LEVELS = MCAPI_MAX_PRIORITY + 1, /* numbers take turns on all of them */
};
static const uint32_t LAST_WORD = UINT32_MAX;

static mcapi_status_t send_messages(mcapi_endpoint_t from, mcapi_endpoint_t to, size_t size,
                                    uint32_t first, uint32_t count)
{
    uint32_t words[LARGE / sizeof(uint32_t)];
    mcapi_status_t status = MCAPI_SUCCESS;

    for (uint32_t i = first; i < first + count && status == MCAPI_SUCCESS; i++) {
        fill(words, size, i);
        CALL(mcapi_msg_send(from, to, words, size, i % LEVELS, &status));
        if (status == MCAPI_SUCCESS)
            atomic_fetch_add(&board->accepted, 1);
    }
    return status;
}

/* Looks at one message; false: it is the last word. `last` has the last number of each
 * priority, plus one. */
static bool look_at(const uint32_t *words, size_t size, uint32_t last[LEVELS])
{
    uint32_t right[LARGE / sizeof(uint32_t)];
    uint32_t number;

    if (words[0] == LAST_WORD)
        return false;
    number = number_of(words[0]);
    fill(right, size, number);
    if (size < sizeof number || memcmp(right, words, size) != 0)
        violate("message %u is not what was sent", number);
    if (number < last[number % LEVELS])
        violate("message %u came after %u", number, last[number % LEVELS] - 1);
    last[number % LEVELS] = number + 1;
    note(number);
    return true;
}

static mcapi_status_t receive_messages(mcapi_endpoint_t at, uint32_t count)
{
    uint32_t words[LARGE / sizeof(uint32_t)];
    uint32_t last[LEVELS] = { 0 };
    mcapi_status_t status = MCAPI_SUCCESS;
    size_t size = 0;

    for (uint32_t i = 0; i < count; i++) {
        CALL(mcapi_msg_recv(at, words, sizeof words, &size, &status));
        if (status != MCAPI_SUCCESS || !look_at(words, size, last))
            break;
    }
    return status;
}

static mcapi_endpoint_t mailbox_of(uint32_t depth, mcapi_port_t port)
{
    mcapi_endpoint_t here = create(port);

    if (depth != 0)
        set(here, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, depth);
    return here;
}

/* Somebody sleeps at the mailbox, for messages or for room. */
static bool sleeps_at(mcapi_endpoint_t endpoint, int side)
{
    struct mci_mailbox box;

    return mci_mailbox_view(mci_map(), endpoint, &box) && is_announced(&box.head->event[side]);
}

/* --- The victim sends ----------------------------------------------------------------- */

static void peer_receives_until_last(uint32_t depth, bool at_once)
{
    mcapi_endpoint_t here = mailbox_of(depth, PEER_PORT);

    atomic_store(P(0), here);
    atomic_store(&board->ready, 1);
    if (!at_once || atomic_load(&board->holds) != 0)
        wait_to_go_on();
    board->status = receive_messages(here, UINT32_MAX);
    remove_endpoint(here);
}

static void peer_receives_messages(void)
{
    peer_receives_until_last(0, true);
}

/* Nobody has ever received here: there is no mailbox yet. */
static void peer_receives_later(void)
{
    peer_receives_until_last(0, false);
}

/* One at a time, whenever the victim waits for room. */
static void peer_receives_slowly(void)
{
    mcapi_endpoint_t here = mailbox_of(DEPTH, PEER_PORT);
    uint32_t words[LARGE / sizeof(uint32_t)], last[LEVELS] = { 0 };
    size_t size;

    atomic_store(P(0), here);
    for (;;) {
        until(atomic_load(&board->dead) != 0 || sleeps_at(here, MCI_SEND));
        if (atomic_load(&board->dead) != 0)
            break;
        MUST(mcapi_msg_recv(here, words, sizeof words, &size, &status));
        look_at(words, size, last);
    }
    wait_to_go_on();
    board->status = receive_messages(here, UINT32_MAX);
    remove_endpoint(here);
}

static void send_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
    wait_for(P(0));
}

static void send_to_sleeper(size_t size)
{
    mcapi_endpoint_t to = atomic_load(P(0));

    for (uint32_t i = 0; i < SENT; i++) {
        if (atomic_load(&board->holds) == 0)
            until(sleeps_at(to, MCI_RECEIVE));
        if (send_messages(atomic_load(V(0)), to, size, i, 1) != MCAPI_SUCCESS)
            violate("a message is refused");
    }
}

/* The test looks only where the peer receives all the time. */
static bool sleeper_expected;

static void with_sleeper(void)
{
    sleeper_expected = true;
}

static void without_sleeper(void)
{
    sleeper_expected = false;
}

static void send_small_run(void)
{
    send_to_sleeper(SMALL);
}

static void send_large_run(void)
{
    send_to_sleeper(LARGE);
}

static void send_first_run(void)
{
    if (send_messages(atomic_load(V(0)), atomic_load(P(0)), SMALL, 0, SENT) != MCAPI_SUCCESS)
        violate("a message is refused");
}

static void send_beyond_run(void)
{
    if (send_messages(atomic_load(V(0)), atomic_load(P(0)), SMALL, 0, 2 * DEPTH)
        != MCAPI_SUCCESS)
        violate("a message that waits for room is refused");
}

/* It comes behind all that was sent before: none is less urgent. */
static void say_last_word(mcapi_endpoint_t to)
{
    mcapi_endpoint_t here = create(TEST_PORT);

    MUST(mcapi_msg_send(here, to, &LAST_WORD, sizeof LAST_WORD, LAST_PRIORITY, &status));
    remove_endpoint(here);
}

/* What lies in the peer's mailbox: messages that wait, cells that are neither free nor in a
 * slot. */
static uint32_t waiting_there(uint32_t *lost)
{
    struct mci_mailbox box;
    uint32_t full = 0;

    *lost = 0;
    if (!mci_mailbox_view(mci_map(), atomic_load(P(0)), &box))
        return 0;
    for (uint32_t level = 0; level < box.levels; level++)
        for (uint32_t i = 0; i <= box.mask; i++)
            full += (atomic_load(&box.slots[level * box.stride + i]) & MCI_SLOT_FULL) != 0;
    *lost = box.depth - mci_mailbox_free_cells(&box) - full;
    return full;
}

static uint32_t cells_lost(void)
{
    uint32_t lost;

    waiting_there(&lost);
    return lost;
}

/* Who sleeps at its mailbox is woken for a message whose sender died before it could: by the
 * kernel, before anybody recovers that one. */
static void nothing_is_slept_through(void)
{
    int64_t deadline = now_us() + LATEST_US;
    uint32_t lost;

    if (atomic_load(&board->holds) != 0 || !sleeper_expected)
        return;
    while (waiting_there(&lost) > 0 && now_us() < deadline)
        sched_yield();
    if (waiting_there(&lost) > 0)
        violate("the receiver sleeps, and a message of the dead waits for it");
}

static void messages_survive(void)
{
    nothing_is_slept_through();
    scene_recover();
    until(cells_lost() == 0);
    let_go_on();
    say_last_word(wait_for(P(0)));
    if (scene_peer_back() && board->status != MCAPI_SUCCESS)
        violate("the peer's receive ended with status %u", board->status);
    all_came();
}

/* --- The victim receives -------------------------------------------------------------- */

/* Messages to one who is no more are accepted, and dropped. */
static void peer_sends_messages(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_endpoint_t to = wait_for(V(0));
    mcapi_status_t status;

    if (send_messages(here, to, SMALL, 0, DEPTH) != MCAPI_SUCCESS)
        violate("a message is refused");
    about_to_block();
    status = send_messages(here, to, SMALL, DEPTH, 2 * DEPTH);
    if (status == MCAPI_ERR_ENDP_DELETED || status == MCAPI_SUCCESS)
        is_back(MCAPI_ERR_TRANSMISSION);
    else
        is_back(status);
    remove_endpoint(here);
}

static void receive_set_up(void)
{
    mcapi_endpoint_t here = mailbox_of(DEPTH, VICTIM_PORT);

    atomic_store(V(0), here);
    if (atomic_load(&board->holds) == 0)
        until(sleeps_at(here, MCI_SEND));
    else
        until(atomic_load(&board->ready) != 0);
}

static void receive_run(void)
{
    if (receive_messages(atomic_load(V(0)), certain()) != MCAPI_SUCCESS)
        violate("a receive of what was sent is refused");
}

static void posted_run(void)
{
    char bytes[DEPTH][SMALL];
    mcapi_request_t request[DEPTH];
    size_t size;

    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_msg_recv_i(atomic_load(V(0)), bytes[i], SMALL, &request[i], &status));
    for (uint32_t i = 0; i < DEPTH; i++)
        MUST(mcapi_wait(&request[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
}

static void message_sender_survives(void)
{
    peer_is_back(MCAPI_SUCCESS);
}

/* The victim sleeps before each of them comes. */
static void peer_sends_messages_to_sleeper(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_endpoint_t to = wait_for(V(0));

    atomic_store(P(0), here);
    for (uint32_t i = 0; i < DEPTH; i++) {
        until(atomic_load(&board->dead) != 0 || atomic_load(&board->holds) != 0
              || sleeps_at(to, MCI_RECEIVE));
        send_messages(here, to, SMALL, i, 1);
    }
    wait_to_go_on();
    remove_endpoint(here);
}

static void wait_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
    wait_for(P(0));
}

/* --- Requests, and the end of an endpoint ----------------------------------------------- */

/* One receive is posted at any time, and waited for. */
static void peer_receives_posted(void)
{
    mcapi_endpoint_t here = mailbox_of(0, PEER_PORT);
    uint32_t words[LARGE / sizeof(uint32_t)], last[LEVELS] = { 0 };
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size = 0;

    atomic_store(P(0), here);
    do {
        CALL(mcapi_msg_recv_i(here, words, sizeof words, &request, &status));
        if (atomic_load(&board->ready) == 0 && atomic_load(&board->holds) != 0) {
            atomic_store(&board->ready, 1);
            wait_to_go_on();
        }
        if (status == MCAPI_SUCCESS)
            CALL(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    } while (status == MCAPI_SUCCESS && look_at(words, size, last));
    board->status = status;
    remove_endpoint(here);
}

static void send_posted_run(void)
{
    uint32_t words[LEVELS][SMALL / sizeof(uint32_t)];
    mcapi_request_t request[LEVELS];
    size_t size;

    for (uint32_t i = 0; i < LEVELS; i++) {
        fill(words[i], SMALL, i);
        MUST(mcapi_msg_send_i(atomic_load(V(0)), atomic_load(P(0)), words[i], SMALL, i,
                              &request[i], &status));
        atomic_fetch_add(&board->accepted, 1);
    }
    for (uint32_t i = 0; i < LEVELS; i++)
        MUST(mcapi_wait(&request[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
}

/* On all levels, as many as there is room for if nobody receives. */
static void send_levels_run(void)
{
    if (send_messages(atomic_load(V(0)), atomic_load(P(0)), SMALL, 0, LEVELS + 4)
        != MCAPI_SUCCESS)
        violate("a message is refused");
}

static void delete_run(void)
{
    MUST(mcapi_endpoint_delete(atomic_load(V(0)), &status));
}

static void two_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
    atomic_store(V(1), create(VICTIM_PORT + 1));
}

/* Posted receives: one comes to its end, one is cancelled, one ends with the endpoint. */
static void cancel_run(void)
{
    mcapi_request_t request[3];
    uint32_t words[3], sent = 7;
    mcapi_status_t status;
    mcapi_uint_t there = 0;
    size_t size;

    for (int i = 0; i < 3; i++)
        MUST(mcapi_msg_recv_i(atomic_load(V(0)), &words[i], sizeof words[i], &request[i],
                              &status));
    MUST(mcapi_msg_send(atomic_load(V(1)), atomic_load(V(0)), &sent, sizeof sent, 0, &status));
    MUST(mcapi_wait(&request[0], &size, MCAPI_TIMEOUT_INFINITE, &status));
    MUST(mcapi_cancel(&request[1], &status));
    MUST(there = mcapi_msg_available(atomic_load(V(0)), &status));
    if (there != 0 || words[0] != sent)
        violate("%u messages are there, and %u came", there, words[0]);
    delete_run();
    CALL(mcapi_wait(&request[2], &size, MCAPI_TIMEOUT_INFINITE, &status));
    if (status != MCAPI_ERR_ENDP_DELETED)
        violate("a posted receive ends with status %u with its endpoint", status);
}

/* --- The table ------------------------------------------------------------------------ */

const struct operation message_operations[] = {
    { .name = "message-small",
      .peer = peer_receives_messages,
      .prepare = with_sleeper,
      .set_up = send_set_up,
      .run = send_small_run,
      .survive = messages_survive },
    { .name = "message-large",
      .peer = peer_receives_messages,
      .prepare = with_sleeper,
      .set_up = send_set_up,
      .run = send_large_run,
      .survive = messages_survive },
    { .name = "message-first",
      .peer = peer_receives_later,
      .prepare = without_sleeper,
      .set_up = send_set_up,
      .run = send_first_run,
      .survive = messages_survive },
    { .name = "message-beyond",
      .peer = peer_receives_slowly,
      .prepare = without_sleeper,
      .set_up = send_set_up,
      .run = send_beyond_run,
      .survive = messages_survive },
    { .name = "message-receive",
      .peer = peer_sends_messages,
      .set_up = receive_set_up,
      .run = receive_run,
      .survive = message_sender_survives },
    { .name = "message-posted",
      .peer = peer_sends_messages,
      .set_up = receive_set_up,
      .run = posted_run,
      .survive = message_sender_survives },
    { .name = "message-wait-posted",
      .peer = peer_sends_messages_to_sleeper,
      .set_up = wait_set_up,
      .run = posted_run,
      .survive = message_sender_survives },
    { .name = "message-levels",
      .peer = peer_receives_messages,
      .prepare = with_sleeper,
      .set_up = send_set_up,
      .run = send_levels_run,
      .survive = messages_survive },
    { .name = "message-to-posted",
      .peer = peer_receives_posted,
      .prepare = with_sleeper,
      .set_up = send_set_up,
      .run = send_first_run,
      .survive = messages_survive },
    { .name = "message-send-posted",
      .peer = peer_receives_messages,
      .prepare = with_sleeper,
      .set_up = send_set_up,
      .run = send_posted_run,
      .survive = messages_survive },
    { .name = "message-delete",
      .peer = peer_sends_messages,
      .set_up = receive_set_up,
      .run = delete_run,
      .survive = message_sender_survives },
    { .name = "message-cancel", .set_up = two_set_up, .run = cancel_run },
};
const size_t message_operation_count = sizeof message_operations / sizeof message_operations[0];
