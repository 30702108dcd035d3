#!/bin/bash
# In the guest of run.sh: YNL's client at work, then what nmtx -json prints, as
# lines "sample: WORDS" and "sample: JSON" for tools/tests/check_schema.py.
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

HOLD=/run/hold.fifo

# each WORDS: a sample of each line of stdin.
each() {
	local line
	while IFS= read -r line; do
		printf 'sample: %s\nsample: %s\n' "$*" "$line"
	done
}
sample() { nmtx -json "$@" | each "$@"; }
doctor() { { nmtx -json doctor "$@" || true; } | each doctor "$@"; }

# A binding until hold_end.
hold() {
	mkfifo "$HOLD"
	in_guest devmem_send --ifname nk_guest --size 4096 --bind-only --pause-bound \
		<>"$HOLD" >/run/hold.out 2>&1 &
	held=$!
	wait_for 10 grep -q ^paused /run/hold.out
}
hold_end() {
	printf . >"$HOLD"
	wait "$held"
	rm "$HOLD"
}

# nmtx top counts what is sent, by its binding, and nothing else.
top() {
	local id pid
	nmtx -json top interval 1 count 20 >/run/top.out &
	pid=$!
	sleep 4
	transfer remote 10.2.0.2 --size 4M
	wait "$pid"
	id=$(sed -n 's/^bind-tx: ok id=//p' "$SEND_OUT")
	each top </run/top.out
	check "nmtx top: only that binding" python3 -c 'import json, sys
lines = [json.loads(line) for line in open("/run/top.out")]
assert lines and {line["id"] for line in lines} == {int(sys.argv[1])}
assert lines[-1]["bytes"] > 4 << 20 and lines[-1]["packets"] > 63, lines[-1]' "$id"
	check "nmtx top: nothing is left" test "$(bpftool prog list | grep -c count_pass)" = 0
}

monitor() {
	local pid
	nmtx -json monitor >/run/monitor.out &
	pid=$!
	sleep 1
	sample lease add dev nk_guest netns guest nic nicA
	hold
	sample binding
	hold_end
	sleep 2
	kill "$pid"
	wait "$pid" || true
	each monitor </run/monitor.out
}

topology_up l2 forward
module_load hook=auto
python3 -B "$LAB/ynl/guest.py" "$LAB/ynl/netmem-tx.yaml" "$LAB/ynl"
monitor
for object in dev lease stats status; do
	sample "$object"
done
nmtx redirect add dev nk_host nic nicA addr 10.1.0.2
sample redirect
top
sample redirect del
doctor dev nk_guest netns guest nic nicA
doctor dev nosuch nic nosuch
sample drain
sample drain off
