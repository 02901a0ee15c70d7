#!/bin/bash
# SPDX-License-Identifier: MIT
#
# distributor_dies.sh - with a distributor, modes burst and single, a worker's death hurts nobody:
# what it had goes to others, an item that kills is found, and workers that always die end the run.
# What random deaths do is workers_killed.sh's to show; mode window has worker_dies.sh.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

input="--source generated:flows=100,packets=30000,seed=3 --work digest --json"
endless="--source generated:packets=0 --work digest --json"

# worker_program FILE: the script on standard input, which knows $worker.
worker_program() {
    { printf '#!/bin/sh\nworker=%s folder=%s\n' "'$worker'" "'$folder'"; cat; } >"$1"
    chmod +x "$1"
}

survived() {
    exit_status_is 0 && holds '$r->{agreed} && $r->{ordered}' && same_outcome && nothing_is_left
}

balance $input --workers 4 --mode window
mv "$folder/out" "$folder/calm"

# --- One death -----------------------------------------------------------------------------

worker_program "$folder/once" <<'END'
[ "$2" = 1 ] && mkdir "$folder/died" 2>/dev/null && exec "$worker" "$@" --die-at 0-30000
exec "$worker" "$@"
END
said='worker 1 \(pid [0-9]+\) was killed by signal 6 \(Aborted\)'

for mode in burst single; do
    balance $input --workers 4 --mode $mode --worker-program "$folder/once"
    expect "$mode, respawn: the report is the same" survived
    expect "$mode, respawn: it is said in a line" \
        one_line "$folder/err" "^load_balancer: $said; another one takes over$"
    expect "$mode, respawn: the report tells" \
        holds '$r->{totals}{deaths} == 1 && $r->{totals}{resent} > 0 &&
               $r->{workers}[0]{deaths} == 1 && $r->{workers}[1]{deaths} == 0'
    rmdir "$folder/died"

    balance $input --workers 4 --mode $mode --worker-program "$folder/once" \
        --on-worker-death shrink
    expect "$mode, shrink: the report is the same" survived
    expect "$mode, shrink: it is said in a line" \
        one_line "$folder/err" "^load_balancer: $said; 3 others take over$"
    expect "$mode, shrink: nobody comes" \
        holds '$r->{totals}{respawns} == 0 && $r->{workers}[0]{items} == 0'
    rmdir "$folder/died"
done
balance $input --workers 4 --policy least-loaded --mode burst --worker-program "$folder/once"
expect "least-loaded: the report is the same" survived
rmdir "$folder/died"

worker_program "$folder/of_one" <<<'exec "$worker" "$@" --die-at 7000'
for mode in burst single; do
    balance $input --workers 4 --mode $mode --worker-program "$folder/of_one" \
        --on-worker-death stop
    stopped() {
        exit_status_is 1 && nothing_is_left && one_line "$folder/err" \
            'worker [1-4] \(pid [0-9]+\) was killed by signal 6 \(Aborted\): the run ends$' &&
            holds '!$r->{agreed} && $r->{totals}{input} < 30000 && $r->{totals}{deaths} == 1 &&
                   $r->{totals}{quarantined} == 0 && $r->{totals}{unacknowledged} > 0 &&
                   $r->{totals}{input} == $r->{totals}{items} + $r->{totals}{unacknowledged} +
                   $r->{totals}{unsent}'
    }
    expect "$mode, stop: one death, and what was done until then is reported" stopped
done

# --- Items that kill -------------------------------------------------------------------------

