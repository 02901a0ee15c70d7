# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh - what the tests of the programs share: a topology and a runtime folder of one's own,
# and looks at processes. Sourced with bash; needs top_srcdir and top_builddir. With it comes
# what all shell tests share (support/tap.sh).
#
#   balance ARGUMENT...            load_balancer; leaves $status, $folder/out and $folder/err

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?run me with make check}"

load_balancer=$top_builddir/load_balancer/load_balancer
worker=$top_builddir/worker/worker
. "$top_srcdir/tests/support/tap.sh"
export MCAPI_TOPOLOGY=test-$$ MCAPI_RUNTIME_DIR=$folder/runtime
mkdir -m 700 "$MCAPI_RUNTIME_DIR"
shared_memory_before=$(ls /dev/shm 2>/dev/null)
background=''
status=0
trap clean_up EXIT

clean_up() {
    for pid in $background; do
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$folder"
}

# --- Running ------------------------------------------------------------------------

balance() {
    "$load_balancer" "$@" >"$folder/out" 2>"$folder/err" </dev/null
    status=$?
}

# balance_behind ARGUMENT...: the same in the background, as $pid. What the one before had said is
# gone at once: who waits for a line must not find an old one.
balance_behind() {
    : >"$folder/out"
    : >"$folder/err"
    "$load_balancer" "$@" >"$folder/out" 2>"$folder/err" </dev/null &
    pid=$!
    background="$background $pid"
}

# Waits for what balance_behind has begun; its exit status in $status, 124 if it does not end.
await_end() {
    if eventually ended "$pid"; then
        wait "$pid"
        status=$?
    else
        status=124
    fi
} 2>/dev/null # bash would tell how it was killed

# --- Looking ------------------------------------------------------------------------

# eventually COMMAND...: until it succeeds, at most 30 seconds.
eventually() {
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" && return 0
        sleep 0.05
    done
    return 1
}

# state PID: its letter from the kernel; nothing if it is gone.
state() {
    local all
    read -r all <"/proc/$1/stat" || return 0
    all=${all##*) }
    echo "${all%% *}"
} 2>/dev/null

ended() {
    case $(state "$1") in
    '' | Z) return 0 ;;
    *) return 1 ;;
    esac
}

# children PID: the process ids of its children that run.
children() {
    local process list=
    if [ -e "/proc/$1/task/$1/children" ]; then
        read -r list <"/proc/$1/task/$1/children"
    elif [ -e "/proc/$1" ]; then # a kernel without that list
        list=$(ps -o pid= --ppid "$1")
    fi 2>/dev/null
    for process in $list; do
        ended "$process" || echo "$process"
    done
}

# child PID N: the Nth of them, in the order of their numbers.
child() {
    children "$1" | sort -n | sed -n "$2p"
}

# Processor time that a process has used, in clock ticks.
ticks() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $12 + $13 }'
}

has_worked() {
    local used
    used=$(ticks "$1")
    [ -n "$used" ] && [ "$used" -ge "$2" ]
}

# Until a balancer with so many workers is in the middle of its work.
await_work() {
    eventually has_children "$1" "$2" && eventually has_worked "$1" 10
}

has_children() {
    [ "$(children "$1" | wc -l)" -eq "$2" ]
}

# --- Claims ---------------------------------------------------------------------------

exit_status_is() {
    [ "$status" -eq "$1" ] || { echo "exit status $status instead of $1"; return 1; }
}

# one_line FILE PATTERN: the file is one line, which the extended regular expression matches.
one_line() {
    [ "$(wc -l <"$1")" -eq 1 ] && grep -Eq -- "$2" "$1" && return 0
    echo "not one line that matches '$2':"
    cat "$1"
    return 1
}

says_nothing() {
    [ ! -s "$folder/err" ]
}

# json EXPRESSION [FILE]: what the expression in Perl is for the report $r; "true" and "false" for
# booleans.
json() {
    perl -MJSON::PP -0777 -e '
        my $r = decode_json(<STDIN>);
        my $value = eval shift;
        die $@ if $@;
        print JSON::PP::is_bool($value) ? ($value ? "true" : "false") : $value, "\n";' \
        "$1" <"${2:-$folder/out}"
}

# holds EXPRESSION: an expression in Perl about the report $r is true.
holds() {
    [ "$(json "($1) ? 1 : 0")" = 1 ] && return 0
    echo "not so: $1"
    cat "$folder/out"
    return 1
}

# What a report says of the packets, whoever worked on them: the same in every mode.
outcome() {
    json 'my $t = $r->{totals};
        join("\n", (map { "$_ $t->{$_}" } qw(input items bytes original_bytes flows digest dropped
                          unacknowledged unsent quarantined items_of_other_flows)),
            (map { my $p = $t->{protocols}{$_}; "$_ $p->{items} $p->{bytes} $p->{flows}" }
                sort keys %{$t->{protocols}}),
            (map { "$_->{flow} $_->{items} $_->{bytes}" } @{$r->{top_flows}}))' "$1"
}

# What must be the same however often workers died; under the policy flow also who did what.
essence() {
    outcome "$1"
    json 'join("\n", map { "$_->{worker} $_->{items} $_->{bytes} $_->{flows} $_->{digest}" }
                @{$r->{policy} eq "flow" ? $r->{workers} : []})' "$1"
}

# The last report is that of an undisturbed run, which is in $folder/calm.
same_essence() {
    diff <(essence "$folder/calm") <(essence "$folder/out")
}

same_outcome() {
    diff <(outcome "$folder/calm") <(outcome "$folder/out")
}

# Nothing of a topology is left on the machine.
nothing_is_left() {
    local left
    left=$(find "$MCAPI_RUNTIME_DIR" -type f)
    [ -z "$left" ] || { echo "left: $left"; return 1; }
    [ "$(ls /dev/shm 2>/dev/null)" = "$shared_memory_before" ] ||
        { echo "/dev/shm holds:"; ls /dev/shm; return 1; }
}

# A run in which all was well: exit status 0, nothing on stderr, the report says so, nothing left.
all_is_well() {
    exit_status_is 0 && says_nothing && holds '$r->{agreed} && $r->{ordered}' &&
        holds '$r->{totals}{input} == $r->{totals}{items} + $r->{totals}{dropped}' &&
        holds '$r->{totals}{unacknowledged} == 0 && $r->{totals}{unsent} == 0' &&
        nothing_is_left
}
