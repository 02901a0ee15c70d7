/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - the program's symbols: where the library's code is, and what is called how. The
 * names that begin with text_ are in text.h.
 */
#ifndef TESTS_KILL_SYMBOLS_H
#define TESTS_KILL_SYMBOLS_H

#include <stdbool.h>

/* The linker's: where the library's code begins and ends. */
extern unsigned char __start_mcapi_text[], __stop_mcapi_text[];

static inline bool symbols_inside(const unsigned char *at)
{
    return at >= __start_mcapi_text && at < __stop_mcapi_text;
}

/* Once, before all else. False: they cannot be read. */
bool symbols_read(void);

/* Where a function of the program begins; NULL: there is none of that name. */
unsigned char *symbols_function(const char *name);

#endif /* TESTS_KILL_SYMBOLS_H */
