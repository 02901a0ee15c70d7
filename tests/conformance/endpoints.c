/* SPDX-License-Identifier: MIT */
#include "endpoints.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

mcapi_endpoint_t create_at(struct peer *peer, mcapi_port_t port)
{
    struct call call = { .port = port };

    at(peer, do_create, &call);
    if (call.status != MCAPI_SUCCESS || call.endpoint == 0)
        fail("an endpoint cannot be created: %s", status_name(call.status));
    return call.endpoint;
}

mcapi_endpoint_t create(mcapi_port_t port)
{
    return create_at(NULL, port);
}

void delete_at(struct peer *peer, mcapi_endpoint_t endpoint)
{
    struct call call = { .endpoint = endpoint };

    at(peer, do_delete, &call);
    if (call.status != MCAPI_SUCCESS)
        fail("an endpoint cannot be deleted: %s", status_name(call.status));
}

mcapi_status_t look_for(mcapi_node_t node, mcapi_port_t port)
{
    struct call call = { .domain = DOMAIN, .node = node, .port = port };

    call.timeout = MCAPI_TIMEOUT_IMMEDIATE;
    do_get(&call);
    return call.status;
}

bool is_there(mcapi_node_t node, mcapi_port_t port)
{
    mcapi_status_t status = look_for(node, port);

    if (status != MCAPI_SUCCESS && status != MCAPI_TIMEOUT)
        fail("a get that tries once: %s", status_name(status));
    return status == MCAPI_SUCCESS;
}

void do_who(struct call *call)
{
    call->status = UNTOUCHED;
    call->node = mcapi_node_id_get(&call->status);
}

mcapi_node_t who(void)
{
    struct call call = { 0 };

    do_who(&call);
    if (call.status != MCAPI_SUCCESS && call.status != MCAPI_ERR_NODE_NOTINIT)
        fail("mcapi_node_id_get: %s", status_name(call.status));
    return call.status == MCAPI_SUCCESS ? call.node : MCAPI_NODE_INVALID;
}

mcapi_status_t initialize(mcapi_domain_t domain, mcapi_node_t node)
{
    struct call call = { .domain = domain, .node = node };

    do_initialize(&call);
    return call.status;
}

long printed_so_far(void)
{
    return (long)lseek(STDERR_FILENO, 0, SEEK_END);
}

size_t printed_since(long then, char *text, size_t size)
{
    ssize_t length = pread(STDERR_FILENO, text, size - 1, (off_t)then);

    if (then < 0 || length < 0)
        fail("what is printed on stderr cannot be read: %s", strerror(errno));
    text[length] = '\0';
    return (size_t)length;
}

int wait_for_child(int pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fail("a child cannot be waited for: %s", strerror(errno));
    return status;
}
