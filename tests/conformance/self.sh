#!/bin/sh
# SPDX-License-Identifier: MIT
#
# self.sh - the conformance suite notices what goes wrong in a test, says it, and ends whatever
# the test has started; and it notices clauses and tests that do not fit together.
#
# From make check: top_srcdir, top_builddir.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}"
. "$top_srcdir/tests/support/tap.sh"
self=$top_builddir/tests/conformance/self
mkdir -m 700 "$folder/runtime"
export MCAPI_RUNTIME_DIR="$folder/runtime"

cat >"$folder/clauses" <<CLAUSES
# A comment, and an empty line

1.1 | All is well.
1.2 | Something is wrong.
2.1 | Something is left out.
2.2 | Something is left behind.
2.3 | Something is killed.
CLAUSES

# says TEXT: a line with this text is there.
says() {
    grep -F -e "$1" "$folder/report" || { cat "$folder/report"; return 1; }
}

# after TEST TEXT: the line that follows the one of this test has this text in it.
after() {
    grep -F -A1 -e "$1" "$folder/report" | sed 1d | grep -F -e "$2" ||
        { cat "$folder/report"; return 1; }
}

# refuses WORDS OPTION...: exit status 2, and a line on stderr with these words.
refuses() {
    words=$1
    shift
    "$self" "$@" >"$folder/refused" 2>&1
    test $? -eq 2 && grep -F -e "$words" "$folder/refused"
}

# mismatch WORDS LINE: with this line as well the audit fails and says so.
mismatch() {
    { cat "$folder/clauses" && echo "$2"; } >"$folder/more"
    ! "$self" --audit --clauses "$folder/more" >"$folder/audit" 2>&1 &&
        grep -F -e "$1" "$folder/audit"
}

# It has ended; whoever reaps it may not have done so yet.
is_gone() {
    process=$(sed -n 's/^# stderr: process //p' "$folder/report")
    test -n "$process" || return 1
    ! kill -0 "$process" 2>/dev/null || grep '^State:.*zombie' "/proc/$process/status"
}

"$self" --timeout 3 --jobs 4 --clauses "$folder/clauses" --table "$folder/table" \
    >"$folder/report" 2>&1
expect "a failed test makes the exit status 1" test $? -eq 1
expect "the plan counts tests and variants" says '1..19'
for where in processes threads node; do
    expect "what goes well is ok ($where)" says "- self/all_is_well ($where)"
    expect "a peer that fails says where and why ($where)" \
        after "self/a_peer_fails ($where)" 'mcapi_endpoint_delete(call->endpoint, &status): wanted MCAPI_SUCCESS, got MCAPI_ERR_ENDP_INVALID'
    expect "it says which peer it is ($where)" after "self/a_peer_fails ($where)" '(peer 1)'
    expect "a peer that crashes is a failure ($where)" \
        after "self/a_peer_crashes ($where)" 'ended by signal 11'
    expect "a peer that never ends is a failure ($where)" \
        after "self/a_peer_never_ends ($where)" 'peer 1 does not come back'
done
expect "a test that fails says what it wanted" after 'self/we_fail' 'wanted 3 (0x3), got 4'
expect "what a failed test has printed is shown" says '# stderr: second line'
expect "a test that crashes is a failure" after 'self/we_crash' 'ended by signal 11'
expect "it says what went well before" after 'self/we_crash' 'after what self_tests.c:'
expect "a test that never ends is a failure" after 'self/we_never_end' 'took longer than 3 s'
expect "a test that exits is a failure" after 'self/we_exit' 'exited with status 3'
expect "a skipped test is one" says '- self/we_are_skipped (alone) # SKIP not today'
expect "a peer can be killed" says '- self/a_peer_may_be_killed (processes)'
expect "four tests went well" test "$(grep -c '^ok.*)$' "$folder/report")" -eq 4
expect "nothing outlives its test" is_gone
expect "the first section has one good clause and a bad one" \
    says '      1        2        1        1        0        0'
expect "the second section has one of each" says '      2        3        1        1        1        0'
expect "the table has a row for every clause, test and variant" \
    test "$(wc -l <"$folder/table")" -eq 20
expect "only one test is run when one is named" \
    sh -c "'$self' --test self/all_is_well --where threads | grep -c '^ok 1 - ' | grep 1"

expect "clauses and tests that fit together pass the audit" \
    "$self" --audit --clauses "$folder/clauses"
expect "a clause without a test does not" mismatch 'clause 3.1 has no test' '3.1 | Nobody cares.'
expect "a clause that is there twice does not" mismatch 'two clauses 1.1' '1.1 | Once more.'
expect "a line that is no clause does not" mismatch 'not a clause' '1.4 without a bar'
expect "a clause without a text does not" mismatch 'not a clause' '1.4 |'
sed -i '/^2.3/d' "$folder/clauses"
expect "a test without a clause does not" mismatch 'there is no clause 2.3' '# nothing'

expect "an unknown option is refused" refuses 'there is no option "--foo"' --foo
expect "an unknown test is refused" refuses 'there is no test "foo"' --test foo
expect "an unknown chapter is refused" refuses 'there is no chapter "foo"' --chapter foo
expect "an unknown place is refused" refuses '--where takes' --where everywhere
expect "no number is refused" refuses '--jobs takes a number' --jobs none
expect "an option without its word is refused" refuses 'needs something after it' --timeout
expect "a word without its option is refused" refuses 'belongs to no option' word
expect "nothing to run is refused" refuses 'no test is run' --test we_fail --where node
finish
