#!/bin/bash
# SPDX-License-Identifier: MIT
#
# modes.sh - with a distributor, modes burst and single, load_balancer comes to the same as in mode
# window; what it writes to a sink is what went in, each flow in order; the number of workers
# follows the load; and it waits, stops and drains as ever.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
: "${CC:?run me with make check}"

capture=$top_srcdir/captures/traffic.pcapng
packets=2750

# --- The same report -------------------------------------------------------------------------

balance --source "pcap:$capture" --work digest --json --mode window
expect "mode window: all is well" all_is_well
expect "mode window: the report says so" \
    holds '$r->{mode} eq "window" && $r->{policy} eq "flow" && $r->{window} == 64'
mv "$folder/out" "$folder/calm"

# Where flows have no order, another packet of a flow can be the first one, which names it.
same_without_order() {
    diff <(outcome "$folder/calm" | sed 's/ (fragments)//') \
        <(outcome "$folder/out" | sed 's/ (fragments)//')
}

# same_run SENTENCE ARGUMENT...: over the shipped capture; the report is in $folder/out.
same_run() {
    local what=$1 same=same_outcome
    shift
    case $what in
    *least-loaded*) same=same_without_order ;;
    esac
    balance --source "pcap:$capture" --work digest --json "$@"
    expect "$what: all is well" all_is_well
    expect "$what: the report is that of mode window" $same
}

same_run "policy tag alone" --policy tag
expect "policy tag needs a distributor: that is chosen" \
    holds '$r->{mode} eq "burst" && $r->{policy} eq "tag" && $r->{window} == 256'
for mode in burst single; do
    for policy in tag least-loaded; do
        same_run "$mode, $policy" --mode $mode --policy $policy
        expect "$mode, $policy: the report names them" \
            holds "\$r->{mode} eq '$mode' && \$r->{policy} eq '$policy'"
    done
    expect "$mode: shares are of all workers" \
        holds '$r->{totals}{items} == $r->{workers}[0]{items} + $r->{workers}[1]{items} +
               $r->{workers}[2]{items} + $r->{workers}[3]{items}'
    for window in 1 2 1024; do
        same_run "$mode, window $window" --mode $mode --window $window
        expect "$mode, window $window: the report names it" holds "\$r->{window} == $window"
    done
    same_run "$mode, one worker" --mode $mode --workers 1
    same_run "$mode, a queue" --mode $mode --on-busy queue=300
    same_run "$mode, asleep" --mode $mode --wait sleep
done
expect "the window of single is as large" holds '$r->{window} == 256'
same_run "many workers" --mode burst --workers 24
same_run "window, least-loaded" --mode window --policy least-loaded

balance --source generated:flows=3,packets=500,size=60000 --mode burst --workers 2 --json
expect "large packets" all_is_well
expect "their bytes" holds '$r->{totals}{bytes} == 500 * 60000'
balance --source "pcap:$capture" --loop 3 --mode burst --json
expect "several times through a capture" all_is_well
expect "each packet as often" holds "\$r->{totals}{items} == 3 * $packets"

balance --source "pcap:$capture" --mode burst
expect "tables: nothing was lost" grep -qx \
    'Nothing lost: 2,750 in = 2,750 acknowledged + 0 dropped; every flow in order\.' "$folder/out"

# Not all together are possible.
refused() {
    exit_status_is 2 && one_line "$folder/err" "$1"
}
balance --source "pcap:$capture" --mode window --policy tag
expect "policy tag in mode window is refused" refused 'policy tag needs --mode burst or'
balance --source "pcap:$capture" --mode single --policy flow
expect "policy flow with a distributor is refused" refused 'policy flow.*needs --mode window'
balance --source "pcap:$capture" --mode burst --window 1025
expect "a window too large for a distributor is refused" refused "'1025': .*1024 at most"
balance --source "pcap:$capture" --workers 3..2
expect "fewer at most than at least is refused" refused 'first number must not be larger'
balance --source "pcap:$capture" --sink pcap:-
expect "a sink without a file is refused" refused 'sink .*pcap:FILE'

