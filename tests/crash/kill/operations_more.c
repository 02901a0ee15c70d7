/* SPDX-License-Identifier: MIT */
/*
 * operations_more.c - deaths in what goes beyond single packets, scalars and messages: bursts,
 * packets by reference, scalars of each width.
 */
#include <mcapi_ext.h>
#include <string.h>

#include "crash/kill/operations.h"
#include "segment/layout.h"

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])

enum { SENT = 3, WORDS = SMALL / sizeof(uint32_t), WIDTHS = 4, OF_A_WIDTH = 4 };

/* --- Bursts of packets ---------------------------------------------------------------- */

/* From `first` on; how many were sent. */
static uint32_t send_burst(uint32_t first, uint32_t count)
{
    uint32_t words[2 * DEPTH][WORDS];
    const void *packets[2 * DEPTH];
    size_t sizes[2 * DEPTH], sent = 0;

    for (uint32_t i = 0; i < count; i++) {
        fill(words[i], SMALL, first + i);
        packets[i] = words[i];
        sizes[i] = SMALL;
    }
    atomic_store(&board->on_way, count);
    MUST(sent = mcapi_ext_pktchan_send_burst(atomic_load(V(0)), packets, sizes, count,
                                             &status));
    atomic_fetch_add(&board->accepted, (uint32_t)sent);
    return (uint32_t)sent;
}

static void send_burst_run(void)
{
    for (uint32_t i = 0; i < SENT * SENT; i += SENT) {
        if (atomic_load(&board->holds) == 0)
            until(sleeps(atomic_load(V(0)), MCI_RECEIVE));
        if (send_burst(i, SENT) != SENT)
            violate("there is room for a burst, and it ends too early");
    }
}

/* What does not fit is for the next burst. */
static void send_burst_beyond_run(void)
{
    for (uint32_t i = 0; i < 2 * DEPTH;) {
        uint32_t sent = send_burst(i, 2 * DEPTH - i);

        if (sent == 0)
            return;
        i += sent;
    }
}

static void receive_burst_run(void)
{
    void *packets[DEPTH];
    size_t sizes[DEPTH], count = 0;

    for (uint32_t left = certain(); left > 0; left -= (uint32_t)count) {
        uint32_t room = left < DEPTH - 1 ? left : DEPTH - 1;

        count = 0;
        MUST(count = mcapi_ext_pktchan_recv_burst(atomic_load(V(0)), packets, sizes, room,
                                                  &status));
        if (count == 0 || count > room) {
            violate("a burst of %zu came", count);
            return;
        }
        for (size_t i = 0; i < count; i++)
            note(number_of(*(uint32_t *)packets[i]));
        MUST(mcapi_ext_pktchan_release_burst(packets, count, &status));
    }
}

/* --- Packets by reference ------------------------------------------------------------- */

static void *take(void)
{
    void *buffer = NULL;

    MUST(buffer = mcapi_ext_pktchan_buffer_take(atomic_load(V(0)), SMALL, &status));
    return buffer;
}

static void send_taken(void *buffer, uint32_t number)
{
    fill(buffer, SMALL, number);
    MUST(mcapi_ext_pktchan_buffer_send(atomic_load(V(0)), buffer, SMALL, &status));
    atomic_fetch_add(&board->accepted, 1);
}

static void send_reference_run(void)
{
    mcapi_boolean_t released;

    for (uint32_t i = 0; i < SENT; i++) {
        void *buffer = take();

        if (buffer == NULL)
            return;
        if (atomic_load(&board->holds) == 0)
            until(sleeps(atomic_load(V(0)), MCI_RECEIVE));
        send_taken(buffer, i);
        MUST(released = mcapi_pktchan_release_test(buffer, &status); (void)released);
    }
}

/* Sent in another order than they were taken; one is given back. */
static void give_back_run(void)
{
    void *first = take(), *second = take(), *third = take();

    if (first == NULL || second == NULL || third == NULL)
        return;
    send_taken(third, 0);
    MUST(mcapi_ext_pktchan_buffer_give_back(atomic_load(V(0)), first, &status));
    send_taken(second, 1);
    if (send_numbers(PACKETS, atomic_load(V(0)), SMALL, 2, 1) != MCAPI_SUCCESS)
        violate("a copied packet among others is refused");
}

static void take_beyond_run(void)
{
    for (uint32_t i = 0; i < 2 * DEPTH; i++) {
        void *buffer = take();

        if (buffer == NULL)
            return;
        send_taken(buffer, i);
    }
}

