#!/bin/sh
# SPDX-License-Identifier: MIT
#
# capture_matches_tshark.sh - what load_balancer says about a capture is what capinfos and
# tshark say, who share no code with it: packets, bytes, and flows of each protocol.
#
# A flow is, as load_balancer/flow.h says: both ends with protocol and ports, whichever way
# packets go; without ports for fragments; for an ICMP error, the flow that it is about;
# EtherType and both stations for what is not IP.
#
# From make check: top_srcdir, top_builddir. Without tshark it is skipped, or fails if
# ALL_TESTS says that nothing may be skipped.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}"
capture=$top_srcdir/captures/traffic.pcapng
for reader in tshark capinfos; do
    command -v "$reader" >/dev/null && continue
    echo "$reader is not installed (Debian packages: tshark, wireshark-common)"
    [ -z "${ALL_TESTS-}" ] || exit 99
    exit 77
done
. "$top_srcdir/tests/support/tap.sh"

# --- What load_balancer says ------------------------------------------------------------------

# balance NAME OPTION...: its report goes to NAME.json, what it complains about to NAME.err.
balance() {
    name=$1
    shift
    "$top_builddir/load_balancer/load_balancer" --topology "capture-$$" --json "$@" \
        >"$folder/$name.json" 2>"$folder/$name.err" && return
    status=$?
    cat "$folder/$name.err"
    return $status
}

# "items bytes" of the whole report NAME.
totals_of() {
    sed -n '/"totals"/,/"protocols"/p' "$folder/$1.json" | tr -d '\n' |
        sed -n 's/.*"items": *\([0-9]*\).*"bytes": *\([0-9]*\), *"original_bytes".*/\1 \2/p'
}

# "protocol items bytes flows", a line for each protocol of the report NAME.
protocols_of() {
    sed -n '/"protocols"/,/^ *}$/s/.*"\([a-z0-9]*\)": *{"items": *\([0-9]*\), *"bytes": *\([0-9]*\), *"flows": *\([0-9]*\)}.*/\1 \2 \3 \4/p' \
        "$folder/$1.json" | sort
}

# --- What the independent readers say -----------------------------------------------------------

# "packets bytes" of a file.
capinfos_of() {
    capinfos -T -r -M -c -d "$1" | awk -F '\t' '{ print $2, $3 }'
}

# One line per packet, fields separated by tabs; a packet within a packet adds values to
# fields, separated by commas. Nothing is put together that came in pieces.
fields_of() {
    tshark -r "$1" -n -o ip.defragment:FALSE -o ipv6.defragment:FALSE \
        -o tcp.desegment_tcp_streams:FALSE -T fields -E occurrence=a -E aggregator=, \
        -e frame.cap_len -e eth.type -e eth.src -e eth.dst \
        -e ip.src -e ip.dst -e ip.proto -e ip.flags.mf -e ip.frag_offset \
        -e ipv6.src -e ipv6.dst -e ipv6.fraghdr.nxt -e ipv6.fraghdr.more -e ipv6.fraghdr.offset \
        -e tcp.srcport -e tcp.dstport -e udp.srcport -e udp.dstport \
        -e icmp.type -e icmpv6.type 2>"$folder/tshark.err"
}

