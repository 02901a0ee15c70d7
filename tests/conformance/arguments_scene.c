/* SPDX-License-Identifier: MIT */
/*
 * arguments_scene.c - endpoints, ends of channels, requests and buffers in every state, to be
 * passed as arguments; and a look at all of them.
 */
#include "arguments.h"

#include "endpoints.h"
#include "requests.h"

#include <stdio.h>
#include <string.h>

struct scene scene;

enum { WORD = 0x5100, WAIT_THERE = 2 };

static const char message[] = "it waits";

/* Of four in a row: packets sent, packets received, scalars sent, scalars received. */
static const struct kind *kind_of(int end)
{
    return end < 2 ? &packets : &scalars;
}

static enum side side_of(int end)
{
    return end % 2 == 0 ? SENDING : RECEIVING;
}

/* --- Setting it ------------------------------------------------------------------------ */

/* A channel whose end of that number is ours. */
static struct channel channel_with(int end)
{
    return side_of(end) == SENDING ? channel_joined(kind_of(end), NULL, peer(0))
                                   : channel_joined(kind_of(end), peer(0), NULL);
}

static void make_channels(void)
{
    for (int end = 0; end < 4; end++) {
        struct channel channel = channel_with(end);

        scene.channel[end] = channel;
        scene.thing[ENDS + end] = channel_end(&channel, side_of(end));
        scene.thing[PEERS_ENDS + end] = channel_end(&channel, across(side_of(end)));
        channel_fill(kind_of(end), &channel, (uint64_t)WORD,
                     end == 1 ? WAIT_THERE + 2 : WAIT_THERE);
        channel = channel_with(end);
        scene.thing[CLOSED + end] = channel_end(&channel, side_of(end));
        channel_close(kind_of(end), &channel, side_of(end));
        channel = channel_with(end);
        scene.thing[GONE + end] = channel_end(&channel, side_of(end));
        channel_close(kind_of(end), &channel, across(side_of(end)));
        channel = channel_made(NULL, NULL);
        scene.thing[WAITING + end] = channel_end(&channel, side_of(end));
        channel_open(kind_of(end), &channel, side_of(end));
    }
}

static void *receive(void)
{
    size_t size = 0;
    void *buffer = NULL;

    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(scene.thing[ENDS + 1], &buffer, &size, &status));
    expect_equal(sizeof(uint64_t), size);
    return buffer;
}

static void make_buffers(void)
{
    scene.held = receive();
    scene.was_held = receive();
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(scene.was_held, &status));
}

static mcapi_endpoint_t deleted(struct peer *peer)
{
    mcapi_endpoint_t endpoint = created(peer);

    delete_at(peer, endpoint);
    for (int i = 0; i < 4; i++)
        created(peer); /* one of them has its slot */
    return endpoint;
}

static mcapi_request_t send_request(void)
{
    mcapi_request_t request;

    expect(MCAPI_SUCCESS, mcapi_msg_send_i(scene.thing[ANOTHER_FREE], scene.thing[PEERS_FREE],
                                           message, sizeof message, 0, &request, &status));
    return request;
}

static void make_requests(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = NO_SUCH_PORT };
    size_t size;

    for (int i = 0; i < WAIT_FOR; i++)
        expect(MCAPI_SUCCESS, mcapi_endpoint_get_i(DOMAIN, OWN_NODE, NO_SUCH_PORT, &scene.lands,
                                                   &scene.pending[i], &status));
    scene.finished = send_request();
    scene.released = send_request();
    expect(MCAPI_SUCCESS, mcapi_wait(&scene.released, &size, MCAPI_TIMEOUT_INFINITE, &status));
    scene.foreign = ask(peer(0), do_get_i, call).request;
}

void scene_begin(void)
{
    struct call call = { .domain = DOMAIN, .port = PORT_OF_OURS };

    nodes_begin(1);
    memset(&scene, 0, sizeof scene);
    scene.thing[FREE] = create(PORT_OF_OURS);
    for (enum thing thing = ANOTHER_FREE; thing <= DELETABLE; thing++)
        scene.thing[thing] = created(NULL);
    for (enum thing thing = CONNECT_FIRST; thing <= OPEN_LAST; thing++)
        scene.thing[thing] = created(NULL);
    for (enum thing thing = TYPED_PACKETS; thing <= SMALL; thing++)
        scene.thing[thing] = created(NULL);
    set(NULL, scene.thing[TYPED_PACKETS], MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_PKTCHAN);
    set(NULL, scene.thing[TYPED_SCALARS], MCAPI_ENDP_ATTR_TYPE, MCAPI_ENDP_ATTR_TYPE_SCLCHAN);
    set(NULL, scene.thing[SMALL], MCAPI_ENDP_ATTR_MAX_PAYLOAD_SIZE, 8);
    scene.thing[PEERS_FREE] = created(peer(0));
    create_at(peer(0), PORT_OF_OURS);
    call.node = peer_node(peer(0));
    scene.thing[GOT] = ask(NULL, do_get, call).endpoint;
    make_channels();
    make_buffers();
    scene.thing[STALE] = deleted(NULL);
    scene.thing[PEERS_STALE] = deleted(peer(0));
    make_requests();
    expect(MCAPI_SUCCESS, mcapi_msg_send(scene.thing[ANOTHER_FREE], scene.thing[FREE], message,
                                         sizeof message, 3, &status));
}

