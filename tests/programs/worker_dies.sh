#!/bin/bash
# SPDX-License-Identifier: MIT
#
# worker_dies.sh - a worker's death hurts nobody: under every policy, of every item, at any
# moment, and the balancer's death leaves nothing behind.
#
# With CRASH_KILLS=N in the environment, N workers are killed at random moments; that is what make
# crash-workers does. Else some dozens.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

capture=$top_srcdir/captures/traffic.pcapng
kills_wanted=${CRASH_KILLS:-60}

# dying FILE RANGE: a worker program that dies of the items with these numbers.
dying() {
    printf '#!/bin/sh\nexec "%s" "$@" --die-at %s\n' "$worker" "$2" >"$1"
    chmod +x "$1"
}

# --- Random deaths -----------------------------------------------------------------------------

# kill_at_random PID SECONDS LIMIT: kills one of its children after each pause, until it ends or so
# many were killed.
kill_at_random() {
    perl -e '
        my ($parent, $pause, $limit) = @ARGV;
        my $killed = 0;
        while ($killed < $limit) {
            select(undef, undef, undef, $pause);
            open(my $list, "<", "/proc/$parent/task/$parent/children") or last;
            my $line = <$list>;
            close($list);
            my @workers = split(" ", defined $line ? $line : "");
            last if !@workers && !kill(0, $parent);
            next if !@workers;
            $killed += kill("KILL", $workers[rand @workers]);
        }' "$@"
}

under_way() {
    has_children "$pid" 4 || ended "$pid"
}

# What must be the same, however often workers died.
essence() {
    json 'my $t = $r->{totals};
        join("\n", (map { "$_ $t->{$_}" } qw(input items bytes original_bytes flows digest dropped
                          unacknowledged unsent quarantined items_of_other_flows)),
            (map { my $p = $t->{protocols}{$_}; "$_ $p->{items} $p->{bytes} $p->{flows}" }
                sort keys %{$t->{protocols}}),
            (map { "$_->{worker} $_->{items} $_->{bytes} $_->{flows} $_->{digest}" }
                @{$_[0] ? [] : $r->{workers}}),
            (map { "$_->{flow} $_->{items} $_->{bytes}" } @{$r->{top_flows}}))' "$1"
}

same_essence() {
    diff <(essence "$folder/calm") <(essence "$folder/out")
}

survived() {
    exit_status_is 0 && holds '$r->{agreed} && $r->{ordered}' && same_essence &&
        nothing_is_left
}

# kills_do_not_matter SENTENCE KILLS ARGUMENT...: a run that is not disturbed, and others in which
# workers are killed, until so many are dead.
kills_do_not_matter() {
    local what=$1 wanted=$2 total=0 runs=0 began=$SECONDS
    shift 2
    balance "$@" --work digest --json
    expect "$what: undisturbed" all_is_well
    mv "$folder/out" "$folder/calm"
    while [ "$total" -lt "$wanted" ] && [ "$runs" -lt 1000 ]; do
        balance_behind "$@" --work digest --json
        eventually under_way
        kill_at_random "$pid" 0.05 $((wanted - total))
        await_end
        runs=$((runs + 1))
        total=$((total + $(json '$r->{totals}{deaths}')))
        survived >"$folder/why" 2>&1 || break
    done
    expect "$what: the same report in $runs runs with $total workers killed, in $((SECONDS - began)) s" survived
    expect "$what: some were killed" test "$total" -gt 0
}

share=$((kills_wanted / 4))
# In a short test each run is as long as a few deaths.
size=$((kills_wanted > 1000 ? 4000000 : 600000))
kills_do_not_matter "generated packets" $share \
    --source "generated:flows=300,packets=$size,size=64,seed=5" --workers 4
kills_do_not_matter "a capture, again and again" $share \
    --source "pcap:$capture" --loop $((size / 3000)) --workers 4
kills_do_not_matter "a window of 1" $share \
    --source "generated:flows=300,packets=$((size / 8)),size=200,seed=6" --workers 4 --window 1
kills_do_not_matter "large packets in a queue" $share \
    --source "generated:flows=50,packets=$((size / 10)),size=9000,seed=7" --workers 4 \
    --on-busy queue=500
if [ "$kills_wanted" -gt 1000 ]; then
    finish
fi

balance_behind --source generated:packets=200000,size=64 --workers 4 --policy least-loaded \
    --work digest --json
eventually under_way
kill_at_random "$pid" 0.05 1000
await_end
least_loaded() {
    exit_status_is 0 && nothing_is_left &&
        holds '$r->{agreed} && $r->{ordered} && $r->{totals}{items} == 200000'
}
expect "policy least-loaded: all is done, and in order at each worker" least_loaded

