#!/bin/bash
# Memory bound for one NIC does not leave by another, and a container sends
# what it bound itself, and nothing else.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

PATTERN=/run/pattern
# Before 6.17 the host's stack drops what comes out of a netkit.
can_forward() { kernel_ge 6.17; }
owner_drops_above() { [ "$(stat_of drop-owner)" -gt "$1" ]; }

# nothing_leaves NAME COMMAND...: what the paused send does after COMMAND is
# dropped at nicC.
nothing_leaves() {
	local name=$1 owner dropped frags
	shift
	owner=$(stat_of drop-owner)
	dropped=$(tx_dropped nicC)
	frags=$(nic_stat nicC tx_netmem_frags)
	try capture_begin
	check "$name: packets are dropped for their owner" \
		dropped_after "$owner" "$@"
	sleep 0.5 # retransmissions too
	try capture_end
	check "$name: nicC's tx_dropped rises" test "$(tx_dropped nicC)" -gt "$dropped"
	is "$name: no fragment reached nicC's driver" \
		"$(nic_stat nicC tx_netmem_frags)" "$frags"
	is "$name: no payload left nicC" "$(payload_packets)" 0
	is "$name: none of its bytes left nicC" "$(pieces_captured $PATTERN)" 0
}
dropped_after() {
	local owner=$1
	shift
	"$@"
	send_go
	wait_for 20 owner_drops_above "$owner"
}

# A send to S, paused before its first byte.
begin_to_other() { # ADDR [option...]
	sink_start other --timeout 60
	send_begin "$@" --pause-at 0 --connect-first
}
finish() {
	send_kill
	sink_end 0
}

# The same bytes by the same way, but not as device memory: they are seen.
control() {
	capture_begin
	sink_start other --timeout 60 --write "$PATTERN"
	in_guest devmem_send --server 10.3.0.2 --plain --size 64k --timeout 50
	sink_end 20
	capture_end
}

routed_from_the_start() {
	local addr
	for addr in 10.3.0.2 fd03::2; do
		check "send to S, bound for nicA, $addr" begin_to_other "$addr" --size 64k
		nothing_leaves "forwarded to nicC, $addr" true
		try finish
	done
}

# An MTU probe would not be seen to be device memory: 31-mtu-probe.
rerouted_while_probing() {
	in_guest sysctl -qw net.ipv4.tcp_mtu_probing=2
	sink_start remote --timeout 90
	check "send with MTU probes to R, half way" send_begin 10.2.0.2 \
		--size 512k --chunk 64k --pause-at 256k --seed 1
	nothing_leaves "host routes to nicC while TCP may probe" reroute_to_c
	ip route del 10.2.0.2/32
	check "it ends too" send_end 60
	try sink_end 20
	check "and all its bytes are right" sums_equal
	in_guest sysctl -qw net.ipv4.tcp_mtu_probing=0
}

reroute_to_c() { ip route replace 10.2.0.2/32 via 10.3.0.2 dev nicC; }
rerouted_by_host() {
	sink_start remote --timeout 90
	check "send to R, half way" send_begin 10.2.0.2 --size 64k --chunk 8k \
		--pause-at 32k --seed 1
	nothing_leaves "host routes to nicC after connect" reroute_to_c
	ip route del 10.2.0.2/32
	check "back by nicA the send ends" send_end 60
	try sink_end 20
	check "and all bytes are right" sums_equal
}

redirected() {
	local addr
	redirect_up nk_host nicC 10.1.0.2 fd01::2 >/dev/null
	for addr in 10.3.0.2 fd03::2; do
		check "send to S, redirected to nicC, $addr" \
			begin_to_other "$addr" --size 64k
		nothing_leaves "BPF redirect to nicC, $addr" true
		try finish
	done
	redirect_down
}

# The route in the guest moves to a second netkit that may only use nicC: what
# is queued goes that way, and sendmsg() says no from then on.
rerouted_by_guest() {
	container_up 2 guest
	check "second netkit of the container, leased to nicC" \
		lease_add nk_guest2 nicC
	ip rule add iif nk_host2 lookup 30
	ip route add default via 10.3.0.2 dev nicC table 30
	sink_start remote --timeout 60
	check "send to R, half way, two netkits" send_begin 10.2.0.2 --size 64k \
		--chunk 8k --pause-at 32k
	nothing_leaves "guest routes to the other netkit" \
		ip -n guest route replace 10.2.0.2/32 via 10.12.0.1 dev nk_guest2
	check "sendmsg there says ENODEV" \
		wait_for 20 grep -q '^sendmsg: errno=.*ENODEV' "$SEND_OUT"
	try finish
	ip rule del iif nk_host2
	ip route flush table 30
	ip link del nk_host2
	ip -n guest route del 10.2.0.2/32 2>/dev/null || true
}

# A process of the host, with a binding of nicA itself.
rerouted_without_netkit() {
	check "a binding keeps the hook in place" hold keep in_guest nk_guest
	sink_start remote --timeout 60
	WITH_RUN=here WITH_DEV=nicA check "host's own send to R, half way" \
		send_begin 10.2.0.2 --size 64k --chunk 8k --pause-at 32k
	nothing_leaves "host's own socket, rerouted" reroute_to_c
	check "its sendmsg says ENODEV" \
		wait_for 20 grep -q '^sendmsg: errno=.*ENODEV' "$SEND_OUT"
	ip route del 10.2.0.2/32
	try finish
	try bg_end keep
}

# --- containers ---------------------------------------------------------

send_id_from() { # RUNNER DEV ID ERRNO
	WITH_RUN=$1 WITH_DEV=$2 send_fails remote 10.2.0.2 "$4" --id "$3" --size 64k
}
send_from() { # RUNNER DEV NETNS ADDR
	WITH_RUN=$1 WITH_DEV=$2 transfer "$3" "$4" --size 64k
}

