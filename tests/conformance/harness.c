/* SPDX-License-Identifier: MIT */
/* harness.c - what a test says while it runs: expectations, verdicts, and the time it has. */
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct board *board;

enum variant variant(void)
{
    /* A test without peers may make processes of its own. */
    return board->variant == NOWHERE ? PROCESSES : (enum variant)board->variant;
}

/* --- Verdicts --------------------------------------------------------------------- */

bool board_say(enum verdict verdict, const char *message)
{
    int nothing = NOTHING;

    if (!__atomic_compare_exchange_n(&board->said, &nothing, BEING_SAID, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return false;
    board->verdict = verdict;
    snprintf(board->message, sizeof board->message, "%s", message);
    __atomic_store_n(&board->said, SAID, __ATOMIC_RELEASE);
    return true;
}

/* The test ends here: whoever runs it hears the bell, and ends all its processes. */
static void __attribute__((noreturn)) end_here(enum verdict verdict, const char *message)
{
    if (board_say(verdict, message))
        while (write(board->bell, "!", 1) < 0 && errno == EINTR)
            ;
    for (;;)
        pause();
}

static void __attribute__((noreturn, format(printf, 2, 0)))
fail_with(const char *after, const char *format, va_list arguments)
{
    char message[sizeof board->message];
    int length = vsnprintf(message, sizeof message, format, arguments);

    if (length >= 0 && (size_t)length < sizeof message)
        snprintf(message + length, sizeof message - (size_t)length, "%s%s", who_am_i(), after);
    end_here(FAILED, message);
}

void fail(const char *format, ...)
{
    char after[128] = "";
    va_list arguments;

    if (board->file != NULL)
        snprintf(after, sizeof after, ", after what %s:%d expects", board->file, board->line);
    va_start(arguments, format);
    fail_with(after, format, arguments);
}

/* An expectation that says itself where it is. */
static void __attribute__((noreturn, format(printf, 1, 2))) disappoint(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_with("", format, arguments);
}

void skip(const char *reason)
{
    end_here(SKIPPED, reason);
}

/* --- Expectations ----------------------------------------------------------------- */

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash == NULL ? file : slash + 1;
}

static void held(const char *file, int line)
{
    __atomic_store_n(&board->file, base_name(file), __ATOMIC_RELAXED);
    __atomic_store_n(&board->line, line, __ATOMIC_RELAXED);
}

void expect_status_at(const char *file, int line, const char *call, mcapi_status_t wanted,
                      mcapi_status_t got)
{
    if (got != wanted)
        disappoint("%s:%d: %s: wanted %s, got %s (%u)", base_name(file), line, call,
                   status_name(wanted), status_name(got), got);
    held(file, line);
}

void expect_true_at(const char *file, int line, const char *condition, bool holds)
{
    if (!holds)
        disappoint("%s:%d: not true: %s", base_name(file), line, condition);
    held(file, line);
}

void expect_equal_at(const char *file, int line, const char *what, uint64_t wanted,
                     uint64_t got)
{
    if (got != wanted)
        disappoint("%s:%d: %s: wanted %llu (0x%llx), got %llu (0x%llx)", base_name(file), line,
                   what, (unsigned long long)wanted, (unsigned long long)wanted,
                   (unsigned long long)got, (unsigned long long)got);
    held(file, line);
}

const char *status_name(mcapi_status_t status)
{
#define NAME(status) [status] = #status
    static const char *const names[] = {
        NAME(MCAPI_SUCCESS),
        NAME(MCAPI_PENDING),
        NAME(MCAPI_TIMEOUT),
        NAME(MCAPI_ERR_PARAMETER),
        NAME(MCAPI_ERR_DOMAIN_INVALID),
        NAME(MCAPI_ERR_NODE_INVALID),
        NAME(MCAPI_ERR_NODE_INITFAILED),
        NAME(MCAPI_ERR_NODE_INITIALIZED),
        NAME(MCAPI_ERR_NODE_NOTINIT),
        NAME(MCAPI_ERR_NODE_FINALFAILED),
        NAME(MCAPI_ERR_PORT_INVALID),
        NAME(MCAPI_ERR_ENDP_INVALID),
        NAME(MCAPI_ERR_ENDP_EXISTS),
        NAME(MCAPI_ERR_ENDP_GET_LIMIT),
        NAME(MCAPI_ERR_ENDP_DELETED),
        NAME(MCAPI_ERR_ENDP_NOTOWNER),
        NAME(MCAPI_ERR_ENDP_REMOTE),
        NAME(MCAPI_ERR_ENDP_NOPORTS),
        NAME(MCAPI_ERR_ENDP_LIMIT),
        NAME(MCAPI_ERR_ATTR_INCOMPATIBLE),
        NAME(MCAPI_ERR_ATTR_SIZE),
        NAME(MCAPI_ERR_ATTR_NUM),
        NAME(MCAPI_ERR_ATTR_VALUE),
        NAME(MCAPI_ERR_ATTR_NOTSUPPORTED),
        NAME(MCAPI_ERR_ATTR_READONLY),
        NAME(MCAPI_ERR_MSG_LIMIT),
        NAME(MCAPI_ERR_MSG_TRUNCATED),
        NAME(MCAPI_ERR_CHAN_OPEN),
        NAME(MCAPI_ERR_CHAN_TYPE),
        NAME(MCAPI_ERR_CHAN_DIRECTION),
        NAME(MCAPI_ERR_CHAN_CONNECTED),
        NAME(MCAPI_ERR_CHAN_OPENPENDING),
        NAME(MCAPI_ERR_CHAN_CLOSEPENDING),
        NAME(MCAPI_ERR_CHAN_NOTOPEN),
        NAME(MCAPI_ERR_CHAN_INVALID),
        NAME(MCAPI_ERR_PKT_LIMIT),
        NAME(MCAPI_ERR_SCL_SIZE),
        NAME(MCAPI_ERR_TRANSMISSION),
        NAME(MCAPI_ERR_PRIORITY),
        NAME(MCAPI_ERR_BUF_INVALID),
        NAME(MCAPI_ERR_MEM_LIMIT),
        NAME(MCAPI_ERR_REQUEST_INVALID),
        NAME(MCAPI_ERR_REQUEST_LIMIT),
        NAME(MCAPI_ERR_REQUEST_CANCELLED),
        NAME(MCAPI_ERR_WAIT_PENDING),
        NAME(MCAPI_ERR_GENERAL),
    };
#undef NAME

    if (status == UNTOUCHED)
        return "no status at all";
    if (status >= sizeof names / sizeof names[0] || names[status] == NULL)
        return "a number that is no status";
    return names[status];
}

/* --- Time ------------------------------------------------------------------------- */

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)1000 + now.tv_nsec / 1000000;
}

int64_t patience_ms(void)
{
    /* What is left then is for saying so. */
    const int64_t spare = 1500;
    int64_t left = board->deadline - now_ms() - spare;

    return left > 0 ? left : 0;
}

void breathe(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 300 * 1000 }, NULL);
}
