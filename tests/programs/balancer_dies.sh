#!/bin/bash
# SPDX-License-Identifier: MIT
#
# balancer_dies.sh - the balancer is killed at random moments: its workers end, nothing of it is
# left behind that the next start minds.
#
# With CRASH_KILLS=N in the environment it is killed N times, else some dozen times.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

kills=${CRASH_KILLS:-24}
longest_ms=0

# Workers of this topology, whoever their parent is now.
workers_left() {
    local file process name
    for file in $(grep -lsz "^MCAPI_TOPOLOGY=$MCAPI_TOPOLOGY\$" /proc/[0-9]*/environ); do
        process=${file#/proc/}
        process=${process%/environ}
        read -r name <"/proc/$process/comm" || continue
        case $name in
        worker | lt-worker) ended "$process" || echo "$process" ;;
        esac
    done 2>/dev/null
}

no_worker_is_left() {
    local left
    left=$(workers_left)
    [ -z "$left" ] || { echo "still there: $left"; return 1; }
}

inputs=(
    "generated:packets=0,size=64 --workers 4"
    "generated:packets=0,size=1000 --workers 2 --window 1"
    "generated:packets=0,size=64 --workers 3 --on-busy queue=300 --policy least-loaded"
    "generated:packets=0,size=64 --workers 2 --work delay=2000 --window 8"
    "generated:packets=3000,size=64 --workers 2"
)

# kill_once MOMENT: a balancer is killed so many ms after its start; then another one works.
kill_once() {
    local began took
    balance_behind --source ${inputs[RANDOM % ${#inputs[@]}]}
    sleep "$(printf '0.%03d' "$1")"
    kill -KILL "$pid" 2>/dev/null
    began=$(date +%s%N)
    await_end
    eventually no_worker_is_left || return 1
    took=$((($(date +%s%N) - began) / 1000000))
    [ "$took" -le "$longest_ms" ] || longest_ms=$took
    balance --source generated:packets=1000 --workers 2 --work digest --json
    all_is_well
}

for ((done = 0; done < kills; done++)); do
    kill_once $((RANDOM % (done % 2 ? 50 : 300))) >"$folder/why" 2>&1 || break
    if [ -n "${CRASH_KILLS:-}" ] && [ $((done % 100)) -eq 99 ]; then
        echo "# the balancer: $((done + 1)) of $kills kills" >&2
    fi
done
expect "killed $kills times at random moments: its workers end, and the next run is well" \
    test "$done" -eq "$kills"
[ "$done" -eq "$kills" ] || sed 's/^/# /' "$folder/why"
expect "the workers took $longest_ms ms at most" test "$longest_ms" -lt 10000

# --- While a worker dies too ---------------------------------------------------------

balance_behind --source generated:packets=0 --workers 3
expect "with a worker: under way" await_work "$pid" 3
kill -KILL "$(child "$pid" 1)" "$pid"
await_end
expect "with a worker: the others end" eventually no_worker_is_left
# On a busy machine the two that were killed can be there longer than those that leave, and so be
# the last ones of the topology. Whoever comes next takes away what they leave.
balance --source generated:packets=1000 --workers 2 --work digest --json
expect "with a worker: the next run is well" all_is_well
expect "with a worker: nothing is left" eventually nothing_is_left

# --- While workers work --------------------------------------------------------------

# Each of the two workers has three items, and is at the first: it finishes all of them.
balance_behind --source generated:packets=0 --workers 2 --window 3 --policy least-loaded \
    --work delay=600000
expect "workers that work: under way" eventually has_children "$pid" 2
sleeps() {
    [ "$(awk '{ print $1 }' "/proc/$1/syscall")" = 230 ] # clock_nanosleep on x86-64
}
both_sleep() {
    sleeps "$(child "$pid" 1)" && sleeps "$(child "$pid" 2)"
}
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ] && [ -r "/proc/$pid/syscall" ]; then
    expect "both have begun" eventually both_sleep
    began=$(date +%s%N)
    kill -KILL "$pid"
    await_end
    expect "workers that work end when the balancer is gone" eventually no_worker_is_left
    took=$(($(date +%s%N) - began))
    expect "but first they finish what they have ($((took / 1000000)) ms)" \
        test "$took" -ge 1100000000
else
    skip "workers finish what they have" "what they do cannot be seen here"
    kill -KILL "$pid"
    await_end
    eventually no_worker_is_left
fi
expect "then nothing is left" eventually nothing_is_left

finish
