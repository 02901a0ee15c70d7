#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network.sh - load_balancer beside nginx, as servers of one small file: 64 connections that are
# kept alive, two loops and two workers. The two take turns, ROUNDS times SECONDS long each, and
# what counts is the median of the ratios of neighbours: a machine that is busy with something
# else is so for both. nginx runs as it does by default, and with its cache of open files.
#
# POLICY=tag has requests go to workers, inline (what is taken if nothing is said) does not.
#
# Not a part of make check: make network-benchmark runs it. Needs nginx and wrk.

: "${top_builddir:?run me with make network-benchmark}"
rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-3} connections=${CONNECTIONS:-64}
for program in nginx wrk; do
    command -v "$program" >/dev/null ||
        { echo "network.sh: there is no $program (Debian packages: nginx-light, wrk)" >&2; exit 77; }
done
folder=$(mktemp -d) || exit 99
pids=''
clean_up() {
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    rm -rf "$folder"
}
trap clean_up EXIT
mkdir "$folder/www"
chmod 755 "$folder" "$folder/www"
head -c 1024 /dev/zero | tr '\0' x >"$folder/www/1k.txt"

# begin_nginx NAME LINE: a second configuration line may be empty. Its port is $port.
begin_nginx() {
    port=$(perl -MIO::Socket::INET -e \
        'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    cat >"$folder/$1.conf" <<END
worker_processes 2;
daemon off;
pid $folder/$1.pid;
error_log $folder/$1.log;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    $2
    server { listen 127.0.0.1:$port; root $folder/www; }
}
END
    nginx -c "$folder/$1.conf" 2>"$folder/$1.err" &
    pids="$pids $!"
    await "$port" || { cat "$folder/$1.err" >&2; exit 1; }
}

begin_balancer() {
    "$top_builddir/load_balancer/load_balancer" --source tcp:127.0.0.1:0 --proto http \
        --work "static:$folder/www" --policy "${POLICY:-inline}" --workers 2 --loops 2 \
        >"$folder/balancer.out" 2>"$folder/balancer.err" &
    pids="$pids $!"
    for ((i = 0; i < 200; i++)); do
        port=$(sed -n 's/.*listening at .*:\([0-9]*\)$/\1/p' "$folder/balancer.err")
        [ -z "$port" ] || return 0
        sleep 0.05
    done
    cat "$folder/balancer.err" >&2
    exit 1
}

await() {
    local i
    for ((i = 0; i < 200; i++)); do
        { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null && { exec 3>&-; return 0; }
        sleep 0.05
    done
    return 1
}

# Requests a second; nothing if a reply was not right.
measure() {
    wrk -t 2 -c "$connections" -d "$seconds" "http://127.0.0.1:$1/1k.txt" >"$folder/wrk"
    grep -q 'Non-2xx\|Socket errors' "$folder/wrk" && { cat "$folder/wrk" >&2; exit 1; }
    awk '/^Requests\/sec/ { printf "%d\n", $2 }' "$folder/wrk"
}

begin_balancer
balancer=$port
begin_nginx plain ''
plain=$port
begin_nginx cached 'open_file_cache max=100 inactive=60s;'
cached=$port
# Both send the same file.
for port in "$balancer" "$plain" "$cached"; do
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
        print $s "GET /1k.txt HTTP/1.0\r\n\r\n";
        local $/; my $r = <$s>;
        exit($r =~ /^HTTP\/1.1 200 .*\r\n\r\nx{1024}$/s ? 0 : 1)' "$port" ||
        { echo "network.sh: a server does not send the file" >&2; exit 1; }
done

for ((round = 1; round <= rounds; round++)); do
    ours=$(measure "$balancer")
    theirs=$(measure "$plain")
    with_cache=$(measure "$cached")
    [ -n "$ours" ] && [ -n "$theirs" ] && [ -n "$with_cache" ] || exit 1
    echo "$ours $theirs $with_cache" | tee -a "$folder/rounds" |
        awk -v r="$round" '{ printf "round %d: load_balancer %d/s, nginx %d/s (%.2f), nginx with open_file_cache %d/s (%.2f)\n", r, $1, $2, $1 / $2, $3, $1 / $3 }'
done
# median COLUMN-EXPRESSION
median() {
    awk "{ print $1 }" "$folder/rounds" | sort -n |
        awk '{ all[NR] = $1 } END { print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}
printf 'medians of %d rounds of %d s, %d connections, 1 KiB: load_balancer %d requests/s\n' \
    "$rounds" "$seconds" "$connections" "$(median '$1')"
printf '  nginx %d requests/s, ratio %.2f\n' "$(median '$2')" "$(median '$1 / $2')"
printf '  nginx with open_file_cache %d requests/s, ratio %.2f\n' "$(median '$3')" \
    "$(median '$1 / $3')"
