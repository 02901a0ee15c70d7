/* SPDX-License-Identifier: MIT */
/*
 * works.c - whether a compiler can make fuzzers: compiled as a program by scripts/setup.sh and
 * configure.
 */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return size > 0 && data == NULL;
}
