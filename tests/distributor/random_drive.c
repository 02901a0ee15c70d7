/* SPDX-License-Identifier: MIT */
/* random_drive.c - calls of the distributing thread, and what can be said of each at once. */
#include "distributor/random_drive.h"

#include <string.h>

/* The distortions that are about the n-th thing take this one. */
enum { DISTORT_AT = 20 };

static void expect_good(struct drive *drive, const char *call, mcapi_status_t status)
{
    if (status != MCAPI_SUCCESS)
        wrong(drive->record, "%s has status %u", call, (unsigned)status);
}

/* --- Items go in ---------------------------------------------------------------------------
 */

static unsigned char *bytes_of(const struct drive *drive, uint32_t item)
{
    return drive->bytes + (size_t)item * RANDOM_LARGEST;
}

/* What the library is told; for a distortion, something else. */
static uint32_t tag_of(const struct drive *drive, uint32_t item, uint32_t tag)
{
    if (drive->plan->distortion == DISTORT_TAGS && item % 2 == 1)
        return tag ^ 0x80000000u;
    if (drive->plan->distortion == DISTORT_DEATHS)
        return tag ^ (atomic_load(&drive->record->kills) << 24);
    return tag;
}

static uint32_t offer(struct drive *drive, uint32_t count, struct distributor_item *items)
{
    if (count > RANDOM_ITEMS - drive->offered)
        count = RANDOM_ITEMS - drive->offered;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = drive->offered + i;
        struct traits traits = item_traits(drive->plan, item);

        items[i] = (struct distributor_item){
            .bytes = bytes_of(drive, item),
            .size = traits.size,
            .tag = tag_of(drive, item, traits.tag),
            .cookie = ~(uint64_t)item,
            .worker = (uint16_t)item, /* not looked at */
            .flags = traits.kept ? DISTRIBUTOR_KEPT : 0,
        };
        item_fill(items[i].bytes, item, traits.size, false);
        log_stamp(drive->record, STAMP_OFFERED, 0, item, 0);
    }
    return count;
}

void drive_process(struct drive *drive, uint32_t count)
{
    struct distributor_item items[256];
    mcapi_status_t status;
    size_t taken, wanted;

    drive_stats(drive);
    count = offer(drive, count, items);
    wanted = count < drive->room ? count : drive->room;
    taken = distributor_process(drive->distributor, count > 0 ? items : NULL, count, &status);
    expect_good(drive, "process", status);
    if (taken != wanted)
        wrong(drive->record, "process took %zu of %u items with room for %zu", taken, count,
              drive->room);
    if (drive->plan->distortion == DISTORT_DROP)
        taken = count;
    for (size_t i = 0; i < taken && i < count; i++) {
        uint32_t item = drive->offered + (uint32_t)i;

        log_stamp(drive->record, STAMP_ACCEPTED, 0, item, 0);
        if ((items[i].flags & DISTRIBUTOR_KEPT) == 0)
            memset(items[i].bytes, 0xA5, items[i].size); /* copied by now */
    }
    drive->offered += (uint32_t)taken;
    drive->accepted += taken;
}

/* --- Items come back
 * --------------------------------------------------------------------------- */

static void check_item(struct drive *drive, const struct distributor_item *item,
                       const char *when)
{
    uint32_t number = (uint32_t)~item->cookie;
    struct traits traits;
    bool changed = (item->flags & DISTRIBUTOR_CHANGED) != 0;
    bool kept = (item->flags & DISTRIBUTOR_KEPT) != 0;
    bool given_up = (item->flags & DISTRIBUTOR_GIVEN_UP) != 0;

    if (~item->cookie >= drive->offered) {
        wrong(drive->record, "%s: an item has cookie %llx", when,
              (unsigned long long)item->cookie);
        return;
    }
    traits = item_traits(drive->plan, number);
    if (changed != (traits.changed && !given_up) || kept != traits.kept)
        wrong(drive->record, "%s: item %u has flags %x", when, number, item->flags);
    else if (item->size != (changed ? traits.changed_size : traits.size))
        wrong(drive->record, "%s: item %u has %u bytes, not %u", when, number, item->size,
              changed ? traits.changed_size : traits.size);
    else if (!item_is(item->bytes, number, item->size, changed))
        wrong(drive->record, "%s: item %u has other bytes", when, number);
    else if (kept && !changed && item->bytes != bytes_of(drive, number))
        wrong(drive->record, "%s: item %u is not where it was kept", when, number);
    else if (item->tag != tag_of(drive, number, traits.tag)
             && drive->plan->distortion != DISTORT_DEATHS)
        wrong(drive->record, "%s: item %u has tag %u, not %u", when, number, item->tag,
              traits.tag);
    else if (item->worker >= drive->plan->max_workers)
        wrong(drive->record, "%s: item %u was with worker %u of %u", when, number, item->worker,
              drive->plan->max_workers);
}

