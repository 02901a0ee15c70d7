#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_path.sh - clients and server in two network namespaces, with a path between them that
# takes its time and loses packets: streams have all their replies, of datagrams it is known how
# many there were. Begins itself again within the namespaces; needs root.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
# shellcheck source=tests/programs/network_lib.sh
. "$top_srcdir/tests/programs/network_lib.sh"

if [ -z "${NETWORK_PATH_SERVER-}" ]; then
    path=$top_builddir/tests/programs/network_path
    "$path" 0 0 1 true 2>"$folder/why"
    case $? in
    0) ;;
    77)
        skip "a path that is slow and loses packets" "$(cat "$folder/why")"
        finish
        ;;
    *)
        expect "namespaces are made" cat "$folder/why"
        expect "and a path between them" false
        finish
        ;;
    esac
    # 5 ms in each direction, 3 % of the packets lost; the same ones while the same are sent.
    "$path" 5 30 1 bash "$0" 2>"$folder/path"
    inside=$?
    sed 's/^/# /' "$folder/path"
    exit "$inside"
fi

printf '#!/bin/sh\nexec %s %s "$@"\n' "$NETWORK_PATH_SERVER" "'$load_balancer'" >"$folder/there"
chmod +x "$folder/there"
load_balancer=$folder/there
export NETWORK_SERVER=10.77.0.1

for policy in inline tag; do
    serve --source tcp:10.77.0.1:0 --source udp:10.77.0.1:0 --work echo
    expect "$policy: every request of a stream has its reply" \
        says '30 connections, 600 replies' "$client" pipelined "$port" 30 20 8
    expect "$policy: requests in many segments too" \
        says '20 replies' "$client" trickle "$port" 20
    expect "$policy: a datagram that is lost is sent again, until each has its reply" \
        says '100 replies' "$client" datagrams "$(nth_port 2)" 100
    sent=$(sed -n 's/.* to \([0-9]*\) datagrams/\1/p' "$folder/said")
    stop
    expect "$policy: it ends well" ended_well
    expect "$policy: of $sent datagrams some were lost, and the report has the others" \
        holds '$r->{totals}{datagrams} >= 100 && $r->{totals}{datagrams} <= '"$sent"' && '"$sent"' > 100
            && $r->{totals}{requests} == 620 + $r->{totals}{datagrams} - $r->{totals}{datagrams_dropped}'
done

finish
