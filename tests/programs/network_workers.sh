#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_workers.sh - requests of the network at worker processes: all that holds for work in the
# loops, and that the deaths of workers are nobody's.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
# shellcheck source=tests/programs/network_lib.sh
. "$top_srcdir/tests/programs/network_lib.sh"

# All claims of network.sh, about requests that workers reply to. One for each policy and mode.
holds_with() {
    policy=$1 hand_over=$2 bash "$top_srcdir/tests/programs/network.sh" >"$folder/network" 2>&1 || {
        grep -A 8 '^not ok' "$folder/network"
        return 1
    }
}
expect "what holds in the loops holds with workers, too" holds_with tag single
expect "and where a connection's requests are in no order" holds_with least-loaded burst

# --- Deaths -------------------------------------------------------------------------------------

workers() {
    pgrep -P "$pid"
}

# kill_workers N: one after the other, each when all are there.
kill_workers() {
    local i victim
    for ((i = 0; i < $1; i++)); do
        eventually all_are_there || return 1
        victim=$(workers | shuf -n 1)
        kill -KILL "$victim" 2>/dev/null
        eventually is_gone "$victim" || return 1
    done
}
all_are_there() {
    [ "$(workers | wc -l)" -eq 2 ]
}
is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

for hand_over in single burst; do
    policy=tag
    serve --source tcp:127.0.0.1:0 --work echo
    kill_workers 12 &
    killer=$!
    for i in 1 2 3; do
        expect "mode $hand_over: every reply is right while workers die ($i)" \
            says '300 connections, 9000 replies' "$client" pipelined "$port" 300 30 8
    done
    expect "mode $hand_over: the workers were killed" wait $killer
    expect "mode $hand_over: and after that" \
        says '50 connections, 500 replies' "$client" pipelined "$port" 50 10 4
    stop
    expect "mode $hand_over: the end is as if nobody had died" exit_status_is 0
    expect "mode $hand_over: no request was lost" \
        holds '$r->{good} && $r->{totals}{lost} == 0 && $r->{deaths} == 12 &&
               $r->{totals}{requests} == $r->{totals}{replies} && $r->{totals}{memory_left} == 0'
    expect "mode $hand_over: nothing is left" nothing_is_left
done

# --- The end, while workers die -------------------------------------------------------------------

# Every client asks on and on: what it has got when its connection ends is right and whole.
for policy in tag least-loaded; do
    hand_over=''
    serve --source tcp:127.0.0.1:0 --work echo
    "$client" ended "$port" 40 8 >"$folder/clients" 2>&1 &
    clients=$!
    background="$background $clients"
    expect "$policy: clients ask" eventually grep -q 'connections ask' "$folder/clients"
    kill_workers 3 || echo "# not all workers could be killed"
    # Those that are there now, and then some of those who come after them.
    for i in 1 2 3 4 5; do
        for victim in $(workers); do
            kill -KILL "$victim" 2>/dev/null
        done
        [ "$i" -gt 1 ] || kill -TERM "$pid"
        kill -0 "$clients" 2>/dev/null || break
        sleep 0.1
    done
    wait "$clients"
    clients_ended=$?
    all_were_right() {
        cat "$folder/clients"
        [ "$clients_ended" -eq 0 ] && grep -q '^40 connections ended' "$folder/clients"
    }
    expect "$policy: the end comes while workers die, and every reply is right" all_were_right
    await_end
    expect "$policy: no connection was cut off, and no request lost" \
        holds '$r->{totals}{drained_by_force} == 0 && $r->{totals}{lost} == 0
            && $r->{given_up} == 0 && $r->{deaths} >= 4 && $r->{good}'
    expect "$policy: the books balance, and nothing is kept" \
        holds '$r->{totals}{requests} == $r->{totals}{replies} + $r->{totals}{unsent}
            && $r->{totals}{active} == 0 && $r->{totals}{memory_left} == 0'
    expect "$policy: and the exit status is that of a good end" exit_status_is 0
    expect "$policy: nothing is left of it" nothing_is_left
done
policy=tag hand_over=''

# A request that kills is nobody's: its connection is closed, all others are served.
printf '#!/bin/sh\nexec %s "$@" --die-at 3\n' "'$worker'" >"$folder/dying"
chmod +x "$folder/dying"
serve --source tcp:127.0.0.1:0 --proto line --work echo --worker-program "$folder/dying"
ask() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]", Timeout => 10) or exit 2;
        alarm 30;
        print $s "$ARGV[1]\n";
        print scalar <$s> // "closed\n"' "$port" "$1"
}
for i in 0 1 2; do
    expect "request $i is replied to" says "request $i" ask "request $i"
done
expect "request 3, which kills, ends with its connection" says closed ask "request 3"
expect "request 4 is replied to" says 'request 4' ask "request 4"
stop
expect "that is reported" \
    holds '$r->{given_up} == 1 && $r->{totals}{lost} == 1 && $r->{deaths} == 3 && !$r->{good}'
expect "and the exit status says so" exit_status_is 1

# Nobody is left to work: the run ends, and says why.
printf '#!/bin/sh\nexec %s "$@" --die-at 0-1000\n' "'$worker'" >"$folder/dying"
serve --source tcp:127.0.0.1:0 --proto line --work echo --worker-program "$folder/dying" \
    --on-worker-death stop
expect "a connection is closed when its worker dies for good" says closed ask "request 0"
await_end
expect "and the run ends" exit_status_is 1
expect "with a reason" grep -q 'the run ends' "$folder/err"

finish
