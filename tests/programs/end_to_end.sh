#!/bin/bash
# SPDX-License-Identifier: MIT
#
# end_to_end.sh - packets go through load_balancer and its workers, in every combination of
# settings, and nothing is lost.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

generated=generated:flows=500,packets=20000,size=100,seed=7

# --- A capture whose contents are known --------------------------------------------------

# make_capture FILE MICROSECONDS: 300 UDP packets over raw IP in 10 flows, so far apart; prints the
# bytes, and the sum of the FNV-1a digests of the payloads.
make_capture() {
    perl -e '
        use integer;
        my ($file, $gap) = @ARGV;
        my ($bytes, $digest, $time) = (0, 0, 0);
        open(my $out, ">:raw", $file) or die;
        print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
        for my $i (0 .. 299) {
            my $payload = "payload of packet $i " x (1 + $i % 40);
            my $udp = pack("nnnn", 1000 + $i % 10, 53, 8 + length $payload, 0) . $payload;
            my $packet = pack("CCnnnCCna4a4", 0x45, 0, 20 + length $udp, $i, 0, 64, 17, 0,
                              pack("C4", 10, 0, 0, 1), pack("C4", 10, 0, 0, 2)) . $udp;
            print $out pack("VVVV", 1700000000 + $time / 1000000, $time % 1000000,
                            length $packet, length $packet), $packet;
            $bytes += length $packet;
            $time += $gap;
            my $sum = 0xcbf29ce484222325;
            $sum = ($sum ^ ord $_) * 0x100000001b3 for split //, $payload;
            $digest += $sum;
        }
        printf "%d %016x\n", $bytes, $digest;' "$1" "$2"
}

read -r bytes digest <<<"$(make_capture "$folder/known.pcap" 1000)"

balance --source "pcap:$folder/known.pcap" --work digest --json
expect "a capture goes through" all_is_well
expect "every packet of it was processed" \
    holds "\$r->{totals}{items} == 300 && \$r->{totals}{bytes} == $bytes"
expect "its flows are told apart" \
    holds '$r->{totals}{flows} == 10 && $r->{totals}{protocols}{udp}{flows} == 10'
expect "every byte of every payload arrived" holds "\$r->{totals}{digest} eq '$digest'"
expect "flows are named" holds '$r->{top_flows}[0]{flow} =~ /^UDP 10\.0\.0\.1:10\d\d - 10\.0\.0\.2:53$/'

"$load_balancer" --source pcap:- --work digest --json <"$folder/known.pcap" \
    >"$folder/out" 2>"$folder/err"
status=$?
expect "a capture may come from standard input" all_is_well
expect "it is the same there" \
    holds "\$r->{totals}{items} == 300 && \$r->{totals}{digest} eq '$digest'"

balance --source "pcap:$folder/known.pcap" --loop 5 --json
expect "a capture may be gone through several times" all_is_well
expect "then there are as many packets as that" \
    holds "\$r->{totals}{items} == 1500 && \$r->{totals}{bytes} == 5 * $bytes"
expect "but no more flows" holds '$r->{totals}{flows} == 10'

balance --source "pcap:$folder/known.pcap" --pace as-recorded --json
expect "a capture may keep its pace" all_is_well
expect "it takes as long as it took then" holds '$r->{totals}{seconds} >= 0.299'
for busy in queue=10 drop; do
    balance --source "pcap:$folder/known.pcap" --pace as-recorded --workers 2 --window 1 \
        --work delay=5000 --on-busy "$busy" --json
    expect "at its pace, too fast for the workers, with --on-busy $busy" all_is_well
done
expect "what is dropped is counted" \
    holds '$r->{totals}{dropped} > 0 && $r->{totals}{dropped} + $r->{totals}{items} == 300'

