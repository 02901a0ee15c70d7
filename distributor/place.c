/* SPDX-License-Identifier: MIT */
/*
 * place.c - which member gets which item, and the parcels that take them there.
 *
 * An item is copied into its parcel, which lies in the memory of the channel, when it is
 * placed; the parcel is sent when it is full, or when the call of the distributing thread is
 * over. So a worker is woken once for all that a call brings it.
 */
#include <mcapi_ext.h>

#include "distributor/inside.h"

/* --- Parcels --------------------------------------------------------------------------- */

static void mark_broken(struct distributor *d, struct member *member)
{
    member->broken = true;
    d->some_broken = true;
    rooms_remove(&d->rooms, member->number);
}

static void send_it(struct distributor *d, struct member *member, struct wire_parcel *parcel,
                    uint32_t count, uint32_t size)
{
    mcapi_status_t status;

    parcel->count = (uint16_t)count;
    parcel->worker = (uint16_t)member->number;
    parcel->epoch = member->epoch;
    parcel->batch = (uint16_t)d->batch;
    parcel->flags = count == 0 ? WIRE_DISMISSED : 0;
    parcel->max_size = d->max_size;
    mcapi_ext_pktchan_buffer_send(member->work, parcel, size, &status);
    if (status != MCAPI_SUCCESS)
        mark_broken(d, member);
}

static void send_parcel(struct distributor *d, struct member *member)
{
    struct wire_parcel *parcel = member->parcel;

    member->parcel = NULL;
    send_it(d, member, parcel, member->parcel_count, member->parcel_at);
    member->stats.packets++;
    member->stats.handed_over += member->parcel_count;
    d->stats.packets++;
    d->stats.handed_over += member->parcel_count;
    member->parcel_count = 0;
}

void place_tell_dismissed(struct distributor *d, struct member *member)
{
    struct wire_parcel *parcel;
    mcapi_status_t status;

    if (member->parcel != NULL)
        send_parcel(d, member);
    parcel = mcapi_ext_pktchan_buffer_take(member->work, sizeof(*parcel), &status);
    if (parcel != NULL) {
        member->to_tell = false;
        send_it(d, member, parcel, 0, sizeof(*parcel));
    } else if (status != MCAPI_TIMEOUT && status != MCAPI_ERR_MEM_LIMIT) {
        mark_broken(d, member);
    }
}

/* Asks for the cache lines that the parcel is likely to take: the other core has them, and a
 * store to one waits for it, with everything behind that. */
static void fetch_lines(const struct distributor *d, const struct member *member)
{
    uint32_t items = d->coming < WIRE_PARCEL_ITEMS ? d->coming : WIRE_PARCEL_ITEMS;
    uint32_t bytes = (uint32_t)sizeof(struct wire_parcel) + (items + 1) * 64;

    for (uint32_t at = 0; at < bytes && at < d->parcel_bytes; at += 64)
        wire_fetch_to_write((unsigned char *)member->parcel + at);
}

/* The parcel that there is goes, and a new one is begun. False: there is no packet, or nobody
 * to send it to; the member has no room then. */
static bool begin_parcel(struct distributor *d, struct member *member)
{
    mcapi_status_t status;

    if (member->parcel != NULL)
        send_parcel(d, member);
    if (!member->begun)
        d->begun[d->begun_count++] = (uint16_t)member->number;
    member->begun = true;
    if (member->broken)
        return false;
    member->parcel = mcapi_ext_pktchan_buffer_take(member->work, d->parcel_bytes, &status);
    member->parcel_at = sizeof(struct wire_parcel);
    if (member->parcel != NULL) {
        fetch_lines(d, member);
        return true;
    }
    if (status == MCAPI_TIMEOUT || status == MCAPI_ERR_MEM_LIMIT) {
        member->stuck = true;
        rooms_remove(&d->rooms, member->number);
    } else {
        mark_broken(d, member);
    }
    return false;
}

void place_send(struct distributor *d)
{
    for (uint32_t i = 0; i < d->begun_count; i++) {
        struct member *member = &d->members[d->begun[i]];

        member->begun = false;
        if (member->parcel != NULL)
            send_parcel(d, member);
    }
    d->begun_count = 0;
}

/* Gives an item to a member that is in `rooms`. False: it has no room after all, and is not in
 * there any more. */
static inline __attribute__((always_inline)) bool give(struct distributor *d,
                                                       struct member *member, uint32_t item)
{
    const struct distributor_item *record = &d->store.records[item];
    uint32_t stride = wire_stride(record->size);
    struct wire_parcel_item *entry;

