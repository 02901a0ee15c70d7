/* SPDX-License-Identifier: MIT */
/*
 * check_spellings.c - section 10: the ways in which programs of 2.x write one call.
 *
 * Its includes are in an order in which some programs have them.
 */
/* clang-format off */
#include <mca_config.h>
#include <mcapi_impl_spec.h>
#include <mca.h>
#include <mcapi.h>
#include <mca_impl_spec.h>
/* clang-format on */

#include "harness.h"
#include "requests.h"

/* --- mcapi_initialize and mcapi_endpoint_get -------------------------------------- */

static void expect_to_be(mcapi_node_t wanted)
{
    mcapi_node_t node;
    mcapi_domain_t domain;

    expect(MCAPI_SUCCESS, node = mcapi_node_id_get(&status));
    expect_equal(wanted, node);
    expect(MCAPI_SUCCESS, domain = mcapi_domain_id_get(&status));
    expect_equal(DOMAIN, domain);
}

/* The parameters are never filled: the document's own examples do that. */
static void initialize_takes_five_or_six_arguments(void)
{
    mcapi_node_attributes_t attributes;
    mcapi_param_t parameters;
    mcapi_info_t info = { 0 };

    nodes_begin_bare(0);
    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, 3, &parameters, &info, &status));
    expect_equal(MCAPI_VERSION, info.mcapi_version);
    expect_equal(1, info.number_of_nodes);
    expect_to_be(3);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, 4, NULL, &info, &status));
    expect_to_be(4);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_SUCCESS, mcapi_node_init_attributes(&attributes, &status));
    expect(MCAPI_SUCCESS,
           mcapi_initialize(DOMAIN, 5, &attributes, &parameters, &info, &status));
    expect_to_be(5);
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_ERR_PARAMETER, mcapi_initialize(DOMAIN, 6, &parameters, NULL, &status));
    nodes_end();
}

/* Whatever its bytes happen to be. */
static void parameters_that_nobody_has_filled_mean_the_defaults(void)
{
    static const unsigned char rubbish[] = { 0, 1, 0x20, 0x41, 0x7f, 0xaa, 0xff };
    mcapi_param_t parameters;
    mcapi_info_t info;

    nodes_begin_bare(0);
    for (size_t i = 0; i < sizeof rubbish; i++) {
        for (size_t j = 0; j < sizeof parameters; j++)
            ((unsigned char *)&parameters)[j] = rubbish[i];
        expect(MCAPI_SUCCESS,
               mcapi_initialize(DOMAIN, OWN_NODE, NULL, &parameters, &info, &status));
        expect_to_be(OWN_NODE);
        expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    }
    nodes_end();
}

static void do_get_of_four(struct call *call)
{
    call->endpoint = mcapi_endpoint_get(call->domain, call->node, call->port, &call->status);
}

static void endpoint_get_of_four_arguments_waits(void)
{
    struct call call = { .domain = DOMAIN, .node = OWN_NODE, .port = 7 };
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    begin(peer(0), do_get_of_four, &call);
    expect_true(stays_blocked(peer(0)));
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(7, &status));
    finish(peer(0), &call);
    expect_status(MCAPI_SUCCESS, call.status);
    expect_equal(endpoint, call.endpoint);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(DOMAIN, OWN_NODE, 8, 1, &status));
    expect(MCAPI_SUCCESS,
           expect_equal(endpoint, mcapi_endpoint_get(DOMAIN, OWN_NODE, 7, 1, &status)));
    nodes_end();
}

/* --- mcapi_wait and mcapi_wait_any ------------------------------------------------ */

static void wait_takes_timeout_and_status_in_either_order(void)
{
    mcapi_timeout_t timeout = 1;
    mcapi_request_t request;
    mcapi_boolean_t over;
    size_t size;

    nodes_begin(0);
    request = unfinished(7);
    expect(MCAPI_TIMEOUT, over = mcapi_wait(&request, &size, &status, timeout));
    expect_equal(MCAPI_FALSE, over);
    expect(MCAPI_TIMEOUT, over = mcapi_wait(&request, &size, &status, 1));
    expect_equal(MCAPI_FALSE, over);
    expect(MCAPI_TIMEOUT, over = mcapi_wait(&request, NULL, timeout, &status));
    expect_equal(MCAPI_FALSE, over);
    complete(7);
    expect(MCAPI_SUCCESS, over = mcapi_wait(&request, &size, &status, MCAPI_INFINITE));
    expect_equal(MCAPI_TRUE, over);
    nodes_end();
}

