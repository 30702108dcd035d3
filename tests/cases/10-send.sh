#!/bin/bash
# The main job: 64 MiB of a dma-buf from a container through netkit, on a
# kernel that refuses it without the module. 01-native.sh is the same on
# kernels that have it.
# kernels: module
# core: yes
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

STOCK="Driver does not support netmem TX"
# 6.16 orphans fragments before it forwards: only redirect can work there.
if kernel_ge 6.17; then PATHS="forward redirect"; else PATHS=redirect; fi
ONE_PATH=${PATHS%% *}

# by_dma NAME BYTES COMMAND...: it succeeds, every send was completed without
# a copy, and nicA read the bytes by DMA.
by_dma() {
	local name=$1 bytes=$2 before after
	shift 2
	before=$(nic_stat nicA tx_netmem_bytes)
	check "$name" "$@"
	note "$(last_output | grep '^completions:' || true)"
	check "$name: completions for all, none copied" completed
	after=$(nic_stat nicA tx_netmem_bytes)
	check "$name: nicA read them by DMA" test $((after - before)) -ge "$bytes"
}
completed() {
	local line
	line=$(grep '^completions:' "$SEND_OUT")
	[[ $line =~ calls=([0-9]+)\ seen=([0-9]+)\ copied=0 ]]
	[ "${BASH_REMATCH[1]}" -gt 0 ]
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}
send_64m() { transfer remote "$1" --size 64M; }
send_some() { transfer remote "$1" --size 3M; }

# A send that says in its middle how the transmit hook is attached.
send_and_tell() {
	sink_start remote
	send_begin 10.2.0.2 --size 300k --pause-at 100k
	backend >/run/backend
	send_go
	send_end 60
	sink_end 10
	sums_equal
}

# The sender is nobody outside its user namespace.
send_as_nobody() {
	local uid
	sink_start remote
	send_begin 10.2.0.2 --size 300k --pause-at 100k
	uid=$(awk '$1 == "Uid:" { print $3 }' "/proc/$(<"$SEND_PID")/status")
	echo "uid $uid"
	send_go
	send_end 60
	sink_end 10
	[ "$uid" = 1000 ] && sums_equal
}

check "topology comes up" topology_up l2 forward
check "without the module bind-tx on netkit fails as stock does" \
	bind_fails EOPNOTSUPP "$STOCK"
check "module loads" module_load
check "without a lease bind-tx fails with 7.2's text" \
	bind_fails EOPNOTSUPP "No DMA-capable device found for netmem TX"
check "lease" lease_add
for path in $PATHS; do
	[ "$path" = forward ] || check "redirect comes up" redirect_up
	by_dma "64 MiB by $path, IPv4" $((64 << 20)) send_64m 10.2.0.2
	if [ "$path" = forward ] || [ "$PATHS" = redirect ]; then
		by_dma "64 MiB by $path, IPv6" $((64 << 20)) send_64m fd02::2
	else
		by_dma "3 MiB by $path, IPv6" $((3 << 20)) send_some fd02::2
	fi
done
is "nothing was dropped" "$(drops)" 0

check "L3: topology comes up" topology_up l3 "$ONE_PATH"
check "L3: lease" lease_add
by_dma "L3: 3 MiB by $ONE_PATH, IPv4" $((3 << 20)) send_some 10.2.0.2
if [ "$ONE_PATH" != redirect ]; then
	check "L3: redirect comes up" redirect_up
	by_dma "L3: 3 MiB by redirect, IPv6" $((3 << 20)) send_some fd02::2
fi

check "user namespace: topology comes up" topology_up "$ONE_PATH" userns
check "user namespace: lease" lease_add
by_dma "user namespace: 300 KiB sent by nobody" 307200 send_as_nobody

for hook in direct ipmodify; do
	check "hook=$hook: module unloads" module_unload
	check "hook=$hook: module loads" module_load "hook=$hook"
	has_kernel_leases || check "hook=$hook: lease" lease_add
	by_dma "hook=$hook: 300 KiB" 307200 send_and_tell
	is "hook=$hook: status says so" "$(</run/backend)" "$hook"
	by_dma "hook=$hook: 3 MiB by IPv6" $((3 << 20)) send_some fd02::2
done
is "hook=ipmodify: nothing was dropped" "$(drops)" 0

check "module unloads" module_unload
check "after that bind-tx on netkit fails as before" \
	bind_fails EOPNOTSUPP "$STOCK"