static void send_posted_run(void)
{
    uint32_t words[SENT][WORDS];
    mcapi_request_t request[SENT];
    size_t size;

    for (uint32_t i = 0; i < SENT; i++) {
        fill(words[i], SMALL, i);
        MUST(mcapi_pktchan_send_i(atomic_load(V(0)), words[i], SMALL, &request[i], &status));
        atomic_fetch_add(&board->accepted, 1);
    }
    for (uint32_t i = 0; i < SENT; i++)
        MUST(mcapi_wait(&request[i], &size, MCAPI_TIMEOUT_INFINITE, &status));
}

/* --- Scalars of each width ------------------------------------------------------------ */

/* Numbers go four by four in the same width. */
static unsigned width_of(uint32_t number)
{
    return number / OF_A_WIDTH % WIDTHS;
}

static uint64_t value_of(uint32_t number)
{
    static const uint64_t masks[WIDTHS] = { UINT64_MAX, UINT32_MAX, UINT16_MAX, UINT8_MAX };

    return (((uint64_t)board->round << 40) + ((uint64_t)board->round << 7) + number)
         & masks[width_of(number)];
}

static mcapi_status_t send_scalar(mcapi_endpoint_t at, uint32_t number)
{
    uint64_t value = value_of(number);
    mcapi_status_t status = MCAPI_ERR_GENERAL;

    switch (width_of(number)) {
    case 0:
        CALL(mcapi_sclchan_send_uint64(at, value, &status));
        break;
    case 1:
        CALL(mcapi_sclchan_send_uint32(at, (uint32_t)value, &status));
        break;
    case 2:
        CALL(mcapi_sclchan_send_uint16(at, (uint16_t)value, &status));
        break;
    default:
        CALL(mcapi_sclchan_send_uint8(at, (uint8_t)value, &status));
        break;
    }
    if (status == MCAPI_SUCCESS)
        atomic_fetch_add(&board->accepted, 1);
    return status;
}

static mcapi_status_t receive_scalar(mcapi_endpoint_t at)
{
    uint32_t number = atomic_load(&board->came);
    mcapi_status_t status = MCAPI_ERR_GENERAL;
    uint64_t value = 0;

    switch (width_of(number)) {
    case 0:
        CALL(value = mcapi_sclchan_recv_uint64(at, &status));
        break;
    case 1:
        CALL(value = mcapi_sclchan_recv_uint32(at, &status));
        break;
    case 2:
        CALL(value = mcapi_sclchan_recv_uint16(at, &status));
        break;
    default:
        CALL(value = mcapi_sclchan_recv_uint8(at, &status));
        break;
    }
    if (status != MCAPI_SUCCESS)
        return status;
    if (value != value_of(number))
        violate("scalar %u came as %#llx", number, (unsigned long long)value);
    note(number);
    return status;
}

/* One burst of a width: the numbers from `first` on. */
static size_t send_scalar_burst(mcapi_endpoint_t at, uint32_t first)
{
    uint64_t words64[OF_A_WIDTH];
    uint32_t words32[OF_A_WIDTH];
    uint16_t words16[OF_A_WIDTH];
    uint8_t words8[OF_A_WIDTH];
    mcapi_status_t status = MCAPI_ERR_GENERAL;
    size_t sent = 0;

    for (uint32_t i = 0; i < OF_A_WIDTH; i++) {
        words64[i] = value_of(first + i);
        words32[i] = (uint32_t)words64[i];
        words16[i] = (uint16_t)words64[i];
        words8[i] = (uint8_t)words64[i];
    }
    switch (width_of(first)) {
    case 0:
        CALL(sent = mcapi_ext_sclchan_send_burst_uint64(at, (void *)words64, OF_A_WIDTH,
                                                        &status));
        break;
    case 1:
        CALL(sent = mcapi_ext_sclchan_send_burst_uint32(at, words32, OF_A_WIDTH, &status));
        break;
    case 2:
        CALL(sent = mcapi_ext_sclchan_send_burst_uint16(at, words16, OF_A_WIDTH, &status));
        break;
    default:
        CALL(sent = mcapi_ext_sclchan_send_burst_uint8(at, words8, OF_A_WIDTH, &status));
        break;
    }
    atomic_fetch_add(&board->accepted, (uint32_t)sent);
    return sent;
}

/* As many of one width as are there, from the one that is next. */
static size_t receive_scalar_burst(mcapi_endpoint_t at)
{
    uint64_t words64[OF_A_WIDTH] = { 0 };
    uint32_t words32[OF_A_WIDTH] = { 0 };
    uint16_t words16[OF_A_WIDTH] = { 0 };
    uint8_t words8[OF_A_WIDTH] = { 0 };
    uint32_t next = atomic_load(&board->came);
    size_t room = OF_A_WIDTH - next % OF_A_WIDTH, count = 0;

    switch (width_of(next)) {
    case 0:
        MUST(count = mcapi_ext_sclchan_recv_burst_uint64(at, (void *)words64, room, &status));
        break;
    case 1:
        MUST(count = mcapi_ext_sclchan_recv_burst_uint32(at, words32, room, &status));
        break;
    case 2:
        MUST(count = mcapi_ext_sclchan_recv_burst_uint16(at, words16, room, &status));
        break;
    default:
        MUST(count = mcapi_ext_sclchan_recv_burst_uint8(at, words8, room, &status));
        break;
    }
    for (uint32_t i = 0; i < count && i < room; i++) {
        uint64_t value = words64[i] | words32[i] | words16[i] | words8[i];

        if (value != value_of(next + i))
            violate("scalar %u of a burst is %#llx", next + i, (unsigned long long)value);
        note(next + i);
    }
    return count;
}

