/* SPDX-License-Identifier: MIT */
/*
 * check_ring_packet.c - packets come out as they went in, whatever is held, however deep.
 */
#include "segment/ring_packet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

enum { DEEPEST = 70, LARGEST = 400 };

/* A ring, both its views, and a model that is easy to believe. */
struct bench {
    unsigned char *memory;
    struct mci_ring_packet sender, receiver;
    uint32_t depth;
    uint32_t sent, taken;         /* packets so far */
    unsigned char *held[DEEPEST]; /* payloads that the receiver has, in no order */
    uint32_t held_number[DEEPEST];
    uint32_t held_count;
    uint32_t lent[DEEPEST]; /* buffers that the sender has, in no order */
    uint32_t lent_count;
};

static void bench_make(struct bench *bench, uint32_t depth, uint32_t payload)
{
    uint64_t size = mci_ring_packet_size(depth, payload);

    memset(bench, 0, sizeof *bench);
    ck_assert_int_eq(posix_memalign((void **)&bench->memory, MCI_LINE, size), 0);
    memset(bench->memory, 0xa5, size);
    bench->depth = depth;
    mci_ring_packet_view(&bench->sender, bench->memory, depth, payload);
    mci_ring_packet_view(&bench->receiver, bench->memory, depth, payload);
    mci_ring_packet_format(&bench->sender);
}

static void bench_end(struct bench *bench)
{
    free(bench->memory);
}

/* The size of a packet follows from its number, and every byte of it does. */
static uint32_t size_of(const struct bench *bench, uint32_t number)
{
    static const uint32_t sizes[] = { 0, 1, 4, 111, 112, 113, 200, LARGEST };
    uint32_t size = sizes[number * 2654435761u >> 29];

    return size > bench->sender.payload ? bench->sender.payload : size;
}

static unsigned char byte_of(uint32_t number, uint32_t at)
{
    return (unsigned char)(number * 7 + at);
}

static void fill(unsigned char *payload, uint32_t number, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        payload[i] = byte_of(number, i);
}

static bool try_send(struct bench *bench)
{
    uint32_t buffer = mci_ring_packet_find(&bench->sender);
    uint32_t size = size_of(bench, bench->sent);

    if (buffer == MCI_NO_BUFFER)
        return false;
    fill(mci_ring_packet_payload(&bench->sender, buffer, size), bench->sent, size);
    mci_ring_packet_send(&bench->sender, buffer, size);
    bench->sent++;
    return true;
}

static bool try_lend(struct bench *bench)
{
    uint32_t buffer = mci_ring_packet_lend(&bench->sender);

    if (buffer == MCI_NO_BUFFER)
        return false;
    for (uint32_t i = 0; i < bench->lent_count; i++)
        ck_assert_uint_ne(bench->lent[i], buffer);
    bench->lent[bench->lent_count++] = buffer;
    return true;
}

/* One of those that are lent: it is lent no more. */
static uint32_t pick_lent(struct bench *bench, uint32_t which)
{
    uint32_t buffer = bench->lent[which];

    bench->lent[which] = bench->lent[--bench->lent_count];
    return buffer;
}

static void unlend(struct bench *bench, uint32_t which)
{
    mci_ring_packet_unlend(&bench->sender, pick_lent(bench, which));
}

/* Every other small packet lies in the large room, as if its buffer had been lent for more. */
static void send_lent(struct bench *bench, uint32_t which)
{
    uint32_t buffer = pick_lent(bench, which);
    uint32_t size = size_of(bench, bench->sent);
    bool large = size > MCI_PACKET_INLINE
              || (bench->sender.payload > MCI_PACKET_INLINE && bench->sent % 2 != 0);

    fill(large ? mci_ring_packet_large(&bench->sender, buffer)
               : bench->sender.slots[buffer].payload,
         bench->sent, size);
    mci_ring_packet_send_lent(&bench->sender, buffer, size, large);
    bench->sent++;
}

