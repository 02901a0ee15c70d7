/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzzers share.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer calls it with one input after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A topology and limits of this process alone, small ones; its folder goes with the process. */
void fuzz_begin(const char *name);

/* That folder. */
const char *fuzz_folder(void);

#endif /* FUZZ_H */
