#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run.sh - searches each model with spin, and makes sure that planted faults are found.
#
#   run.sh        what `make check` does: a good minute of one core, and half a GB
#   run.sh all    larger bounds too (`make model-all`): four minutes, up to 1.5 GB
#
# What spin makes lies in the build folder while it is needed.

TMPDIR=${top_builddir:?run me with make check}/tests
export TMPDIR
. "${top_srcdir:?}/tests/support/tap.sh"
models=$top_srcdir/tests/model
bounds=${1-quick}

# build FLAGS MODEL OPTION...: makes $folder/pan.
build() {
    local flags=$1 model=$2
    shift 2
    # Unquoted: flags, divided by blanks. Models have labels and variables that some variant
    # does not use.
    (cd "$folder" && rm -f pan pan.* ./*.trail &&
        spin -P"${CC:-cc} -E -x c" -a "$@" "$models/$model.pml" &&
        ${CC:-cc} $flags -w -DSAFETY -DMEMLIM=8000 -o pan pan.c) >"$folder/said" 2>&1
}

# The search ended, saw everything, and found nothing wrong.
complete() {
    if grep -q 'errors: 0' "$folder/said" &&
        ! grep -Eq 'max search depth too small|not completed|truncated|out of memory' \
            "$folder/said"; then
        return 0
    fi
    cat "$folder/said"
    # The way to the error, in steps of the model.
    (cd "$folder" && spin -P"${CC:-cc} -E -x c" -t -k ./*.trail -p "$@" | tail -n 150)
    return 1
}

# search MODEL OPTION...: nothing is wrong in it.
search() {
    local model=$1 states
    shift
    build '-O1 -DCOLLAPSE' "$model" "$@" &&
        (cd "$folder" && ./pan -m100000 >said 2>&1)
    states=$(awk '/ states, stored$/ { printf "%.0f", $1 }' "$folder/said")
    expect "$model${*:+ $*}: ${states:-no} states" complete "$@" "$models/$model.pml"
}

# faults MODEL NUMBER... [OPTION...]: each of these is found.
faults() {
    local model=$1 fault list=()
    shift
    while [[ ${1-} = [0-9]* ]]; do
        list+=("$1")
        shift
    done
    for fault in "${list[@]}"; do
        build -O0 "$model" "-DFAULT=$fault" "$@" &&
            (cd "$folder" && ./pan -m100000 >said 2>&1)
        expect "$model${*:+ $*}: fault $fault is found" found
    done
}

found() {
    grep -Eq 'errors: [1-9]' "$folder/said" || { cat "$folder/said" && false; }
}

if ! command -v spin >/dev/null; then
    skip "the models of the lock-free algorithms" "there is no spin"
    finish
fi

search packet_ring
search packet_ring -DDEPTH=3
faults packet_ring 1 2 3 4 5 6

search scalar_ring
search scalar_ring -DDEPTH=3
faults scalar_ring 1 2 3 4 5 6

search mailbox -DOTHERS=1
search mailbox -DLEVELS=2 -DMESSAGES=1
search mailbox -DLATE=1 -DMESSAGES=1
search mailbox -DLATE=2 -DMESSAGES=1
faults mailbox 1 2 3 4 5 6 7 -DMESSAGES=1
faults mailbox 8 -DLEVELS=2 -DMESSAGES=1
faults mailbox 9 10 11 12 13 14 -DLATE=1 -DMESSAGES=1
faults mailbox 15 -DLATE=2 -DMESSAGES=1

search event
search event -DWEAK=0
search event -DFENCED=1
search event -DWORDS=2 -DBELLS=0
search event -DWORDS=2 -DBELLS=0 -DWAKERS=2
search event -DDEATHS=2
search event -DDEATHS=2 -DWORDS=2 -DBELLS=0
faults event 1 2 3 4 5 6 7
faults event 3 -DFENCED=1
faults event 11 -DWORDS=2 -DBELLS=0
faults event 8 9 10 -DDEATHS=2

search alarm
faults alarm 1 2 3 4

search gate
search gate -DBARE=1
faults gate 1 2 3 4 5

search control -DPROCESSES=2 -DDEATHS=2 -DLONG=1
search control
faults control 1 2 5 6 -DPROCESSES=2
faults control 3 4

if [ "$bounds" = all ]; then
    search packet_ring -DDEPTH=3 -DPACKETS=8
    search scalar_ring -DWORDS=18 -DLAPS=4 -DPER_LINE=3
    search mailbox
    search mailbox -DLEVELS=2 -DOTHERS=1
    search mailbox -DLATE=1 -DMESSAGES=2
    search event -DWORDS=2
    search event -DWAKERS=2
    search event -DDEATHS=1 -DWORDS=2
    search gate -DENTRIES=3
    search control -DLONG=1 -DDEATHS=2
fi

finish
