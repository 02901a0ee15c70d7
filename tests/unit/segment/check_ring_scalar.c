/* SPDX-License-Identifier: MIT */
/*
 * check_ring_scalar.c - words come out as they went in, with their widths, however often round.
 */
#include "segment/ring_scalar.h"

#include <pthread.h>
#include <stdlib.h>

#include "support/suite.h"

enum { DEEPEST = 70 };

struct bench {
    unsigned char *memory;
    struct mci_ring_scalar sender, receiver;
    uint32_t sent, taken;
};

static void bench_make(struct bench *bench, uint32_t depth)
{
    uint64_t size = mci_ring_scalar_size(depth);

    memset(bench, 0, sizeof *bench);
    ck_assert_int_eq(posix_memalign((void **)&bench->memory, MCI_LINE, size), 0);
    memset(bench->memory, 0xa5, size);
    mci_ring_scalar_view(&bench->sender, bench->memory, depth);
    mci_ring_scalar_view(&bench->receiver, bench->memory, depth);
    mci_ring_scalar_format(&bench->sender);
}

static void bench_end(struct bench *bench)
{
    free(bench->memory);
}

static uint64_t word_of(uint32_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15);
}

static uint32_t width_of(uint32_t number)
{
    return number * 2654435761u >> 30;
}

static bool try_send(struct bench *bench)
{
    if (mci_ring_scalar_is_full(&bench->sender))
        return false;
    mci_ring_scalar_fill(&bench->sender, word_of(bench->sent));
    mci_ring_scalar_send(&bench->sender, width_of(bench->sent));
    bench->sent++;
    return true;
}

static bool try_take(struct bench *bench)
{
    int width = mci_ring_scalar_look(&bench->receiver);

    if (width < 0)
        return false;
    if (width != (int)width_of(bench->taken))
        ck_abort_msg("word %u: width %d", bench->taken, width);
    if (mci_ring_scalar_take(&bench->receiver) != word_of(bench->taken))
        ck_abort_msg("word %u is another", bench->taken);
    bench->taken++;
    return true;
}

/* Sends as many as fit, up to `count`. */
static void send_burst(struct bench *bench, uint32_t count)
{
    uint32_t free = bench->sender.depth - (bench->sent - bench->taken);
    uint32_t room = mci_ring_scalar_room(&bench->sender, count);

    /* It need not know of more than is asked for. */
    if (room > free || (room < count && room != free))
        ck_abort_msg("room for %u of %u: %u", count, free, room);
    for (uint32_t i = 0; i < count && i < room; i++)
        try_send(bench);
}

/* Should the receiver end in a burst that began at this position: the ring makes sense, and it
 * is somewhere in its burst. */
static void expect_whole(const struct bench *bench, uint32_t began)
{
    struct mci_ring_scalar resumed;
    uint32_t waiting;

    mci_ring_scalar_view(&resumed, bench->memory, bench->receiver.depth);
    ck_assert(mci_ring_scalar_resume_receiver(&resumed));
    ck_assert_uint_le(resumed.position - began, bench->receiver.position - began);
    ck_assert(mci_ring_scalar_resume_sender(&resumed, &waiting));
    ck_assert_uint_eq(resumed.position, bench->sender.position);
}

/* Takes as many as are there, up to `count`, and tells the sender at the end. */
static void take_burst(struct bench *bench, uint32_t count, bool look_closely)
{
    uint32_t began = bench->receiver.position;

    for (uint32_t i = 0; i < count && mci_ring_scalar_look(&bench->receiver) >= 0; i++) {
        if (mci_ring_scalar_look(&bench->receiver) != (int)width_of(bench->taken))
            ck_abort_msg("word %u is of another width", bench->taken);
        if (mci_ring_scalar_take_silently(&bench->receiver) != word_of(bench->taken))
            ck_abort_msg("word %u is another", bench->taken);
        bench->taken++;
        if (look_closely)
            expect_whole(bench, began);
    }
    mci_ring_scalar_say_taken(&bench->receiver, bench->receiver.position);
}

/* Depths that fill their lines and that do not; the marks' lap wraps many times. In every other
 * round the words come and go in bursts too. */
