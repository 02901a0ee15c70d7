/* SPDX-License-Identifier: MIT */
/*
 * check_ext_topology.c - section 11: the topology, the waiting policy and the profile that
 * mcapi_initialize gets with its parameters.
 */
#include "ext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "endpoints.h"

/* What peers get and give, in memory that all share. */
struct setting {
    mcapi_param_t parameters;
    mcapi_info_t info;
};

/* node, pointer: a struct setting */
static void do_join(struct call *call)
{
    struct setting *setting = call->pointer;

    call->status = UNTOUCHED;
    memset(&setting->info, 0, sizeof setting->info);
    mcapi_initialize(DOMAIN, call->node, NULL, &setting->parameters, &setting->info,
                     &call->status);
}

static mcapi_status_t join(struct peer *peer, mcapi_node_t node, struct setting *setting)
{
    return ask(peer, do_join, (struct call){ .node = node, .pointer = setting }).status;
}

static void leave(struct peer *peer)
{
    expect_status(MCAPI_SUCCESS, ask(peer, do_finalize, (struct call){ .node = 0 }).status);
}

/* So many, filled, in memory that peers share. Before nodes_begin_bare. */
static struct setting *settings_made(size_t count)
{
    struct setting *settings = shared_memory(count * sizeof *settings);

    for (size_t i = 0; i < count; i++)
        mcapi_param_init(&settings[i].parameters);
    return settings;
}

/* This test's topology, and another one. */
static void name_another(mcapi_param_t *parameters, const char *suffix)
{
    snprintf(parameters->topology, sizeof parameters->topology, "%.50s-%.8s",
             getenv("MCAPI_TOPOLOGY"), suffix);
}

/* --- Names ---------------------------------------------------------------------- */

static void do_forget_topology(struct call *call)
{
    call->status = unsetenv("MCAPI_TOPOLOGY") == 0 ? MCAPI_SUCCESS : MCAPI_ERR_GENERAL;
}

static void the_parameter_names_the_topology(void)
{
    struct setting *settings = settings_made(2);

    name_another(&settings[0].parameters, "a");
    settings[1].parameters = settings[0].parameters;
    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, join(NULL, 1, &settings[0]));
    expect_true(strcmp(settings[0].parameters.topology, settings[0].info.impl_info.topology)
                == 0);
    /* The other one has nothing in its environment, and gets there all the same. */
    expect_status(MCAPI_SUCCESS,
                  ask(peer(0), do_forget_topology, (struct call){ .node = 0 }).status);
    expect_status(MCAPI_SUCCESS, join(peer(0), 2, &settings[1]));
    expect_equal(2, settings[1].info.number_of_nodes);
    create_at(peer(0), 4);
    expect_true(is_there(2, 4));
    leave(peer(0));
    leave(NULL);
    nodes_end();
}

/* Short names are everybody's, and so is the folder that they are written to: another folder.
 */
static void own_folder(char folder[64])
{
    snprintf(folder, 64, "/tmp/conformance-XXXXXX");
    expect_true(mkdtemp(folder) != NULL);
    expect_equal(0, setenv("MCAPI_RUNTIME_DIR", folder, 1));
}

static void a_name_has_1_to_63_of_certain_characters(void)
{
    static const char *const names[] = {
        "x",
        "0",
        "-",
        "_",
        "A.b_c-9",
        "a.",
        "a23456789012345678901234567890123456789012345678901234567890123",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
    };
    struct setting *settings = settings_made(1);
    char folder[64];

    own_folder(folder);
    for (size_t i = 0; i < LENGTH(names); i++) {
        memset(settings->parameters.topology, 0, sizeof settings->parameters.topology);
        memcpy(settings->parameters.topology, names[i], strlen(names[i]));
        expect_status(MCAPI_SUCCESS, join(NULL, 1, settings));
        expect_true(strcmp(names[i], settings->info.impl_info.topology) == 0);
        leave(NULL);
    }
    rmdir(folder);
}

static void any_other_name_is_refused(void)
{
    static const char *const names[] = { ".",  "..",  ".hidden", "a/b",      "/a", "../a",
                                         "a ", "a b", "a\nb",    "\xc3\xa4", "a*", "a:b" };
    struct setting *settings = settings_made(1);
    char text[512];

    for (size_t i = 0; i <= LENGTH(names); i++) {
        long then = printed_so_far();
        size_t length;

        if (i < LENGTH(names))
            snprintf(settings->parameters.topology, sizeof settings->parameters.topology, "%s",
                     names[i]);
        else /* 64 characters, and no end */
            memset(settings->parameters.topology, 'a', sizeof settings->parameters.topology);
        expect_status(MCAPI_ERR_NODE_INITFAILED, join(NULL, 1, settings));
        length = printed_since(then, text, sizeof text);
        expect_true(length > 10 && text[length - 1] == '\n');
        expect_equal(MCAPI_NODE_INVALID, who());
    }
    mcapi_param_init(&settings->parameters);
    expect_status(MCAPI_SUCCESS, join(NULL, 1, settings));
    leave(NULL);
}

