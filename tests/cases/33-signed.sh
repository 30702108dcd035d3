#!/bin/bash
# TCP-MD5 signs packets, and reads them for it: device memory has no pages to
# read, and the kernel dies of it, native ones too. It needs no privilege. Here
# such packets leave with a signature that the other end does not take.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 200
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi

checksum_drops_above() { [ "$(stat_of drop-checksum)" -gt "$1" ]; }
signed() { # NAME OPTION...
	local name=$1 drops
	shift
	drops=$(stat_of drop-checksum)
	sink_start remote --timeout 60
	check "$name: begins to sign half way" \
		send_begin 10.2.0.2 --size 256k --chunk 16k --md5 secret --pause-at 32k "$@"
	send_go
	[ "$name" = plain ] || check "$name: it is not signed, and counted" \
		wait_for 20 checksum_drops_above "$drops"
	sleep 2
	check "$name: no more bytes arrive" not_all_arrived
	try send_kill
	try sink_end 0
}
not_all_arrived() { ! sums_equal; }

check "topology comes up" topology_up l2 "$path"
check "orphans give up" orphans_give_up guest
check "module loads" module_load
check "lease of nicA" lease_add
signed plain --plain
signed "device memory"
check "an ordinary send is as always" transfer remote 10.2.0.2 --size 64k
check "no binding is left" bindings_are 0 60
