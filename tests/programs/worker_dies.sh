#!/bin/bash
# SPDX-License-Identifier: MIT
#
# worker_dies.sh - a worker's death hurts nobody, under every policy; an item that kills is found;
# workers that always die end the run. What random deaths do is workers_killed.sh's to show, and
# what the balancer's own does balancer_dies.sh's.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

# worker_program FILE: the script on standard input, which knows $worker.
worker_program() {
    { printf '#!/bin/sh\nworker=%s folder=%s\n' "'$worker'" "'$folder'"; cat; } >"$1"
    chmod +x "$1"
}

# dying FILE RANGE: workers that die of the items with these numbers.
dying() {
    worker_program "$1" <<<"exec \"\$worker\" \"\$@\" --die-at $2"
}

# --- Deaths without end ------------------------------------------------------------------------
#
# These take seconds, because the pauses before the next start grow; so they run beside the rest.

# apart NAME ARGUMENT...: a run with a topology and a runtime folder of its own; `ends NAME` waits
# for it and leaves what `balance` does.
apart() {
    local name=$1
    shift
    mkdir -m 700 "$folder/apart-$name"
    MCAPI_TOPOLOGY=$MCAPI_TOPOLOGY-$name MCAPI_RUNTIME_DIR=$folder/apart-$name \
        "$load_balancer" "$@" >"$folder/$name.out" 2>"$folder/$name.err" </dev/null &
    eval "pid_of_$name=$!"
    background="$background $!"
}

ends() {
    eval "pid=\$pid_of_$1"
    await_end
    mv "$folder/$1.out" "$folder/out"
    mv "$folder/$1.err" "$folder/err"
}

of_the_workers() {
    [ -z "$(find "$folder/apart-$1" -type f)" ] || { echo "left:"; ls "$folder/apart-$1"; return 1; }
}

input="--source generated:flows=100,packets=30000,seed=3 --work digest --json"
dying "$folder/all" 1000-30000
apart all $input --workers 2 --worker-program "$folder/all"

# Worker 1 dies of anything, and is never ready again.
worker_program "$folder/first_only" <<'END'
[ "$2" = 1 ] && ! mkdir "$folder/started" 2>/dev/null && exit 3
[ "$2" = 1 ] && exec "$worker" "$@" --die-at 0-30000
exec "$worker" "$@"
END
apart never $input --workers 2 --worker-program "$folder/first_only"

# The worker dies of anything, and then its program is gone.
worker_program "$folder/vanishes" <<<'rm "$0"; exec "$worker" "$@" --die-at 0-30000'
apart vanished $input --workers 1 --worker-program "$folder/vanishes"

# One packet, and nothing more to do. The first worker dies of the packet; all others of a timer,
# which goes on after exec.
mkfifo "$folder/silence"
exec 3<>"$folder/silence"
perl -e 'print pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1),
    pack("VVVV", 1700000000, 0, 64, 64), "x" x 64' >&3
worker_program "$folder/restless" <<'END'
mkdir "$folder/first" 2>/dev/null && exec "$worker" "$@" --die-at 0
exec perl -MTime::HiRes=ualarm -e 'ualarm(300000); exec @ARGV' "$worker" "$@"
END
apart idle --source "pcap:$folder/silence" --workers 1 --worker-program "$folder/restless" --json

worker_program "$folder/killed" <<<'kill -KILL $$'
apart killed $input --workers 1 --worker-program "$folder/killed"

# --- The policies -------------------------------------------------------------------------------

survived() {
    exit_status_is 0 && holds '$r->{agreed} && $r->{ordered}' && same_essence &&
        nothing_is_left
}

balance $input --workers 4
expect "undisturbed" all_is_well
mv "$folder/out" "$folder/calm"

# Worker 1 alone: it dies once, of the first item that it gets.
worker_program "$folder/once" <<'END'
[ "$2" = 1 ] && mkdir "$folder/died" 2>/dev/null && exec "$worker" "$@" --die-at 0-30000
exec "$worker" "$@"
END
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
            test "$(stat -c %s "$folder/aside.pcap")" -eq $((24 + 16 + 64))
    done
done
balance $input --workers 4 --quarantine "$folder/aside.pcap"
expect "nothing to set aside: all is well" all_is_well
expect "nothing to set aside: a capture without packets" \
    test "$(stat -c %s "$folder/aside.pcap")" -eq 24