/* --- Several topologies --------------------------------------------------------- */

/* Gets port 5 of node 1, and sends `bytes` there, from an endpoint of its own. */
static void do_greet(struct call *call)
{
    mcapi_endpoint_t own, other;

    expect(MCAPI_SUCCESS, own = mcapi_create_anonymous_endpoint(&status));
    expect(MCAPI_SUCCESS,
           other = mcapi_endpoint_get(DOMAIN, 1, 5, MCAPI_TIMEOUT_INFINITE, &status));
    call->status = UNTOUCHED;
    mcapi_msg_send(own, other, call->bytes, call->size, 0, &call->status);
}

/* Node 1 and node 2 of one topology. */
struct two {
    struct peer *one, *other;
    mcapi_endpoint_t five; /* port 5 of node 1 */
    const char *greeting;
};

static void meet(struct two *two, struct setting settings[2])
{
    expect_status(MCAPI_SUCCESS, join(two->one, 1, &settings[0]));
    expect_equal(1, settings[0].info.number_of_nodes);
    expect_status(MCAPI_SUCCESS, join(two->other, 2, &settings[1]));
    expect_equal(2, settings[1].info.number_of_nodes);
    two->five = create_at(two->one, 5);
}

static void greet(const struct two *two)
{
    struct call call = { .size = strlen(two->greeting) };

    memcpy(call.bytes, two->greeting, call.size);
    expect_status(MCAPI_SUCCESS, ask(two->other, do_greet, call).status);
}

static void is_greeted_once(const struct two *two)
{
    struct call call = { .endpoint = two->five, .size = sizeof call.bytes };

    call = ask(two->one, do_msg_recv, call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(strlen(two->greeting), call.size);
    expect_true(memcmp(call.bytes, two->greeting, call.size) == 0);
    set(two->one, two->five, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_IMMEDIATE);
    call.size = sizeof call.bytes;
    expect_status(MCAPI_TIMEOUT, ask(two->one, do_msg_recv, call).status);
}

/* As channel_join, but who connects is one of the two. */
static struct channel channel_of(const struct two *two)
{
    struct channel channel = channel_made(two->other, two->one);
    struct call connect = { .endpoint = channel.send, .other = channel.recv };

    expect_status(MCAPI_SUCCESS, ask(two->one, do_pkt_connect, connect).status);
    channel_open(&packets, &channel, SENDING);
    channel_open(&packets, &channel, RECEIVING);
    return channel;
}

static void two_topologies_do_not_see_each_other(void)
{
    struct setting *settings = settings_made(4);
    struct two here = { .greeting = "here" }, there = { .greeting = "over there" };
    struct channel channels[2];
    struct call get = { .domain = DOMAIN, .node = 1, .port = 6 };

    for (int i = 0; i < 4; i++)
        name_another(&settings[i].parameters, i < 2 ? "here" : "there");
    nodes_begin_bare(3);
    here.other = peer(0);
    there.one = peer(1);
    there.other = peer(2);
    meet(&here, &settings[0]);
    meet(&there, &settings[2]);
    create(6);
    expect_status(MCAPI_SUCCESS, ask(peer(0), do_get, get).status);
    expect_status(MCAPI_TIMEOUT, ask(peer(2), do_get, get).status);
    greet(&there);
    greet(&here);
    is_greeted_once(&here);
    is_greeted_once(&there);
    channels[0] = channel_of(&here);
    channels[1] = channel_of(&there);
    channel_fill(&packets, &channels[0], 100, 5);
    channel_fill(&packets, &channels[1], 200, 7);
    channel_drain(&packets, &channels[0], 100, 5);
    leave(peer(0));
    leave(NULL);
    channel_drain(&packets, &channels[1], 200, 7); /* the end of the one is not the other's */
    channel_works(&packets, &channels[1]);
    leave(peer(2));
    leave(peer(1));
    nodes_end();
}

static void a_process_is_in_one_topology_at_a_time(void)
{
    struct setting *settings = settings_made(2);
    char text[512];
    long then;

    name_another(&settings[1].parameters, "other");
    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, join(NULL, 1, &settings[0]));
    then = printed_so_far();
    expect_status(MCAPI_ERR_NODE_INITFAILED, join(peer(0), 1, &settings[1]));
    expect_true(printed_since(then, text, sizeof text) > 10);
    expect_status(MCAPI_SUCCESS, join(peer(0), 2, &settings[0]));
    leave(NULL);
    expect_status(MCAPI_ERR_NODE_INITFAILED, join(NULL, 1, &settings[1]));
    leave(peer(0)); /* the last one */
    expect_status(MCAPI_SUCCESS, join(peer(0), 1, &settings[1]));
    expect_equal(1, settings[1].info.number_of_nodes);
    expect_status(MCAPI_SUCCESS, join(NULL, 2, &settings[1]));
    leave(peer(0));
    leave(NULL);
    nodes_end();
}

