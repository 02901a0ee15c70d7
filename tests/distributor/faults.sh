#!/bin/sh
# SPDX-License-Identifier: MIT
#
# faults.sh - plants each fault of faults.txt into a copy of the distributor, and runs random
# calls until the model finds it.
#
# CC and CFLAGS as make has them; FAULT_SEEDS (400) is how long it is looked for.

set -u
# shellcheck source=tests/support/tap.sh
. "${top_srcdir:?}/tests/support/tap.sh"
tests=$top_srcdir/tests
seeds=${FAULT_SEEDS:-400}

# build FILE EXPRESSION: the random test with that file changed; $folder/random.
build() {
    rm -rf "$folder/distributor" && cp -R "$top_srcdir/distributor" "$folder/distributor" || return
    sed -i "$2" "$folder/distributor/$1" || return
    if cmp -s "$folder/distributor/$1" "$top_srcdir/distributor/$1"; then
        echo "the expression fits nothing in $1 any more"
        return 1
    fi
    # shellcheck disable=SC2086 # options, divided by blanks
    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE ${CFLAGS:--O1} -I"$folder" -I"$tests" \
        -I"$top_srcdir/mcapi/include" -o "$folder/random" "$folder"/distributor/*.c \
        "$tests"/distributor/*.c "${top_builddir:?}/mcapi/.libs/libmcapi_inside.a" -lpthread
}

# found FILE EXPRESSION: some seed fails, and says how.
found() {
    build "$1" "$2" || return
    "$folder/random" --seed 1 --seeds "$seeds" --first --whole >"$folder/said" 2>&1
    [ $? -eq 1 ] || return
    sed -n 's/^seed [0-9]*: /# /p' "$folder/said" >&2
}

grep -v '^#' "$tests/distributor/faults.txt" >"$folder/faults"
while read -r line; do
    file=${line%% | *}
    rest=${line#* | }
    expect "${rest%% | *}: found" found "$file" "${rest#* | }"
    sed -n 's/^# /#   /p' "$folder/output"
done <"$folder/faults"
finish
