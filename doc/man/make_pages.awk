# SPDX-License-Identifier: MIT
#
# make_pages.awk - the manual pages of the calls, from the comments in the headers.
#
#   awk -f read_calls.awk -f make_pages.awk -v folder=OUT -v version=1.2.3 \
#         EXAMPLE.c... HEADER.h... conformance.md mcapi.7
#
# With -v manual=distributor the same for libdistributor, from distributor.h and distributor.7.
#
# Writes OUT/man3/<call>.3 for every call that a header declares, calls of one comment on one
# page, and OUT/man7/mcapi.7: the page given, with a list of all calls in place of its line
# `.\" CALLS`. The form of a comment is told in mcapi.h, under "What holds for every call"; an
# example shows a call if a function of it is short enough. OUT, man3 and man7 are there.
#
# Any awk of POSIX will do.

BEGIN {
    told("TRY(", "TRY ends the program unless the call in it has succeeded.")
    told("CHECK(", "CHECK ends the program unless the call before it has succeeded.")
    told("check(", "check() ends the program unless the status is MCAPI_SUCCESS.")
    told("finish(", "finish() waits for the end of a request.")
}

# A word that examples use and do not explain.
function told(word, meaning) {
    helper[++helpers] = word
    meaning_of[word] = meaning
}

END {
    for (doc = 1; doc <= docs; doc++)
        resolve(doc)
    for (doc = 1; doc <= docs; doc++)
        write_page(doc)
    write_overview()
}

# --- roff --------------------------------------------------------------------------------

function plain(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    return s
}

# Code: every character as it is typed.
function code(s) {
    s = plain(s)
    gsub(/'/, "\\(aq", s)
    gsub(/`/, "\\(ga", s)
    gsub(/\^/, "\\(ha", s)
    gsub(/~/, "\\(ti", s)
    sub(/^\./, "\\\\\\&.", s)
    return s
}

# Prose of the comment of doc d (0: of none): names are set as names.
function roff(s, d, result, before, word, behind) {
    result = ""
    gsub(/\\/, "\\e", s)
    while (match(s, /[A-Za-z_][A-Za-z0-9_]*/)) {
        before = substr(s, 1, RSTART - 1)
        word = substr(s, RSTART, RLENGTH)
        behind = substr(s, RSTART + RLENGTH)
        s = behind
        if (word ~ /^(mcapi[a-z0-9_]*|distributor)$/ && behind ~ /^\.h/) {
            s = substr(behind, 3)
            word = "\\fI" word ".h\\fP"
        } else if ((word == "mcapi" || word == "distributor") && behind ~ /^\(7\)/) {
            word = "\\fB" word "\\fP"
        } else if (word in doc_of) {
            word = "\\%\\fB" word "\\fP" (doc_of[word] == d ? "()" : "(3)")
        } else if (manual != "mcapi" && word ~ /^mcapi_[a-z0-9_]*$/ && word !~ /_t$/ \
                   && !is_parameter[d, word]) {
            word = "\\%\\fB" word "\\fP(3)"
        } else if (word ~ /^(MCA(PI)?|DISTRIBUTOR)_[A-Z0-9_]+$/ || word ~ /^mcapi_[a-z0-9_]*_t$/ \
                   || word == "_i") {
            word = "\\%\\fB" word "\\fP"
        } else if (is_parameter[d, word] && is_name(word, before, behind, result)) {
            if (before ~ /\*$/) {
                sub(/\*$/, "", before)
                word = "*" word
            } else if (before ~ /`$/) {
                sub(/`$/, "", before)
                sub(/^`/, "", s)
            }
            word = "\\%\\fI" word "\\fP"
        }
        gsub(/`/, "\\(ga", before)
        result = result before word
    }
    result = result s
    sub(/^[.']/, "\\\\\\&&", result)
    return result
}

# Whether a word that is a parameter's name means the parameter: with an article it is a noun.
function is_name(word, before, behind, result) {
    if (word ~ /_/ || before ~ /[*`]$/)
        return 1
    return behind ~ /^( (is|are|has|or) |,)/ \
        && (result before) !~ /(^|[ (])([Tt]he|an?|its|this|that|any|one|no|each|of|another) $/
}

