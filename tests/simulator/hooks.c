/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - what -fsanitize=thread makes the code call, and the functions of the C library that
 * touch memory for it (renamed: see simulator.mk).
 *
 * A hook for a plain access is called before the access, which the code then does itself: the
 * memory always holds what was stored last, and if that is not what a plain access may give,
 * then it is a data race.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

enum {
    STACK_REACH = 1 << 20, /* bytes around the main stack's frame of the schedule */
    HEAP = 1 << 18,
};

extern unsigned char __start_fibre_own[], __stop_fibre_own[];
extern unsigned char __start_process_own[], __stop_process_own[];
extern unsigned char sim_process_zeros_first[], sim_process_zeros_last[];
extern unsigned char sim_process_data_first[], sim_process_data_last[];

static alignas(64) unsigned char heap[HEAP];
static size_t heap_used;

#define HERE() (sim.pc = __builtin_return_address(0))

/* Memory that is gone after the schedule, or is kept for each fibre anyway. */
static inline bool is_passing(const unsigned char *at)
{
    return (uint64_t)(at - sim.stacks) < sim.stacks_size
        || (uint64_t)(at - sim.main_stack + STACK_REACH) < 2 * (uint64_t)STACK_REACH
        || (uint64_t)(at - __start_fibre_own) < (uint64_t)(__stop_fibre_own - __start_fibre_own)
        || (uint64_t)(at - __start_process_own)
                   < (uint64_t)(__stop_process_own - __start_process_own);
}

/* What the library allocates belongs to one process or one of its nodes; its atomics are what
 * the threads of that one have in common. */
static inline bool is_atomic_place(const volatile void *at)
{
    return sim.running
        && (sim_is_shared(at) || (uint64_t)((const unsigned char *)at - heap) < sizeof heap
            || (uint64_t)((const unsigned char *)at - sim_process_zeros_first)
                       < (uint64_t)(sim_process_zeros_last - sim_process_zeros_first));
}

static void write_elsewhere(void *at, size_t size)
{
    if (sim.undoing && !is_passing(at))
        sim_undo(at, size);
}

static inline void reads(const void *at, size_t size)
{
    if (sim.running && sim_is_shared(at))
        sim_plain((void *)(uintptr_t)at, size, false);
}

static inline void writes(void *at, size_t size)
{
    if (sim.running && sim_is_shared(at))
        sim_plain(at, size, true);
    else
        write_elsewhere(at, size);
}

/* --- Plain accesses ------------------------------------------------------------------- */

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void)
{
}

#define PLAIN(name, size)                                                                     \
    void __tsan_read##name(void *at);                                                         \
    void __tsan_write##name(void *at);                                                        \
    void __tsan_read##name(void *at)                                                          \
    {                                                                                         \
        HERE();                                                                               \
        reads(at, size);                                                                      \
    }                                                                                         \
    void __tsan_write##name(void *at)                                                         \
    {                                                                                         \
        HERE();                                                                               \
        writes(at, size);                                                                     \
    }                                                                                         \
    void __tsan_volatile_read##name(void *at) __attribute__((alias("__tsan_read" #name)));    \
    void __tsan_volatile_write##name(void *at) __attribute__((alias("__tsan_write" #name)));  \
    void __tsan_unaligned_read##name(void *at) __attribute__((alias("__tsan_read" #name)));   \
    void __tsan_unaligned_write##name(void *at) __attribute__((alias("__tsan_write" #name))); \
    void __tsan_read_write##name(void *at);                                                   \
    void __tsan_read_write##name(void *at)                                                    \
    {                                                                                         \
        HERE();                                                                               \
        reads(at, size);                                                                      \
        writes(at, size);                                                                     \
    }
PLAIN(1, 1)
PLAIN(2, 2)
PLAIN(4, 4)
PLAIN(8, 8)
PLAIN(16, 16)

void __tsan_read_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size);

void __tsan_read_range(void *at, size_t size)
{
    HERE();
    reads(at, size);
}

