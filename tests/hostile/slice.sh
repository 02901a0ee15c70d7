#!/bin/sh
# SPDX-License-Identifier: MIT
#
# slice.sh - as many calls in a damaged segment as a check has time for, another seed each day;
# and the engine finds what was planted. `make hostile-all` makes a hundred million.
set -u
. "$top_srcdir/tests/support/tap.sh"

hostile=$top_builddir/tests/hostile/hostile

# What a fault in the library would do; the engine must say so, and name the call.
finds() {
    ! "$hostile" --calls 100000 --jobs 1 --plant "$1" >"$folder/planted" 2>&1 &&
        grep -q "^FINDING: .*$2" "$folder/planted" &&
        grep -q "again: hostile --seed" "$folder/planted"
}

expect "no call crashes, hangs or leaves the segment" \
    "$hostile" --calls 600000 --seed "$(date +%j)"
expect "a write in front of the segment is found" finds before 'Segmentation fault'
expect "a read behind it is found" finds behind 'Segmentation fault'
expect "a byte beside the caller's buffer is found" finds buffer 'beside the caller'
expect "a call that does not come back is found" finds hang 'did not come back'
expect "a status that there is not is found" finds status 'status 4096'
finish
