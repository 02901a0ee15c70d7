/* SPDX-License-Identifier: MIT */
/*
 * memory.c - shared memory as C11 defines it: what a load may give, what is a data race.
 *
 * A place is a location of the segment. Its last stores are kept, each with its number and, if
 * it was a release, with the view of who stored. A fibre's view says, for each place, the
 * oldest store that it may still read; reading or writing one moves it on, and an acquire load
 * joins the view of the store that it reads. A read-modify-write reads the newest store, and
 * hands on the view of the one it replaces.
 *
 * A relaxed or release store may come later than what its fibre does next, unless that is an
 * access to the same place, a release, a fence or a system call: one per fibre is kept back at
 * a time. Until the next compiler barrier it may be the compiler that keeps it back; then a
 * fence that somebody else has put on the fibre's processor does not find it.
 *
 * The first numbers of a view are clocks, one per fibre: how much of that fibre's doings has
 * happened before. An access that must be ordered with all others to its place (a plain one)
 * is compared with the clocks that those had.
 *
 * A seq_cst fence joins what all earlier ones knew and adds what it knows; a seq_cst load does
 * not read behind the last seq_cst store. Neither moves clocks: they order nothing else.
 */
#include <string.h>

#include "inside.h"
#include "values.h"

enum {
    TABLE = 2048,
    POOL = 1 << 22, /* stamps */
};

static struct place places[SIM_PLACES];
static uint32_t place_count;
static uint32_t used; /* stamps of a view, a multiple of 8 */
static struct entry table[TABLE];
static uint32_t run;
static alignas(64) sim_stamp pool[POOL];
static uint32_t pool_used;
static alignas(16) sim_stamp in_order[SIM_STAMPS]; /* what seq_cst fences and stores know */

/* --- A schedule ----------------------------------------------------------------------- */

void sim_memory_begin(void)
{
    run++;
    for (int i = 0; i < SIM_FIBRES; i++) {
        struct sim_fibre *fibre = &sim.fibre[i];

        memset(fibre->now, 0, used * sizeof fibre->now[0]);
        memset(fibre->fenced, 0, used * sizeof fibre->fenced[0]);
        memset(fibre->told, 0, used * sizeof fibre->told[0]);
        fibre->has_fenced = fibre->has_told = false;
        fibre->kept_at = NULL;
        fibre->now[i] = 1;
    }
    memset(in_order, 0, used * sizeof in_order[0]);
    place_count = 0;
    used = SIM_FIBRES;
    sim_ranges_begin();
    pool_used = 0;
}

/* --- Places --------------------------------------------------------------------------- */

static struct place *make_place(struct entry *entry, unsigned char *at, unsigned size)
{
    struct place *place;

    if (place_count == SIM_PLACES)
        sim_fail("the schedule uses more than %d places", SIM_PLACES);
    *entry = (struct entry){ run, (uint16_t)place_count, at };
    place = &places[place_count++];
    place->at = at;
    place->size = (uint8_t)size;
    place->checks = sim_checks_of(at);
    place->late = place->atomic = false;
    place->stores = 1;
    place->last[1] = (struct store){ .value = raw(place->at, size) };
    place->plain_read = place->plain_write = place->atomic_read = place->atomic_write =
            (sim_lanes){ 0 };
    used = (SIM_FIBRES + place_count + 7) & ~7u;
    sim_undo(place->at, size);
    return place;
}

static inline struct place *find_place(const void *at, unsigned size)
{
    unsigned char *place = (unsigned char *)(uintptr_t)at;
    uint32_t hash = (uint32_t)(place - sim.segment) * 2654435761u >> 21;

    if (__builtin_expect(sim.detached, 0) && (uint64_t)(place - sim.segment) < sim.segment_size)
        sim_fail("the segment is used after it was let go");

    for (;; hash = (hash + 1) % TABLE) {
        struct entry *entry = &table[hash];

        if (entry->run != run)
            return make_place(entry, place, size);
        if (entry->at == place)
            return &places[entry->place];
    }
}

static inline uint32_t index_of(const struct place *place)
{
    return SIM_FIBRES + (uint32_t)(place - places);
}

static inline struct store *store_of(struct place *place, sim_stamp number)
{
    return &place->last[(uint32_t)number % HISTORY];
}

/* The newest store is that of a plain write, which was done behind our back. */
static inline void settle(struct place *place)
{
    if (place->late) {
        store_of(place, place->stores)->value = raw(place->at, place->size);
        place->late = false;
    }
}

/* --- Views ---------------------------------------------------------------------------- */

static inline struct sim_fibre *self(void)
{
    return &sim.fibre[sim.self];
}