# --- The sink --------------------------------------------------------------------------------

same_packets=$top_srcdir/tests/programs/same_packets.pl
for mode in burst single; do
    for busy in block queue=200; do
        balance --source "pcap:$capture" --mode $mode --on-busy $busy --workers 3 --json \
            --sink "pcap:$folder/sink.pcap"
        expect "$mode, $busy, sink: all is well" all_is_well
        expect "$mode, $busy, sink: the same packets, each flow in order" \
            perl "$same_packets" "$capture" "$folder/sink.pcap"
    done
done
balance --source "pcap:$capture" --policy least-loaded --json --sink "pcap:$folder/sink.pcap"
expect "least-loaded, sink: all is well" all_is_well
balance --source "pcap:$folder/sink.pcap" --policy least-loaded --json --work digest
expect "least-loaded, sink: the same packets, in whichever order" \
    holds "\$r->{totals}{items} == $packets && \$r->{totals}{flows} == 329 &&
           \$r->{totals}{digest} eq '$(json '$r->{totals}{digest}' "$folder/calm")'"

balance --source "pcap:$capture" --work ttl --sink "pcap:$folder/sink.pcap" --json
expect "ttl: all is well" all_is_well
expect "ttl: it needs a distributor, which is chosen" holds '$r->{mode} eq "burst"'
expect "ttl: one hop less, checksums right, none without a hop left" \
    perl "$same_packets" --ttl "$capture" "$folder/sink.pcap"
expect "ttl: packets without a hop left are counted" holds '$r->{totals}{expired} == 8'
if command -v tshark >/dev/null; then
    wrong_checksums() {
        tshark -r "$folder/sink.pcap" -o ip.check_checksum:TRUE -Y 'ip.checksum.status != 1' \
            2>"$folder/tshark.err"
    }
    expect "ttl: tshark finds no checksum wrong" test -z "$(wrong_checksums)"
else
    skip "ttl: tshark finds no checksum wrong" "there is no tshark"
fi

balance --source generated:packets=0 --sink pcap:/dev/full --json
sink_full() {
    exit_status_is 1 && one_line "$folder/err" "cannot write .*'/dev/full': No space left" &&
        nothing_is_left
}
expect "a sink on a full disk ends the run, and is said once" sink_full
cp "$capture" "$folder/copy.pcapng"
balance --source "pcap:$folder/copy.pcapng" --sink "pcap:$folder/copy.pcapng"
expect "the source is no sink" one_line "$folder/err" 'that is the source'
expect "the source is still there" cmp "$capture" "$folder/copy.pcapng"

# --- More than workers can do -----------------------------------------------------------------

for mode in burst single; do
    for busy in queue=10 queue=10,drop drop; do
        balance --source generated:packets=3000,seed=3 --mode $mode --workers 2 --window 4 \
            --work delay=100 --on-busy $busy --json
        expect "$mode, $busy, busy workers: all is well" all_is_well
        case $busy in
        *drop) expect "$mode, $busy: some are dropped" holds '$r->{totals}{dropped} > 0' ;;
        *) expect "$mode, $busy: none is dropped" holds '$r->{totals}{dropped} == 0' ;;
        esac
    done
done
balance --source generated:packets=400 --mode burst --workers 2 --work delay=500 --window 8 --json
expect "workers that take their time: all is well" all_is_well
expect "they are busy, and no more than that" \
    holds '(grep { $_->{busy} > 0.2 && $_->{busy} <= 1 } @{$r->{workers}}) == 2'

# A packet each ms: 300 ms.
perl -e '
    open(my $out, ">:raw", $ARGV[0]) or die;
    print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
    print $out pack("VVVV", 1700000000, $_ * 1000, 64, 64), "E", chr($_ % 10) x 63
        for 0 .. 299;' "$folder/paced.pcap"
balance --source "pcap:$folder/paced.pcap" --pace as-recorded --mode burst --workers 2 --json
expect "at its own pace: all is well" all_is_well
expect "at its own pace: it takes as long as it took then" holds '$r->{totals}{seconds} >= 0.299'
expect "at its own pace: no item waits for the next" \
    holds '$r->{totals}{latency_ns}{median} < 50e6'