void __tsan_write_range(void *at, size_t size)
{
    HERE();
    writes(at, size);
}

/* --- Atomic accesses ------------------------------------------------------------------ */

/*
 * Thread-local variables have the same address in all fibres; as a value in memory it must say
 * whose it is. What a fibre stores is marked with its number, and what it loads is without, if
 * it is its own.
 */
static inline uint64_t out8(uint64_t value)
{
    if (value - (uint64_t)(uintptr_t)__start_fibre_own
        >= (uint64_t)(__stop_fibre_own - __start_fibre_own))
        return value;
    return value | (uint64_t)(sim.self + 1) << 56;
}

static inline uint64_t in8(uint64_t value)
{
    uint64_t mine = value & ~((uint64_t)0xff << 56);

    return value != mine && value >> 56 == (uint64_t)(sim.self + 1) && out8(mine) == value
                 ? mine
                 : value;
}

#define OUT(type, value) (sizeof(type) == 8 ? (type)out8((uint64_t)(value)) : (type)(value))
#define IN(type, value)  (sizeof(type) == 8 ? (type)in8((uint64_t)(value)) : (type)(value))

/* Outside of a schedule, or outside of the segment: there is one thread. */
#define ATOMIC(bits, type)                                                                    \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                      \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                       \
    {                                                                                         \
        HERE();                                                                               \
        return is_atomic_place(at)                                                            \
                     ? IN(type, sim_load((void *)(uintptr_t)at, sizeof(type), order))         \
                     : IN(type, *at);                                                         \
    }                                                                                         \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order);               \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                \
    {                                                                                         \
        HERE();                                                                               \
        if (is_atomic_place(at)) {                                                            \
            sim_store((void *)(uintptr_t)at, sizeof(type), OUT(type, value), order);          \
            return;                                                                           \
        }                                                                                     \
        write_elsewhere((void *)(uintptr_t)at, sizeof(type));                                 \
        *at = OUT(type, value);                                                               \
    }                                                                                         \
    static inline int compare##bits(volatile type *at, type *expected, type value, int order, \
                                    int failure, bool weak)                                   \
    {                                                                                         \
        if (is_atomic_place(at)) {                                                            \
            uint64_t found = OUT(type, *expected);                                            \
            bool done = sim_compare((void *)(uintptr_t)at, sizeof(type), &found,              \
                                    OUT(type, value), order, failure, weak);                  \
            *expected = IN(type, found);                                                      \
            return done;                                                                      \
        }                                                                                     \
        if (*at != OUT(type, *expected)) {                                                    \
            *expected = IN(type, *at);                                                        \
            return 0;                                                                         \
        }                                                                                     \
        write_elsewhere((void *)(uintptr_t)at, sizeof(type));                                 \
        *at = OUT(type, value);                                                               \
        return 1;                                                                             \
    }                                                                                         \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected,      \
                                                      type value, int order, int failure);    \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected,      \
                                                      type value, int order, int failure)     \
    {                                                                                         \
        HERE();                                                                               \
        return compare##bits(at, expected, value, order, failure, false);                     \
    }                                                                                         \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *at, type *expected,        \
                                                    type value, int order, int failure);      \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type *at, type *expected,        \
                                                    type value, int order, int failure)       \
    {                                                                                         \
        HERE();                                                                               \
        return compare##bits(at, expected, value, order, failure, true);                      \
    }                                                                                         \
    /* What clang calls for both. */                                                          \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected,         \
                                                    type value, int order, int failure);      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *at, type expected,         \
                                                    type value, int order, int failure)       \
    {                                                                                         \
        HERE();                                                                               \
        compare##bits(at, &expected, value, order, failure, false);                           \
        return expected;                                                                      \
    }                                                                                         \
    MODIFY(bits, type, exchange, SIM_SWAP, value)                                             \
    MODIFY(bits, type, fetch_add, SIM_ADD, old + value)                                       \
    MODIFY(bits, type, fetch_sub, SIM_SUBTRACT, old - value)                                  \
    MODIFY(bits, type, fetch_or, SIM_OR, old | value)                                         \
    MODIFY(bits, type, fetch_and, SIM_AND, old &value)                                        \
    MODIFY(bits, type, fetch_xor, SIM_XOR, old ^ value)

