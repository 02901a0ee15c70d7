/* SPDX-License-Identifier: MIT */
/*
 * collect.c - takes the answers of workers: what is finished, and what they want.
 *
 * What a worker says is checked before it is believed. One that says what cannot be is treated
 * like one that has died.
 */
#include <mcapi_ext.h>

#include "distributor/inside.h"

enum {
    AT_ONCE = 16, /* answers of one call */

    /* Nanoseconds, and items: see set_window. */
    WINDOW_NS = 1 << 18,
    WINDOW_LEAST = 2,

    /* Members with nothing out are looked at once in so many looks. */
    SELDOM = 16,
};

/* --- One answer ------------------------------------------------------------------------ */

/* An answer in the worker's memory, and what is still to be read of it. */
struct reading {
    const unsigned char *bytes;
    size_t size;
    size_t at;
    uint32_t changed; /* entries to come */
    uint32_t index;   /* of the next one, if there is one */
};

/* False: it makes no sense. */
static bool next_change(struct reading *reading, uint32_t done)
{
    struct wire_changed entry;
    uint32_t before = reading->index;
    bool first = reading->at == sizeof(struct wire_answer);

    if (reading->changed == 0)
        return true;
    if (reading->size - reading->at < sizeof(entry))
        return false;
    memcpy(&entry, reading->bytes + reading->at, sizeof(entry));
    reading->index = entry.index;
    return entry.index < done && (first || entry.index > before);
}

/* The bytes that this item has now. False: they make no sense. */
static bool take_change(struct distributor *d, struct reading *reading, uint32_t item,
                        uint32_t done)
{
    struct distributor_item *record = &d->store.records[item];
    struct wire_changed entry;

    memcpy(&entry, reading->bytes + reading->at, sizeof(entry));
    reading->at += sizeof(entry);
    if (entry.size > d->max_size || reading->size - reading->at < entry.size)
        return false;
    record->bytes = store_place(&d->store, item, entry.size);
    record->size = entry.size;
    record->flags |= DISTRIBUTOR_CHANGED;
    store_copy(record->bytes, reading->bytes + reading->at, entry.size);
    d->stats.changed++;
    reading->at += wire_stride(entry.size);
    if (reading->at > reading->size)
        reading->at = reading->size;
    reading->changed--;
    return next_change(reading, done);
}

/* The oldest item of a member is finished. */
static inline uint32_t finish_oldest(struct distributor *d, struct member *member)
{
    uint32_t item = member->out[member->first++ & d->out_mask];
    struct distributor_item *record = &d->store.records[item];
    struct tag *entry;

    record->worker = (uint16_t)member->number;
    entry = tags_uncount(&d->tags, record->tag);
    if (__builtin_expect(entry != NULL, 0))
        place_free_tag(d, entry);
    store_finish(&d->store, item);
    return item;
}

/* False: the rest of it makes no sense; items up to there are finished. */
static bool finish_changed(struct distributor *d, struct member *member,
                           struct reading *reading, uint32_t done)
{
    if (!next_change(reading, done))
        return false;
    for (uint32_t i = 0; i < done; i++) {
        bool changed = reading->changed > 0 && reading->index == i;

        /* The bytes first: an item that cannot be had is not finished. */
        if (changed && !take_change(d, reading, member->out[member->first & d->out_mask], done))
            return false;
        finish_oldest(d, member);
    }
    return reading->changed == 0;
}

/* False: it makes no sense. */
static bool take_done(struct distributor *d, struct member *member,
                      const struct wire_answer *answer, const unsigned char *bytes, size_t size)
{
    uint32_t before = member->first;
    struct reading reading = {
        .bytes = bytes, .size = size, .at = sizeof(*answer), .changed = answer->changed
    };
    bool fine = true;

    if (answer->changed > 0)
        fine = finish_changed(d, member, &reading, answer->done);
    else
        for (uint32_t i = 0; i < answer->done; i++)
            finish_oldest(d, member);
    d->out -= member->first - before;
    d->stats.returned += member->first - before;
    member->stats.returned += member->first - before;
    return fine;
}

/* Whether it is in `rooms` as it should be. */
static void note_room(struct distributor *d, struct member *member)
{
    rooms_remove(&d->rooms, member->number);
    if (member_out(member) == 0)
        member->alone = false;
    if (member->alone || member->slow)
        return;
    if (member_takes(member) && !member->broken && !member->stuck)
        member_move(d, member);
}