static void expect_packet(const struct bench *bench, const unsigned char *payload,
                          uint32_t number)
{
    for (uint32_t i = 0; i < size_of(bench, number); i++)
        if (payload[i] != byte_of(number, i))
            ck_abort_msg("packet %u, byte %u", number, i);
}

static bool try_take(struct bench *bench)
{
    unsigned char *payload;
    uint32_t size;
    enum mci_taken taken = mci_ring_packet_take(&bench->receiver, &payload, &size);

    ck_assert_int_ne(taken, MCI_DAMAGED);
    if (taken == MCI_NOTHING)
        return false;
    ck_assert_uint_eq(size, size_of(bench, bench->taken));
    bench->held[bench->held_count] = payload;
    bench->held_number[bench->held_count++] = bench->taken++;
    return true;
}

/* Releases one of those that are held; what was in it is still right. */
static void release(struct bench *bench, uint32_t which)
{
    uint32_t buffer = mci_ring_packet_held(&bench->receiver, bench->held[which]);

    ck_assert_uint_ne(buffer, MCI_NO_BUFFER);
    expect_packet(bench, bench->held[which], bench->held_number[which]);
    mci_ring_packet_free(&bench->receiver, buffer);
    mci_ring_packet_count(&bench->receiver, 1);
    ck_assert_uint_eq(mci_ring_packet_held(&bench->receiver, bench->held[which]),
                      MCI_NO_BUFFER);
    bench->held_count--;
    bench->held[which] = bench->held[bench->held_count];
    bench->held_number[which] = bench->held_number[bench->held_count];
}

static uint32_t in_use(const struct bench *bench)
{
    return bench->sent - bench->taken + bench->held_count + bench->lent_count;
}

/* Lends, sends what is lent, takes back, in any order. */
static void do_with_lent(struct bench *bench, unsigned *seed)
{
    bool full = in_use(bench) == bench->depth;

    switch (rand_r(seed) % 3) {
    case 0:
        ck_assert_msg(try_lend(bench) == !full, "%u of %u in use", in_use(bench), bench->depth);
        break;
    case 1:
        if (bench->lent_count > 0)
            send_lent(bench, (uint32_t)rand_r(seed) % bench->lent_count);
        break;
    default:
        if (bench->lent_count > 0 && rand_r(seed) % 4 == 0)
            unlend(bench, (uint32_t)rand_r(seed) % bench->lent_count);
    }
}

/* Sends, takes, releases in any order, and compares each answer with the model's. In every
 * other round buffers are lent too. */
START_TEST(a_ring_of_any_depth_does_what_the_model_does)
{
    enum { STEPS = 8000 };
    uint32_t depth = (uint32_t)_i / 2 + 1;
    unsigned seed = (unsigned)_i * 977 + 1;
    struct bench bench;

    bench_make(&bench, depth, LARGEST);
    for (int step = 0; step < STEPS; step++) {
        int roll = rand_r(&seed) % 8;
        /* For a while rather sends, for a while rather receives. */
        int sends = step / 200 % 2 == 0 ? 5 : 2;

        if (_i % 2 != 0 && rand_r(&seed) % 2 == 0)
            do_with_lent(&bench, &seed);
        if (roll < sends) {
            bool full = in_use(&bench) == depth;

            ck_assert_msg(try_send(&bench) == !full, "step %d: %u of %u in use", step,
                          in_use(&bench), depth);
        } else if (roll < 7) {
            bool empty = bench.sent == bench.taken;

            ck_assert_msg(try_take(&bench) == !empty, "step %d", step);
        }
        if (bench.held_count > 0 && rand_r(&seed) % 3 == 0)
            release(&bench, (uint32_t)rand_r(&seed) % bench.held_count);
        if (roll == 7)
            ck_assert_uint_eq(mci_ring_packet_available(&bench.receiver),
                              bench.sent - bench.taken);
        ck_assert_uint_eq(mci_ring_packet_room(&bench.sender), depth - in_use(&bench));
    }
    ck_assert_uint_gt(bench.sent, 512); /* past the wrap of the positions */
    bench_end(&bench);
}
END_TEST