for mode in burst single; do
    for policy in respawn shrink; do
        for window in 1 256; do
            balance $input --workers 5 --mode $mode --window $window --on-worker-death $policy \
                --worker-program "$folder/of_one" --quarantine "$folder/aside.pcap" \
                --sink "pcap:$folder/sink.pcap"
            set_aside() {
                exit_status_is 1 && nothing_is_left &&
                    holds '$r->{totals}{quarantined} == 1 && $r->{totals}{items} == 29999 &&
                           $r->{totals}{input} == 30000 && $r->{totals}{deaths} == 3 &&
                           $r->{totals}{unacknowledged} == 0 && $r->{totals}{unsent} == 0 &&
                           $r->{ordered}' &&
                    grep -Eq '^load_balancer: item 7000 \(.*\) is set aside: workers die of it$' \
                        "$folder/err"
            }
            expect "$mode, $policy, window $window: it is set aside after three" set_aside
            # 24 bytes of header, then 16 and the 64 of each packet.
            expect "$mode, $policy, window $window: the quarantine has it, the sink all others" \
                test "$(stat -c %s "$folder/aside.pcap")" -eq $((24 + 80)) -a \
                "$(stat -c %s "$folder/sink.pcap")" -eq $((24 + 80 * 29999))
        done
    done
done
# That very packet: without it, the sink and the quarantine are what came in.
balance $input --sink "pcap:$folder/all.pcap"
one_and_all_others() {
    cat "$folder/sink.pcap" <(tail -c 80 "$folder/aside.pcap") >"$folder/both.pcap"
    balance --source "pcap:$folder/both.pcap" --policy least-loaded --work digest --json
    holds "\$r->{totals}{items} == 30000 &&
           \$r->{totals}{digest} eq '$(json '$r->{totals}{digest}' "$folder/calm")'"
}
expect "quarantine and sink together are what came in" one_and_all_others

# --- Deaths without end ------------------------------------------------------------------------

worker_program "$folder/all" <<<'exec "$worker" "$@" --die-at 1000-30000'
balance $input --workers 3 --mode burst --worker-program "$folder/all" --on-worker-death shrink
last_one() {
    exit_status_is 1 && holds '!$r->{agreed}' && nothing_is_left &&
        grep -q 'it was the last one: the run ends' "$folder/err"
}
expect "shrink: without a worker the run ends" last_one

worker_program "$folder/never" <<'END'
[ "$2" = 1 ] && ! mkdir "$folder/started" 2>/dev/null && exit 3
[ "$2" = 1 ] && exec "$worker" "$@" --die-at 0-1000000
exec "$worker" "$@"
END
began=$SECONDS
balance $endless --workers 2 --mode burst --worker-program "$folder/never"
never_again() {
    exit_status_is 1 && nothing_is_left &&
        grep -Eq 'ended with exit status 3 before it was ready; worker 1 has ended 20 times in a row' \
            "$folder/err"
}
expect "a worker that cannot be started again ends the run" never_again
expect "and soon" test $((SECONDS - began)) -lt 20

worker_program "$folder/exits" <<<'exit 3'
balance $input --workers 4 --mode burst --worker-program "$folder/exits"
fails() {
    exit_status_is 1 && nothing_is_left && one_line "$folder/err" \
        'worker [1-4] \(pid [0-9]+\) ended with exit status 3 before it was ready$'
}
expect "workers that fail by themselves when the run begins: no run" fails
worker_program "$folder/stranger" <<<'exec sleep 1000'
balance_behind $input --workers 2 --mode burst --worker-program "$folder/stranger"
expect "a program that never joins: it is waited for" eventually has_children "$pid" 2
kill -INT "$pid"
await_end
not_ready() {
    exit_status_is 1 && nothing_is_left &&
        one_line "$folder/err" 'was not ready in topology .* after the signal to stop$'
}
expect "a program that never joins: a signal ends that" not_ready

worker_program "$folder/hangs" <<'END'
mkdir "$folder/hung" 2>/dev/null && exec "$worker" "$@" --die-at 0-1000000
exec sleep 1000
END
balance_behind $endless --workers 1 --mode burst --worker-program "$folder/hangs"
hangs() {
    grep -q 'another one takes over' "$folder/err" && has_children "$pid" 1
}
expect "a successor that hangs: one has died" eventually hangs
began=$SECONDS
kill -INT "$pid"
await_end
expect "a successor that hangs: a signal ends the run" test "$status" -eq 1
expect "a successor that hangs: it gets two seconds" test $((SECONDS - began)) -lt 10
expect "a successor that hangs: what was out is not forgotten" \
    holds '$r->{totals}{input} == $r->{totals}{unsent} && $r->{totals}{input} > 0'

