/* SPDX-License-Identifier: MIT */
/* operations_control.c - deaths under the control lock: nodes, endpoints, channels. */
#include "crash/kill/operations.h"
#include "runtime/control.h"

/* Of the channel in this round. */
static enum kind kind(void)
{
    return board->scalars ? SCALARS : PACKETS;
}

#define V(i) (&board->v[i])
#define P(i) (&board->p[i])
#define T(i) (&board->t[i])

static mcapi_endpoint_t get(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_endpoint_t endpoint = 0;

    MUST(endpoint = mcapi_endpoint_get(0, node, port, MCAPI_TIMEOUT_INFINITE, &status));
    return endpoint;
}

static void peer_goes_on(void)
{
    scene_recover();
    let_go_on();
    scene_peer_back();
}

/* --- Nodes ---------------------------------------------------------------------------- */

static void join_run(void)
{
    join_as(VICTIM_NODE);
}

static void victim_connects_to_peer(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);
    mcapi_request_t request;

    connect_ends(kind(), here, wait_for(P(0)));
    open_send(kind(), here, &request);
    atomic_store(V(0), here);
}

static void leave_set_up(void)
{
    victim_connects_to_peer();
    get(PEER_NODE, PEER_PORT);
    send_numbers(kind(), atomic_load(V(0)), SMALL, 0, 3);
    if (atomic_load(&board->holds) == 0)
        until(sleeps(atomic_load(V(0)), 1));
}

static void leave_run(void)
{
    MUST(mcapi_finalize(&status));
}

static void data_survives(void)
{
    peer_is_back(MCAPI_ERR_CHAN_INVALID);
    all_came();
}

/* --- The first and last of a topology --------------------------------------------------- */

static void alone_set_up(void)
{
    mcapi_endpoint_t one = create(VICTIM_PORT), other = create(VICTIM_PORT + 1);
    mcapi_request_t request;

    connect_ends(kind(), one, other);
    open_send(kind(), one, &request);
    open_receive(kind(), other, &request);
    send_numbers(kind(), one, SMALL, 0, 3);
}

/* --- Endpoints ------------------------------------------------------------------------ */

static void peer_gets_victims(void)
{
    mcapi_status_t status;

    about_to_block();
    CALL(mcapi_endpoint_get(0, VICTIM_NODE, VICTIM_PORT, 20000, &status));
    if (status != MCAPI_SUCCESS)
        violate("a get that waits for the victim's next life: status %u", status);
}

static void create_run(void)
{
    create(VICTIM_PORT);
}

static void create_again(void)
{
    create(VICTIM_PORT);
    let_go_on();
    scene_peer_back();
}

static void peer_owns_one(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);

    set(here, MCAPI_ENDP_ATTR_TYPE,
        board->scalars ? MCAPI_ENDP_ATTR_TYPE_SCLCHAN : MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    atomic_store(P(0), here);
    wait_to_go_on();
    remove_endpoint(here);
}

static void get_set_up(void)
{
    wait_for(P(0));
}

static void get_run(void)
{
    get(PEER_NODE, PEER_PORT);
}

static void release_set_up(void)
{
    wait_for(P(0));
    atomic_store(V(0), get(PEER_NODE, PEER_PORT));
}

static void release_run(void)
{
    MUST(mcapi_endpoint_release(atomic_load(V(0)), &status));
}

/* A channel endpoint has one getter at a time: it is free for the next. */
static void get_survives(void)
{
    mcapi_endpoint_t got;

    scene_recover();
    got = get(PEER_NODE, PEER_PORT);
    MUST(mcapi_endpoint_release(got, &status));
    peer_goes_on();
}

static void delete_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
}

static void delete_run(void)
{
    MUST(mcapi_endpoint_delete(atomic_load(V(0)), &status));
}

/* --- Connect -------------------------------------------------------------------------- */

/* One end is the test's, the other the peer's, and the victim connects them. */
static void test_opens_one(void)
{
    mcapi_endpoint_t here = create(TEST_PORT);
    mcapi_request_t request;

    open_send(kind(), here, &request);
    atomic_store(T(0), here);
}

static void peer_waits_for_packets(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    open_receive(kind(), here, &request);
    atomic_store(P(0), here);
    about_to_block();
    is_back(receive_numbers(kind(), here, UINT32_MAX));
    board->back_at = 0; /* it waits for the test, not for the death */
    remove_endpoint(here);
}

static void connect_others_run(void)
{
    connect_ends(kind(), atomic_load(T(0)), atomic_load(P(0)));
}

/* Whoever comes next connects them, if they are not; then packets flow. */
static void connect_after(mcapi_endpoint_t here)
{
    mcapi_request_t request;
    mcapi_status_t status;

    if (kind() == PACKETS)
        mcapi_pktchan_connect_i(here, atomic_load(P(0)), &request, &status);
    else
        mcapi_sclchan_connect_i(here, atomic_load(P(0)), &request, &status);
    if (status != MCAPI_SUCCESS && status != MCAPI_ERR_CHAN_CONNECTED)
        violate("connecting after the victim: status %u", status);
}

