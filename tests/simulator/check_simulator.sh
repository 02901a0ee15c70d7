#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check_simulator.sh - some schedules of every scenario of the simulator; a schedule replays; a
# failure is told with its schedule; and faults that are planted are found. `make simulate-all`
# and `make mutate` have the rest.

set -u
. "${top_srcdir:?run me with make check}/tests/support/tap.sh"

simulator=${top_builddir:?}/tests/simulator/simulator

# The scenario's line says that nothing was found.
is_well() {
    cat "$folder/report"
    awk -v name="$1" '$1 == name && $2 > 0 && $8 == 0 { good = 1 } END { exit !good }' \
        "$folder/table"
}

# All but how long it took.
replay() {
    "$simulator" --replay "$1" "$2" | sed -n "s/ *[0-9]* s\$//; /^$2 /p"
}

same_again() {
    first=$(replay "$1" "$2") && [ -n "$first" ] && [ "$first" = "$(replay "$1" "$2")" ]
}

"$simulator" --schedules 700000 --jobs "$(nproc)" >"$folder/report" 2>&1
sed -n '/^scenario /,$p' "$folder/report" >"$folder/table"
while read -r name about; do
    expect "$name: $(awk -v name="$name" '$1 == name { print $2 }' "$folder/table") schedules of $about" \
        is_well "$name"
done < <("$simulator" --list)
expect "a schedule replays" same_again 77 messages

# Planted in copies, by the script that plants all.
faults='order segment/ring_packet.h mci_ring_packet_send 1 relaxed
order segment/ring_scalar.h mci_ring_scalar_say_taken 1 relaxed
torn segment/mailbox.h mci_mailbox_take 1
fence segment/event.c mci_event_fence 1
step os/robust.c robust: pending is not set'
bash "$top_srcdir/tests/mutation/mutate.sh" -j "$(nproc)" \
    "^($(echo "$faults" | tr '\n' '|' | sed 's/|$//'))" >"$folder/said" 2>&1
found() {
    cat "$folder/said"
    grep -q -F "found     $1: sim" "$folder/said"
}
while read -r fault; do
    expect "a planted fault is found: $fault" found "$fault"
done <<END
$faults
END
finish