static void wait_any_takes_requests_or_pointers_to_them(void)
{
    mcapi_request_t requests[6], *pointers[6];
    mcapi_uint_t which;
    size_t size;

    nodes_begin(0);
    for (int i = 0; i < 6; i++) {
        requests[i] = unfinished(10 + i);
        pointers[i] = &requests[i];
    }
    expect(MCAPI_TIMEOUT, mcapi_wait_any(6, requests, &size, 1, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(6, requests, &size, &status, 1));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(6, pointers, &size, 1, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(6, pointers, &size, &status, 1));
    complete(15);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(6, requests, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(5, which);
    complete(14);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(5, requests, &size, &status, MCAPI_TIMEOUT_INFINITE));
    expect_equal(4, which);
    complete(13);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(4, pointers, &size, MCAPI_TIMEOUT_INFINITE, &status));
    expect_equal(3, which);
    complete(12);
    expect(MCAPI_SUCCESS,
           which = mcapi_wait_any(3, pointers, &size, &status, MCAPI_TIMEOUT_INFINITE));
    expect_equal(2, which);
    complete(11);
    expect(MCAPI_SUCCESS, which = mcapi_wait_any(1, &requests[1], &size, 0, &status));
    expect_equal(0, which);
    expect_status(MCAPI_PENDING, tested(requests[0]));
    nodes_end();
}

static void arguments_are_evaluated_once(void)
{
    mcapi_request_t requests[2], *pointers[2], *request = requests, **pointer = pointers;
    mcapi_info_t infos[2], *info = infos;
    mcapi_timeout_t timeout = 0;
    mcapi_node_t node = 3;
    mcapi_port_t port = 1;
    size_t sizes[9], *size = sizes;

    nodes_begin_bare(0);
    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, node++, NULL, info++, &status));
    expect(MCAPI_SUCCESS, mcapi_finalize(&status));
    expect(MCAPI_SUCCESS, mcapi_initialize(DOMAIN, node++, NULL, NULL, info++, &status));
    expect_equal(5, node);
    expect_true(info == infos + 2);
    expect(MCAPI_TIMEOUT, mcapi_endpoint_get(DOMAIN, node++, port++, timeout++, &status));
    expect_equal(6, node);
    expect_equal(2, port);
    expect_equal(1, timeout);
    for (int i = 0; i < 2; i++) {
        requests[i] = unfinished(7);
        pointers[i] = &requests[i];
    }
    expect(MCAPI_TIMEOUT, mcapi_wait(request++, size++, timeout++, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait(request--, size++, &status, timeout++));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(1, request++, size++, timeout++, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(1, request++, size++, &status, timeout++));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(1, pointer++, size++, timeout++, &status));
    expect(MCAPI_TIMEOUT, mcapi_wait_any(1, pointer++, size++, &status, timeout++));
    expect_true(request == requests + 2 && pointer == pointers + 2 && size == sizes + 6);
    expect_equal(7, timeout);
    nodes_end();
}

/* --- The functions themselves ----------------------------------------------------- */

static void the_names_have_addresses(void)
{
    void (*initialize)(mcapi_domain_t, mcapi_node_t, const mcapi_node_attributes_t *,
                       const mcapi_param_t *, mcapi_info_t *, mcapi_status_t *) =
            &mcapi_initialize;
    mcapi_endpoint_t (*get)(mcapi_domain_t, mcapi_node_t, mcapi_port_t, mcapi_timeout_t,
                            mcapi_status_t *) = &mcapi_endpoint_get;
    mcapi_boolean_t (*wait)(mcapi_request_t *, size_t *, mcapi_timeout_t, mcapi_status_t *) =
            &mcapi_wait;
    mcapi_uint_t (*any)(size_t, mcapi_request_t *, size_t *, mcapi_timeout_t,
                        mcapi_status_t *) = &mcapi_wait_any;
    mcapi_request_t request;
    mcapi_info_t info;
    size_t size;

    nodes_begin_bare(0);
    expect(MCAPI_SUCCESS, initialize(DOMAIN, 3, NULL, NULL, &info, &status));
    expect_to_be(3);
    expect(MCAPI_TIMEOUT, expect_equal(0, get(DOMAIN, OWN_NODE, 7, 1, &status)));
    request = unfinished(7);
    expect(MCAPI_TIMEOUT, expect_equal(MCAPI_FALSE, wait(&request, &size, 1, &status)));
    expect(MCAPI_TIMEOUT,
           expect_equal(MCAPI_RETURN_VALUE_INVALID, any(1, &request, &size, 1, &status)));
    nodes_end();
}

static void the_names_can_be_called_in_parentheses(void)
{
    mcapi_request_t request;
    mcapi_info_t info;
    size_t size;

    nodes_begin_bare(0);
    expect(MCAPI_SUCCESS, (mcapi_initialize)(DOMAIN, 3, NULL, NULL, &info, &status));
    expect_to_be(3);
    expect(MCAPI_TIMEOUT, (mcapi_endpoint_get)(DOMAIN, OWN_NODE, 7, 1, &status));
    request = unfinished(7);
    expect(MCAPI_TIMEOUT, (mcapi_wait)(&request, &size, 1, &status));
    expect(MCAPI_TIMEOUT, (mcapi_wait_any)(1, &request, &size, 1, &status));
    nodes_end();
}

/* --- Handles ---------------------------------------------------------------------- */

