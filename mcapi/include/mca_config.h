/* SPDX-License-Identifier: MIT */
/*
 * mca_config.h - the limits, under the name of the header in which some programs look for them.
 *
 * It holds nothing of its own: mca_impl_spec.h and mcapi_impl_spec.h do.
 */
#ifndef MCA_CONFIG_H
#define MCA_CONFIG_H

#include "mca_impl_spec.h"
#include "mcapi_impl_spec.h"

#endif /* MCA_CONFIG_H */
