/* SPDX-License-Identifier: MIT */
/* mcapi_node.c - chapter "Nodes": initialize, finalize, identities, node attributes. */
#include <mcapi.h>
#include <mcapi_ext.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/check.h"
#include "config.h"
#include "runtime/node.h"
#include "runtime/settings.h"

enum {
    ORGANIZATION = 0, /* none was assigned to us */
};

#define ATTRIBUTES_MAGIC_0 UINT64_C(0x6d63617069206e61)
#define ATTRIBUTES_MAGIC_1 UINT64_C(0x2545f4914f6cdd1d)

static bool attributes_filled(const mcapi_node_attributes_t *attributes)
{
    return attributes->magic[0] == ATTRIBUTES_MAGIC_0
        && attributes->magic[1] == ATTRIBUTES_MAGIC_1;
}

/* 10000 * major + 100 * minor + patch level, from "1.2.3". */
static mcapi_uint_t version_number(void)
{
    unsigned major = 0, minor = 0, patch = 0;

    sscanf(PACKAGE_VERSION, "%u.%u.%u", &major, &minor, &patch);
    return 10000 * major + 100 * minor + patch;
}

static void tell(struct mci_node *node, mcapi_info_t *info)
{
    const struct mci_limits *limits = &mci_map()->limits;
    struct mci_node_count count;

    mci_node_count(node, &count);
    memset(info, 0, sizeof *info);
    info->mcapi_version = MCAPI_VERSION;
    info->organization_id = ORGANIZATION;
    info->implementation_version = version_number();
    info->number_of_domains = count.domains;
    info->number_of_nodes = count.nodes;
    info->number_of_ports = MCAPI_MAX_PORT - MCAPI_MIN_PORT + 1;
    snprintf(info->impl_info.release, sizeof info->impl_info.release, "%s", PACKAGE_VERSION);
    snprintf(info->impl_info.topology, sizeof info->impl_info.topology, "%s",
             mci_map()->segment.topology);
    info->impl_info.max_msg_size = limits->max_msg_size;
    info->impl_info.max_pkt_size = limits->max_pkt_size;
    info->impl_info.max_queue_elements = limits->max_queue_elements;
    info->impl_info.max_buffers = limits->max_buffers;
    info->impl_info.max_endpoints = limits->max_endpoints;
    info->impl_info.max_requests = limits->max_requests;
    info->impl_info.max_nodes = limits->max_nodes;
    info->impl_info.max_channels = limits->max_channels;
}

/* The header promises callers that nothing is read from what they never filled; what tells the
 * two apart has to be read. */
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

void(mcapi_initialize)(mcapi_domain_t domain_id, mcapi_node_t node_id,
                       const mcapi_node_attributes_t *node_attributes,
                       const mcapi_param_t *init_parameters, mcapi_info_t *mcapi_info,
                       mcapi_status_t *mcapi_status)
{
    struct mci_node_settings settings = { .type = MCAPI_NODE_ATTR_TYPE_REGULAR };
    struct mci_node *node = NULL;
    mcapi_status_t status;

    if (mcapi_status == NULL)
        return;
    if (mcapi_info == NULL)
        status = MCAPI_ERR_PARAMETER;
    else if (domain_id > MCAPI_MAX_DOMAIN)
        status = MCAPI_ERR_DOMAIN_INVALID;
    else if (node_id > MCAPI_MAX_NODE)
        status = MCAPI_ERR_NODE_INVALID;
    else if (!mci_settings_read(&settings, init_parameters))
        status = MCAPI_ERR_NODE_INITFAILED;
    else {
        if (node_attributes != NULL && attributes_filled(node_attributes))
            settings.type = node_attributes->type;
        status = mci_node_join(domain_id, node_id, &settings);
    }
    if (status == MCAPI_SUCCESS)
        node = mci_node_current();
    if (node != NULL) /* not finalized by a handler or another thread meanwhile */
        tell(node, mcapi_info);
    mci_report(mcapi_status, status);
}

#pragma GCC diagnostic pop

void mcapi_finalize(mcapi_status_t *mcapi_status)
{
    int program_errno = errno; /* in a signal handler it is in the middle of something */
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status,
                   mci_node_leave_current(node) ? MCAPI_SUCCESS : MCAPI_ERR_NODE_NOTINIT);
    errno = program_errno;
}

mcapi_domain_t mcapi_domain_id_get(mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return MCAPI_DOMAIN_INVALID;
    mci_report(mcapi_status, MCAPI_SUCCESS);
    return node->domain;
}

mcapi_node_t mcapi_node_id_get(mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return MCAPI_NODE_INVALID;
    mci_report(mcapi_status, MCAPI_SUCCESS);
    return node->number;
}

void mcapi_node_init_attributes(mcapi_node_attributes_t *node_attributes,
                                mcapi_status_t *mcapi_status)
{
    if (mcapi_status == NULL)
        return;
    if (node_attributes == NULL) {
        mci_report(mcapi_status, MCAPI_ERR_PARAMETER);
        return;
    }
    memset(node_attributes, 0, sizeof *node_attributes);
    node_attributes->type = MCAPI_NODE_ATTR_TYPE_REGULAR;
    node_attributes->magic[0] = ATTRIBUTES_MAGIC_0;
    node_attributes->magic[1] = ATTRIBUTES_MAGIC_1;
    mci_report(mcapi_status, MCAPI_SUCCESS);
}

/* The one node attribute there is. */
static mcapi_status_t check_attribute(mcapi_uint_t number, size_t size)
{
    if (number != MCAPI_NODE_ATTR_TYPE)
        return MCAPI_ERR_ATTR_NOTSUPPORTED;
    return size == sizeof(mcapi_node_attr_type_t) ? MCAPI_SUCCESS : MCAPI_ERR_ATTR_SIZE;
}

void mcapi_node_set_attribute(mcapi_node_attributes_t *node_attributes,
                              mcapi_uint_t attribute_num, const void *attribute,
                              size_t attribute_size, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status;

    if (mcapi_status == NULL)
        return;
    if (node_attributes == NULL || attribute == NULL || !attributes_filled(node_attributes))
        status = MCAPI_ERR_PARAMETER;
    else
        status = check_attribute(attribute_num, attribute_size);
    if (status == MCAPI_SUCCESS)
        memcpy(&node_attributes->type, attribute, sizeof node_attributes->type);
    mci_report(mcapi_status, status);
}

void mcapi_node_get_attribute(mcapi_domain_t domain_id, mcapi_node_t node_id,
                              mcapi_uint_t attribute_num, void *attribute,
                              size_t attribute_size, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    uint32_t type;

    if (node == NULL)
        return;
    status = attribute == NULL ? MCAPI_ERR_PARAMETER
                               : mci_node_type(node, domain_id, node_id, &type);
    if (status == MCAPI_SUCCESS)
        status = check_attribute(attribute_num, attribute_size);
    if (status == MCAPI_SUCCESS)
        memcpy(attribute, &type, sizeof type);
    mci_report(mcapi_status, status);
}

void mcapi_param_init(mcapi_param_t *parameters)
{
    if (parameters == NULL)
        return;
    memset(parameters, 0, sizeof *parameters);
    parameters->magic[0] = MCI_PARAM_MAGIC_0;
    parameters->magic[1] = MCI_PARAM_MAGIC_1;
}