function emit(line) {
    print line > page
}

function emit_paragraph(s, d) {
    emit(".PP")
    emit(roff(s, d))
}

# --- A page ------------------------------------------------------------------------------

function write_page(d, list, n, i, link) {
    n = split(names[d], list, " ")
    page = folder "/man3/" list[1] ".3"
    emit(".\\\" SPDX-License-Identifier: MIT")
    emit(".\\\" Made from the comment in " header_of[d] " by make_pages.awk.")
    emit(".TH " toupper(list[1]) " 3 \"\" \"lib" manual " " version "\" \"" \
         (manual == "mcapi" ? "MCAPI" : "Distributor") "\"")
    emit(".ad l")
    write_name(d, list, n)
    write_synopsis(d, list, n)
    write_description(d)
    write_parameters(d)
    write_return_value(d, list[1])
    write_errors(d)
    write_attributes(d)
    write_standards(d, list, n)
    write_notes(d, list, n)
    write_example(list, n)
    write_see_also(d)
    close(page)
    for (i = 2; i <= n; i++) {
        link = folder "/man3/" list[i] ".3"
        print ".so man3/" list[1] ".3" > link
        close(link)
    }
}

function first_sentence(d, s) {
    s = prose[d, 1]
    if (match(s, /\. /))
        s = substr(s, 1, RSTART)
    return s
}

function write_name(d, list, n, i, line, purpose) {
    for (i = 1; i <= n; i++)
        line = line (i > 1 ? ", " : "") list[i]
    purpose = first_sentence(d)
    sub(/\.$/, "", purpose)
    emit(".SH NAME")
    emit(line " \\- " tolower(substr(purpose, 1, 1)) plain(substr(purpose, 2)))
    emit(".SH LIBRARY")
    if (manual == "mcapi")
        emit("Multicore Communications API over shared memory (libmcapi, \\fB\\-lmcapi\\fP)")
    else
        emit("Distribution of work that keeps flows in order, over MCAPI " \
             "(libdistributor, \\fB\\-ldistributor \\-lmcapi\\fP)")
}

function write_synopsis(d, list, n, i) {
    emit(".SH SYNOPSIS")
    emit(".nf")
    emit("\\fB#include <" header_of[d] ">\\fP")
    for (i = 1; i <= n; i++) {
        emit(".PP")
        write_prototype(prototype[list[i]])
    }
    emit(".fi")
}

