#!/bin/sh
# SPDX-License-Identifier: MIT
#
# instructions.sh - no operation of the library takes more instructions, or more system calls,
# than bench/instructions.txt says. Times would say more of what else the machine does.

set -u
. "$top_srcdir/tests/support/tap.sh"
bounds=$top_srcdir/tests/bench/instructions.txt

count() {
    "$top_builddir/tests/bench/instructions" >"$folder/counts"
}

# within SHARE: of each operation in the table at most SHARE of the bound was counted; of each
# that was counted there is a bound.
within() {
    awk -v share="$1" '
        /^#/ || NF == 0 { next }
        FNR == NR { instructions[$1] = $2; calls[$1] = $3; unseen[$1] = 1; next }
        !($1 in instructions) { print $1 ": no bound"; bad = 1; next }
        { delete unseen[$1] }
        $2 > instructions[$1] * share { print $1 ": " $2 " instructions, bound " instructions[$1]; bad = 1 }
        $3 > calls[$1] { print $1 ": " $3 " system calls, bound " calls[$1]; bad = 1 }
        END { for (name in unseen) { print name ": not counted"; bad = 1 } exit bad }' \
        "$bounds" "$folder/counts"
}

above_half_the_bounds() {
    ! within 0.5
}

# The bounds are those of code that is made with -O2 and nothing else that changes it.
other=$(echo " ${CFLAGS-} " | sed 's/ -O2 / /; s/ -g / /; s/ //g')
case " ${CFLAGS-} " in
*' -O2 '*) ;;
*) other=$other-O2 ;;
esac
if [ -n "$other" ]; then
    skip "instructions and system calls within the bounds" "the bounds are for CFLAGS='-O2 -g'"
    finish
fi

count
result=$?
if [ "$result" -eq 77 ]; then
    skip "instructions and system calls within the bounds" "$(cat "$folder/counts")"
    finish
fi
expect "the operations can be counted" test "$result" -eq 0
# 5 %: what another version of a compiler makes of the same code.
expect "instructions and system calls within the bounds" within 1.05
expect "the comparison finds what is above its bound" above_half_the_bounds
sed 's/^/# /' "$folder/counts"
finish
