/* SPDX-License-Identifier: MIT */
/* operations.c - the table of operations, and what their parts share. */
#include "crash/kill/operations.h"

#include <string.h>

#include "runtime/runtime.h"
#include "segment/event.h"

static const struct table {
    const struct operation *operations;
    const size_t *count;
} tables[] = {
    { control_operations, &control_operation_count },
    { wait_operations, &wait_operation_count },
    { data_operations, &data_operation_count },
    { more_operations, &more_operation_count },
    { look_operations, &look_operation_count },
    { message_operations, &message_operation_count },
};
enum { TABLES = sizeof tables / sizeof tables[0] };

const struct operation *operation_at(size_t index)
{
    for (size_t i = 0; i < TABLES; i++) {
        if (index < *tables[i].count)
            return &tables[i].operations[index];
        index -= *tables[i].count;
    }
    return NULL;
}

size_t operation_count(void)
{
    size_t count = 0;

    for (size_t i = 0; i < TABLES; i++)
        count += *tables[i].count;
    return count;
}

const struct operation *operation_named(const char *name)
{
    if (strcmp(mixed_operation.name, name) == 0)
        return &mixed_operation;
    for (size_t i = 0; i < operation_count(); i++)
        if (strcmp(operation_at(i)->name, name) == 0)
            return operation_at(i);
    return NULL;
}

/* --- Calls ---------------------------------------------------------------------------- */

mcapi_endpoint_t create(mcapi_port_t port)
{
    mcapi_endpoint_t endpoint = 0;

    MUST(endpoint = mcapi_endpoint_create(port, &status));
    return endpoint;
}

void set(mcapi_endpoint_t endpoint, mcapi_uint_t attribute, uint32_t value)
{
    MUST(mcapi_endpoint_set_attribute(endpoint, attribute, &value, sizeof value, &status));
}

void connect_ends(enum kind kind, mcapi_endpoint_t send, mcapi_endpoint_t receive)
{
    mcapi_request_t request;

    if (kind == PACKETS)
        MUST(mcapi_pktchan_connect_i(send, receive, &request, &status));
    else
        MUST(mcapi_sclchan_connect_i(send, receive, &request, &status));
}

void open_send(enum kind kind, mcapi_endpoint_t send, mcapi_request_t *request)
{
    mcapi_endpoint_t handle;

    if (kind == PACKETS)
        MUST(mcapi_pktchan_send_open_i(&handle, send, request, &status));
    else
        MUST(mcapi_sclchan_send_open_i(&handle, send, request, &status));
}

void open_receive(enum kind kind, mcapi_endpoint_t receive, mcapi_request_t *request)
{
    mcapi_endpoint_t handle;

    if (kind == PACKETS)
        MUST(mcapi_pktchan_recv_open_i(&handle, receive, request, &status));
    else
        MUST(mcapi_sclchan_recv_open_i(&handle, receive, request, &status));
}

void close_send(enum kind kind, mcapi_endpoint_t send)
{
    mcapi_request_t request;

    if (kind == PACKETS)
        MUST(mcapi_pktchan_send_close_i(send, &request, &status));
    else
        MUST(mcapi_sclchan_send_close_i(send, &request, &status));
}

void close_receive(enum kind kind, mcapi_endpoint_t receive)
{
    mcapi_request_t request;

    if (kind == PACKETS)
        MUST(mcapi_pktchan_recv_close_i(receive, &request, &status));
    else
        MUST(mcapi_sclchan_recv_close_i(receive, &request, &status));
}

void remove_endpoint(mcapi_endpoint_t endpoint)
{
    static void (*const close[])(mcapi_endpoint_t, mcapi_request_t *, mcapi_status_t *) = {
        mcapi_pktchan_send_close_i,
        mcapi_pktchan_recv_close_i,
        mcapi_sclchan_send_close_i,
        mcapi_sclchan_recv_close_i,
    };
    mcapi_request_t request;
    mcapi_status_t ignored;

    for (size_t i = 0; i < sizeof close / sizeof close[0]; i++)
        close[i](endpoint, &request, &ignored);
    MUST(mcapi_endpoint_delete(endpoint, &status));
}

mcapi_endpoint_t wait_for(_Atomic mcapi_endpoint_t *place)
{
    until(atomic_load(place) != 0);
    return atomic_load(place);
}

