/* SPDX-License-Identifier: MIT */
/* mcapi_ext_stats.c - what every node, endpoint and channel is and has done. */
#include <mcapi_ext.h>

#include "api/check.h"
#include "runtime/statistics.h"

/* True: a row was found. No further row is a success, too. */
static mcapi_boolean_t report(mcapi_status_t *mcapi_status, mcapi_status_t status)
{
    mci_report(mcapi_status, status == MCAPI_PENDING ? MCAPI_SUCCESS : status);
    return status == MCAPI_SUCCESS ? MCAPI_TRUE : MCAPI_FALSE;
}

mcapi_boolean_t mcapi_ext_node_stats(mcapi_uint_t *cursor, mcapi_ext_node_stats_t *stats,
                                     mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return MCAPI_FALSE;
    if (cursor == NULL || stats == NULL)
        return report(mcapi_status, MCAPI_ERR_PARAMETER);
    return report(mcapi_status, mci_statistics_node(node, cursor, stats));
}

mcapi_boolean_t mcapi_ext_endpoint_stats(mcapi_uint_t *cursor,
                                         mcapi_ext_endpoint_stats_t *stats,
                                         mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return MCAPI_FALSE;
    if (cursor == NULL || stats == NULL)
        return report(mcapi_status, MCAPI_ERR_PARAMETER);
    return report(mcapi_status, mci_statistics_endpoint(node, cursor, stats));
}

mcapi_boolean_t mcapi_ext_channel_stats(mcapi_uint_t *cursor, mcapi_ext_channel_stats_t *stats,
                                        mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node == NULL)
        return MCAPI_FALSE;
    if (cursor == NULL || stats == NULL)
        return report(mcapi_status, MCAPI_ERR_PARAMETER);
    return report(mcapi_status, mci_statistics_channel(node, cursor, stats));
}
