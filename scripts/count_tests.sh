#!/bin/sh
# SPDX-License-Identifier: MIT
#
# count_tests.sh - reads what `make check` prints, from stdin, and says it for people: one
# line per test program as it ends, then the logs of the programs that failed.
#
#   make check 2>&1 | scripts/count_tests.sh FOLDER LOG SUM
#
# Cases that were skipped are named with their reason, and a program that took a while says so.
#
# FOLDER is where the .log files of the tests are; LOG gets a copy of what was read; SUM gets
# the last line of all, "N passed, M failed".
#
# Single test cases are counted, not programs: the cases that libcheck counts in the log, or
# the "ok" and "not ok" lines, or else the program itself as one. Exits with 1 if a case
# failed, if there was none, or if make itself stopped.

set -u
folder=$1 log_of_make=$2 sum=$3
passed=0 failed=0 unhappy='' make_stopped=no
ok=0 bad=0 left_out=0

# count_cases LOG RESULT: sets ok, bad and left_out.
count_cases() {
    counts=$(awk -v result="$2" '
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
            gsub(/[^0-9]+/, " "); counted = 1; bad += $3 + $4; ok += $2 - $3 - $4
        }
        /^ok([ \t].*)?# SKIP/ { counted = 1; left_out++; next }
        /^ok([ \t]|$)/ { counted = 1; ok++ }
        /^not ok([ \t]|$)/ { counted = 1; bad++ }
        END {
            if (!counted && result == "PASS") ok = 1
            if (result != "PASS" && bad == 0) bad = 1         # it failed outside its cases
            if (ok + bad + left_out == 0) bad = 1              # it has none
            print ok + 0, bad + 0, left_out + 0
        }' "$1" 2>/dev/null) || counts='0 1 0'
    IFS=' ' read -r ok bad left_out <<NUMBERS
$counts
NUMBERS
}

: >"$log_of_make"
began=$(date +%s)
while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log_of_make"
    case $line in
    PASS:\ * | FAIL:\ * | ERROR:\ * | XPASS:\ * | SKIP:\ *) ;;
    make*': *** '*) make_stopped=yes && continue ;;
    *) continue ;;
    esac
    result=${line%%:*} name=${line#*: }
    log=$folder/$name.log
    if [ "$result" = SKIP ]; then
        printf '  %-46s skipped: %s\n' "$name" "$(grep -v '^SKIP ' "$log" | tail -n 1)"
        continue
    fi
    count_cases "$log" "$result"
    passed=$((passed + ok)) failed=$((failed + bad)) 
    words="$ok passed"
    [ "$left_out" -eq 0 ] || words="$words, $left_out skipped"
    if [ "$bad" -gt 0 ]; then
        unhappy="$unhappy $log"
        words="$words, $bad FAILED"
    fi
    now=$(date +%s)
    [ $((now - began)) -lt 5 ] || words="$words ($((now - began)) s)"
    began=$now
    printf '  %-46s %s\n' "$name" "$words"
    [ "$left_out" -eq 0 ] || sed -n \
        's|^ok.* - \(.*\) # SKIP *\(.*\)|    skipped: \1 (\2)|p' "$log"
done

for log in $unhappy; do
    printf '\n--- %s\n' "$log"
    cat "$log"
done
if [ "$make_stopped" = yes ] && [ "$failed" -eq 0 ]; then
    failed=1
    printf '\n--- make stopped; the last lines of %s:\n' "$log_of_make"
    tail -n 20 "$log_of_make"
fi
echo "$passed passed, $failed failed" >"$sum"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
