#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_churn.sh - NETWORK_CONNECTIONS connections come and go in every way, and of none is a
# descriptor or a byte left. Not a part of make check: make network-churn runs it.

. "${top_srcdir:?run me with make network-churn}/tests/programs/lib.sh"
. "$top_srcdir/tests/programs/network_lib.sh"

total=${NETWORK_CONNECTIONS:-100000}
step=$((total / 20))
serve --source tcp:127.0.0.1:0 --work echo
open_before=$(descriptors "$pid")
good=true
for ((done = 0; done < total; done += step)); do
    says "$step connections" "$client" churn "$port" "$step" || good=false
    # What a first twentieth has brought is what there has to be.
    [ "$done" -gt 0 ] || { eventually has_descriptors "$pid" "$open_before"; first=$(resident "$pid"); }
    [ ! -t 2 ] || printf '\r%d of %d connections' "$((done + step))" "$total" >&2
done
[ ! -t 2 ] || echo >&2
all_came() { [ "$good" = true ]; }
expect "$total connections come and go" all_came
expect "no descriptor is left of them" eventually has_descriptors "$pid" "$open_before"
last=$(resident "$pid")
no_more_memory() {
    echo "$first KiB after $step connections, $last KiB after $total"
    [ "$last" -le "$((first + 256))" ]
}
expect "no memory is: $first KiB after $step connections, $last KiB after $total" no_more_memory
stop
expect "it ends well" exit_status_is 0
expect "no byte is left of them" \
    holds '$r->{totals}{memory_left} == 0 && $r->{totals}{active} == 0'

finish
