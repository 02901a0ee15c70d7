#!/bin/bash
# SPDX-License-Identifier: MIT
#
# surroundings.sh - a program joins where there is no room, nothing may be written, somebody else
# was before, or the registry is anything but one: it joins all the same, or mcapi_initialize says
# MCAPI_ERR_NODE_INITFAILED and stderr says in one line what is in the way, where, and what to do.
# Nothing ever ends by a signal.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}"
. "$top_srcdir/tests/support/tap.sh"

join=$top_builddir/tests/programs/join
export MCAPI_TOPOLOGY=surroundings
other_user=12345

# A folder of its own for each case, and the registry in it.
new_runtime() {
    export MCAPI_RUNTIME_DIR=$folder/runtime-$number
    mkdir -m 700 "$MCAPI_RUNTIME_DIR"
    registry=$MCAPI_RUNTIME_DIR/surroundings
}

# Runs the program after the words before --, with a pattern of what stderr must say, in one line.
refused() {
    local pattern=$1 status
    shift
    "$@" "$join" >"$folder/out" 2>"$folder/err" </dev/null
    status=$?
    cat "$folder/out"
    [ "$status" -eq 1 ] && grep -q 'MCAPI_ERR_NODE_INITFAILED' "$folder/out" &&
        [ "$(wc -l <"$folder/err")" -eq 1 ] && grep -q "^mcapi: cannot join" "$folder/err" &&
        grep -Eq -- "$pattern" "$folder/err"
}

joins() {
    "$@" "$join" >"$folder/out" 2>"$folder/err" </dev/null
    local status=$?
    cat "$folder/out"
    [ "$status" -eq 0 ] && [ ! -s "$folder/err" ] && grep -qx joined "$folder/out"
}

in_mounts() { # MOUNT-COMMANDS COMMAND...: in a mount namespace of its own
    local commands=$1
    shift
    unshare -m sh -c "mount --make-rprivate / && $commands && exec \"\$@\"" sh "$@"
}

may_mount() {
    unshare -m true 2>/dev/null && in_mounts "mount -t tmpfs none '$folder'" true 2>/dev/null
}

# The same file system for two cases: full, and read-only.
small_folder() {
    in_mounts "mount -t tmpfs -o size=4k,nr_inodes=3,mode=700 none '$MCAPI_RUNTIME_DIR' && $1" \
        "${@:2}"
}

expect "in good surroundings it joins" joins env "MCAPI_RUNTIME_DIR=$folder/good"

# --- Room ---------------------------------------------------------------------------------------

new_runtime
expect "a file size limit is named, and no signal" \
    refused 'cannot make the segment of topology surroundings .*: File too large: raise ulimit -f' \
    bash -c 'ulimit -f 100; exec "$@"' limited
new_runtime
expect "so is a limit of address space, and what to do" \
    refused 'cannot map the segment .* raise ulimit -v, or choose a smaller MCAPI_MAX' \
    bash -c 'ulimit -v 500000; exec "$@"' limited

if may_mount; then
    new_runtime
    expect "a full runtime folder is named" \
        refused "cannot write $MCAPI_RUNTIME_DIR/surroundings: No space left on device: change that, or name another" \
        small_folder "head -c 4096 /dev/zero >'$MCAPI_RUNTIME_DIR/full'"
    new_runtime
    expect "so is one without room for another name" \
        refused "cannot write $MCAPI_RUNTIME_DIR/surroundings: No space left" \
        small_folder "touch '$MCAPI_RUNTIME_DIR/one' '$MCAPI_RUNTIME_DIR/two'"
    new_runtime
    expect "so is a read-only one" \
        refused "cannot write $MCAPI_RUNTIME_DIR/surroundings: Read-only file system" \
        small_folder "mount -o remount,ro '$MCAPI_RUNTIME_DIR'"
    new_runtime
    expect "a full /dev/shm does not matter" \
        joins in_mounts "mount -t tmpfs -o size=4k none /dev/shm && head -c 4096 /dev/zero >/dev/shm/full"
    new_runtime
    expect "without /proc it says so" refused '/proc' in_mounts 'mount -t tmpfs none /proc'
else
    skip "full and read-only file systems" "mount namespaces are not allowed here"
fi

# --- The folder ---------------------------------------------------------------------------------

new_runtime
chmod 755 "$MCAPI_RUNTIME_DIR"
expect "a folder that others may enter is refused, and how to change it" \
    refused "folder $MCAPI_RUNTIME_DIR is open to other users .mode 0755.: run chmod 700 on it" env
new_runtime
rmdir "$MCAPI_RUNTIME_DIR" && : >"$MCAPI_RUNTIME_DIR"
expect "a file is no folder" \
    refused "$MCAPI_RUNTIME_DIR is not a folder: remove it, or name another" env
expect "a path that does not begin with / is refused" \
    refused 'MCAPI_RUNTIME_DIR is not an absolute path' env MCAPI_RUNTIME_DIR=somewhere

# --- The registry -------------------------------------------------------------------------------

new_runtime
mkdir "$registry"
expect "a folder is no registry" \
    refused "$registry is not a regular file: remove it, or use another topology" env
new_runtime
mkfifo -m 600 "$registry"
expect "a pipe is none, and nobody waits for its writer" \
    refused "$registry is not a regular file" timeout 20
new_runtime
ln -s /etc/passwd "$registry"
expect "a symbolic link is not followed" refused "$registry: it is a symbolic link; remove it" env
new_runtime
printf 'mcapi registry 77\n' >"$registry"
expect "one of another version is refused, and both are named" \
    refused "$registry was written by another version of the library .layout 77, ours is 2" env
for bytes in 0 10 40; do
    new_runtime
    printf 'mcapi registry 2\nsegment 1 2\nidentity 0 0\nholder 1 1 1\n' |
        head -c $bytes >"$registry"
    expect "one cut off after $bytes bytes is replaced" joins env
done
new_runtime
head -c 5000 /dev/urandom >"$registry"
expect "garbage is replaced" joins env
new_runtime
head -c 1000000 /dev/zero >"$registry"
expect "so is a file that is far too long" joins env

# --- Somebody else ------------------------------------------------------------------------------

if [ "$(id -u)" -eq 0 ]; then
    new_runtime
    chown "$other_user" "$MCAPI_RUNTIME_DIR"
    expect "another user's folder is refused, and both users are named" \
        refused "folder $MCAPI_RUNTIME_DIR belongs to user $other_user, and this program runs as user 0: name another" env
    new_runtime
    printf 'mcapi registry 2\n' >"$registry"
    chown "$other_user" "$registry"
    expect "so is another user's registry" \
        refused "$registry belongs to user $other_user, and this program runs as user 0" env
    new_runtime
    chmod 711 "$folder"
    expect "who has become another user is told the same" \
        refused "folder $MCAPI_RUNTIME_DIR belongs to user 0, and this program runs as user $other_user" \
        setpriv --reuid "$other_user" --clear-groups
else
    new_runtime
    chmod 500 "$MCAPI_RUNTIME_DIR"
    expect "a folder without write permission is named" \
        refused "cannot write $registry: Permission denied" env
fi
finish
