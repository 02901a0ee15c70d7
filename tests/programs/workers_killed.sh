#!/bin/bash
# SPDX-License-Identifier: MIT
#
# workers_killed.sh - workers are killed at random moments, and the report is that of an
# undisturbed run over the same packets.
#
# With CRASH_KILLS=N in the environment N workers are killed, with a line that tells how far it is
# and a table at the end; that is what make crash-workers does. Else some dozens.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

capture=$top_srcdir/captures/traffic.pcapng
kills_wanted=${CRASH_KILLS:-48}
long=$((${CRASH_KILLS:-0} > 0))
kills_of_run=$((long ? 250 : 12))
generated=$((long ? 1500000 : 300000))

# Without the script by which libtool runs a program in a build folder: it is the program that is to
# be killed.
program=$worker
if [ -x "$top_builddir/worker/.libs/worker" ]; then
    program=$top_builddir/worker/.libs/worker
    export LD_LIBRARY_PATH=$top_builddir/mcapi/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi

# --- Runs ---------------------------------------------------------------------------------

# killing OPTION... -- ARGUMENT...: a run in which workers are killed; what it read in $fed.
killing() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    perl "$top_srcdir/tests/programs/kill_workers.pl" "${options[@]}" "$folder/out" "$folder/err" \
        -- "$load_balancer" "$@" --worker-program "$program" --work digest --json >"$folder/killed"
    status=$?
    read -r _ fed <"$folder/killed"
}

equal() {
    exit_status_is 0 && holds '$r->{agreed} && $r->{ordered} && $r->{totals}{input} > 0' &&
        same_essence && nothing_is_left && same_sink
}

# What a run wrote to its sink, each flow in order.
sink=$folder/sink.pcap

same_sink() {
    [ ! -e "$folder/sink_disturbed.pcap" ] ||
        perl "$top_srcdir/tests/programs/same_packets.pl" "$folder/sink_calm.pcap" \
            "$folder/sink_disturbed.pcap"
}

# keep_sink NAME: until the next run of that name; nothing if there is no sink.
keep_sink() {
    [ ! -e "$sink" ] || mv "$sink" "$folder/sink_$1.pcap"
}

count() {
    json "\$r->{totals}{$1}"
}

# --- Progress -----------------------------------------------------------------------------

began=$SECONDS
all_kills=0 all_runs=0 all_equal=0

show_progress() {
    local passed=$((SECONDS - began)) left end='\n'
    [ "$long" -eq 1 ] || return 0
    left=$((all_kills > 0 ? passed * (kills_wanted - all_kills) / all_kills : 0))
    [ "$left" -gt 0 ] || left=0
    [ ! -t 2 ] || end='\033[K'
    [ ! -t 2 ] || printf '\r' >&2
    printf "%'d of %'d kills   %d runs, %d equal   %d kills/s   %d:%02d left$end" "$all_kills" \
        "$kills_wanted" "$all_runs" "$all_equal" $((all_kills / (passed > 0 ? passed : 1))) \
        $((left / 60)) $((left % 60)) >&2
}

clear_progress() {
    if [ "$long" -eq 1 ] && [ -t 2 ]; then
        printf '\r\033[K' >&2
    fi
}

table=()

# note_run SENTENCE KILLS RUNS EQUAL RESENT SECONDS: a line of the table at the end.
note_run() {
    table+=("$(printf '%-28s %7d %5d %6d %10d %6d s' "$@")")
}

