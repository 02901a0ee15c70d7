/* SPDX-License-Identifier: MIT */
/* undo.c - after a schedule memory is as it was before. */
#include <string.h>

#include "inside.h"

enum { UNDOS = 1 << 17 };

struct undo {
    void *at;
    uint64_t old;
    uint64_t size;
};

static struct undo undos[UNDOS];
static uint32_t undo_count;

void sim_undo(void *at, size_t size)
{
    unsigned char *from = at;

    while (size > 0) {
        size_t piece = size < sizeof undos[0].old ? size : sizeof undos[0].old;

        if (undo_count == UNDOS)
            sim_fail("more is written than can be undone");
        undos[undo_count].at = from;
        undos[undo_count].size = piece;
        memcpy(&undos[undo_count++].old, from, piece);
        from += piece;
        size -= piece;
    }
}

void sim_undo_all(void)
{
    while (undo_count > 0) {
        const struct undo *undo = &undos[--undo_count];

        if (undo->size == sizeof undo->old)
            memcpy(undo->at, &undo->old, sizeof undo->old);
        else
            memcpy(undo->at, &undo->old, undo->size);
    }
}
