/* SPDX-License-Identifier: MIT */
/*
 * settings.h - what a node wants: its init parameter, else the environment, else defaults.
 */
#ifndef MCI_SETTINGS_H
#define MCI_SETTINGS_H

#include "runtime/node.h"

/* By these two numbers a parameter that mcapi_param_init has filled is told from one that
 * nobody has. */
#define MCI_PARAM_MAGIC_0 UINT64_C(0x6d6361706920706d)
#define MCI_PARAM_MAGIC_1 UINT64_C(0xb5ad4eceda1ce2a9)

/* False: a value is impossible, and stderr says which. `parameters` may be NULL or garbage. */
bool mci_settings_read(struct mci_node_settings *settings, const mcapi_param_t *parameters);

#endif /* MCI_SETTINGS_H */
