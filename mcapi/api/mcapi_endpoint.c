/* SPDX-License-Identifier: MIT */
/* mcapi_endpoint.c - chapter "Endpoints": create, get, release, delete, attributes. */
#include <mcapi.h>

#include "api/check.h"
#include "runtime/attribute.h"
#include "runtime/endpoint.h"

mcapi_endpoint_t mcapi_endpoint_create(mcapi_port_t port_id, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_endpoint_t endpoint = 0;
    mcapi_status_t status;

    if (node == NULL)
        return 0;
    if (port_id > MCAPI_MAX_PORT && port_id != MCAPI_PORT_ANY)
        status = MCAPI_ERR_PORT_INVALID;
    else
        status = mci_endpoint_create(node, port_id, &endpoint);
    mci_report(mcapi_status, status);
    return endpoint;
}

mcapi_endpoint_t mcapi_create_anonymous_endpoint(mcapi_status_t *mcapi_status)
{
    return mcapi_endpoint_create(MCAPI_PORT_ANY, mcapi_status);
}

static mcapi_status_t check_name(mcapi_domain_t domain_id, mcapi_node_t node_id,
                                 mcapi_port_t port_id)
{
    if (domain_id > MCAPI_MAX_DOMAIN)
        return MCAPI_ERR_DOMAIN_INVALID;
    if (node_id > MCAPI_MAX_NODE)
        return MCAPI_ERR_NODE_INVALID;
    return port_id <= MCAPI_MAX_PORT || mci_endpoint_port_is_anonymous(port_id)
                 ? MCAPI_SUCCESS
                 : MCAPI_ERR_PORT_INVALID;
}

static mcapi_status_t act_get(struct mci_node *node, struct mci_request_start *start,
                              void *context)
{
    mcapi_endpoint_t endpoint;
    mcapi_status_t status;

    (void)context;
    if (start->only_check)
        return MCAPI_SUCCESS;
    status = mci_endpoint_get(node, start->domain, start->number, start->port, &endpoint);
    if (status == MCAPI_SUCCESS) {
        *start->endpoint = endpoint;
        start->kind = MCI_REQUEST_DONE;
    }
    return status == MCAPI_PENDING ? MCAPI_SUCCESS : status;
}

void mcapi_endpoint_get_i(mcapi_domain_t domain_id, mcapi_node_t node_id, mcapi_port_t port_id,
                          mcapi_endpoint_t *endpoint, mcapi_request_t *request,
                          mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = {
        .kind = MCI_REQUEST_GET,
        .domain = domain_id,
        .number = node_id,
        .port = port_id,
        .endpoint = endpoint,
    };
    mcapi_status_t status;

    if (node == NULL) {
        mci_refuse_without_node(request, mcapi_status);
        return;
    }
    status = endpoint == NULL || request == NULL ? MCAPI_ERR_PARAMETER
                                                 : check_name(domain_id, node_id, port_id);
    if (status == MCAPI_SUCCESS)
        mci_call_later(node, &start, act_get, NULL, request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, status);
}

mcapi_endpoint_t(mcapi_endpoint_get)(mcapi_domain_t domain_id, mcapi_node_t node_id,
                                     mcapi_port_t port_id, mcapi_timeout_t timeout,
                                     mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_endpoint_t endpoint = 0;
    mcapi_status_t status;

    if (node == NULL)
        return 0;
    status = check_name(domain_id, node_id, port_id);
    if (status == MCAPI_SUCCESS)
        status = mci_endpoint_wait_for(node, domain_id, node_id, port_id, timeout, &endpoint);
    mci_report(mcapi_status, status);
    return status == MCAPI_SUCCESS ? endpoint : 0;
}

void mcapi_endpoint_release(mcapi_endpoint_t endpoint, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_endpoint_release(node, endpoint));
}

void mcapi_endpoint_delete(mcapi_endpoint_t endpoint, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status, mci_endpoint_delete(node, endpoint));
}

void mcapi_endpoint_get_attribute(mcapi_endpoint_t endpoint, mcapi_uint_t attribute_num,
                                  void *attribute, size_t attribute_size,
                                  mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return;
    mci_report(mcapi_status, attribute == NULL
                                     ? MCAPI_ERR_PARAMETER
                                     : mci_attribute_get(node, endpoint, attribute_num,
                                                         attribute, attribute_size));
}

void mcapi_endpoint_set_attribute(mcapi_endpoint_t endpoint, mcapi_uint_t attribute_num,
                                  const void *attribute, size_t attribute_size,
                                  mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return;
    mci_report(mcapi_status, attribute == NULL
                                     ? MCAPI_ERR_PARAMETER
                                     : mci_attribute_set(node, endpoint, attribute_num,
                                                         attribute, attribute_size));
}
