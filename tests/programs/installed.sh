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

pkg_config() {
    PKG_CONFIG_PATH=$root$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
        PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
        pkg-config "$@" mcapi
}

# shellcheck disable=SC2086,SC2046      # CC, CFLAGS and the flags are several words each
example_builds() {
    cp "$top_srcdir/doc/examples/hello.c" "$folder" &&
        $CC $CFLAGS -o "$folder/hello" "$folder/hello.c" $(pkg_config --cflags --libs)
}

with_library() {
    LD_LIBRARY_PATH=$root$libdir MCAPI_TOPOLOGY=installed-$$ "$@"
}

packets_reach_installed_workers() {
    with_library "$root$bindir/load_balancer" \
        --source generated:flows=10,packets=1000,size=64,seed=1 --workers 2
}

nothing_is_left() {
    test -z "$(find "$root" ! -type d -print | tee /dev/stderr)"
}

expect "make install succeeds" plain_make install
expect "the library exports the standard's names and no others" only_standard_names_are_exported
expect "the example builds with what pkg-config says" example_builds
expect "the example runs" with_library "$folder/hello"
if [ -e "$root$bindir/load_balancer" ]; then
    expect "the installed load_balancer finds the installed worker" \
        packets_reach_installed_workers
fi
expect "the installed mcapi_inspect runs" with_library "$root$bindir/mcapi_inspect" --version
expect "make uninstall succeeds" plain_make uninstall
expect "make uninstall leaves no file behind" nothing_is_left
finish
