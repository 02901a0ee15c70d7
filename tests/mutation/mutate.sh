#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mutate.sh - what the tests of the library's concurrency would find: plants one fault of
# mutations.txt after the other in a copy and runs the checker that the list names.
#
#   mutate.sh [-j JOBS] [-n SCHEDULES] [PATTERN]
#                                    `make mutate`; PATTERN (a regular expression) chooses some.
#                                    Of the whole library's scenarios an eighth of SCHEDULES
#   mutate.sh --complete             the list names every order, fence and read-modify-write of
#                                    the library, and nothing that is not there
#
# One line for each mutation, and their numbers at the end; exit status 1 if one survives:
#
#   found      by which checker, and how
#   argued     there is no checker: the list says why it is right all the same
#   open       there is no checker yet: the list says what one would have to do
#   SURVIVES   the checker is content
#   BROKEN     nothing is changed, or it does not compile: the list is wrong
#
# What is built lies in tests/mutation of the build folder: what does not change stays there, the
# rest goes with the run.

set -u
unset CRASH_ALL_TABLE # of make crash-all: what is planted here is no finding of its
here=$(cd "$(dirname "$0")" && pwd)
top=${top_srcdir:-$(cd "$here/../.." && pwd)}
build=$(cd "${top_builddir:-.}" && pwd)
cc=${CC:-cc}
list=$here/mutations.txt
base=$build/tests/mutation
jobs=2
schedules=${schedules:-400000}

# --- The list -------------------------------------------------------------------------------

# Without comments, and with lines that go on joined.
entries() {
    sed -e '/^#/d' -e '/^$/d' -e ':more' -e '/\\$/{N;s/ *\\\n */ /;b more' -e '}' "$list"
}