/* Any number held costs that many, and stalls nothing else. */
START_TEST(held_packets_cost_their_own_buffers_only)
{
    uint32_t held = (uint32_t)_i;
    struct bench bench;

    bench_make(&bench, 8, LARGEST);
    for (uint32_t i = 0; i < held; i++)
        ck_assert(try_send(&bench) && try_take(&bench));
    for (int round = 0; round < 100; round++) {
        uint32_t fit = 0;

        while (try_send(&bench))
            fit++;
        ck_assert_uint_eq(fit, 8 - held);
        while (try_take(&bench))
            release(&bench, bench.held_count - 1);
    }
    while (bench.held_count > 0)
        release(&bench, 0);
    ck_assert_uint_eq(mci_ring_packet_room(&bench.sender), 8);
    bench_end(&bench);
}
END_TEST

/* The same for those that are lent. */
START_TEST(lent_buffers_cost_their_own_buffers_only)
{
    uint32_t lent = (uint32_t)_i;
    struct bench bench;

    bench_make(&bench, 8, LARGEST);
    for (uint32_t i = 0; i < lent; i++)
        ck_assert(try_lend(&bench));
    for (int round = 0; round < 100; round++) {
        uint32_t fit = 0;

        while (try_send(&bench))
            fit++;
        ck_assert_uint_eq(fit, 8 - lent);
        ck_assert(!try_lend(&bench));
        while (try_take(&bench))
            release(&bench, bench.held_count - 1);
    }
    while (bench.lent_count > 0)
        unlend(&bench, 0);
    ck_assert_uint_eq(mci_ring_packet_room(&bench.sender), 8);
    bench_end(&bench);
}
END_TEST

/* So packet and mark travel in the same lines, and the receiver's lines are seldom read. */
START_TEST(buffers_that_are_lent_in_turn_travel_with_their_own_slots)
{
    struct bench bench;

    bench_make(&bench, 8, LARGEST);
    for (int round = 0; round < 100; round++) {
        uint32_t count = (uint32_t)round % 5 + 1;
        uint32_t slot = bench.sender.cursor;

        for (uint32_t i = 0; i < count; i++) {
            ck_assert(try_lend(&bench));
            ck_assert_uint_eq(bench.lent[i], (slot + i) % 8);
        }
        if (round % 3 == 0) /* the last of them, unsent: as if it had not been lent */
            unlend(&bench, --count);
        for (uint32_t i = 0; i < count; i++) {
            mci_ring_packet_send_lent(&bench.sender, bench.lent[i], 0, false);
            ck_assert(mci_ring_packet_is_sent(&bench.receiver, (slot + i) % 8,
                                              bench.receiver.position + i));
            ck_assert_uint_eq(atomic_load(&bench.sender.slots[(slot + i) % 8].buffer),
                              (slot + i) % 8);
        }
        bench.lent_count = 0;
        for (uint32_t i = 0; i < count; i++) {
            unsigned char *payload;
            uint32_t size;

            ck_assert_int_eq(mci_ring_packet_take(&bench.receiver, &payload, &size), MCI_TAKEN);
            mci_ring_packet_free(&bench.receiver,
                                 mci_ring_packet_held(&bench.receiver, payload));
            mci_ring_packet_count(&bench.receiver, 1);
        }
    }
    bench_end(&bench);
}
END_TEST

