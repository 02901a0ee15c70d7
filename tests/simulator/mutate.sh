#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mutate.sh - what the simulator finds: plants one fault at a time in a copy of the library.
#
#   mutate.sh [-n SCHEDULES] [-l] [PATTERN]
#
# First every memory order but relaxed, weakened to relaxed (acq_rel to each half, seq_cst to
# acq_rel), in the files of the table below; so code that is added is covered at once. Then the
# faults of mutants.txt: steps left out or exchanged. -l lists them; PATTERN chooses some.
#
# Each fault is compiled and run until a scenario fails. One line for each:
#
#   found      by which scenario, after how many schedules
#   needless   survives, and mutants.txt says why that is right: the order could be weaker
#   beyond     survives, and mutants.txt says what the simulated machine would have to do
#   SURVIVES   nobody knows why; the exit status is 1
#
# Works in a temporary folder, or in $MUTATE_FOLDER, which then keeps what was built.

set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 1
top=$(cd "$here/../.." && pwd) || exit 1
schedules=400000
list=no
while getopts n:l option; do
	case $option in
	n) schedules=$OPTARG ;;
	l) list=yes ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
pattern=${1-.}

folder=${MUTATE_FOLDER-}
if test -z "$folder"; then
	folder=$(mktemp -d) || exit 1
	trap 'rm -rf "$folder"' EXIT
	trap 'exit 1' HUP INT TERM
fi
mkdir -p "$folder/tree" "$folder/small" "$folder/whole" || exit 1
for room in mcapi/include mcapi/os mcapi/segment mcapi/runtime tests/simulator; do
	mkdir -p "$folder/tree/$room" || exit 1
	for source in "$top/$room"/*.[ch] "$top/$room"/*.mk; do
		test ! -e "$source" || cp "$source" "$folder/tree/$room/" || exit 1
	done
done

# file | build | scenarios
files='
segment/ring_packet.h|small|packets
segment/ring_packet.c|small|packets
segment/ring_scalar.h|small|scalars
segment/ring_scalar.c|small|scalars
segment/mailbox.h|small|mailbox
segment/mailbox.c|small|mailbox messages
segment/event.h|small|event
segment/event.c|small|event
os/robust.c|small|robust event
os/futex.c|small|event robust
runtime/gate.h|whole|gate
runtime/gate.c|whole|gate
runtime/control.c|whole|control
'

build_of() {
	echo "$files" | awk -F'|' -v file="$1" '$1 == file { print $2 }'
}

# The orders of a file that can be weakened: line, place in the line, function, order.
orders() {
	awk '
		/^[a-z].*[(]/ { name = $0; sub(/[(].*/, "", name); sub(/.*[ *]/, "", name); count = 0 }
		/signal_fence/ { next }
		{
			rest = $0; at = 0
			while (match(rest, /memory_order_(acquire|release|acq_rel|seq_cst)/)) {
				order = substr(rest, RSTART + 13, RLENGTH - 13)
				at++; count++
				print NR, at, name ":" count, order
				rest = substr(rest, RSTART + RLENGTH)
			}
		}' "$top/mcapi/$1"
}

# All faults: name | file | scenarios | sed script
faults() {
	echo "$files" | while IFS='|' read -r file build scenarios; do
		test -n "$file" || continue
		orders "$file" | while read -r line at name order; do
			case $order in
			acq_rel) weaker='acquire release' ;;
			seq_cst) weaker=acq_rel ;;
			*) weaker=relaxed ;;
			esac
			# A fence can be of any order but relaxed: without it.
			for one in $weaker; do
				# The places before this one on the line count, whatever their order.
				echo "$file:$name $order->$one|$file|$scenarios|${line}s/memory_order_\\(acquire\\|release\\|acq_rel\\|seq_cst\\)/memory_order_$one/$at"
			done
		done
	done
	sed -n 's/^fault|//p' "$here/mutants.txt"
}

# What mutants.txt says of a fault that survives: its kind, and why.
known() {
	awk -F'|' -v name="$1" '($1 == "needless" || $1 == "beyond") && $2 == name {
		printf "%-9s %s: %s\n", $1, $2, $3 }' "$here/mutants.txt"
}

build() {
	small=
	test "$1" = small && small='small=1'
	make -s -j2 -C "$folder/$1" -f "$folder/tree/tests/simulator/simulator.mk" \
		tree="$folder/tree" optimize='-O1 -g' $small >"$folder/log" 2>&1
}

plant() {
	name=$1 file=$2 scenarios=$3 script=$4
	target=$folder/tree/$file
	origin=$top/$file
	case $file in tests/*) ;; *) target=$folder/tree/mcapi/$file origin=$top/mcapi/$file ;; esac
	sed "$script" "$origin" >"$target"
	if cmp -s "$origin" "$target"; then
		echo "BROKEN    $name: nothing is changed"
		return 1
	fi
	for scenario in $scenarios; do
		case $scenario in
		packets | scalars | mailbox | event | robust) kind=small ;;
		*) kind=whole ;;
		esac
		if ! build $kind; then
			echo "BROKEN    $name: does not compile"
			return 1
		fi
		# Those of the whole library take longer.
		count=$schedules
		test $kind = whole && count=$((schedules / 4))
		said=$("$folder/$kind/simulator" --seed 1 --schedules "$count" "$scenario" 2>&1)
		after=$(echo "$said" | sed -n "s/^$scenario: schedule \\([0-9]*\\) fails: \\(.*\\)/\\1: \\2/p" | head -n 1)
		if test -n "$after"; then
			echo "found     $name: by $scenario, schedule $after"
			return 0
		fi
		if ! echo "$said" | grep -q 'schedules,'; then
			echo "found     $name: by $scenario, which does not end well"
			return 0
		fi
	done
	reason=$(known "$name")
	if test -n "$reason"; then
		echo "$reason"
		return 0
	fi
	echo "SURVIVES  $name: $scenarios, $schedules schedules each"
	return 1
}

if test $list = yes; then
	faults | cut -d'|' -f1
	exit 0
fi

failed=0
faults >"$folder/faults"
while IFS='|' read -r name file scenarios script; do
	echo "$name" | grep -q -e "$pattern" || continue
	plant "$name" "$file" "$scenarios" "$script" || failed=1
	case $file in tests/*) cp "$top/$file" "$folder/tree/$file" ;; *) cp "$top/mcapi/$file" "$folder/tree/mcapi/$file" ;; esac
done <"$folder/faults"
exit $failed
