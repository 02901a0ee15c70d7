# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# lib.sh - runs the tests of the conformance suite that have their peers in one place, as the
# four shell tests beside it do. Sourced.
#
# From make check: top_srcdir, top_builddir, conformance_clauses, CC.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${conformance_clauses:?}"

# A test that fails is killed, and what it leaves goes with this folder.
MCAPI_RUNTIME_DIR=$(mktemp -d) || exit 99
export MCAPI_RUNTIME_DIR
trap 'rm -rf "$MCAPI_RUNTIME_DIR"' EXIT

# conformance_where PLACE: returns the suite's exit status.
conformance_where() {
    place=$1
    set --
    for file in $conformance_clauses; do
        set -- "$@" "$top_srcdir/tests/$file"
    done
    "$top_builddir/tests/conformance/conformance" --where "$place" --jobs 2 --clauses "$@"
}
