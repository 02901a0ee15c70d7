/* SPDX-License-Identifier: MIT */
#include "api/check.h"

void mci_refuse(mcapi_request_t *request, mcapi_status_t *mcapi_status, mcapi_status_t status)
{
    if (request != NULL)
        *request = mci_request_refused(status);
    /* The reference implementation says it with the request alone. */
    if (mci_runtime.compat == MCAPI_EXT_COMPAT_REFERENCE && status == MCAPI_ERR_MEM_LIMIT
        && request != NULL)
        status = MCAPI_SUCCESS;
    mci_report(mcapi_status, status);
}

void mci_refuse_without_node(mcapi_request_t *request, const mcapi_status_t *mcapi_status)
{
    if (mcapi_status != NULL && request != NULL)
        *request = mci_request_refused(MCAPI_ERR_NODE_NOTINIT);
}

void mci_report_later(struct mci_node *node, mcapi_request_t request,
                      mcapi_status_t *mcapi_status)
{
    mcapi_status_t status = MCAPI_SUCCESS;
    size_t size;

    /* The letter of the standard: an operation that has not finished says so. */
    if (mci_runtime.compat == MCAPI_EXT_COMPAT_DOCUMENT
        && mci_request_test(node, request, &size) == MCAPI_PENDING)
        status = MCAPI_PENDING;
    mci_report(mcapi_status, status);
}

void mci_call_later(struct mci_node *node, struct mci_request_start *start,
                    mcapi_status_t (*act)(struct mci_node *, struct mci_request_start *,
                                          void *),
                    void *context, mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    mcapi_status_t status;

    if (request == NULL) {
        mci_report(mcapi_status, MCAPI_ERR_PARAMETER);
        return;
    }
    status = mci_request_begin(node, start, request);
    if (status == MCAPI_SUCCESS) {
        status = act(node, start, context);
        if (status == MCAPI_SUCCESS)
            status = mci_request_amend(node, *request, start);
        else
            mci_request_drop(node, *request);
    } else if (status == MCAPI_ERR_REQUEST_LIMIT) {
        start->only_check = true;
        status = act(node, start, context);
        if (status == MCAPI_SUCCESS)
            status = MCAPI_ERR_REQUEST_LIMIT;
    }
    if (status == MCAPI_SUCCESS)
        mci_report_later(node, *request, mcapi_status);
    else
        mci_refuse(request, mcapi_status, status);
}
