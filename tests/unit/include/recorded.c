/* SPDX-License-Identifier: MIT */
#include "recorded.h"

struct recorded recorded;
mcapi_status_t next_status = MCAPI_SUCCESS;
mcapi_uint_t next_version;

static void report(mcapi_status_t *status)
{
    recorded.status = status;
    if (status != NULL)
        *status = next_status;
}

void(mcapi_initialize)(mcapi_domain_t domain_id, mcapi_node_t node_id,
                       const mcapi_node_attributes_t *node_attributes,
                       const mcapi_param_t *init_parameters, mcapi_info_t *mcapi_info,
                       mcapi_status_t *mcapi_status)
{
    recorded.function = "initialize";
    recorded.domain = domain_id;
    recorded.node = node_id;
    recorded.attributes = node_attributes;
    recorded.parameters = init_parameters;
    recorded.info = mcapi_info;
    if (mcapi_info != NULL)
        mcapi_info->mcapi_version = next_version;
    report(mcapi_status);
}

mcapi_endpoint_t(mcapi_endpoint_get)(mcapi_domain_t domain_id, mcapi_node_t node_id,
                                     mcapi_port_t port_id, mcapi_timeout_t timeout,
                                     mcapi_status_t *mcapi_status)
{
    recorded.function = "endpoint_get";
    recorded.domain = domain_id;
    recorded.node = node_id;
    recorded.port = port_id;
    recorded.timeout = timeout;
    report(mcapi_status);
    return 17;
}

void mcapi_endpoint_get_i(mcapi_domain_t domain_id, mcapi_node_t node_id, mcapi_port_t port_id,
                          mcapi_endpoint_t *endpoint, mcapi_request_t *request,
                          mcapi_status_t *mcapi_status)
{
    recorded.function = "endpoint_get_i";
    recorded.domain = domain_id;
    recorded.node = node_id;
    recorded.port = port_id;
    recorded.endpoint = endpoint;
    recorded.request = request;
    report(mcapi_status);
}

mcapi_boolean_t(mcapi_wait)(mcapi_request_t *request, size_t *size, mcapi_timeout_t timeout,
                            mcapi_status_t *mcapi_status)
{
    recorded.function = "wait";
    recorded.request = request;
    recorded.size = size;
    recorded.timeout = timeout;
    report(mcapi_status);
    return MCAPI_TRUE;
}

static mcapi_uint_t wait_any(const char *function, size_t number, const void *requests,
                             size_t *size, mcapi_timeout_t timeout, mcapi_status_t *status)
{
    recorded.function = function;
    recorded.number = number;
    recorded.request = requests;
    recorded.size = size;
    recorded.timeout = timeout;
    report(status);
    return 3;
}

mcapi_uint_t(mcapi_wait_any)(size_t number, mcapi_request_t *requests, size_t *size,
                             mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    return wait_any("wait_any", number, requests, size, timeout, mcapi_status);
}

mcapi_uint_t mcapi_ext_wait_any_pointers(size_t number, mcapi_request_t **requests,
                                         size_t *size, mcapi_timeout_t timeout,
                                         mcapi_status_t *mcapi_status)
{
    return wait_any("wait_any_pointers", number, requests, size, timeout, mcapi_status);
}
