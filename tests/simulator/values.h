/* SPDX-License-Identifier: MIT */
/* values.h - numbers of any size in memory, views, orders and places: what memory.c computes
 * with. */
#ifndef SIMULATOR_VALUES_H
#define SIMULATOR_VALUES_H

#include "inside.h"

/* --- Numbers -------------------------------------------------------------------------- */

static inline uint64_t raw(const void *at, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        return *(const uint64_t *)at;
    }
}

static inline void put(void *at, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(uint64_t *)at = value;
    }
}

static inline uint64_t changed(uint64_t old, uint64_t value, enum sim_read_modify how)
{
    switch (how) {
    case SIM_SWAP:
        return value;
    case SIM_ADD:
        return old + value;
    case SIM_SUBTRACT:
        return old - value;
    case SIM_OR:
        return old | value;
    case SIM_AND:
        return old & value;
    default:
        return old ^ value;
    }
}

static inline uint64_t cut(uint64_t value, unsigned size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

/* --- Views ---------------------------------------------------------------------------- */

/* `from` and `length`: multiples of 8. */
static inline void join(sim_stamp *view, const sim_stamp *other, uint32_t from, uint32_t length)
{
    for (uint32_t i = from; i < length; i += 8) {
        sim_lanes a = *(sim_lanes *)&view[i];
        sim_lanes b = *(const sim_lanes *)&other[i];
        sim_lanes greater = a > b;

        *(sim_lanes *)&view[i] = (a & greater) | (b & ~greater);
    }
}

static inline void copy(sim_stamp *view, const sim_stamp *other, uint32_t length)
{
    for (uint32_t i = 0; i < length; i += 8)
        *(sim_lanes *)&view[i] = *(const sim_lanes *)&other[i];
}

/* --- Places --------------------------------------------------------------------------- */

enum { HISTORY = 8 }; /* stores of a place that can still be read */

struct store {
    uint64_t value;
    const sim_stamp *view; /* NULL: none */
    uint16_t length;       /* of the view */
};

struct place {
    unsigned char *at;
    uint8_t size;
    enum sim_checks checks;
    bool late; /* the newest store's value is in memory only */
    bool atomic;
    sim_stamp stores; /* the number of the newest; 1 is what was there at the start */
    struct store last[HISTORY];
    /* The clocks of who accessed it last. */
    sim_lanes plain_read, plain_write, atomic_read, atomic_write;
};

struct entry {
    uint32_t run;
    uint16_t place;
    const unsigned char *at;
};

/* --- Orders --------------------------------------------------------------------------- */

static inline bool is_acquire(int order)
{
    return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL
        || order == __ATOMIC_SEQ_CST;
}

static inline bool is_release(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

#endif /* SIMULATOR_VALUES_H */