# --- The policies -----------------------------------------------------------------------------------

input="--source generated:flows=100,packets=30000,seed=3 --work digest --json"
balance $input --workers 4
expect "undisturbed" all_is_well
mv "$folder/out" "$folder/calm"

# Worker 1 alone: it dies once, of the first item that it gets.
cat >"$folder/once" <<END
#!/bin/sh
[ "\$2" = 1 ] && mkdir "$folder/died" 2>/dev/null && exec "$worker" "\$@" --die-at 0-30000
exec "$worker" "\$@"
END
chmod +x "$folder/once"
said='worker 1 \(pid [0-9]+\) was killed by signal 6 \(Aborted\) with [0-9]+ items? unacknowledged'

balance $input --workers 4 --worker-program "$folder/once"
expect "respawn: the report is the same" survived
expect "respawn: it is said in a line" one_line "$folder/err" "^load_balancer: $said; another one takes over$"
expect "respawn: the report tells" \
    holds '$r->{totals}{deaths} == 1 && $r->{totals}{respawns} == 1 && $r->{totals}{resent} > 0 &&
           $r->{workers}[0]{deaths} == 1 && $r->{workers}[1]{deaths} == 0 &&
           $r->{on_worker_death} eq "respawn"'

for policy in flow least-loaded; do
    for busy in block queue=100; do
        rmdir "$folder/died"
        balance $input --workers 4 --worker-program "$folder/once" --on-worker-death shrink \
            --policy $policy --on-busy $busy
        shrunk() {
            exit_status_is 0 && holds '$r->{agreed} && $r->{ordered}' && nothing_is_left &&
                holds '$r->{totals}{items} == 30000 && $r->{workers}[0]{items} == 0' &&
                diff <(json '$r->{totals}{digest} . $r->{totals}{flows}' "$folder/calm") \
                    <(json '$r->{totals}{digest} . $r->{totals}{flows}')
        }
        expect "shrink, $policy, $busy: the others do all, and the flows stay in order" shrunk
        expect "shrink, $policy, $busy: it is said in a line" \
            one_line "$folder/err" "^load_balancer: $said; 3 others take over$"
    done
done

rmdir "$folder/died"
balance $input --workers 4 --worker-program "$folder/once" --on-worker-death stop
stopped() {
    exit_status_is 1 && one_line "$folder/err" "^load_balancer: $said: the run ends$" &&
        holds '!$r->{agreed} && $r->{totals}{input} < 30000 && $r->{totals}{respawns} == 0' &&
        holds '$r->{totals}{input} == $r->{totals}{items} + $r->{totals}{unacknowledged} +
               $r->{totals}{unsent}' && nothing_is_left
}
expect "stop: the run ends with what was done until then" stopped

dying "$folder/all" 1000-30000
balance $input --workers 3 --worker-program "$folder/all" --on-worker-death shrink
last_one() {
    exit_status_is 1 && holds '!$r->{agreed}' && nothing_is_left &&
        grep -q 'it was the last one: the run ends' "$folder/err"
}
expect "shrink: without a worker the run ends" last_one

rmdir "$folder/died"
balance --source generated:flows=100,packets=30000,seed=3 --worker-program "$folder/once"
expect "the tables tell of deaths" \
    grep -Eqx '1 worker died, 1 took over; [0-9,]+ items? (was|were) sent again' "$folder/out"

# --- Items that kill ------------------------------------------------------------------------------------

dying "$folder/of_one" 7000
for window in 1 64 1000; do
    for policy in respawn shrink; do
        balance $input --workers 5 --window $window --worker-program "$folder/of_one" \
            --on-worker-death $policy --quarantine "$folder/aside.pcap"
        set_aside() {
            exit_status_is 1 && nothing_is_left &&
                holds '$r->{totals}{quarantined} == 1 && $r->{totals}{items} == 29999 &&
                       $r->{totals}{input} == 30000 && $r->{totals}{deaths} == 3 &&
                       $r->{totals}{unacknowledged} == 0 && $r->{totals}{unsent} == 0 &&
                       $r->{ordered}' &&
                grep -Eq '^load_balancer: item 7000 \(.*\) is set aside: workers die of it$' \
                    "$folder/err"
        }
        expect "$policy, window $window: an item that kills is set aside after three" set_aside
        expect "$policy, window $window: it is in the quarantine" \
            test "$(tshark -r "$folder/aside.pcap" 2>/dev/null | wc -l)" -eq 1
    done