START_TEST(a_ring_of_any_depth_does_what_the_model_does)
{
    bool bursts = _i % 2 != 0;
    int steps = bursts ? 15000 : 60000;
    uint32_t depth = (uint32_t)_i / 2 + 1;
    unsigned seed = (unsigned)_i + 1;
    struct bench bench;

    bench_make(&bench, depth);
    for (int step = 0; step < steps; step++) {
        if (bursts) {
            send_burst(&bench, (uint32_t)rand_r(&seed) % (depth + 3));
            take_burst(&bench, (uint32_t)rand_r(&seed) % (depth + 3), false);
        }
        uint32_t queued = bench.sent - bench.taken;
        int sends = step / 300 % 2 == 0 ? 5 : 3;

        if (rand_r(&seed) % 8 < sends)
            ck_assert_msg(try_send(&bench) == (queued < depth), "step %d: %u queued", step,
                          queued);
        else
            ck_assert_msg(try_take(&bench) == (queued > 0), "step %d: %u queued", step, queued);
        if (step % 5 == 0)
            ck_assert_uint_eq(mci_ring_scalar_available(&bench.receiver),
                              bench.sent - bench.taken);
    }
    /* The positions have wrapped, and the laps in the marks have come again. */
    ck_assert_uint_gt(bench.sent, 512);
    ck_assert_uint_gt(bench.sent / (mci_ring_scalar_lines(depth) * MCI_SCALARS_PER_LINE),
                      2 * MCI_SCALAR_LAPS);
    bench_end(&bench);
}
END_TEST

START_TEST(a_look_takes_nothing)
{
    struct bench bench;

    bench_make(&bench, 3);
    ck_assert_int_eq(mci_ring_scalar_look(&bench.receiver), -1);
    ck_assert(try_send(&bench));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(mci_ring_scalar_look(&bench.receiver), (int)width_of(0));
    ck_assert(try_take(&bench));
    ck_assert_int_eq(mci_ring_scalar_look(&bench.receiver), -1);
    bench_end(&bench);
}
END_TEST

/* Empty, full and all between are told apart by what lies in the segment alone. */
START_TEST(both_sides_resume_where_they_were)
{
    struct bench bench;
    unsigned seed = 3;
    uint32_t depth = (uint32_t)_i + 1;

    bench_make(&bench, depth);
    for (int step = 0; step < 6000; step++) {
        struct mci_ring_scalar resumed;
        uint32_t waiting;

        if (rand_r(&seed) % 16 < (step / 100 % 2 == 0 ? 12 : 4))
            try_send(&bench);
        else if (rand_r(&seed) % 4 == 0)
            take_burst(&bench, (uint32_t)rand_r(&seed) % depth + 1, true);
        else
            try_take(&bench);
        mci_ring_scalar_view(&resumed, bench.memory, depth);
        ck_assert(mci_ring_scalar_resume_sender(&resumed, &waiting));
        ck_assert_uint_eq(waiting, bench.sent - bench.taken);
        ck_assert_uint_eq(resumed.position, bench.sender.position);
        ck_assert_uint_eq(resumed.line, bench.sender.line);
        ck_assert_uint_eq(resumed.word, bench.sender.word);
        ck_assert_uint_eq(resumed.mark, bench.sender.mark);
        ck_assert_uint_eq(mci_ring_scalar_is_full(&resumed), waiting == depth);
        mci_ring_scalar_view(&resumed, bench.memory, depth);
        ck_assert(mci_ring_scalar_resume_receiver(&resumed));
        ck_assert_uint_eq(resumed.position, bench.receiver.position);
        ck_assert_uint_eq(resumed.line, bench.receiver.line);
        ck_assert_uint_eq(resumed.word, bench.receiver.word);
        ck_assert_uint_eq(resumed.mark, bench.receiver.mark);
    }
    bench_end(&bench);
}
END_TEST

/* --- Two threads ---------------------------------------------------------------------- */

/* Shallow rings hand the processor over all the time: fewer words say as much. */
static uint32_t words_through(uint32_t depth)
{
    return depth < 16 ? 1500 * depth : 120 * 1000;
}

static void *send_all(void *context)
{
    struct bench *bench = context;

    while (bench->sent < words_through(bench->sender.depth))
        if (!try_send(bench))
            sched_yield();
    return NULL;
}

START_TEST(two_threads_at_full_speed_see_the_same_words)
{
    static const uint32_t depths[] = { 1, 7, 13, 64 };
    struct bench sender, receiver;
    pthread_t thread;

    bench_make(&sender, depths[_i]);
    receiver = sender;
    ck_assert_int_eq(pthread_create(&thread, NULL, send_all, &sender), 0);
    while (receiver.taken < words_through(depths[_i]))
        if (!try_take(&receiver))
            sched_yield();
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(!try_take(&receiver));
    bench_end(&sender);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_ring_of_any_depth_does_what_the_model_does, 2 * DEEPEST },
        { a_look_takes_nothing, 1 },
        { both_sides_resume_where_they_were, 22 },
        { two_threads_at_full_speed_see_the_same_words, 4 },
    };

    return suite_run("ring_scalar", tests, SUITE_LENGTH(tests));
}
