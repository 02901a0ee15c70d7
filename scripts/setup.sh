# SPDX-License-Identifier: MIT
#
# setup.sh - what ./demo and ./check share: the Debian packages, the steps of a build, and
# how both are reported. Sourced from the top of the source tree by a script that has set
# `program` to its own name.
#
# Every step is one line on the terminal; what its commands print goes to a log file, whose
# end is shown if the step fails.

fail() {
    echo "$program: $*" >&2
    exit 1
}

# step TITLE LOG COMMAND...: runs the command in this directory, its output to LOG.
step() {
    step_title=$1 step_log=$2
    shift 2
    mkdir -p "$(dirname "$step_log")"
    printf '%-50s ' "$step_title"
    step_began=$(date +%s)
    if "$@" >"$step_log" 2>&1 </dev/null; then
        echo "done ($(($(date +%s) - step_began)) s)"
        return 0
    fi
    echo "failed"
    echo "--- the last lines of $step_log:" >&2
    tail -n 40 "$step_log" >&2
    fail "'$step_title' failed; everything it said is in $step_log"
}

# ---------------------------------------------------------------------------------------
# Packages
# ---------------------------------------------------------------------------------------

# Debian package, a colon, and a command that succeeds where the thing itself is there,
# whichever way it came.
packages_to_build='
gcc:command -v ${CC:-gcc}
libc6-dev:test -e /usr/include/stdio.h
make:command -v make
autoconf:command -v autoconf
automake:command -v automake
libtool:command -v libtoolize
pkg-config:command -v pkg-config
libpcap-dev:pkg-config --exists libpcap
libhttp-parser-dev:test -e /usr/include/http_parser.h
'
packages_to_test='
check:pkg-config --exists check
libev-dev:test -e /usr/include/ev.h
libuv1-dev:pkg-config --exists libuv
clang:command -v clang
curl:command -v curl
netcat-openbsd:command -v nc
bind9-dnsutils:command -v dig
wrk:command -v wrk
libclang-rt-14-dev:clang -fsanitize=fuzzer -o /dev/null tests/fuzz/works.c
g++:command -v g++
tshark:command -v tshark
wireshark-common:command -v capinfos
groff-base:command -v groff
iproute2:command -v ip
spin:command -v spin
'

package_installed() {
    command -v dpkg-query >/dev/null || return 1
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing_packages LIST: those of the list that neither the package system nor their own
# command knows about, on one line.
missing_packages() {
    echo "$1" | while IFS=: read -r package is_there; do
        [ -n "$package" ] || continue
        package_installed "$package" || eval "$is_there" >/dev/null 2>&1 ||
            printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes --no-install-recommends \
        -o DPkg::Lock::Timeout=300 install "$@"
}

# The lists of packages may be absent or too old: then they are fetched, and only then.
apt_install_or_update() {
    apt_install "$@" && return 0
    as_root apt-get -o DPkg::Lock::Timeout=300 update && apt_install "$@"
}

# install_packages LIST...: installs what is missing, or names it and stops.
install_packages() {
    # Unquoted from here on: package names, divided by blanks.
    missing=$(missing_packages "$(printf '%s\n' "$@")")
    missing=${missing% }
    [ -n "$missing" ] || return 0
    echo "Debian packages that are missing: $missing"
    command -v apt-get >/dev/null ||
        fail "there is no apt-get here; install what these packages hold: $missing"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "you are not root and there is no sudo; as root: apt-get install $missing"
        # The password is asked for here, where one sees the question.
        sudo -v || fail "sudo refused; as root: apt-get install $missing"
    fi
    # shellcheck disable=SC2086
    step "installing them with apt-get" build/packages.log apt_install_or_update $missing
    missing=$(missing_packages "$(printf '%s\n' "$@")")
    [ -z "$missing" ] || fail "still missing after the installation: $missing"
}

# ---------------------------------------------------------------------------------------
# Building
# ---------------------------------------------------------------------------------------

jobs=$(nproc 2>/dev/null || echo 2)

bootstrap_if_needed() {
    if [ ! -e configure ] || [ ! -e Makefile.in ] || [ ! -e build-aux/ltmain.sh ] ||
        [ -n "$(find configure.ac m4 -newer configure -name '*.[am][c4]' \
                ! -name 'lt*.m4' ! -name 'libtool.m4')" ]; then
        step "making configure" build/bootstrap.log ./bootstrap
    fi
}

# configured_here FOLDER: it is configured, in whatever way, and was not moved since.
configured_here() {
    [ -e "$1/Makefile" ] && grep -qsxF "ac_pwd='$PWD/$1'" "$1/config.status"
}

# configure_if_needed FOLDER OPTION...: unless it is configured here with these options. The
# file `settings` in it says which they were.
configure_if_needed() {
    folder=$1
    shift
    settings="CC=${CC-} CFLAGS=${CFLAGS-} $*"
    if ! configured_here "$folder" ||
        [ "$(cat "$folder/settings" 2>/dev/null)" != "$settings" ]; then
        mkdir -p "$folder"
        rm -f "$folder/settings"
        step "configuring $folder/" "$folder/configure.log" configure_in "$folder" "$@"
        echo "$settings" >"$folder/settings"
    fi
}

# Nothing is kept that was built with other settings, or before the tree was moved.
configure_in() (
    configure=$PWD/configure
    cd "$1" || exit
    shift
    find . -mindepth 1 -maxdepth 1 ! -name '*.log' ! -name clang -exec rm -rf {} +
    "$configure" "$@"
)