    if (__builtin_expect(record->deaths > 0, 0)) {
        /* Until it has answered there is nothing that it can be given. */
        rooms_remove(&d->rooms, member->number);
        if (member_out(member) > 0)
            return false;
        member->alone = true;
    }
    if ((member->parcel == NULL || member->parcel_count == WIRE_PARCEL_ITEMS
         || member->parcel_at + stride > d->parcel_bytes)
        && !begin_parcel(d, member))
        return false;
    if (member_out(member) == 0)
        member->since_ns = d->now_ns;
    entry = &member->parcel->items[member->parcel_count++];
    entry->tag = record->tag;
    entry->size = record->size;
    if (__builtin_expect((record->flags & DISTRIBUTOR_AGAIN) != 0, 0))
        entry->size |= WIRE_AGAIN;
    store_copy((unsigned char *)member->parcel + member->parcel_at, record->bytes,
               record->size);
    member->parcel_at += stride;
    member->out[member->end++ & d->out_mask] = item;
    member->given++;
    d->out++;
    if (__builtin_expect(!member->alone, 1))
        member_move(d, member);
    return true;
}

enum { SOME = 4 }; /* members of as much room that are looked at */

/* --- Whom to give it to -------------------------------------------------------------- */

/* Puts an item behind the others of its tag that wait, or begins a line of them. The tag is in
 * the table. */
static void wait_in_line(struct distributor *d, struct tag *entry, uint32_t item)
{
    struct waits_queue *queue = &d->members[tags_worker(entry)].waiting;

    if (!tags_waits(entry)) {
        entry->line = waits_take(&d->waits, entry->tag);
        entry->use |= TAG_WAITS;
        waits_append(&d->waits, queue, entry->line);
    } else if (!tags_is_out(entry)) {
        queue = &d->free_waiting;
    }
    store_list_append(&d->store, &d->waits.lines[entry->line].items, item);
    queue->items++;
    d->all_waiting++;
}

void place_free_tag(struct distributor *d, struct tag *entry)
{
    waits_unlink(&d->waits, &d->members[tags_worker(entry)].waiting, entry->line);
    waits_append(&d->waits, &d->free_waiting, entry->line);
}

/* The first item of this line, which is in no queue, has been given to a member: the line goes
 * behind the others that wait for that, or ends. */
static void take_from_line(struct distributor *d, struct tag *entry, struct member *member)
{
    struct wait_line *line = &d->waits.lines[entry->line];

    store_list_take(&d->store, &line->items);
    d->all_waiting--;
    entry->use = (entry->use & ~(uint32_t)(TAG_WAITS - 1)) + TAG_ITEM + member->number;
    if (line->items.count > 0) {
        waits_append(&d->waits, &member->waiting, entry->line);
        return;
    }
    waits_give_back(&d->waits, entry->line);
    entry->use &= ~(uint32_t)TAG_WAITS;
}

/* The one with most room; of some that have nothing at all, the one that was given least.
 * Otherwise who is first in turn gets more than its share when few items come at a time: those
 * of one tag go to it together. */
static inline uint32_t choose(struct distributor *d)
{
    uint32_t best = rooms_most(&d->rooms), other = best;

    if (d->rooms.lowest > 0)
        return best;
    for (int i = 1; i < SOME && other != DISTRIBUTOR_WORKERS_MAX; i++) {
        other = rooms_another(&d->rooms, other);
        if (other != DISTRIBUTOR_WORKERS_MAX
            && d->members[other].given < d->members[best].given)
            best = other;
    }
    return best;
}

/* Gives an item to whoever has most room; their number, or DISTRIBUTOR_WORKERS_MAX: nobody has
 * any. */
static inline uint32_t give_to_any(struct distributor *d, uint32_t item)
{
    uint32_t number;

    do {
        number = choose(d);
    } while (number != DISTRIBUTOR_WORKERS_MAX && !give(d, &d->members[number], item));
    return number;
}

bool place_item(struct distributor *d, uint32_t item)
{
    uint32_t tag = d->store.records[item].tag, number;
    struct tag *entry = tags_find(&d->tags, tag);

    if (entry != NULL) {
        struct member *member = &d->members[tags_worker(entry)];

        if (tags_waits(entry) || !rooms_has(&d->rooms, member->number)
            || !give(d, member, item))
            wait_in_line(d, entry, item);
        else
            tags_count(entry);
        return true;
    }
    number = give_to_any(d, item);
    if (number == DISTRIBUTOR_WORKERS_MAX)
        return false;
    tags_add(&d->tags, tag, number);
    return true;
}

