/* SPDX-License-Identifier: MIT */
/*
 * mca.h - types and constants that all Multicore Association APIs share.
 *
 * A program that includes mcapi.h has these already, and the mcapi_ name of each beside them.
 */
#ifndef MCA_H
#define MCA_H

#include "mca_impl_spec.h"

/* Plain C types rather than those of <stdint.h>: programs print them with %d, %u and %llu. */
typedef int mca_int_t;
typedef char mca_int8_t;
typedef short mca_int16_t;
typedef int mca_int32_t;
typedef long long mca_int64_t;
typedef unsigned int mca_uint_t;
typedef unsigned char mca_uint8_t;
typedef unsigned short mca_uint16_t;
typedef unsigned int mca_uint32_t;
typedef unsigned long long mca_uint64_t;

typedef unsigned char mca_boolean_t;

typedef unsigned int mca_domain_t;
typedef unsigned int mca_node_t;
typedef unsigned int mca_status_t;
typedef unsigned int mca_timeout_t; /* milliseconds */

#define MCA_TRUE  1
#define MCA_FALSE 0
#define MCA_NULL  0

/* A timeout that never comes. */
#define MCA_INFINITE (~0u)

#endif /* MCA_H */
