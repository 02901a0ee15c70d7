/* SPDX-License-Identifier: MIT */
#include "bench/distributor_zipf.h"

#include <math.h>
#include <stdlib.h>

/* Below 1. */
static double next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void zipf_fill(uint32_t *tags, size_t count, uint32_t kinds, double s, uint64_t seed)
{
    double *up_to = malloc(kinds * sizeof(*up_to));
    double sum = 0;

    if (up_to == NULL)
        abort();
    for (uint32_t i = 0; i < kinds; i++)
        up_to[i] = sum += pow(i + 1, -s);
    for (size_t i = 0; i < count; i++) {
        double wanted = next(&seed) * sum;
        uint32_t low = 0, high = kinds - 1;

        while (low < high) {
            uint32_t middle = (low + high) / 2;

            if (up_to[middle] > wanted)
                high = middle;
            else
                low = middle + 1;
        }
        tags[i] = low;
    }
    free(up_to);
}
