/* SPDX-License-Identifier: MIT */
/*
 * channel_calls.h - connect, open and close: the same for packets and for scalars.
 */
#ifndef MCI_CHANNEL_CALLS_H
#define MCI_CHANNEL_CALLS_H

#include "api/check.h"

void mci_call_connect(enum mci_channel_kind kind, mcapi_endpoint_t send_endpoint,
                      mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                      mcapi_status_t *mcapi_status);

void mci_call_open(enum mci_end_kind kind, mcapi_endpoint_t *handle, mcapi_endpoint_t endpoint,
                   mcapi_request_t *request, mcapi_status_t *mcapi_status);

void mci_call_close(enum mci_end_kind kind, mcapi_endpoint_t handle, mcapi_request_t *request,
                    mcapi_status_t *mcapi_status);

mcapi_uint_t mci_call_available(enum mci_end_kind kind, mcapi_endpoint_t handle,
                                mcapi_status_t *mcapi_status);

#endif /* MCI_CHANNEL_CALLS_H */
