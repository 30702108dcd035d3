#!/bin/bash
# nmtx doctor on a live kernel: each thing that is broken is named, and with
# nothing broken it says so. nmtx monitor tells of drops.
# kernels: 6.18.15 7.1.13 7.2.12
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/owners.sh
. "$LAB/guest/owners.sh"

HERE=(dev nk_guest netns guest nic nicA)
DKMS=/lib/modules/$(uname -r)/updates/dkms

# names NAME LINE-REGEX...: these lines are said, and the exit status is 1.
names() {
	local name=$1 said rc=0 line
	shift
	said=$(nmtx doctor "${HERE[@]}" 2>&1) || rc=$?
	is "$name: exit status" "$rc" 1
	for line; do
		like "$name" "$said" "^$line"
	done
}

works() {
	local said rc=0
	said=$(nmtx doctor "${HERE[@]}" 2>&1) || rc=$?
	[ "$rc" = 0 ] || printf '%s\n' "$said"
	return "$rc"
}

# Before the module is loaded: what keeps it from that.
before_load() {
	names "not loaded" 'module: missing - netmem_tx is installed, but not loaded' \
		'hooks: ok' 'kernel: ok'
	sysctl -qw kernel.ftrace_enabled=0
	modprobe netmem_tx 2>/dev/null || true
	names "ftrace off" 'ftrace: missing - ftrace is switched off' \
		'module: missing - netmem_tx did not load: refused: ftrace is switched off'
	sysctl -qw kernel.ftrace_enabled=1
	echo 0 >/sys/kernel/debug/kprobes/enabled
	names "kprobes off" 'kprobes: missing - kprobes are switched off' 'module: missing'
	echo 1 >/sys/kernel/debug/kprobes/enabled
	mv "$DKMS" /run/
	depmod
	names "not built" 'module: missing - netmem_tx is not installed for Linux '
	mv /run/dkms "${DKMS%/dkms}/"
	depmod
	is "a livepatch" "$(owner_on livepatch net_devmem_get_binding)" on
	names "livepatch" \
		'hooks: missing - net_devmem_get_binding is owned by .*klp_ftrace_handler'
	owner_off livepatch
	is "a BPF program" "$(owner_on fentry validate_xmit_skb)" on
	names "BPF program" 'hooks: note - validate_xmit_skb has a BPF program' 'module: missing'
	owner_off fentry
}

# The lease is of a device, not of a name.
another_lease() {
	ip netns add stranger
	ip -n stranger link add nk_guest up type dummy
	HERE=(dev nk_guest netns stranger nic nicA)
	names "a device of the same name" 'lease: missing - nk_guest has no lease of nicA'
	ip netns del stranger
	HERE=(dev nk_guest netns guest nic nicC)
	names "another NIC" 'lease: missing - nk_guest has no lease of nicC'
	HERE=(dev nk_guest netns guest nic nicA)
}

# In a set-up that works, one thing at a time.
one_broken() {
	in_guest ethtool -K nk_guest sg off >/dev/null
	names "sg off" 'features: missing - nk_guest has sg off'
	in_guest ethtool -K nk_guest sg on tx off >/dev/null
	names "tx off" 'features: missing - nk_guest has tx (and sg )?off'
	in_guest ethtool -K nk_guest tx on sg on >/dev/null
	in_guest ip route flush table main
	in_guest ip -6 route flush table main
	names "no routes" 'route: missing - no route leaves by nk_guest'
	in_guest ip route add 10.1.0.0/24 dev nk_guest
	in_guest ip route add default via 10.1.0.1 dev nk_guest
	ip link set nicA down
	names "NIC down" 'nic: missing - nicA is down'
	ip link set nicA up
	HERE=(dev nk_guest netns guest nic nosuch)
	names "no such NIC" 'nic: missing - there is no device nosuch'
	HERE=(dev nk_guest netns guest nic nk_host)
	names "no NIC that can" 'nic: missing - nk_host .*cannot send device memory'
	HERE=(dev nosuch netns guest nic nicA)
	names "no such device" 'dev: missing - '
	HERE=(dev nk_guest netns guest nic nicA)
	if has_module; then
		nmtx drain >/dev/null
		names "drained" 'drain: missing - netmem_tx takes no new bindings'
		nmtx drain off >/dev/null
	fi
	wait_for 10 works
}

# Device memory to a NIC that has lost sg: dropped, and told.
monitor_drops() {
	local log=/run/monitor.log pid
	nmtx monitor >"$log" 2>&1 &
	pid=$!
	sleep 1
	ethtool -K nicA sg off
	sink_start remote --timeout 40
	in_guest timeout 20 devmem_send --server 10.2.0.2 --ifname nk_guest \
		--timeout 5 --size 64k --abort || true
	sink_end 0 || true
	ethtool -K nicA sg on
	wait_for 15 grep -q '^drop reason' "$log" || true
	wait_for 15 grep -q '^binding del' "$log" || true
	kill "$pid"
	cat "$log"
	grep -E '^binding add id [0-9]+ state live' "$log"
	grep -E '^binding del id [0-9]+' "$log"
	grep -E '^drop reason (checksum|gso|linearize) count [1-9]' "$log"
}

check "topology" topology_up l2 forward
if has_module; then
	before_load
	check "module loads" module_load
fi
names "no lease" 'lease: missing - nk_guest has no lease'
check "lease" lease_add
check "nothing is missing" works
another_lease
one_broken
check "all is well again" works
! has_module || check "nmtx monitor: binding, drop with reason" monitor_drops
