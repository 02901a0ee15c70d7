/* SPDX-License-Identifier: MIT */
/*
 * display.h - the state of a node or of an endpoint, for a person who debugs a program.
 */
#ifndef MCI_DISPLAY_H
#define MCI_DISPLAY_H

#include <stdio.h>

#include "runtime/runtime.h"

void mci_display_node(struct mci_node *node, FILE *out);
void mci_display_endpoint(struct mci_node *node, mcapi_endpoint_t handle, FILE *out);

#endif /* MCI_DISPLAY_H */
