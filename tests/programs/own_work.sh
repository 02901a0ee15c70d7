#!/bin/bash
# SPDX-License-Identifier: MIT
#
# own_work.sh - work of one's own, in a shared object: the example does what it says; and an object
# that is none, or does wrong, is refused or ends the run with a line that says why.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"
: "${CC:?run me with make check}"

capture=$top_srcdir/captures/traffic.pcapng
same_packets=$top_srcdir/tests/programs/same_packets.pl

# The headers as they are installed.
mkdir -p "$folder/include/load_balancer"
cp "$top_srcdir/worker/work.h" "$top_srcdir/worker/item.h" "$folder/include/load_balancer"

# builds OBJECT SOURCE OPTION...
# shellcheck disable=SC2086      # CC and CFLAGS are several words each
builds() {
    local object=$1 source=$2
    shift 2
    $CC ${CFLAGS-} -Wall -Wextra -Wpedantic -Werror -shared -fPIC -I"$folder/include" "$@" \
        -o "$object" "$source"
}

# --- The example -----------------------------------------------------------------------------

cd "$folder" || exit 99
filter=./my_filter.so
for standard in c11 c17; do
    expect "the example compiles as $standard without a warning" \
        builds "$filter" "$top_srcdir/doc/examples/my_filter.c" -std=$standard
done
expect "C++ can include work.h" $CC -x c++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only \
    -I"$folder/include" - <<<'#include <load_balancer/work.h>'

# The whole one in the manual page.
sed -n '/^#include <load_balancer/,/^\.EE/p' "$top_srcdir/doc/man/load_balancer.1" |
    grep -v '^\.EE' >only6.c
expect "the one in the manual page compiles" builds ./only6.so only6.c -Wno-unused-parameter \
    -Wno-missing-field-initializers
balance --source "pcap:$capture" --work ./only6.so --json --sink pcap:only6.pcap
expect "the one in the manual page: all is well" all_is_well
balance --source pcap:only6.pcap --json
expect "the one in the manual page lets IPv6 go on" holds '$r->{totals}{items} == 794'

# What is not for the port, and the bytes of what is; by other means.
perl - "$capture" "$folder/wanted.pcap" >"$folder/filtered" <<'END'
    my ($source, $to) = @ARGV;
    open(my $in, '<:raw', $source) or die;
    open(my $out, '>:raw', $to) or die;
    print $out pack 'VvvlVVV', 0xa1b23c4d, 2, 4, 0, 0, 262144, 1;
    local $/;
    my ($all, $at, $filtered, $count) = (<$in>, 0, 0, 0);
    while ($at < length $all) {
        my ($type, $length) = unpack 'VV', substr($all, $at, 8);
        if ($type == 6) {
            my (undef, $high, $low, $captured, $original) = unpack 'V5', substr($all, $at + 8, 20);
            my $bytes = substr($all, $at + 28, $captured);
            my $ports = '';
            if ($bytes =~ /^.{12}\x08\x00/s && ord(substr $bytes, 23) =~ /^(6|17)$/
                && !(unpack('n', substr $bytes, 20) & 0x1fff)) {
                $ports = substr $bytes, 14 + 4 * (ord(substr $bytes, 14) & 15), 4;
            } elsif ($bytes =~ /^.{12}\x86\xdd/s && ord(substr $bytes, 20) =~ /^(6|17)$/) {
                $ports = substr $bytes, 54, 4;
            }
            my $time = $high << 32 | $low;
            if (length $ports == 4 && unpack('x2n', $ports) == 53) {
                $filtered += $captured;
                $count++;
            } else {
                print $out pack('V4', int($time / 1e9), $time % 1_000_000_000, $captured,
                                $original), $bytes;
            }
        }
        $at += $length;
    }
    print "$filtered $count\n";
END
read -r filtered count <"$folder/filtered"
expect "there is something to filter" test "$filtered" -gt 0

for mode in burst single; do
    balance --source "pcap:$capture" --work "$filter=53" --mode $mode --json \
        --sink "pcap:$folder/sink.pcap"
    expect "$mode: all is well" all_is_well
    expect "$mode: the bytes that were filtered are counted" \
        holds "\$r->{totals}{filtered_bytes} == $filtered && \$r->{totals}{items} == 2750 &&
               \$r->{totals}{filtered} == $count"
    expect "$mode: all others are in the sink, each flow in order" \
        perl "$same_packets" "$folder/wanted.pcap" "$folder/sink.pcap"
done
balance --source "pcap:$capture" --work "$filter=53"
tables_tell() {
    grep -q 'bytes to the port$' "$folder/out" &&
        grep -qx "$count items were filtered out by the work" "$folder/out"
}
expect "the tables tell" tables_tell

# --- What is refused at once -------------------------------------------------------------------

# refused SENTENCE PATTERN WORK [ARGUMENT...]: exit status 2, a line that says why, and no run.
refused() {
    local what=$1 pattern=$2 work=$3
    shift 3
    balance --source "pcap:$capture" --work "$work" --json "$@"
    said() {
        exit_status_is 2 && one_line "$folder/err" "$pattern" && [ ! -s "$folder/out" ] &&
            nothing_is_left
    }
    expect "$what: refused" said
}

refused "an argument that it does not like" 'my_filter needs a port' "$filter=none"
refused "no argument" 'my_filter needs a port' "$filter"
refused "mode window" 'work that changes packets needs --mode burst' "$filter=53" --mode window
refused "no such file" "'\./nothing\.so': .*No such file" ./nothing.so
refused "no folder in its name" 'is no kind of work' my_filter.so
echo 'not an object' >text.so
refused "a file that is no object" "'\./text\.so': .*(file too short|invalid ELF header)" ./text.so
echo 'int something;' >empty.c
builds ./empty.so empty.c
refused "an object without a kind" "'\./empty\.so' exports no .work_kind." ./empty.so

