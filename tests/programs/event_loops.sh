#!/bin/sh
# SPDX-License-Identifier: MIT
#
# event_loops.sh - programs that are event loops of other libraries receive all, in order, and
# without being held up, and leave nothing behind.
#
# From make check: top_srcdir, top_builddir, and for each library whether configure has found it.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${with_libev:?}" "${with_libuv:?}"
. "$top_srcdir/tests/support/tap.sh"
mkdir -m 700 "$folder/runtime"
export MCAPI_TOPOLOGY=event-loops MCAPI_RUNTIME_DIR="$folder/runtime"

cat >"$folder/expected" <<LINES
channel 0: 2000 items
channel 1: 2000 items
channel 2: 2000 items
timer: ticked
LINES

runs() {
    timeout 60 "$top_builddir/tests/programs/loop_$1" >"$folder/out" ||
        { echo "exit status $?"; return 1; }
    diff "$folder/expected" "$folder/out"
}

nothing_is_left() {
    find "$folder/runtime" -mindepth 1
    test -z "$(find "$folder/runtime" -mindepth 1)"
}

# loop LIBRARY FOUND PACKAGE
loop() {
    if [ "$2" = yes ]; then
        expect "a loop of $1 receives on three channels, and ticks" runs "$1"
    else
        skip "a loop of $1" "configure did not find it (Debian package: $3)"
    fi
}

loop libev "$with_libev" libev-dev
loop libuv "$with_libuv" libuv1-dev
expect "nothing is left behind" nothing_is_left
finish
