#!/bin/sh
# SPDX-License-Identifier: MIT
#
# all.sh - runs targets of tests/Makefile one after the other, whatever fails, and prints one
# table of what was done. Exits with 1 if any of them failed or found a violation.
#
#     sh all.sh crash-kill crash-mutants ...
#
# A target may say what it did: it appends rows to the file that $CRASH_ALL_TABLE names,
#
#     engine|kills|deaths inside recovery|operations|violations|seconds
#
# with - for what does not apply. For one that does not there is a row with its result.
set -u

CRASH_ALL_TABLE=$(mktemp) || exit 1
export CRASH_ALL_TABLE
trap 'rm -f "$CRASH_ALL_TABLE"' EXIT
failed=0 began=$(date +%s)

for target in "$@"; do
    rows=$(wc -l <"$CRASH_ALL_TABLE") since=$(date +%s)
    echo "== $target"
    if ${MAKE:-make} "$target"; then
        result=0
    else
        result=failed failed=1
    fi
    seconds=$(($(date +%s) - since))
    if [ "$(wc -l <"$CRASH_ALL_TABLE")" -eq "$rows" ]; then
        echo "$target|-|-|-|$result|$seconds" >>"$CRASH_ALL_TABLE"
    elif [ "$result" = failed ]; then
        echo "$target|-|-|-|failed|$seconds" >>"$CRASH_ALL_TABLE"
    fi
done

echo
awk -F'|' -v seconds=$(($(date +%s) - began)) '
    function row(a, b, c, d, e, f) { printf "%-52s %10s %10s %10s %10s %8s\n", a, b, c, d, e, f }
    BEGIN { row("engine", "kills", "inside", "operations", "violations", "seconds") }
    { row($1, $2, $3, $4, $5, $6); kills += $2; inside += $3; violations += $5 }
    END { row("all", kills + 0, inside + 0, "", violations + 0, seconds) }
' "$CRASH_ALL_TABLE"
echo "inside: of the kills, those inside a recovery; seconds of an engine: of all its workers"
awk -F'|' '$5 != "0" && $5 != "-" { bad = 1 } END { exit bad }' "$CRASH_ALL_TABLE" || failed=1
exit $failed
