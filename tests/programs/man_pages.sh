#!/bin/bash
# SPDX-License-Identifier: MIT
#
# man_pages.sh - --help, --version and the manual pages: they are there, fit a terminal, and
# tell of the same options.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

options_of_help() {
    "$1" --help | grep -Eo -- '--[a-z][a-z-]+' | sort -u
}

options_of_page() {
    sed 's/\\-/-/g' "$1" | grep -Eo -- '--[a-z][a-z-]+' | sort -u
}

same_options() {
    diff <(options_of_help "$1") <(options_of_page "$2")
}

fits() {
    "$1" --help | awk 'length > 80 { print "too wide: " $0; wide = 1 } END { exit wide || !NR }'
}

says_version() {
    [ "$("$1" --version)" = "${1##*/} $version" ]
}

without_warning() {
    local warnings
    warnings=$(groff -man -ww -z "$1" 2>&1)
    echo "$warnings"
    [ -z "$warnings" ]
}

version=$(sed -n 's/^PACKAGE_VERSION = //p' "$top_builddir/tests/Makefile")
for program in "$load_balancer" "$worker" "$top_builddir/mcapi_inspect/mcapi_inspect"; do
    name=${program##*/}
    page=$top_srcdir/doc/man/$name.1
    expect "$name --help fits into 80 columns" fits "$program"
    expect "$name --version says the version" says_version "$program"
    expect "$name.1 and --help have the same options" same_options "$program" "$page"
    if command -v groff >/dev/null; then
        expect "$name.1 is formatted without a warning" without_warning "$page"
    else
        skip "$name.1 is formatted without a warning" "there is no groff"
    fi
done

finish
