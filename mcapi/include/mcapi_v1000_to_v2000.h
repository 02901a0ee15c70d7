/* SPDX-License-Identifier: MIT */
/*
 * mcapi_v1000_to_v2000.h - MCAPI 1.x programs on MCAPI 2: the old names in terms of the new.
 *
 * Included in place of mcapi.h, after it, or by it where MCAPI_V1000 is defined. MCAPI 1.x
 * has no domains: everything here is domain 0. What is spelled alike in both versions is in
 * mcapi.h, as is mcapi_wait and mcapi_wait_any with the status before the timeout.
 */
#ifndef MCAPI_V1000_TO_V2000_H
#define MCAPI_V1000_TO_V2000_H

#include "mcapi.h"

/* --- Statuses -------------------------------------------------------------------- */

#define MCAPI_INCOMPLETE   MCAPI_PENDING
#define MCAPI_EREQ_TIMEOUT MCAPI_TIMEOUT
#define MCAPI_EPARAM       MCAPI_ERR_PARAMETER

#define MCAPI_ENO_INIT       MCAPI_ERR_NODE_INITFAILED
#define MCAPI_INITIALIZED    MCAPI_ERR_NODE_INITIALIZED
#define MCAPI_ENODE_NOTINIT  MCAPI_ERR_NODE_NOTINIT
#define MCAPI_ENODE_NOTVALID MCAPI_ERR_NODE_INVALID
#define MCAPI_ENO_FINAL      MCAPI_ERR_NODE_FINALFAILED

#define MCAPI_EPORT_NOTVALID  MCAPI_ERR_PORT_INVALID
#define MCAPI_ENOT_ENDP       MCAPI_ERR_ENDP_INVALID
#define MCAPI_EENDP_ISCREATED MCAPI_ERR_ENDP_EXISTS
#define MCAPI_EENDP_LIMIT     MCAPI_ERR_ENDP_LIMIT
#define MCAPI_EEP_NOTALLOWED  MCAPI_ERR_ENDP_NOPORTS
#define MCAPI_ENOT_OWNER      MCAPI_ERR_ENDP_NOTOWNER

#define MCAPI_EATTR_INCOMP MCAPI_ERR_ATTR_INCOMPATIBLE
#define MCAPI_EATTR_NUM    MCAPI_ERR_ATTR_NUM
#define MCAPI_EATTR_SIZE   MCAPI_ERR_ATTR_SIZE
#define MCAPI_EREAD_ONLY   MCAPI_ERR_ATTR_READONLY

#define MCAPI_ECHAN_OPEN  MCAPI_ERR_CHAN_OPEN
#define MCAPI_ECONNECTED  MCAPI_ERR_CHAN_CONNECTED
#define MCAPI_ENOT_OPEN   MCAPI_ERR_CHAN_NOTOPEN
#define MCAPI_ECHAN_TYPE  MCAPI_ERR_CHAN_TYPE
#define MCAPI_EDIR        MCAPI_ERR_CHAN_DIRECTION
#define MCAPI_ENOT_HANDLE MCAPI_ERR_CHAN_INVALID

#define MCAPI_EMESS_LIMIT    MCAPI_ERR_MSG_LIMIT
#define MCAPI_ETRUNCATED     MCAPI_ERR_MSG_TRUNCATED
#define MCAPI_EPACK_LIMIT    MCAPI_ERR_PKT_LIMIT
#define MCAPI_ESCL_SIZE      MCAPI_ERR_SCL_SIZE
#define MCAPI_EPRIO          MCAPI_ERR_PRIORITY
#define MCAPI_ENO_BUFFER     MCAPI_ERR_MEM_LIMIT
#define MCAPI_ENOT_VALID_BUF MCAPI_ERR_BUF_INVALID

