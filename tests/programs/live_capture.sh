#!/bin/bash
# SPDX-License-Identifier: MIT
#
# live_capture.sh - packets of an interface, as they come. Who may not capture skips most of it.
# The interface is that of a network of our own, where nobody else's packets are.

if [ "${OWN_NETWORK-}" != yes ] && command -v ip >/dev/null && unshare -n true 2>/dev/null; then
    OWN_NETWORK=yes exec unshare -n bash "$0" "$@"
fi

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

refused() {
    exit_status_is "$1" && one_line "$folder/err" "$2" && [ ! -s "$folder/out" ]
}
balance --source iface:
expect "an interface without a name is refused" refused 2 'names no interface'
balance --source iface:lo --loop 2
expect "so is one that is to be gone through twice" refused 1 'more than once'
balance --source iface:there-is-none
expect "so is one that is not there" refused 1 'iface:there-is-none: '

if [ "${OWN_NETWORK-}" != yes ] || ! ip link set lo up; then
    skip "live packets are processed" "only root may make a network and capture there"
    finish
fi

# Packets of one flow, to a port that is ours.
send_datagrams() {
    perl -MIO::Socket::INET -e '
        my $to = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:$ARGV[0]") or die $!;
        my $from = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:$ARGV[1]",
            PeerAddr => "127.0.0.1:$ARGV[0]") or die $!;
        $from->send("datagram $_") for 1 .. $ARGV[2];' "$port" "$((port + 1))" "$1"
}
port=$((20000 + $$ % 20000))
balance_behind --source iface:lo --workers 2 --json
captures() {
    # A packet socket of this process is there.
    find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | tr -dc '0-9\n' |
        grep -qxFf <(awk 'NR > 1 { print $NF }' /proc/net/packet)
}
expect "it listens to the interface" eventually captures
expect "and its workers are there" eventually has_children "$pid" 2
expect "datagrams are sent" send_datagrams 500
# More of them, until it has used 50 ms of a processor: enough for thousands.
used=$(ticks "$pid")
sees_work() {
    send_datagrams 5000
    has_worked "$pid" "$((used + 5))"
}
expect "it works on them" eventually sees_work
kill -TERM "$pid"
await_end
expect "it ends well after a signal" exit_status_is 0
live() {
    local flow='grep { $_->{flow} =~ /:'$port'\b/ && $_->{items} >= 500 } @{$r->{top_flows}}'
    holds "$flow" && holds '$r->{agreed} && $r->{ordered}'
}
expect "the datagrams are in the report, as one flow, in order" live
expect "nothing is left" nothing_is_left

finish
