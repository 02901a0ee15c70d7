#!/bin/bash
# SPDX-License-Identifier: MIT
#
# memory.sh - memory does not grow with the number of packets, and there is an end to what flows
# take.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

# peak ARGUMENT...: the largest resident memory of load_balancer and of its workers, in KiB.
peak() {
    "$top_builddir/tests/programs/peak_memory" "$load_balancer" --quiet --workers 2 "$@"
}

few=$(peak --source generated:packets=100000)
many=$(peak --source generated:packets=2000000)
expect "there is a figure for few packets" test "${few:-0}" -gt 0
expect "twenty times the packets take no more memory ($few KiB, $many KiB)" \
    test "$many" -le $((few + few / 10))

# Of a few megabytes the kernel counts a tenth more or less; eight bytes for each of these packets
# would be more than that.
few=$(peak --source generated:packets=2000 --on-busy queue=100 --work delay=10)
many=$(peak --source generated:packets=200000 --on-busy queue=100 --work delay=10)
expect "nor do they with a queue ($few KiB, $many KiB)" test "$many" -le $((few + few / 5))

finish
