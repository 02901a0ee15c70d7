/* SPDX-License-Identifier: MIT */
/*
 * check_descriptor.c - what a descriptor says of a receiver that is easy to believe: a counter.
 */
#include "runtime/descriptor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/control.h"
#include "runtime/end.h"
#include "runtime/runtime.h"
#include "runtime/watcher.h"
#include "segment/event.h"
#include "support/child.h"
#include "support/eventually.h"
#include "support/expect.h"
#include "support/readable.h"
#include "support/suite.h"
#include "support/topology.h"

/* --- A receiver of its own kind: things are counted, not carried ------------------------ */

static struct {
    _Atomic uint32_t sent;
    uint32_t received; /* inside the gate, which is `gate` */
    pthread_mutex_t gate;
    _Atomic uint32_t event;
    struct mci_liveness life;
    _Atomic uint32_t looks; /* how often somebody has asked */
    uint32_t node;          /* slot of ours */
    _Atomic uint32_t
            comes_at_look; /* one is sent while somebody looks for the n-th time; 0: never */
    bool until_the_watcher_sleeps; /* ...and that look ends when the watcher sleeps again */
    uint64_t sleeps;               /* of the watcher, before */
} counter = { .gate = PTHREAD_MUTEX_INITIALIZER };

/* How often the watcher has gone to sleep. */
static uint64_t watcher_sleeps(void)
{
    static const char field[] = "voluntary_ctxt_switches:";
    unsigned long long sleeps = 0;
    char path[64], line[256];
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/status", watcher_thread());
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, sizeof field - 1) == 0)
            sleeps = strtoull(line + sizeof field - 1, NULL, 10);
    fclose(file);
    return sleeps;
}

/* It has gone to sleep once more: until something else comes, or until we are done. */
static void watcher_has_woken(void)
{
    ck_assert(eventually(watcher_sleeps() > counter.sleeps));
}

static void note(const void *self, struct mci_place *place)
{
    (void)self;
    place->at[0] = counter.received;
}

static bool would_return(const void *self, const struct mci_place *place)
{
    bool there = atomic_load_explicit(&counter.sent, memory_order_acquire) != place->at[0]
              || atomic_load(&counter.life.word) != 1;

    (void)self;
    /* After this look: the next one is the first that can see it. */
    if (atomic_fetch_add(&counter.looks, 1) + 1 == counter.comes_at_look) {
        atomic_fetch_add(&counter.sent, 1);
        mci_event_raise(mci_map(), &counter.event, counter.node);
        if (counter.until_the_watcher_sleeps)
            watcher_has_woken();
    }
    return there;
}

static struct mci_descriptor *descriptor;

static void attach(void)
{
    struct mci_receiver receiver = {
        .self = &counter,
        .note = note,
        .would_return = would_return,
        .event = &counter.event,
        .life = &counter.life.word,
        .alive = 1,
    };

    mci_descriptor_attach(descriptor, &receiver);
}

static void begin(void)
{
    node_begin();
    atomic_store(&counter.life.word, 1);
    counter.node = mci_self.node->slot;
    mci_self.inside++;
    descriptor = mci_descriptor_open(mci_self.node, mci_self.serial, 0x10001);
    mci_self.inside--;
    ck_assert_ptr_nonnull(descriptor);
}

static void end(void)
{
    mci_self.inside++;
    mci_descriptor_close(descriptor);
    mci_self.inside--;
    node_end();
}

static void send_quietly(void)
{
    atomic_fetch_add_explicit(&counter.sent, 1, memory_order_release);
}

static void raise_event(void)
{
    mci_event_raise(mci_map(), &counter.event, counter.node);
}

static void send_one(void)
{
    send_quietly();
    raise_event();
}

/* Waits for one, if there is none: nothing is taken that was not sent. */
static void receive_one(void)
{
    pthread_mutex_lock(&counter.gate);
    ck_assert(eventually(atomic_load(&counter.sent) != counter.received));
    counter.received++;
    mci_descriptor_settle(descriptor);
    pthread_mutex_unlock(&counter.gate);
}