static sim_stamp *new_view(const sim_stamp *view)
{
    sim_stamp *room = &pool[pool_used];

    if (pool_used + used > POOL)
        sim_fail("the schedule has more releases than can be remembered");
    pool_used += used;
    copy(room, view, used);
    return room;
}

void sim_join(int before, int after)
{
    sim_let_go(before);
    join(sim.fibre[after].now, sim.fibre[before].now, 0, used);
    sim.fibre[before].now[before]++;
}

void sim_hand_over(int id, sim_stamp *view)
{
    sim_let_go(id);
    join(view, sim.fibre[id].now, 0, used);
    sim.fibre[id].now[id]++;
}

void sim_take_over(int id, const sim_stamp *view)
{
    join(sim.fibre[id].now, view, 0, used);
}

/* --- Races ---------------------------------------------------------------------------- */

/* Whether all of these accesses have happened before. */
static inline bool is_before(sim_lanes accesses)
{
    union {
        sim_lanes lanes;
        uint64_t halves[2];
    } late = { .lanes = accesses > *(const sim_lanes *)self()->now };

    return (late.halves[0] | late.halves[1]) == 0;
}

static void race(const struct place *place, const char *what)
{
    sim_trace(what, place->at, place->size, 0, -1, 0);
    sim_fail("data race: %s", what);
}

static inline void check_plain(struct place *place, bool write)
{
    sim_stamp clock = self()->now[sim.self];

    if (place->checks == SIM_NOT_CHECKED)
        return;
    if (!is_before(place->plain_write) || !is_before(place->atomic_write))
        race(place, write ? "a write after a write" : "a read after a write");
    if (write && (!is_before(place->plain_read) || !is_before(place->atomic_read)))
        race(place, "a write after a read");
    if (write)
        place->plain_write[sim.self] = clock;
    else
        place->plain_read[sim.self] = clock;
}

static inline void check_atomic(struct place *place, bool read, bool write)
{
    sim_stamp clock = self()->now[sim.self];

    if (place->checks == SIM_CHECKED_AS_PLAIN) {
        check_plain(place, write);
        return;
    }
    place->atomic = true;
    if (place->checks == SIM_NOT_CHECKED)
        return;
    if (!is_before(place->plain_write))
        race(place, "an atomic access after a plain write");
    if (write && !is_before(place->plain_read))
        race(place, "an atomic write after a plain read");
    if (read)
        place->atomic_read[sim.self] = clock;
    if (write)
        place->atomic_write[sim.self] = clock;
}

/* --- Plain accesses ------------------------------------------------------------------- */

static void plain_piece(void *at, unsigned size, bool write)
{
    struct place *place = find_place(at, size);

    if (sim.tracing)
        sim_trace(write ? "writes" : "reads", at, size, write ? 0 : raw(at, size), -1, 0);
    if (place->atomic && place->size != size)
        sim_fail("a plain access of %u bytes to an atomic of %u", size, place->size);
    check_plain(place, write);
    if (!write)
        return;
    settle(place);
    place->stores++;
    *store_of(place, place->stores) = (struct store){ 0 };
    place->late = true;
    self()->now[index_of(place)] = place->stores;
}

/* The place that begins there, or NULL. */
static const struct place *known_place(const unsigned char *at)
{
    uint32_t hash = (uint32_t)(at - sim.segment) * 2654435761u >> 21;

    for (; table[hash].run == run; hash = (hash + 1) % TABLE)
        if (table[hash].at == at)
            return &places[table[hash].place];
    return NULL;
}

/* How much of so many bytes is one place: tables are cleared in larger pieces than they are
 * used. */
static unsigned piece_of(const unsigned char *from, size_t size, bool several)
{
    unsigned piece = 8;

    while (piece > size || (uintptr_t)from % piece != 0)
        piece /= 2;
    if (!several)
        return piece;
    for (unsigned i = 0; i < piece; i++) {
        const struct place *place = known_place(from + i);

        if (place != NULL && i == 0 && place->size < piece)
            piece = place->size;
        while (place != NULL && i > 0 && piece > i)
            piece /= 2;
    }
    return piece;
}

void sim_plain(void *at, size_t size, bool write)
{
    unsigned char *from = at;
    bool several = size > 8;

    sim_step_alone();
    while (size > 0) {
        unsigned piece = piece_of(from, size, several);

        plain_piece(from, piece, write);
        from += piece;
        size -= piece;
    }
}

/* --- Atomic accesses ------------------------------------------------------------------ */

static inline struct place *atomic_place(void *at, unsigned size)
{
    struct place *place = find_place(at, size);

    settle(place);
    if (place->size == size)
        return place;
    if (place->atomic || size > place->size)
        sim_fail("an atomic access of %u bytes to a place of %u", size, place->size);
    /* It was cleared in one piece with what lies behind it. */
    place->size = (uint8_t)size;
    for (int i = 0; i < HISTORY; i++)
        place->last[i].value = cut(place->last[i].value, size);
    return place;
}

