/* SPDX-License-Identifier: MIT */
/*
 * ack.c - what is out at one worker.
 */
#include "load_balancer/ack.h"

#include <stdlib.h>

bool ack_open(struct ack_table *table, uint32_t window)
{
    uint32_t slots = 1;

    while (slots < window)
        slots *= 2;
    *table = (struct ack_table){
        .items = calloc(slots, sizeof(*table->items)),
        .mask = slots - 1,
        .window = window,
    };
    return table->items != NULL;
}

void ack_close(struct ack_table *table)
{
    free(table->items);
    *table = (struct ack_table){ 0 };
}

const struct ack_item *ack_oldest(const struct ack_table *table)
{
    return ack_out(table) == 0 ? NULL : &table->items[table->done & table->mask];
}
