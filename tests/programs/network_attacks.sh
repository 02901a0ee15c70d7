#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_attacks.sh - what a server has to stand: bytes that mean nothing, clients that are idle,
# slow, deaf or too many, no descriptors, and addresses that cannot be had.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
. "$top_srcdir/tests/programs/network_lib.sh"

still_serves() {
    says '10 replies' "$client" trickle "$port" 10
}

# With a request that comes whole: without memory it is the one kind that is served.
serves_small() {
    says '1 connections, 1 replies' "$client" pipelined "$port" 1 1 1
}

# --- Bytes ---------------------------------------------------------------------------------------

random_bytes() {
    local i
    for i in 1 2 3 4 5 6 7 8; do
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        head -c 100000 /dev/urandom >&3 2>/dev/null
        exec 3>&-
    done
    for i in '' '\0' '\377\377\377\377' 'GET' '\r\n\r\n' 'POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n'; do
        exec 3<>"/dev/tcp/127.0.0.1/$1"
        printf "$i" >&3
        exec 3>&-
    done
}
for proto in frame line http; do
    serve --source tcp:127.0.0.1:0 --proto "$proto" --work echo
    expect "$proto: random bytes are sent" random_bytes "$port"
    stop
    expect "$proto: it ends as if nothing had been" exit_status_is 0
    expect "$proto: and nothing is left of them" \
        holds '$r->{totals}{memory_left} == 0 && $r->{totals}{accepted} == 14'
done

# --- Clients that do not do their part -------------------------------------------------------------

serve --source tcp:127.0.0.1:0 --work echo --request-timeout 0.3 --send-timeout 0.3 \
    --idle-timeout 1
expect "a client that sends a byte now and then is thrown out" \
    says 'thrown out' "$client" slow "$port"
expect "a client that never reads is" says 'thrown out' "$client" deaf "$port"
exec 3<>"/dev/tcp/127.0.0.1/$port"
expect "a client that does nothing is" timeout 20 cat <&3
exec 3>&-
expect "others are served" still_serves
stop
expect "each is counted for what it was" \
    holds '$r->{totals}{request_timeouts} == 1 && $r->{totals}{send_timeouts} == 1
        && $r->{totals}{idle_timeouts} == 1'
expect "what it kept for the deaf one was little" \
    holds '$r->{totals}{memory_most} < 2 << 20 && $r->{totals}{memory_left} == 0'

# --- Too many ----------------------------------------------------------------------------------------

# hold COUNT [KIND BYTES]: opens connections that do nothing, or so, until let_go.
hold() {
    mkfifo "$folder/hold"
    "$client" "${2:-idle}" "$port" "$1" "${3:-0}" <"$folder/hold" >"$folder/held" 2>&1 &
    holder=$!
    background="$background $holder"
    exec 9>"$folder/hold"
    eventually grep -q 'connections are' "$folder/held" || { cat "$folder/held"; return 1; }
}
let_go() {
    exec 9>&-
    wait "$holder"
    rm "$folder/hold"
}

many=10000
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 10200 ] || many=$(($(ulimit -Hn) - 200))
serve --source tcp:127.0.0.1:0 --work echo --max-connections 20000
before=$(resident "$pid")
expect "$many idle connections are held" hold "$many"
expect "others are served beside them" still_serves
per_connection() {
    local more=$((($(resident "$pid") - before) * 1024 / many))
    [ "$more" -lt 1024 ] || { echo "$more bytes for each"; return 1; }
}
# Under a sanitizer memory is not what it is.
case ${CFLAGS-} in
*sanitize*) skip "an idle connection costs less than 1 KiB" "with sanitizers it does not" ;;
*) expect "an idle connection costs less than 1 KiB" per_connection ;;
esac
let_go
stop
expect "all of them are gone" ended_well

serve --source tcp:127.0.0.1:0 --work echo --max-connections 10
without=$(descriptors "$pid")
expect "more connections come than may be" hold 50
expect "no more are kept than may be" eventually has_descriptors "$pid" "$((without + 10))"
let_go
expect "when they have gone others are served" eventually still_serves
stop
expect "those that were too many are counted" \
    holds '$r->{totals}{refused} >= 40 && $r->{totals}{active_most} <= 10 + 10'

