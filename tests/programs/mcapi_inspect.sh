#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mcapi_inspect.sh - mcapi_inspect shows what there is, dead nodes and damage among it, says why it
# cannot look, and disturbs nobody.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}"
. "$top_srcdir/tests/support/tap.sh"

inspect=$top_builddir/mcapi_inspect/mcapi_inspect
export MCAPI_RUNTIME_DIR=$folder/runtime MCAPI_TOPOLOGY=inspected-$$

# The exit status, and a pattern that the output has, with stderr.
inspect_says() {
    local wanted=$1 pattern=$2 status
    shift 2
    "$inspect" "$@" >"$folder/said" 2>&1
    status=$?
    cat "$folder/said"
    [ "$status" -eq "$wanted" ] && grep -Eq -- "$pattern" "$folder/said"
}

begin_topology() {
    coproc "$top_builddir/tests/programs/topology"
    topology=$COPROC_PID
    to=${COPROC[1]} from=${COPROC[0]}
    read -r -t 60 answer <&"$from" && [ "$answer" = ready ]
}

tell() {
    echo "$1" >&"$to" && read -r -t 60 answer <&"$from" && [ "$answer" = "done $1" ]
}

end_topology() {
    exec {to}>&-
    wait "$topology"
}

no_folder() {
    [ ! -e "$MCAPI_RUNTIME_DIR" ]
}

registry_as_it_was() {
    cmp "$folder/registry" "$MCAPI_RUNTIME_DIR/$MCAPI_TOPOLOGY"
}

each_is_whole() {
    local i
    for i in 1 2 3 4 5; do inspect_says 0 '^whole' || return 1; done
}

expect "without a topology it says so, with status 2" \
    inspect_says 2 "cannot look at topology $MCAPI_TOPOLOGY: no program has topology"
expect "...and leaves no folder behind" no_folder
expect "a name that cannot be is refused" inspect_says 2 "may have letters" --topology 'a b'
expect "an option that there is not is refused" inspect_says 2 "no such option" anything
expect "a topology begins" begin_topology
cp "$MCAPI_RUNTIME_DIR/$MCAPI_TOPOLOGY" "$folder/registry"
expect "it is whole" inspect_says 0 '^whole$'
expect "the live node is there" inspect_says 0 "<7,1> +$topology  live"
expect "the dead node is there" inspect_says 0 '<7,2> .* dead '
expect "the channel is there: 2 packets wait, 1 is held" \
    inspect_says 0 '^ +0  packets .* open .* open +[0-9]+ +2 +1 +0 +[0-9]+ +3$'
expect "the messages are there" inspect_says 0 '^messages: 2 queued in 1 mailboxes'
expect "the memory is there" inspect_says 0 '^memory: [1-9][0-9]* bytes in use'
expect "the registry does not know that somebody looked" registry_as_it_was
expect "another folder has no such topology" \
    env MCAPI_RUNTIME_DIR="$folder/other" bash -c "! '$inspect'"
expect "packets run" tell busy
expect "a busy topology is whole" each_is_whole
expect "an endpoint is damaged" tell damage
expect "that is found, with status 1" inspect_says 1 '^wrong: endpoint 1: handle .* generation'
expect "the control lock is damaged" tell control
expect "that is found too" inspect_says 1 '^wrong: control lock: taken by node slot [0-9]'
expect "the topology ends" end_topology
sed 's/^mcapi registry 2$/mcapi registry 9/' "$folder/registry" >"$MCAPI_RUNTIME_DIR/$MCAPI_TOPOLOGY"
expect "a registry of another version is refused, and both are named" \
    inspect_says 2 'layout 9, ours is 2'
finish