/* The number of a store that this fibre may read. */
static inline sim_stamp choose(struct place *place)
{
    sim_stamp oldest = self()->now[index_of(place)];
    sim_stamp newest = place->stores;

    if (oldest < 1)
        oldest = 1;
    if (oldest == newest || sim_draw() % 8 >= sim.stale)
        return newest;
    if (newest - oldest >= HISTORY)
        oldest = (sim_stamp)(newest - HISTORY + 1);
    sim.all.old_loads++;
    return (sim_stamp)(oldest + (sim_stamp)(sim_draw() % (uint32_t)(newest - oldest + 1)));
}

static inline void read_it(struct place *place, sim_stamp number, int order)
{
    struct sim_fibre *fibre = self();
    const struct store *store = store_of(place, number);

    if (fibre->now[index_of(place)] < number)
        fibre->now[index_of(place)] = number;
    if (store->view == NULL)
        return;
    if (is_acquire(order)) {
        join(fibre->now, store->view, 0, store->length);
    } else {
        join(fibre->fenced, store->view, 0, store->length);
        fibre->has_fenced = true;
    }
}

static inline void see_order(struct place *place, int order)
{
    sim_stamp *seen = &self()->now[index_of(place)];

    if (order == __ATOMIC_SEQ_CST && *seen < in_order[index_of(place)])
        *seen = in_order[index_of(place)];
}

/* A new store; `replaced`: by a read-modify-write, whose view is handed on. */
static inline void append(struct place *place, uint64_t value, int order,
                          const struct store *replaced)
{
    struct sim_fibre *fibre = self();
    struct store store = { .value = value };
    const sim_stamp *inherited = NULL;
    uint32_t inherited_length = 0;
    sim_stamp *view = NULL;

    if (replaced != NULL) {
        inherited = replaced->view;
        inherited_length = replaced->length;
    }
    place->stores++;
    fibre->now[index_of(place)] = place->stores;
    if (is_release(order)) {
        view = new_view(fibre->now);
        fibre->now[sim.self]++;
    } else if (fibre->has_told) {
        view = new_view(fibre->told);
    }
    store.view = view;
    store.length = (uint16_t)used;
    if (view != NULL && inherited != NULL) {
        join(view, inherited, 0, inherited_length);
    } else if (view == NULL && inherited != NULL) {
        store.view = inherited;
        store.length = (uint16_t)inherited_length;
    }
    *store_of(place, place->stores) = store;
    if (order == __ATOMIC_SEQ_CST)
        in_order[index_of(place)] = place->stores;
    put(place->at, place->size, value);
}

static void store_now(void *at, unsigned size, uint64_t value, int order)
{
    struct place *place = atomic_place(at, size);

    if (sim.tracing)
        sim_trace("stores", at, size, value, order, 0);
    check_atomic(place, false, true);
    append(place, value, order, NULL);
}

void sim_let_go(int id)
{
    struct sim_fibre *fibre = &sim.fibre[id];
    void *at = fibre->kept_at;
    int before = sim.self;
    struct place *place;

    if (at == NULL)
        return;
    fibre->kept_at = NULL;
    sim.self = id;
    place = atomic_place(at, fibre->kept_size);
    if (sim.tracing)
        sim_trace("stores late", at, fibre->kept_size, fibre->kept_value, fibre->kept_order, 0);
    check_atomic(place, false, true);
    append(place, fibre->kept_value, __ATOMIC_RELAXED, NULL);
    if (fibre->kept_order == __ATOMIC_RELEASE) {
        store_of(place, place->stores)->view = fibre->kept_view;
        store_of(place, place->stores)->length = (uint16_t)fibre->kept_length;
    }
    sim.self = before;
}

/* Before an access: must the store that is kept back come first, or does it happen to? */
static inline void let_go_before(const void *at, bool ordered)
{
    const struct sim_fibre *fibre = self();

    if (fibre->kept_at != NULL && (ordered || fibre->kept_at == at || sim_draw() % 4 == 0))
        sim_let_go(sim.self);
}

uint64_t sim_load(void *at, unsigned size, int order)
{
    struct place *place;
    sim_stamp number;

    sim_step();
    let_go_before(at, order == __ATOMIC_SEQ_CST);
    place = atomic_place(at, size);
    check_atomic(place, true, false);
    see_order(place, order);
    number = choose(place);
    if (sim.tracing)
        sim_trace("loads", at, size, store_of(place, number)->value, order,
                  place->stores - number);
    read_it(place, number, order);
    return store_of(place, number)->value;
}

