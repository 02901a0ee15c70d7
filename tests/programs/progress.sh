#!/bin/bash
# SPDX-License-Identifier: MIT
#
# progress.sh - the progress line is there on a terminal, and only there, and is gone at the end.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

slow='generated:packets=400'
arguments="--source $slow --workers 2 --window 2 --work delay=2000"

if ! script -qec true /dev/null >/dev/null 2>&1; then
    skip "the progress line" "script(1) is not there or cannot make a terminal"
    finish
fi

# on_terminal ARGUMENT...: load_balancer with a terminal for stderr; what it shows in $folder/screen.
on_terminal() {
    TERM=${terminal:-xterm} script -qec "$load_balancer $* >$folder/out" /dev/null \
        >"$folder/screen" </dev/null
    status=$?
}

line='[0-9,]+ items   [0-9.]+ [kM]?/s   workers [0-9]+ [0-9]+ %   [0-9]+ %, [0-9]+:[0-9]+ left'

on_terminal "$arguments"
expect "a run with a terminal ends well" exit_status_is 0
expect "the line shows items, rate, shares, and what is left" grep -Eaq "$line" "$folder/screen"
drawn=$(grep -Eao "$line" "$folder/screen" | wc -l)
expect "it is drawn again and again, but not more than ten times a second" \
    test "$drawn" -ge 2 -a "$drawn" -le 20
expect "at the end the line is taken away" \
    perl -0777 -e 'exit(<STDIN> =~ /\r\e\[K$/ ? 0 : 1)' <"$folder/screen"
expect "the report is elsewhere" grep -q '^Nothing lost' "$folder/out"

on_terminal "$arguments --quiet"
expect "--quiet: no line" test ! -s "$folder/screen"
terminal=dumb on_terminal "$arguments"
expect "a terminal that cannot rewrite a line: no line" test ! -s "$folder/screen"
balance --source "$slow" --workers 2 --window 2 --work delay=2000
expect "no terminal: no line" says_nothing

# --- A server: it goes on until it is asked to end ----------------------------------------------

# serve_on_terminal PATTERN ARGUMENT...: until the screen shows the pattern.
serve_on_terminal() {
    local pattern=$1 script_pid
    shift
    : >"$folder/screen"
    TERM=xterm script -fqec "echo \$\$ >$folder/pid; exec $load_balancer $* --json >$folder/out" \
        /dev/null >"$folder/screen" </dev/null &
    script_pid=$!
    background="$background $script_pid"
    eventually grep -Eaq "$pattern" "$folder/screen" || { cat "$folder/screen"; return 1; }
    kill -TERM "$(cat "$folder/pid")"
    wait "$script_pid"
}

server="--source tcp:127.0.0.1:0"
expect "a server shows connections and requests" \
    serve_on_terminal '0 connections   0 requests   0 /s' "$server --policy inline --loops 1"
expect "with workers, too" \
    serve_on_terminal '0 connections   0 requests   0 /s' "$server --workers 2 --loops 1"
expect "at the end its line is taken away" \
    perl -0777 -e 'exit(<STDIN> =~ /\r\e\[K$/ ? 0 : 1)' <"$folder/screen"

finish
