/* SPDX-License-Identifier: MIT */
/*
 * live.c - deaths anywhere in a long mixed run, and in every operation, while others work: at
 * the moment of the death and while it is repaired.
 */
#include <string.h>

#include "crash/kill/engines.h"
#include "segment/layout.h"

enum { PIECES = 12 };

/* --- A piece of work, alone with one's own endpoints ---------------------------------- */

static void own_channel(enum kind kind)
{
    mcapi_endpoint_t one = create(MCAPI_PORT_ANY), other = create(MCAPI_PORT_ANY);
    mcapi_request_t request;
    uint32_t words[SMALL / sizeof(uint32_t)] = { 0 };
    void *packet = NULL;
    size_t size = 0;

    open_receive(kind, other, &request);
    connect_ends(kind, one, other);
    open_send(kind, one, &request);
    for (uint32_t i = 1; i <= 3; i++) {
        if (kind == SCALARS) {
            uint32_t word = 0;

            MUST(mcapi_sclchan_send_uint32(one, i, &status));
            MUST(word = mcapi_sclchan_recv_uint32(other, &status));
            if (word != i)
                violate("a scalar on an own channel is %u, not %u", word, i);
            continue;
        }
        words[0] = i;
        MUST(mcapi_pktchan_send(one, words, sizeof words, &status));
        MUST(mcapi_pktchan_recv(other, &packet, &size, &status));
        if (packet == NULL || memcmp(packet, words, sizeof words) != 0)
            violate("a packet on an own channel is not what was sent");
        MUST(mcapi_pktchan_release(packet, &status));
    }
    close_send(kind, one);
    close_receive(kind, other);
    MUST(mcapi_endpoint_delete(one, &status));
    MUST(mcapi_endpoint_delete(other, &status));
}

static void own_message(void)
{
    mcapi_endpoint_t one = create(MCAPI_PORT_ANY), other = create(MCAPI_PORT_ANY);
    uint32_t word = 77, came = 0;
    size_t size = 0;

    MUST(mcapi_msg_send(one, other, &word, sizeof word, 1, &status));
    MUST(mcapi_msg_recv(other, &came, sizeof came, &size, &status));
    if (came != word || size != sizeof word)
        violate("a message to an own endpoint is %u, not %u", came, word);
    MUST(mcapi_endpoint_delete(one, &status));
    MUST(mcapi_endpoint_delete(other, &status));
}

void work_a_little(void)
{
    static uint32_t turn;

    switch (turn++ % 3) {
    case 0:
        own_channel(PACKETS);
        break;
    case 1:
        own_channel(SCALARS);
        break;
    default:
        own_message();
        break;
    }
}

/* --- The mixed run -------------------------------------------------------------------- */

/* The peer receives packets all the time. */
static void mixed_peer(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    open_receive(PACKETS, here, &request);
    atomic_store(&board->p[0], here);
    wait_for(&board->v[0]);
    is_back(receive_numbers(PACKETS, here, UINT32_MAX));
    remove_endpoint(here);
}

static void mixed_set_up(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    connect_ends(PACKETS, here, wait_for(&board->p[0]));
    open_send(PACKETS, here, &request);
    atomic_store(&board->v[0], here);
}

static void mixed_run(void)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        mcapi_endpoint_t peers = 0;

        if (send_numbers(PACKETS, atomic_load(&board->v[0]), i % 3 == 0 ? LARGE : SMALL, 2 * i,
                         2)
            != MCAPI_SUCCESS)
            violate("the victim's channel refuses a send");
        MUST(peers = mcapi_endpoint_get(0, PEER_NODE, PEER_PORT, MCAPI_TIMEOUT_INFINITE,
                                        &status));
        work_a_little();
        MUST(mcapi_endpoint_release(peers, &status));
    }
}

static void mixed_survive(void)
{
    scene_recover(); /* at once, whoever else does */
    peer_is_back(MCAPI_ERR_TRANSMISSION);
    all_came();
}

const struct operation mixed_operation = {
    .name = "mixed",
    .peer = mixed_peer,
    .set_up = mixed_set_up,
    .run = mixed_run,
    .survive = mixed_survive,
};

/* --- The engine ----------------------------------------------------------------------- */

static struct life some_life(void)
{
    const struct trace *trace;
    struct life life = { .way = LIFE_PLANTED, .how = DEATH_KILL };

    do
        trace = &traces[random_number() % operation_count()];
    while (trace->count == 0);
    life.operation = trace->operation;
    life.boundary = trace->boundary[random_number() % trace->count];
    if (random_number() % 3 != 0) {
        life.operation = &mixed_operation;
        life.boundary.occurrence = (uint32_t)(random_number() % (1u << random_number() % 6));
    }
    return life;
}

void engine_live(const struct work *work)
{
    int64_t begun = now_us();

    if (work->count[ENGINE_LIVE] == 0)
        return;
    scene_start_busy(work_a_little);
    for (uint64_t i = work->worker; i < work->count[ENGINE_LIVE]; i += work->workers) {
        struct life life = some_life();

        round_of(ENGINE_LIVE, &life);
        round_violated(work, ENGINE_LIVE, &life);
    }
    scene_end_busy();
    atomic_fetch_add(&totals->worked, atomic_load(&board->worked));
    atomic_fetch_add(&totals->spent_us[ENGINE_LIVE], now_us() - begun);
}
