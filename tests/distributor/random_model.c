/* SPDX-License-Identifier: MIT */
/*
 * random_model.c - what the header promises, read against the stamps of a run.
 *
 * For each tag, items are worked on one after the other. A worker may have several of one tag
 * at once; others have none then. When it dies or leaves, what it has not given back begins
 * again, at the oldest of them and before any later one. An item comes back once, after it was
 * finished, and those of a tag in order, but for those that were cleared. Only one over which
 * so many workers died as the settings say comes back unfinished: it was given up.
 */
#include "distributor/random.h"

#include <stdlib.h>
#include <string.h>

#define NOBODY UINT32_MAX /* no life */

struct item {
    uint32_t holder;  /* the life that took it last */
    uint32_t place;   /* among those of its flow */
    uint32_t given;   /* stamps before which it was given back for sure; 0: it is not */
    uint32_t done_at; /* when it was finished last */
    uint32_t deaths;  /* while it was in work for sure */
    bool offered, accepted, in_work, finished, returned;
    bool again; /* somebody died over it, or left with it in work */
};

struct flow {
    uint32_t *items; /* in input order */
    uint32_t count, room;
    uint32_t next;     /* place of the next one to be taken */
    uint32_t returned; /* places up to here came back, or were cleared */
};

struct life {
    uint32_t ending, killing, last; /* stamps; ending, killing: UINT32_MAX, never */
    uint32_t in_work;
};

struct model {
    const struct plan *plan;
    struct record *record;
    struct item item[RANDOM_ITEMS];
    bool given_up[RANDOM_ITEMS]; /* it will be */
    struct flow *flow;
    struct life life[RANDOM_LIVES];
    bool somebody_ended;
    uint32_t now, accepted, returned, cleared, missing, last_clear;
};

/* --- Beginning ------------------------------------------------------------------------ */

/* When each life ended, and what it did last. */
static void look_ahead(struct model *model, uint32_t count)
{
    for (int i = 0; i < RANDOM_LIVES; i++)
        model->life[i] = (struct life){ .ending = UINT32_MAX, .killing = UINT32_MAX };
    for (uint32_t at = 0; at < count; at++) {
        struct stamp stamp = log_read(model->record, at);
        struct life *life = &model->life[stamp.life];

        if (stamp.kind == STAMP_KILLING && life->killing == UINT32_MAX)
            life->killing = at;
        if (stamp.kind == STAMP_ENDING)
            life->ending = at;
        if (stamp.kind == STAMP_TAKEN || stamp.kind == STAMP_FINISHED
            || stamp.kind == STAMP_GIVEN)
            life->last = at;
        if (stamp.kind == STAMP_RETURNED && (stamp.flags & DISTRIBUTOR_GIVEN_UP) != 0)
            model->given_up[stamp.item % RANDOM_ITEMS] = true;
    }
}

static void append(struct model *model, uint32_t number)
{
    struct flow *flow = &model->flow[item_traits(model->plan, number).flow];

    if (flow->count == flow->room) {
        flow->room = flow->room * 2 + 4;
        flow->items = realloc(flow->items, flow->room * sizeof flow->items[0]);
        if (flow->items == NULL)
            abort();
    }
    model->item[number] =
            (struct item){ .holder = NOBODY, .place = flow->count, .offered = true };
    flow->items[flow->count++] = number;
}

/* --- Workers --------------------------------------------------------------------------- */

/* It holds nothing any more: it has left, or it is dead and nothing of it comes later. */
static bool is_gone(const struct model *model, uint32_t number)
{
    const struct life *life = &model->life[number];

    return life->ending < model->now || (life->killing < model->now && life->last < model->now);
}

/* What became of an item at the one that had it last, and is gone. */
static void part(const struct model *model, struct item *item)
{
    bool killed;

    if (item->holder == NOBODY)
        return;
    killed = model->life[item->holder].killing < model->now;
    item->again = item->again || killed || item->in_work;
    item->deaths += killed && item->in_work;
    item->in_work = false;
}

/* The items of this flow from a place on begin again: nobody holds any of them. */
static void begin_again(struct model *model, const struct flow *flow, uint32_t place,
                        uint32_t life)
{
    for (uint32_t i = place; i < flow->next; i++) {
        struct item *item = &model->item[flow->items[i]];

        if (item->given != 0 || item->returned)
            wrong(model->record,
                  "item %u of flow %u is worked on again by life %u, after it "
                  "was given back by life %u",
                  flow->items[i], item_traits(model->plan, flow->items[i]).flow, life,
                  item->holder);
        else if (!is_gone(model, item->holder))
            wrong(model->record,
                  "life %u takes item %u of flow %u again, though item %u of "
                  "that flow is with life %u, which lives",
                  life, flow->items[place], item_traits(model->plan, flow->items[place]).flow,
                  flow->items[i], item->holder);
        part(model, item);
        item->finished = false;
    }
}