START_TEST(a_sender_knows_which_of_its_packets_are_over)
{
    uint32_t position[3];
    uint32_t buffer[3];
    struct bench bench;

    bench_make(&bench, 3, LARGEST);
    for (int i = 0; i < 3; i++) {
        position[i] = bench.sender.position;
        ck_assert(try_lend(&bench));
        buffer[i] = bench.lent[0];
        send_lent(&bench, 0);
        ck_assert(try_take(&bench));
        ck_assert(!mci_ring_packet_is_over(&bench.sender, buffer[i], position[i]));
    }
    release(&bench, 1);
    for (int i = 0; i < 3; i++)
        ck_assert(mci_ring_packet_is_over(&bench.sender, buffer[i], position[i]) == (i == 1));
    ck_assert(try_send(&bench)); /* in the same buffer */
    ck_assert(mci_ring_packet_is_over(&bench.sender, buffer[1], position[1]));
    bench_end(&bench);
}
END_TEST

START_TEST(an_address_that_is_no_held_packet_is_refused)
{
    struct bench bench;
    unsigned char *payload;
    unsigned char foreign[64];

    bench_make(&bench, 4, LARGEST);
    ck_assert(try_send(&bench) && try_send(&bench) && try_take(&bench));
    payload = bench.held[0];
    ck_assert_uint_ne(mci_ring_packet_held(&bench.receiver, payload), MCI_NO_BUFFER);
    for (int offset = -200; offset <= 200; offset++)
        if (offset != 0 && offset % 128 != 0)
            ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, payload + offset),
                              MCI_NO_BUFFER);
    /* The other buffers: queued, free. */
    for (uint32_t i = 1; i < 4; i++) {
        ck_assert_uint_eq(
                mci_ring_packet_held(&bench.receiver, bench.receiver.slots[i].payload),
                MCI_NO_BUFFER);
        ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver,
                                               mci_ring_packet_large(&bench.receiver, i)),
                          MCI_NO_BUFFER);
    }
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, NULL), MCI_NO_BUFFER);
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, foreign), MCI_NO_BUFFER);
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, bench.memory), MCI_NO_BUFFER);
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver,
                                           bench.memory + mci_ring_packet_size(4, LARGEST)),
                      MCI_NO_BUFFER);
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, (void *)UINTPTR_MAX),
                      MCI_NO_BUFFER);
    bench_end(&bench);
}
END_TEST

/* With payloads that fit into the slots there is no room for others, and no address in it. */
START_TEST(a_ring_of_small_packets_has_no_large_room)
{
    struct bench bench;

    bench_make(&bench, 3, MCI_PACKET_INLINE);
    ck_assert_uint_eq(mci_ring_packet_size(3, MCI_PACKET_INLINE), mci_ring_packet_head_size(3));
    ck_assert(try_send(&bench) && try_take(&bench));
    ck_assert_uint_eq(mci_ring_packet_held(&bench.receiver, bench.receiver.large),
                      MCI_NO_BUFFER);
    release(&bench, 0);
    bench_end(&bench);
}
END_TEST

START_TEST(a_damaged_slot_is_noticed)
{
    static const struct {
        uint32_t payload, size, buffer;
    } bad[] = {
        { LARGEST, LARGEST + 1, 0 },
        { LARGEST, 0, 4 },
        { LARGEST, MCI_PACKET_LARGE | (LARGEST + 1), 0 },
        { LARGEST, MCI_PACKET_LARGE, 4 },
        { LARGEST, UINT32_MAX, UINT32_MAX },
        { MCI_PACKET_INLINE, MCI_PACKET_LARGE, 0 }, /* there is no large room */
    };
    struct bench bench;
    unsigned char *payload;
    uint32_t size;

    bench_make(&bench, 4, bad[_i].payload);
    ck_assert(try_send(&bench));
    atomic_store(&bench.sender.slots[0].size, bad[_i].size);
    atomic_store(&bench.sender.slots[0].buffer, bad[_i].buffer);
    ck_assert_int_eq(mci_ring_packet_take(&bench.receiver, &payload, &size), MCI_DAMAGED);
    bench_end(&bench);
}
END_TEST

