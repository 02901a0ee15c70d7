/* SPDX-License-Identifier: MIT */
/* soak_way.c - what all ways of the soak test have in common: items, states, the log. */
#include <mcapi_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash/soak/soak.h"
#include "support/eventually.h"
#include "support/expect.h"

enum {
    NOTICED_US = 100 * 1000, /* what the contract promises */
    /* ...and what cannot be the machine's fault: who was not woken sleeps for longer. */
    LATEST_US = 900 * 1000,
};

struct soak *soak;

void soak_fail(const char *format, ...)
{
    va_list arguments;

    if (atomic_exchange(&soak->failed, true))
        return;
    va_start(arguments, format);
    vsnprintf(soak->failure, sizeof soak->failure, format, arguments);
    va_end(arguments);
}

/* --- Items ----------------------------------------------------------------------------- */

static uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t seed_of(uint32_t connection, uint32_t number)
{
    return mixed(soak->seed ^ (uint64_t)connection << 32 ^ number);
}

uint32_t item_fill(unsigned char *bytes, uint32_t connection, uint32_t number)
{
    uint64_t seed = seed_of(connection, number);
    /* Mostly within a slot, some in two lines, some with room of their own. */
    uint32_t size = seed % 7 == 0 ? 12 + (uint32_t)(seed >> 8) % (LARGEST - 12)
                                  : 12 + (uint32_t)(seed >> 8) % 110;
    uint32_t head[3] = { connection, number, size };

    memcpy(bytes, head, sizeof head);
    for (uint32_t i = sizeof head; i < size; i++)
        bytes[i] = (unsigned char)(seed >> i % 8 * 8) + (unsigned char)i;
    return size;
}

bool item_is(const unsigned char *bytes, size_t size, uint32_t connection, uint32_t number)
{
    unsigned char wanted[LARGEST];

    return size == item_fill(wanted, connection, number) && memcmp(bytes, wanted, size) == 0;
}

uint32_t item_connection(const unsigned char *bytes)
{
    uint32_t head;

    memcpy(&head, bytes, sizeof head);
    return head;
}

uint32_t item_number(const unsigned char *bytes)
{
    return item_connection(bytes + 4);
}

uint32_t scalar_width(uint32_t connection, uint32_t number)
{
    return 1u << seed_of(connection, number / BURST) % 4;
}

uint64_t scalar_value(uint32_t connection, uint32_t number)
{
    uint64_t value = seed_of(connection, number) ^ number;
    uint32_t width = scalar_width(connection, number);

    return width == 8 ? value : value & ((UINT64_C(1) << width * 8) - 1);
}

/* --- Ways ------------------------------------------------------------------------------ */

void way_begin(struct way *way, uint32_t seat, uint32_t index, bool alone)
{
    static const uint32_t distance[SEND_WAYS] = { 1, 2, 5, 3, 6 };
    static const enum kind kinds[SEND_WAYS] = { KIND_PACKETS, KIND_SCALARS, KIND_PACKETS,
                                                KIND_MESSAGES, KIND_MESSAGES };
    uint32_t number = index % SEND_WAYS;

    *way = (struct way){
        .seat = seat,
        .index = index,
        .kind = kinds[number],
        .peer = (seat + (index < SEND_WAYS ? distance[number] : SEATS - distance[number]))
              % SEATS,
        .alone = alone,
        .activity = &soak->activity[seat][index],
        .fd = -1,
    };
    way->dice.state =
            mixed(soak->seed + atomic_load(&soak->life[seat]) * 1000 + seat * 100 + index) | 1;
}

void way_unexpected(struct way *way, const char *call, mcapi_status_t status)
{
    if (status == MCAPI_ERR_NODE_NOTINIT || way_is_stale(way)) {
        way_lost(way);
        return;
    }
    soak_fail("seat %u, way %u: %s says %s (connection %u, item %u)", way->seat, way->index,
              call, status_name(status), way->connection, way->next);
}

void way_lost(struct way *way)
{
    CALL(way, "nothing, for it has no node");
    way->state = WAY_NONE;
    way->end = 0;
}

int64_t waited_for_processor(void)
{
    char line[64];
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    unsigned long long ran, waited = 0;

    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL || sscanf(line, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    fclose(file);
    return (int64_t)(waited / 1000);
}

/* Whoever was blocked when that was certain, and has had a processor since. */
void way_notices_death(struct way *way)
{
    int64_t died = atomic_load(&soak->died_at[way->peer]);
    int64_t stopped = atomic_load(&soak->stopped_until);
    int64_t late;

    atomic_fetch_add(&soak->noticed, 1);
    if (died == 0 || way->blocked_since >= died)
        return; /* before it was certain */
    late = now_us() - (stopped > died ? stopped : died)
         - (waited_for_processor() - way->waited);
    if (late > NOTICED_US)
        atomic_fetch_add(&soak->noticed_late, 1);
    if (late > atomic_load(&soak->slowest))
        atomic_store(&soak->slowest, late);
    if (late > LATEST_US)
        soak_fail("seat %u, way %u: noticed the death of seat %u after %lld ms", way->seat,
                  way->index, way->peer, (long long)late / 1000);
}

/* The endpoint of this end; a sender's waits for ever, sometimes. */
static bool way_create(struct way *way)
{
    mcapi_port_t port =
            way_sends(way) ? SEND_PORT + way->index : RECEIVE_PORT + way->index - SEND_WAYS;
    mcapi_timeout_t timeout = !way->alone              ? 2
                            : draw(&way->dice, 2) == 0 ? MCAPI_TIMEOUT_INFINITE
                                                       : 1 + draw(&way->dice, 50);
    mcapi_status_t status;

    way->generation = atomic_load(&soak->finalized_so_often[way->seat]);
    if ((way->generation & 1) != 0)
        return false;
    way->end = mcapi_endpoint_create(port, &status);
    if (status != MCAPI_SUCCESS) {
        way->end = 0;
        way_unexpected(way, "mcapi_endpoint_create", status);
        return false;
    }
    if (way_is_stale(way)) { /* which node is it of? */
        mcapi_endpoint_delete(way->end, &status);
        way->end = 0;
        return false;
    }
    mcapi_endpoint_set_attribute(way->end, MCAPI_ENDP_ATTR_TIMEOUT, &timeout, sizeof timeout,
                                 &status);
    if (!way_sends(way) && way->index - SEND_WAYS == INBOX)
        atomic_store(&soak->inbox[way->seat], way->end);
    way->state = WAY_IDLE;
    return true;
}

bool way_step(struct way *way)
{
    uint32_t quiet = atomic_load(&soak->quiet);

    if (way->state == WAY_NONE && !way_create(way))
        return false;
    /* Who rests makes no call that would tell. */
    if (way_is_stale(way)) {
        way_lost(way);
        return false;
    }
    if ((quiet & 1) != 0 && way_sends(way)
        && (way->kind == KIND_MESSAGES || way->state == WAY_IDLE)) {
        atomic_store(&way->activity->rests_in, quiet);
        return false;
    }
    if (way_sends(way))
        return way->kind == KIND_MESSAGES ? way_send_message(way) : way_send(way);
    return way->kind == KIND_MESSAGES ? way_receive_messages(way) : way_receive(way);
}
