/* SPDX-License-Identifier: MIT */
/*
 * members.c - workers come and go.
 *
 * Whoever wants to join opens two ends and says hello at the door; we connect two of ours to
 * them. If it is gone by then, so are its endpoints, and the connect fails. While there is no
 * place the message stays in the mailbox of the door.
 */
#include <mcapi_ext.h>

#include "distributor/ends.h"
#include "distributor/inside.h"

/* --- In -------------------------------------------------------------------------------- */

static mcapi_status_t finish(mcapi_request_t *request, mcapi_status_t status)
{
    mcapi_status_t ended;

    if (status != MCAPI_SUCCESS)
        return status;
    ended = ends_look(request);
    if (ended == MCAPI_PENDING)
        mcapi_cancel(request, &status);
    return ended;
}

static mcapi_status_t connect_work(struct member *member, mcapi_endpoint_t worker)
{
    mcapi_pktchan_send_hndl_t handle;
    mcapi_request_t request;
    mcapi_status_t status;

    member->work = ends_create(0, false, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_connect_i(member->work, worker, &request, &status);
    status = finish(&request, status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_send_open_i(&handle, member->work, &request, &status);
    return finish(&request, status);
}

static mcapi_status_t connect_answers(struct member *member, mcapi_endpoint_t worker)
{
    mcapi_pktchan_recv_hndl_t handle;
    mcapi_request_t request;
    mcapi_status_t status;

    member->answers = ends_create(WIRE_ANSWERS, false, &status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_connect_i(worker, member->answers, &request, &status);
    status = finish(&request, status);
    if (status != MCAPI_SUCCESS)
        return status;
    mcapi_pktchan_recv_open_i(&handle, member->answers, &request, &status);
    return finish(&request, status);
}

/* How many packets fit into a channel that ends here. */
static uint32_t depth_of(mcapi_endpoint_t endpoint)
{
    mcapi_endp_attr_num_recv_buffers_t depth = 0;
    mcapi_status_t status;

    mcapi_endpoint_get_attribute(endpoint, MCAPI_ENDP_ATTR_NUM_RECV_BUFFERS, &depth,
                                 sizeof(depth), &status);
    return status == MCAPI_SUCCESS ? depth : 1;
}

static struct member *free_place(struct distributor *d)
{
    for (uint32_t i = 0; i < d->max_workers; i++)
        if (!d->members[i].present)
            return &d->members[i];
    return NULL;
}

/* What a newcomer is treated as having been given: it is not to catch up. */
static uint64_t least_given(const struct distributor *d)
{
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < d->present_count; i++)
        if (d->members[d->present[i]].given < least)
            least = d->members[d->present[i]].given;
    return d->present_count > 0 ? least : 0;
}

/* A new one has as much out as the one that has least: how long items take is known of others.
 */
static uint32_t least_window(const struct distributor *d)
{
    uint32_t least = d->window;

    for (uint32_t i = 0; i < d->present_count; i++)
        if (d->members[d->present[i]].window < least)
            least = d->members[d->present[i]].window;
    return least;
}

static void let_in(struct distributor *d, const struct wire_hello *hello)
{
    struct member *member = free_place(d);
    uint32_t number = (uint32_t)(member - d->members);
    uint32_t *out = member->out;

    *member = (struct member){ .number = number, .out = out };
    waits_queue_open(&member->waiting);
    member->window = least_window(d);
    if (connect_work(member, hello->work) == MCAPI_SUCCESS
        && connect_answers(member, hello->answers) == MCAPI_SUCCESS) {
        member->given = least_given(d);
        member->present = true;
        member->depth = depth_of(member->answers);
        member->stats.domain = hello->domain;
        member->stats.node = hello->node;
        d->present[d->present_count++] = (uint16_t)number;
        d->stats.joined++;
        return;
    }
    ends_delete_sender(member->work);
    ends_delete_receiver(member->answers);
}

void members_admit(struct distributor *d)
{
    struct wire_hello hello;
    mcapi_status_t status;
    size_t size;

    while (d->present_count < d->max_workers && mcapi_msg_available(d->door, &status) > 0) {
        mcapi_msg_recv(d->door, &hello, sizeof(hello), &size, &status);
        if (status == MCAPI_SUCCESS && size == sizeof(hello) && hello.magic == WIRE_MAGIC)
            let_in(d, &hello);
    }
}

/* --- Out ------------------------------------------------------------------------------- */

static void let_go(struct distributor *d, struct member *member)
{
    ends_delete_sender(member->work);
    ends_delete_receiver(member->answers);
    member->present = false;
    for (uint32_t i = 0; i < d->present_count; i++)
        if (d->present[i] == member->number) {
            d->present[i] = d->present[--d->present_count];
            return;
        }
}

/* Of the items that were sent to one that has died: how many it may have begun. */
static uint32_t begun(const struct distributor *d, const struct member *member, uint32_t sent)
{
    uint32_t most = member->lag + d->batch;

    return member->full || most > sent ? sent : most;
}

/* For how many deaths this one counts. */
static uint32_t weight_of(const struct distributor *d, const struct member *member)
{
    uint32_t weight = 1;

    if (d->weigh != NULL)
        weight = d->weigh(d->context, member->stats.domain, member->stats.node);
    return weight < UINT8_MAX ? weight : UINT8_MAX;
}

void members_bury(struct distributor *d, struct member *member, bool died, uint32_t again)
{
    uint32_t before = d->all_waiting;

    rooms_remove(&d->rooms, member->number);
    member->asking = false;
    place_take_back(d, member, 0, again, died ? begun(d, member, again) : 0,
                    died ? weight_of(d, member) : 0);
    if (died) {
        d->stats.died++;
        d->stats.given_again += d->all_waiting - before;
    } else {
        d->stats.left++;
    }
    let_go(d, member);
}

void members_dismiss(struct distributor *d, struct member *member)
{
    if (member->dismissed)
        return;
    member->dismissed = member->to_tell = true;
    rooms_remove(&d->rooms, member->number);
    place_take_back(d, member, member_out(member), 0, 0, 0);
    place_tell_dismissed(d, member);
}

void members_let_go(struct distributor *d)
{
    while (d->present_count > 0)
        let_go(d, &d->members[d->present[d->present_count - 1]]);
}