static void numbers_flow(mcapi_endpoint_t here)
{
    let_go_on();
    if (send_numbers(kind(), here, SMALL, 0, 3) != MCAPI_SUCCESS)
        violate("nothing flows over the channel");
    close_send(kind(), here);
    peer_is_back(MCAPI_ERR_CHAN_INVALID);
    all_came();
    remove_endpoint(here);
}

static void connect_others_survive(void)
{
    mcapi_endpoint_t here = atomic_load(T(0));

    connect_after(here);
    numbers_flow(here);
}

static void peer_opens_later(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    atomic_store(P(0), here);
    wait_to_go_on();
    open_receive(kind(), here, &request);
    is_back(receive_numbers(kind(), here, UINT32_MAX));
    board->back_at = 0;
    remove_endpoint(here);
}

static void connect_anew_set_up(void)
{
    wait_for(T(1));
    wait_for(P(0));
}

/* The peer's end is on a channel that the test has left and the peer has never opened. */
static void test_leaves_one(void)
{
    mcapi_endpoint_t here = create(TEST_PORT);
    mcapi_request_t request;

    connect_ends(kind(), here, wait_for(P(0)));
    open_send(kind(), here, &request);
    close_send(kind(), here);
    atomic_store(T(0), here);
    atomic_store(T(1), create(TEST_PORT + 1));
}

static void connect_anew_run(void)
{
    connect_ends(kind(), atomic_load(T(1)), atomic_load(P(0)));
}

static void connect_anew_survive(void)
{
    mcapi_endpoint_t here = atomic_load(T(1));
    mcapi_request_t request;

    connect_after(here);
    open_send(kind(), here, &request);
    numbers_flow(here);
    remove_endpoint(atomic_load(T(0)));
}

/* --- Open and close ------------------------------------------------------------------- */

/* The peer opens its end and waits until the victim has opened the other. */
static void peer_awaits_open(bool receives)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;
    mcapi_status_t status;
    size_t size;

    if (receives)
        open_receive(kind(), here, &request);
    else
        open_send(kind(), here, &request);
    atomic_store(P(0), here);
    about_to_block();
    CALL(mcapi_wait(&request, &size, MCAPI_TIMEOUT_INFINITE, &status));
    is_back(status);
    remove_endpoint(here);
}

static void peer_awaits_sender(void)
{
    peer_awaits_open(true);
}

static void peer_awaits_receiver(void)
{
    peer_awaits_open(false);
}

/* The peer sleeps, or is about to. */
static void with_the_peer_waiting(void)
{
    wait_for(P(0));
    until(atomic_load(&board->ready) != 0);
}

static void own_connect_set_up(void)
{
    atomic_store(V(0), create(VICTIM_PORT));
    with_the_peer_waiting();
}

static void own_connect_run(void)
{
    connect_ends(kind(), atomic_load(V(0)), atomic_load(P(0)));
}

static bool is_connected(mcapi_endpoint_t endpoint)
{
    return atomic_load(&mci_map()->endpoints[endpoint & 0xffff].channel) != 0;
}

/* Connected, it learns of the death. Else it still waits, and the test comes. */
static void own_connect_survive(void)
{
    mcapi_endpoint_t here;
    mcapi_request_t request;

    let_go_on();
    scene_recover();
    /* Its call was back before its endpoint left the channel. */
    if (is_connected(atomic_load(P(0))) || board->back_at != 0) {
        peer_is_back(MCAPI_ERR_TRANSMISSION);
        return;
    }
    here = create(TEST_PORT);
    connect_after(here);
    open_send(kind(), here, &request);
    peer_is_back(MCAPI_SUCCESS);
    remove_endpoint(here);
}

static void connect_receive_run(void)
{
    connect_ends(kind(), atomic_load(P(0)), atomic_load(V(0)));
}

/* The same for a peer that sends; what it waits for is to be open. */
static void connect_receive_survive(void)
{
    mcapi_endpoint_t here;
    mcapi_request_t request;

    let_go_on();
    scene_recover();
    if (is_connected(atomic_load(P(0))) || board->back_at != 0) {
        peer_is_back(MCAPI_ERR_TRANSMISSION);
        return;
    }
    here = create(TEST_PORT);
    connect_ends(kind(), atomic_load(P(0)), here);
    open_receive(kind(), here, &request);
    peer_is_back(MCAPI_SUCCESS);
    remove_endpoint(here);
}

static void open_send_set_up(void)
{
    own_connect_set_up();
    connect_ends(kind(), atomic_load(V(0)), atomic_load(P(0)));
}

static void open_send_run(void)
{
    mcapi_request_t request;

    open_send(kind(), atomic_load(V(0)), &request);
}

static void open_receive_set_up(void)
{
    own_connect_set_up();
    connect_ends(kind(), atomic_load(P(0)), atomic_load(V(0)));
}

static void open_receive_run(void)
{
    mcapi_request_t request;

    open_receive(kind(), atomic_load(V(0)), &request);
}