void drive_check_lent(struct drive *drive)
{
    for (size_t i = 0; i < drive->lent_count && !is_wrong(drive->record); i++)
        check_item(drive, &drive->lent[i], "after it was collected");
}

/* For a call after which what was collected is the library's again. */
static void forget_lent(struct drive *drive)
{
    drive_check_lent(drive);
    drive->lent_count = 0;
}

static void stamp_returned(const struct drive *drive, const struct distributor_item *item)
{
    uint32_t flags = item->flags, deaths = item->deaths;

    if (drive->plan->distortion == DISTORT_AGAIN)
        flags &= ~DISTRIBUTOR_AGAIN;
    if (drive->plan->distortion == DISTORT_GIVEN_UP)
        flags &= ~DISTRIBUTOR_GIVEN_UP;
    if (drive->plan->distortion == DISTORT_COUNT && deaths > 0)
        deaths--;
    log_stamp(drive->record, STAMP_RETURNED, 0, (uint32_t)~item->cookie,
              flags | deaths << STAMP_DEATHS);
}

/* The first two of one tag change places. False: there are none. */
static bool swap_two(struct distributor_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (items[i].tag == items[k].tag) {
                struct distributor_item other = items[i];

                items[i] = items[k];
                items[k] = other;
                return true;
            }
    return false;
}

static void distort(struct drive *drive, struct distributor_item *items, size_t *count)
{
    enum distortion distortion = drive->plan->distortion;

    if (*count == 0 || drive->distorted || drive->collected < DISTORT_AT)
        return;
    drive->distorted = true;
    if (distortion == DISTORT_TWICE)
        stamp_returned(drive, &items[0]);
    else if (distortion == DISTORT_LOSE)
        --*count;
    else if (distortion == DISTORT_SWAP)
        drive->distorted = swap_two(items, *count);
    else if (distortion == DISTORT_OVERWRITE)
        ((unsigned char *)items[0].bytes)[items[0].size - 1] ^= 1;
}

size_t drive_returned(struct drive *drive, uint32_t room)
{
    mcapi_status_t status;
    size_t count, lent;

    drive_check_lent(drive);
    if (room > DRIVE_ROOM)
        room = DRIVE_ROOM;
    count = distributor_returned(drive->distributor, drive->lent, room, &status);
    expect_good(drive, "returned", status);
    if (count > room) {
        wrong(drive->record, "returned gave %zu items where there is room for %u", count, room);
        count = room;
    }
    drive->collected += count;
    drive->lent_count = lent = count;
    for (size_t i = 0; i < count && !is_wrong(drive->record); i++)
        check_item(drive, &drive->lent[i], "returned");
    distort(drive, drive->lent, &lent);
    for (size_t i = 0; i < lent; i++)
        stamp_returned(drive, &drive->lent[i]);
    return count;
}

void drive_clear(struct drive *drive)
{
    mcapi_status_t status;
    size_t count;

    forget_lent(drive);
    count = distributor_clear_returns(drive->distributor, &status);
    expect_good(drive, "clear_returns", status);
    drive->cleared += count;
    log_stamp(drive->record, STAMP_CLEARED, 0, (uint32_t)count, 0);
}

/* --- The rest
 * ------------------------------------------------------------------------------------- */