# --- As many workers as the load needs ----------------------------------------------------------

# A kind of work that tells when it sees an item, and takes its time until a file is there.
cat >"$folder/trace.c" <<'END'
#include <stdio.h>
#include <unistd.h>
#include <work.h>

static enum work_outcome process(struct work *work, const struct item *item,
                                 struct work_bytes *bytes)
{
    const char *folder = work->state;
    char path[4096];
    FILE *seen;

    (void)bytes;
    snprintf(path, sizeof(path), "%s/light", folder);
    if (access(path, F_OK) != 0)
        usleep(1000);
    snprintf(path, sizeof(path), "%s/slow", folder);
    if (access(path, F_OK) == 0)
        return WORK_UNCHANGED;
    snprintf(path, sizeof(path), "%s/seen", folder);
    seen = fopen(path, "a");
    fprintf(seen, "%llu\n", (unsigned long long)item->number);
    fclose(seen);
    return WORK_UNCHANGED;
}

static bool prepare(struct work *work, const char *argument, char *error, size_t error_size)
{
    (void)error;
    (void)error_size;
    work->state = (void *)argument;
    return true;
}

const struct work_kind work_kind = {
    .version = WORK_VERSION, .name = "trace", .argument = "FOLDER", .prepare = prepare,
    .process = process,
};
END
# shellcheck disable=SC2086      # CC and CFLAGS are several words each
expect "a kind of work of one's own compiles" $CC ${CFLAGS-} -std=gnu11 -Wall -Wextra -Werror \
    -shared -fPIC -I"$top_srcdir/worker" -o "$folder/trace.so" "$folder/trace.c"
trace="$folder/trace.so=$folder"

says() {
    grep -Eq "$1" "$folder/err"
}

touch "$folder/slow"
perl -e '
    open(my $out, ">:raw", $ARGV[0]) or die;
    print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
    print $out pack("VVVV", 1700000000, $_ * 500, 64, 64), "E", pack("n", $_) x 31, " "
        for 0 .. 1999;' "$folder/steady.pcap"
balance_behind --source "pcap:$folder/steady.pcap" --loop 0 --pace as-recorded --work "$trace" \
    --workers 1..3 --window 4 --json
expect "1..3: it begins with one" eventually has_children "$pid" 1
expect "1..3: more come, and that is said" eventually says 'heavy: worker 3 comes, 3 in all$'
touch "$folder/light"
expect "1..3: they go again, and that is said" eventually says 'light: worker 2 goes, 1 stays$'
expect "1..3: their processes end" eventually has_children "$pid" 1
kill -INT "$pid"
await_end
followed() {
    exit_status_is 0 && nothing_is_left && holds '$r->{agreed} && $r->{ordered}' &&
        holds '$r->{totals}{deaths} == 0 && $r->{workers}[1]{items} > 0' &&
        ! grep -Ev 'traffic is (heavy|light): worker [1-3] (comes|goes), [1-3] (in all|stays?)$' \
            "$folder/err"
}
expect "1..3: all is well, and nothing else is said" followed
rm "$folder/light" "$folder/slow"

# --- Input that comes slowly --------------------------------------------------------------------