/* What is out at a member is so much that it has something to do until it gets more, and not so
 * much that others could have done it meanwhile: about WINDOW_NS of work, and at least one item
 * beside the one in work. It shrinks in steps, for one slow item is no slow flow. */
static void set_window(const struct distributor *d, struct member *member, uint32_t pace)
{
    uint32_t right = WINDOW_NS >> pace;

    if (pace == 0)
        return; /* not known */
    if (right < WINDOW_LEAST)
        right = WINDOW_LEAST;
    if (right < member->window)
        right = member->window - (member->window - right + 3) / 4;
    member->window = right < d->window ? right : d->window;
}

enum said { SAID_SENSE, SAID_NONSENSE, SAID_FAREWELL };

static enum said take_answer(struct distributor *d, struct member *member,
                             const unsigned char *bytes, size_t size)
{
    uint32_t sent = member_out(member) - member->parcel_count;
    struct wire_answer answer;

    if (size < sizeof(answer))
        return SAID_NONSENSE;
    memcpy(&answer, bytes, sizeof(answer));
    if (answer.done > sent || answer.kept > sent - answer.done
        || !take_done(d, member, &answer, bytes, size))
        return SAID_NONSENSE;
    if ((answer.flags & WIRE_LEAVING) != 0) {
        members_bury(d, member, false, answer.kept);
        return SAID_FAREWELL;
    }
    if (answer.epoch != member->epoch) {
        place_take_back(d, member, answer.kept, 0, 0, 0);
        member->epoch = answer.epoch;
    }
    member->asking = (answer.flags & WIRE_ASKING) != 0;
    member->stuck = false;
    member->lag = answer.lag;
    set_window(d, member, answer.flags >> WIRE_PACE_SHIFT);
    if (answer.done > 0 || member_out(member) == 0) {
        member->slow = false;
        member->since_ns = d->now_ns;
    }
    /* Of what waits for it the tags may be at nobody now. */
    if (!member_takes(member) && member->waiting.items > 0)
        place_take_back(d, member, member_out(member), 0, 0, 0);
    return SAID_SENSE;
}

/* --- All answers ----------------------------------------------------------------------- */

/* What a receive would say of a member that has nothing to say. MCAPI_SUCCESS: it is there. */
static void look_at(struct distributor *d, struct member *member)
{
    void *packets[AT_ONCE];
    size_t sizes[AT_ONCE];
    enum said said = SAID_SENSE;
    mcapi_status_t status;
    size_t count, all = 0;

    while (mcapi_pktchan_available(member->answers, &status) > 0) {
        count = mcapi_ext_pktchan_recv_burst(member->answers, packets, sizes, AT_ONCE, &status);
        for (size_t i = 0; i < count && said == SAID_SENSE; i++)
            said = take_answer(d, member, packets[i], sizes[i]);
        if (said == SAID_FAREWELL) /* with its channels, its packets are gone */
            return;
        if (count == 0 || said == SAID_NONSENSE) {
            status = MCAPI_ERR_GENERAL;
            break;
        }
        mcapi_ext_pktchan_release_burst(packets, count, &status);
        all += count;
        member->full = all >= member->depth;
        if (member->to_tell)
            place_tell_dismissed(d, member);
        note_room(d, member);
        place_waiting_for(d, member);
    }
    if (status != MCAPI_SUCCESS || member->broken)
        members_bury(d, member, true, member_out(member) - member->parcel_count);
}

/* Those that have finished nothing for long get nothing more: it would wait behind what they
 * are at. An answer that lies here already takes that back at once. */
static void note_slow(struct distributor *d)
{
    for (uint32_t i = 0; i < d->present_count; i++) {
        struct member *member = &d->members[d->present[i]];

        if (member->slow || member_out(member) == 0
            || d->now_ns - member->since_ns < d->slow_ns)
            continue;
        member->slow = true;
        rooms_remove(&d->rooms, member->number);
    }
}

void collect_answers(struct distributor *d, bool all)
{
    all = all || d->turn++ % SELDOM == 0;
    if (d->slow_ns > 0)
        note_slow(d);
    do {
        d->some_broken = false;
        /* From the last to the first: who is buried is replaced by one that was looked at. */
        for (uint32_t i = d->present_count; i-- > 0;) {
            struct member *member = &d->members[d->present[i]];

            if (all || member->end != member->first || member->broken)
                look_at(d, member);
        }
        place_waiting(d);
    } while (d->some_broken);
}
