/* SPDX-License-Identifier: MIT */
/*
 * mca_impl_spec.h - what mca.h leaves to the implementation: the request handle and its limit.
 */
#ifndef MCA_IMPL_SPEC_H
#define MCA_IMPL_SPEC_H

/* An operation that may not have finished yet. Any 32-bit value may be passed as one; what is
 * not a live request of the calling node is answered with MCAPI_ERR_REQUEST_INVALID. */
typedef unsigned int mca_request_t;

/* Requests of one node that may be unfinished at the same time. */
#ifndef MCA_MAX_REQUESTS
#define MCA_MAX_REQUESTS 1000
#endif

#endif /* MCA_IMPL_SPEC_H */
