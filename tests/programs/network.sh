#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network.sh - load_balancer as a server: clients of TCP and UDP, IPv4 and IPv6, get their own
# replies, in order, in every mode of accepting, and the end loses nothing.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
. "$top_srcdir/tests/programs/network_lib.sh"

# --- Frames ----------------------------------------------------------------------------------

for mode in shared exclusive reuseport; do
    serve --source tcp:127.0.0.1:0 --work echo --accept "$mode"
    expect "$mode: 1,000 connections with pipelined requests get each its own replies" \
        says '1000 connections, 20000 replies' "$client" pipelined "$port" 1000 20 8
    stop
    expect "$mode: it ends well" ended_well
    expect "$mode: the report has every connection and request" \
        holds '$r->{totals}{accepted} == 1000 && $r->{totals}{requests} == 20000
            && $r->{skew}{accepted} >= 1 && @{$r->{loops}} == 2 && $r->{accept} eq "'$mode'"'
done

serve --source tcp:127.0.0.1:0 --work echo --pin
# Others can be there besides: a sanitizer has one.
named() {
    local names
    names=$(cat "/proc/$pid/task/"*/comm)
    [ "$(grep -c '^lb-loop-' <<<"$names")" -eq 2 ] && grep -qx lb-loop-0 <<<"$names" &&
        grep -qx lb-loop-1 <<<"$names" && return 0
    echo "$names"
    return 1
}
expect "loops are threads with names" named
pinned() {
    local task
    for task in "/proc/$pid/task/"*; do
        grep -q '^lb-loop-' "$task/comm" || continue
        grep -Eq '^Cpus_allowed_list:[[:space:]]*[0-9]+$' "$task/status" ||
            { grep Cpus_allowed_list "$task/status"; return 1; }
    done
}
expect "each is pinned to one processor" eventually pinned
expect "one byte in a segment makes the same requests" \
    says '100 replies' "$client" trickle "$port" 100
open_before=$(descriptors "$pid")
expect "5,000 connections come and go in every way" \
    says '5000 connections, 1000 replies' "$client" churn "$port" 5000
expect "no descriptor is left of them" eventually has_descriptors "$pid" "$open_before"
stop
expect "and it ends well" exit_status_is 0
expect "no byte is left of them" holds '$r->{totals}{memory_left} == 0 && $r->{totals}{active} == 0'

# --- Lines, and addresses of all kinds ---------------------------------------------------------

serve --source tcp:127.0.0.1:0 --source 'tcp:[::1]:0' --source udp:127.0.0.1:0 \
    --source udp:0.0.0.0:0 --proto line --work digest
# asks HOST PORT TEXT [COUNT]: so many lines of reply; without, as many as the text has.
asks() {
    exec 3<>"/dev/tcp/$1/$2" || return 1
    printf '%s' "$3" >&3
    shift 2
    timeout 20 head -n "${2:-$(printf '%s' "$1" | wc -l)}" <&3
    exec 3>&- 3<&-
}
replies() {
    local expected=$1 got
    shift
    got=$("$@")
    [ "$got" = "$expected" ] || { echo "$got"; return 1; }
}
abc=e71fa2190541574b # FNV-1a of "abc"
empty=cbf29ce484222325
expect "a line over IPv4 is replied to" replies "$abc" asks 127.0.0.1 "$port" $'abc\n'
expect "lines over IPv6 are" replies "$abc
$empty
$abc" asks ::1 "$(nth_port 2)" $'abc\n\nabc\n'
stop
expect "all addresses are said, and with the ports they have" \
    holds '@{$r->{sources}} == 4 && $r->{sources}[1] =~ /^tcp:\[::1\]:[1-9]/
        && $r->{sources}[3] =~ /^udp:0\.0\.0\.0:[1-9]/'
expect "the digests are added up" \
    holds '$r->{totals}{digest} eq sprintf("%016x", do { use integer; 3 * hex("'$abc'") + hex("'$empty'") })'
expect "it ends well with all kinds" ended_well

serve --source udp:0.0.0.0:0 --work echo
expect "datagrams are replied to" says '500 replies' "$client" datagrams "$port" 500
expect "and from the address that they were sent to" \
    says '50 replies' "$client" datagrams "$port" 50 2
stop
expect "every datagram is counted" \
    holds '$r->{totals}{datagrams} >= 550 && $r->{totals}{datagrams} == $r->{totals}{requests}'

serve --source 'udp:[::]:0' --work echo --proto datagram
over_ipv6() {
    perl -MIO::Socket::IP -e '
        my $s = IO::Socket::IP->new(Type => SOCK_DGRAM, PeerHost => "::1", PeerPort => $ARGV[0])
            or die $@;
        alarm 20;
        $s->send("six") and $s->recv(my $got, 100);
        exit($got eq "six" ? 0 : 1)' "$1"
}
expect "datagrams over IPv6 are replied to" over_ipv6 "$port"
stop
expect "it ends well after datagrams" ended_well

# --- Work of one's own ----------------------------------------------------------------------------

cat >"$folder/backwards.c" <<'END'
#include "worker/work.h"

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    work->result += item->captured;
    if (item->kind != ITEM_REQUEST || bytes->size == 0 || bytes->bytes[0] == '-')
        return WORK_FILTERED;
    for (uint32_t i = 0, j = bytes->size - 1; i < j; i++, j--) {
        uint8_t one = bytes->bytes[i];

        bytes->bytes[i] = bytes->bytes[j];
        bytes->bytes[j] = one;
    }
    return WORK_CHANGED;
}

