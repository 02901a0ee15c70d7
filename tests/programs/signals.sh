#!/bin/bash
# SPDX-License-Identifier: MIT
#
# signals.sh - a run can be ended at any time, by whoever, and leaves nothing behind: no item
# unaccounted for, no process, no memory.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

endless=generated:packets=0

# --- The balancer is asked to stop ----------------------------------------------------------

drained() {
    all_is_well && holds '$r->{totals}{items} > 1000'
}

for signal in INT TERM HUP; do
    balance_behind --source "$endless" --workers 3 --json
    expect "SIG$signal: a run without end is under way" await_work "$pid" 3
    kill "-$signal" "$pid"
    await_end
    expect "SIG$signal: it is drained and reported, and all is well" drained
done

balance_behind --source "$endless" --workers 2 --window 1 --json
expect "window 1: under way" await_work "$pid" 2
kill -INT "$pid"
await_end
expect "window 1: it is drained" drained

balance_behind --source "$endless" --workers 2 --on-busy queue=5000 --work delay=100 --json
expect "with a queue: under way" await_work "$pid" 2
kill -INT "$pid"
await_end
expect "with a queue: it is drained, the queue too" drained

# A signal on a terminal comes to the workers as well.
balance_behind --source "$endless" --workers 2 --json
expect "for everybody: under way" await_work "$pid" 2
for process in "$pid" $(children "$pid"); do
    kill -INT "$process"
done
await_end
expect "a signal for everybody is the balancer's business" drained

balance_behind --source generated:packets=1000 --work delay=3600000000 --workers 2 --window 1
expect "hung workers: under way" eventually has_children "$pid" 2
workers=$(children "$pid")
has_item() {
    # The ack of an item never comes, so the balancer sleeps, and its workers too.
    [ "$(state "$pid")" = S ] && has_worked "$pid" 0
}
expect "hung workers: it waits for them" eventually has_item
kill -INT "$pid"
await_first_signal() {
    # Pending signals have been taken.
    grep -q '^SigPnd:[[:blank:]]*0*$' "/proc/$pid/status" &&
        grep -q '^ShdPnd:[[:blank:]]*0*$' "/proc/$pid/status"
}
expect "hung workers: the first signal is taken" eventually await_first_signal
expect "hung workers: one signal does not break it off" test "$(state "$pid")" != Z
kill -INT "$pid"
await_end
broken_off() {
    exit_status_is 1 && one_line "$folder/err" '(stopped at once by a second signal|not ready)' &&
        nothing_is_left
}
expect "the second signal stops at once, and says so" broken_off
workers_gone() {
    for process in $workers; do
        ended "$process" || { echo "$process still runs"; return 1; }
    done
}
expect "no worker is left" workers_gone

# --- It waits for input ------------------------------------------------------------------------

mkfifo "$folder/pipe"
"$load_balancer" --source pcap:- --workers 2 --json <"$folder/pipe" \
    >"$folder/out" 2>"$folder/err" &
pid=$!
background="$background $pid"
exec 3>"$folder/pipe"
perl -e '
    binmode STDOUT; $| = 1;
    print pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
    print pack("VVVV", 1700000000, $_, 64, 64), "E", chr($_) x 63 for 1 .. 5;' >&3