mkfifo "$folder/pipe"
# feed_slowly FILE COUNT: writes a capture to the pipe, packet by packet, the next when FILE has
# grown; then leaves the pipe open for $reader. Prints how many ms half of them took at most.
feed_slowly() {
    perl -MTime::HiRes=time,sleep -e '
        my ($pipe, $file, $count) = @ARGV;
        open(my $out, ">>:raw", $pipe) or die;
        my @took;
        syswrite $out, pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
        for my $number (1 .. $count) {
            my ($before, $began) = (-s $file // 0, time);
            syswrite $out, pack("VVVV", 1700000000, $number, 64, 64) . "E" . chr($number) x 63;
            while ((-s $file // 0) <= $before) {
                if (time - $began > 30) { print "never\n"; exit 1; }
                sleep 0.0005;
            }
            push @took, 1000 * (time - $began);
        }
        printf "%.0f\n", (sort { $a <=> $b } @took)[$count / 2];' "$folder/pipe" "$@"
}

# slowly SENTENCE FILE ARGUMENT...: each of 20 items comes out before the next goes in.
slowly() {
    local what=$1 file=$2 took
    shift 2
    : >"$folder/err"
    "$load_balancer" --source pcap:- --json "$@" <"$folder/pipe" >"$folder/out" 2>"$folder/err" &
    pid=$!
    background="$background $pid"
    exec 3>"$folder/pipe"
    took=$(feed_slowly "$file" 20)
    expect "$what: one by one they are there in $took ms" test "$took" -lt 50
}

for mode in burst single; do
    rm -f "$folder/seen"
    slowly "$mode, slow input, at a worker" "$folder/seen" --mode $mode --workers 2 --work "$trace"
    exec 3>&-
    await_end
    expect "$mode, slow input: all is well" all_is_well
    expect "$mode, slow input: all of it" holds '$r->{totals}{items} == 20'
done

slowly "slow input, in the sink" "$folder/slow.pcap" --workers 1..2 --work delay=1000 --window 4 \
    --sink "pcap:$folder/slow.pcap"
perl -e 'print pack("VVVV", 1700000001, $_, 64, 64), "E", pack("n", $_) x 31, " " for 1 .. 1500;' >&3
expect "then much at once: another one comes" eventually says 'heavy: worker 2 comes, 2 in all$'
expect "then nothing: it goes, though no input comes" eventually says \
    'light: worker 2 goes, 1 stays$'
expect "then nothing: it has ended" eventually has_children "$pid" 1
asleep() {
    [ "$(state "$pid")" = S ]
}
used() {
    local process sum=0
    for process in "$pid" $(children "$pid"); do
        sum=$((sum + $(ticks "$process")))
    done
    echo "$sum"
}
expect "nothing to do: it sleeps" eventually asleep
before=$(used)
sleep 1
after=$(used)
expect "nothing to do: it and its workers use no processor time" test $((after - before)) -le 1
kill -TERM "$pid"
await_end
exec 3>&-
all_1520() {
    exit_status_is 0 && nothing_is_left && holds '$r->{agreed} && $r->{totals}{items} == 1520'
}
expect "a signal ends the waiting" all_1520

# --- Signals -------------------------------------------------------------------------------------

for mode in burst single; do
    balance_behind --source generated:packets=0 --mode $mode --workers 3 --json
    expect "$mode: a run without end is under way" await_work "$pid" 3
    kill -INT "$pid"
    await_end
    drained() {
        all_is_well && holds '$r->{totals}{items} > 1000'
    }
    expect "$mode: a signal drains it" drained
done
balance_behind --source generated:packets=0 --mode burst --workers 2 --on-busy queue=5000 \
    --work delay=100 --json
expect "with a queue: under way" await_work "$pid" 2
kill -TERM "$pid"
await_end
expect "with a queue: a signal drains it" all_is_well

balance_behind --source generated:packets=1000 --work delay=3600000000 --mode burst --workers 2
expect "hung workers: under way" eventually has_children "$pid" 2
expect "hung workers: it waits for them" eventually asleep
workers=$(children "$pid")
kill -INT "$pid"
kill -TERM "$pid"
await_end
broken_off() {
    exit_status_is 1 && one_line "$folder/err" '(stopped at once by a second signal|not ready)' &&
        nothing_is_left
}
expect "hung workers: the second signal stops at once, and says so" broken_off
workers_gone() {
    local process
    for process in $workers; do
        ended "$process" || { echo "$process still runs"; return 1; }
    done
}
expect "hung workers: none is left" eventually workers_gone

balance_behind --source generated:packets=0 --mode single --workers 3 --json
expect "the balancer is to die: under way" await_work "$pid" 3
workers=$(children "$pid")
kill -KILL "$pid"
await_end
expect "its workers do not outlive it" eventually workers_gone
balance --source generated:packets=1000 --mode single --json
expect "and the topology can be used again" all_is_well

finish
