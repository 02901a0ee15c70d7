/* SPDX-License-Identifier: MIT */
/* mcapi_request.c - chapter "Non-blocking operations": test, wait, wait for any, cancel. */
#include <mcapi.h>

#include "api/check.h"

/* Without a place for the size only of what has none. */
static mcapi_status_t check_request(struct mci_node *node, const mcapi_request_t *request,
                                    const size_t *size)
{
    if (request == NULL)
        return MCAPI_ERR_PARAMETER;
    return size != NULL || mci_request_has_no_data(node, *request) ? MCAPI_SUCCESS
                                                                   : MCAPI_ERR_PARAMETER;
}

/* Of a message that was cut, the size is that of the whole. */
static bool tells_size(mcapi_status_t status)
{
    return status == MCAPI_SUCCESS || status == MCAPI_ERR_MSG_TRUNCATED;
}

/* What test and wait return: `unfinished` is the one status that goes with MCAPI_FALSE. */
static mcapi_boolean_t answer(mcapi_status_t status, mcapi_status_t unfinished,
                              mcapi_status_t *mcapi_status)
{
    mcapi_boolean_t over = status != unfinished;

    if (mci_runtime.compat == MCAPI_EXT_COMPAT_DOCUMENT && status != MCAPI_SUCCESS)
        over = MCAPI_FALSE;
    if (mci_runtime.compat == MCAPI_EXT_COMPAT_REFERENCE && status == MCAPI_PENDING)
        status = MCAPI_SUCCESS;
    mci_report(mcapi_status, status);
    return over;
}

mcapi_boolean_t mcapi_test(mcapi_request_t *request, size_t *size, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    size_t bytes = 0;

    if (node == NULL)
        return mcapi_status == NULL
                     ? MCAPI_FALSE
                     : answer(MCAPI_ERR_NODE_NOTINIT, MCAPI_PENDING, mcapi_status);
    status = check_request(node, request, size);
    if (status == MCAPI_SUCCESS)
        status = mci_request_test(node, *request, &bytes);
    if (tells_size(status) && size != NULL)
        *size = bytes;
    return answer(status, MCAPI_PENDING, mcapi_status);
}

mcapi_boolean_t(mcapi_wait)(mcapi_request_t *request, size_t *size, mcapi_timeout_t timeout,
                            mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    size_t bytes = 0;

    if (node == NULL)
        return mcapi_status == NULL
                     ? MCAPI_FALSE
                     : answer(MCAPI_ERR_NODE_NOTINIT, MCAPI_TIMEOUT, mcapi_status);
    status = check_request(node, request, size);
    if (status == MCAPI_SUCCESS)
        status = mci_request_wait(node, *request, &bytes, timeout);
    if (tells_size(status) && size != NULL)
        *size = bytes;
    return answer(status, MCAPI_TIMEOUT, mcapi_status);
}

static mcapi_request_t from_array(const void *requests, size_t index)
{
    return ((const mcapi_request_t *)requests)[index];
}

static mcapi_request_t from_pointers(const void *requests, size_t index)
{
    return *((mcapi_request_t *const *)requests)[index];
}

static mcapi_uint_t wait_any(size_t number, mcapi_request_t (*get)(const void *, size_t),
                             const void *requests, size_t *size, mcapi_timeout_t timeout,
                             mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);
    mcapi_status_t status;
    size_t bytes = 0;
    size_t which = number;

    if (node == NULL)
        return MCAPI_RETURN_VALUE_INVALID;
    status = number == 0 || number > UINT32_MAX || requests == NULL || size == NULL
                   ? MCAPI_ERR_PARAMETER
                   : MCAPI_SUCCESS;
    for (size_t i = 0; status == MCAPI_SUCCESS && get == from_pointers && i < number; i++)
        if (((mcapi_request_t *const *)requests)[i] == NULL)
            status = MCAPI_ERR_PARAMETER;
    if (status == MCAPI_SUCCESS)
        status = mci_request_wait_any(node, number, get, requests, &bytes, timeout, &which);
    if (tells_size(status))
        *size = bytes;
    mci_report(mcapi_status, status);
    return which == number ? MCAPI_RETURN_VALUE_INVALID : (mcapi_uint_t)which;
}

mcapi_uint_t(mcapi_wait_any)(size_t number, mcapi_request_t *requests, size_t *size,
                             mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)
{
    return wait_any(number, from_array, requests, size, timeout, mcapi_status);
}

mcapi_uint_t mcapi_ext_wait_any_pointers(size_t number, mcapi_request_t **requests,
                                         size_t *size, mcapi_timeout_t timeout,
                                         mcapi_status_t *mcapi_status)
{
    return wait_any(number, from_pointers, requests, size, timeout, mcapi_status);
}

void mcapi_cancel(mcapi_request_t *request, mcapi_status_t *mcapi_status)
{
    struct mci_node *node = mci_check_node(mcapi_status);

    if (node != NULL)
        mci_report(mcapi_status,
                   request == NULL ? MCAPI_ERR_PARAMETER : mci_request_cancel(node, *request));
}