static void settle(void)
{
    pthread_mutex_lock(&counter.gate);
    mci_descriptor_settle(descriptor);
    pthread_mutex_unlock(&counter.gate);
}

static uint32_t state(void)
{
    return atomic_load(&descriptor->state);
}

/* --- States --------------------------------------------------------------------------- */

START_TEST(nothing_is_readable_before_there_is_a_channel)
{
    ck_assert_uint_eq(state(), MCI_DESCRIPTOR_WAITS);
    send_quietly();
    settle();
    ck_assert(!is_readable(descriptor->fd));
    attach();
    ck_assert(is_readable(descriptor->fd));
    ck_assert_uint_eq(state(), MCI_DESCRIPTOR_READABLE);
}
END_TEST

START_TEST(whoever_sees_something_says_so)
{
    attach();
    ck_assert_uint_eq(state(), MCI_DESCRIPTOR_EMPTY);
    send_quietly(); /* and wakes nobody: the watcher has no reason to look */
    settle();
    ck_assert(is_readable(descriptor->fd));
    receive_one();
    ck_assert(!is_readable(descriptor->fd));
}
END_TEST

START_TEST(an_event_wakes_the_watcher)
{
    attach();
    for (int i = 0; i < 100; i++) {
        ck_assert(!is_readable(descriptor->fd));
        send_one();
        ck_assert(becomes_readable(descriptor->fd));
        receive_one();
    }
}
END_TEST

START_TEST(an_event_without_anything_is_announced_again)
{
    attach();
    for (int i = 0; i < 100; i++) {
        raise_event();
        ck_assert(eventually((atomic_load(&counter.event) & MCI_EVENT_BELL) != 0));
        ck_assert(!is_readable(descriptor->fd));
    }
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
}
END_TEST

START_TEST(while_readable_nobody_is_asked_to_wake_anybody)
{
    attach();
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
    for (int i = 0; i < 10; i++) {
        send_one();
        ck_assert_uint_eq(atomic_load(&counter.event) & MCI_EVENT_BITS, MCI_EVENT_EXACT);
        receive_one();
        ck_assert(is_readable(descriptor->fd));
    }
    receive_one();
    ck_assert_uint_eq(atomic_load(&counter.event) & MCI_EVENT_BITS,
                      MCI_EVENT_EXACT | MCI_EVENT_BELL);
}
END_TEST

START_TEST(a_death_makes_it_readable_for_good)
{
    attach();
    atomic_store(&counter.life.word, 2);
    mci_futex_wake(&counter.life.word, 1); /* as the kernel does */
    ck_assert(becomes_readable(descriptor->fd));
    for (int i = 0; i < 3; i++) {
        send_one();
        receive_one();
        ck_assert(is_readable(descriptor->fd));
    }
}
END_TEST

/* --- One comes while somebody looks ----------------------------------------------------- */

/* At the n-th look of a receive that leaves nothing. Its looks are: in settle; before the
 * announcement; after it, when the sender finds the bell bit. */
START_TEST(what_comes_while_the_last_one_is_received_is_not_overlooked)
{
    attach();
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
    atomic_store(&counter.looks, 0);
    counter.comes_at_look = (uint32_t)_i + 1;
    receive_one();
    ck_assert(_i < 2 ? is_readable(descriptor->fd) : becomes_readable(descriptor->fd));
    receive_one();
    ck_assert(!is_readable(descriptor->fd));
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
}
END_TEST

/* The watcher has been and gone while the last look of a receive goes on: it must not have
 * taken the descriptor for one that needs no look. */
START_TEST(what_comes_before_a_receive_ends_does_not_wait_for_the_next_look)
{
    int64_t start;

    attach();
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
    atomic_store(&counter.looks, 0);
    counter.until_the_watcher_sleeps = true;
    counter.sleeps = watcher_sleeps();
    counter.comes_at_look = 3;
    receive_one();
    start = now_us();
    ck_assert(becomes_readable(descriptor->fd));
    ck_assert_int_lt(now_us() - start, 500 * 1000); /* it looks by itself after a second */
}
END_TEST