cat >"$folder/limited" <<END
#!/bin/sh
ulimit -n 30
exec "$load_balancer" "\$@"
END
chmod +x "$folder/limited"
unlimited=$load_balancer load_balancer=$folder/limited
serve --source tcp:127.0.0.1:0 --work echo
load_balancer=$unlimited
expect "there are fewer descriptors than clients" hold 100
used=$(ticks "$pid")
idle_now() {
    local now
    now=$(ticks "$pid")
    [ "$((now - used))" -lt 5 ] && return 0
    used=$now
    return 1
}
expect "it does not turn in circles for want of them" eventually idle_now
let_go
expect "then others are served" eventually still_serves
stop
expect "those without a descriptor are counted" \
    holds '$r->{totals}{refused} > 0 && $r->{totals}{active} == 0'

# Memory is 1 MiB, half of it for each loop, and 1 MiB beyond; and what two turns leave behind.
within_bounds() {
    holds '$r->{totals}{memory_most} <= (2 * 1.5 + 2 * 0.6) * (1 << 20)
        && $r->{totals}{memory_left} == 0'
}
serve --source tcp:127.0.0.1:0 --work echo --max-memory 1 --request-timeout 60 \
    --drain-timeout 0.5
expect "300 clients send parts of large requests" hold 300 idle 190000
expect "others are served beside them" serves_small
let_go
stop
expect "memory was bounded" within_bounds
expect "its want stopped the reading" holds '$r->{totals}{memory_pauses} > 0'

serve --source tcp:127.0.0.1:0 --work echo --max-memory 1 --send-timeout 0.5
expect "100 clients ask for more than they read" hold 100 greedy
expect "others are served all the same" serves_small
let_go
stop
expect "memory was bounded with these too" within_bounds

serve --source tcp:127.0.0.1:0 --work echo --max-rate 200
began=$(date +%s%N)
expect "a client above its rate is served" says '300 replies' "$client" pipelined "$port" 3 100 50
took=$((($(date +%s%N) - began) / 1000000))
took_long() {
    [ "$took" -ge 1300 ] || { echo "$took ms"; return 1; }
}
expect "but at no more than the rate" took_long
stop
expect "that is counted too" holds '$r->{totals}{rate_pauses} > 0 && $r->{good}'

# --- Workers that are too slow ------------------------------------------------------------------------

# 200 requests a second at most: the others wait with their clients, whose sockets are not read.
policy=tag
serve --source tcp:127.0.0.1:0 --source udp:127.0.0.1:0 --work delay=10000 \
    --drain-timeout 0.5
expect "20 clients send more than the workers can do" hold 20 greedy
let_go
expect "10,000 datagrams are sent beside them" \
    says '10000 datagrams sent' "$client" flood "$(nth_port 2)" 10000
stop
policy=inline
expect "what lies in the sockets would take too long at the end, and is cut off" \
    holds '$r->{totals}{drained_by_force} > 0 && !$r->{good}'
expect "the sockets of the clients were not read" \
    holds '$r->{totals}{pauses} > 0 && $r->{totals}{bytes_in} < 400e6
        && $r->{totals}{memory_most} < 100e6 && $r->{totals}{memory_left} == 0'
expect "datagrams that there was no room for were dropped, and counted" \
    holds '$r->{totals}{datagrams_dropped} > 0 && $r->{totals}{datagrams} <= 10000
        && $r->{totals}{datagrams_dropped} <= $r->{totals}{datagrams}'

# --- Addresses that cannot be had ---------------------------------------------------------------------

refused() {
    exit_status_is 1 && one_line "$folder/err" "$1" && [ ! -s "$folder/out" ]
}
serve --source tcp:127.0.0.1:0 --source udp:127.0.0.1:0 --work echo
cp "$folder/err" "$folder/first"
first=$pid
for accept in exclusive reuseport; do
    balance --policy inline --source "tcp:127.0.0.1:$port" --accept "$accept"
    expect "$accept: a port that is in use" refused "cannot listen at tcp:127.0.0.1:$port: Address already in use"
done
udp_port=$(sed -n 's/.*udp:127.0.0.1:\([0-9]*\)$/\1/p' "$folder/first")
balance --policy inline --source "udp:127.0.0.1:$udp_port"
expect "one of datagrams that is in use" refused 'Address already in use'
kill -TERM "$first"
wait "$first"
balance --policy inline --source tcp:192.0.2.1:0
expect "an address that is not ours" refused 'Cannot assign requested address'
if setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service true 2>/dev/null &&
    [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 7 ]; then
    setpriv --bounding-set=-net_bind_service --inh-caps=-net_bind_service \
        "$load_balancer" --policy inline --source tcp:127.0.0.1:7 >"$folder/out" 2>"$folder/err"
    status=$?
    expect "a port that needs privileges" refused 'Permission denied'
else
    skip "a port that needs privileges" "there is no way to give them up here"
fi

finish