expect "a capture that does not end: under way" eventually has_children "$pid" 2
asleep() {
    [ "$(state "$pid")" = S ] && [ "$(perl -e '
        my $size = pack("L", 0);
        open(my $pipe, "+<", $ARGV[0]) or die;
        ioctl($pipe, 0x541b, $size) or die;            # FIONREAD: bytes that nobody has read
        print unpack("L", $size);' "$folder/pipe")" = 0 ]
}
expect "it has read all there is, and sleeps" eventually asleep
used() {
    local process sum=0
    for process in "$pid" $(children "$pid"); do
        sum=$((sum + $(ticks "$process")))
    done
    echo "$sum"
}
before=$(used)
sleep 1
after=$(used)
expect "it and its workers use no processor time while there is nothing to do" \
    test $((after - before)) -le 1
kill -TERM "$pid"
await_end
exec 3>&-
ended_in_order() {
    all_is_well && holds '$r->{totals}{items} == 5'
}
expect "a signal ends the waiting, and what came is reported" ended_in_order

# Three packets: the second comes an hour after the first.
perl -e '
    open(my $out, ">:raw", $ARGV[0]) or die;
    print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
    print $out pack("VVVV", 1700000000 + $_ * 3600, 0, 64, 64), "E" x 64 for 0 .. 2;' \
    "$folder/rare.pcap"
balance_behind --source "pcap:$folder/rare.pcap" --pace as-recorded --workers 2 --json
expect "packets that are due in an hour: under way" eventually has_children "$pid" 2
waits_for_time() {
    [ "$(state "$pid")" = S ] && grep -q poll "/proc/$pid/wchan"
}
if [ "$(id -u)" -eq 0 ]; then
    expect "it waits for the time" eventually waits_for_time
fi
kill -INT "$pid"
await_end
first_only() {
    all_is_well && holds '$r->{totals}{items} <= 1'
}
expect "a signal ends the waiting for the time" first_only

# Items that wait in the queue are worked on while no input comes.
"$load_balancer" --source pcap:- --workers 1 --window 1 --on-busy queue=1000 --work delay=500 \
    --json <"$folder/pipe" >"$folder/out" 2>"$folder/err" &
pid=$!
background="$background $pid"
exec 3>"$folder/pipe"
perl -e '
    binmode STDOUT; $| = 1;
    print pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101);
    print pack("VVVV", 1700000000, $_, 64, 64), "E", chr($_) x 63 for 1 .. 200;' >&3
expect "items wait: under way" eventually has_children "$pid" 1
served() {
    # The worker sleeps once for each item.
    [ "$(sed -n 's/^voluntary_ctxt_switches:[[:blank:]]*//p' "/proc/$(child "$pid" 1)/status")" \
        -ge 200 ]
}
expect "they are worked on although no more input comes" eventually served
kill -TERM "$pid"
await_end
exec 3>&-
all_200() {
    all_is_well && holds '$r->{totals}{items} == 200'
}
expect "all of them" all_200

# --- A worker dies ---------------------------------------------------------------------------------

balance_behind --source "$endless" --workers 3 --on-worker-death stop --json
expect "a worker is to die: under way" await_work "$pid" 3
victim=$(child "$pid" 2)
workers=$(children "$pid")
kill -KILL "$victim"
await_end
death_said() {
    exit_status_is 1 &&
        one_line "$folder/err" "^load_balancer: worker [123] \(pid $victim\) was killed by signal 9 \(Killed\) with [0-9]+ items? unacknowledged: the run ends$" &&
        holds '!$r->{agreed}' &&
        holds '$r->{totals}{input} == $r->{totals}{items} + $r->{totals}{dropped} +
               $r->{totals}{unacknowledged} + $r->{totals}{unsent}' &&
        nothing_is_left
}
expect "its death is said, the others' work is reported, and the exit status is 1" death_said
expect "no worker is left behind" workers_gone

"$load_balancer" --source pcap:- --workers 2 --on-worker-death stop \
    <"$folder/pipe" >"$folder/out" 2>"$folder/err" &
pid=$!
background="$background $pid"
exec 3>"$folder/pipe"
expect "a worker is to die in idleness: under way" eventually has_children "$pid" 2
perl -e 'print pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)' >&3
expect "there is no input" eventually asleep
kill -KILL "$(child "$pid" 1)"
await_end
exec 3>&-
expect "a death is noticed while there is nothing to do" \
    grep -q 'was killed by signal 9 (Killed)' "$folder/err"
expect "and it ends" exit_status_is 1

# --- The balancer dies ------------------------------------------------------------------------------

balance_behind --source "$endless" --workers 3
expect "the balancer is to die: under way" await_work "$pid" 3
workers=$(children "$pid")
kill -KILL "$pid"
await_end
expect "its workers do not outlive it" eventually workers_gone
balance --source generated:packets=1000 --json
expect "and the topology can be used again" all_is_well

finish
