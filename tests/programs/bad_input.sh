#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bad_input.sh - whatever is wrong is said in one line on stderr, with the right exit status, and
# nothing is left behind.

. "${top_srcdir:?run me with make check}/tests/programs/lib.sh"

small=generated:packets=100

refused() {
    exit_status_is "$1" && one_line "$folder/err" "$2" && test ! -s "$folder/out" &&
        nothing_is_left
}

# wrong SENTENCE STATUS PATTERN ARGUMENT...
wrong() {
    local sentence=$1 expected=$2 pattern=$3
    shift 3
    balance "$@"
    expect "$sentence" refused "$expected" "^load_balancer: .*$pattern"
}

# --- The command line ---------------------------------------------------------------------

wrong "no source" 2 '--source is missing'
wrong "an unknown option" 2 "'--colour' is no option" --source "$small" --colour
wrong "a word that is no option" 2 "'file.pcap' is no option" file.pcap
wrong "no workers" 2 "--workers '0': .* from 1 to 256" --source "$small" --workers 0
wrong "too many workers" 2 "--workers '257': .* from 1 to 256" --source "$small" --workers 257
wrong "no window" 2 "--window '0': .* from 1 to 4096" --source "$small" --window 0
wrong "a window too large" 2 "--window '4097': .* from 1 to 4096" --source "$small" --window 4097
wrong "an unknown policy" 2 "--policy 'fair': must be flow, tag, least-loaded or inline" \
    --source "$small" --policy fair
wrong "an unknown kind of work" 2 "--work 'sleep' is no kind of work" --source "$small" --work sleep
wrong "an unknown policy for deaths" 2 "--on-worker-death 'ignore': must be respawn, shrink or stop" \
    --source "$small" --on-worker-death ignore
wrong "a quarantine without a name" 2 "--quarantine '': must not be empty" \
    --source "$small" --quarantine ''
wrong "a quarantine that cannot be made" 1 "--quarantine '/no/such/file': No such file or directory" \
    --source "$small" --quarantine /no/such/file
for range in x -1 5- 7-6 5-x 99999999999999999999; do
    "$worker" --node 1 --die-at "$range" >"$folder/out" 2>"$folder/err"
    status=$?
    expect "worker --die-at $range" refused 2 "^worker: --die-at '$range': the number of an item"
done
wrong "a source of no known kind" 2 "'ftp:x' begins with no known kind of source" --source ftp:x
wrong "a source with an impossible setting" 2 'flows' --source generated:flows=0
wrong "a source with an unknown setting" 2 'colour' --source generated:colour=1
wrong "a source that names nothing" 2 'names no file' --source pcap:

# --- Captures -----------------------------------------------------------------------------

# capture FILE LINK_TYPE: five packets of 64 bytes.
capture() {
    perl -e '
        open(my $out, ">:raw", $ARGV[0]) or die;
        print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, $ARGV[1]);
        print $out pack("VVVV", 1700000000, $_, 64, 64), chr($_) x 64 for 1 .. 5;' "$1" "$2"
}

wrong "no such file" 1 'missing\.pcap.*No such file' --source "pcap:$folder/missing.pcap"
wrong "a folder" 1 'directory' --source "pcap:$folder"
echo "this is a text and no capture at all" >"$folder/text"
wrong "no capture" 1 'is no capture' --source "pcap:$folder/text"
: >"$folder/empty"
wrong "an empty file" 1 'is empty' --source "pcap:$folder/empty"
if [ "$(id -u)" -eq 0 ]; then
    skip "a file that may not be read" "root may read every file"
else
    touch "$folder/secret" && chmod 000 "$folder/secret"
    wrong "a file that may not be read" 1 'Permission denied' --source "pcap:$folder/secret"
fi

capture "$folder/whole.pcap" 1
head -c $((24 + 3 * 80 + 40)) "$folder/whole.pcap" >"$folder/cut.pcap"
balance --source "pcap:$folder/cut.pcap" --json
truncated() {
    exit_status_is 1 && one_line "$folder/err" 'cut short: it ends at byte 304' &&
        holds '$r->{totals}{items} == 3 && $r->{agreed} && $r->{ordered}' &&
        holds '$r->{note} =~ /cut short/' && nothing_is_left
}
expect "of a truncated capture, what was whole is processed, and it is said where it ends" truncated

capture "$folder/odd.pcap" 147
balance --source "pcap:$folder/odd.pcap" --json
odd() {
    exit_status_is 0 && one_line "$folder/err" 'link type 147 cannot be parsed' &&
        holds '$r->{totals}{items} == 5 && $r->{totals}{flows} == 5 && $r->{agreed}' &&
        holds '$r->{totals}{protocols}{other}{items} == 5' && nothing_is_left
}
expect "a link type that cannot be parsed is said once, and flows are told apart by bytes" odd

# --- Workers --------------------------------------------------------------------------------

wrong "a worker program that is missing" 1 "--worker-program '/nowhere/worker': No such file" \
    --source "$small" --worker-program /nowhere/worker
