#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh FOLDER - runs the fuzzers that were made in that folder, all at once, for FUZZ_SECONDS
# each, with what they found last time and the inputs of the corpus. Says how many inputs each
# has tried; of an input that fails, which file it is in.
set -u
: "${top_srcdir:?run me with make fuzz}" "${FUZZ_SECONDS:?}"
corpus=$top_srcdir/tests/fuzz/corpus
cd "$1" || exit 99

# Address space is reserved in terabytes on purpose, and threads of the scene outlive main().
ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
export ASAN_OPTIONS

run() {
    mkdir -p "found/$1"
    if ./"fuzz_$1" -max_total_time="$FUZZ_SECONDS" -timeout=20 -rss_limit_mb=4096 \
        -artifact_prefix="failed-$1-" "found/$1" "$corpus/$1" >"fuzz_$1.log" 2>&1; then
        echo "$1: $(sed -n 's/^#\([0-9]*\).*DONE *cov: \([0-9]*\).*/\1 inputs, \2 places reached/p' \
            "fuzz_$1.log")"
    else
        sed -n '/^==\|ERROR\|SUMMARY/p' "fuzz_$1.log" | tail -20
        echo "$1: FAILED; the input is $PWD/$(ls -t "failed-$1-"* 2>/dev/null | head -n 1)," \
            "the log $PWD/fuzz_$1.log"
        echo "again: $PWD/fuzz_$1 FILE"
        : >failed
    fi
}

rm -f failed
for fuzzer in fuzz_*; do
    [ -x "$fuzzer" ] && [ -d "$corpus/${fuzzer#fuzz_}" ] && run "${fuzzer#fuzz_}" &
done
wait
[ ! -e failed ]