/* The same for the looks of the watcher, after an event that meant nothing. One that it has
 * overlooked would be found when it looks by itself, after a second. */
START_TEST(what_comes_while_the_watcher_looks_is_not_overlooked)
{
    enum { TIMES = 10 };
    int64_t start = now_us();

    attach();
    for (int i = 0; i < TIMES; i++) {
        atomic_store(&counter.looks, 0);
        counter.comes_at_look = (uint32_t)_i + 1;
        raise_event();
        ck_assert(becomes_readable(descriptor->fd));
        counter.comes_at_look = 0;
        receive_one();
    }
    ck_assert_int_lt(now_us() - start, TIMES * 900 * 1000);
}
END_TEST

/* The receiver goes on while the watcher looks from where it was. */
START_TEST(a_look_from_an_old_place_does_no_harm)
{
    attach();
    for (int i = 0; i < 2000; i++) {
        send_one();    /* wakes the watcher... */
        receive_one(); /* ...which may look before, in between and after */
        ck_assert(!is_readable(descriptor->fd));
        ck_assert_uint_eq(state(), MCI_DESCRIPTOR_EMPTY);
    }
    send_one();
    ck_assert(becomes_readable(descriptor->fd));
}
END_TEST

/* --- Closing -------------------------------------------------------------------------- */

START_TEST(descriptors_are_used_again)
{
    struct mci_descriptor *first, *second;

    mci_self.inside++;
    first = mci_descriptor_open(mci_self.node, mci_self.serial, 0x10002);
    second = mci_descriptor_open(mci_self.node, mci_self.serial, 0x10003);
    ck_assert_int_ne(first->fd, second->fd);
    mci_descriptor_close(first);
    ck_assert_ptr_eq(mci_descriptor_open(mci_self.node, mci_self.serial, 0x10004), first);
    ck_assert_uint_eq(first->handle, 0x10004);
    ck_assert(!is_readable(first->fd));
    mci_descriptor_close(second);
    mci_descriptor_close(first);
    mci_self.inside--;
}
END_TEST

/* --- Ends keep what makes them fast ----------------------------------------------------- */

static bool has_its_gate_to_itself(mcapi_endpoint_t handle)
{
    return atomic_load(&mci_ends[handle & 0xffff].gate.owner) == &mci_self;
}

START_TEST(the_watcher_takes_no_gate_away)
{
    struct child *peer = child_start(CHILD_PROCESS, 2);
    struct pair pair = pair_create(_i == 0 ? PACKETS : SCALARS, peer, NULL);
    int fd;

    pair_open_receive(&pair);
    fd = fd_of(&pair);
    pair_connect(&pair); /* the watcher attaches the end */
    pair_open_send(&pair);
    for (int i = 0; i < 100; i++) {
        expect_status(MCAPI_SUCCESS, pair_send_status(&pair));
        ck_assert(becomes_readable(fd));
        expect_status(MCAPI_SUCCESS, pair_receive_status(&pair));
    }
    ck_assert(has_its_gate_to_itself(pair.receive));
}
END_TEST

int main(void)
{
    const struct suite_test tests[] = {
        { nothing_is_readable_before_there_is_a_channel, 1 },
        { whoever_sees_something_says_so, 1 },
        { an_event_wakes_the_watcher, 1 },
        { an_event_without_anything_is_announced_again, 1 },
        { while_readable_nobody_is_asked_to_wake_anybody, 1 },
        { a_death_makes_it_readable_for_good, 1 },
        { what_comes_while_the_last_one_is_received_is_not_overlooked, 3 },
        { what_comes_before_a_receive_ends_does_not_wait_for_the_next_look, 1 },
        { what_comes_while_the_watcher_looks_is_not_overlooked, 2 },
        { a_look_from_an_old_place_does_no_harm, 1 },
        { descriptors_are_used_again, 1 },
        { the_watcher_takes_no_gate_away, 2 },
    };

    return suite_run_between("runtime/descriptor", begin, end, tests, SUITE_LENGTH(tests));
}
