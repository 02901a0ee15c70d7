#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_mutations.sh - the list of mutations names every order, fence and read-modify-write that
# the library has, and none that it has not; and a list without one of them is found out.

set -u
. "${top_srcdir:?run me with make check}/tests/support/tap.sh"

mutation=$top_srcdir/tests/mutation

without_one() {
    mkdir "$folder/mutation" && cp "$mutation"/* "$folder/mutation/" &&
        grep -v '^order segment/ring_packet.h mci_ring_packet_send 1 ' "$mutation/mutations.txt" \
            >"$folder/mutation/mutations.txt"
    ! bash "$folder/mutation/mutate.sh" --complete >"$folder/said" &&
        cat "$folder/said" && grep -q 'no mutation: order segment/ring_packet.h' "$folder/said"
}

expect "every order, fence and read-modify-write has a mutation" \
    bash "$mutation/mutate.sh" --complete
expect "a list without one of them is found out" without_one
finish
