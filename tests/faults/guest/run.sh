#!/bin/bash
# In a guest: count which calls each operation reaches, or make them fail.
# usage: run.sh cover POINTS     says "hits OP N,N,...", in the order of POINTS
#	 run.sh walk JOBS        says "point NAME OP FROM VERDICT ..." for each
# POINTS are lines of points.py, JOBS lines of jobs.py.
set -euo pipefail
# shellcheck source=tests/lab/guest/lib.sh
. /lab/guest/lib.sh
# shellcheck source=tests/lab/guest/live.sh
. /lab/guest/live.sh
# shellcheck source=tests/lab/guest/owners.sh
. /lab/guest/owners.sh
# shellcheck source=tests/faults/guest/ops.sh
. /lab/faults/ops.sh

PARAMETERS=/sys/module/nmtx_fault/parameters
OUT=/run/faults.out
BASELINE=/run/faults.baseline

there() { [ -d /sys/module/netmem_tx ]; }

# step FUNCTION...: as a script of its own; what it says goes to OUT. Where it is
# called, errexit does nothing, nor in the function.
step() {
	local rc t=$EPOCHREALTIME
	declare -F "$1" >/dev/null || return 0
	set +e
	(
		set -e
		"$@"
	) >"$OUT" 2>&1
	rc=$?
	set -e
	[ -z "${TIMES:-}" ] || echo "# $* ${t%.*} ${EPOCHREALTIME%.*}" >&"$TAP_FD"
	return "$rc"
}

# --- what is left ---------------------------------------------------------

# Live objects that were allocated with a function of the module on the stack,
# or of a module that is gone: "count cache function". slab_debug=U. Not those
# that the kernel keeps for itself: its table of direct calls, and what the slab
# allocator has at hand for every CPU.
live_objects() {
	awk '
	function flush() { if (ours && !kernels) print n, cache, ours; ours = kernels = "" }
	FNR == 1 { flush(); cache = FILENAME; sub(/\/alloc_traces$/, "", cache) }
	/^ *[0-9]+ [^ ]+ (waste=[^ ]+ )?age=/ { flush(); n = $1; by = $2 }
	by ~ /^__alloc_empty_sheaf/ { kernels = 1 }
	by ~ /^alloc_ftrace_hash/ && $1 ~ /^register_ftrace_direct/ { kernels = 1 }
	!ours && match($0, /[^ ]+ \[netmem_tx\]|0xffffffff[0-9a-f]+( |$)/) {
		ours = substr($0, RSTART, RLENGTH)
	}
	END { flush() }' /sys/kernel/debug/slab/{kmalloc-,skbuff_}*/alloc_traces | sort -k2
}
live_count() { live_objects | awk '{ n += $1 } END { print n + 0 }'; }
no_more_live() { [ "$(live_count)" -le "$(cat $BASELINE)" ]; }

# take_baseline OP: the kernel may keep more of what it allocated for the module.
# How much, without a call that fails?
take_baseline() {
	step "before_$1" || complain_out "before_$1"
	step "op_$1" || true
	step "undo_$1" || complain_out "undo_$1"
	step put_all_back || complain_out "what $1 left"
	live_count >$BASELINE
}

