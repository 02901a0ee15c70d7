/* SPDX-License-Identifier: MIT */
/*
 * fuzz_static.c - an input is the head of a request for a file of a directory. Beside it lies a
 * file that must not be found.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "worker/work.h"

static const char secret[] = "this is outside";
static struct work work;
static char inside[128], outside[128], within[160];

static void put(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (file < 0 || write(file, text, strlen(text)) < 0)
        abort();
    close(file);
}

static void clean_up(void)
{
    unlink(outside);
    unlink(within);
    rmdir(inside);
}

static void prepare(void)
{
    char specification[256], error[256];

    fuzz_begin("static");
    snprintf(inside, sizeof inside, "%s/www", fuzz_folder());
    snprintf(outside, sizeof outside, "%s/secret", fuzz_folder());
    snprintf(within, sizeof within, "%s/index.html", inside);
    mkdir(inside, 0700);
    put(outside, secret);
    put(within, "index");
    atexit(clean_up);
    snprintf(specification, sizeof specification, "static=%s", inside);
    if (!work_prepare(&work, specification, error, sizeof error))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item = { .kind = ITEM_REQUEST,
                         .captured = (uint32_t)size,
                         .payload_offset = (uint32_t)size };
    struct work_bytes bytes = { .size = (uint32_t)size };
    uint8_t *copy;

    if (work.kind == NULL)
        prepare();
    copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL || size > ITEM_BYTES_MAX) {
        free(copy);
        return 0;
    }
    if (size > 0)
        memcpy(copy, data, size);
    bytes.bytes = copy;
    if (work_process(&work, &item, &bytes) != WORK_CHANGED || bytes.size < 12
        || memcmp(bytes.bytes, "HTTP/1.1 ", 9) != 0
        || memmem(bytes.bytes, bytes.size, secret, strlen(secret)) != NULL)
        abort();
    free(copy);
    return 0;
}
