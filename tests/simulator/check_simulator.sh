#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_simulator.sh - some seconds of all scenarios of the simulator; a schedule replays; and
# faults that are planted are found.

set -u
. "${top_srcdir:?run me with make check}/tests/support/tap.sh"

simulator=${top_builddir:?}/tests/simulator/simulator

# What a schedule did, without how long it took.
replay() {
    "$simulator" --replay "$1" "$2" | sed -n 's/ each,.*//p'
}

same_again() {
    first=$(replay "$1" "$2") && [ -n "$first" ] && [ "$first" = "$(replay "$1" "$2")" ]
}

# found NAME: the fault is planted and found.
found() {
    "$top_srcdir/tests/simulator/mutate.sh" -n 50000 "$1" >"$folder/faults" || return 1
    cat "$folder/faults"
    grep -q '^found' "$folder/faults"
}

expect "every schedule of fourteen seconds is as it must be" "$simulator" --seconds 14
expect "a schedule replays" same_again 77 messages
MUTATE_FOLDER=$folder/mutate
export MUTATE_FOLDER CC
expect "a mark that publishes nothing is found" found 'mci_ring_packet_send:1 '
expect "a sleeper that does not fence is found" found 'event: the sleeper does not fence'

finish