/* Who comes back finds its place from what lies in the segment alone. */
START_TEST(both_sides_resume_where_they_were)
{
    struct bench bench;
    unsigned seed = 3;

    bench_make(&bench, (uint32_t)_i + 1, LARGEST);
    for (int step = 0; step < 3000; step++) {
        struct mci_ring_packet resumed;

        switch (rand_r(&seed) % 4) {
        case 0:
            try_send(&bench);
            break;
        case 1:
            try_take(&bench);
            break;
        case 2:
            do_with_lent(&bench, &seed);
            break;
        default:
            if (bench.held_count > 0)
                release(&bench, (uint32_t)rand_r(&seed) % bench.held_count);
        }
        mci_ring_packet_view(&resumed, bench.memory, bench.depth, LARGEST);
        ck_assert(mci_ring_packet_resume_sender(&resumed));
        ck_assert_uint_eq(resumed.position, bench.sender.position);
        ck_assert_uint_eq(resumed.cursor, bench.sender.cursor);
        mci_ring_packet_view(&resumed, bench.memory, bench.depth, LARGEST);
        ck_assert(mci_ring_packet_resume_receiver(&resumed));
        ck_assert_uint_eq(resumed.position, bench.receiver.position);
        ck_assert_uint_eq(resumed.cursor, bench.receiver.cursor);
        ck_assert_uint_eq(resumed.released, bench.receiver.released);
    }
    bench_end(&bench);
}
END_TEST

/* --- Two threads ---------------------------------------------------------------------- */

/* Shallow rings hand the processor over all the time: fewer of them say as much. */
static uint32_t packets_through(uint32_t depth)
{
    return depth < 16 ? 1500 * depth : 60 * 1000;
}

/* Some by reference, as many at a time as can be had. */
static void *send_all(void *context)
{
    struct bench *bench = context;
    uint32_t many = bench->depth / 2 + 1;

    while (bench->sent + many < packets_through(bench->depth)) {
        if (bench->sent % 7 == 0)
            while (bench->lent_count < many && try_lend(bench))
                ;
        if (bench->lent_count > 0)
            send_lent(bench, bench->sent % bench->lent_count);
        else if (!try_send(bench))
            sched_yield();
    }
    while (bench->lent_count > 0)
        unlend(bench, 0);
    while (bench->sent < packets_through(bench->depth))
        if (!try_send(bench))
            sched_yield();
    return NULL;
}

/* The receiver holds some back and releases them out of order. */
START_TEST(two_threads_at_full_speed_see_the_same_packets)
{
    static const uint32_t depths[] = { 1, 2, 7, 64 };
    struct bench sender, receiver;
    pthread_t thread;
    unsigned seed = 5;

    bench_make(&sender, depths[_i], 200);
    receiver = sender;
    ck_assert_int_eq(pthread_create(&thread, NULL, send_all, &sender), 0);
    while (receiver.taken < packets_through(receiver.depth)) {
        if (!try_take(&receiver) && receiver.held_count == 0)
            sched_yield();
        if (receiver.held_count > 0
            && (receiver.held_count == receiver.depth || rand_r(&seed) % 2 == 0))
            release(&receiver, (uint32_t)rand_r(&seed) % receiver.held_count);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    while (receiver.held_count > 0)
        release(&receiver, 0);
    ck_assert_uint_eq(mci_ring_packet_room(&sender.sender), sender.depth);
    bench_end(&sender);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { a_ring_of_any_depth_does_what_the_model_does, 2 * DEEPEST },
        { held_packets_cost_their_own_buffers_only, 9 },
        { lent_buffers_cost_their_own_buffers_only, 9 },
        { buffers_that_are_lent_in_turn_travel_with_their_own_slots, 1 },
        { a_sender_knows_which_of_its_packets_are_over, 1 },
        { an_address_that_is_no_held_packet_is_refused, 1 },
        { a_ring_of_small_packets_has_no_large_room, 1 },
        { a_damaged_slot_is_noticed, 6 },
        { both_sides_resume_where_they_were, 9 },
        { two_threads_at_full_speed_see_the_same_packets, 4 },
    };

    return suite_run("ring_packet", tests, SUITE_LENGTH(tests));
}
