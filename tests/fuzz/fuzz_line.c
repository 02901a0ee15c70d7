/* SPDX-License-Identifier: MIT */
/*
 * fuzz_line.c - an input is a stream of the protocol "line", behind a byte that says in which
 * pieces it comes.
 */
#include "fuzz/fuzz_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_protocol(&protocol_line, data, size);
    return 0;
}
