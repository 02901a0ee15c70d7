/* SPDX-License-Identifier: MIT */
/*
 * recorded.h - the library's functions that have several spellings, in place of the library:
 * each only notes that it was called, and with what.
 */
#ifndef TESTS_RECORDED_H
#define TESTS_RECORDED_H

#include <mcapi.h>

struct recorded {
    const char *function;
    size_t number;
    mcapi_domain_t domain;
    mcapi_node_t node;
    mcapi_port_t port;
    const void *attributes;
    const void *parameters;
    const void *info;
    const void *endpoint;
    const void *request;
    const void *size;
    mcapi_timeout_t timeout;
    const void *status;
};

#ifdef __cplusplus
extern "C" {
#endif

/* The last call since this was cleared. */
extern struct recorded recorded;

/* What the next call stores as its status, and as the version in its info. */
extern mcapi_status_t next_status;
extern mcapi_uint_t next_version;

#ifdef __cplusplus
}
#endif

#endif /* TESTS_RECORDED_H */