other_containers() {
	local id
	check "first container binds" hold first in_guest nk_guest
	id=$(id_of first)
	container_up 2
	check "second container, no lease: cannot send id $id" \
		send_id_from in_guest2 nk_guest2 "$id" ENODEV
	check "second container, lease of nicA" lease_add nk_guest2 nicA guest2
	check "second container: cannot send the first one's id" \
		send_id_from in_guest2 nk_guest2 "$id" ENODEV
	if can_forward; then
		check "second container: sends its own" \
			send_from in_guest2 nk_guest2 remote 10.2.0.2
	fi
	container_up 3
	check "third container, lease of nicC" lease_add nk_guest3 nicC guest3
	check "third container: cannot send the first one's id" \
		send_id_from in_guest3 nk_guest3 "$id" ENODEV
	if can_forward; then
		check "third container: sends its own by nicC" \
			send_from in_guest3 nk_guest3 other 10.3.0.2
	fi
	check "an id that nobody has: EINVAL" \
		send_id_from in_guest nk_guest 4000000 EINVAL
	not_theirs
	nobodys_container "$id"
	check "the first one's binding still lives" test "$(state_of "$id")" = live
	try bg_end first
	container_down 2
	container_down 3
}

# What the second and third container can find out about the first, and where
# they can bind at all.
numbers_that_bind() { # RUNNER LAST
	# shellcheck disable=SC2016 # expands there
	"$1" sh -c 'for i in $(seq "$1"); do
		devmem_send --ifindex $i --size 4096 --bind-only >/dev/null 2>&1 && echo $i
	done; true' sh "$2"
}
number_of() { "$1" cat "/sys/class/net/$2/ifindex"; }
not_theirs() {
	local seen own2 own3 last
	own2=$(number_of in_guest2 nk_guest2)
	own3=$(number_of in_guest3 nk_guest3)
	last=$(((own2 > own3 ? own2 : own3) + 10))
	is "second container: sees no binding of the first" "$(in_guest2 nmtx binding)" ""
	like "second container: sees its own lease" "$(in_guest2 nmtx lease)" "nk_guest2"
	is "second container: and no other" "$(in_guest2 nmtx lease | wc -l)" 1
	try bg ears in_guest2 nmtx monitor
	try bg events here nmtx monitor
	check "the first one binds again" in_guest devmem_send --ifname nk_guest \
		--size 4096 --bind-only
	check "the host hears of it" bg_says events '^binding add'
	seen=$(sed 1d /run/bg.ears.out)
	is "second container: does not" "$seen" ""
	try bg_end ears
	try bg_end events
	is "second container: of all numbers only its own device binds" \
		"$(numbers_that_bind in_guest2 $last)" "$own2"
	is "third container: the same" \
		"$(numbers_that_bind in_guest3 $last)" "$own3"
	try hold third in_guest3 nk_guest3
	like "third container: it is bound to nicC" "$(nmtx binding)" \
		"netns guest3 nic-ifindex $(number_of here nicC) "
	try bg_end third
}

# 0 rights outside: sees nothing of others, changes nothing.
nobodys_container() {
	is "unprivileged container sees no binding of others" \
		"$(in_nobodys nmtx binding)" ""
	is "unprivileged container sees no lease of others" \
		"$(in_nobodys nmtx lease)" ""
	check_fails "unprivileged container cannot drain" in_nobodys nmtx drain
	like "it is told: not permitted" "$(last_output)" "Operation not permitted"
	is "nothing was drained" "$(status_of draining)" no
	# In its own namespace it may name its own devices; not lease them.
	# shellcheck disable=SC2016 # expands there
	check_fails "unprivileged container cannot lease" in_nobodys sh -c '
		ip link add nk0 type netkit peer name nk1 &&
		ip link add d0 type dummy && nmtx lease add dev nk1 nic d0'
}

# --- the check defeated -------------------------------------------------

stray_or_fault() {
	if [ "$(payload_packets)" -gt 0 ]; then
		echo NMTX-STRAY >/dev/kmsg
		return
	fi
	wait_for 5 sh -c 'dmesg | grep -q "DMAR:.*Request device .*00:06"'
}
without_the_check() {
	insmod "$LAB/ko/test/netmem_tx.ko" test_no_owner_check=1
	has_kernel_leases || lease_add nk_guest
	begin_to_other 10.3.0.2 --size 1M
	capture_begin
	send_go
	sleep 2
	capture_end
	finish
	stray_or_fault
}
proof() {
	if [ ! -e "$LAB/ko/test/netmem_tx.ko" ]; then
		not_ok "test build of the module is there"
		return
	fi
	try module_unload
	can_forward || redirect_up nk_host nicC 10.1.0.2 >/dev/null
	expect_log_begin 'DMAR:|NMTX-STRAY'
	check "with the check defeated, a fault or a stray packet shows" \
		without_the_check
	sleep 1
	expect_log_end
}

check "topology comes up" topology_up l2 forward
check "orphans give up" orphans_give_up guest
check "module loads" module_load
check "lease of nicA" lease_add
check "control: plain bytes to S by nicC arrive" control
check "control: the capture has their packets" test "$(payload_packets)" -gt 0
check "control: and nearly all pieces of them" test "$(pieces_captured $PATTERN)" -gt 200
if can_forward; then
	routed_from_the_start
	rerouted_by_host
	rerouted_while_probing
	rerouted_by_guest
fi
redirected
rerouted_without_netkit
other_containers
check "no binding is left" bindings_are 0 60
proof
