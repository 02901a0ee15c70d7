/* SPDX-License-Identifier: MIT */
/*
 * subject_mcapi_messages.c - this library's messages of 64 bytes: from one, two or four senders
 * to one endpoint.
 */
#include <mcapi_ext.h>

#include "bench/entries.h"
#include "bench/mcapi_ends.h"
#include "bench/messages.h"

static mcapi_endpoint_t from, to; /* a sender's; the receiver's own is `to` */

static void prepare(struct trial *trial)
{
    ends_prepare(trial, NULL);
}

static void *open_end(struct trial *trial, unsigned self)
{
    ends_join(trial, self);
    if (self == 0) {
        to = ends_create(ENDS_IN, 0);
        return NULL;
    }
    from = ends_create(ENDS_OUT, 0);
    to = ends_get(0, ENDS_IN);
    return NULL;
}

BENCH_INLINE void send_message(void *end, const uint64_t *item)
{
    mcapi_status_t status;

    (void)end;
    mcapi_msg_send(from, to, (void *)item, MESSAGES_SIZE, 0, &status);
    ends_check(status, "mcapi_msg_send");
}

BENCH_INLINE void receive_message(void *end, uint64_t *item)
{
    mcapi_status_t status;
    size_t size;

    (void)end;
    mcapi_msg_recv(to, item, MESSAGES_SIZE, &size, &status);
    ends_check(status, "mcapi_msg_recv");
    if (size != MESSAGES_SIZE)
        trial_fail("mcapi_msg_recv: another size");
}

MESSAGES_PART(part, open_end, ends_close, send_message, receive_message)

#define ENTRY(SENDERS)                                                                  \
    {                                                                                   \
        .workload = "messages", .subject = "mcapi", .mode = "senders-" #SENDERS,        \
        .size = MESSAGES_SIZE, .parties = SENDERS + 1, .prepare = prepare, .part = part \
    }

const struct entry entries_mcapi_messages[] = {
    ENTRY(1),
    ENTRY(2),
    ENTRY(4),
    { .workload = NULL },
};
