#!/bin/bash
# SPDX-License-Identifier: MIT
#
# network_churn.sh - NETWORK_CONNECTIONS connections come and go in every way, with work in the loops
# and in workers, and of none is a
# descriptor or a byte left. Not a part of make check: make network-churn runs it.

. "${top_srcdir:?run me with make network-churn}/tests/programs/lib.sh"
. "$top_srcdir/tests/programs/network_lib.sh"

total=${NETWORK_CONNECTIONS:-100000}
step=$((total / 20))

no_more_memory() {
    echo "$1 KiB after $step connections, $2 KiB after $total"
    [ "$2" -le "$(($1 + 256))" ]
}

# Its own memory: that of the topology is of the size that it has from the beginning, but counts as
# resident page by page.
own() {
    awk '/^RssAnon/ { print $2 }' "/proc/$1/status"
}

for policy in inline tag; do
    serve --source tcp:127.0.0.1:0 --work echo
    open_before=$(descriptors "$pid")
    good=true
    for ((done = 0; done < total; done += step)); do
        says "$step connections" "$client" churn "$port" "$step" || good=false
        # What a first twentieth has brought is what there has to be.
        [ "$done" -gt 0 ] ||
            { eventually has_descriptors "$pid" "$open_before"; first=$(own "$pid"); }
        [ ! -t 2 ] || printf '\r%s: %d of %d connections' "$policy" "$((done + step))" "$total" >&2
    done
    [ ! -t 2 ] || echo >&2
    expect "$policy: $total connections come and go" test "$good" = true
    expect "$policy: no descriptor is left of them" \
        eventually has_descriptors "$pid" "$open_before"
    last=$(own "$pid")
    expect "$policy: no memory is: $first KiB after $step connections, $last KiB after $total" \
        no_more_memory "$first" "$last"
    stop
    expect "$policy: it ends well" exit_status_is 0
    expect "$policy: no byte is left of them, and no request was lost" \
        holds '$r->{totals}{memory_left} == 0 && $r->{totals}{active} == 0
            && $r->{totals}{accepted} == '"$total"' && $r->{totals}{lost} == 0'
    expect "$policy: nothing is left of the topology" nothing_is_left
done

finish