wrong "a worker program that is none" 1 'not an executable file' \
    --source "$small" --worker-program "$folder"
printf '#!/bin/sh\nexit 3\n' >"$folder/quits" && chmod +x "$folder/quits"
wrong "a worker program that ends at once" 1 \
    'worker 1 \(pid [0-9]+\) ended with exit status 3 before it was ready' \
    --source "$small" --worker-program "$folder/quits"
printf '#!/bin/sh\nkill -ABRT $$\n' >"$folder/dies" && chmod +x "$folder/dies"
wrong "a worker program that crashes at once" 1 \
    'worker 1 \(pid [0-9]+\) was killed by signal 6 \(Aborted\) before it was ready' \
    --source "$small" --worker-program "$folder/dies"
printf 'no program' >"$folder/garbage" && chmod +x "$folder/garbage"
wrong "a worker program that the system does not run" 1 'cannot start the worker program' \
    --source "$small" --worker-program "$folder/garbage"

# --- The machine ------------------------------------------------------------------------------

no_topology() {
    exit_status_is 1 && one_line "$folder/err" "$1" && test ! -s "$folder/out"
}
(
    ulimit -f 64 # KiB that a file may have, shared memory too
    trap '' XFSZ
    "$load_balancer" --source "$small" --quiet 2>"$folder/err" >"$folder/out"
)
status=$?
expect "no shared memory" no_topology 'topology.*File too large'
mkdir "$folder/open" && chmod 777 "$folder/open"
MCAPI_RUNTIME_DIR=$folder/open "$load_balancer" --source "$small" 2>"$folder/err" >"$folder/out"
status=$?
expect "a runtime folder that is open to others" no_topology "$folder/open is open to other users"
: >"$folder/file"
MCAPI_RUNTIME_DIR=$folder/file "$load_balancer" --source "$small" 2>"$folder/err" >"$folder/out"
status=$?
expect "a runtime folder that is none" no_topology "$folder/file is not a folder"
"$load_balancer" --source "$small" 2>"$folder/err" >/dev/full
status=$?
: >"$folder/out"
expect "a report that cannot be written" refused 1 'cannot write the report: No space left'

balance_behind --source generated:packets=0 --quiet
expect "a load balancer runs" await_work "$pid" 4
"$load_balancer" --source "$small" >"$folder/out" 2>"$folder/err"
status=$?
second_refused() {
    exit_status_is 1 && one_line "$folder/err" "topology '$MCAPI_TOPOLOGY' has a load balancer already"
}
expect "a second one in the same topology is refused" second_refused
kill -TERM "$pid"
await_end
expect "the first one is not disturbed" exit_status_is 0

# A topology that was there before has its own limits: those of the library, here.
"$worker" --node 99 2>/dev/null &
guest=$!
background="$background $guest"
topology_is_there() {
    [ -n "$(find "$MCAPI_RUNTIME_DIR" -type f)" ]
}
expect "another program is in the topology" eventually topology_is_there
"$load_balancer" --source "$small" --window 64 2>"$folder/err" >"$folder/out"
status=$?
expect "a window that is too large for its channels" no_topology "--window '64': .* 62 at most"
perl -e '
    open(my $out, ">:raw", $ARGV[0]) or die;
    my $packet = chr(0x45) . "x" x 70000;
    print $out pack("VvvlVVV", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101);
    print $out pack("VVVV", 1, 0, length $packet, length $packet), $packet;' "$folder/large.pcap"
balance --source "pcap:$folder/large.pcap" --window 8 --json
too_large() {
    exit_status_is 1 && holds '!$r->{agreed} && $r->{totals}{unsent} == 1' &&
        one_line "$folder/err" 'packet 1 has 70001 bytes, .* carries at most 65488'
}
expect "a packet that is too large for its channels" too_large
kill -KILL "$guest"
wait "$guest" 2>/dev/null
balance --source "pcap:$folder/large.pcap" --json
expect "it is not too large for the load balancer's own channels" all_is_well

# --- The worker itself --------------------------------------------------------------------------

worker_refused() {
    exit_status_is 2 && one_line "$folder/err" "$1"
}
wrong_worker() {
    local sentence=$1 pattern=$2
    shift 2
    "$worker" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
    expect "$sentence" worker_refused "^worker: .*$pattern"
}
wrong_worker "a worker without a node" '--node is missing'
wrong_worker "a worker with an impossible node" "--node '0': a whole number from 1 to 65535" --node 0
wrong_worker "a worker with an impossible window" "--window '65536'" --node 1 --window 65536
wrong_worker "a worker with unknown work" "'fun' is no kind of work" --node 1 --work fun
wrong_worker "a worker with an unknown option" '--colour' --node 1 --colour
wrong_worker "a worker with an option of one letter" "'-x' is no option" --node 1 -x
wrong_worker "a worker with an option without its value" "'--node' needs a value" --node
wrong_worker "a worker with a value too many" "'--help=me' takes no value" --help=me
wrong_worker "a worker with a word too many" "'more' is no option" --node 1 more

finish
