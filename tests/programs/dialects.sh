#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dialects.sh - programs as they exist elsewhere (doc/examples/dialect_*, usecase_*) compile as
# they are, in every standard and with every compiler, without a warning; say what they are meant
# to say; do so time and again beside others, and in the profile that they were written for.
#
# From make check: top_srcdir, top_builddir, CC, CFLAGS. A compiler that is not installed is
# skipped, and the output says so.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${CC:?}"
. "$top_srcdir/tests/support/tap.sh"
examples=$top_srcdir/doc/examples
headers=$top_srcdir/mcapi/include
mkdir -m 700 "$folder/runtime"
export LC_ALL=C MCAPI_TOPOLOGY=dialects MCAPI_RUNTIME_DIR="$folder/runtime"
export LD_LIBRARY_PATH="$top_builddir/mcapi/.libs"
unset MCAPI_COMPAT MCAPI_WAIT
warnings='-Wall -Wextra -Wpedantic -Werror'

# --- Compiling ----------------------------------------------------------------------

# What such a program is compiled with beyond that.
options() {
    case $1 in
    dialect_1x_messages) echo -DMCAPI_V1000 ;;
    esac
}

# compiles_as NAME COMPILER LANGUAGE STANDARD...: -O2, since gcc sees some things only then.
# shellcheck disable=SC2046,SC2086      # several words each
compiles_as() {
    name=$1 compiler=$2 language=$3
    shift 3
    for standard; do
        $compiler -std=$standard -x $language -O2 $warnings -I"$headers" $(options "$name") -c \
            -o "$folder/object.o" "$examples/$name.c" || return 1
    done
}

# shellcheck disable=SC2086      # likewise
everywhere() {
    for with in 'gcc c c99 c11 c17' 'clang c c99 c11 c17' 'g++ c++ c++17' \
        'clang++ c++ c++17'; do
        set -- "$1" $with
        sentence="$1 compiles as it is with $2: $(echo "$with" | cut -d ' ' -f 3-)"
        if command -v "$2" >/dev/null; then
            expect "$sentence" compiles_as "$1" $with
        else
            skip "$sentence" "$2 is not installed"
        fi
    done
}

# --- Running ------------------------------------------------------------------------

# The program to run, with this build's compiler and flags.
# shellcheck disable=SC2046,SC2086
builds() {
    $CC ${CFLAGS-} -std=c99 $warnings -pthread -I"$headers" $(options "$1") -o "$folder/$1" \
        "$examples/$1.c" -L"$top_builddir/mcapi/.libs" -lmcapi
}

# run NAME OUT ERR: its exit status; 124 if it does not end. What it may have left running, when
# one of several processes failed, goes with it: timeout makes a process group.
run() {
    timeout 60 "$folder/$1" >"$2" 2>"$3" &
    group=$!
    wait "$group"
    status=$?
    kill -KILL "-$group" 2>/dev/null
    return "$status"
}

# says NAME LINE: it ends with 0, says the line, a regular expression, and no word on stderr.
says() {
    out=$folder/$MCAPI_TOPOLOGY.out err=$folder/$MCAPI_TOPOLOGY.err
    run "$1" "$out" "$err" || { echo "exit status $?"; cat "$out" "$err"; return 1; }
    cat "$out" "$err"
    [ ! -s "$err" ] && [ "$(wc -l <"$out")" -eq 1 ] && grep -Eqx -- "$2" "$out"
}

# says_often NAME LINE: five times, with three others of its kind beside it each time.
says_often() {
    for batch in 1 2 3 4 5; do
        pids=''
        for beside in 1 2 3 4; do
            (MCAPI_TOPOLOGY=dialects_$beside; says "$1" "$2" >"$folder/said_$beside") &
            pids="$pids $!"
        done
        failed=0
        for pid in $pids; do
            wait "$pid" || failed=1
        done
        [ "$failed" -eq 0 ] || { echo "batch $batch:"; cat "$folder"/said_?; return 1; }
    done
}

# fails NAME WORDS: it ends with 1 and says on stderr, among others, a line with these words.
fails() {
    run "$1" "$folder/out" "$folder/errors"
    ended=$?
    cat "$folder/out" "$folder/errors"
    [ "$ended" -eq 1 ] && grep -Fq -- "$2" "$folder/errors"
}

# dialect NAME LINE
dialect() {
    everywhere "$1"
    expect "$1 builds" builds "$1"
    expect "$1 says what it is meant to say" says "$1" "$2"
    expect "$1 says it 20 times, four at a time" says_often "$1" "$2"
}

every_dialect_is_tried() {
    for source in "$examples"/dialect_*.c "$examples"/usecase_*.c; do
        test -e "$folder/$(basename "$source" .c)" || { echo "$source"; return 1; }
    done
}

nothing_is_left() {
    find "$folder/runtime" -mindepth 1
    test -z "$(find "$folder/runtime" -mindepth 1)"
}

dialect dialect_1x_channels '500 samples and 20 alarms, taken as they came'
dialect dialect_1x_messages '4 words turned round by the server'
dialect dialect_reference_limits '[0-9]+ calls had the status that they had to have'
dialect dialect_reference_threads '10 messages each way, 10 packets and 40 scalars'
dialect dialect_suite '3 tests passed, the last with 24 nodes that joined 5 times'
dialect usecase_automotive '200 turns: a flag, shared memory and a packet each'
dialect usecase_multimedia 'the DSP filtered 256 samples with 4 taps as it should'
dialect usecase_naming \
    '100 readings went from endpoint to endpoint, connected by a third node'
everywhere usecase_packets_worker
expect "usecase_packets_worker builds" builds usecase_packets_worker
dialect usecase_packets_balancer '1000 packets went to 4 workers, [0-9]+ were dropped'

everywhere dialect_reference_profile
expect "dialect_reference_profile builds" builds dialect_reference_profile
expect "without its profile a program that needs it fails, and says where" \
    fails dialect_reference_profile 'mcapi_pktchan_send_open_i: MCAPI_PENDING'
export MCAPI_COMPAT=reference
as_there='full queues, early opens and a lost scalar, as in the reference implementation'
expect "in the profile \`reference' it says what it is meant to say" \
    says dialect_reference_profile "$as_there"
expect "in that profile it says it 20 times, four at a time" \
    says_often dialect_reference_profile "$as_there"
expect "in that profile programs written for the reference implementation run too" \
    says dialect_reference_threads '10 messages each way, 10 packets and 40 scalars'
expect "in that profile limits and errors are the same" \
    says dialect_reference_limits '[0-9]+ calls had the status that they had to have'
expect "no dialect is left out" every_dialect_is_tried
expect "no dialect leaves anything behind" nothing_is_left
finish
