/* SPDX-License-Identifier: MIT */
#include "api/channel_calls.h"

#include "runtime/receive.h"

/* The two ends that a connect is given. */
struct ends {
    enum mci_channel_kind kind;
    mcapi_endpoint_t send, receive;
};

static mcapi_status_t act_connect(struct mci_node *node, struct mci_request_start *start,
                                  void *context)
{
    const struct ends *ends = context;

    start->kind = MCI_REQUEST_DONE;
    return mci_channel_connect(node, ends->kind, ends->send, ends->receive, start->only_check);
}

void mci_call_connect(enum mci_channel_kind kind, mcapi_endpoint_t send_endpoint,
                      mcapi_endpoint_t receive_endpoint, mcapi_request_t *request,
                      mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = { .kind = MCI_REQUEST_DONE };
    struct ends ends = { .kind = kind, .send = send_endpoint, .receive = receive_endpoint };

    if (node == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else
        mci_call_later(node, &start, act_connect, &ends, request, mcapi_status);
}

static mcapi_status_t act_open(struct mci_node *node, struct mci_request_start *start,
                               void *context)
{
    mcapi_endpoint_t *handle = context;
    bool complete;
    mcapi_status_t status = mci_channel_open(node, start->handle, start->end_kind, &complete,
                                             start->only_check);

    if (status != MCAPI_SUCCESS || start->only_check)
        return status;
    *handle = start->handle;
    if (complete)
        start->kind = MCI_REQUEST_DONE;
    return status;
}

void mci_call_open(enum mci_end_kind kind, mcapi_endpoint_t *handle, mcapi_endpoint_t endpoint,
                   mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = {
        .kind = MCI_REQUEST_OPEN,
        .handle = endpoint,
        .end_kind = kind,
    };

    if (node == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else if (handle == NULL)
        mci_refuse(request, mcapi_status, MCAPI_ERR_PARAMETER);
    else
        mci_call_later(node, &start, act_open, handle, request, mcapi_status);
}

static mcapi_status_t act_close(struct mci_node *node, struct mci_request_start *start,
                                void *context)
{
    mcapi_status_t status = mci_channel_close(node, start->handle, start->end_kind,
                                              &start->life, start->only_check);

    (void)context;
    if (status == MCAPI_SUCCESS && !start->only_check)
        mci_request_end_open(node, start->handle);
    if (status == MCAPI_SUCCESS && start->life.over)
        start->kind = MCI_REQUEST_DONE;
    return status;
}

void mci_call_close(enum mci_end_kind kind, mcapi_endpoint_t handle, mcapi_request_t *request,
                    mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    struct mci_request_start start = {
        .kind = MCI_REQUEST_CLOSE,
        .handle = handle,
        .end_kind = kind,
    };

    if (node == NULL)
        mci_refuse_without_node(request, mcapi_status);
    else
        mci_call_later(node, &start, act_close, NULL, request, mcapi_status);
}

mcapi_uint_t mci_call_available(enum mci_end_kind kind, mcapi_endpoint_t handle,
                                mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    uint32_t available = 0;

    if (node != NULL)
        mci_report(mcapi_status, mci_receive_available(node, handle, kind, &available));
    return available;
}
