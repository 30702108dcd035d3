#!/bin/bash
# The benchmarks of one guest. usage: run.sh PLAN
#	full      every variant of the module, and stock
#	repeat    the counts that must come out the same in another boot
#	readable  bystanders only
#	native    kernels that need no module
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/bench/guest/lib.sh
. "$LAB/bench/lib.sh"
# shellcheck source=tests/bench/guest/life.sh
. "$LAB/bench/life.sh"

stock() {
	bystander_rows stock
	[ "$PLAN" = readable ] || {
		devmem_rows stock direct
		ask release
	}
	[ "$PLAN" != full ] || bind_rows stock direct
}

active() { # BACKEND
	active_up "$1"
	bystander_rows "$1"
	[ "$PLAN" = readable ] || netkit_rows "$1"
	if [ "$PLAN" = full ]; then
		bind_rows "$1" netkit
		[ "$1" != direct ] || devmem_rows "$1" direct
		ask release
	fi
	active_down
}

with_module() {
	stock
	[ "$PLAN" = repeat ] || other_hooks
	[ "$PLAN" != full ] || life_rows
	module_load
	bystander_rows idle
	module_unload
	active direct
	[ "$PLAN" = repeat ] || active ipmodify
	[ "$PLAN" != full ] || scale_rows
}

native() {
	stock
	bind_rows stock direct
	# shellcheck disable=SC2119
	lease_add >/dev/null
	netkit_rows native
	bind_rows native netkit
}

PLAN=$1
machine
bench_up
case $PLAN in
full | repeat | readable) with_module ;;
native) native ;;
esac
echo bench-end
