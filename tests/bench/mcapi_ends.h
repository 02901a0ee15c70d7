/* SPDX-License-Identifier: MIT */
/*
 * mcapi_ends.h - nodes, endpoints and channels of this library for the trials: what is done
 * once and is not measured.
 */
#ifndef TESTS_BENCH_MCAPI_ENDS_H
#define TESTS_BENCH_MCAPI_ENDS_H

#include <mcapi.h>

#include "bench/trial.h"

enum { ENDS_DOMAIN = 1, ENDS_OUT = 1, ENDS_IN = 2 /* ports */ };

enum ends_kind { ENDS_PACKETS, ENDS_WORDS };

/* What a party holds: it sends from ENDS_OUT to the other's ENDS_IN. */
struct ends {
    mcapi_pktchan_send_hndl_t packets_out;
    mcapi_pktchan_recv_hndl_t packets_in;
    mcapi_sclchan_send_hndl_t words_out;
    mcapi_sclchan_recv_hndl_t words_in;
};

/* Ends the trial. */
_Noreturn void ends_failed(mcapi_status_t status, const char *call);

/* The same, unless the call succeeded. */
static inline void ends_check(mcapi_status_t status, const char *call)
{
    if (status != MCAPI_SUCCESS)
        ends_failed(status, call);
}

/* In `prepare`: a topology of the trial's own, and how blocked calls wait (NULL: as by
 * default). */
void ends_prepare(struct trial *trial, const char *wait);

/* Party i is node i + 1. */
void ends_join(struct trial *trial, unsigned self);
mcapi_endpoint_t ends_create(mcapi_port_t port, size_t payload);
mcapi_endpoint_t ends_get(unsigned party, mcapi_port_t port);
void ends_finish(mcapi_request_t *request);

/* Channels both ways between parties 0 and 1. `payload`: bytes of the largest packet. */
struct ends *ends_open(struct trial *trial, unsigned self, enum ends_kind kind, size_t payload);

/* All have come, then the node leaves. */
void ends_close(struct trial *trial, void *ends);

#endif /* TESTS_BENCH_MCAPI_ENDS_H */
