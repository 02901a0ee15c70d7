#!/bin/sh
# SPDX-License-Identifier: MIT
#
# faults.sh - the engines can fail: one step of recovery after the other is left out, by
# letting its function return at once, and each time something must be found.
set -u
# shellcheck source=tests/support/tap.sh
. "$top_srcdir/tests/support/tap.sh"

program=$top_builddir/tests/crash/kill/kill_anywhere

# FUNCTION OPERATION ENGINE DEATHS: without the function, a violation is found.
finds() {
    "$program" --hangs 30 --disable "$1" --operation "$2" "--$3" "$4" >"$folder/report" 2>&1
    status=$?
    cat "$folder/report"
    [ "$status" -eq 1 ] && grep -q '^1 violations' "$folder/report"
}

missing() {
    expect "without $1 a death in '$2' is found to leave something" finds "$@"
}

if ! "$program" --operation join >"$folder/probe" 2>&1; then
    grep -q SKIPPED "$folder/probe" && echo "1..0 # $(cat "$folder/probe")" && exit 77
fi
missing mci_take_back delete thread 500
missing mci_repair connect thread 2000
missing mci_endpoint_rebuild delete thread 500
missing mci_channel_repair connect thread 2000
missing mci_channel_abandon send-small thread 100
missing mci_endpoint_discard delete thread 500
missing mci_endpoint_return_gets get thread 500
missing mci_mailbox_return_cells message-small thread 2000
missing mci_message_take_back message-small thread 2000
missing mci_robust_clear_dead join thread 100
missing mci_bell_ring connect process 1000
finish