const struct work_kind work_kind = {
    .version = WORK_VERSION,
    .name = "backwards",
    .result = "letters",
    .meaning = "letters",
    .changes = true,
    .replies = WORK_REPLIES_BYTES,
    .process = process,
};
END
make_object() {
    # shellcheck disable=SC2086
    ${CC:-cc} ${CFLAGS-} -shared -fPIC -I"$top_srcdir" -o "$folder/backwards.so" "$folder/backwards.c"
}
expect "a shared object is made" make_object
serve --source tcp:127.0.0.1:0 --proto line --work "$folder/backwards.so"
expect "it replies, and not to what it filters out" \
    replies $'cba\nx' asks 127.0.0.1 "$port" $'abc\n-no\nx\n' 2
stop
expect "its result is in the report" holds '$r->{totals}{letters} == 7'
expect "it ends well with it" ended_well

# --- The end ---------------------------------------------------------------------------------------

serve --source tcp:127.0.0.1:0 --proto line --work echo
exec 4<>"/dev/tcp/127.0.0.1/$port" 5<>"/dev/tcp/127.0.0.1/$port"
printf 'first\nsec' >&4
read -r -t 20 line <&4
kill -TERM "$pid"
expect "an idle connection is closed at the end" timeout 20 cat <&5
refuses() {
    ! { exec 6<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null
}
expect "no connection is accepted any more" eventually refuses
printf 'ond\n' >&4
read -r -t 20 line <&4
exec 4>&- 5>&-
await_end
second_came() {
    [ "$line" = second ]
}
expect "a request that had begun is replied to" second_came
expect "then it ends well" ended_well

serve --source tcp:127.0.0.1:0 --proto line --work echo --drain-timeout 0.2
exec 4<>"/dev/tcp/127.0.0.1/$port"
printf 'never whole' >&4
taken_in() {
    # Until the server has read it: nothing is left in its queue.
    ! ss -tnH state established "( sport = :$port )" 2>/dev/null | awk '$1 > 0' | grep -q .
}
expect "half of a request has come" eventually taken_in
stop
exec 4>&-
expect "one that does not end is cut off when the time is over" exit_status_is 1
expect "which is reported" holds '!$r->{good} && $r->{totals}{drained_by_force} == 1'

# --- Speaking HTTP ----------------------------------------------------------------------------------

if ! command -v curl >/dev/null; then
    skip "HTTP" "there is no curl"
    finish
fi
curl() {
    command curl -sS --max-time 20 --noproxy '*' "$@"
}
mkdir "$folder/www" "$folder/www/sub"
head -c 100000 /dev/urandom >"$folder/www/large"
echo 'index' >"$folder/www/index.html"
echo 'with a blank' >"$folder/www/sub/a b.txt"
echo 'outside' >"$folder/secret"
ln -s "$folder/secret" "$folder/www/link"
ln -s sub "$folder/www/inside"
serve --source tcp:127.0.0.1:0 --proto http --work "static:$folder/www"
url=http://127.0.0.1:$port
same_file() {
    curl "$url/large" | cmp - "$folder/www/large"
}
status_of() {
    curl -o "$folder/page" -w '%{http_code}' --path-as-is "$@"
}
kept_alive() {
    curl -v "$url/" "$url/sub/a%20b.txt" "$url/inside/a%20b.txt?q" 2>"$folder/talk" \
        >"$folder/page"
    [ "$(tr '\n' ' ' <"$folder/page")" = 'index with a blank with a blank ' ] &&
        [ "$(grep -c 'Re-using existing connection' "$folder/talk")" -eq 2 ]
}
expect "a file comes as it is" same_file
expect "several come over one connection" kept_alive
expect "what is not there is not found" replies 404 status_of "$url/nothing"
for path in /../secret /sub/../../secret /%2e%2e/secret /link //etc/passwd /sub; do
    expect "nothing outside of the folder is: $path" replies 404 status_of "$url$path"
done
expect "HEAD has the length of a file, and not the file" replies 200 status_of -I "$url/large"
expect "other methods are not allowed" replies 405 status_of -d x "$url/"
says_close() {
    curl -s -i -H "$1" "$url/" | tr -d '\r' >"$folder/page"
    [ "$(grep -c '^Connection: close$' "$folder/page")" -eq "$2" ] && tail -n 1 "$folder/page" | grep -qx index
}
expect "the last response of a connection says so" says_close 'Connection: close' 1
expect "others do not" says_close 'X: y' 0
expect "HTTP/1.0 is spoken" replies 200 status_of -0 "$url/"
stop
expect "it ends well after HTTP" ended_well

serve --source tcp:127.0.0.1:0 --proto http --work echo
url=http://127.0.0.1:$port
echoes() {
    curl "$@" --data-binary "@$folder/www/large" "$url/" | cmp - "$folder/www/large"
}
expect "a body is echoed" echoes
expect "a body in chunks is" echoes -H 'Transfer-Encoding: chunked'
expect "a body is that is only sent with leave" echoes -H 'Expect: 100-continue'
head -c 300000 /dev/zero >"$folder/too_large"
expect "one that is too large is refused" \
    replies 413 status_of --data-binary "@$folder/too_large" "$url/"
expect "one in chunks too" replies 413 status_of -H 'Transfer-Encoding: chunked' \
    --data-binary "@$folder/too_large" "$url/"
stop
expect "it ends well after echoes" exit_status_is 0

finish
