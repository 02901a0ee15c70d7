/* SPDX-License-Identifier: MIT */
/*
 * fuzz_calls.c - an input is a sequence of calls with their arguments, by several nodes,
 * handles that are none among them; now and then a word of the segment is overwritten in
 * between.
 *
 * The calls and the topology are those of hostile/: each choice there is a byte here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/fuzz.h"
#include "hostile/hostile.h"
#include "runtime/request.h"

enum { MOST_CALLS = 200, DAMAGED = 16 /* of 256 choices */ };

struct hostile_journal *hostile_journal;

static void begin(void)
{
    struct hostile_random random = { .state = 1 };

    fuzz_begin("calls");
    hostile_journal = calloc(1, sizeof *hostile_journal);
    if (hostile_journal == NULL || !hostile_scene_begin(&random)) {
        fprintf(stderr, "fuzz_calls: the topology cannot be made\n");
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    uint8_t *block = malloc(size);
    struct hostile_random random = { .bytes = block, .left = size };

    if (!begun)
        begin();
    begun = true;
    if (block == NULL)
        return 0;
    memcpy(block, data, size);
    hostile_scene_heal(true);
    for (uint32_t node = 0; node < HOSTILE_NODES; node++)
        mci_request_discard(hostile_scene.node[node]);
    hostile_calls_begin();
    for (int i = 0; i < MOST_CALLS && random.left > 0; i++) {
        if (hostile_input(&random, 1) < DAMAGED)
            hostile_damage(&random);
        hostile_call(&random);
    }
    hostile_scene_check();
    free(block);
    return 0;
}