# same_report SENTENCE KILLS OPTION... -- ARGUMENT...: runs until so many were killed, each held
# against one over the same packets in which nobody is.
same_report() {
    local what=$1 wanted=$2 kills=0 runs=0 good=0 resent=0 took=$SECONDS calm_of='' failed=''
    local options=()
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    while [ "$kills" -lt "$wanted" ] && [ "$runs" -lt $((wanted + 10)) ]; do
        killing "${options[@]}" --kills $((wanted - kills < kills_of_run ? wanted - kills
            : kills_of_run)) --late 2 --pause $((20 << (runs % 3))) "$@"
        mv "$folder/out" "$folder/disturbed"
        mv "$folder/err" "$folder/said"
        keep_sink disturbed
        disturbed=$status disturbed_fed=$fed
        if [ "$calm_of" != "$fed" ]; then
            killing "${options[@]}" ${fed:+--records "$fed"} "$@"
            mv "$folder/out" "$folder/calm"
            keep_sink calm
            calm_of=$fed
        fi
        mv "$folder/disturbed" "$folder/out"
        mv "$folder/said" "$folder/err"
        status=$disturbed
        runs=$((runs + 1)) all_runs=$((all_runs + 1))
        if ! equal >"$folder/why" 2>&1; then
            failed="$folder/why"
            break
        fi
        good=$((good + 1)) all_equal=$((all_equal + 1))
        kills=$((kills + $(count deaths))) all_kills=$((all_kills + $(count deaths)))
        resent=$((resent + $(count resent)))
        show_progress
    done
    took=$((SECONDS - took))
    rm -f "$folder"/sink_*.pcap
    clear_progress
    note_run "$what" "$kills" "$runs" "$good" "$resent" "$took"
    expect "$what: $kills workers killed, $good of $runs reports equal" \
        test -z "$failed" -a "$kills" -gt 0
    [ -z "$failed" ] || sed 's/^/# /' "$failed"
}

# --- Whom and when ------------------------------------------------------------------------

# What was taken before the signal cannot be told beforehand, so nothing is compared: all that came
# must be done.
done_after_signal() {
    local what="a signal to stop" wanted=$1 kills=0 runs=0 resent=0 took=$SECONDS failed=''
    shift
    while [ "$kills" -lt "$wanted" ] && [ "$runs" -lt $((wanted + 10)) ]; do
        killing --kills $((1 + RANDOM % 5)) --stop --late 5 --pause $((20 << (runs % 3))) -- "$@"
        runs=$((runs + 1)) all_runs=$((all_runs + 1))
        if ! all_done >"$folder/why" 2>&1; then
            failed="$folder/why"
            break
        fi
        all_equal=$((all_equal + 1))
        kills=$((kills + $(count deaths))) all_kills=$((all_kills + $(count deaths)))
        resent=$((resent + $(count resent)))
        show_progress
    done
    clear_progress
    note_run "$what" "$kills" "$runs" "$((runs - (${#failed} > 0)))" "$resent" $((SECONDS - took))
    expect "$what: $kills workers killed in $runs runs, before and after it, and all is done" \
        test -z "$failed" -a "$kills" -gt 0
    [ -z "$failed" ] || sed 's/^/# /' "$failed"
}

all_done() {
    exit_status_is 0 && nothing_is_left && holds '$r->{agreed} && $r->{ordered}' &&
        holds '$r->{totals}{unacknowledged} == 0 && $r->{totals}{unsent} == 0 &&
               $r->{totals}{input} == $r->{totals}{items}'
}

share=$((kills_wanted / 13))
few=$((long ? share / 4 : share))
same_report "a capture" $((kills_wanted - 11 * share - few)) --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4
same_report "a window of 1" $share --feed "$capture" --most 3000 -- \
    --source pcap:- --workers 4 --window 1
same_report "a queue" $share --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4 --on-busy queue=500
same_report "least-loaded" $share --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4 --policy least-loaded
same_report "one worker" $share --workers 1 --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 1
same_report "generated packets" $share -- \
    --source "generated:flows=3000,packets=$generated,size=64,seed=5" --workers 4
same_report "a distributor, bursts" $share --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4 --mode burst
same_report "a distributor, single" $share --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4 --mode single
same_report "least-loaded, bursts" $share --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 4 --mode burst --policy least-loaded
same_report "as many as needed" $share --workers 2 --feed "$capture" --most 40000 -- \
    --source pcap:- --workers 2..4 --window 8
same_report "a sink" $share --feed "$capture" --most 5000 -- \
    --source pcap:- --workers 4 --sink "pcap:$sink"
done_after_signal $share --source generated:packets=0,size=64 --workers 4
# Short runs: most deaths are at their beginnings and ends.
kills_of_run=2
same_report "short runs" $few --feed "$capture" -- --source pcap:- --workers 4

if [ "$long" -eq 1 ]; then
    printf '%-28s %7s %5s %6s %10s %8s\n' '' kills runs equal 'sent again' time >&2
    printf '%s\n' "${table[@]}" >&2
    printf "%'d kills, %d runs, %d equal reports, in %d:%02d\n" "$all_kills" "$all_runs" \
        "$all_equal" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60)) >&2
fi
finish
