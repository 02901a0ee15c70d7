#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutants.sh - variants of the library that publish before they have filled, or free before they
# have taken back: each is compiled, linked in place of the true file, and must be found.
# Part of `make crash-all`.
set -u
# shellcheck source=tests/support/tap.sh
. "$top_srcdir/tests/support/tap.sh"

objects=$top_builddir/tests/crash/kill

# FILE SCRIPT OPERATION ENGINE DEATHS: the file, changed by the sed script, is found wrong. Of a
# header only the .c file of its name sees the change.
finds() {
    rm -rf "$folder/mcapi"
    mkdir -p "$folder/mcapi/runtime"
    cp "$top_srcdir/mcapi/${1%.?}.c" "$folder/mcapi/runtime/"
    sed -e "$2" "$top_srcdir/mcapi/$1" >"$folder/mcapi/$1" || return 1
    if cmp -s "$folder/mcapi/$1" "$top_srcdir/mcapi/$1"; then
        echo "the lines that were to be changed in $1 are no longer there"
        return 1
    fi
    # shellcheck disable=SC2086
    $CC -std=gnu11 $CFLAGS -fPIC -D_GNU_SOURCE -I"$folder/mcapi" -I"$top_srcdir/mcapi" \
        -I"$top_srcdir/mcapi/include" -c "$folder/mcapi/${1%.?}.c" -o "$folder/mutant.o" \
        && $OBJCOPY --rename-section .text=mcapi_text "$folder/mutant.o" \
        && $CC $CFLAGS -o "$folder/mutant" "$objects"/*.o "$folder/mutant.o" \
            "$objects/libmcapi_text.a" -lpthread || return 1
    "$folder/mutant" --operation "$3" "--$4" "$5" >"$folder/report" 2>&1
    status=$?
    tail -5 "$folder/report"
    [ "$status" -eq 1 ] && grep -q VIOLATION "$folder/report"
}

expect "an endpoint that is published before its owner stands in it is found" \
    finds runtime/endpoint.c '/^    slot->owner = node->slot;$/d
s/^    CRASH_POINT(endpoint_published);$/    slot->owner = node->slot;/' create process 2000
expect "a channel that is published before its ring is made is found" \
    finds runtime/channel.c 's/^    slot->generation++;$/&\
    atomic_store_explicit(\&slot->state, MCI_CHANNEL_CONNECTED, memory_order_release);/' \
    connect-others thread 4000
expect "a packet that is sent before it is filled is found" \
    finds runtime/send.h '/^    mci_ring_packet_send(ring, buffer, (uint32_t)size);$/d
s/^    if (size > 0)$/    mci_ring_packet_send(ring, buffer, (uint32_t)size);\
&/' send-large thread 4000
expect "a node slot that is free before all is taken back is found" \
    finds runtime/recovery.c 's/^    mci_take_back(map, node, MCI_SIDE_DEAD);$/    atomic_store_explicit(\&map->nodes[node].state, MCI_NODE_FREE, memory_order_release);\
&/' delete thread 500
finish
