/* SPDX-License-Identifier: MIT */
#include "unit/distributor/crew.h"

#include <string.h>

#include "support/eventually.h"
#include "support/expect.h"

struct crew crew_open_empty(enum distributor_mode mode,
                            const struct distributor_settings *settings)
{
    struct crew crew = { .distributor = NULL };

    expect(MCAPI_SUCCESS, crew.distributor = distributor_create(CREW_PORT, CREW_MOST, mode,
                                                                settings, &status));
    ck_assert_ptr_nonnull(crew.distributor);
    return crew;
}

struct crew crew_open(enum distributor_mode mode, uint32_t workers,
                      const struct distributor_settings *settings)
{
    struct crew crew = crew_open_empty(mode, settings);

    for (uint32_t i = 0; i < workers; i++)
        crew_join(&crew);
    return crew;
}

void crew_look(struct crew *crew)
{
    /* Not every call looks at everybody; a wait does. */
    distributor_wait(crew->distributor, DISTRIBUTOR_RETURNS, MCAPI_TIMEOUT_IMMEDIATE, NULL);
}

uint32_t crew_join_only(struct crew *crew)
{
    uint32_t place = 0;

    while (crew->workers[place] != NULL)
        place++;
    expect(MCAPI_SUCCESS, crew->workers[place] = distributor_join(0, 1, CREW_PORT, 0, &status));
    crew->counts[place] = 0;
    crew_look(crew);
    return place;
}

uint32_t crew_join(struct crew *crew)
{
    uint32_t place = crew_join_only(crew);

    expect(MCAPI_SUCCESS, distributor_request(crew->workers[place], NULL, 0, &status));
    crew_look(crew);
    return place;
}

void crew_leave(struct crew *crew, uint32_t worker)
{
    expect(MCAPI_SUCCESS, distributor_leave(crew->workers[worker], crew->in_work[worker],
                                            crew->counts[worker], &status));
    crew->workers[worker] = NULL;
    crew_look(crew);
}

void crew_close(struct crew *crew)
{
    for (uint32_t i = 0; i < CREW_MOST; i++)
        if (crew->workers[i] != NULL)
            crew_leave(crew, i);
    expect(MCAPI_SUCCESS, distributor_destroy(crew->distributor, &status));
}

/* --- Items ------------------------------------------------------------------------------ */

void crew_fill(unsigned char bytes[CREW_BYTES], uint32_t tag, uint64_t cookie)
{
    memcpy(bytes, &cookie, 8);
    memcpy(bytes + 8, &tag, 4);
    memset(bytes + 12, (int)(cookie * 31 + tag), CREW_BYTES - 12);
}

bool crew_is(const unsigned char *bytes, size_t size, uint32_t tag, uint64_t cookie)
{
    unsigned char wanted[CREW_BYTES];

    crew_fill(wanted, tag, cookie);
    return size == CREW_BYTES && memcmp(bytes, wanted, CREW_BYTES) == 0;
}

bool crew_put(struct crew *crew, uint32_t tag, uint64_t cookie)
{
    unsigned char bytes[CREW_BYTES];
    struct distributor_item item = {
        .bytes = bytes, .size = sizeof(bytes), .tag = tag, .cookie = cookie
    };
    size_t taken;

    crew_fill(bytes, tag, cookie);
    expect(MCAPI_SUCCESS, taken = distributor_process(crew->distributor, &item, 1, &status));
    memset(bytes, 0, sizeof(bytes)); /* they were copied */
    return taken == 1;
}

void crew_put_some(struct crew *crew, uint32_t tag, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert(crew_put(crew, tag, first + i));
}

static uint64_t cookie_in(const struct distributor_item *item)
{
    uint64_t cookie;

    ck_assert_uint_eq(item->size, CREW_BYTES);
    memcpy(&cookie, item->bytes, sizeof(cookie));
    ck_assert(crew_is(item->bytes, item->size, item->tag, cookie));
    return cookie;
}

uint64_t crew_take(struct crew *crew, uint32_t worker)
{
    struct distributor_item *items = crew->in_work[worker];

    ck_assert_uint_eq(crew->counts[worker], 0);
    expect(MCAPI_SUCCESS,
           crew->counts[worker] = distributor_poll(crew->workers[worker], items, &status));
    for (size_t i = 0; i < crew->counts[worker]; i++) {
        cookie_in(&items[i]);
        ck_assert_uint_eq(items[i].cookie, 0);
    }
    return crew->counts[worker] > 0 ? cookie_in(items) : CREW_NOTHING;
}

void crew_finish(struct crew *crew, uint32_t worker)
{
    expect(MCAPI_SUCCESS, distributor_request(crew->workers[worker], crew->in_work[worker],
                                              crew->counts[worker], &status));
    crew->counts[worker] = 0;
    crew_look(crew);
}

uint32_t crew_work(struct crew *crew, uint32_t worker)
{
    uint32_t done = 0;

    while (crew_take(crew, worker) != CREW_NOTHING) {
        done += (uint32_t)crew->counts[worker];
        crew_finish(crew, worker);
    }
    return done;
}

void crew_work_all(struct crew *crew)
{
    struct distributor_stats stats;

    do {
        for (uint32_t i = 0; i < CREW_MOST; i++)
            if (crew->workers[i] != NULL)
                crew_work(crew, i);
        crew_look(crew);
        stats = crew_stats(crew);
    } while (stats.waiting + stats.out > 0);
}

uint64_t crew_next_return(struct crew *crew)
{
    struct distributor_item item;
    size_t count;

    expect(MCAPI_SUCCESS, count = distributor_returned(crew->distributor, &item, 1, &status));
    if (count == 0)
        return CREW_NOTHING;
    ck_assert_uint_eq(cookie_in(&item), item.cookie);
    return item.cookie;
}

void crew_expect_returns(struct crew *crew, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        ck_assert_uint_eq(crew_next_return(crew), first + i);
    ck_assert_uint_eq(crew_next_return(crew), CREW_NOTHING);
}

/* --- Numbers ---------------------------------------------------------------------------- */

uint32_t crew_out(const struct crew *crew, uint32_t worker)
{
    struct distributor_worker_stats stats;

    expect(MCAPI_SUCCESS, distributor_worker_stats(crew->distributor, worker, &stats, &status));
    return stats.out;
}

struct distributor_stats crew_stats(const struct crew *crew)
{
    struct distributor_stats stats;

    expect(MCAPI_SUCCESS, distributor_stats(crew->distributor, &stats, &status));
    return stats;
}
