#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_headers.sh - the public headers compile as C99, C11, C17 and C++17 with gcc and clang
# without a warning, each alone and in any order, and mean there what they are to mean.
#
# From make check: top_srcdir. A compiler that is not installed is skipped, and the output says
# so.

set -u
: "${top_srcdir:?run me with make check}"
here=$top_srcdir/tests/unit/include
headers_folder=$top_srcdir/mcapi/include
headers='mca.h mca_config.h mca_impl_spec.h mcapi.h mcapi_ext.h mcapi_impl_spec.h
    mcapi_v1000_to_v2000.h'
# As in a program that warns of everything; -O2, since gcc sees some things only then.
flags="-O2 -Wall -Wextra -Wpedantic -Werror -I$headers_folder"
. "$top_srcdir/tests/support/tap.sh"

# compile FILE [OPTION...]: with the compiler and the standard of this round.
# shellcheck disable=SC2086             # several words each
compile() {
    file=$1
    shift
    $compiler -std=$standard -x $language $flags "$@" -c -o "$folder/object.o" "$file"
}

# program LINE...: a program of these lines compiles.
program() {
    printf '%s\n' "$@" 'extern int defined;' 'int defined;' >"$folder/program.c"
    compile "$folder/program.c"
}

alone_and_in_pairs() {
    for first in $headers; do
        program "#include <$first>" || return 1
        for second in $headers; do
            program "#include <$first>" "#include <$second>" || return 1
        done
    done
}

# A program may wrap the headers itself, as it does with those of other C libraries.
within_extern_c() {
    program '#ifdef __cplusplus' 'extern "C" {' '#endif' \
        '#include <mcapi_v1000_to_v2000.h>' '#include <mcapi_ext.h>' \
        '#ifdef __cplusplus' '}' '#endif'
}

limits_can_be_set_before() {
    for limit in MCAPI_MAX_MSG_SIZE MCAPI_MAX_PKT_SIZE MCAPI_MAX_QUEUE_ELEMENTS \
        MCAPI_MAX_BUFFERS MCAPI_MAX_ENDPOINTS MCAPI_MAX_NODES MCAPI_MAX_CHANNELS \
        MCAPI_MAX_PRIORITY MCAPI_MAX_DOMAIN MCAPI_MAX_NODE MCAPI_MIN_PORT MCAPI_MAX_PORT \
        MCAPI_NUM_RESERVED_PORTS MCA_MAX_REQUESTS MCAPI_MAX_MESSAGE_SIZE \
        MCAPI_MAX_PACKET_SIZE MAX_QUEUE_ELEMENTS; do
        program "#define $limit 5" '#include <mcapi.h>' \
            "char limit[$limit == 5 ? 1 : -1];" || return 1
    done
}

# Without the other spellings the plain names can be defined, by a stand-in for example.
plain_names() {
    program '#define MCAPI_ONE_SPELLING' '#include <mcapi.h>' \
        'mcapi_boolean_t mcapi_wait(mcapi_request_t *request, size_t *size,' \
        '                           mcapi_timeout_t timeout, mcapi_status_t *mcapi_status)' \
        '{' \
        '    return request && size && timeout && mcapi_status;' \
        '}'
}

# shellcheck disable=SC2086             # several words each
spellings() {
    $compiler -std=c99 -x c $flags -c -o "$folder/recorded.o" "$here/recorded.c" &&
        compile "$here/spellings.c" &&
        $compiler -o "$folder/spellings" "$folder/object.o" "$folder/recorded.o" &&
        "$folder/spellings"
}

# in_one_standard: every test, with $compiler, $standard and $language.
in_one_standard() {
    with="$standard with $compiler"
    expect "every header compiles alone and after any other: $with" alone_and_in_pairs
    expect "headers may stand within extern \"C\": $with" within_extern_c
    expect "a limit that a program defines before is left alone: $with" limits_can_be_set_before
    expect "MCAPI_ONE_SPELLING leaves plain names: $with" plain_names
    expect "types and constants are what the standard prints: $with" \
        compile "$here/constants.c"
    expect "functions have the signatures that the standard prints: $with" \
        compile "$here/signatures.c"
    expect "every spelling of a call reaches its function: $with" spellings
    expect "a 1.x program compiles with its own header: $with" compile "$here/version_1.c"
    expect "a 1.x program compiles with MCAPI_V1000: $with" \
        compile "$here/version_1.c" -DMCAPI_V1000
}

# in_standards COMPILER LANGUAGE STANDARD...
in_standards() {
    compiler=$1 language=$2
    shift 2
    for standard; do
        if command -v "$compiler" >/dev/null; then
            in_one_standard
        else
            skip "the headers in $standard with $compiler" "$compiler is not installed"
        fi
    done
}

in_standards gcc c c99 c11 c17
in_standards clang c c99 c11 c17
in_standards g++ c++ c++17
in_standards clang++ c++ c++17
finish
