/* SPDX-License-Identifier: MIT */
/*
 * check_fence.c - with the heavy fence on one side, plain stores and loads are enough on the
 * other.
 *
 * Store buffering: each side stores to its own word and then reads the other's. Without a full
 * fence on both sides both may read the old value, and on two cores soon do. Here one side has
 * only a compiler barrier.
 */
#include "os/fence.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "support/suite.h"
#include "unit/os/children.h"

enum {
    ROUNDS = 500000, /* of each of the two tests */
    BATCH = 64,      /* rounds between two looks at the clock */
    LIMIT_MS = 30000,

    /* Steps by which the heavy side lets the light side come nearer: up to about 500 ns, the
     * way from a far core and back. */
    DISTANCES = 300,

    /* Looks at the other's progress before giving the processor away: on one core it must run.
     */
    SPINS = 1000,
};

struct litmus {
    void (*fence)(void);
    alignas(64) _Atomic uint32_t light_word; /* the round in which it was stored */
    alignas(64) _Atomic uint32_t heavy_word;
    alignas(64) _Atomic uint32_t light_round; /* rounds that the side has finished */
    alignas(64) _Atomic uint32_t heavy_round;
    alignas(64) uint32_t light_saw;
    alignas(64) _Atomic uint32_t last; /* the light side ends after this round */
    uint32_t rounds, both_missed;
};

static void wait_for_round(_Atomic uint32_t *finished, uint32_t round)
{
    for (int i = 0; atomic_load_explicit(finished, memory_order_acquire) < round; i++)
        if (i >= SPINS)
            sched_yield();
}

/* Each round the sides meet at another distance, from well before to well after each other. */
static void linger(uint32_t round)
{
    for (volatile uint32_t i = 0; i < round % DISTANCES; i++)
        ;
}

static void light_side(struct litmus *litmus)
{
    for (uint32_t round = 1; round <= atomic_load(&litmus->last); round++) {
        wait_for_round(&litmus->heavy_round, round - 1);
        atomic_store_explicit(&litmus->light_word, round, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        litmus->light_saw = atomic_load_explicit(&litmus->heavy_word, memory_order_relaxed);
        atomic_store_explicit(&litmus->light_round, round, memory_order_release);
    }
}

static void heavy_side(struct litmus *litmus)
{
    int64_t give_up = now_ms() + LIMIT_MS;

    for (uint32_t round = 1; round <= ROUNDS; round++) {
        uint32_t saw;

        linger(round); /* the light side is on its way: it needs to hear that the round began */
        atomic_store_explicit(&litmus->heavy_word, round, memory_order_relaxed);
        litmus->fence();
        saw = atomic_load_explicit(&litmus->light_word, memory_order_relaxed);
        wait_for_round(&litmus->light_round, round);
        litmus->both_missed += saw < round && litmus->light_saw < round;
        litmus->rounds = round;
        if (round % BATCH == 0 && now_ms() > give_up)
            atomic_store(&litmus->last, round);
        atomic_store_explicit(&litmus->heavy_round, round, memory_order_release);
        if (atomic_load(&litmus->last) == round)
            return;
    }
}

static struct litmus *litmus_new(void (*fence)(void))
{
    struct litmus *litmus = shared_memory(sizeof *litmus);

    litmus->fence = fence;
    litmus->last = ROUNDS;
    return litmus;
}

static void *light_thread(void *litmus)
{
    light_side(litmus);
    return NULL;
}

static int light_child(void *litmus)
{
    if (!mci_fence_heavy_available())
        return 1;
    light_side(litmus);
    return 0;
}

static void expect_none_missed(const struct litmus *litmus)
{
    ck_assert_uint_ge(litmus->rounds, BATCH);
    ck_assert_msg(litmus->both_missed == 0, "in %u of %u rounds neither side saw the other",
                  litmus->both_missed, litmus->rounds);
}

START_TEST(threads_of_a_process_never_both_miss)
{
    struct litmus *litmus = litmus_new(mci_fence_heavy_own);
    pthread_t light;

    if (!mci_fence_heavy_available())
        return; /* then nobody may rely on it: see the test of its answer */
    ck_assert_int_eq(pthread_create(&light, NULL, light_thread, litmus), 0);
    heavy_side(litmus);
    pthread_join(light, NULL);
    expect_none_missed(litmus);
}
END_TEST

START_TEST(two_processes_never_both_miss)
{
    struct litmus *litmus = litmus_new(mci_fence_heavy);
    pid_t light;

    if (!mci_fence_heavy_available())
        return;
    light = child_start(light_child, litmus);
    heavy_side(litmus);
    ck_assert_int_eq(child_result(light), 0);
    expect_none_missed(litmus);
}
END_TEST

static void *ask(void *answer)
{
    *(bool *)answer = mci_fence_heavy_available();
    return NULL;
}

static int ask_in_child(void *answer)
{
    return mci_fence_heavy_available() == *(bool *)answer ? 0 : 1;
}

START_TEST(all_threads_and_children_get_one_answer)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool answers[THREADS], answer;

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &answers[i]), 0);
    answer = mci_fence_heavy_available();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(answers[i], answer);
    }
    ck_assert_int_eq(child_result(child_start(ask_in_child, &answer)), 0);
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { all_threads_and_children_get_one_answer, 1 },
        { threads_of_a_process_never_both_miss, 1 },
        { two_processes_never_both_miss, 1 },
    };

    return suite_run("fence", tests, SUITE_LENGTH(tests));
}
