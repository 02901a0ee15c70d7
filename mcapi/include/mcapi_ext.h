/* SPDX-License-Identifier: MIT */
/*
 * mcapi_ext.h - what this implementation offers beyond the standard.
 *
 * A program that is to run with other implementations too does without this file.
 */
#ifndef MCAPI_EXT_H
#define MCAPI_EXT_H

#include <stddef.h>

#include "mcapi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- Settings for mcapi_initialize ----------------------------------------------- */

/*
 * mcapi_param_t.wait_policy, how a blocked call waits. The environment's word for it is
 * MCAPI_WAIT=adaptive|spin|sleep.
 */
#define MCAPI_EXT_WAIT_DEFAULT  0 /* what the environment says, or else adaptive */
#define MCAPI_EXT_WAIT_ADAPTIVE 1 /* looks again for a moment where that helps, then sleeps */
#define MCAPI_EXT_WAIT_SPIN     2 /* looks again all the time: for a core of its own */
#define MCAPI_EXT_WAIT_SLEEP    3 /* sleeps at once */

/*
 * mcapi_param_t.compat, whose reading of the standard to follow. The environment's word for
 * it is MCAPI_COMPAT=standard|reference|document.
 */
#define MCAPI_EXT_COMPAT_DEFAULT   0 /* what the environment says, or else standard */
#define MCAPI_EXT_COMPAT_STANDARD  1 /* what the comments in mcapi.h say */
#define MCAPI_EXT_COMPAT_REFERENCE 2 /* as the reference implementation 2.0.3 behaves */
#define MCAPI_EXT_COMPAT_DOCUMENT  3 /* the letter of MCAPI 2.000 */

/*
 * Fills init parameters with the defaults. With them comes the magic number by which
 * mcapi_initialize knows that they were filled. The program then sets the fields that it cares
 * about. Needs no node.
 *
 *   parameters  the caller's; if it is NULL, nothing happens
 */
void mcapi_param_init(mcapi_param_t *parameters);

/* --- Waiting for several channels ------------------------------------------------ */

/*
 * Waits until one of several channels has something for its receiver. That is a packet or a
 * scalar, or that the other end is closed or has died, which a receive then reports. If several
 * have, repeated calls give each its turn. Receives nothing itself; if two threads receive on
 * one channel, the other may be faster.
 *
 *   ends     receiving ends of packet and scalar channels of this node, opened; the caller's
 *   count    how many, at least 1
 *   timeout  milliseconds; MCAPI_TIMEOUT_IMMEDIATE looks once
 *
 * Blocks until a receive on one of the channels would not, or until the timeout.
 *
 * Returns the index in `ends` of such a channel; MCAPI_RETURN_VALUE_INVALID if there is none or
 * the call fails.
 *
 * Statuses, beside MCAPI_SUCCESS:
 *   MCAPI_TIMEOUT           no channel had anything in that time
 *   MCAPI_ERR_NODE_NOTINIT  the caller has no node
 *   MCAPI_ERR_PARAMETER     ends is NULL, or count is 0
 *   MCAPI_ERR_CHAN_INVALID  one of the ends is not an open receiving end on this node
 *   MCAPI_ERR_GENERAL       the memory of a channel is damaged
 */
mcapi_uint_t mcapi_ext_wait_receivable(const mcapi_endpoint_t *ends, size_t count,
                                       mcapi_timeout_t timeout, mcapi_status_t *mcapi_status);

#ifdef __cplusplus
}
#endif

#endif /* MCAPI_EXT_H */