#define MCAPI_ENO_REQUEST    MCAPI_ERR_REQUEST_LIMIT
#define MCAPI_ENOTREQ_HANDLE MCAPI_ERR_REQUEST_INVALID
#define MCAPI_EREQ_CANCELED  MCAPI_ERR_REQUEST_CANCELLED

/*
 * MCAPI 2 has one status where MCAPI 1.x had two. The name above is the one that programs
 * test for; the other has a value of its own, which no call returns, so that a switch may
 * list both:
 *
 *   ENO_ENDPOINT     is reported as ENOT_ENDP
 *   ENOT_CONNECTED   is reported as ENOT_HANDLE; an open before the connect is no error now
 *   ENO_MEM          is reported as ENO_BUFFER
 */
enum mcapi_v1000_status_codes {
    MCAPI_ENO_ENDPOINT = 1001,
    MCAPI_ENOT_CONNECTED,
    MCAPI_ENO_MEM
};

/* --- Calls ----------------------------------------------------------------------- */

/* The version that mcapi_initialize reports: MCAPI_VERSION of the library. */
typedef mcapi_uint_t mcapi_version_t;

#ifdef __cplusplus
extern "C" {
#endif

/* mcapi_initialize(node, &version, &status) */
static inline void mcapi_v1000_initialize(mcapi_node_t node_id, mcapi_version_t *mcapi_version,
                                          mcapi_status_t *mcapi_status)
{
    mcapi_info_t info;

    info.mcapi_version = 0;
    mcapi_initialize(0, node_id, NULL, NULL, mcapi_version != NULL ? &info : NULL,
                     mcapi_status);
    if (mcapi_version != NULL && mcapi_status != NULL && *mcapi_status == MCAPI_SUCCESS)
        *mcapi_version = info.mcapi_version;
}

static inline mcapi_endpoint_t mcapi_get_endpoint(mcapi_node_t node_id, mcapi_port_t port_id,
                                                  mcapi_status_t *mcapi_status)
{
    return mcapi_endpoint_get(0, node_id, port_id, MCAPI_TIMEOUT_INFINITE, mcapi_status);
}

static inline void mcapi_get_endpoint_i(mcapi_node_t node_id, mcapi_port_t port_id,
                                        mcapi_endpoint_t *endpoint, mcapi_request_t *request,
                                        mcapi_status_t *mcapi_status)
{
    mcapi_endpoint_get_i(0, node_id, port_id, endpoint, request, mcapi_status);
}

#ifdef __cplusplus
} /* extern "C" */

extern "C++" inline void mcapi_initialize(mcapi_node_t node_id, mcapi_version_t *mcapi_version,
                                          mcapi_status_t *mcapi_status)
{
    mcapi_v1000_initialize(node_id, mcapi_version, mcapi_status);
}
#endif

/* The rest has only changed its name. */
#define mcapi_get_node_id             mcapi_node_id_get
#define mcapi_create_endpoint         mcapi_endpoint_create
#define mcapi_delete_endpoint         mcapi_endpoint_delete
#define mcapi_get_endpoint_attribute  mcapi_endpoint_get_attribute
#define mcapi_set_endpoint_attribute  mcapi_endpoint_set_attribute
#define mcapi_connect_pktchan_i       mcapi_pktchan_connect_i
#define mcapi_open_pktchan_recv_i     mcapi_pktchan_recv_open_i
#define mcapi_open_pktchan_send_i     mcapi_pktchan_send_open_i
#define mcapi_packetchan_recv_close_i mcapi_pktchan_recv_close_i
#define mcapi_packetchan_send_close_i mcapi_pktchan_send_close_i
#define mcapi_pktchan_free            mcapi_pktchan_release
#define mcapi_connect_sclchan_i       mcapi_sclchan_connect_i
#define mcapi_open_sclchan_recv_i     mcapi_sclchan_recv_open_i
#define mcapi_open_sclchan_send_i     mcapi_sclchan_send_open_i

#endif /* MCAPI_V1000_TO_V2000_H */
