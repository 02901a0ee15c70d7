#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_sanitizers.sh - builds the tree with the compiler's sanitizers, each in a folder of its
# own, and runs what can run under them. Needs ./configure.
#
#   scripts/check_sanitizers.sh [FOLDER [short]]      (make check-sanitizers)
#
# FOLDER is where it builds (build/sanitizers). `short` is for in between, some minutes: the address
# and the undefined-behaviour sanitizer, the unit tests of the library, and the conformance suite in
# one process. Otherwise everything in `make check` runs under these two; and under the thread
# sanitizer what has threads. What is left out says why. The last line says how many test cases
# passed and how many failed.

set -u
cd "$(dirname "$0")/.." || exit 1
source=$(pwd)
folder=${1:-build/sanitizers}
how=${2:-all}
failed=0

# The soak test has twice as long to wait for, and does half as much.
export CK_TIMEOUT_MULTIPLIER=4
export MCAPI_SOAK_SECONDS="${MCAPI_SOAK_SECONDS:-20}"
# Freed memory of a process that is killed is nobody's leak; those of the tests end by SIGKILL.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}"
# Tests fork, and the children have threads.
export TSAN_OPTIONS="die_after_fork=0:exitcode=66:${TSAN_OPTIONS:-}"

leave_out() {
    printf '  %-46s skipped: %s\n' "$1" "$2"
}

# build NAME OPTION...: configured once, built anew where something has changed.
build() {
    name=$1
    shift
    mkdir -p "$folder/$name"
    echo "$name: building in $folder/$name"
    {
        test -e "$folder/$name/config.status" ||
            (cd "$folder/$name" && "$source/configure" --enable-werror CFLAGS='-O1 -g' "$@")
    } >"$folder/$name.log" 2>&1 &&
        make -C "$folder/$name" -j2 >>"$folder/$name.log" 2>&1 && return 0
    tail -n 30 "$folder/$name.log"
    echo "$name: cannot be built; $folder/$name.log has it all"
    exit 1
}

# run NAME TESTS
run() {
    make -C "$folder/$1" --keep-going check TESTS="$2" 2>&1 |
        scripts/count_tests.sh "$folder/$1/tests" "$folder/$1-check.log" "$folder/$1-sum" ||
        failed=1
}

tests_of() {
    make -s -C "$folder/$1/tests" print-tests
}

# --- Address, undefined -------------------------------------------------------------------

if [ "$how" = short ]; then
    build address --enable-sanitizer=address,undefined --without-programs
    run address "$(tests_of address | tr ' ' '\n' |
        grep -E '^unit/(os|segment|runtime|api)/|^conformance/(alone|threads)' |
        grep -v check_receive_fd_end | tr '\n' ' ')"
    exit "$failed"
fi

build address-all --enable-sanitizer=address,undefined
leave_out model/run.sh 'spin runs it, none of our code'
leave_out unit/api/check_receive_fd_end 'it forks beside a thread; the allocator of the sanitizer hangs then'
leave_out crash/kill 'the code of the sanitizer would be stepped through as well'
leave_out simulator 'it puts its own hooks in place of a sanitizer'
run address-all "$(tests_of address-all | tr ' ' '\n' | grep -vE '^model/|check_receive_fd_end' | tr '\n' ' ')"

# --- Threads ------------------------------------------------------------------------------

build threads --enable-sanitizer=thread --without-programs
leave_out 'tests between processes' \
    'the sanitizer sees the accesses of one process; those are searched by tests/simulator'
leave_out crash/check_soak 'its nodes are processes'
run threads '
    unit/os/check_eventfd unit/os/check_fence unit/os/check_futex unit/os/check_thread
    unit/segment/check_event unit/segment/check_mailbox unit/segment/check_ring_packet
    unit/segment/check_ring_scalar unit/segment/check_tally
    unit/runtime/check_descriptor unit/runtime/check_end unit/runtime/check_gate
    unit/runtime/check_message unit/runtime/check_node unit/runtime/check_patience
    unit/runtime/check_watcher
    unit/api/check_mcapi_ext_burst_wait unit/api/check_mcapi_pktchan
    unit/api/check_mcapi_request unit/api/check_mcapi_sclchan unit/api/check_receive_fd
    conformance/alone.sh conformance/threads.sh'

echo "address, undefined: $(cat "$folder/address-all-sum"); threads: $(cat "$folder/threads-sum")"
exit "$failed"
