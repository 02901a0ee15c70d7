/* SPDX-License-Identifier: MIT */
#include "unit/distributor/team.h"

#include <string.h>

#include "support/eventually.h"
#include "support/expect.h"

struct team team_open_empty(enum distributor_mode mode,
                            const struct distributor_settings *settings)
{
    struct team team = { .distributor = NULL };

    expect(MCAPI_SUCCESS, team.distributor = distributor_create(TEAM_PORT, TEAM_MOST, mode,
                                                                settings, &status));
    ck_assert_ptr_nonnull(team.distributor);
    return team;
}

struct team team_open(enum distributor_mode mode, uint32_t workers,
                      const struct distributor_settings *settings)
{
    struct team team = team_open_empty(mode, settings);

    for (uint32_t i = 0; i < workers; i++)
        team_join(&team);
    return team;
}

void team_look(struct team *team)
{
    /* Not every call looks at everybody; a wait does. */
    distributor_wait(team->distributor, DISTRIBUTOR_RETURNS, MCAPI_TIMEOUT_IMMEDIATE, NULL);
}

uint32_t team_join_only(struct team *team)
{
    uint32_t place = 0;

    while (team->workers[place] != NULL)
        place++;
    expect(MCAPI_SUCCESS, team->workers[place] = distributor_join(0, 1, TEAM_PORT, 0, &status));
    team->counts[place] = 0;
    team_look(team);
    return place;
}

uint32_t team_join(struct team *team)
{
    uint32_t place = team_join_only(team);

    expect(MCAPI_SUCCESS, distributor_request(team->workers[place], NULL, 0, &status));
    team_look(team);
    return place;
}

void team_leave(struct team *team, uint32_t worker)
{
    expect(MCAPI_SUCCESS, distributor_leave(team->workers[worker], team->in_work[worker],
                                            team->counts[worker], &status));
    team->workers[worker] = NULL;
    team_look(team);
}

void team_close(struct team *team)
{
    for (uint32_t i = 0; i < TEAM_MOST; i++)
        if (team->workers[i] != NULL)
            team_leave(team, i);
    expect(MCAPI_SUCCESS, distributor_destroy(team->distributor, &status));
}

/* --- Items ------------------------------------------------------------------------------ */

void team_fill(unsigned char bytes[TEAM_BYTES], uint32_t tag, uint64_t cookie)
{
    memcpy(bytes, &cookie, 8);
    memcpy(bytes + 8, &tag, 4);
    memset(bytes + 12, (int)(cookie * 31 + tag), TEAM_BYTES - 12);
}

bool team_is(const unsigned char *bytes, size_t size, uint32_t tag, uint64_t cookie)
{
    unsigned char wanted[TEAM_BYTES];

    team_fill(wanted, tag, cookie);
    return size == TEAM_BYTES && memcmp(bytes, wanted, TEAM_BYTES) == 0;
}

bool team_put(struct team *team, uint32_t tag, uint64_t cookie)
{
    unsigned char bytes[TEAM_BYTES];
    struct distributor_item item = {
        .bytes = bytes, .size = sizeof(bytes), .tag = tag, .cookie = cookie
    };
    size_t taken;

    team_fill(bytes, tag, cookie);
    expect(MCAPI_SUCCESS, taken = distributor_process(team->distributor, &item, 1, &status));
    memset(bytes, 0, sizeof(bytes)); /* they were copied */
    return taken == 1;
}

void team_put_some(struct team *team, uint32_t tag, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert(team_put(team, tag, first + i));
}

static uint64_t cookie_in(const struct distributor_item *item)
{
    uint64_t cookie;

    ck_assert_uint_eq(item->size, TEAM_BYTES);
    memcpy(&cookie, item->bytes, sizeof(cookie));
    ck_assert(team_is(item->bytes, item->size, item->tag, cookie));
    return cookie;
}

uint64_t team_take(struct team *team, uint32_t worker)
{
    struct distributor_item *items = team->in_work[worker];

    ck_assert_uint_eq(team->counts[worker], 0);
    expect(MCAPI_SUCCESS,
           team->counts[worker] = distributor_poll(team->workers[worker], items, &status));
    for (size_t i = 0; i < team->counts[worker]; i++) {
        cookie_in(&items[i]);
        ck_assert_uint_eq(items[i].cookie, 0);
    }
    return team->counts[worker] > 0 ? cookie_in(items) : TEAM_NOTHING;
}

void team_finish(struct team *team, uint32_t worker)
{
    expect(MCAPI_SUCCESS, distributor_request(team->workers[worker], team->in_work[worker],
                                              team->counts[worker], &status));
    team->counts[worker] = 0;
    team_look(team);
}

uint32_t team_work(struct team *team, uint32_t worker)
{
    uint32_t done = 0;

    while (team_take(team, worker) != TEAM_NOTHING) {
        done += (uint32_t)team->counts[worker];
        team_finish(team, worker);
    }
    return done;
}

void team_work_all(struct team *team)
{
    struct distributor_stats stats;

    do {
        for (uint32_t i = 0; i < TEAM_MOST; i++)
            if (team->workers[i] != NULL)
                team_work(team, i);
        team_look(team);
        stats = team_stats(team);
    } while (stats.waiting + stats.out > 0);
}

uint64_t team_next_return(struct team *team)
{
    struct distributor_item item;
    size_t count;

    expect(MCAPI_SUCCESS, count = distributor_returned(team->distributor, &item, 1, &status));
    if (count == 0)
        return TEAM_NOTHING;
    ck_assert_uint_eq(cookie_in(&item), item.cookie);
    return item.cookie;
}

void team_expect_returns(struct team *team, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(team_next_return(team), first + i);
    ck_assert_uint_eq(team_next_return(team), TEAM_NOTHING);
}

/* --- Numbers ---------------------------------------------------------------------------- */

uint32_t team_out(const struct team *team, uint32_t worker)
{
    struct distributor_worker_stats stats;

    expect(MCAPI_SUCCESS, distributor_worker_stats(team->distributor, worker, &stats, &status));
    return stats.out;
}

struct distributor_stats team_stats(const struct team *team)
{
    struct distributor_stats stats;

    expect(MCAPI_SUCCESS, distributor_stats(team->distributor, &stats, &status));
    return stats;
}