static void peer_receives_widths(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;
    mcapi_status_t status;

    open_receive(SCALARS, here, &request);
    atomic_store(P(0), here);
    wait_for(V(0));
    about_to_block();
    do
        status = receive_scalar(here);
    while (status == MCAPI_SUCCESS);
    is_back(status);
    remove_endpoint(here);
}

static void send_widths_run(void)
{
    for (uint32_t i = 0; i < WIDTHS * OF_A_WIDTH; i++)
        if (send_scalar(atomic_load(V(0)), i) != MCAPI_SUCCESS)
            violate("scalar %u is refused", i);
}

static void send_width_bursts_run(void)
{
    atomic_store(&board->on_way, OF_A_WIDTH);
    for (uint32_t i = 0; i < WIDTHS * OF_A_WIDTH; i += OF_A_WIDTH) {
        if (atomic_load(&board->holds) == 0)
            until(sleeps(atomic_load(V(0)), MCI_RECEIVE));
        if (send_scalar_burst(atomic_load(V(0)), i) != OF_A_WIDTH)
            violate("there is room for a burst of scalars, and it ends too early");
    }
}

/* All that the victim will receive is there before it begins. */
static void peer_sends_widths(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    connect_ends(SCALARS, here, wait_for(V(0)));
    open_send(SCALARS, here, &request);
    for (uint32_t i = 0; i < WIDTHS * OF_A_WIDTH; i++)
        if (send_scalar(here, i) != MCAPI_SUCCESS)
            break;
    atomic_store(P(0), here);
    wait_to_go_on();
    remove_endpoint(here);
    board->status = MCAPI_ERR_TRANSMISSION;
}

static void receive_widths_set_up(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    open_receive(SCALARS, here, &request);
    atomic_store(V(0), here);
    wait_for(P(0));
}

static void receive_widths_run(void)
{
    for (uint32_t i = 0; i < WIDTHS * OF_A_WIDTH; i++)
        if (receive_scalar(atomic_load(V(0))) != MCAPI_SUCCESS)
            violate("scalar %u does not come", i);
}

static void receive_width_bursts_run(void)
{
    while (atomic_load(&board->came) < WIDTHS * OF_A_WIDTH)
        if (receive_scalar_burst(atomic_load(V(0))) == 0)
            return;
}

/* --- The table ------------------------------------------------------------------------ */

#define TO_PACKETS(peer_, name_, run_)                                       \
    {                                                                        \
        .name = name_, .peer = peer_, .set_up = packets_set_up, .run = run_, \
        .survive = all_survive                                               \
    }

const struct operation more_operations[] = {
    TO_PACKETS(peer_receives_packets, "send-burst", send_burst_run),
    TO_PACKETS(peer_receives_packets_slowly, "send-burst-beyond", send_burst_beyond_run),
    TO_PACKETS(peer_receives_packets, "send-reference", send_reference_run),
    TO_PACKETS(peer_receives_packets, "give-back", give_back_run),
    TO_PACKETS(peer_receives_packets_slowly, "take-beyond", take_beyond_run),
    TO_PACKETS(peer_receives_packets, "send-posted", send_posted_run),
    { .name = "receive-burst",
      .peer = peer_sends_packets,
      .set_up = receive_packets_set_up,
      .run = receive_burst_run,
      .survive = sender_survives },
    { .name = "send-widths",
      .peer = peer_receives_widths,
      .set_up = scalars_set_up,
      .run = send_widths_run,
      .survive = all_survive },
    { .name = "send-width-bursts",
      .peer = peer_receives_widths,
      .set_up = scalars_set_up,
      .run = send_width_bursts_run,
      .survive = all_survive },
    { .name = "receive-widths",
      .peer = peer_sends_widths,
      .set_up = receive_widths_set_up,
      .run = receive_widths_run,
      .survive = sender_survives },
    { .name = "receive-width-bursts",
      .peer = peer_sends_widths,
      .set_up = receive_widths_set_up,
      .run = receive_width_bursts_run,
      .survive = sender_survives },
};
const size_t more_operation_count = sizeof more_operations / sizeof more_operations[0];