/* One of each line in turn. */
void place_waiting_for(struct distributor *d, struct member *member)
{
    while (member->waiting.first != WAITS_NONE && rooms_has(&d->rooms, member->number)) {
        uint32_t line = member->waiting.first;
        struct wait_line *its = &d->waits.lines[line];

        if (!give(d, member, its->items.first))
            return;
        waits_unlink(&d->waits, &member->waiting, line);
        take_from_line(d, tags_find(&d->tags, its->tag), member);
    }
}

/* Those whose tags are free. False: nobody has room for the first. */
static bool place_free_waiting(struct distributor *d)
{
    while (d->free_waiting.first != WAITS_NONE) {
        uint32_t line = d->free_waiting.first, number;
        struct wait_line *its = &d->waits.lines[line];

        number = give_to_any(d, its->items.first);
        if (number == DISTRIBUTOR_WORKERS_MAX)
            return false;
        waits_unlink(&d->waits, &d->free_waiting, line);
        take_from_line(d, tags_find(&d->tags, its->tag), &d->members[number]);
        place_waiting_for(d, &d->members[number]);
    }
    return true;
}

void place_waiting(struct distributor *d)
{
    if (!place_free_waiting(d))
        return;
    while (d->waiting.count > 0) {
        uint32_t item = d->waiting.first;
        uint32_t next = d->store.next[item];

        if (!place_item(d, item))
            return;
        d->waiting.first = next;
        d->waiting.count--;
        d->all_waiting--;
    }
}

/* --- Back ------------------------------------------------------------------------------ */

/* What comes back is newer than what is kept, so the parcel that was begun is part of it. */
static void discard_parcel(struct member *member)
{
    mcapi_status_t status;

    if (member->parcel == NULL)
        return;
    mcapi_ext_pktchan_buffer_give_back(member->work, member->parcel, &status);
    member->parcel = NULL;
    member->parcel_count = 0;
}

/* The lines of the tags that are at this member: their items, line by line. */
static void dissolve_lines(struct distributor *d, struct member *member,
                           struct store_list *items)
{
    while (member->waiting.first != WAITS_NONE) {
        uint32_t line = member->waiting.first;
        struct wait_line *its = &d->waits.lines[line];

        waits_unlink(&d->waits, &member->waiting, line);
        tags_find(&d->tags, its->tag)->use &= ~(uint32_t)TAG_WAITS;
        while (its->items.count > 0)
            store_list_append(&d->store, items, store_list_take(&d->store, &its->items));
        waits_give_back(&d->waits, line);
    }
}

/* Older items of its tag have been in work at as many deaths, so they are before it. */
static void give_up(struct distributor *d, const struct member *member, uint32_t item)
{
    struct distributor_item *record = &d->store.records[item];

    tags_uncount(&d->tags, record->tag);
    record->flags |= DISTRIBUTOR_GIVEN_UP;
    record->worker = (uint16_t)member->number;
    store_finish(&d->store, item);
    d->stats.returned++;
    d->stats.given_up++;
}

/* A death is counted for an item. Whether that was one too many. */
static bool count_death(const struct distributor *d, struct distributor_item *record,
                        uint32_t weight)
{
    uint32_t deaths = record->deaths + weight;

    record->deaths = (uint8_t)(deaths < UINT8_MAX ? deaths : UINT8_MAX);
    return d->deaths_max > 0 && record->deaths >= d->deaths_max;
}

void place_take_back(struct distributor *d, struct member *member, uint32_t keep,
                     uint32_t again, uint32_t suspects, uint32_t weight)
{
    uint32_t was_out = member_out(member);
    struct store_list back, behind;

    store_list_open(&back);
    store_list_open(&behind);
    dissolve_lines(d, member, &behind);
    if (keep < was_out)
        discard_parcel(member);
    else
        keep = was_out;
    for (uint32_t i = 0; i < was_out; i++) {
        uint32_t item = member->out[(member->first + i) & d->out_mask];

        if (i < again)
            d->store.records[item].flags |= DISTRIBUTOR_AGAIN;
        if (i < suspects && count_death(d, &d->store.records[item], weight)) {
            give_up(d, member, item);
        } else if (i >= keep) {
            tags_uncount(&d->tags, d->store.records[item].tag);
            store_list_append(&d->store, &back, item);
        }
    }
    d->out -= was_out - keep;
    d->all_waiting += back.count;
    member->end = member->first + keep;
    store_list_prepend(&d->store, &d->waiting, &behind);
    store_list_prepend(&d->store, &d->waiting, &back);
}
