#!/bin/bash
# SPDX-License-Identifier: MIT
#
# side_by_side.sh - whether one build of the library has a slower data path than another.
#
# usage: side_by_side.sh BEFORE AFTER [ROUNDS]
#
# BEFORE and AFTER are folders in which the library was configured and made, of any two
# versions. Each round runs every workload once with each, in turn the one or the other first,
# and compares the two. Prints the median of the ratios AFTER : BEFORE of the times, and
# between which quarters of the rounds they lie; exits with 1 if a median is above 1.03.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
workloads='words packets words-back packets-back'

die() {
    echo "side_by_side.sh: $*" >&2
    exit 2
}

[ $# -ge 2 ] || die 'usage: side_by_side.sh BEFORE AFTER [ROUNDS]'
before=$1 after=$2 rounds=${3:-21}
for folder in "$before" "$after"; do
    [ -e "$folder/mcapi/.libs/libmcapi.so" ] || die "$folder: there is no library"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MCAPI_RUNTIME_DIR=$work
${CC:-cc} -std=gnu11 -O2 -I"$here/../../mcapi/include" "$here/paths.c" \
    -L"$after/mcapi/.libs" -lmcapi -o "$work/paths"

count_of() {
    case $1 in
    *-back) echo 300000 ;;
    *) echo 5000000 ;;
    esac
}

once() {
    LD_LIBRARY_PATH=$1/mcapi/.libs "$work/paths" "$2" "$(count_of "$2")"
}

for ((round = 1; round <= rounds; round++)); do
    for workload in $workloads; do
        if ((round % 2)); then
            a=$(once "$before" "$workload") b=$(once "$after" "$workload")
        else
            b=$(once "$after" "$workload") a=$(once "$before" "$workload")
        fi
        echo "$a $b" >>"$work/$workload"
    done
    [ ! -t 2 ] || printf '\r%d of %d rounds' "$round" "$rounds" >&2
done
[ ! -t 2 ] || printf '\r\033[K' >&2

# Standard input: numbers. The one below which the given share of them is.
quantile() {
    sort -g | awk -v share="$1" '{ n[NR] = $1 } END { print n[int((NR - 1) * share + 1.5)] }'
}

status=0
printf '%-14s %10s %10s %8s   %s\n' workload before after ratio 'half of the rounds'
for workload in $workloads; do
    ratios=$(awk '{ print $2 / $1 }' "$work/$workload")
    median=$(quantile 0.5 <<<"$ratios")
    printf '%-14s %7.1f ns %7.1f ns %8.3f   %.3f to %.3f\n' "$workload" \
        "$(awk '{ print $1 }' "$work/$workload" | quantile 0.5)" \
        "$(awk '{ print $2 }' "$work/$workload" | quantile 0.5)" \
        "$median" "$(quantile 0.25 <<<"$ratios")" "$(quantile 0.75 <<<"$ratios")"
    awk -v ratio="$median" 'BEGIN { exit ratio > 1.03 }' || status=1
done
exit $status