static void open_survives(void)
{
    let_go_on();
    peer_is_back(MCAPI_SUCCESS);
}

static mcapi_request_t pending;

static void cancel_set_up(void)
{
    mcapi_endpoint_t here = create(VICTIM_PORT);

    connect_ends(kind(), here, wait_for(P(0)));
    open_send(kind(), here, &pending);
}

static void cancel_run(void)
{
    MUST(mcapi_cancel(&pending, &status));
}

static void close_send_set_up(void)
{
    victim_connects_to_peer();
    send_numbers(kind(), atomic_load(V(0)), SMALL, 0, 3);
    if (atomic_load(&board->holds) == 0)
        until(sleeps(atomic_load(V(0)), 1));
}

static void close_send_run(void)
{
    close_send(kind(), atomic_load(V(0)));
}

/* The peer has closed its end already: the channel ends with the victim's. */
static void peer_closes_first(void)
{
    mcapi_endpoint_t here = create(PEER_PORT);
    mcapi_request_t request;

    open_receive(kind(), here, &request);
    atomic_store(P(0), here);
    wait_for(V(0));
    close_receive(kind(), here);
    atomic_store(&board->ready, 1);
    wait_to_go_on();
    remove_endpoint(here);
}

static void close_last_set_up(void)
{
    victim_connects_to_peer();
    until(atomic_load(&board->ready) != 0);
}

/* --- The table ------------------------------------------------------------------------ */

const struct operation control_operations[] = {
    { .name = "join", .joins = true, .run = join_run },
    { .name = "begin-alone",
      .joins = true,
      .alone = true,
      .run = join_run,
      .survive = scene_start_anew },
    { .name = "leave-alone",
      .alone = true,
      .set_up = alone_set_up,
      .run = leave_run,
      .survive = scene_start_anew },
    { .name = "leave",
      .peer = peer_receives_packets,
      .set_up = leave_set_up,
      .run = leave_run,
      .survive = data_survives },
    { .name = "create", .peer = peer_gets_victims, .run = create_run, .again = create_again },
    { .name = "get",
      .peer = peer_owns_one,
      .set_up = get_set_up,
      .run = get_run,
      .survive = get_survives },
    { .name = "release",
      .peer = peer_owns_one,
      .set_up = release_set_up,
      .run = release_run,
      .survive = get_survives },
    { .name = "delete", .set_up = delete_set_up, .run = delete_run },
    { .name = "connect-others",
      .prepare = test_opens_one,
      .peer = peer_waits_for_packets,
      .set_up = get_set_up,
      .run = connect_others_run,
      .survive = connect_others_survive },
    { .name = "connect-anew",
      .prepare = test_leaves_one,
      .peer = peer_opens_later,
      .set_up = connect_anew_set_up,
      .run = connect_anew_run,
      .survive = connect_anew_survive },
    { .name = "connect",
      .peer = peer_awaits_sender,
      .set_up = own_connect_set_up,
      .run = own_connect_run,
      .survive = own_connect_survive },
    { .name = "connect-receive",
      .peer = peer_awaits_receiver,
      .set_up = own_connect_set_up,
      .run = connect_receive_run,
      .survive = connect_receive_survive },
    { .name = "open-send",
      .peer = peer_awaits_sender,
      .set_up = open_send_set_up,
      .run = open_send_run,
      .survive = open_survives },
    { .name = "open-receive",
      .peer = peer_awaits_receiver,
      .set_up = open_receive_set_up,
      .run = open_receive_run,
      .survive = open_survives },
    { .name = "cancel-open",
      .peer = peer_owns_one,
      .set_up = cancel_set_up,
      .run = cancel_run,
      .survive = peer_goes_on },
    { .name = "close-send",
      .peer = peer_receives_packets,
      .set_up = close_send_set_up,
      .run = close_send_run,
      .survive = data_survives },
    { .name = "close-last",
      .peer = peer_closes_first,
      .set_up = close_last_set_up,
      .run = close_send_run,
      .survive = peer_goes_on },
    { .name = "connect-others-scalars",
      .scalars = true,
      .prepare = test_opens_one,
      .peer = peer_waits_for_packets,
      .set_up = get_set_up,
      .run = connect_others_run,
      .survive = connect_others_survive },
    { .name = "open-send-scalars",
      .scalars = true,
      .peer = peer_awaits_sender,
      .set_up = open_send_set_up,
      .run = open_send_run,
      .survive = open_survives },
    { .name = "open-receive-scalars",
      .scalars = true,
      .peer = peer_awaits_receiver,
      .set_up = open_receive_set_up,
      .run = open_receive_run,
      .survive = open_survives },
    { .name = "close-send-scalars",
      .scalars = true,
      .peer = peer_receives_scalars,
      .set_up = close_send_set_up,
      .run = close_send_run,
      .survive = data_survives },
    { .name = "leave-scalars",
      .scalars = true,
      .peer = peer_receives_scalars,
      .set_up = leave_set_up,
      .run = leave_run,
      .survive = data_survives },
};
const size_t control_operation_count = sizeof control_operations / sizeof control_operations[0];