balance --source "pcap:$folder/known.pcap"
expect "without --json there are tables" exit_status_is 0
expect "they say that nothing was lost" \
    grep -qx 'Nothing lost: 300 in = 300 acknowledged + 0 dropped; every flow in order\.' \
    "$folder/out"
balance --source "pcap:$folder/known.pcap" --quiet
expect "--quiet prints nothing" test "$status" -eq 0 -a ! -s "$folder/out" -a ! -s "$folder/err"

# --- Every combination --------------------------------------------------------------------

balance --source "$generated" --workers 1 --work digest --json
expect "generated packets go through" all_is_well
digest=$(json '$r->{totals}{digest}')
flows=$(json '$r->{totals}{flows}')
bytes=$(json '$r->{totals}{bytes}')

for workers in 1 2 3 8; do
    for window in 1 2 64 4096; do
        balance --source "$generated" --workers "$workers" --window "$window" --work digest --json
        expect "workers $workers, window $window: all is well" all_is_well
        expect "workers $workers, window $window: the same digest, flows and bytes" \
            holds "\$r->{totals}{digest} eq '$digest' && \$r->{totals}{flows} == $flows &&
                   \$r->{totals}{bytes} == $bytes"
    done
done
expect "with --policy flow no flow is at two workers" \
    holds "\$r->{workers}[0]{flows} + \$r->{workers}[1]{flows} + \$r->{workers}[2]{flows} +
           \$r->{workers}[3]{flows} + \$r->{workers}[4]{flows} + \$r->{workers}[5]{flows} +
           \$r->{workers}[6]{flows} + \$r->{workers}[7]{flows} == $flows"

for policy in flow least-loaded; do
    for busy in block queue=1 queue=1000 queue=1000,drop drop; do
        for window in 1 64; do
            balance --source "$generated" --policy "$policy" --on-busy "$busy" \
                --window "$window" --workers 3 --work digest --json
            expect "policy $policy, on-busy $busy, window $window: all is well" all_is_well
            case $busy in
            *drop) continue ;;
            esac
            expect "policy $policy, on-busy $busy, window $window: nothing is dropped" \
                holds "\$r->{totals}{dropped} == 0 && \$r->{totals}{digest} eq '$digest'"
        done
    done
done

for wait in adaptive spin sleep; do
    balance --source generated:packets=3000 --workers 2 --wait "$wait" --json
    expect "wait $wait: all is well" all_is_well
done

balance --source generated:packets=400 --workers 2 --work delay=500 --window 8 --json
expect "workers that take their time" all_is_well
expect "they are busy" holds '$r->{workers}[0]{busy} > 0.5 && $r->{workers}[1]{busy} > 0.5'

balance --source generated:flows=3,packets=2000,size=60000 --workers 2 --work digest --json
expect "large packets" all_is_well
expect "their bytes" holds '$r->{totals}{bytes} == 2000 * 60000'

balance --source generated:flows=100000,packets=200000 --workers 2 --json
expect "a hundred thousand flows" all_is_well
expect "nearly all of them were met" \
    holds '$r->{totals}{flows} > 80000 && $r->{totals}{flows} <= 100000 &&
           $r->{totals}{items_of_other_flows} == 0'

balance --source generated:packets=1 --workers 5 --json
expect "more workers than packets" all_is_well

balance --source generated:packets=2000 --workers 64 --json
expect "many workers" all_is_well

balance --source generated:packets=1000 --domain 7 --topology "other-$$" --json
expect "another domain and topology" all_is_well
expect "the report names the topology" holds "\$r->{topology} eq 'other-$$'"

MCAPI_TOPOLOGY=second-$$ "$load_balancer" --source generated:packets=200000 --json \
    >"$folder/second" 2>&1 &
second=$!
balance --source generated:packets=200000 --json
wait "$second"
expect "two load balancers work in two topologies at the same time" test $? -eq 0
expect "neither disturbs the other" \
    holds '$r->{agreed} && $r->{ordered} && $r->{totals}{items} == 200000'

finish
