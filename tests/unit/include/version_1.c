/* SPDX-License-Identifier: MIT */
/*
 * version_1.c - a program that uses every name of MCAPI 1.x compiles. It is checked by
 * compiling it, as C and as C++, with mcapi.h and MCAPI_V1000 or with mcapi_v1000_to_v2000.h
 * alone; there is nothing to run.
 */
#ifdef MCAPI_V1000
#include <mcapi.h>
#else
#include <mcapi_v1000_to_v2000.h>
#endif

enum { NODE = 1, OTHER_NODE = 2, PORT = 3 };

/* The names of all statuses in one switch, as programs that print them have it. */
const char *status_name(mcapi_status_t status);

#define NAME(name)     \
    case MCAPI_##name: \
        return #name

const char *status_name(mcapi_status_t status)
{
    switch (status) {
        NAME(SUCCESS);
        NAME(INCOMPLETE);
        NAME(ENO_INIT);
        NAME(INITIALIZED);
        NAME(ENO_FINAL);
        NAME(ENODE_NOTINIT);
        NAME(ENODE_NOTVALID);
        NAME(EPORT_NOTVALID);
        NAME(ENOT_ENDP);
        NAME(ENO_ENDPOINT);
        NAME(EENDP_ISCREATED);
        NAME(EENDP_LIMIT);
        NAME(EEP_NOTALLOWED);
        NAME(ENOT_OWNER);
        NAME(ECHAN_OPEN);
        NAME(ECONNECTED);
        NAME(ENOT_CONNECTED);
        NAME(ENOT_OPEN);
        NAME(ECHAN_TYPE);
        NAME(EDIR);
        NAME(ENOT_HANDLE);
        NAME(EATTR_INCOMP);
        NAME(EATTR_NUM);
        NAME(EATTR_SIZE);
        NAME(EREAD_ONLY);
        NAME(EMESS_LIMIT);
        NAME(EPACK_LIMIT);
        NAME(ESCL_SIZE);
        NAME(ETRUNCATED);
        NAME(EPRIO);
        NAME(ENO_BUFFER);
        NAME(ENO_MEM);
        NAME(ENO_REQUEST);
        NAME(ENOTREQ_HANDLE);
        NAME(EREQ_CANCELED);
        NAME(EREQ_TIMEOUT);
        NAME(ENOT_VALID_BUF);
        NAME(EPARAM);
    default:
        return "?";
    }
}

/* What each stands for; the three that a 2.x call never gives stand above all that it can. */
#ifdef __cplusplus
#define HOLDS(condition) static_assert(condition, #condition)
#else
#define HOLDS(condition) __extension__ _Static_assert(condition, #condition)
#endif
#define MEANS(old_name, new_name) HOLDS((int)MCAPI_##old_name == (int)MCAPI_##new_name)

MEANS(INCOMPLETE, PENDING);
MEANS(ENO_INIT, ERR_NODE_INITFAILED);
MEANS(INITIALIZED, ERR_NODE_INITIALIZED);
MEANS(ENO_FINAL, ERR_NODE_FINALFAILED);
MEANS(ENODE_NOTINIT, ERR_NODE_NOTINIT);
MEANS(ENODE_NOTVALID, ERR_NODE_INVALID);
MEANS(EPORT_NOTVALID, ERR_PORT_INVALID);
MEANS(ENOT_ENDP, ERR_ENDP_INVALID);
MEANS(EENDP_ISCREATED, ERR_ENDP_EXISTS);
MEANS(EENDP_LIMIT, ERR_ENDP_LIMIT);
MEANS(EEP_NOTALLOWED, ERR_ENDP_NOPORTS);
MEANS(ENOT_OWNER, ERR_ENDP_NOTOWNER);
MEANS(ECHAN_OPEN, ERR_CHAN_OPEN);
MEANS(ECONNECTED, ERR_CHAN_CONNECTED);
MEANS(ENOT_OPEN, ERR_CHAN_NOTOPEN);
MEANS(ECHAN_TYPE, ERR_CHAN_TYPE);
MEANS(EDIR, ERR_CHAN_DIRECTION);
MEANS(ENOT_HANDLE, ERR_CHAN_INVALID);
MEANS(EATTR_INCOMP, ERR_ATTR_INCOMPATIBLE);
MEANS(EATTR_NUM, ERR_ATTR_NUM);
MEANS(EATTR_SIZE, ERR_ATTR_SIZE);
MEANS(EREAD_ONLY, ERR_ATTR_READONLY);
MEANS(EMESS_LIMIT, ERR_MSG_LIMIT);
MEANS(EPACK_LIMIT, ERR_PKT_LIMIT);
MEANS(ESCL_SIZE, ERR_SCL_SIZE);
MEANS(ETRUNCATED, ERR_MSG_TRUNCATED);
MEANS(EPRIO, ERR_PRIORITY);
MEANS(ENO_BUFFER, ERR_MEM_LIMIT);
MEANS(ENO_REQUEST, ERR_REQUEST_LIMIT);
MEANS(ENOTREQ_HANDLE, ERR_REQUEST_INVALID);
MEANS(EREQ_CANCELED, ERR_REQUEST_CANCELLED);
MEANS(EREQ_TIMEOUT, TIMEOUT);
MEANS(ENOT_VALID_BUF, ERR_BUF_INVALID);
MEANS(EPARAM, ERR_PARAMETER);
HOLDS((int)MCAPI_ENO_ENDPOINT > (int)MCAPI_STATUSCODE_END);
HOLDS((int)MCAPI_ENOT_CONNECTED > (int)MCAPI_STATUSCODE_END);
HOLDS((int)MCAPI_ENO_MEM > (int)MCAPI_STATUSCODE_END);

