#!/bin/sh
# SPDX-License-Identifier: MIT
#
# installed.sh - what `make install` puts into an empty folder is enough to build and run a
# program and to run ours, and `make uninstall` takes all of it away again.
#
# From make check: top_srcdir, top_builddir, libdir, bindir, CC, CFLAGS, MAKE.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${libdir:?}" "${bindir:?}"
. "$top_srcdir/tests/support/tap.sh"
root=$folder/root

# The make above this one must not hand its own settings down.
plain_make() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$MAKE" -C "$top_builddir" DESTDIR="$root" "$@"
}

only_standard_names_are_exported() {
    nm -D --defined-only "$root$libdir/libmcapi.so" | awk '
        $3 !~ /^(mcapi|mca)_/ && $2 != "A" { print "exported: " $3; strangers++ }
        $3 == "mcapi_initialize" { found = 1 }
        END { exit strangers > 0 || !found }'
}

only_the_distributor_is_exported() {
    nm -D --defined-only "$root$libdir/libdistributor.so" | awk '
        $3 !~ /^distributor_/ && $2 != "A" { print "exported: " $3; strangers++ }
        $3 == "distributor_create" { found = 1 }
        END { exit strangers > 0 || !found }'
}

# A page of its own for each call, with what a page needs.
distributor_has_pages() {
    nm -D --defined-only "$root$libdir/libdistributor.so" | awk '$3 ~ /^distributor_/ { print $3 }' |
        while read -r call; do
            page=$(find "$root" -name "$call.3") && test -n "$page" &&
                grep -q '^\.SH ERRORS' "$page" && grep -q "distributor.h" "$page" ||
                { echo "no page: $call"; exit 1; }
        done && test -n "$(find "$root" -name distributor.7)"
}

pkg_config() {
    PKG_CONFIG_PATH=$root$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
        pkg-config "$@"
}

# example_builds NAME PACKAGE
# shellcheck disable=SC2086,SC2046      # CC, CFLAGS and the flags are several words each
example_builds() {
    cp "$top_srcdir/doc/examples/$1.c" "$folder" &&
        $CC $CFLAGS -o "$folder/$1" "$folder/$1.c" $(pkg_config --cflags --libs "$2")
}

with_library() {
    LD_LIBRARY_PATH=$root$libdir MCAPI_TOPOLOGY=installed-$$ "$@"
}

packets_reach_installed_workers() {
    with_library "$root$bindir/load_balancer" \
        --source generated:flows=10,packets=1000,size=64,seed=1 --workers 2
}

# shellcheck disable=SC2086,SC2046      # CC, CFLAGS and the flags are several words each
own_work_builds() {
    cp "$top_srcdir/doc/examples/my_filter.c" "$folder" &&
        $CC $CFLAGS -shared -fPIC -o "$folder/my_filter.so" "$folder/my_filter.c" \
            $(pkg_config --cflags mcapi)
}

packets_are_filtered() {
    with_library "$root$bindir/load_balancer" --source generated:packets=1000 --workers 2 \
        --work "$folder/my_filter.so=9" --sink "pcap:$folder/sink.pcap" >"$folder/report" &&
        cat "$folder/report" && grep -q '^[1-9][0-9,]* bytes to the port$' "$folder/report"
}

nothing_is_left() {
    test -z "$(find "$root" ! -type d -print | tee /dev/stderr)"
}

expect "make install succeeds" plain_make install
expect "the library exports the standard's names and no others" only_standard_names_are_exported
expect "the example builds with what pkg-config says" example_builds hello mcapi
expect "the example runs" with_library "$folder/hello"
expect "the distributor exports its calls and no others" only_the_distributor_is_exported
expect "each call of the distributor has a manual page" distributor_has_pages
expect "its example builds with what pkg-config says" example_builds distribute distributor
expect "its example runs" with_library "$folder/distribute"
if [ -e "$root$bindir/load_balancer" ]; then
    expect "the installed load_balancer finds the installed worker" \
        packets_reach_installed_workers
    expect "work of one's own builds with what is installed" own_work_builds
    expect "the installed worker does it" packets_are_filtered
fi
expect "the installed mcapi_inspect runs" with_library "$root$bindir/mcapi_inspect" --version
expect "make uninstall succeeds" plain_make uninstall
expect "make uninstall leaves no file behind" nothing_is_left
finish