/* --- Numbers -------------------------------------------------------------------------- */

uint32_t word_of(uint32_t number)
{
    return board->round << 8 | number;
}

uint32_t number_of(uint32_t word)
{
    if (word >> 8 != board->round)
        violate("%#x came in round %#x: nobody has sent it", word, board->round);
    return word & 0xff;
}

void fill(uint32_t *words, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = word_of(number) + (uint32_t)i;
}

mcapi_status_t send_numbers(enum kind kind, mcapi_endpoint_t at, size_t size, uint32_t first,
                            uint32_t count)
{
    uint32_t words[LARGE / sizeof(uint32_t)];
    mcapi_status_t status = MCAPI_SUCCESS;

    for (uint32_t i = first; i < first + count; i++) {
        fill(words, size, i);
        if (kind == PACKETS)
            CALL(mcapi_pktchan_send(at, words, size, &status));
        else
            CALL(mcapi_sclchan_send_uint32(at, word_of(i), &status));
        if (status != MCAPI_SUCCESS)
            break;
        atomic_fetch_add(&board->accepted, 1);
    }
    return status;
}

void note(uint32_t number)
{
    if (number >= NUMBERS) {
        violate("number %u came, which nobody has sent", number);
        return;
    }
    if ((atomic_fetch_or(&board->seen, UINT64_C(1) << number) >> number & 1) != 0)
        violate("number %u came twice", number);
    atomic_fetch_add(&board->came, 1);
}

/* The next one, if there is any. */
static mcapi_status_t receive_number(enum kind kind, mcapi_endpoint_t at, uint32_t wanted)
{
    uint32_t words[LARGE / sizeof(uint32_t)];
    mcapi_status_t status = MCAPI_ERR_GENERAL;
    uint32_t number = 0;
    void *packet = NULL;
    size_t size = 0;

    if (kind == SCALARS) {
        CALL(number = mcapi_sclchan_recv_uint32(at, &status));
        if (status != MCAPI_SUCCESS)
            return status;
        number = number_of(number);
    } else {
        CALL(mcapi_pktchan_recv(at, &packet, &size, &status));
        if (status != MCAPI_SUCCESS)
            return status;
        if (size < sizeof number || size > sizeof words) {
            violate("a packet of %zu bytes", size);
            return MCAPI_ERR_GENERAL;
        }
        memcpy(&number, packet, sizeof number);
        number = number_of(number);
        fill(words, size, number);
        if (memcmp(words, packet, size) != 0)
            violate("packet %u is not what was sent", number);
        MUST(mcapi_pktchan_release(packet, &status));
    }
    if (number != wanted)
        violate("number %u came, not %u", number, wanted);
    note(number);
    return status;
}

mcapi_status_t receive_numbers(enum kind kind, mcapi_endpoint_t at, uint32_t count)
{
    mcapi_status_t status = MCAPI_SUCCESS;

    for (uint32_t i = 0; i < count && status == MCAPI_SUCCESS; i++)
        status = receive_number(kind, at, atomic_load(&board->came));
    return status;
}

void all_came(void)
{
    uint32_t accepted = atomic_load(&board->accepted);
    uint32_t came = atomic_load(&board->came);
    uint64_t seen = atomic_load(&board->seen);

    if (came < accepted || came > accepted + atomic_load(&board->on_way))
        violate("%u were accepted, and %u came", accepted, came);
    if (seen != (came == 64 ? ~UINT64_C(0) : (UINT64_C(1) << came) - 1))
        violate("%u came, but not the first %u: %#llx", came, came, (unsigned long long)seen);
}

/* --- Looking -------------------------------------------------------------------------- */

bool is_announced(const _Atomic uint32_t *event)
{
    return (atomic_load(event) & (MCI_EVENT_SLEEPER | MCI_EVENT_BELL)) != 0;
}

bool sleeps(mcapi_endpoint_t endpoint, int side)
{
    const struct mci_map *map = mci_map();
    uint32_t link = atomic_load(&map->endpoints[endpoint & 0xffff].channel);

    return link != 0 && is_announced(&map->channels[link - 1].event[side]);
}

void peer_is_back(mcapi_status_t or_else)
{
    let_go_on();
    if (!scene_peer_back())
        return;
    if (board->status != or_else && board->status != MCAPI_ERR_TRANSMISSION)
        violate("the peer's call ended with status %u", board->status);
}