/* --- How to wait ---------------------------------------------------------------- */

static const mcapi_uint_t policies[] = { MCAPI_EXT_WAIT_ADAPTIVE, MCAPI_EXT_WAIT_SPIN,
                                         MCAPI_EXT_WAIT_SLEEP };

/* We, and peer 0, with this policy; the environment says something else. */
static void nodes_begin_waiting(mcapi_uint_t policy)
{
    struct setting *settings = settings_made(2);

    expect_equal(0, setenv("MCAPI_WAIT", "not like that", 1));
    for (int i = 0; i < 2; i++)
        settings[i].parameters.wait_policy = policy;
    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, join(NULL, OWN_NODE, &settings[0]));
    if (variant() != ONE_NODE)
        expect_status(MCAPI_SUCCESS, join(peer(0), peer_node(peer(0)), &settings[1]));
}

static void nodes_end_waiting(void)
{
    if (variant() != ONE_NODE)
        leave(peer(0));
    nodes_end();
}

/* Timeouts, waiting for what comes and for room, closes. */
static void calls_wait(const struct kind *kind)
{
    struct channel channel = channel_made(NULL, peer(0));
    struct call take = { .endpoint = channel.recv }, put = { .word = 2 };
    int64_t began;

    channel_deepen(&channel, 1);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, 30);
    channel_join(kind, &channel);
    began = now_ms();
    expect_status(MCAPI_TIMEOUT, channel_take_status(kind, &channel));
    expect_true(now_ms() - began >= 29);
    channel_part(kind, &channel);
    channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, MCAPI_TIMEOUT_INFINITE);
    channel_join(kind, &channel);
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_fill(kind, &channel, 1, 1);
    finish(peer(0), &take);
    expect_equal(1, take.word);
    begin(peer(0), kind->take, &take);
    expect_true(stays_blocked(peer(0)));
    channel_close(kind, &channel, SENDING);
    finish(peer(0), &take);
    expect_status(MCAPI_ERR_CHAN_INVALID, take.status);

    channel = channel_made(peer(0), NULL);
    channel_deepen(&channel, 1);
    channel_join(kind, &channel);
    channel_fill(kind, &channel, 1, 1);
    put.endpoint = channel.send;
    begin(peer(0), kind->put, &put);
    expect_true(stays_blocked(peer(0)));
    channel_drain(kind, &channel, 1, 1);
    finish(peer(0), &put);
    channel_drain(kind, &channel, 2, 1);
}

static void calls_wait_right_with_every_policy(void)
{
    for (size_t i = 0; i < LENGTH(policies); i++) {
        nodes_begin_waiting(policies[i]);
        calls_wait(&packets);
        calls_wait(&scalar_bursts);
        nodes_end_waiting();
    }
}

static int64_t processor_us(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * (int64_t)1000000 + used.tv_nsec / 1000;
}

/* endpoint -> number: microseconds of the processor for a receive that times out */
static void do_wait_in_vain(struct call *call)
{
    int64_t began = processor_us();

    packets.take(call);
    call->number = (mcapi_uint_t)(processor_us() - began);
}

/* Waits of 200 ms each. Who sleeps uses next to nothing, far less than this; who spins gets
 * there, however many others use the processor. */
enum { MUCH_US = 40000 };

static void only_who_spins_uses_the_processor(void)
{
    for (size_t i = 0; i < LENGTH(policies); i++) {
        struct call take = { 0 };
        struct channel channel;
        uint32_t used = 0;
        int waits = 0;

        nodes_begin_waiting(policies[i]);
        channel = channel_made(NULL, peer(0));
        channel_set(&channel, MCAPI_ENDP_ATTR_TIMEOUT, 200);
        channel_join(&packets, &channel);
        take.endpoint = channel.recv;
        do {
            take = ask(peer(0), do_wait_in_vain, take);
            expect_status(MCAPI_TIMEOUT, take.status);
            used += take.number;
        } while (++waits < (policies[i] == MCAPI_EXT_WAIT_SPIN ? 20 : 2) && used < MUCH_US);
        expect_equal(policies[i] == MCAPI_EXT_WAIT_SPIN, used >= MUCH_US);
        nodes_end_waiting();
    }
}