/* Its handles are thrown away: some programs never look at them. */
static void an_endpoint_serves_as_the_handle_of_its_channel(void)
{
    mcapi_endpoint_t sender, receiver;
    mcapi_pktchan_send_hndl_t send;
    mcapi_pktchan_recv_hndl_t recv;
    mcapi_request_t request;
    void *packet = NULL;
    size_t size = 0;

    nodes_begin(0);
    expect(MCAPI_SUCCESS, sender = mcapi_endpoint_create(1, &status));
    expect(MCAPI_SUCCESS, receiver = mcapi_endpoint_create(2, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_connect_i(sender, receiver, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_open_i(&send, sender, &request, &status));
    expect_equal(sender, send);
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_open_i(&recv, receiver, &request, &status));
    expect_equal(receiver, recv);
    expect(MCAPI_SUCCESS, mcapi_pktchan_send(sender, "abc", 3, &status));
    expect(MCAPI_SUCCESS, expect_equal(1, mcapi_pktchan_available(receiver, &status)));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv(receiver, &packet, &size, &status));
    expect_equal(3, size);
    expect(MCAPI_SUCCESS, mcapi_pktchan_release(packet, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_send_close_i(sender, &request, &status));
    expect(MCAPI_SUCCESS, mcapi_pktchan_recv_close_i(receiver, &request, &status));
    nodes_end();
}

static void what_is_no_handle_is_never_a_live_one(void)
{
    mcapi_endpoint_t endpoint;
    mcapi_request_t request;
    void *packet;
    size_t size;

    nodes_begin(0);
    packets_open(NULL, NULL);
    scalars_open(NULL, NULL);
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(1, &status));
    for (int i = 0; i < 3; i++) {
        unsigned wrong = i == 0 ? 0xdeadbeef : i == 1 ? (unsigned)(int)endpoint : ~0u;

        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send(wrong, "x", 1, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_recv(wrong, &packet, &size, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_available(wrong, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_send_uint32(wrong, 1, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_uint8(wrong, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_pktchan_send_close_i(wrong, &request, &status));
        expect(MCAPI_ERR_CHAN_INVALID, mcapi_sclchan_recv_close_i(wrong, &request, &status));
    }
    expect(MCAPI_ERR_ENDP_INVALID, mcapi_endpoint_delete(0xdeadbeef, &status));
    expect(MCAPI_ERR_ENDP_INVALID,
           mcapi_pktchan_connect_i(endpoint, 0xdeadbeef, &request, &status));
    nodes_end();
}

static void requests_that_nobody_has_filled_are_errors(void)
{
    static const unsigned char rubbish[] = { 0, 1, 0x41, 0x7f, 0xaa, 0xcc, 0xff };
    size_t size;

    nodes_begin(0);
    unfinished(7);
    for (size_t i = 0; i < sizeof rubbish; i++) {
        mcapi_request_t request = 0x01010101u * rubbish[i];

        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_test(&request, &size, &status));
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_wait(&request, &size, MCAPI_INFINITE, &status));
        expect(MCAPI_ERR_REQUEST_INVALID, mcapi_cancel(&request, &status));
    }
    nodes_end();
}

static void a_release_gives_a_get_back(void)
{
    struct call get = { .domain = DOMAIN, .node = OWN_NODE, .port = 7, .timeout = 1000 };
    mcapi_endp_attr_type_t type = MCAPI_ENDP_ATTR_TYPE_PKTCHAN;
    mcapi_endpoint_t endpoint;

    nodes_begin(1);
    expect(MCAPI_SUCCESS, endpoint = mcapi_endpoint_create(7, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_set_attribute(endpoint, MCAPI_ENDP_ATTR_TYPE, &type,
                                                       sizeof type, &status));
    expect(MCAPI_SUCCESS, mcapi_endpoint_get(DOMAIN, OWN_NODE, 7, 0, &status));
    at(peer(0), do_get, &get);
    expect_status(MCAPI_ERR_ENDP_GET_LIMIT, get.status);
    expect(MCAPI_SUCCESS, mcapi_endpoint_release(endpoint, &status));
    at(peer(0), do_get, &get);
    expect_status(MCAPI_SUCCESS, get.status);
    expect_equal(endpoint, get.endpoint);
    nodes_end();
}

static const struct test tests[] = {
    TEST(initialize_takes_five_or_six_arguments, ALONE, "10.1 10.2 10.22"),
    TEST(parameters_that_nobody_has_filled_mean_the_defaults, ALONE, "10.22"),
    TEST(endpoint_get_of_four_arguments_waits, ANYWHERE, "10.3"),
    TEST(wait_takes_timeout_and_status_in_either_order, ALONE, "10.4"),
    TEST(wait_any_takes_requests_or_pointers_to_them, ALONE, "10.5 10.6"),
    TEST(arguments_are_evaluated_once, ALONE, "10.7 10.4 10.5 10.6"),
    TEST(the_names_have_addresses, ALONE, "10.8"),
    TEST(the_names_can_be_called_in_parentheses, ALONE, "10.9"),
    TEST(an_endpoint_serves_as_the_handle_of_its_channel, ALONE, "10.24"),
    TEST(what_is_no_handle_is_never_a_live_one, ALONE, "10.25"),
    TEST(requests_that_nobody_has_filled_are_errors, ALONE, "10.23"),
    TEST(a_release_gives_a_get_back, ANYWHERE, "10.27"),
};

CHAPTER(spellings, tests);