balance $input --workers 4 --worker-program "$folder/of_one" --quarantine /dev/full
full() {
    exit_status_is 1 && nothing_is_left &&
        holds '$r->{totals}{quarantined} == 1 && $r->{totals}{items} == 29999' &&
        grep -q "cannot write to --quarantine '/dev/full': No space left on device" "$folder/err"
}
expect "a quarantine on a full disk: that is said, and all else is done" full

# Meanwhile, the first signal when others are in the pause before their next start.
in_the_pauses() {
    [ "$(grep -c 'another one takes over' "$1")" -ge 6 ]
}
apart paused --source generated:packets=0 --work digest --json --workers 2 \
    --worker-program "$folder/all"
expect "a signal in a pause: workers have died" eventually in_the_pauses "$folder/paused.err"
kill -INT "$pid_of_paused"

# --- Several, and early, and late ---------------------------------------------------------------

endless="--source generated:packets=0 --work digest --json"

under_way() {
    await_work "$pid" "$1"
}

replaced() {
    exit_status_is 0 && nothing_is_left &&
        holds '$r->{agreed} && $r->{ordered} && $r->{totals}{unacknowledged} == 0' &&
        holds "\$r->{totals}{deaths} == $1 && \$r->{totals}{respawns} == $2"
}
balance_behind $endless --workers 3
expect "two at once: under way" under_way 3
kill -KILL $(children "$pid" | head -2)
said_twice() {
    [ "$(grep -c 'another one takes over' "$folder/err")" -eq 2 ] && has_children "$pid" 3
}
expect "two at once: both are replaced" eventually said_twice
kill -INT "$pid"
await_end
expect "two at once: all is done" replaced 2 2

balance_behind $endless --workers 3 --on-worker-death shrink
expect "shrink, two at once: under way" under_way 3
kill -KILL $(children "$pid" | head -2)
takes_all() {
    grep -q '1 other takes over' "$folder/err"
}
expect "shrink, two at once: the last one takes over" eventually takes_all
kill -INT "$pid"
await_end
expect "shrink, two at once: all is done" replaced 2 0

balance_behind $endless --workers 3 --on-worker-death shrink
expect "shrink, all at once: under way" under_way 3
kill -KILL $(children "$pid")
await_end
all_gone() {
    exit_status_is 1 && nothing_is_left && holds '!$r->{agreed} && $r->{totals}{deaths} == 3' &&
        grep -q 'it was the last one: the run ends' "$folder/err" &&
        holds '$r->{totals}{input} == $r->{totals}{items} + $r->{totals}{unacknowledged} +
               $r->{totals}{unsent}'
}
expect "shrink, all at once: the run ends" all_gone

# One that is stopped lives: it is waited for. Killed, it is replaced.
balance_behind $endless --workers 2
expect "a stopped one: under way" under_way 2
stopped_one=$(child "$pid" 1)
kill -STOP "$stopped_one"
waits() {
    [ "$(state "$pid")" = S ] && [ "$(state "$stopped_one")" = T ]
}
expect "a stopped one: it is waited for" eventually waits
kill -KILL "$stopped_one"
has_died() {
    grep -q 'another one takes over' "$folder/err" && has_children "$pid" 2
}
expect "a stopped one: killed, it is replaced" eventually has_died
kill -INT "$pid"
await_end
expect "a stopped one: all is done" replaced 1 1

worker_program "$folder/exits" <<'END'
[ "$2" = 1 ] && mkdir "$folder/left" 2>/dev/null && exec "$worker" "$@" --exit-at 0-30000
exec "$worker" "$@"
END
balance $input --workers 4 --worker-program "$folder/exits"
expect "one that ends by itself as if all were well: the report is the same" survived
expect "one that ends by itself: it is said" one_line "$folder/err" \
    'worker 1 \(pid [0-9]+\) ended with exit status 0 with [0-9]+ items? unacknowledged; another one takes over$'

