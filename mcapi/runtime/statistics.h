/* SPDX-License-Identifier: MIT */
/*
 * statistics.h - what every node, endpoint and channel of the topology is and has done, row by
 * row, for any of its nodes.
 *
 * A cursor is 0 before the first row; each call moves it behind the row that it has found.
 * MCAPI_PENDING: there is no further row. MCAPI_ERR_NODE_NOTINIT.
 *
 * Each row is read under the control lock, so that it is of one life of its slot; the numbers
 * of what goes through a channel or an endpoint change while they are read.
 */
#ifndef MCI_STATISTICS_H
#define MCI_STATISTICS_H

#include <mcapi_ext.h>

#include "runtime/runtime.h"

mcapi_status_t mci_statistics_node(struct mci_node *node, mcapi_uint_t *cursor,
                                   mcapi_ext_node_stats_t *stats);
mcapi_status_t mci_statistics_endpoint(struct mci_node *node, mcapi_uint_t *cursor,
                                       mcapi_ext_endpoint_stats_t *stats);
mcapi_status_t mci_statistics_channel(struct mci_node *node, mcapi_uint_t *cursor,
                                      mcapi_ext_channel_stats_t *stats);

#endif /* MCI_STATISTICS_H */
