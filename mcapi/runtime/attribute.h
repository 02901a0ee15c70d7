/* SPDX-License-Identifier: MIT */
/*
 * attribute.h - the attributes of endpoints as one table: size, range, who may set them.
 */
#ifndef MCI_ATTRIBUTE_H
#define MCI_ATTRIBUTE_H

#include "runtime/runtime.h"

/* Under the control lock: gives a new endpoint its defaults. */
void mci_attribute_defaults(const struct mci_map *map, struct mci_endpoint_slot *slot);

/* Whether the attributes that must be equal on both ends of a channel are. */
bool mci_attribute_compatible(const struct mci_endpoint_slot *send,
                              const struct mci_endpoint_slot *receive);

/* Packets or scalars that fit into a channel with this receiving end. */
uint32_t mci_attribute_depth(const struct mci_map *map, const struct mci_endpoint_slot *receive,
                             enum mci_channel_kind kind);

/* Under the control lock: MCAPI_ENDP_ATTR_STATUS. */
uint32_t mci_attribute_status(const struct mci_map *map, const struct mci_endpoint_slot *slot);

mcapi_status_t mci_attribute_get(struct mci_node *node, mcapi_endpoint_t handle,
                                 mcapi_uint_t number, void *value, size_t size);
mcapi_status_t mci_attribute_set(struct mci_node *node, mcapi_endpoint_t handle,
                                 mcapi_uint_t number, const void *value, size_t size);

#endif /* MCI_ATTRIBUTE_H */
