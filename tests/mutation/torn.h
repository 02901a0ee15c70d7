/* SPDX-License-Identifier: MIT */
/*
 * torn.h - read-modify-writes in two pieces, for what a mutation puts in their place: a load,
 * and a store that another thread's store may come before. The orders are as good as they can
 * be.
 */
#ifndef MUTATION_TORN_H
#define MUTATION_TORN_H

#define torn_compare_exchange_strong_explicit(object, expected, desired, success, failure) \
    (__extension__({                                                                       \
        __auto_type torn_found = atomic_load_explicit((object), memory_order_acquire);     \
        bool torn_same = torn_found == *(expected);                                        \
        if (torn_same)                                                                     \
            atomic_store_explicit((object), (desired), memory_order_release);              \
        else                                                                               \
            *(expected) = torn_found;                                                      \
        torn_same;                                                                         \
    }))
#define torn_compare_exchange_weak_explicit torn_compare_exchange_strong_explicit

#define TORN(object, result)                                                                   \
    (__extension__({                                                                           \
        __auto_type torn_old = atomic_load_explicit((object), memory_order_acquire);           \
        atomic_store_explicit((object), (__typeof__(torn_old))(result), memory_order_release); \
        torn_old;                                                                              \
    }))
#define torn_exchange_explicit(object, value, order)  TORN(object, value)
#define torn_fetch_add_explicit(object, value, order) TORN(object, torn_old + (value))
#define torn_fetch_sub_explicit(object, value, order) TORN(object, torn_old - (value))
#define torn_fetch_or_explicit(object, value, order)  TORN(object, torn_old | (value))
#define torn_fetch_and_explicit(object, value, order) TORN(object, torn_old &(value))

#endif /* MUTATION_TORN_H */
