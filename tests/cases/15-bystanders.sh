#!/bin/bash
# What the module does not change: device memory sent by a NIC directly,
# ordinary traffic, and other drivers' devices of mode NO_DMA.
# kernels: all
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi

# --- directly by the NIC ------------------------------------------------

direct() { # NAME
	local name=$1
	WITH_RUN=here WITH_DEV=nicA check "$name: 3 MiB directly by nicA" \
		transfer remote 10.2.0.2 --size 3M
	WITH_RUN=here WITH_DEV=nicA check "$name: 300 KiB by IPv6" \
		transfer remote fd02::2 --size 300k --offset 4097
	WITH_RUN=here WITH_DEV=nicC check "$name: bound to nicC, routed to nicA: ENODEV" \
		send_fails remote 10.2.0.2 ENODEV
}

check "topology comes up" topology_up l2 "$path"
direct "no module"
check "module loads, hook on demand" module_load
direct "attach=auto"
if has_module; then
	is "attach=auto: no hook for that" "$(backend)" none
	check "module unloads" module_unload
	check "module loads, hook always there" module_load attach=always
	direct "attach=always"
	is "attach=always: nothing was dropped" "$(drops)" 0
	is "attach=always: nothing passed us" "$(stat_of pass)" 0
fi

# --- ordinary traffic ---------------------------------------------------

# load_from RUNNER ADDR OPTIONS...
load_from() {
	local run=$1 addr=$2
	shift 2
	"$run" plain_load --addr "$addr" --seconds 2 --rate 300 "$@"
}
serve() { # NETNS
	ip netns exec "$1" plain_load --server --timeout 300 >/run/serve.out 2>&1 </dev/null &
	echo $! >/run/serve.pid
	wait_for 10 grep -q '^listening' /run/serve.out
}
serve_end() { kill "$(</run/serve.pid)"; }

ordinary() { # NAME RUNNER
	local name=$1 run=$2
	check "$name: TCP, sent equals received" load_from "$run" 10.2.0.2
	check "$name: TCP by MSG_ZEROCOPY" \
		load_from "$run" fd02::2 --zerocopy --size 16000 --rate 100
	check "$name: UDP" load_from "$run" 10.2.0.2 --udp
	check "$name: ping" "$run" ping -q -c 5 -i 0.2 -W 2 10.2.0.2
	check "$name: IPv6 ping" "$run" ping -q -c 5 -i 0.2 -W 2 fd02::2
}
# Device memory at the same time.
beside() {
	local rc=0
	sink_start remote
	send_begin 10.2.0.2 --size 300k --count 10 --pause-at 1k
	send_go
	load_from in_guest 10.2.0.2 || rc=1
	send_end 60
	sink_end 10
	sums_equal && [ "$rc" = 0 ]
}

check "lease" lease_add
check "server starts" serve remote
ordinary "netkit" in_guest
ordinary "NIC" here
! has_module || is "ordinary packets are not counted" "$(stat_of pass)" 0
check "TCP beside device memory" beside
serve_end
check "server in the guest starts" serve guest
check "into the guest: TCP" load_from in_remote 10.1.0.2
check "into the guest: UDP" load_from in_remote 10.1.0.2 --udp
serve_end

# --- another driver's device of mode NO_DMA -----------------------------

VIRT_MODE=/sys/class/net/virt0/netmem_tx/mode
virt_load() { insmod "$LAB/ko/nmtx_virt.ko"; }
virt_up() {
	ip link add virt0 link nicA type nmtx_virt
	ip netns add virt
	ip link set virt0 netns virt
	ip -n virt -batch - <<-END
		link set lo up
		addr add 10.2.0.3/24 dev virt0
		link set virt0 up
	END
	wait_for 10 in_virt ping -c1 -W1 10.2.0.2
}
virt_down() {
	ip -n virt link del virt0
	ip netns del virt
}
virt_unload() { rmmod nmtx_virt; }
in_virt() { ip netns exec virt "$@"; }
virt_lease() { lease_add virt0 nicA virt; }
virt_send() {
	WITH_RUN=in_virt WITH_DEV=virt0 transfer remote 10.2.0.2 --size 300k
}
virt_no_dma() { in_virt nmtx dev show virt0 | grep -w no-dma; }
virt_says() { in_virt grep -x no-dma "$VIRT_MODE"; }

virt_refused() {
	WITH_RUN=in_virt WITH_DEV=virt0 bind_fails EOPNOTSUPP \
		"Driver does not support netmem TX"
}
virt_has_lease() { nmtx lease show | grep -w virt0; }
virt_works() { # NAME
	check "$1: module knows it as no-dma" virt_no_dma
	virt_has_lease >/dev/null 2>&1 || check "$1: lease" virt_lease
	check "$1: 300 KiB of device memory through it" virt_send
}

if ! has_module; then
	check "native: NO_DMA driver loads" virt_load
	check "native: device comes up" virt_up
	check "native: lease" virt_lease
	check "native: send" virt_send
	check "native: device goes" virt_down
	check "native: driver unloads" virt_unload
	exit 0
fi
check "topology goes" topology_down
check "module unloads" module_unload

check "virt first: driver loads" virt_load
check "virt first: device comes up" virt_up
check "virt first: it says no-dma" virt_says
check "virt first: bind-tx fails as stock does" virt_refused
check "virt first: module loads" module_load
virt_works "virt first"
check "virt first: module unloads" module_unload
check "virt first: the device stays no-dma" virt_says
check "virt first: and carries ordinary traffic" in_virt ping -c 2 -W 2 10.2.0.2
check "virt first: bind-tx fails as stock does again" virt_refused
check "virt first: module loads again" module_load
virt_works "virt first, again"
check "virt first: device goes" virt_down
check "virt first: driver unloads" virt_unload
check "virt first: the module is still well" nmtx status

check "virt last: driver loads" virt_load
check "virt last: device comes up" virt_up
virt_works "virt last"
check "virt last: device goes" virt_down
check "virt last: driver unloads" virt_unload
check "virt last: module unloads" module_unload
