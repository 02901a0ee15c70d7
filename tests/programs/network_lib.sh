# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# network_lib.sh - what the tests of the network source share. Sourced behind lib.sh.

client=$top_builddir/tests/programs/network_client

# serve ARGUMENT...: load_balancer with the policy $policy, the mode $hand_over, two workers and two
# loops in the background, as $pid, on the addresses
# named; $port is that of the first.
serve() {
    balance_behind --policy "${policy:-inline}" ${hand_over:+--mode "$hand_over"} --workers 2 \
        --loops 2 --json "$@"
    eventually listens || return 1
    port=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' "$folder/err" | head -n 1)
}

# All that were given: the last one is said last.
listens() {
    grep -q 'listening at' "$folder/err" || ended "$pid"
}

# nth_port N: of the Nth address.
nth_port() {
    sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' "$folder/err" | sed -n "$1p"
}

# Asks it to end, and waits; its report is in $folder/out.
stop() {
    kill -TERM "$pid"
    await_end
}

# It ended well, nothing is open or kept any more, and it said nothing but where it listens.
ended_well() {
    exit_status_is 0 && ! grep -v 'listening at' "$folder/err" &&
        holds '$r->{good} && $r->{totals}{active} == 0 && $r->{totals}{memory_left} == 0' &&
        holds '$r->{totals}{requests} == $r->{totals}{replies} + $r->{totals}{unsent}'
}

# says PATTERN COMMAND...: the command succeeds, and its output is one line that matches.
says() {
    local pattern=$1
    shift
    "$@" >"$folder/said" 2>&1 || { cat "$folder/said"; return 1; }
    one_line "$folder/said" "$pattern"
}

descriptors() {
    find "/proc/$1/fd" -mindepth 1 | wc -l
}

has_descriptors() {
    [ "$(descriptors "$1")" -eq "$2" ]
}

# Kilobytes of memory in use.
resident() {
    awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}
