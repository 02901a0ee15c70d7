/* SPDX-License-Identifier: MIT */
/*
 * fuzz_protocol.h - what the fuzzers of protocols share.
 */
#ifndef TESTS_FUZZ_PROTOCOL_H
#define TESTS_FUZZ_PROTOCOL_H

#include "fuzz/fuzz.h"
#include "load_balancer/server/protocol.h"

/* An input is a stream, behind a byte that says in which pieces it comes. Aborts if the
 * protocol looks beyond what it is shown (the sanitizers see that), or finds other items in the
 * pieces than in the whole. */
void fuzz_protocol(const struct protocol *protocol, const uint8_t *data, size_t size);

#endif /* TESTS_FUZZ_PROTOCOL_H */