# Types in bold, names in italics, broken after commas and aligned behind the parenthesis.
function write_prototype(call, head, parts, n, i, type, name, line, width, piece, pad) {
    match(call, /\(/)
    head = substr(call, 1, RSTART)
    call = substr(call, RSTART + 1, length(call) - RSTART - 1)
    n = split(call, parts, ", ")
    pad = length(head)
    for (i = 1; i <= n; i++)
        if (length(head) + length(parts[i]) + 1 > LINE)
            pad = 8
    line = "\\fB" plain(head)
    width = length(head)
    if (width + length(parts[1]) + 1 > LINE) {
        emit(line "\\fP")
        line = "\\fB" sprintf("%" pad "s", "")
        width = pad
    }
    for (i = 1; i <= n; i++) {
        name = type = parts[i]
        sub(/.*[ *]/, "", name)
        type = substr(type, 1, length(type) - length(name))
        piece = parts[i] (i < n ? "," : ");")
        if (i > 1 && width + 1 + length(piece) > LINE) {
            emit(line "\\fP")
            line = "\\fB" sprintf("%" pad "s", "")
            width = pad
        } else if (i > 1) {
            line = line " "
            width++
        }
        line = line type "\\fP\\fI" name "\\fP\\fB" (i < n ? "," : ");")
        width += length(piece)
    }
    emit(line "\\fP")
}

function write_description(d, i) {
    emit(".SH DESCRIPTION")
    emit(roff(prose[d, 1], d))
    for (i = 2; i <= paragraphs[d]; i++)
        emit_paragraph(prose[d, i], d)
    if (d in blocks)
        emit_paragraph(blocks[d], d)
    else if (text[d] ~ /[Bb]locks? (until|while)|(Never|Does not) block/)
        return
    else if (names[d] ~ /_i( |$)/ && text[d] !~ /complete (then|when the call returns)/)
        emit_paragraph("Does not block: mcapi_test, mcapi_wait and mcapi_wait_any tell when " \
                       "the operation has ended, and how.", d)
    else
        emit_paragraph("Does not block.", d)
}

function write_parameters(d, i) {
    emit(".SH PARAMETERS")
    for (i = 1; i <= rows[d, "parameter"]; i++)
        write_parameter(row_key[d, "parameter", i], row_text[d, "parameter", i], d)
    if (is_parameter[d, "request"] && !described[d, "request"])
        write_parameter("request", "takes the request; an operation that is refused has one " \
                        "too, which is complete and need not be released", d)
    if (is_parameter[d, "mcapi_status"])
        write_parameter("mcapi_status", "takes the outcome; if it is NULL, nothing happens", d)
}

function write_parameter(name, meaning, d, list, n, i, head) {
    n = split(name, list, ", ")
    for (i = 1; i <= n; i++) {
        head = head (i > 1 ? ", " : "") "\\fI" list[i] "\\fP"
        described[d, list[i]] = 1
    }
    emit(".TP")
    emit(head)
    emit(roff(meaning, d))
}

function write_return_value(d, name) {
    emit(".SH RETURN VALUE")
    if (d in returns)
        emit(roff(returns[d], d))
    else if (prototype[name] !~ /^void (mcapi|distributor)/)
        emit("As described.")
    else if (is_parameter[d, "mcapi_status"])
        emit("None; \\fI*mcapi_status\\fP tells the outcome.")
    else
        emit("None.")
}

function write_errors(d, i) {
    if (!is_parameter[d, "mcapi_status"])
        return
    emit(".SH ERRORS")
    emit("\\fI*mcapi_status\\fP is \\fBMCAPI_SUCCESS\\fP, or one of these:")
    write_statuses(d, "now")
    if (of_operation[d])
        emit_paragraph("Or it is the status in which the operation has ended. The page of the " \
                       "call that began it lists those; an operation that was refused has " \
                       "ended with the status of that call.", d)
    if (rows[d, "later"] > 0) {
        emit_paragraph("An operation that was accepted can end with one of these:", d)
        write_statuses(d, "later")
    }
}

function write_statuses(d, where, i) {
    for (i = 1; i <= rows[d, where]; i++) {
        emit(".TP")
        emit(".B " row_key[d, where, i])
        emit(roff(row_text[d, where, i], d))
    }
}

function write_attributes(d) {
    emit(".SH ATTRIBUTES")
    emit(".TP")
    emit("Thread safety")
    if (manual == "mcapi")
        emit("MT-Safe: any thread may make this call beside any other call, if the two do not " \
             "share what they get by address.")
    else
        emit("MT-Safe for different distributors and workers: no two threads may make calls " \
             "for the same one at a time.")
    emit(".TP")
    emit("Signal safety")
    if (text[d] ~ /May be called in a signal handler/)
        emit("May be called in a signal handler.")
    else
        emit("Not to be called in a signal handler.")
}

function write_standards(d, list, n, i, ours, others, old) {
    for (i = 1; i <= n; i++) {
        if (header_of[d] == "mcapi_ext.h" || list[i] ~ /^mcapi_ext_/)
            ours = ours (ours == "" ? "" : " ") list[i]
        else
            others++
        if (list[i] in old_name)
            old = old (old == "" ? "" : ", ") "\\fB" old_name[list[i]] "\\fP"
    }
    emit(".SH STANDARDS")
    if (manual != "mcapi") {
        emit("None. The library needs an MCAPI 2.015 with the extensions of libmcapi.")
        return
    }
    if (others)
        emit("MCAPI 2.015. What it leaves open is decided in \\fIdoc/conformance.md\\fP of " \
             "the sources, under \\(lq" (chapter_of[d] in decided ? chapter_of[d] : "All calls") \
             "\\(rq.")
    if (ours != "" && others)
        emit(roff(ours " is an extension of libmcapi.", d))
    else if (ours != "")
        emit("None: an extension of libmcapi, which other implementations do not have.")
    if (old != "") {
        emit(".PP")
        emit("In MCAPI 1.x: " old ", which \\fImcapi_v1000_to_v2000.h\\fP maps.")
    }
}

function write_notes(d, list, n, i, about, lines, count, line, in_code) {
    about = chapter_of[d]
    for (i = 1; i <= n; i++)
        if (list[i] in spelling)
            line = spelling[list[i]]
    if (!(about in notes) && line == "")
        return
    emit(".SH NOTES")
    if (line != "")
        emit(roff("Programs in the field write it in other ways too, which the header tells " \
                  "apart: " line ".", d))
    if (!(about in notes))
        return
    if (line != "")
        emit(".PP")
    count = split(notes[about], lines, "\n")
    for (i = 1; i < count; i++) {
        if ((lines[i] ~ /^    /) != in_code) {
            in_code = !in_code
            emit(in_code ? ".EX" : ".EE")
        }
        emit(in_code ? code(lines[i]) : lines[i] == "" ? ".PP" : roff(lines[i], d))
    }
}

function write_example(list, n, i, best, shown, lines, count, j) {
    for (i = 1; i <= n; i++)
        if (list[i] in example && (best == "" || example_lines[list[i]] < example_lines[best]))
            best = list[i]
    if (best == "")
        return
    emit(".SH EXAMPLES")
    emit("From \\fIdoc/examples/" example_file[best] "\\fP of the sources.")
    shown = example[best]
    for (j = 1; j <= helpers; j++)
        if (index(shown, helper[j]))
            emit(roff(meaning_of[helper[j]], 0))
    emit(".PP")
    emit(".EX")
    count = split(shown, lines, "\n")
    for (i = 1; i < count; i++)
        emit(code(lines[i]))
    emit(".EE")
}

# What the comment mentions, and then the rest of the chapter.
function write_see_also(d, list, n, i, e, left, name, seen) {
    emit(".SH SEE ALSO")
    left = text[d]
    while (match(left, /(mcapi|distributor)_[a-z0-9_]+/)) {
        name = substr(left, RSTART, RLENGTH)
        left = substr(left, RSTART + RLENGTH)
        if ((name in doc_of) && chapter_of[doc_of[name]] != chapter_of[d] && !seen[name]++)
            emit(".BR \\%" name " (3),")
    }
    for (e = 1; e <= docs; e++) {
        if (e == d || chapter_of[e] != chapter_of[d])
            continue
        n = split(names[e], list, " ")
        for (i = 1; i <= n; i++)
            emit(".BR \\%" list[i] " (3),")
    }
    if (manual != "mcapi")
        emit(".BR " manual " (7),")
    emit(".BR mcapi (7)")
}

# --- The overview ------------------------------------------------------------------------

function write_overview(i) {
    page = folder "/man7/" manual ".7"
    for (i = 1; i <= overview_lines; i++)
        if (overview[i] == ".\\\" CALLS")
            write_list()
        else
            emit(overview[i])
    close(page)
}

function write_list(d, list, n, i) {
    for (d = 1; d <= docs; d++) {
        if (d == 1 || chapter_of[d] != chapter_of[d - 1]) {
            emit(".SS " chapter_of[d])
            if (header_of[d] != manual ".h")
                emit("(\\fI" header_of[d] "\\fP, beyond the standard)")
        }
        n = split(names[d], list, " ")
        for (i = 1; i <= n; i++) {
            emit(i == 1 ? ".TP" : ".TQ")
            emit(".BR " list[i] " (3)" (i < n ? "," : ""))
        }
        emit(roff(first_sentence(d), 0))
    }
}
