#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_mix.sh - cheap requests beside costly ones: 1 in 50 requests costs 5 ms of a processor, the
# others next to nothing, over 64 connections. How long do the cheap ones take, where loops do the
# work themselves, and where workers do? The servers take turns, ROUNDS times SECONDS_EACH long
# each; what counts are medians of the rounds. All have the same work and two loops, except for a
# row that says otherwise; sockets are dealt out by the kernel (reuseport), which is best for loops
# that do the work themselves.
#
#   open     RATE requests a second, at times and on connections drawn by chance
#   closed   each connection asks again when it has its reply: no processor is idle then
#
# Then how evenly the work of connections that cost differently is shared out to workers, while
# the loops have as many connections as it happens.
#
# Not a part of make check: make network-benchmark runs it.

: "${top_srcdir:?run me with make network-benchmark}" "${top_builddir:?}"
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3} connections=${CONNECTIONS:-64} rate=${RATE:-2000}
loads=${LOADS:-open closed}
mix=$top_builddir/tests/bench/network_mix
folder=$(mktemp -d) || exit 99
pids=''
clean_up() {
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$folder"
}
trap clean_up EXIT
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS-} -shared -fPIC -I"$top_srcdir" -o "$folder/work.so" \
    "$top_srcdir/tests/bench/network_work.c" || exit 1

# begin NAME ARGUMENT...: a server with a topology of its own; its port in $folder/NAME.port.
begin() {
    local name=$1 i port
    shift
    mkdir -m 700 "$folder/$name"
    MCAPI_TOPOLOGY=mix-$$-$name MCAPI_RUNTIME_DIR=$folder/$name \
        "$top_builddir/load_balancer/load_balancer" --source tcp:127.0.0.1:0 --proto http \
        --work "$folder/work.so" --max-pending 256 --json "$@" \
        >"$folder/$name.out" 2>"$folder/$name.err" &
    pids="$pids $!"
    echo $! >"$folder/$name.pid"
    for ((i = 0; i < 200; i++)); do
        port=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' "$folder/$name.err")
        [ -z "$port" ] || { echo "$port" >"$folder/$name.port"; return 0; }
        sleep 0.05
    done
    cat "$folder/$name.err" >&2
    exit 1
}

# end NAME: its report is in $folder/NAME.out.
end() {
    local pid
    pid=$(cat "$folder/$1.pid")
    kill -TERM "$pid" && wait "$pid"
}

# measure LOAD NAME: a line of results into $folder/LOAD-NAME.
measure() {
    local port
    port=$(cat "$folder/$2.port")
    case $1 in
    open) "$mix" open "$port" "$connections" "$seconds" 50 5000 "$round" "$rate" ;;
    closed) "$mix" closed "$port" "$connections" "$seconds" 50 5000 "$round" ;;
    esac >>"$folder/$1-$2" || exit 1
}

# median LOAD NAME KIND COLUMN: of the rounds.
median() {
    awk -v kind="$3" -v column="$4" '{
        for (i = 1; i < NF; i++) {
            if ($i == kind) on = 1
            if (on && $i == column) { print $(i + 1); on = 0 }
        }
        on = 0
    }' "$folder/$1-$2" | sort -n |
        awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

servers='inline inline-8-loops tag-2 tag-8 tag-64 least-loaded-64'
begin inline --policy inline --loops 2 --accept reuseport
begin inline-8-loops --policy inline --loops 8 --accept reuseport
begin tag-2 --policy tag --loops 2 --workers 2 --accept reuseport
begin tag-8 --policy tag --loops 2 --workers 8 --accept reuseport
begin tag-64 --policy tag --loops 2 --workers 64 --accept reuseport
begin least-loaded-64 --policy least-loaded --loops 2 --workers 64 --accept reuseport
servers=${SERVERS:-$servers}

for ((round = 1; round <= rounds; round++)); do
    for load in $loads; do
        for server in $servers; do
            [ ! -t 2 ] || printf '\r\033[Kround %d of %d: %s, %s' "$round" "$rounds" "$load" "$server" >&2
            measure "$load" "$server"
        done
    done
done
[ ! -t 2 ] || printf '\r\033[K' >&2

for load in $loads; do
    case $load in
    open) how="$rate requests/s" ;;
    *) how="each connection as fast as it is replied to" ;;
    esac
    printf '%d connections, %s, 1 in 50 costs 5 ms; medians of %d rounds of %d s, in ms\n' \
        "$connections" "$how" "$rounds" "$seconds"
    printf '  %-16s %10s %10s %10s %12s %10s\n' '' 'cheap p50' 'cheap p99' 'costly p50' 'requests/s' 'p99 ratio'
    inline=$(median "$load" inline cheap p99)
    for server in $servers; do
        echo "$server $(median "$load" "$server" cheap p50) $(median "$load" "$server" cheap p99)" \
            "$(median "$load" "$server" costly p50) $(median "$load" "$server" rate rate) $inline"
    done | awk '{ printf "  %-16s %10.3f %10.3f %10.3f %12d %10.2f\n", $1, $2 / 1000, $3 / 1000, $4 / 1000, $5, $3 / $6 }'
done
for server in inline inline-8-loops tag-2 tag-8 tag-64 least-loaded-64; do
    end "$server"
done

# --- Even work ------------------------------------------------------------------------------------

# As connections come by default, most of them are at one loop.
for workers in 2 4; do
    for ((round = 1; round <= rounds; round++)); do
        name=even-$workers-$round
        begin "$name" --policy tag --loops 2 --workers "$workers"
        "$mix" uneven "$(cat "$folder/$name.port")" 24 1 200 >"$folder/uneven" || exit 1
        end "$name"
        perl -MJSON::PP -0777 -e '
            my $r = decode_json(<STDIN>);
            my ($most, $sum) = (0, 0);
            for (@{$r->{workers}}) { $sum += $_->{cost}; $most = $_->{cost} if $_->{cost} > $most }
            printf "%.3f %.3f\n", $most * @{$r->{workers}} / $sum, $r->{skew}{accepted}' \
            <"$folder/$name.out"
    done | sort -n >"$folder/even"
    awk -v workers="$workers" '{ work[NR] = $1; if ($2 > loops) loops = $2 } END {
        printf "24 connections whose requests cost 0.2 to 1.6 ms, %d workers: work per worker, most to mean, %.2f (largest of %d runs %.2f)", workers, work[int((NR + 1) / 2)], NR, work[NR]
        printf "; connections per loop up to %.2f\n", loops }' "$folder/even"
done
