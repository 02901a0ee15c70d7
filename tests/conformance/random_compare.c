/* SPDX-License-Identifier: MIT */
/*
 * random_compare.c - what came against what was wanted.
 */
#include "random_compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void differ(struct failure *failure, const char *what, const char *format, ...)
{
    va_list arguments;

    failure->failed = true;
    snprintf(failure->what, sizeof failure->what, "%s", what);
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
}

static void append_status(char *text, size_t size, const char *before, mcapi_status_t status)
{
    char name[MCAPI_MAX_STATUS_SIZE];
    size_t used = strlen(text);

    snprintf(text + used, size - used, "%s%s", before,
             mcapi_display_status(status, name, sizeof name));
}

static void compare_status(const struct wanted *wanted, const struct came *came,
                           struct failure *failure)
{
    char text[300] = "wanted";
    const char *before = " ";

    if ((wanted->statuses & model_bit(came->status)) != 0)
        return;
    for (mcapi_status_t status = 0; status < 64; status++)
        if ((wanted->statuses & model_bit(status)) != 0) {
            append_status(text, sizeof text, before, status);
            before = " or ";
        }
    append_status(text, sizeof text, ", got ", came->status);
    differ(failure, "status", "%s", text);
}

static void compare_number(const char *what, bool told, uint64_t wanted, uint64_t came,
                           struct failure *failure)
{
    if (told && wanted != came && !failure->failed)
        differ(failure, what,
               "wanted %" PRIu64 " (0x%" PRIx64 "), got %" PRIu64 " (0x%" PRIx64 ")", wanted,
               wanted, came, came);
}

static void compare_bytes(const struct world *world, const struct wanted *wanted,
                          const struct came *came, struct failure *failure)
{
    unsigned char bytes[RANDOM_BYTES];

    if (wanted->item == 0 || wanted->bytes > sizeof bytes || failure->failed)
        return;
    payload_fill(bytes, wanted->bytes, world->model.item[wanted->item].tag);
    for (size_t i = 0; i < wanted->bytes; i++)
        if (bytes[i] != came->bytes[i]) {
            differ(failure, "bytes", "byte %zu of %zu: wanted %u, got %u", i, wanted->bytes,
                   bytes[i], came->bytes[i]);
            return;
        }
}

/* A new endpoint is none that there is. */
static void compare_handle(const struct world *world, const struct wanted *wanted,
                           const struct came *came, struct failure *failure)
{
    if (failure->failed)
        return;
    if (wanted->no_endpoint)
        compare_number("endpoint", true, 0, came->endpoint, failure);
    else if (wanted->made == 0 && wanted->endpoint != 0)
        compare_number("endpoint", true, world->endpoint[wanted->endpoint], came->endpoint,
                       failure);
    if (wanted->made == 0)
        return;
    if (came->endpoint == 0)
        differ(failure, "endpoint", "a new one is 0");
    for (int i = 1; i < wanted->made; i++)
        if (world->model.endpoint[i].live && world->endpoint[i] == came->endpoint)
            differ(failure, "endpoint", "a new one is %#x, which another one is",
                   (unsigned)came->endpoint);
}

/* No two packets that are held lie in one place. */
static void compare_buffer(const struct world *world, const struct step *step,
                           const struct wanted *wanted, const struct came *came,
                           struct failure *failure)
{
    const struct model *model = &world->model;

    if (wanted->item == 0 || model->item[wanted->item].state != HELD
        || step->function == CALL_PKT_RELEASE || failure->failed)
        return;
    if (came->buffer == NULL) {
        differ(failure, "buffer", "it is NULL");
        return;
    }
    for (int i = 1; i <= model->items; i++)
        if (i != wanted->item && model->item[i].state == HELD
            && world->buffer[i] == came->buffer
            && model->item[i].node == model->item[wanted->item].node)
            differ(failure, "buffer", "it is one that is held already");
}

static void compare_index(const struct wanted *wanted, const struct came *came,
                          struct failure *failure)
{
    bool good = wanted->indexes == 0 ? came->index == MCAPI_RETURN_VALUE_INVALID
                                     : came->index < 3 && (wanted->indexes >> came->index & 1);

    if (!good && !failure->failed)
        differ(failure, "index", "wanted one of the bits 0x%" PRIx64 ", got %#x",
               wanted->indexes, (unsigned)came->index);
}

void compare(const struct world *world, const struct step *step, const struct wanted *wanted,
             const struct came *came, struct failure *failure)
{
    bool told = (model_bit(came->status)
                 & (model_bit(MCAPI_SUCCESS) | model_bit(MCAPI_ERR_MSG_TRUNCATED)))
             != 0;
    bool always = step->function == CALL_PKT_AVAILABLE || step->function == CALL_SCL_AVAILABLE
               || step->function == CALL_SCL_RECV || step->function == CALL_MSG_AVAILABLE
               || step->function == CALL_DOMAIN_ID_GET || step->function == CALL_NODE_ID_GET;

    if (step->function >= DO_END_THREAD)
        return;
    compare_status(wanted, came, failure);
    compare_number("truth", wanted->truth_told, wanted->truth, came->truth, failure);
    if (wanted->index_told)
        compare_index(wanted, came, failure);
    compare_number("value", wanted->number_told && (told || always), wanted->number,
                   came->number, failure);
    if (!told) {
        if (wanted->no_endpoint)
            compare_handle(world, wanted, came, failure);
        return;
    }
    compare_number("second value", wanted->second_told, wanted->second, came->second, failure);
    compare_number("size", wanted->size_told, wanted->size, came->size, failure);
    compare_handle(world, wanted, came, failure);
    compare_buffer(world, step, wanted, came, failure);
    compare_bytes(world, wanted, came, failure);
}
