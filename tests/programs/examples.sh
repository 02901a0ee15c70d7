#!/bin/sh
# SPDX-License-Identifier: MIT
#
# examples.sh - every program in doc/examples compiles as strict C99 without a warning, says
# what it is meant to say, ends with 0, and leaves nothing behind. Programs in the style of other
# implementations, dialect_* and usecase_*, are tried by dialects.sh; my_filter, which is no
# program, by own_work.sh.
#
# From make check: top_srcdir, top_builddir, CC, CFLAGS.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${CC:?}"
. "$top_srcdir/tests/support/tap.sh"
mkdir -m 700 "$folder/runtime"
export MCAPI_TOPOLOGY=examples MCAPI_RUNTIME_DIR="$folder/runtime"

# shellcheck disable=SC2086      # CC and CFLAGS are several words each
compiles() {
    $CC ${CFLAGS-} -std=c99 -Wall -Wextra -Wpedantic -Werror -pthread \
        -I"$top_srcdir/mcapi/include" -I"$top_srcdir/distributor" -o "$folder/$1" \
        "$top_srcdir/doc/examples/$1.c" -L"$top_builddir/mcapi/.libs" \
        -L"$top_builddir/distributor/.libs" -ldistributor -lmcapi
}

# runs NAME: as a user would, its lines sorted, because processes print beside each other.
runs() {
    LD_LIBRARY_PATH=$top_builddir/mcapi/.libs:$top_builddir/distributor/.libs timeout 60 "$folder/$1" >"$folder/$1.out" \
        2>"$folder/$1.err" || { echo "exit status $?"; cat "$folder/$1.err"; return 1; }
    cat "$folder/$1.err"
    test ! -s "$folder/$1.err"
}

said() {
    sort "$folder/$1.out" | diff "$folder/$1.expected" -
}

# example NAME: its lines, sorted, come on stdin.
example() {
    LC_ALL=C sort >"$folder/$1.expected"
    expect "$1 compiles" compiles "$1"
    expect "$1 ends with 0 and no word on stderr" runs "$1"
    expect "$1 says what it is meant to say" said "$1"
}

nothing_is_left() {
    find "$folder/runtime" -mindepth 1
    test -z "$(find "$folder/runtime" -mindepth 1)"
}

every_example_is_tried() {
    for source in "$top_srcdir"/doc/examples/*.c; do
        case $source in
        */dialect_* | */usecase_* | */my_filter.c) continue ;;
        esac
        test -e "$folder/$(basename "$source" .c)" || { echo "$source"; return 1; }
    done
}

export LC_ALL=C
example distribute <<LINES
MANY TAGS SHARE WORKERS
NO ITEM GETS LOST
ONE TAG KEEPS ORDER
LINES
example hello <<LINES
Hello from the child. (22 bytes)
LINES
example packet_channel <<LINES
  0 bytes ""
397 bytes "bbbbb"
794 bytes "ccccc"
191 bytes "ddddd"
588 bytes "eeeee"
the longest: 794 bytes "ccccc"
LINES
example poll <<LINES
500 texts
the sum of the numbers is 125250
the timer
LINES
example scalar_channel <<LINES
12 squared is 144
65536 squared is 4294967296
4294967295 squared is 18446744065119617025
LINES
example threads_as_nodes <<LINES
1000 rounds through 4 nodes: 4000
LINES
example wait_many <<LINES
sender 1 has left after 100 packets
sender 2 has left after 200 packets
sender 3 has left after 300 packets
LINES
expect "no example is left out" every_example_is_tried
expect "no example leaves anything behind" nothing_is_left
finish
