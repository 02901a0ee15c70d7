/* SPDX-License-Identifier: MIT */
/*
 * network_work.c - a kind of work whose requests cost what they say: "GET /US" takes so many
 * microseconds of processor time, as many however often the kernel interrupts it. The response
 * is 1 KiB that names the cost, so that a client sees whether it got its own. The result is the
 * sum of what was asked for.
 */
#include "worker/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BODY = 1024,
    COST_DIGITS = 8,
    COST_MAX_US = 10000000,
    /* As many as can be in work at one time. */
    RESPONSES = WORK_TOGETHER + 1,
};

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 1024\r\n\r\n";

struct costly {
    uint32_t next;
    char responses[RESPONSES][sizeof(head) - 1 + BODY];
};

static uint64_t used_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    struct costly *costly = malloc(sizeof(*costly));

    (void)argument;
    if (costly == NULL) {
        snprintf(error, error_size, "costly: no memory");
        return false;
    }
    costly->next = 0;
    for (int i = 0; i < RESPONSES; i++) {
        memcpy(costly->responses[i], head, sizeof(head) - 1);
        memset(costly->responses[i] + sizeof(head) - 1, 'x', BODY);
    }
    work->state = costly;
    return true;
}

static void finish(struct work *work)
{
    free(work->state);
}

/* The number behind "GET /", 0 if there is none. */
static uint32_t cost_of(const struct work_bytes *bytes)
{
    uint32_t cost = 0;

    for (uint32_t i = 5; i < bytes->size && bytes->bytes[i] >= '0' && bytes->bytes[i] <= '9';
         i++)
        if (cost < COST_MAX_US)
            cost = cost * 10 + (uint32_t)(bytes->bytes[i] - '0');
    return cost;
}

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    struct costly *costly = work->state;
    char *response = costly->responses[costly->next++ % RESPONSES];
    char *digit = response + sizeof(head) - 1 + COST_DIGITS;
    uint32_t cost = cost_of(bytes);

    (void)item;
    if (cost > 0) {
        uint64_t until = used_ns() + (uint64_t)cost * 1000;

        while (used_ns() < until)
            continue;
    }
    work->result += cost;
    for (int i = 0; i < COST_DIGITS; i++, cost /= 10)
        *--digit = (char)('0' + cost % 10);
    *bytes = (struct work_bytes){ (uint8_t *)response, (uint32_t)sizeof(head) - 1 + BODY };
    return WORK_CHANGED;
}

const struct work_kind work_kind = {
    .version = WORK_VERSION,
    .name = "costly",
    .help = "each request takes as many microseconds as it says",
    .result = "cost",
    .meaning = "microseconds asked for",
    .replies = WORK_REPLIES_HTTP,
    .prepare = prepare,
    .process = process,
    .finish = finish,
};