# "protocol items bytes flows" from such lines, for protocols that occur.
count_flows() {
    awk -F '\t' '
        function nth(list, n,   values) {       # the nth of a list, or nothing
            return n <= split(list, values, ",") ? values[n] : ""
        }
        function last(list,   values) {
            return nth(list, split(list, values, ","))
        }
        function yes(flag) {
            return flag == "1" || flag == "True"
        }
        function ends(one, other) {
            return one < other ? one " " other : other " " one
        }
        function name_of(number) {
            return number == 1 ? "icmp" : number == 6 ? "tcp" : number == 17 ? "udp" : \
                   number == 58 ? "icmpv6" : "other"
        }
        # Both ends in the nth IP header of this packet, from outside, with ports if known.
        function ip_ends(n, from_port, to_port) {
            from = nth(ipv4 ? $5 : $10, n)
            to = nth(ipv4 ? $6 : $11, n)
            if (from_port == "")
                return ends(from, to)
            return ends(from "|" from_port, to "|" to_port)
        }
        {
            ipv4 = ($5 != "")
            ipv6 = (!ipv4 && $10 != "")
            fragment = (yes(nth($8, 1)) || nth($9, 1) + 0 > 0 ||
                        yes(nth($13, 1)) || nth($14, 1) + 0 > 0)
            type = ($19 != "") ? nth($19, 1) : nth($20, 1)
            error = ($19 != "") ? (type == 3 || type == 11 || type == 12) : (type < 128)
            if (!ipv4 && !ipv6) {
                name = "other"
                flow = $2 " " ends($3, $4)
            } else if (fragment) {
                name = name_of(nth(ipv4 ? $7 : $12, 1))
                flow = ip_ends(1, "", "")
            } else if ($19 != "" || $20 != "") {
                name = ($19 != "") ? "icmp" : "icmpv6"
                flow = ip_ends(1, "", "")
                if (error && $17 != "")
                    flow = "about udp " ip_ends(2, last($17), last($18))
                else if (error && $15 != "")
                    flow = "about tcp " ip_ends(2, last($15), last($16))
            } else if ($15 != "") {
                name = "tcp"
                flow = ip_ends(1, nth($15, 1), nth($16, 1))
            } else if ($17 != "") {
                name = "udp"
                flow = ip_ends(1, nth($17, 1), nth($18, 1))
            } else {
                name = ipv4 ? name_of(nth($7, 1)) : "other"
                flow = "ip " ip_ends(1, "", "")
            }
            items[name]++
            bytes[name] += $1
            if (!seen[name, flow]++)
                flows[name]++
        }
        END {
            for (name in items)
                print name, items[name], bytes[name], flows[name]
        }' | sort
}

# --- Held side by side -----------------------------------------------------------------------------

# same OURS THEIRS: prints both if they differ, or if there is nothing to compare.
same() {
    [ -n "$1" ] && [ "$1" = "$2" ] && return
    printf 'load_balancer:\n%s\nthe others:\n%s\n' "$1" "$2"
    return 1
}

# only_occurring: without protocols of which there was nothing.
only_occurring() {
    awk '$2 > 0'
}

same_protocols() {
    same "$(protocols_of "$1" | only_occurring)" "$(cat "$folder/theirs")"
}

flows_are_ordered() {
    grep -q '"ordered": *true' "$folder/$1.json" && grep -q '"agreed": *true' "$folder/$1.json"
}

all_kinds_occur() {
    [ "$(awk '$2 > 0 && $4 > 0 { n++ } END { print n + 0 }' "$folder/theirs")" -eq 5 ]
}

from_standard_input() {
    # A pipe, not a file: nothing to go back in.
    # shellcheck disable=SC2002
    cat "$capture" | balance stdin --source pcap:- --workers 2
}

three_times() {
    totals_of whole | awk '{ print 3 * $1, 3 * $2 }'
}

cut_goes_through() {
    balance cut --source "pcap:$folder/cut.pcapng"
    [ $? -eq 1 ]
}

says_where_it_ends() {
    grep "is cut short: it ends at byte $cut," "$folder/cut.err" &&
        [ "$(grep -c . "$folder/cut.err")" -eq 1 ]
}

fields_of "$capture" | count_flows >"$folder/theirs"
expect "tshark finds packets of every kind" all_kinds_occur

expect "a capture goes through" balance whole --source "pcap:$capture"
expect "nothing is lost and every flow is in order" flows_are_ordered whole
expect "packets and bytes are those that capinfos counts" \
    same "$(totals_of whole)" "$(capinfos_of "$capture")"
expect "packets, bytes and flows of each protocol are those that tshark counts" \
    same_protocols whole

expect "it goes through one worker" balance one --source "pcap:$capture" --workers 1 --window 1
expect "the numbers of one worker are the same" same_protocols one

expect "it goes through a pipe" from_standard_input
expect "the numbers from a pipe are the same" same_protocols stdin

expect "it goes through three times" balance thrice --source "pcap:$capture" --loop 3
expect "three times are three times as much" same "$(totals_of thrice)" "$(three_times)"

# A file that ends in the middle: tshark reads what is whole, too.
cut=500001
head -c "$cut" "$capture" >"$folder/cut.pcapng"
fields_of "$folder/cut.pcapng" | count_flows >"$folder/theirs"
expect "a capture that is cut short goes through, with the exit status of bad input" cut_goes_through
expect "it is said where it ends" says_where_it_ends
expect "what was whole is what tshark counts" same_protocols cut

# The older format, and packets of which only the first bytes were recorded.
editcap -F pcap -s 90 "$capture" "$folder/short.pcap"
fields_of "$folder/short.pcap" | count_flows >"$folder/theirs"
expect "a capture of the first 90 bytes goes through" \
    balance short --source "pcap:$folder/short.pcap"
expect "its numbers are those that tshark counts" same_protocols short

finish