# --- Killed from outside -----------------------------------------------------------------------

under_way() {
    await_work "$pid" "$1"
}

takes_over() {
    [ "$(grep -c 'another one takes over' "$folder/err")" -ge "$1" ]
}

replaced() {
    exit_status_is 0 && nothing_is_left &&
        holds '$r->{agreed} && $r->{ordered} && $r->{totals}{unacknowledged} == 0 &&
               $r->{totals}{quarantined} == 0 && $r->{totals}{unsent} == 0' &&
        holds "\$r->{totals}{deaths} == $1"
}

# Six times, at an item that takes so long that it is the same one each time.
for mode in burst single; do
    balance_behind --source generated:packets=100 --work delay=250000 --workers 1 --window 1 \
        --mode $mode --json
    expect "$mode, killed at its item: under way" eventually has_children "$pid" 1
    for ((kills = 1; kills <= 6; kills++)); do
        sleeps() {
            grep -q nanosleep "/proc/$(child "$pid" 1)/wchan"
        }
        [ "$(id -u)" -ne 0 ] || eventually sleeps 2>"$folder/output"
        kill -KILL "$(child "$pid" 1)"
        eventually takes_over $kills && eventually has_children "$pid" 1
    done
    kill -INT "$pid"
    kill -TERM "$pid"
    await_end
    expect "$mode, killed at its item: the item is not blamed" \
        test "$(grep -c 'set aside' "$folder/err")" -eq 0 -a "$kills" -eq 7
done

balance_behind $endless --workers 3 --mode burst
expect "two at once: under way" under_way 3
kill -KILL $(children "$pid" | head -2)
both_are_back() {
    takes_over 2 && has_children "$pid" 3
}
expect "two at once: both are replaced" eventually both_are_back
kill -INT "$pid"
await_end
expect "two at once: all is done" replaced 2

worker_program "$folder/slow" <<'END'
[ "$2" = 1 ] && mkdir "$folder/waits" 2>/dev/null && exec sleep 1000
exec "$worker" "$@"
END
balance_behind $input --workers 4 --mode burst --worker-program "$folder/slow"
sleeps_long() {
    local process name
    for process in $(children "$pid"); do
        sleeper=$process
        read -r name <"/proc/$process/comm" && [ "$name" = sleep ] && return 0
    done
    return 1
}
expect "killed before it joined: one does not begin" eventually sleeps_long
kill -KILL "$sleeper"
await_end
expect "killed before it joined: another one does all" survived

# --- One that is stopped -------------------------------------------------------------------------

# Its items wait for it, and those of their flows; all others go on.
for mode in burst single; do
    balance_behind --source generated:packets=0,flows=100000 --workers 2 --mode $mode --json \
        --window 8
    expect "$mode, a stopped one: under way" under_way 2
    stopped_one=$(child "$pid" 1) other=$(child "$pid" 2)
    kill -STOP "$stopped_one"
    is_stopped() {
        [ "$(state "$stopped_one")" = T ]
    }
    expect "$mode, a stopped one: it stands" eventually is_stopped
    used=$(ticks "$other")
    expect "$mode, a stopped one: the other goes on" eventually has_worked "$other" $((used + 5))
    kill -CONT "$stopped_one"
    used=$(ticks "$stopped_one")
    expect "$mode, a stopped one: it goes on when it may" \
        eventually has_worked "$stopped_one" $((used + 5))
    kill -INT "$pid"
    await_end
    expect "$mode, a stopped one: all is well" all_is_well
done

finish
