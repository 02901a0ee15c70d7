# SPDX-License-Identifier: MIT
#
# read_calls.awk - what make_pages.awk writes about: calls and their comments from headers, and
# functions of examples that show them.
#
#   prototype[call], doc_of[call]      the declaration; the number of its comment
#   names[d]                           the calls of comment d
#   prose[d, i], blocks[d], returns[d] its paragraphs
#   row_key[d, where, i], row_text     its rows; `where` is parameter, now (statuses) or later
#   example[call]                      the shortest function that makes the call

BEGIN {
    if (manual == "")
        manual = "mcapi"
    LINE = 73       # characters of a line of code on an 80-column terminal, indented by 7
    LONGEST = 45    # lines of a function that a page shows
}

FNR == 1 {
    file = FILENAME
    sub(/.*\//, "", file)
    comment = chapter = ""
    in_comment = declaring = after = 0
}

FILENAME ~ /\.7$/ { overview[++overview_lines] = $0; next }
FILENAME ~ /\.c$/ { read_example(); next }
FILENAME ~ /\.h$/ { read_header() }
FILENAME ~ /\.md$/ && sub(/^## /, "") { decided[$0] = 1 }

# --- Reading headers ---------------------------------------------------------------------

function read_header(line) {
    line = $0
    if (in_comment) {
        in_comment = line !~ /\*\//
        sub(/ *\*\/.*/, "", line)
        sub(/^ \*? ?/, "", line)
        if (in_comment || line != "")
            comment = comment line "\n"
    } else if (line ~ /^\/\* --- .* -+ \*\/$/) {
        chapter = line
        sub(/^\/\* --- /, "", chapter)
        sub(/ -+ \*\/$/, "", chapter)
        comment = ""
    } else if (line ~ /^\/\*/) {
        comment = ""
        sub(/^\/\* ?/, "", line)
        in_comment = line !~ /\*\//
        sub(/ *\*\/.*/, "", line)
        comment = line == "" ? "" : line "\n"
        after = 0
    } else if (declaring) {
        declaration = declaration " " line
        end_of_declaration()
    } else if (line ~ /^[a-z].*[ *](mcapi|distributor)_[a-z0-9_]+\(/ \
               && line !~ /^(extern|inline|static|typedef) /) {
        declaration = line
        declaring = 1
        end_of_declaration()
    } else {
        # What nothing but an empty line follows is about the chapter.
        if (line == "" && comment != "" && !(chapter in notes))
            notes[chapter] = comment
        if (chapter ~ /^Other spellings/ && comment != "")
            read_spellings()
        if (line ~ /^#define mcapi_[a-z0-9_]+ +mcapi_[a-z0-9_]+$/)
            old_name[$3] = old_name[$3] (old_name[$3] == "" ? "" : ", ") $2
        comment = ""
        after = 0
    }
}

# The other ways in which a call is written: a row for each call that has some.
function read_spellings(lines, n, i, call) {
    n = split(comment, lines, "\n")
    for (i = 1; i < n; i++)
        if (is_row(lines[i])) {
            key_of(lines[i])
            call = key
            spelling[call] = rest_of_row
        } else if (call != "" && sub(/^   +/, "", lines[i])) {
            spelling[call] = spelling[call] " " lines[i]
        }
}

function end_of_declaration(name) {
    if (declaration !~ /;/)
        return
    declaring = 0
    sub(/;.*/, "", declaration)
    gsub(/MCAPI_MAY_BE_UNFILLED\([0-9]*\)/, "", declaration)
    gsub(/[ \t]+/, " ", declaration)
    sub(/ $/, "", declaration)
    name = declaration
    sub(/\(.*/, "", name)
    sub(/.*[ *]/, "", name)
    if (comment != "" || !after) {
        docs++
        text[docs] = comment
        chapter_of[docs] = chapter
        header_of[docs] = file
        read_comment(docs)
    }
    doc_of[name] = docs
    names[docs] = names[docs] (names[docs] == "" ? "" : " ") name
    prototype[name] = declaration
    read_parameters(docs, declaration)
    comment = ""
    after = 1
}

function read_parameters(d, list, parts, n, i, name) {
    sub(/^[^(]*\(/, "", list)
    sub(/\)$/, "", list)
    n = split(list, parts, ", ")
    for (i = 1; i <= n; i++) {
        name = parts[i]
        sub(/.*[ *]/, "", name)
        is_parameter[d, name] = 1
    }
}

# --- Comments ----------------------------------------------------------------------------

function is_row(line) {
    return line ~ /^  [^ ].*[^ ]  +[^ ]/
}

# Takes a row apart: `key`, and `rest_of_row`.
function key_of(row) {
    sub(/^  /, "", row)
    match(row, /  +/)
    key = substr(row, 1, RSTART - 1)
    rest_of_row = substr(row, RSTART + RLENGTH)
}

# Prose becomes paragraphs; rows become parameters, or statuses from "Statuses" on.
function read_comment(d, lines, n, i, line, where, paragraph) {
    n = split(text[d], lines, "\n")
    where = "parameter"
    for (i = 1; i <= n; i++) {
        line = lines[i]
        if (line ~ /^Statuses, beside /) {
            where = "now"
            of_operation[d] = line ~ /those of the operation/
        } else if (line == "later:") {
            where = "later"
        } else if (is_row(line)) {
            key_of(line)
            add_row(d, where, key, rest_of_row)
        } else if (line ~ /^   / && rows[d, where] > 0 && paragraph == "") {
            sub(/^ +/, "", line)
            row_text[d, where, rows[d, where]] = row_text[d, where, rows[d, where]] " " line
        } else if (line == "") {
            add_paragraph(d, paragraph)
            paragraph = ""
        } else {
            paragraph = paragraph (paragraph == "" ? "" : " ") line
        }
    }
    add_paragraph(d, paragraph)
}

function add_row(d, where, word, meaning) {
    rows[d, where]++
    row_key[d, where, rows[d, where]] = word
    row_text[d, where, rows[d, where]] = meaning
}

function add_paragraph(d, paragraph) {
    if (match(paragraph, /The rest is as for (mcapi|distributor)_[a-z0-9_]+\./)) {
        rest[d] = substr(paragraph, RSTART + 19, RLENGTH - 20)
        paragraph = substr(paragraph, 1, RSTART - 1)
        sub(/ $/, "", paragraph)
    }
    if (paragraph == "")
        return
    if (paragraph ~ /^Blocks /)
        blocks[d] = paragraph
    else if (paragraph ~ /^Returns / && paragraphs[d] > 0)
        returns[d] = paragraph
    else
        prose[d, ++paragraphs[d]] = paragraph
}

# What a comment leaves to that of another call.
function resolve(d, base, i) {
    if (!(d in rest) || resolved[d]++)
        return
    base = doc_of[rest[d]]
    if (base == 0)
        return
    resolve(base)
    for (i = 2; i <= paragraphs[base]; i++)
        prose[d, ++paragraphs[d]] = prose[base, i]
    if (!(d in blocks) && base in blocks)
        blocks[d] = blocks[base]
    if (!(d in returns) && base in returns)
        returns[d] = returns[base]
    merge_rows(d, base, "parameter")
    merge_rows(d, base, "now")
    merge_rows(d, base, "later")
}

# The rows of the base in their order, with ours in place of those that we have too.
function merge_rows(d, base, where, i, n, own_key, own_text, own, used) {
    n = rows[d, where]
    for (i = 1; i <= n; i++) {
        own_key[i] = row_key[d, where, i]
        own_text[i] = row_text[d, where, i]
        own[own_key[i]] = i
    }
    rows[d, where] = 0
    for (i = 1; i <= rows[base, where]; i++) {
        key = row_key[base, where, i]
        if (where == "parameter" && !is_parameter[d, key] && key !~ /, /)
            continue
        if (key in own) {
            add_row(d, where, key, own_text[own[key]])
            used[key] = 1
        } else {
            add_row(d, where, key, row_text[base, where, i])
        }
    }
    for (i = 1; i <= n; i++)
        if (!(own_key[i] in used))
            add_row(d, where, own_key[i], own_text[i])
}

# --- Reading examples --------------------------------------------------------------------

# Functions in Linux style: the brace under the name, and again at the end. The shortest that
# makes a call is the example for it.
function read_example() {
    if ($0 == "{" && previous ~ /^[a-z].*\)$/) {
        in_function = 1
        body = wrapped(previous) "\n{\n"
        body_lines = 2
    } else if (in_function) {
        body = body wrapped($0) "\n"
        body_lines++
        if ($0 == "}") {
            in_function = 0
            offer_example()
        }
    }
    previous = $0
}

function offer_example(left, name) {
    if (body_lines > LONGEST)
        return
    left = body
    while (match(left, /(mcapi|distributor)_[a-z0-9_]+\(/)) {
        name = substr(left, RSTART, RLENGTH - 1)
        left = substr(left, RSTART + RLENGTH)
        if (!(name in example) || body_lines < example_lines[name]) {
            example[name] = body
            example_lines[name] = body_lines
            example_file[name] = file
        }
    }
}

# A line of code, broken where it is too long for a page: before its comment, and then at commas
# or, within a comment, at blanks.
function wrapped(line, indent, comment_of_it, at, left, sign) {
    if (length(line) <= LINE)
        return line
    match(line, /^ */)
    indent = substr(line, 1, RLENGTH)
    if (match(line, /[^ ] *\/\* [^*]* \*\/$/)) {
        comment_of_it = substr(line, RSTART + 1)
        line = substr(line, 1, RSTART)
        sub(/^ */, indent, comment_of_it)
        return wrapped(comment_of_it) "\n" wrapped(line)
    }
    sign = line ~ /^ *\/\*/ ? " " : ", "
    for (at = LINE; at > length(indent); at--)
        if (substr(line, at, length(sign)) == sign && substr(line, at + 1) != "*/")
            break
    left = substr(line, at + length(sign))
    line = substr(line, 1, sign == " " ? at - 1 : at)
    if (at <= length(indent))
        return line left
    left = (sign == " " ? indent " * " : sprintf("%" inside(line) "s", "")) left
    return line "\n" wrapped(left)
}

# Characters up to the innermost parenthesis that is open at the end of a line; where none is,
# up to the line's first word.
function inside(line, i, depth) {
    for (i = length(line); i > 0; i--) {
        depth += (substr(line, i, 1) == "(") - (substr(line, i, 1) == ")")
        if (depth > 0)
            return i
    }
    match(line, /^ */)
    return RLENGTH
}
