# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# tap.sh - what shell tests share: a folder of their own that goes with them, and TAP.
# Sourced; `set -u` is the caller's.
#
#   expect SENTENCE COMMAND...     one line of TAP; what the command printed, if it failed
#   skip SENTENCE REASON           a line that says so
#   finish                         the plan; the exit status of the test

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
number=0 failures=0

expect() {
    sentence=$1
    shift
    number=$((number + 1))
    if "$@" >"$folder/output" 2>&1; then
        echo "ok $number - $sentence"
    else
        echo "not ok $number - $sentence"
        sed 's/^/# /' "$folder/output"
        # What a program under test had said before, where the test keeps it.
        [ ! -s "$folder/err" ] || sed 's/^/# stderr: /' "$folder/err"
        failures=$((failures + 1))
    fi
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

finish() {
    echo "1..$number"
    [ "$failures" -eq 0 ]
    exit
}