# kind NAME MEMBERS [CODE]: an object with a kind that has these members.
kind() {
    printf '#include <load_balancer/work.h>\n#include <stdlib.h>\n%s\n' "${3-}" >"$1.c"
    printf 'const struct work_kind work_kind = { %s };\n' "$2" >>"$1.c"
    builds "./$1.so" "$1.c" -Wno-missing-field-initializers -Wno-unused-parameter
}

kind old '.version = 0, .name = "old"'
refused "one of another version" "'\./old\.so' is made for version 0 of work\.h" ./old.so
kind nameless '.version = WORK_VERSION'
refused "one without a name" "'\./nameless\.so': its work_kind has no name" ./nameless.so
kind unready '.version = WORK_VERSION, .name = "unready", .prepare = prepare' '
static bool prepare(struct work *w, const char *a, char *error, size_t size)
{
    if (size > 8)
        __builtin_strcpy(error, "not now");
    return false;
}'
refused "one that cannot get ready" 'not now' ./unready.so
kind plain '.version = WORK_VERSION, .name = "plain"'
refused "an argument to one that takes none" "'\./plain\.so=1': nothing can follow 'plain'" \
    ./plain.so=1

# --- What goes wrong later ----------------------------------------------------------------------

process='
static enum work_outcome process(struct work *w, const struct item *item, struct work_bytes *bytes)'

# goes_wrong SENTENCE PATTERN OBJECT: exit status 1, a line that says why, and soon.
goes_wrong() {
    local what=$1 pattern=$2
    balance_behind --source "pcap:$capture" --work "$3" --workers 2 --mode burst --json \
        --on-worker-death "${4-respawn}"
    await_end
    said() {
        exit_status_is 1 && grep -Eq "$pattern" "$folder/err" && nothing_is_left
    }
    expect "$what: said, and the run ends" said
}

kind crashes '.version = WORK_VERSION, .name = "crashes", .process = process' "$process"'
{ abort(); }'
goes_wrong "one that crashes, shrink" 'killed by signal 6 .*it was the last one: the run ends' \
    ./crashes.so shrink
goes_wrong "one that crashes, stop" 'was killed by signal 6 \(Aborted\): the run ends' \
    ./crashes.so stop
kind large '.version = WORK_VERSION, .name = "large", .changes = true, .process = process' "
static uint8_t space[ITEM_BYTES_MAX + 1];
$process"'
{ bytes->bytes = space; bytes->size = sizeof(space); return WORK_CHANGED; }'
goes_wrong "one that returns more than can be sent" \
    "what 'large' has made of it cannot be sent" ./large.so stop
kind grows '.version = WORK_VERSION, .name = "grows", .changes = true, .process = process' "
$process"'
{ bytes->size += 1000; return WORK_CHANGED; }'
goes_wrong "one that returns more bytes than there are" "made of it cannot be sent|PKT_LIMIT" \
    ./grows.so stop
kind liar '.version = WORK_VERSION, .name = "liar", .process = process' "$process"'
{ return WORK_FILTERED; }'
goes_wrong "one that filters and did not say that it would" "'liar' has changed or filtered" \
    ./liar.so stop
kind outcome '.version = WORK_VERSION, .name = "outcome", .changes = true, .process = process' \
    "$process"'
{ return (enum work_outcome)77; }'
goes_wrong "one with an outcome that there is none" 'what makes no sense of item' ./outcome.so
balance --source "pcap:$capture" --work ./liar.so --mode window --on-worker-death stop
expect "the same in mode window, where nobody would notice" \
    grep -q "'liar' has changed or filtered" "$folder/err"

# --- What is not wrong ---------------------------------------------------------------------------

# Each of those that are together has bytes of its own, up to the most that can be.
kind most '.version = WORK_VERSION, .name = "most", .changes = true, .process = process' "
static uint8_t space[WORK_TOGETHER][ITEM_BYTES_MAX];
static unsigned next;
$process"'
{
    bytes->bytes = space[next++ % WORK_TOGETHER];
    bytes->bytes[0] = (uint8_t)item->number;
    bytes->bytes[ITEM_BYTES_MAX - 1] = (uint8_t)(item->number >> 8);
    bytes->size = ITEM_BYTES_MAX;
    return WORK_CHANGED;
}'
balance --source generated:packets=100,flows=1 --work ./most.so --json --sink pcap:most.pcap
expect "the largest packets that can be: all is well" all_is_well
in_order() {
    perl -e '
        open(my $in, "<:raw", "most.pcap") or die;
        local $/;
        my $all = <$in>;
        my ($size, $header) = (262144, 24 + 16);
        die "size ", length $all, "\n" if length $all != 24 + 100 * (16 + $size);
        for my $number (0 .. 99) {
            my $at = $header + $number * (16 + $size);
            die "packet $number\n" if ord(substr $all, $at) != ($number & 255) ||
                ord(substr $all, $at + $size - 1) != $number >> 8;
        }'
}
expect "the largest packets that can be: each in its place" in_order
kind nothing '.version = WORK_VERSION, .name = "nothing", .changes = true, .process = process' "
$process"'
{ bytes->size = 0; return WORK_CHANGED; }'
balance --source generated:packets=300 --work ./nothing.so --json --sink pcap:nothing.pcap
expect "packets of which nothing is left: all is well" all_is_well
expect "packets of which nothing is left: they are there" \
    test "$(stat -c %s nothing.pcap)" -eq $((24 + 300 * 16))

cd / && finish
