/* SPDX-License-Identifier: MIT */
/*
 * timers.c - the wheel. Slot t holds the timers that are due in tick t, t + TIMERS_SLOTS, ...
 */
#include "load_balancer/server/timers.h"

#include <stddef.h>

static struct timer *slot_of(struct timers *timers, uint64_t tick)
{
    return &timers->slots[tick % TIMERS_SLOTS];
}

void timers_begin(struct timers *timers, uint64_t now_ms)
{
    timers->tick = timers->earliest = now_ms / TIMERS_TICK_MS;
    timers->count = 0;
    for (size_t i = 0; i < TIMERS_SLOTS; i++)
        timers->slots[i].next = timers->slots[i].previous = &timers->slots[i];
}

void timers_stop(struct timers *timers, struct timer *timer)
{
    if (timer->next == NULL)
        return;
    timer->next->previous = timer->previous;
    timer->previous->next = timer->next;
    timer->next = timer->previous = NULL;
    timers->count--;
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
    /* Rounded up: never before its time. What is due already is due in the next tick. */
    uint64_t tick = due_ms / TIMERS_TICK_MS + 1, first = timers->tick + 1, met;
    struct timer *head;

    timers_stop(timers, timer);
    timer->due_ms = due_ms;
    if (tick < first)
        tick = first;
    met = first + (tick - first) % TIMERS_SLOTS; /* when its slot is looked at next */
    if (met < timers->earliest)
        timers->earliest = met;
    head = slot_of(timers, tick);
    timer->next = head;
    timer->previous = head->previous;
    head->previous->next = timer;
    head->previous = timer;
    timers->count++;
}

struct timer *timers_due(struct timers *timers, uint64_t now_ms)
{
    uint64_t now = now_ms / TIMERS_TICK_MS;

    /* After a long sleep every slot is looked at once, not once for each turn missed. */
    if (now > timers->tick + TIMERS_SLOTS)
        timers->tick = now - TIMERS_SLOTS;
    while (timers->tick < now) {
        struct timer *head = slot_of(timers, timers->tick + 1);

        for (struct timer *timer = head->next; timer != head; timer = timer->next)
            if (timer->due_ms / TIMERS_TICK_MS < now) {
                timers_stop(timers, timer);
                return timer;
            }
        timers->tick++;
    }
    return NULL;
}

/* A slot that was found empty is not looked at again until its next turn. */
int timers_wait_ms(struct timers *timers, uint64_t now_ms)
{
    uint64_t tick = timers->earliest;

    if (timers->count == 0)
        return -1;
    if (tick <= timers->tick)
        tick = timers->tick + 1;
    while (tick < timers->tick + TIMERS_SLOTS) {
        const struct timer *head = slot_of(timers, tick);

        if (head->next != head)
            break;
        tick++;
    }
    timers->earliest = tick;
    return tick * TIMERS_TICK_MS <= now_ms ? 0 : (int)(tick * TIMERS_TICK_MS - now_ms);
}