void drive_wait(struct drive *drive, const struct step *step)
{
    mcapi_status_t status;
    uint64_t before = drive->collected;
    uint32_t came;

    forget_lent(drive);
    came = distributor_wait(drive->distributor, step->count, step->time, &status);

    if (status == MCAPI_TIMEOUT && came == 0)
        return;
    expect_good(drive, "wait", status);
    if (came == 0 || (came & ~step->count) != 0)
        wrong(drive->record, "wait for %u gave %u", step->count, came);
    if ((came & DISTRIBUTOR_ROOM) != 0) {
        drive_stats(drive);
        if (drive->room == 0)
            wrong(drive->record, "there is no room, though wait has said so");
    }
    if ((came & DISTRIBUTOR_RETURNS) != 0 && drive_returned(drive, 1) == 0)
        wrong(drive->record, "nothing is returned, though wait has said so (%llu before)",
              (unsigned long long)before);
}

void drive_flush(struct drive *drive, uint32_t timeout)
{
    mcapi_status_t status;
    struct distributor_stats stats;
    size_t count;

    forget_lent(drive);
    count = distributor_flush(drive->distributor, timeout, &status);
    if (status == MCAPI_TIMEOUT && count == 0)
        return;
    expect_good(drive, "flush", status);
    distributor_stats(drive->distributor, &stats, &status);
    if (stats.waiting != 0 || stats.out != 0 || stats.uncollected != count)
        wrong(drive->record, "after flush gave %zu items: %u wait, %u are out, %u uncollected",
              count, stats.waiting, stats.out, stats.uncollected);
}

void drive_dismiss(struct drive *drive, uint32_t number)
{
    mcapi_status_t status;

    atomic_fetch_add(&drive->record->dismissals, 1);
    distributor_dismiss(drive->distributor, number, &status);
    if (status != MCAPI_ERR_NODE_INVALID)
        expect_good(drive, "dismiss", status);
}

static void check_workers(struct drive *drive, const struct distributor_stats *stats)
{
    struct distributor_worker_stats one;
    uint32_t workers = 0, out = 0, asking = 0;
    mcapi_status_t status;

    for (uint32_t i = 0; i < drive->plan->max_workers; i++) {
        distributor_worker_stats(drive->distributor, i, &one, &status);
        if (status == MCAPI_ERR_NODE_INVALID)
            continue;
        expect_good(drive, "worker_stats", status);
        workers++;
        out += one.out;
        asking += one.asking;
    }
    if (workers != stats->workers || out != stats->out || asking != stats->asking)
        wrong(drive->record, "stats: %u workers, %u asking, %u out; one by one %u, %u, %u",
              stats->workers, stats->asking, stats->out, workers, asking, out);
}

void drive_stats(struct drive *drive)
{
    struct distributor_stats stats;
    mcapi_status_t status;
    uint64_t in;

    distributor_stats(drive->distributor, &stats, &status);
    expect_good(drive, "stats", status);
    drive->room = stats.room;
    in = stats.returned + stats.waiting + stats.out;
    if (stats.taken != in)
        wrong(drive->record, "stats: %llu taken, %llu returned, %u wait, %u are out",
              (unsigned long long)stats.taken, (unsigned long long)stats.returned,
              stats.waiting, stats.out);
    if (stats.returned != drive->collected + drive->cleared + stats.uncollected)
        wrong(drive->record,
              "stats: %llu returned, %u uncollected; %llu were collected and "
              "%llu cleared",
              (unsigned long long)stats.returned, stats.uncollected,
              (unsigned long long)drive->collected, (unsigned long long)drive->cleared);
    if (drive->plan->distortion != DISTORT_DROP && stats.taken != drive->accepted)
        wrong(drive->record, "stats: %llu taken, not %llu", (unsigned long long)stats.taken,
              (unsigned long long)drive->accepted);
    if (stats.cleared != drive->cleared)
        wrong(drive->record, "stats: %llu cleared, not %llu", (unsigned long long)stats.cleared,
              (unsigned long long)drive->cleared);
    if (stats.workers != stats.joined - stats.left - stats.died)
        wrong(drive->record, "stats: %u workers; %llu joined, %llu left, %llu died",
              stats.workers, (unsigned long long)stats.joined, (unsigned long long)stats.left,
              (unsigned long long)stats.died);
    if (stats.died > atomic_load(&drive->record->kills))
        wrong(drive->record, "stats: %llu died, and only %u were killed",
              (unsigned long long)stats.died, atomic_load(&drive->record->kills));
    check_workers(drive, &stats);
}