/* --- Looking --------------------------------------------------------------------------- */

static void see(struct sight *sight, uint64_t value)
{
    expect_true(sight->count < sizeof sight->seen / sizeof sight->seen[0]);
    sight->seen[sight->count++] = value;
}

static void see_attributes(struct sight *sight, mcapi_endpoint_t endpoint)
{
    for (mcapi_uint_t number = 0; number < MCAPI_ENDP_ATTR_END; number++) {
        mcapi_uint_t value[2] = { 0, 0 };
        size_t size = number == MCAPI_ENDP_ATTR_GET_SOURCE ? sizeof value : sizeof value[0];
        mcapi_status_t status = UNTOUCHED;

        mcapi_endpoint_get_attribute(endpoint, number, value, size, &status);
        see(sight, (uint64_t)status << 48 ^ (uint64_t)value[1] << 32 ^ value[0]);
    }
}

static void see_count(struct sight *sight, mcapi_uint_t count, mcapi_status_t status)
{
    see(sight, (uint64_t)status << 32 | count);
}

static void see_request(struct sight *sight, mcapi_request_t request)
{
    mcapi_status_t status = UNTOUCHED;
    size_t size = 0;
    mcapi_boolean_t truth = mcapi_test(&request, &size, &status);

    see(sight, (uint64_t)size << 32 | (uint64_t)truth << 16 | status);
}

static void see_ours(struct sight *sight)
{
    mcapi_status_t status = UNTOUCHED;
    mcapi_uint_t count = mcapi_msg_available(scene.thing[FREE], &status);
    uint64_t held = 0;

    see_count(sight, count, status);
    count = mcapi_pktchan_available(scene.thing[ENDS + 1], &status);
    see_count(sight, count, status);
    count = mcapi_sclchan_available(scene.thing[ENDS + 3], &status);
    see_count(sight, count, status);
    for (int i = 0; i < WAIT_FOR; i++)
        see_request(sight, scene.pending[i]);
    see_request(sight, scene.finished);
    see_request(sight, scene.released);
    memcpy(&held, scene.held, sizeof held);
    see(sight, held);
    see(sight, mcapi_node_id_get(&status));
    see(sight, scene.lands);
}

static void do_message_count(struct call *call)
{
    call->status = UNTOUCHED;
    call->number = mcapi_msg_available(call->endpoint, &call->status);
}

static void see_theirs(struct sight *sight)
{
    struct call call = { .endpoint = scene.thing[PEERS_FREE] };

    see(sight, ask(peer(0), do_message_count, call).number);
    call.endpoint = scene.thing[PEERS_ENDS];
    see(sight, ask(peer(0), packets.look, call).number);
    call.endpoint = scene.thing[PEERS_ENDS + 2];
    see(sight, ask(peer(0), scalars.look, call).number);
    call.request = scene.foreign;
    see(sight, ask(peer(0), do_test, call).status);
}

void look_around(struct sight *sight)
{
    memset(sight, 0, sizeof *sight);
    for (int thing = 0; thing < THINGS; thing++)
        see_attributes(sight, scene.thing[thing]);
    see_ours(sight);
    see_theirs(sight);
}

const char *what_changed(const struct sight *before, const struct sight *after)
{
    static char text[80];
    size_t of_things = (size_t)THINGS * MCAPI_ENDP_ATTR_END;

    for (size_t i = 0; i < before->count; i++) {
        if (before->seen[i] == after->seen[i])
            continue;
        if (i < of_things)
            snprintf(text, sizeof text, "attribute %zu of thing %zu", i % MCAPI_ENDP_ATTR_END,
                     i / MCAPI_ENDP_ATTR_END);
        else
            snprintf(text, sizeof text, "what is waiting, held or under way (%zu)",
                     i - of_things);
        return text;
    }
    return NULL;
}

/* --- The end --------------------------------------------------------------------------- */

static void receive_message(void)
{
    char text[64] = "";
    size_t size = 0;

    expect(MCAPI_SUCCESS, mcapi_msg_recv(scene.thing[FREE], text, sizeof text, &size, &status));
    expect_equal(sizeof message, size);
    expect_true(memcmp(text, message, sizeof message) == 0);
}

void scene_end(void)
{
    uint64_t held;

    receive_message();
    memcpy(&held, scene.held, sizeof held);
    expect_equal(WORD, held);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(scene.held, &status));
    for (int end = 0; end < 4; end++) {
        channel_drain(kind_of(end), &scene.channel[end], (uint64_t)WORD + (end == 1 ? 2 : 0),
                      WAIT_THERE);
        channel_works(kind_of(end), &scene.channel[end]);
        channel_part(kind_of(end), &scene.channel[end]);
    }
    for (int i = 0; i < WAIT_FOR; i++)
        expect(MCAPI_SUCCESS, mcapi_cancel(&scene.pending[i], &status));
    nodes_end();
}