trim() {
    local text=$1
    text=${text#"${text%%[! ]*}"}
    printf '%s' "${text%"${text##*[! ]}"}"
}

# What there is in the library, as FILE KIND FUNCTION N WHAT. Crash points are only tests'.
sites() {
    (cd "$top/mcapi" && for file in os/*.[ch] segment/*.[ch] runtime/*.[ch] api/*.[ch]; do
        [ "$file" = os/crash_point.c ] || awk -f "$here/sites.awk" "$file" | sed "s|^|$file |"
    done)
}

# Each place, and each half of an acq_rel. A place where an order is weakened is named once.
wanted() {
    sites | awk '
        $2 == "order" && $5 == "acq_rel" {
            print $2, $1, $3, $4, "acquire"; print $2, $1, $3, $4, "release"; next }
        $2 == "order" && $5 == "seq_cst" { print $2, $1, $3, $4, "weaker"; next }
        $2 == "order" { print $2, $1, $3, $4, "relaxed"; next }
        { print $2, $1, $3, $4 }'
}

named() {
    entries | awk -F'|' '$1 !~ /^step/ { print $1 }' | awk '
        NR == FNR { if ($2 == "order") was[$1 " " $3 " " $4] = $5; next }
        $1 == "order" && was[$2 " " $3 " " $4] == "seq_cst" { $5 = "weaker" }
        { $1 = $1; print }' <(sites) - | sort -u
}

complete() {
    local good=0 line
    while IFS= read -r line; do
        good=1
        echo "no mutation: $line"
    done < <(comm -23 <(wanted | sort -u) <(named))
    while IFS= read -r line; do
        good=1
        echo "no such place: $line"
    done < <(comm -13 <(wanted | sort -u) <(named))
    [ $good -ne 0 ] || echo "$(wanted | wc -l) places, $(entries | wc -l) mutations"
    return $good
}

# --- Planting -------------------------------------------------------------------------------

# plant ENTRY FOLDER: the changed file in FOLDER, at its place in the tree; sets file.
plant() {
    local what=$1 overlay=$2 kind where function number as script
    read -r kind where function number as <<<"$what"
    case $where in
    tests/*) file=$where ;;
    *) file=mcapi/$where ;;
    esac
    rm -rf "$overlay" && mkdir -p "$overlay/${file%/*}" || return 1
    case $kind in
    step)
        script=$3
        sed -e "$script" "$top/$file" >"$overlay/$file" &&
            ! cmp -s "$top/$file" "$overlay/$file"
        ;;
    *)
        { [ "$kind" != torn ] || echo "#include \"$here/torn.h\""; } >"$overlay/$file"
        awk -v plant="$kind $function $number" -v as="$as" -f "$here/sites.awk" \
            "$top/$file" >>"$overlay/$file"
        ;;
    esac
}

# --- Checkers -------------------------------------------------------------------------------

kind_of() {
    case $1 in
    packets | scalars | mailbox | event | robust) echo small ;;
    *) echo whole ;;
    esac
}

# The simulator as it is, of which all variants use the objects that do not change.
build_simulator() {
    local small=
    mkdir -p "$base/$1"
    [ "$1" = whole ] || small=small=1
    make -s -j"$jobs" -C "$base/$1" -f "$top/tests/simulator/simulator.mk" CC="$cc" \
        optimize='-O1 -g' $small simulator flags.txt
}

# The objects of a simulator that see the changed file.
objects_with() {
    case $file in
    *.h) (cd "$1" && grep -l -F "/$file" ./*.d library/*/*.d | sed 's/\.d$/.o/; s|^\./||') ;;
    mcapi/*) echo "library/${file#mcapi/}" | sed 's/\.c$/.o/' ;;
    *) basename "$file" .c | sed 's/$/.o/' ;;
    esac
}

# link_simulator BASE VARIANT: compiles what has changed, links it with the rest.
link_simulator() {
    local base=$1 variant=$2 object source all=()
    mkdir -p "$variant/objects"
    while IFS= read -r object; do
        [ -e "$base/$object" ] || continue
        source=$(sed -n '1{s/^[^:]*: *//;s/ .*//;p}' "$base/${object%.o}.d")
        [ -n "$source" ] && [ "$source" != '\' ] || source=$(sed -n '2{s/^ *//;s/ .*//;p}' "$base/${object%.o}.d")
        [ ! -e "$variant/overlay/${source#"$top/"}" ] || source=$variant/overlay/${source#"$top/"}
        "$cc" -I"$variant/overlay/mcapi" -I"$variant/overlay/tests/simulator" \
            @"$base/flags.txt" -w -c -o "$variant/objects/${object//\//_}" "$source" || return 1
        [ "$object" != library/runtime/runtime.o ] ||
            objcopy --rename-section .data=process_own "$variant/objects/${object//\//_}"
    done < <(objects_with "$base")
    for object in $(cat "$base/objects.txt"); do
        if [ -e "$variant/objects/${object//\//_}" ]; then
            all+=("$variant/objects/${object//\//_}")
        else
            all+=("$base/$object")
        fi
    done
    "$cc" -o "$variant/simulator" "${all[@]}" -pthread -ldl
}

# SCENARIO [SCHEDULES] ...
check_sim() {
    local variant=$1 scenario kind count said status linked=
    shift
    while [ $# -gt 0 ]; do
        scenario=$1 kind=$(kind_of "$1") count=$schedules
        [ "$kind" = small ] || count=$((schedules / 8))
        shift
        case ${1-} in [0-9]*) count=$1 && shift ;; esac
        if [ "$linked" != "$kind" ]; then
            rm -rf "$variant/objects"
            link_simulator "$base/$kind" "$variant" >"$variant/log" 2>&1 || return 2
            linked=$kind
        fi
        said=$(timeout 300 "$variant/simulator" --schedules "$count" "$scenario" 2>&1)
        status=$?
        [ $status -ne 124 ] || said="$scenario: a schedule does not end"
        if [ $status -ne 0 ]; then
            echo "sim $(echo "$said" | grep -m 1 "^$scenario: ")"
            return 0
        fi
    done
    return 1
}

# OPERATION ENGINE DEATHS. Of a header only the .c file of its name sees the change.
check_kill() {
    local variant=$1 objects=$build/tests/crash/kill object
    # shellcheck disable=SC2086
    [ -e "$objects/libmcapi_text.a" ] &&
        cp -n "$top/${file%.?}.c" "$variant/overlay/${file%/*}/" 2>/dev/null
    # shellcheck disable=SC2086
    "$cc" -std=gnu11 ${CFLAGS-} -w -fPIC -D_GNU_SOURCE -I"$variant/overlay/mcapi" -I"$top/mcapi" \
        -I"$top/mcapi/include" -c "$variant/overlay/${file%.?}.c" -o "$variant/mutant.o" \
        >"$variant/log" 2>&1 &&
        "${OBJCOPY:-objcopy}" --rename-section .text=mcapi_text "$variant/mutant.o" &&
        "$cc" ${CFLAGS-} -o "$variant/kill" "$objects"/*.o "$variant/mutant.o" \
            "$objects/libmcapi_text.a" -lpthread >>"$variant/log" 2>&1 || return 2
    timeout 300 "$variant/kill" --operation "$2" "--$3" "$4" >"$variant/said" 2>&1
    grep -q VIOLATION "$variant/said" || return 1
    echo "kill $2: $(grep -m 1 VIOLATION "$variant/said" | cut -c1-100)"
}

# NAME OPTIONS: the model with the same fault in it.
check_model() {
    local variant=$1 name=$2
    shift 2
    command -v spin >/dev/null || { echo "model $name: skipped, there is no spin" && return 0; }
    (cd "$variant" && spin -P"$cc -E -x c" -a "$@" "$top/tests/model/$name.pml" &&
        "$cc" -O1 -w -DSAFETY -DCOLLAPSE -DMEMLIM=4000 -o pan pan.c &&
        ./pan -m100000) >"$variant/log" 2>&1
    grep -q 'errors: [1-9]' "$variant/log" || return 1
    echo "model $name $*"
}

# --- One mutation ---------------------------------------------------------------------------

# The number of its line among the entries.
one() {
    local entry what checker script variant=$work/variant-$1 said status
    entry=$(entries | sed -n "${1}p")
    IFS='|' read -r what checker script <<<"$entry"
    what=$(trim "$what") checker=$(trim "$checker")
    case $checker in
    argued* | open*)
        printf '%-9s %s: %s\n' "${checker%% *}" "$what" "${checker#* }"
        return
        ;;
    esac
    mkdir -p "$variant"
    if ! plant "$what" "$variant/overlay" "$script"; then
        echo "BROKEN    $what: nothing is changed"
    else
        # shellcheck disable=SC2086
        said=$(set -- $checker && checker=$1 && shift && "check_$checker" "$variant" "$@")
        status=$?
        case $status in
        0) echo "found     $what: $said" ;;
        1) echo "SURVIVES  $what: $checker" ;;
        *) echo "BROKEN    $what: does not compile: $(grep -m 1 error "$variant/log")" ;;
        esac
    fi
    rm -rf "$variant"
}

case ${1-} in
--complete)
    complete
    exit
    ;;
--one)
    work=$2
    one "$3"
    exit
    ;;
esac
while getopts j:n: option; do
    case $option in
    j) jobs=$OPTARG ;;
    n) schedules=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
pattern=${1-.}

mkdir -p "$base" || exit 2
work=$(mktemp -d "$base/run-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
chosen=$(entries | cut -d'|' -f1,2 | grep -n -E -e "$pattern" | cut -d: -f1)
[ -n "$chosen" ] || { echo "mutate.sh: no mutation is like '$pattern'" >&2 && exit 2; }
for kind in $(for number in $chosen; do
    entries | sed -n "${number}p" | cut -d'|' -f2 | grep -w sim | tr ' ' '\n' |
        grep '^[a-z]' | grep -v -x sim | while read -r name; do kind_of "$name"; done
done | sort -u); do
    build_simulator "$kind" || exit 2
done
export top_srcdir=$top top_builddir=$build CC="$cc" jobs schedules
began=$(date +%s)
echo "$chosen" | xargs -n 1 -P "$jobs" bash "$0" --one "$work" | tee "$work/said"
count() { grep -c "^$1" "$work/said"; }
echo "$(count found) found, $(count argued) argued, $(count open) open, \
$(count SURVIVES) survive, $(count BROKEN) broken, $(($(date +%s) - began)) s"
! grep -q -e '^SURVIVES' -e '^BROKEN' "$work/said"