/* --- Whose reading -------------------------------------------------------------- */

/* By what an unfinished get says, and its test. */
static mcapi_uint_t profile_in_force(void)
{
    mcapi_status_t of_get = UNTOUCHED, of_test = UNTOUCHED;
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;
    size_t size;

    mcapi_endpoint_get_i(DOMAIN, 999, 1, &endpoint, &request, &of_get);
    mcapi_test(&request, &size, &of_test);
    expect(MCAPI_SUCCESS, mcapi_cancel(&request, &status));
    if (of_get == MCAPI_PENDING)
        return MCAPI_EXT_COMPAT_DOCUMENT;
    expect_status(MCAPI_SUCCESS, of_get);
    return of_test == MCAPI_SUCCESS ? MCAPI_EXT_COMPAT_REFERENCE : MCAPI_EXT_COMPAT_STANDARD;
}

static const mcapi_uint_t profiles[] = { MCAPI_EXT_COMPAT_STANDARD, MCAPI_EXT_COMPAT_REFERENCE,
                                         MCAPI_EXT_COMPAT_DOCUMENT };

static void the_parameter_chooses_the_profile(void)
{
    static const char *const words[] = { "", "standard", "reference", "document", "none" };
    struct setting *settings = settings_made(1);

    for (size_t i = 0; i < LENGTH(words); i++)
        for (size_t j = 0; j < LENGTH(profiles); j++) {
            expect_equal(0, setenv("MCAPI_COMPAT", words[i], 1));
            settings->parameters.compat = profiles[j];
            expect_status(MCAPI_SUCCESS, join(NULL, OWN_NODE, settings));
            expect_equal(profiles[j], profile_in_force());
            leave(NULL);
        }
    for (size_t i = 0; i < LENGTH(profiles); i++) { /* what is not chosen is left to it */
        expect_equal(0, setenv("MCAPI_COMPAT", words[1 + i], 1));
        settings->parameters.compat = MCAPI_EXT_COMPAT_DEFAULT;
        expect_status(MCAPI_SUCCESS, join(NULL, OWN_NODE, settings));
        expect_equal(profiles[i], profile_in_force());
        leave(NULL);
    }
}

/* -> number */
static void do_say_profile(struct call *call)
{
    call->number = profile_in_force();
}

static void the_first_live_node_of_a_process_chooses(void)
{
    struct setting *settings = settings_made(2);

    settings[0].parameters.compat = MCAPI_EXT_COMPAT_REFERENCE;
    settings[1].parameters.compat = MCAPI_EXT_COMPAT_DOCUMENT;
    nodes_begin_bare(1);
    expect_status(MCAPI_SUCCESS, join(NULL, 1, &settings[0]));
    expect_status(MCAPI_SUCCESS, join(peer(0), 2, &settings[1]));
    expect_equal(variant() == PROCESSES ? MCAPI_EXT_COMPAT_DOCUMENT
                                        : MCAPI_EXT_COMPAT_REFERENCE,
                 ask(peer(0), do_say_profile, (struct call){ .node = 0 }).number);
    expect_equal(MCAPI_EXT_COMPAT_REFERENCE, profile_in_force());
    leave(NULL);
    leave(peer(0));
    expect_status(MCAPI_SUCCESS, join(peer(0), 2, &settings[1]));
    expect_equal(MCAPI_EXT_COMPAT_DOCUMENT,
                 ask(peer(0), do_say_profile, (struct call){ .node = 0 }).number);
    leave(peer(0));
    nodes_end();
}

static const struct test tests[] = {
    TEST(the_parameter_names_the_topology, IN_PROCESSES, "11.9"),
    TEST(a_name_has_1_to_63_of_certain_characters, ALONE, "11.10"),
    TEST(any_other_name_is_refused, ALONE, "11.10"),
    TEST(two_topologies_do_not_see_each_other, IN_PROCESSES, "11.11"),
    TEST(a_process_is_in_one_topology_at_a_time, IN_THREAD_NODES, "11.12"),
    TEST(calls_wait_right_with_every_policy, ANYWHERE, "11.17"),
    TEST(only_who_spins_uses_the_processor, ANYWHERE, "11.18 11.17"),
    TEST(the_parameter_chooses_the_profile, ALONE, "11.19"),
    TEST(the_first_live_node_of_a_process_chooses, BETWEEN_NODES, "11.20"),
};

CHAPTER(ext_topology, tests);