# Killed before it is ready, by somebody who finds it in time.
worker_program "$folder/slow" <<'END'
[ "$2" = 1 ] && mkdir "$folder/waits" 2>/dev/null && exec sleep 1000
exec "$worker" "$@"
END
for policy in respawn shrink stop; do
    rm -rf "$folder/waits"
    balance_behind $input --workers 4 --worker-program "$folder/slow" --on-worker-death $policy
    sleeps_long() {
        local process name
        for process in $(children "$pid"); do
            sleeper=$process
            read -r name <"/proc/$process/comm" && [ "$name" = sleep ] && return 0
        done
        return 1
    }
    expect "before it is ready, $policy: one does not begin" eventually sleeps_long
    kill -KILL "$sleeper"
    await_end
    case $policy in
    respawn) expect "before it is ready, respawn: another one does all" survived ;;
    shrink) expect "before it is ready, shrink: the others do all" replaced 1 0 ;;
    stop)
        not_begun() {
            exit_status_is 1 && nothing_is_left && one_line "$folder/err" 'ready: the run ends$'
        }
        expect "before it is ready, stop: the run ends" not_begun
        ;;
    esac
done

# --- Signals while somebody is to take over ----------------------------------------------------

worker_program "$folder/hangs" <<'END'
[ "$2" = 1 ] && ! mkdir "$folder/hung" 2>/dev/null && exec sleep 1000
[ "$2" = 1 ] && exec "$worker" "$@" --die-at 0-1000000
exec "$worker" "$@"
END
takes_over() {
    grep -q 'another one takes over' "$folder/err"
}
one_end() {
    exit_status_is 1 && nothing_is_left && grep -q 'was not ready in topology' "$folder/err"
}
balance_behind --source generated:packets=0 --workers 2 --worker-program "$folder/hangs"
expect "a successor that hangs: a worker has died" eventually takes_over
kill -INT "$pid"
await_end
expect "a successor that hangs: a signal ends the run" one_end
rmdir "$folder/hung"
balance_behind --source generated:packets=0 --workers 2 --worker-program "$folder/hangs"
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

# In the pause before the next start: the first signal lets the others finish, the second does not.
balance_behind --source generated:packets=0 --workers 2 --worker-program "$folder/all"
expect "two signals in a pause: workers have died" eventually in_the_pauses "$folder/err"
kill -INT "$pid"
kill -TERM "$pid"
await_end
broken_off() {
    exit_status_is 1 && nothing_is_left && grep -q 'stopped at once by a second signal' "$folder/err"
}
expect "two signals in a pause: the run ends at once" broken_off

# --- Deaths without end, continued --------------------------------------------------------------

in_vain() {
    exit_status_is 1 && of_the_workers "$1" &&
        holds '!$r->{agreed} && $r->{totals}{unacknowledged} > 0' &&
        grep -Eq '; worker [12] has ended 20 times in a row without having done an item: the run ends$' \
            "$folder/err"
}
ends all
expect "workers that die of everything end the run" in_vain all
ends paused
expect "a signal in a pause changes nothing about that" in_vain paused

never_again() {
    exit_status_is 1 && of_the_workers never &&
        grep -Eq 'worker 1 \(pid [0-9]+\) ended with exit status 3 before it was ready; worker 1 has ended 20 times in a row' \
            "$folder/err"
}
ends never
expect "a worker that cannot be started again ends the run" never_again

vanished() {
    exit_status_is 1 && of_the_workers vanished && [ "$(wc -l <"$folder/err")" -eq 3 ] &&
        grep -Eq "cannot start the worker program '.*': No such file or directory; worker 1 is tried again$" \
            "$folder/err" && grep -Eq 'No such file or directory; .*: the run ends$' "$folder/err" &&
        holds '$r->{totals}{deaths} == 1'
}
ends vanished
expect "a worker program that is gone ends the run, in three lines" vanished

idle() {
    exit_status_is 1 && of_the_workers idle &&
        grep -Eq 'killed by signal 14 .*; worker 1 has ended 20 times in a row' "$folder/err"
}
ends idle
exec 3>&-
expect "workers that crash without having anything to do end the run" idle

killed_before() {
    exit_status_is 1 && of_the_workers killed && [ ! -s "$folder/out" ] &&
        grep -Eq 'killed by signal 9 \(Killed\) before it was ready; worker 1 has ended 20 times in a row' \
            "$folder/err"
}
ends killed
expect "workers that are killed before they are ready, again and again: no run" killed_before

finish
