# SPDX-License-Identifier: MIT
#
# sites.awk - where a source file orders what it does: the orders that it names, its fences, its
# read-modify-writes. Counted in each function, so that lines may move.
#
#   awk -f sites.awk FILE             lists them:
#       order FUNCTION N ORDER            one that is not relaxed
#       torn  FUNCTION N OPERATION        a read-modify-write
#       fence FUNCTION N OPERATION        a fence, of the processor or the compiler
#       plain FUNCTION N OPERATION        an atomic without a named order: there should be none
#   awk -v plant='order FUNCTION N' -v as=ORDER -f sites.awk FILE
#                                     writes the file with a weaker order there;
#   ... plant='torn FUNCTION N'       ...with a load and a store in place of the operation;
#   ... plant='fence FUNCTION N'      ...without the fence.

BEGIN {
    token = "memory_order_(acquire|release|acq_rel|seq_cst)" \
        "|atomic_(compare_exchange_(weak|strong)|exchange|fetch_[a-z]+)_explicit" \
        "|atomic_(thread|signal)_fence[(]memory_order_[a-z_]+[)]" \
        "|atomic_(load|store|exchange|compare_exchange_(weak|strong)|fetch_[a-z]+)[(]"
}

function site(kind, what) {
    key = kind " " name " " ++count[kind]
    if (plant == "")
        print key, what
    if (key == plant)
        changed = 1
    return key == plant
}

function replaced(found) {
    if (found ~ /_fence/)
        return site("fence", substr(found, 1, index(found, "(") - 1)) ? "((void)0)" : found
    if (found ~ /[(]$/) {
        site("plain", substr(found, 1, length(found) - 1))
        return found
    }
    if (found ~ /^atomic_/)
        return site("torn", found) ? "torn" substr(found, 7) : found
    return site("order", substr(found, 14)) ? "memory_order_" as : found
}

{
    line = $0
    if (!comment && line ~ /^[a-z_].*[(]/ && line !~ /;$/) {
        head = line
        gsub(/__attribute__ *[(][(][^()]*([(][^()]*[)])?[^()]*[)][)]/, "", head)
        if (match(head, /[A-Za-z_0-9]+ *[(]/)) {
            name = substr(head, RSTART, RLENGTH - 1)
            sub(/ *$/, "", name)
            delete count
        }
    }
    done = ""
    while (line != "") {
        if (comment) {
            end = index(line, "*/")
            if (end == 0)
                break
            done = done substr(line, 1, end + 1)
            line = substr(line, end + 2)
            comment = 0
            continue
        }
        begins = index(line, "/*")
        if (match(line, token) && (begins == 0 || RSTART < begins)) {
            done = done substr(line, 1, RSTART - 1)
            found = substr(line, RSTART, RLENGTH)
            line = substr(line, RSTART + RLENGTH)
            done = done replaced(found)
        } else if (begins > 0) {
            done = done substr(line, 1, begins + 1)
            line = substr(line, begins + 2)
            comment = 1
        } else {
            break
        }
    }
    if (plant != "")
        print done line
}

END {
    if (plant != "" && !changed)
        exit 1
}