#define MODIFY(bits, type, name, how, result)                                                 \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);              \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)               \
    {                                                                                         \
        type old;                                                                             \
                                                                                              \
        HERE();                                                                               \
        if (is_atomic_place(at))                                                              \
            return IN(type, sim_modify((void *)(uintptr_t)at, sizeof(type), OUT(type, value), \
                                       order, how));                                          \
        write_elsewhere((void *)(uintptr_t)at, sizeof(type));                                 \
        old = *at;                                                                            \
        value = OUT(type, value);                                                             \
        *at = (type)(result);                                                                 \
        return IN(type, old);                                                                 \
    }

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
    HERE();
    if (sim.running)
        sim_fence(order);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
    if (sim.running)
        sim_compiler_barrier();
}

void sim_pass_over(const volatile void *start, uint64_t size)
{
    int which = sim.passed_over_size[0] != 0;

    sim.passed_over[which] = (const unsigned char *)start;
    sim.passed_over_size[which] = size;
}

void sim_share(const void *at, uint64_t size)
{
    if (sim.more_count == SIM_MORE)
        __builtin_trap();
    sim.more[sim.more_count] = at;
    sim.more_size[sim.more_count++] = size;
}

void sim_share_process(void)
{
    sim.shares_process = true;
    sim_share(heap, sizeof heap);
    sim_share(sim_process_zeros_first,
              (uint64_t)(sim_process_zeros_last - sim_process_zeros_first));
    sim_share(sim_process_data_first,
              (uint64_t)(sim_process_data_last - sim_process_data_first));
    sim_share(__start_process_own, (uint64_t)(__stop_process_own - __start_process_own));
}

/* --- Functions of the C library ------------------------------------------------------- */

void *sim_memcpy(void *to, const void *from, size_t size);
void *sim_memmove(void *to, const void *from, size_t size);
void *sim_memset(void *at, int byte, size_t size);
void *sim_calloc(size_t count, size_t size);
void *sim_realloc(void *at, size_t size);
void sim_free(void *at);

void *sim_memcpy(void *to, const void *from, size_t size)
{
    HERE();
    if (size > 0) {
        reads(from, size);
        writes(to, size);
    }
    return memcpy(to, from, size);
}

void *sim_memmove(void *to, const void *from, size_t size)
{
    HERE();
    if (size > 0) {
        reads(from, size);
        writes(to, size);
    }
    return memmove(to, from, size);
}

void *sim_memset(void *at, int byte, size_t size)
{
    HERE();
    if (size > 0)
        writes(at, size);
    return memset(at, byte, size);
}

void *__tsan_memcpy(void *to, const void *from, size_t size)
        __attribute__((alias("sim_memcpy")));
void *__tsan_memmove(void *to, const void *from, size_t size)
        __attribute__((alias("sim_memmove")));
void *__tsan_memset(void *at, int byte, size_t size) __attribute__((alias("sim_memset")));

/* What a schedule allocates is gone with it; so is what it gives back. */
void *sim_calloc(size_t count, size_t size)
{
    size_t bytes = (count * size + 15) & ~(size_t)15;

    if (bytes > HEAP - heap_used)
        sim_fail("more than %d bytes are allocated", HEAP);
    if (sim.undoing)
        sim_undo(&heap_used, sizeof heap_used);
    heap_used += bytes;
    return memset(&heap[heap_used - bytes], 0, bytes);
}

/* What lies behind it may come with it. */
void *sim_realloc(void *at, size_t size)
{
    unsigned char *room = sim_calloc(1, size);
    size_t there = at == NULL ? 0 : (size_t)(room - (unsigned char *)at);

    return there == 0 ? room : memcpy(room, at, there < size ? there : size);
}

void sim_free(void *at)
{
    (void)at;
}
