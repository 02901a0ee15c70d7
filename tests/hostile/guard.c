/* SPDX-License-Identifier: MIT */
/*
 * guard.c - the segment between guards, waits that end, and the library's stderr.
 *
 * The linker puts these in place of the library's own (--wrap): the segment is mapped in the
 * middle of a range of addresses that nothing may touch, so large that an index of 32 bits into
 * any table ends in it or beyond what a process can have. And however long an endpoint's
 * timeout says, which lies in the segment too, a call waits a millisecond at most, and mostly
 * not at all: one that goes on for longer does not wait.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "hostile/hostile.h"
#include "runtime/patience.h"

static const uint64_t BEFORE = UINT64_C(1) << 40;
static const uint64_t BEHIND = UINT64_C(4) << 40;

enum { SLEEPS = 16 }; /* one wait in so many */

uint64_t hostile_lines_said;

/* Named by the linker. */
unsigned char *__wrap_mci_memory_map(int fd, uint64_t size);
void __wrap_mci_memory_unmap(unsigned char *base, uint64_t size);
void __wrap_mci_say(int level, const char *format, ...);
void __wrap_mci_patience_begin(struct mci_patience *patience, struct mci_node *node,
                               mcapi_timeout_t timeout);
void __real_mci_patience_begin(struct mci_patience *patience, struct mci_node *node,
                               mcapi_timeout_t timeout);

unsigned char *__wrap_mci_memory_map(int fd, uint64_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    unsigned char *all = mmap(NULL, BEFORE + size + BEHIND, PROT_NONE, flags, -1, 0);

    if (all == MAP_FAILED)
        return NULL;
    if (mmap(all + BEFORE, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0)
                == MAP_FAILED
        || madvise(all + BEFORE, size, MADV_DONTDUMP) != 0
        || madvise(all + BEFORE, size, MADV_DONTFORK) != 0) {
        munmap(all, BEFORE + size + BEHIND);
        return NULL;
    }
    return all + BEFORE;
}

void __wrap_mci_memory_unmap(unsigned char *base, uint64_t size)
{
    munmap(base - BEFORE, BEFORE + size + BEHIND);
}

void __wrap_mci_say(int level, const char *format, ...)
{
    (void)level;
    (void)format;
    hostile_lines_said++;
}

void __wrap_mci_patience_begin(struct mci_patience *patience, struct mci_node *node,
                               mcapi_timeout_t timeout)
{
    static _Atomic uint32_t waits;
    bool sleeps = timeout != MCAPI_TIMEOUT_IMMEDIATE
               && atomic_fetch_add_explicit(&waits, 1, memory_order_relaxed) % SLEEPS == 0;

    __real_mci_patience_begin(patience, node, sleeps ? 1 : MCAPI_TIMEOUT_IMMEDIATE);
}

void hostile_complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(hostile_journal->complaint, sizeof hostile_journal->complaint, format, arguments);
    va_end(arguments);
    _Exit(EXIT_FAILURE);
}
