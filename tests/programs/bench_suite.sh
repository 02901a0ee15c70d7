#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bench_suite.sh - every subject of the benchmarks moves its items, and they are compared: how
# fast anything is, is no matter of a test.

set -u
. "$top_srcdir/tests/support/tap.sh"
suite=$top_builddir/tests/bench/suite

# As many items as all of them move in a moment; no clock ends a trial.
moves_items() {
    "$suite" --rounds 1 --tries 1 --place free --milliseconds 20000 --items 10000 \
        >"$folder/trials" || { grep '"failed"' "$folder/trials"; return 1; }
}

all_tried() {
    "$suite" --list | grep -v "^growth-\|^idle/" | grep -cv ' skipped: ' >"$folder/wanted"
    grep -c '"rate":[1-9]' "$folder/trials" | cmp - "$folder/wanted"
}

only_waits() {
    "$suite" --rounds 1 --tries 1 --place free --items 100 --only idle/ >"$folder/idle" &&
        grep -q '"memory_kib":[1-9]' "$folder/idle"
}

refuses() {
    "$suite" "$@" >"$folder/out" 2>"$folder/err"
    [ $? -eq 2 ] && [ -s "$folder/err" ]
}

expect "every subject moves its items, none wrong" moves_items
expect "every trial gave a rate" all_tried
expect "a hundred nodes only wait" only_waits
expect "rounds have to be a number" refuses --rounds many
expect "a place has to be one" refuses --place elsewhere
expect "an option that is none is refused" refuses --fast
finish