done
balance $input --workers 4 --quarantine "$folder/aside.pcap"
expect "nothing to set aside: all is well" all_is_well
expect "nothing to set aside: a capture without packets" \
    test "$(stat -c %s "$folder/aside.pcap")" -eq 24

balance $input --workers 2 --worker-program "$folder/all"
in_vain() {
    exit_status_is 1 && holds '!$r->{agreed} && $r->{totals}{unacknowledged} > 0' &&
        grep -Eq 'that was the 20th time in a row that worker [12] ended without having done an item: the run ends$' \
            "$folder/err" && nothing_is_left
}
expect "workers that die of everything end the run" in_vain

cat >"$folder/first_only" <<END
#!/bin/sh
[ "\$2" = 1 ] && ! mkdir "$folder/started" 2>/dev/null && exit 3
[ "\$2" = 1 ] && exec "$worker" "\$@" --die-at 0-30000
exec "$worker" "\$@"
END
chmod +x "$folder/first_only"
balance $input --workers 2 --worker-program "$folder/first_only"
never_again() {
    exit_status_is 1 && nothing_is_left &&
        grep -Eq 'worker 1 \(pid [0-9]+\) ended with exit status 3 before it was ready; that was the 20th time' \
            "$folder/err"
}
expect "a worker that cannot be started again ends the run" never_again

# --- Signals while somebody is to take over ----------------------------------------------------------------

cat >"$folder/hangs" <<END
#!/bin/sh
[ "\$2" = 1 ] && ! mkdir "$folder/hung" 2>/dev/null && exec sleep 1000
[ "\$2" = 1 ] && exec "$worker" "\$@" --die-at 0
exec "$worker" "\$@"
END
sed "s/--die-at 0/--die-at 0-1000000/; s/hung/hung2/" "$folder/hangs" >"$folder/hangs2"
chmod +x "$folder/hangs" "$folder/hangs2"
takes_over() {
    grep -q 'another one takes over' "$folder/err"
}
one_end() {
    exit_status_is 1 && nothing_is_left && grep -q 'was not ready in topology' "$folder/err"
}
balance_behind --source generated:packets=0 --workers 2 --worker-program "$folder/hangs2"
expect "a successor that hangs: a worker has died" eventually takes_over
kill -INT "$pid"
await_end
expect "a successor that hangs: a signal ends the run" one_end
rmdir "$folder/hung2"
balance_behind --source generated:packets=0 --workers 2 --worker-program "$folder/hangs2"
expect "again: a worker has died" eventually takes_over
workers=$(children "$pid")
kill -INT "$pid"
kill -TERM "$pid"
await_end
expect "a successor that hangs: the second signal ends it at once" exit_status_is 1
workers_gone() {
    local process
    for process in $workers; do
        ended "$process" || { echo "$process still runs"; return 1; }
    done
}
expect "nobody is left" eventually workers_gone

# --- The balancer dies ----------------------------------------------------------------------------------------

balance_behind --source generated:packets=0 --workers 3
expect "the balancer is to die: under way" await_work "$pid" 3
workers=$(children "$pid")
kill -KILL "$(child "$pid" 1)"
kill -KILL "$pid"
await_end
expect "its workers end" eventually workers_gone
expect "nothing is left" eventually nothing_is_left

# Each of the two workers has three items, and is at the first: it finishes all of them.
balance_behind --source generated:packets=0 --workers 2 --window 3 --policy least-loaded \
    --work delay=1000000
expect "the balancer is to die while workers work: under way" eventually has_children "$pid" 2
workers=$(children "$pid")
sleeps() {
    [ "$(awk '{ print $1 }' "/proc/$1/syscall")" = 230 ] # clock_nanosleep on x86-64
}
both_sleep() {
    sleeps "$(child "$pid" 1)" && sleeps "$(child "$pid" 2)"
}
if [ "$(id -u)" -eq 0 ] && [ "$(uname -m)" = x86_64 ] && [ -r "/proc/$pid/syscall" ]; then
    expect "both have begun" eventually both_sleep
    began=$(date +%s%N)
    kill -KILL "$pid"
    await_end
    expect "workers end when the balancer is gone" eventually workers_gone
    took=$(($(date +%s%N) - began))
    expect "but first they finish what they have ($((took / 1000000)) ms)" \
        test "$took" -ge 1900000000
else
    skip "workers finish what they have" "what they do cannot be seen here"
    kill -KILL "$pid"
    await_end
    eventually workers_gone
fi
expect "then nothing is left" eventually nothing_is_left

finish
