#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_clients.sh - clients that others have made (nc, dig, wrk), where they are installed, and
# streams that keep as much under way as there is room for: they all get what they ask for.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
# shellcheck source=tests/programs/network_lib.sh
. "$top_srcdir/tests/programs/network_lib.sh"

# with CLIENT SENTENCE COMMAND...: a claim, where the client is installed.
with() {
    local program=$1 sentence=$2
    shift 2
    if command -v "$program" >/dev/null; then
        expect "$sentence" "$@"
    else
        skip "$sentence" "there is no $program"
    fi
}

make_object() {
    # shellcheck disable=SC2086
    ${CC:-cc} ${CFLAGS-} -shared -fPIC -I"$top_srcdir" -o "$folder/$1.so" "$folder/$1.c"
}

# --- Streams -----------------------------------------------------------------------------------

policy=tag
serve --source tcp:127.0.0.1:0 --work echo
expect "streams without a pause come back whole" \
    says '4 streams of 16 MiB' "$client" stream "$port" 4 16
stop
expect "and the server ends well" ended_well
expect "all of their bytes are in the report" \
    holds '$r->{totals}{bytes_in} == 4 * 256 * (65536 + 4)
        && $r->{totals}{bytes_out} == $r->{totals}{bytes_in}'

# --- nc -----------------------------------------------------------------------------------------

# It ends when the server closes the connection, as idle: not every nc ends its side before.
serve --source tcp:127.0.0.1:0 --source udp:127.0.0.1:0 --proto line --work echo \
    --idle-timeout 0.3
asks_with_nc() {
    printf 'one\ntwo\n' | timeout 20 nc 127.0.0.1 "$1" >"$folder/nc"
    [ "$(cat "$folder/nc")" = $'one\ntwo' ] || { cat "$folder/nc"; return 1; }
}
with nc "nc gets its lines" asks_with_nc "$port"
asks_with_nc_udp() {
    printf 'datagram' | timeout 20 nc -u -w 1 127.0.0.1 "$1" >"$folder/nc"
    [ "$(cat "$folder/nc")" = datagram ] || { cat "$folder/nc"; return 1; }
}
with nc "nc gets its datagram" asks_with_nc_udp "$(nth_port 2)"
stop

# --- dig -----------------------------------------------------------------------------------------

# A name server that knows no name: it says so by one bit of the question.
cat >"$folder/names.c" <<'END'
#include "worker/work.h"

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    (void)work;
    (void)item;
    if (bytes->size < 12)
        return WORK_FILTERED;
    bytes->bytes[2] |= 0x80; /* an answer */
    bytes->bytes[3] = 3;     /* there is no such name */
    return WORK_CHANGED;
}

const struct work_kind work_kind = {
    .version = WORK_VERSION,
    .name = "names",
    .changes = true,
    .replies = WORK_REPLIES_BYTES,
    .process = process,
};
END
expect "a name server is made" make_object names
serve --source udp:127.0.0.1:0 --source 'udp:[::1]:0' --proto datagram --work "$folder/names.so"
digs() {
    dig +time=10 +tries=2 +noedns -p "$2" "@$1" "$3" >"$folder/dig" 2>&1
    grep -q 'status: NXDOMAIN' "$folder/dig" && grep -q "^;$3\." "$folder/dig" &&
        return 0
    cat "$folder/dig"
    return 1
}
with dig "dig is told that there is no such name" digs 127.0.0.1 "$port" name.example
with dig "over IPv6, too" digs ::1 "$(nth_port 2)" other.example
stop
expect "the name server ends well" ended_well

# --- wrk ------------------------------------------------------------------------------------------

mkdir "$folder/www"
head -c 1024 /dev/zero | tr '\0' x >"$folder/www/1k.txt"
serve --source tcp:127.0.0.1:0 --proto http --work "static:$folder/www"
loads() {
    wrk -t 1 -c 64 -d 1s "http://127.0.0.1:$1/1k.txt" >"$folder/wrk" 2>&1 || return 1
    grep -q 'requests in' "$folder/wrk" && ! grep -q 'Non-2xx\|Socket errors' "$folder/wrk" &&
        return 0
    cat "$folder/wrk"
    return 1
}
with wrk "wrk with 64 connections gets nothing but what it asked for" loads "$port"
stop
expect "and the server ends well after it" exit_status_is 0
expect "with nothing left" holds '$r->{good} && $r->{totals}{memory_left} == 0'

# --- Connections with very different work -----------------------------------------------------------

# Each connection at one loop has its own cost, from 300 us to eight times that; who works on them
# is another question than who reads them. A worker that others keep from its processor does less:
# on a busy machine the best of a few tries is the balancer's.
cp "$top_srcdir/tests/bench/network_work.c" "$folder/costly.c"
expect "work that costs what it says is made" make_object costly
for ((tries = 0; tries < 4; tries++)); do
    serve --source tcp:127.0.0.1:0 --proto http --work "$folder/costly.so"
    expect "24 connections with different work are served" \
        says 'costly [1-9]' "$top_builddir/tests/bench/network_mix" uneven "$port" 24 2 300
    stop
    spread=$(json 'my @all = map { $_->{cost} } @{$r->{workers}}; my ($sum, $most) = (0, 0);
        for (@all) { $sum += $_; $most = $_ if $_ > $most } sprintf("%.2f", $most * @all / $sum)')
    [ "${spread/./}" -gt 125 ] || break
done
expect "work per worker, most to mean: $spread; connections per loop: $(json \
    'sprintf("%.2f", $r->{skew}{accepted})')" test "${spread/./}" -le 125
expect "nobody's request was lost" ended_well

finish