static void take(struct model *model, uint32_t number, uint32_t life, bool again)
{
    struct item *item = &model->item[number];
    uint32_t of = item_traits(model->plan, number).flow;
    struct flow *flow = &model->flow[of];
    uint32_t limit = model->plan->mode == DISTRIBUTOR_SINGLE ? 1 : DISTRIBUTOR_BURST_MAX;

    if (!item->offered) {
        wrong(model->record, "item %u came to a worker and was never given", number);
        return;
    }
    /* What is given up may be collected later. */
    while (flow->next < item->place && model->given_up[flow->items[flow->next]])
        flow->next++;
    if (item->place > flow->next) {
        wrong(model->record, "life %u takes item %u of flow %u before item %u", life, number,
              of, flow->items[flow->next]);
        return;
    }
    if (item->place < flow->next)
        begin_again(model, flow, item->place, life);
    for (uint32_t i = flow->returned; i < item->place; i++) {
        const struct item *before = &model->item[flow->items[i]];

        if (before->finished || before->holder == life
            || (model->given_up[flow->items[i]]
                && (before->holder == NOBODY || is_gone(model, before->holder))))
            continue;
        wrong(model->record,
              is_gone(model, before->holder)
                      ? "life %u takes item %u of flow %u before item %u, which life %u had "
                        "not given back when it ended"
                      : "life %u takes item %u of flow %u while item %u of it is in work at "
                        "life %u",
              life, number, of, flow->items[i], before->holder);
    }
    if (item->again && !again)
        wrong(model->record,
              "item %u was in work at one that died or left, and comes to life %u "
              "without DISTRIBUTOR_AGAIN",
              number, life);
    if (++model->life[life].in_work > limit)
        wrong(model->record, "life %u has %u items in work", life, model->life[life].in_work);
    item->holder = life;
    item->in_work = true;
    item->finished = false;
    flow->next = item->place + 1;
}

/* All that it has finished up to now is given back for sure. */
static void give(struct model *model, uint32_t life)
{
    for (uint32_t i = 0; i < RANDOM_ITEMS; i++)
        if (model->item[i].holder == life && model->item[i].finished)
            model->item[i].given = model->now;
}

/* --- The distributing thread ------------------------------------------------------------ */

/* What an item says of deaths, as it comes back. */
static void check_deaths(struct model *model, uint32_t number, uint32_t flags, uint32_t deaths)
{
    uint32_t most = model->plan->settings.deaths_max;
    bool given_up = (flags & DISTRIBUTOR_GIVEN_UP) != 0;
    struct item *item = &model->item[number];

    if (given_up)
        part(model, item);
    if (given_up ? most == 0 || deaths < most : most > 0 && deaths >= most)
        wrong(model->record, "item %u comes back %s after %u deaths", number,
              given_up ? "given up" : "finished", deaths);
    if (!given_up && !item->finished)
        wrong(model->record, "item %u comes back unfinished", number);
    if (deaths < item->deaths || deaths > atomic_load(&model->record->kills))
        wrong(model->record, "item %u comes back with %u deaths; %u had it in work", number,
              deaths, item->deaths);
    if ((item->again || deaths > 0) && (flags & DISTRIBUTOR_AGAIN) == 0)
        wrong(model->record, "item %u comes back without DISTRIBUTOR_AGAIN", number);
}

static void come_back(struct model *model, uint32_t number, uint32_t flags)
{
    struct item *item = &model->item[number];
    struct flow *flow = &model->flow[item_traits(model->plan, number).flow];

    if (!item->accepted || item->returned) {
        wrong(model->record,
              item->returned ? "item %u comes back twice"
                             : "item %u comes back and was never taken in",
              number);
        return;
    }
    check_deaths(model, number, flags, flags >> STAMP_DEATHS);
    if (item->place < flow->returned)
        wrong(model->record, "item %u comes back after item %u of its flow, which is later",
              number, flow->items[flow->returned - 1]);
    for (; flow->returned < item->place; flow->returned++) {
        uint32_t before = flow->items[flow->returned];

        model->missing++;
        if (!model->item[before].finished || model->item[before].done_at > model->last_clear)
            wrong(model->record,
                  "item %u comes back before item %u of its flow, which was "
                  "not cleared",
                  number, before);
    }
    if ((flags & DISTRIBUTOR_AGAIN) != 0 && !model->somebody_ended)
        wrong(model->record, "item %u comes back with DISTRIBUTOR_AGAIN, and nobody ended",
              number);
    flow->returned = item->place + 1;
    item->returned = true;
    model->returned++;
}

static void read_stamp(struct model *model, struct stamp stamp)
{
    struct item *item = &model->item[stamp.item % RANDOM_ITEMS];

    switch (stamp.kind) {
    case STAMP_OFFERED:
        if (!item->offered)
            append(model, stamp.item);
        break;
    case STAMP_ACCEPTED:
        item->accepted = true;
        model->accepted++;
        break;
    case STAMP_TAKEN:
        take(model, stamp.item, stamp.life, stamp.flags != 0);
        break;
    case STAMP_FINISHED:
        item->finished = true;
        item->in_work = false;
        item->done_at = model->now;
        model->life[stamp.life].in_work--;
        break;
    case STAMP_GIVEN:
        give(model, stamp.life);
        break;
    case STAMP_RETURNED:
        come_back(model, stamp.item, stamp.flags);
        break;
    case STAMP_ENDING:
    case STAMP_KILLING:
        model->somebody_ended = true;
        break;
    case STAMP_CLEARED:
        model->cleared += stamp.item;
        model->last_clear = model->now;
        break;
    default:
        break;
    }
}

void model_check(const struct plan *plan, struct record *record)
{
    struct model *model = calloc(1, sizeof *model);
    uint32_t count = atomic_load(&record->count);

    if (model == NULL || (model->flow = calloc(plan->tags, sizeof *model->flow)) == NULL)
        abort();
    if (count > RANDOM_STAMPS)
        count = RANDOM_STAMPS;
    model->plan = plan;
    model->record = record;
    look_ahead(model, count);
    for (model->now = 0; model->now < count && !is_wrong(record); model->now++)
        read_stamp(model, log_read(record, model->now));
    if (model->returned + model->cleared != model->accepted && !is_wrong(record)
        && atomic_load(&record->complete))
        wrong(record, "%u items were taken in, and %u came back and %u were cleared",
              model->accepted, model->returned, model->cleared);
    for (uint32_t i = 0; i < plan->tags; i++)
        free(model->flow[i].items);
    free(model->flow);
    free(model);
}