kill_background() {
	local file name
	for file in /run/bg.*.out; do
		[ -e "$file" ] || continue
		name=${file#/run/bg.} name=${name%.out}
		bg_end "$name" KILL
		rm -f /run/bg."$name".*
	done
	pkill -x 'devmem_send|tcp_sink' || true
	guest_sockets_end
}

# Back to where all began; fails when something is left.
put_all_back() {
	kill_background
	owner_off livepatch
	! there || module_away || return
	dmabufs_are 0 && nothing_left
}
module_away() {
	nmtx drain off
	[ ! -e /run/netns/guest2 ] || container_down 2
	lease_away && bindings_are 0 60 || return
	has_kernel_leases || status_is leases 0 || return
	unloads
}
# An rmmod that comes back: where the module is to stay for ever, it would not.
unloads() {
	local pid
	rmmod netmem_tx &
	pid=$!
	wait_for 60 ended_or_stuck "$pid" && ! says_stuck && wait "$pid"
}
ended_or_stuck() { ! kill -0 "$1" 2>/dev/null || says_stuck; }
says_stuck() { dmesg | grep -q 'netmem_tx: ftrace does not let go'; }

# Takes long: the kernel writes down every stack that it knows.
nothing_leaked() {
	wait_for 10 no_more_live && return
	live_objects
	echo "$(live_count) objects live after the module, $(cat $BASELINE) before"
	return 1
}
back_and_nothing_leaked() { put_all_back && nothing_leaked; }

# --- which calls are reached ----------------------------------------------

hits() { cat $PARAMETERS/hits; }
add() { printf '%s\n' "$*" >$PARAMETERS/add; }
clear_all() { echo 1 >$PARAMETERS/clear; }

cover() { # OP
	local rc=0 spec
	step "before_$1" || complain_out "before_$1"
	while read -r spec; do add "$spec"; done <"$SPECS"
	step "op_$1" || rc=$?
	echo "hits $1 $(hits) $rc"
	[ "$rc" = 0 ] || tail -n 3 "$OUT" | sed 's/^/# /'
	clear_all
	step "undo_$1" || complain_out "undo_$1"
	step put_all_back || complain_out "what $1 left"
}
complain_out() {
	echo "failed: $1"
	sed 's/^/# /' "$OUT"
	exit 1
}

# --- one call that fails ----------------------------------------------------

# What came of a job: told at once, or kept until it is known what is left.
verdict() { # VERDICT [TEXT]
	printf 'point\t%s\t%s\t%s\t%s\t%s\n' "$NAME" "$OP" "$FROM" "$1" "${2:-}"
	[ "$1" = ok ] || tail -n 12 "$OUT" | sed 's/^/# /'
}

# The operation with the call that fails: RC and HITS.
injected() { # OP SPEC VALUE EATS FROM TIMES
	RC=0 HITS=0
	add "$2" "$3" "$5" "$6" "$4" || return 1
	step "op_$1" || RC=$?
	HITS=$(hits)
	cp "$OUT" "$OUT.op"
	clear_all
}

# job NAME SPEC VALUE EATS OP FROM TIMES EXPECT: where before_OP left.
job() {
	local again=again_$5
	NAME=$1 OP=$5 FROM=$6
	declare -F "$again" >/dev/null || again=op_$5
	printf 'start\t%s\t%s\t%s\n' "$1" "$5" "$6" >&"$TAP_FD"
	step "fresh_$5" || { verdict FAILED "before it" && return; }
	injected "$5" "$2" "$3" "$4" "$6" "$7" || { verdict FAILED "no probe" && return; }
	step "undo_$5" || { verdict FAILED "what undoes it" && return; }
	! is_load "$5" || step nothing_left ||
		{ verdict FAILED "something is left of a load" && return; }
	step "$again" || { verdict FAILED "does not work afterwards" && return; }
	step "undo_$5" || { verdict FAILED "what undoes the second" && return; }
	cp "$OUT.op" "$OUT"
	if [ "$HITS" -lt "$6" ]; then
		verdict MISSED "reached $HITS times"
	elif [ "$RC" = 0 ] && [ "$8" = error ]; then
		verdict FAILED "no error came of it"
	elif [ "$RC" = 0 ]; then
		verdict ok "no error"
	else
		verdict ok "$(tail -n 1 "$OUT")"
	fi
}

# The module is to stay for ever then, and says so at the latest when it is to
# be unloaded; so this is the end of the boot.
job_stuck() {
	NAME=$1 OP=$5 FROM=$6
	printf 'start\t%s\t%s\t%s\n' "$1" "$5" "$6" >&"$TAP_FD"
	add "$2" "$3" "$6" "$7" "$4"
	(
		"op_$5" || true
		clear_all
		put_all_back
	) >"$OUT" 2>&1 &
	if wait_for 60 says_stuck && sleep 2 && there; then
		verdict ok "the module stays"
	else
		verdict FAILED "the module does not stay"
	fi
	echo faults-end
	exit 0
}

# Jobs one after the other, with one look at what they left. When something is
# left, each alone tells which it was.
jobs_together() { # OP
	local line args
	take_baseline "$1"
	step "before_$1" || complain_out "before_$1"
	: >"$OUT.verdicts"
	for line in "${TOGETHER[@]}"; do
		IFS=$'\t' read -ra args <<<"$line"
		job "${args[@]}" >>"$OUT.verdicts"
	done
	if step back_and_nothing_leaked; then
		cat "$OUT.verdicts"
		return
	fi
	echo "# after $1: $(tail -n 1 "$OUT"); now each alone"
	for line in "${TOGETHER[@]}"; do job_alone "$line" back_and_nothing_leaked; done
}
job_alone() { # JOB LOOK
	local args
	IFS=$'\t' read -ra args <<<"$1"
	if step "before_${args[4]}"; then
		[ "${args[7]}" != stuck ] || job_stuck "${args[@]}"
		job "${args[@]}" >"$OUT.verdicts"
	else
		NAME=${args[0]} OP=${args[4]} FROM=${args[5]} verdict FAILED "before it"
		return
	fi
	step "$2" || verdict FAILED "something is left" >"$OUT.verdicts"
	cat "$OUT.verdicts"
	! says_stuck || { echo faults-end && exit 0; } # and nothing more in this boot
}

# is_alone OP JOB: what ends the boot cannot be looked at with others.
is_alone() {
	[[ $2 = *$'\t'stuck ]] || [[ " ${TOGETHER_OPS//$'\n'/ } " != *" $1 "* ]]
}

walk() { # JOBS
	local op lines=() alone=0
	mapfile -t lines <"$1"
	while [ ${#lines[@]} -gt 0 ]; do
		op=$(cut -f5 <<<"${lines[0]}")
		TOGETHER=()
		if is_alone "$op" "${lines[0]}"; then
			[ $((alone++)) != 0 ] || take_baseline send
			job_alone "${lines[0]}" put_all_back
			lines=("${lines[@]:1}")
			continue
		fi
		while [ ${#lines[@]} -gt 0 ] && [ "$(cut -f5 <<<"${lines[0]}")" = "$op" ] &&
			! is_alone "$op" "${lines[0]}"; do
			TOGETHER+=("${lines[0]}")
			lines=("${lines[@]:1}")
		done
		jobs_together "$op"
	done
	step nothing_leaked || complain_out "something leaked in one of the last"
}

# Whoever still held a device would keep it from going.
devices_go() {
	topology_down && timeout 60 rmmod nmtx_lab
}

begin() {
	topology_up l2 forward
	kernel_ge 6.17 || redirect_up
	orphans_give_up guest
	# No more than it takes to see that something is late.
	quiet_sysctl net.ipv4.tcp_retries2=5
}

insmod /lab/ko/nmtx_fault.ko
step begin || complain_out begin
step put_all_back || complain_out "what is there at first"
case $1 in
cover)
	SPECS=/run/faults.specs
	cut -f2 "$2" >$SPECS
	for op in ${3:-$OPS}; do cover "$op"; done
	;;
walk)
	walk "$2"
	step devices_go || complain_out "a device does not go"
	;;
esac
echo faults-end