void sim_store(void *at, unsigned size, uint64_t value, int order)
{
    struct sim_fibre *fibre = self();

    sim_step();
    let_go_before(at, is_release(order));
    if (sim.keeps == 0 || order > __ATOMIC_RELEASE || fibre->kept_at != NULL
        || sim_draw() % 8 >= sim.keeps
        || find_place(at, size)->checks == SIM_CHECKED_AS_PLAIN) {
        store_now(at, size, value, order);
        return;
    }
    if (sim.tracing)
        sim_trace("keeps back", at, size, value, order, 0);
    sim.all.kept++;
    fibre->kept_at = at;
    fibre->kept_size = size;
    fibre->kept_value = value;
    fibre->kept_order = order;
    fibre->by_compiler = sim_draw() % 2 == 0;
    if (order == __ATOMIC_RELEASE) {
        fibre->kept_view = new_view(fibre->now);
        fibre->kept_length = used;
        fibre->now[sim.self]++;
    }
}

/* Replaces the newest store. */
static void replace(struct place *place, uint64_t value, int order)
{
    struct store old = *store_of(place, place->stores);

    read_it(place, place->stores, order);
    append(place, value, order, &old);
}

uint64_t sim_modify(void *at, unsigned size, uint64_t value, int order,
                    enum sim_read_modify how)
{
    struct place *place;
    uint64_t old;

    sim_step();
    let_go_before(at, is_release(order));
    place = atomic_place(at, size);
    check_atomic(place, true, true);
    old = store_of(place, place->stores)->value;
    value = cut(changed(old, value, how), size);
    if (sim.tracing)
        sim_trace("replaces", at, size, value, order, 0);
    replace(place, value, order);
    return old;
}

bool sim_compare(void *at, unsigned size, uint64_t *expected, uint64_t value, int order,
                 int failure_order, bool weak)
{
    struct place *place;
    sim_stamp number;

    sim_step();
    let_go_before(at, is_release(order));
    place = atomic_place(at, size);
    see_order(place, order);
    number = choose(place);
    if (number != place->stores && store_of(place, number)->value == *expected)
        number = place->stores;
    if (store_of(place, number)->value != *expected || (weak && sim_draw() % 8 == 0)) {
        check_atomic(place, true, false);
        read_it(place, number, failure_order);
        *expected = store_of(place, number)->value;
        if (sim.tracing)
            sim_trace("finds, not replacing", at, size, *expected, failure_order,
                      place->stores - number);
        return false;
    }
    check_atomic(place, true, true);
    if (sim.tracing)
        sim_trace("replaces, as expected,", at, size, value, order, 0);
    replace(place, value, order);
    return true;
}

/* --- Fences --------------------------------------------------------------------------- */

static void fence(int id, int order)
{
    struct sim_fibre *fibre = &sim.fibre[id];

    if (is_acquire(order) && fibre->has_fenced) {
        join(fibre->now, fibre->fenced, 0, used);
        fibre->has_fenced = false;
    }
    if (order == __ATOMIC_SEQ_CST) {
        join(fibre->now, in_order, SIM_FIBRES, used);
        join(in_order, fibre->now, SIM_FIBRES, used);
    }
    if (is_release(order)) {
        copy(fibre->told, fibre->now, used);
        fibre->has_told = true;
        fibre->now[id]++;
    }
}

void sim_fence(int order)
{
    sim_step();
    if (sim.tracing)
        sim_trace("fences", NULL, 0, 0, order, 0);
    sim_let_go(sim.self);
    fence(sim.self, order);
}

void sim_compiler_barrier(void)
{
    self()->by_compiler = false;
}

void sim_fence_on(int id)
{
    if (sim.tracing)
        sim_trace("has fenced fibre", NULL, 0, (uint64_t)id, __ATOMIC_SEQ_CST, 0);
    if (!sim.fibre[id].by_compiler)
        sim_let_go(id);
    fence(id, __ATOMIC_SEQ_CST);
    /* The processors have spoken to each other: what each has done before, the other one sees.
     */
    join(sim.fibre[id].now, self()->now, 0, used);
    join(self()->now, sim.fibre[id].now, 0, used);
    self()->now[sim.self]++;
    sim.fibre[id].now[id]++;
}

/* --- The kernel ----------------------------------------------------------------------- */

void sim_kernel_write(int id, void *at, uint32_t value)
{
    int before = sim.self;
    struct place *place;

    sim_let_go(id);
    sim.self = id;
    place = atomic_place(at, sizeof value);
    check_atomic(place, true, true);
    if (sim.tracing)
        sim_trace("(its kernel) stores", at, sizeof value, value, __ATOMIC_ACQ_REL, 0);
    replace(place, value, __ATOMIC_ACQ_REL);
    sim.self = before;
}
