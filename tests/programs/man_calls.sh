#!/bin/sh
# SPDX-License-Identifier: MIT
#
# man_calls.sh - the manual pages of the library: one for every call that it exports, with the
# prototype that the compiler sees and the statuses that the comment in the header has; and an
# overview that leaves nothing out. The pages are made from the headers (doc/man/*.awk); what is
# compared here is read again, in another way.
#
# From make check: top_srcdir, top_builddir, CC, CFLAGS, MAKE.

set -u
: "${top_srcdir:?run me with make check}" "${top_builddir:?}" "${CC:?}" "${MAKE:?}"
. "$top_srcdir/tests/support/tap.sh"
export LC_ALL=C
include=$top_srcdir/mcapi/include
pages=$top_builddir/doc/man
overview=$pages/man7/mcapi.7
mkdir -m 700 "$folder/runtime"

# --- The headers, read anew -----------------------------------------------------------

# A line for each fact about a call: "CALL WORD REST". Words: of its declaration, returns (void
# or a value) and parameter; of its comment, first (its first sentence), row (a parameter),
# section (in their order), now and later (a status), rest (the call whose comment goes on),
# nodeless and timed.
header_facts() {
    awk '
        function flush(   i, n, name, list) {
            for (i = 1; i <= facts; i++)
                print call, fact[i]
            print call, "returns", declaration ~ /^void mcapi/ ? "void" : "value"
            n = split(substr(declaration, index(declaration, "(") + 1), list, /[,)]/)
            for (i = 1; i < n; i++) {
                sub(/.*[ *]/, "", list[i])
                if (list[i] != "" && list[i] !~ /[0-9;]/)
                    print call, "parameter", list[i]
            }
        }
        function note(what) { fact[++facts] = what }
        function see(line) {
            if (line ~ /^Statuses, beside MCAPI_SUCCESS( and those of the operation)?:$/) {
                where = "now"
                note("section Statuses")
            } else if (line == "later:") {
                where = "later"
                note("section later")
            } else if (line ~ /^  MCAPI_[A-Z_]+  +[^ ]/) {
                split(line, word, " ")
                note(where " " word[1])
            } else if (line ~ /^  [a-z][a-z_, ]*[a-z]  +[^ ]/ && where == "") {
                sub(/^  /, "", line)
                sub(/  .*/, "", line)
                gsub(/,/, "", line)
                note("row " line)
                if (!in_rows)
                    note("section rows")
                in_rows = 1
            } else if (line ~ /^(Blocks|Returns) / && last == "" && prose ~ /[^ ]/) {
                split(line, word, " ")
                note("section " word[1])
            }
            if (line !~ /^ /)
                prose = prose " " line
            last = line
        }
        function ends() {
            if (match(prose, /The rest is as for mcapi_[a-z0-9_]+/))
                note("rest " substr(prose, RSTART + 19, RLENGTH - 19))
            if (prose ~ /Needs no node|Holds for the process; needs no node/)
                note("nodeless")
            if (prose ~ /until the timeout|or until the timeout/)
                note("timed")
            sub(/^ +/, "", prose)
            sub(/\. .*/, ".", prose)
            note("first " prose)
        }
        /^\/\* --- / { comment = facts = 0; next }
        /^\/\*/ { comment = 1; facts = 0; where = prose = last = ""; in_rows = 0 }
        comment == 1 {
            line = $0
            sub(/^(\/| )\*\/? ?/, "", line)
            sub(/ *\*\/$/, "", line)
            see(line)
            if (/\*\//) { ends(); comment = 2 }
            next
        }
        comment == 2 && /^[a-z]/ && /mcapi_[a-z0-9_]+\(/ && !/^(inline|extern|typedef)/ {
            declaration = $0
            while (declaration !~ /;/ && (getline line) > 0)
                declaration = declaration " " line
            gsub(/ MCAPI_MAY_BE_UNFILLED\([0-9]\)/, "", declaration)
            call = declaration
            sub(/\(.*/, "", call)
            sub(/.*[ *]/, "", call)
            flush()
            next
        }
        { comment = facts = 0 }' "$include/mcapi.h" "$include/mcapi_ext.h"
}

# What a comment leaves to that of another call.
with_the_rest() {
    awk '{ line[NR] = $0; if ($2 == "rest") rest[$1] = $3 }
        $2 == "row" { for (i = 3; i <= NF; i++) own[$1, $i] = 1 }
        $2 == "parameter" { has[$1, $3] = 1 }
        END {
            for (n = 1; n <= NR; n++)
                print line[n]
            for (call in rest)
                for (n = 1; n <= NR; n++) {
                    split(line[n], word, " ")
                    if (word[1] != rest[call])
                        continue
                    if (word[2] ~ /^(now|later)$/)
                        print call, word[2], word[3]
                    if (word[2] == "row" && has[call, word[3]] && !own[call, word[3]])
                        print call, "row", substr(line[n], length(word[1]) + 6)
                }
        }'
}

# facts WORD: "CALL REST" of all lines with that word, sorted.
facts() {
    awk -v word="$1" '$2 == word { $2 = ""; sub(/ +/, " "); sub(/ +$/, ""); print }' \
        "$folder/facts" | sort -u
}

# The statuses of the enum, aliases apart.
enum_statuses() {
    sed -n '/^enum mcapi_status_codes/,/^}/s/^ *\(MCAPI_[A-Z_]*\)\( = 1\)\{0,1\},.*/\1/p' \
        "$include/mcapi.h"
}

# --- The pages ------------------------------------------------------------------------

# The lines of a section of a page, as they are.
section() {
    sed -n "/^\\.SH $2\$/,/^\\.SH /{/^\\.SH /d;p;}" "$pages/man3/$1.3"
}

# Pages that are no link to another.
whole_pages() {
    grep -L '^\.so ' "$pages"/man3/*.3 | sed 's/.*\///; s/\.3$//'
}

# "PAGE CALL" for all calls that a page names as its own.
calls_of_pages() {
    for page in $(whole_pages); do
        section "$page" NAME | sed 's/ \\- .*//' | tr -s ", " "\n" | sed "s/^/$page /"
    done
}

page_statuses() {
    calls_of_pages | while read -r page call; do
        section "$page" ERRORS | awk -v call="$call" '
            BEGIN { where = "now" }
            /can end with one of these/ { where = "later" }
            /^\.B MCAPI_/ { print call, where, $2 }'
    done | sort -u
}

page_prototypes() {
    for page in $(whole_pages); do
        section "$page" SYNOPSIS
    done | sed 's/\\f[BIPR]//g; s/\\-/-/g; /^\./d; /^#include/d' | one_a_line
}

# Declarations on standard input, one on each line, blanks where they are needed.
one_a_line() {
    tr -s ' \n' '  ' | tr ';' '\n' |
        sed 's/__attribute__((access(none, [0-9])))//g; s/\([(*,]\) */\1/g; s/ *$//; s/^ *//' |
        grep '^[a-z].*mcapi_[a-z0-9_]*(' | sort
}

# shellcheck disable=SC2086             # CC is several words
compiled_prototypes() {
    printf '#include <mcapi_ext.h>\n' |
        $CC -E -P -DMCAPI_ONE_SPELLING -I"$include" - | one_a_line
}

exported_calls() {
    nm -D --defined-only "$top_builddir/mcapi/.libs/libmcapi.so" |
        awk '$3 ~ /^mcapi_/ { print $3 }' | sort
}

# --- What is to hold -------------------------------------------------------------------

# same WHAT-IS-WANTED WHAT-IS-THERE: two commands print the same, and something.
same() {
    "$1" >"$folder/wanted" && "$2" >"$folder/there" && test -s "$folder/wanted" &&
        diff "$folder/wanted" "$folder/there"
}

none() {
    ! grep . "$1"
}

pages_by_name() {
    find "$pages/man3" -type f | sed 's/.*\///; s/\.3$//' | sort
}

names_on_pages() {
    calls_of_pages | cut -d' ' -f2 | sort
}

links_lead_home() {
    calls_of_pages | while read -r page call; do
        [ "$page" = "$call" ] || [ "$(cat "$pages/man3/$call.3")" = ".so man3/$page.3" ] ||
            echo "$call is on the page of $page, and its own does not lead there"
    done >"$folder/astray"
    none "$folder/astray"
}

# shellcheck disable=SC2086             # CC and CFLAGS are several words each
prototypes_compile() {
    {
        echo '#define MCAPI_ONE_SPELLING'
        echo '#include <mcapi_ext.h>'
        page_prototypes | sed 's/$/;/'
    } >"$folder/prototypes.c"
    $CC ${CFLAGS-} -Wall -Wextra -Wpedantic -Werror -I"$include" -c \
        -o "$folder/prototypes.o" "$folder/prototypes.c"
}

header_statuses() {
    awk '$2 == "now" || $2 == "later" { print $1, $2, $3 }' "$folder/facts" | sort -u
}

named_statuses() {
    header_statuses | cut -d' ' -f3 | sort -u
}

statuses_that_calls_give() {
    enum_statuses | grep -v '^MCAPI_SUCCESS$' | while read -r status; do
        grep -q "^ *$status,.*no call gives it \*/" "$include/mcapi.h" || echo "$status"
    done | sort
}

# A call acts for a node, and says what it gives without one; the exceptions say so themselves.
every_call_tells_of_no_node() {
    facts parameter | awk '$2 == "mcapi_status" { print $1 }' | sort >"$folder/calls"
    { facts nodeless | cut -d' ' -f1; echo mcapi_initialize; } | sort >"$folder/nodeless"
    comm -23 "$folder/calls" "$folder/nodeless" >"$folder/wanted"
    facts now | awk '$2 == "MCAPI_ERR_NODE_NOTINIT" { print $1 }' | sort >"$folder/there"
    test -s "$folder/wanted" && diff "$folder/wanted" "$folder/there"
}

# What takes a request can run out of them and is not given NULL; a timeout is timed.
every_request_can_be_refused() {
    facts parameter | awk '$2 == "request" && $1 ~ /_i$/ { print $1 }' | sort >"$folder/wanted"
    for status in MCAPI_ERR_PARAMETER MCAPI_ERR_REQUEST_LIMIT; do
        facts now | awk -v status="$status" '$2 == status { print $1 }' | sort >"$folder/there"
        comm -23 "$folder/wanted" "$folder/there"
    done >"$folder/missing"
    test -s "$folder/wanted" && none "$folder/missing"
}

timed_calls() {
    facts timed | cut -d' ' -f1
}

calls_that_time_out() {
    facts now | awk '$2 == "MCAPI_TIMEOUT" { print $1 }' | sort -u
}

purposes_are_sentences() {
    facts first | sed 's/^[^ ]* //' >"$folder/first"
    grep -Ev '^[A-Z][a-z]+s .*\.$' "$folder/first" >"$folder/bad"
    awk 'length > 110 { print "too long: " $0 }' "$folder/first" >>"$folder/bad"
    test -s "$folder/first" && none "$folder/bad"
}

# In the order in which they stand in a comment.
sections_stand_in_order() {
    awk 'BEGIN { n = split("rows Blocks Returns Statuses later", name, " ")
            for (i = 1; i <= n; i++)
                place[name[i]] = i }
        $2 == "section" && place[$3] <= last[$1] { print $1 ": " $3 " stands too late" }
        $2 == "section" { last[$1] = place[$3] }' "$folder/facts" >"$folder/bad"
    grep -q ' section Statuses' "$folder/facts" && none "$folder/bad"
}

calls_with_a_value() {
    awk '$2 == "returns" && $3 == "value" { print $1 }' "$folder/facts" | sort
}

calls_that_say_what_they_return() {
    awk '$2 == "section" && $3 == "Returns" { print $1 }' "$folder/facts" | sort
}

# by_page: "CALL NAME" on standard input becomes "PAGE NAME", since calls share comments.
by_page() {
    calls_of_pages >"$folder/pages"
    awk 'FILENAME != "-" { page[$2] = $1; next } { print page[$1], $2 }' "$folder/pages" - |
        sort -u
}

parameters() {
    facts parameter | grep -v ' mcapi_status$' | by_page
}

# A request that a call fills is told of once, for all of them.
parameters_told_of() {
    {
        facts row | awk '{ for (i = 2; i <= NF; i++) print $1, $i }'
        facts parameter | awk '$2 == "request" && $1 ~ /_i$/'
    } | by_page
}

parameters_on_pages() {
    calls_of_pages | while read -r page call; do
        facts parameter | awk -v call="$call" '$1 == call { print $2 }' |
            while read -r parameter; do
                section "$page" PARAMETERS | grep -A1 '^\.TP' |
                    grep -q "\\\\fI$parameter\\\\fP" && echo "$call $parameter"
            done
    done | sort
}

all_parameters() {
    facts parameter
}

# --- Form ----------------------------------------------------------------------------

formatted_without_warning() {
    groff -t -man -ww -z -Tutf8 "$overview" >"$folder/warnings" 2>&1
    (cd "$pages" && for page in man3/*.3; do groff -man -ww -z -Tutf8 "$page"; done) \
        >>"$folder/warnings" 2>&1
    none "$folder/warnings"
}

linted_without_warning() {
    # The pages bear no date, so that they are the same whenever they are made.
    (cd "$pages" && mandoc -Tlint -Wwarning man3/*.3 man7/*.7) |
        grep -v -e 'missing date' -e '\.so is fragile' >"$folder/warnings"
    none "$folder/warnings"
}

fit_into_80_columns() {
    for page in $(whole_pages | sed "s,.*,$pages/man3/&.3,") "$overview"; do
        groff -t -man -Tascii -rLL=80n "$page" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' |
            awk -v page="${page##*/}" 'length > 80 { print page ": " $0 }'
    done >"$folder/wide"
    none "$folder/wide"
}

references_lead_somewhere() {
    for page in $(whole_pages); do
        sed 's/\\%//g; s/\\f[BIPR]//g' "$pages/man3/$page.3"
    done | grep -Eo 'mcapi_[a-z0-9_]+ ?\(3\)' | sed 's/ *(3)//' | sort -u >"$folder/wanted"
    pages_by_name >"$folder/there"
    comm -23 "$folder/wanted" "$folder/there" >"$folder/missing"
    test -s "$folder/wanted" && none "$folder/missing"
}

# The chapters of calls in mcapi.h. That of convenience leaves nothing open.
chapters() {
    awk '/^\/\* --- / { gsub(/^\/\* --- | -+ \*\/$/, ""); chapter = $0 }
        /^[a-z].*mcapi_[a-z0-9_]+\(/ && !/^(inline|extern|typedef)/ { print chapter }' \
        "$include/mcapi.h" | grep -v '^Convenience$' | sort -u
}

decisions_referred_to() {
    cat "$pages"/man3/*.3 | sed -n 's/.*under \\(lq\(.*\)\\(rq\..*/\1/p' | sort -u |
        grep -v '^All calls$'
}

decisions_are_there() {
    same chapters decisions_referred_to && while read -r heading; do
        grep -q "^## $heading\$" "$top_srcdir/doc/conformance.md" || echo "$heading"
    done <"$folder/there" >"$folder/missing"
    none "$folder/missing"
}

# --- The overview ---------------------------------------------------------------------

calls_listed() {
    sed 's/\\%//g' "$overview" |
        sed -n '/^\.SH CALLS/,/^\.SH THREADS/s/^\.BR \(mcapi_[a-z0-9_]*\) (3).*/\1/p' | sort
}

variables_of_the_library() {
    {
        grep -ho 'getenv("[A-Z_]*")' -r "$top_srcdir/mcapi" --include='*.c'
        grep -Eo '"MCA(PI)?_[A-Z_]+"' "$top_srcdir/mcapi/runtime/settings.c"
    } | sed 's/.*"\([A-Z_]*\)".*/\1/' | sort -u
}

variables_are_told_of() {
    variables_of_the_library >"$folder/wanted"
    test -s "$folder/wanted" && while read -r name; do
        grep -q "\\<$name\\>" "$overview" || echo "$name"
    done <"$folder/wanted" >"$folder/missing"
    none "$folder/missing"
}

# Defaults in the table of limits, and those that the compiler sees.
limits_told() {
    sed -n 's/^\(MCA[A-Z_]*\)	\([0-9,]*\)	[^	]*	.*/\1 \2/p' "$overview" | tr -d , | sort
}

# shellcheck disable=SC2086             # CC is several words
limits_compiled() {
    grep -o '^    LIMIT("[A-Z_]*"' "$top_srcdir/mcapi/runtime/settings.c" |
        sed 's/.*"\(.*\)"/\1/' >"$folder/limits"
    { echo '#include <mcapi.h>'; sed 's/.*/limit "&" &/' "$folder/limits"; } |
        $CC -E -P -I"$include" - | sed -n 's/^limit "\(.*\)" \([0-9]*\)$/\1 \2/p' | sort
}

attributes_told() {
    sed -n 's/^\([A-Z_]*\)	\([a-z_]*\)	[a-z]*	.*/\1 \2/p' "$overview" | sort
}

# Each has a type of its name.
attributes_declared() {
    sed -n '/^enum mcapi_endpoint_attributes/,/^}/s/^ *MCAPI_ENDP_ATTR_\([A-Z_]*\),$/\1/p' \
        "$include/mcapi.h" | while read -r name; do
        type=$(echo "$name" | tr '[:upper:]' '[:lower:]')
        grep -q "mcapi_endp_attr_${type}_t;" "$include/mcapi.h" && echo "$name $type"
    done | sort
}

# shellcheck disable=SC2086             # CC and CFLAGS are several words each
program_compiles() {
    sed -n '/^\.SH A PROGRAM/,/^\.SH CALLS/{/^\.EX/,/^\.EE/p;}' "$overview" |
        sed '/^\.E[XE]/d; s/\\e/\\/g' >"$folder/meet.c"
    $CC ${CFLAGS-} -std=c99 -Wall -Wextra -Wpedantic -Werror -I"$include" \
        -o "$folder/meet" "$folder/meet.c" -L"$top_builddir/mcapi/.libs" -lmcapi
}

meet() {
    MCAPI_RUNTIME_DIR=$folder/runtime MCAPI_TOPOLOGY=man-calls \
        LD_LIBRARY_PATH=$top_builddir/mcapi/.libs timeout 60 "$folder/meet" "$@"
}

program_runs() {
    meet >"$folder/said" &
    receiver=$!
    meet 'as the page says' && wait "$receiver" &&
        [ "$(cat "$folder/said")" = 'as the page says' ]
}

# --- Installed ------------------------------------------------------------------------

# The make above this one must not hand its own settings down.
install_pages() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "$MAKE" -C "$top_builddir/doc" \
        DESTDIR="$folder/root" "$1"
}

installed_pages_are_found() {
    chmod 755 "$folder" # man may be a user of its own
    folder_of_pages=$(find "$folder/root" -type d -name man3 | sed 's/\/man3$//')
    exported_calls | while read -r call; do
        MANPATH='' man -M "$folder_of_pages" -w 3 "$call" >/dev/null 2>&1 || echo "$call"
    done >"$folder/missing"
    none "$folder/missing" &&
        MANPATH='' man -M "$folder_of_pages" mcapi_sclchan_recv_uint8 2>&1 |
        grep -q 'mcapi_sclchan_recv_uint64, mcapi_sclchan_recv_uint32' &&
        MANPATH='' man -M "$folder_of_pages" mcapi 2>&1 | grep -q 'mcapi_initialize(3)'
}

no_page_is_left() {
    [ -z "$(find "$folder/root" ! -type d | tee /dev/stderr)" ]
}

header_facts | with_the_rest >"$folder/facts"

expect "every call that the library exports has a page, and no page is of another" \
    same exported_calls pages_by_name
expect "every call is named on one page" same exported_calls names_on_pages
expect "a page that is shared is found under each name" links_lead_home
expect "prototypes on the pages are those that the compiler sees" \
    same compiled_prototypes page_prototypes
expect "prototypes on the pages compile beside the headers" prototypes_compile
expect "statuses on the pages are those of the comments" same header_statuses page_statuses
expect "every status is given by some call, or the header says that none does" \
    same statuses_that_calls_give named_statuses
expect "every call that needs a node tells what happens without" every_call_tells_of_no_node
expect "every call that takes a request tells when it is refused" every_request_can_be_refused
expect "who blocks until a timeout can time out, and nobody else" \
    same timed_calls calls_that_time_out
expect "a comment begins with one sentence of what the call does" purposes_are_sentences
expect "the parts of a comment stand in one order" sections_stand_in_order
expect "a comment tells what the call returns, if it does" \
    same calls_with_a_value calls_that_say_what_they_return
expect "a comment tells of every parameter, and of no other" same parameters parameters_told_of
expect "a page tells of every parameter" same all_parameters parameters_on_pages
expect "a page refers to pages that there are" references_lead_somewhere
expect "a page refers to what conformance.md decides for its chapter" decisions_are_there
if command -v groff >/dev/null; then
    expect "every page is formatted without a warning" formatted_without_warning
    expect "every page fits into 80 columns" fit_into_80_columns
else
    skip "every page is formatted without a warning" "there is no groff"
fi
if command -v mandoc >/dev/null; then
    expect "mandoc finds nothing in any page" linted_without_warning
else
    skip "mandoc finds nothing in any page" "there is no mandoc"
fi

expect "mcapi(7) lists every call" same exported_calls calls_listed
expect "mcapi(7) tells of every variable that the library reads" variables_are_told_of
expect "mcapi(7) has the limits as they are" same limits_compiled limits_told
expect "mcapi(7) has every attribute of an endpoint" same attributes_declared attributes_told
expect "the program in mcapi(7) compiles" program_compiles
expect "the program in mcapi(7) does what it says" program_runs

expect "the pages can be installed" install_pages install
if command -v man >/dev/null; then
    expect "man finds the installed page of every call" installed_pages_are_found
else
    skip "man finds the installed page of every call" "there is no man"
fi
expect "the pages can be uninstalled" install_pages uninstall
expect "no page is left then" no_page_is_left
finish
