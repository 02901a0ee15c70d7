/* SPDX-License-Identifier: MIT */
/*
 * payload.h - what the items carry: their number in the first 8 bytes, and in each further byte
 * the lowest byte of it. Making and comparing all of it is part of what is measured.
 */
#ifndef TESTS_BENCH_PAYLOAD_H
#define TESTS_BENCH_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BENCH_INLINE static inline __attribute__((always_inline, unused))

BENCH_INLINE uint64_t payload_pattern(uint64_t number)
{
    return UINT64_C(0x0101010101010101) * (uint8_t)number;
}

BENCH_INLINE void payload_make(void *to, uint64_t number, size_t size)
{
    if (size > 8)
        memset(to, (int)(uint8_t)number, size);
    memcpy(to, &number, 8);
}

/* 1 if it is not the item of that number, else 0. */
BENCH_INLINE uint64_t payload_wrong(const void *from, uint64_t number, size_t size)
{
    const uint64_t *word = from;
    uint64_t pattern = payload_pattern(number), difference = word[0] ^ number;

    for (size_t i = 1; i < size / 8; i++)
        difference |= word[i] ^ pattern;
    return difference != 0;
}

/* The same for those who keep a mark of their own in the first 8 bytes. */
BENCH_INLINE void payload_make_rest(void *to, uint64_t number, size_t size)
{
    memset((char *)to + 8, (int)(uint8_t)number, size - 8);
}

BENCH_INLINE uint64_t payload_wrong_rest(const void *from, uint64_t number, size_t size)
{
    const uint64_t *word = from;
    uint64_t pattern = payload_pattern(number), difference = 0;

    for (size_t i = 1; i < size / 8; i++)
        difference |= word[i] ^ pattern;
    return difference != 0;
}

#endif /* TESTS_BENCH_PAYLOAD_H */