/* Every call of 1.x, the functions whose names have not changed included. */
void program(void);

void program(void)
{
    mcapi_version_t version;
    mcapi_status_t status;
    mcapi_request_t request, other_request;
    mcapi_request_t *requests[2];
    mcapi_endpoint_t endpoint, other_endpoint;
    mcapi_pktchan_recv_hndl_t packets_in;
    mcapi_pktchan_send_hndl_t packets_out;
    mcapi_sclchan_recv_hndl_t scalars_in;
    mcapi_sclchan_send_hndl_t scalars_out;
    mcapi_uint_t priority = 0;
    mcapi_boolean_t done;
    char bytes[8] = "message";
    void *packet;
    size_t size;

    mcapi_initialize(NODE, &version, &status);
    if (mcapi_get_node_id(&status) != NODE)
        return;
    endpoint = mcapi_create_endpoint(PORT, &status);
    other_endpoint = mcapi_create_anonymous_endpoint(&status);
    mcapi_get_endpoint_i(OTHER_NODE, PORT, &other_endpoint, &request, &status);
    other_endpoint = mcapi_get_endpoint(OTHER_NODE, PORT, &status);
    mcapi_get_endpoint_attribute(endpoint, 7, &priority, sizeof priority, &status);
    mcapi_set_endpoint_attribute(endpoint, 7, &priority, sizeof priority, &status);

    mcapi_msg_send_i(endpoint, other_endpoint, bytes, sizeof bytes, 0, &request, &status);
    mcapi_msg_send(endpoint, other_endpoint, bytes, sizeof bytes, 0, &status);
    mcapi_msg_recv_i(endpoint, bytes, sizeof bytes, &other_request, &status);
    mcapi_msg_recv(endpoint, bytes, sizeof bytes, &size, &status);
    if (mcapi_msg_available(endpoint, &status) > 0)
        return;

    mcapi_connect_pktchan_i(endpoint, other_endpoint, &request, &status);
    mcapi_open_pktchan_recv_i(&packets_in, endpoint, &request, &status);
    mcapi_open_pktchan_send_i(&packets_out, endpoint, &request, &status);
    mcapi_pktchan_send_i(packets_out, bytes, sizeof bytes, &request, &status);
    mcapi_pktchan_send(packets_out, bytes, sizeof bytes, &status);
    mcapi_pktchan_recv_i(packets_in, &packet, &request, &status);
    mcapi_pktchan_recv(packets_in, &packet, &size, &status);
    if (mcapi_pktchan_available(packets_in, &status) > 0)
        return;
    mcapi_pktchan_free(packet, &status);
    mcapi_packetchan_recv_close_i(packets_in, &request, &status);
    mcapi_packetchan_send_close_i(packets_out, &request, &status);

    mcapi_connect_sclchan_i(endpoint, other_endpoint, &request, &status);
    mcapi_open_sclchan_recv_i(&scalars_in, endpoint, &request, &status);
    mcapi_open_sclchan_send_i(&scalars_out, endpoint, &request, &status);
    mcapi_sclchan_send_uint64(scalars_out, 1, &status);
    mcapi_sclchan_send_uint8(scalars_out, mcapi_sclchan_recv_uint8(scalars_in, &status),
                             &status);
    if (mcapi_sclchan_available(scalars_in, &status) > 0)
        return;
    mcapi_sclchan_recv_close_i(scalars_in, &request, &status);
    mcapi_sclchan_send_close_i(scalars_out, &request, &status);

    requests[0] = &request;
    requests[1] = &other_request;
    done = mcapi_test(&request, &size, &status);
    done = mcapi_wait(&request, &size, &status, MCAPI_INFINITE) && done;
    if (mcapi_wait_any(2, requests, &size, &status, MCAPI_INFINITE) == 0 || done)
        mcapi_cancel(&other_request, &status);
    if (mcapi_wait_any(2, requests, &size, MCAPI_INFINITE, &status) == 0)
        mcapi_cancel(&other_request, &status);

    mcapi_delete_endpoint(endpoint, &status);
    mcapi_finalize(&status);
}

/* Functions of 1.x have addresses too. */
extern mcapi_endpoint_t (*const create_endpoint)(mcapi_port_t, mcapi_status_t *);
extern mcapi_endpoint_t (*const get_endpoint)(mcapi_node_t, mcapi_port_t, mcapi_status_t *);

mcapi_endpoint_t (*const create_endpoint)(mcapi_port_t,
                                          mcapi_status_t *) = &mcapi_create_endpoint;
mcapi_endpoint_t (*const get_endpoint)(mcapi_node_t, mcapi_port_t,
                                       mcapi_status_t *) = &mcapi_get_endpoint;
