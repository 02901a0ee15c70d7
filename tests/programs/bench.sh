#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bench.sh - the benchmark of the distributor runs, checks its items, and says what is asked
# for. How fast anything is, is no matter of a test.

set -u
. "$top_srcdir/tests/support/tap.sh"
bench=$top_builddir/tests/bench/distributor

# shellcheck disable=SC2120 # expect passes what there is
short() {
    "$bench" --rounds 1 --milliseconds 10 --idle 5 --workers 1,3 "$@" 2>"$folder/err"
}

has_rows() {
    short --only libdistributor --csv >"$folder/csv" || return
    awk -F, 'NR == 1 { fields = NF; next }
             NF != fields || $5 != 1 || $6 <= 0 || $10 <= 0 { print; bad = 1 }
             END { exit bad || NR != 1 + 4 + 2 * 2 }' "$folder/csv"
}

has_table() {
    short --only bare >"$folder/table" && grep -Eq '^ +3  bare ring +- +[0-9.]+ ' "$folder/table"
}

# Where DPDK is missing its rows say so, and nothing fails.
names_what_is_missing() {
    short --only 'rte, as is' --workers 1 >"$folder/table" &&
        grep -Eq '^ +1  rte, as is +burst +(skipped: .*libdpdk|[0-9.]+ )' "$folder/table"
}

# How rte_distributor is best driven is tried, and said.
arranges() {
    short --only rte_distributor --workers 1 >"$folder/table" &&
        grep -Eq '^ +1  rte_distributor +burst +(skipped: .*libdpdk|.* out, (spin|yield))' \
            "$folder/table"
}

has_one_table() {
    short --only libdistributor --workers 1 --table skewed >"$folder/table" &&
        grep -q 'Zipf' "$folder/table" && ! grep -q 'flows that come alike' "$folder/table"
}

explains_itself() {
    "$bench" --help | grep -q -- '--rounds' && "$bench" --help | grep -q 'Exit code'
}

refuses() {
    "$bench" "$@" >"$folder/out" 2>"$folder/err"
    [ $? -eq 2 ] && [ -s "$folder/err" ]
}

expect "rows for programs, with content and order checked" has_rows
expect "a table for people" has_table
expect "what DPDK is missing for is said" names_what_is_missing
expect "rte_distributor is driven as suits it best" arranges
expect "one table is made alone" has_one_table
expect "it explains itself" explains_itself
expect "rounds have to be a number" refuses --rounds many
expect "there is somebody to do the work" refuses --workers 1,0
expect "a table that is none is refused" refuses --table round
expect "an option that is none is refused" refuses --fast
finish
