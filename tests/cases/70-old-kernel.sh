#!/bin/bash
# Traps of 6.16 and 6.17. Their sendmsg() compares interface numbers without
# the namespace: a container that gives its netkit the number of the NIC may
# use any binding of that NIC. Only the drop at the netkit hides it, and this
# module ends that drop.
# kernels: 6.16.12 6.17.13
# core: 6.16.12
# timeout: 400
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"
# shellcheck source=tests/lab/guest/owners.sh
. "$LAB/guest/owners.sh"

NUMBER=0

# The guest's netkit, with the number of nicA; 10.1.0.2 as usual.
same_number() {
	NUMBER=$(cat /sys/class/net/nicA/ifindex)
	ip link del nk_host
	ip -n guest link add nk_host index 7777 type netkit mode l2 \
		peer name nk_guest index "$NUMBER"
	ip -n guest link set nk_host netns 1
	ip -batch - <<-END
		addr replace 10.1.0.1/24 dev nk_host
		link set nk_host up
	END
	ip -n guest -batch - <<-END
		addr replace 10.1.0.2/24 dev nk_guest
		link set nk_guest up
		route replace default via 10.1.0.1 dev nk_guest
	END
	redirect_down
	redirect_up nk_host nicA 10.1.0.2
	[ "$(ip netns exec guest cat /sys/class/net/nk_guest/ifindex)" = "$NUMBER" ]
}

# guest_takes ID: a send with an id that is not its own. Its answer is in
# SEND_OUT, what came of it in TAKEN.
TAKEN=/run/taken
guest_takes() {
	local dropped
	sink_start remote --timeout 60 --write $TAKEN
	dropped=$(tx_dropped nk_guest guest)
	in_guest devmem_send --server 10.2.0.2 --id "$1" --size 64k --timeout 4 \
		--connect-first >"$SEND_OUT" 2>&1 </dev/null || true
	sink_end 0
	echo "nk_guest dropped $(($(tx_dropped nk_guest guest) - dropped))" >>"$SEND_OUT"
	cat "$SEND_OUT"
}
sent_out() { cat "$SEND_OUT"; }
nothing_came() { [ -e $TAKEN ] && [ ! -s $TAKEN ]; }

refused() { # NAME ID
	try guest_takes "$2"
	like "$1: ENODEV" "$(sent_out)" '^sendmsg: errno=19 \(ENODEV\)'
	check "$1: nothing arrives" nothing_came
}
owner_sends() {
	WITH_RUN=here WITH_DEV=nicA transfer remote 10.2.0.2 --id "$1" --size 64k
}

stock_kernel() {
	check "stock: the host binds nicA" hold host here nicA
	check "stock: the host sends it" owner_sends "$(id_of host)"
	check "stock: guest's netkit gets the number of nicA" same_number
	try guest_takes "$(id_of host)"
	like "stock: sendmsg of the host's id succeeds in the guest" \
		"$(sent_out)" '^sent: bytes=65536'
	like "stock: only the netkit drops it" "$(sent_out)" \
		'^nk_guest dropped [1-9]'
	check "stock: nothing arrives" nothing_came
}
with_module() {
	# What the guest queued while it could.
	check "module loads" module_load attach=always
	refused "binding of the host, made before load" "$(id_of host)"
	check "the host still sends it" owner_sends "$(id_of host)"
	try bg_end host
	check "the host binds again" hold host here nicA
	refused "binding of the host, made after load" "$(id_of host)"
	check "the host sends it too" owner_sends "$(id_of host)"
	try bg_end host

	container_up 2
	check "another container with a lease" lease_add nk_guest2 nicA guest2
	check "it binds" hold second in_guest2 nk_guest2
	refused "binding of another container" "$(id_of second)"
	check "the guest itself may have a lease" lease_add nk_guest
	refused "binding of another container, from a leased netkit" "$(id_of second)"
	check "and sends what is its own" transfer remote 10.2.0.2 --size 256k
	try bg_end second
	container_down 2
}

# A binding whose NIC went has no device: the stock sendmsg() would follow a
# null pointer, so the module stays as long as such a binding.
nic_gone() {
	local driver=/sys/bus/pci/drivers/nmtx_lab id
	check "the guest binds" hold mine in_guest nk_guest
	id=$(id_of mine)
	check "a send waits" waiting_send
	echo "${NIC_PCI[nicA]}" >$driver/unbind
	bg_go waiting
	check "NIC gone: the next send gets ENODEV" \
		bg_says waiting '^sendmsg: errno=19 \(ENODEV\)'
	try bg_end waiting KILL
	try sink_end 0
	check "NIC gone: drain" nmtx drain
	check_fails "NIC gone: the module stays for its binding" rmmod netmem_tx
	echo "${NIC_PCI[nicA]}" >$driver/bind
	check "NIC is back" nic_back
	check "NIC back: its old binding cannot be sent" \
		send_fails remote 10.2.0.2 ENODEV --id "$id" --size 64k
	check "the binding ends" bg_end mine
	check "then the module can go" unload
}
waiting_send() {
	sink_start remote --timeout 60
	bg waiting in_guest devmem_send --server 10.2.0.2 --ifname nk_guest \
		--size 256k --chunk 16k --pause-at 64k --timeout 40
	bg_says waiting '^paused: at'
}
nic_back() {
	nic_named nicA
	far_end_up nicA nicR remote 2
	redirect_down
	redirect_up nk_host nicA 10.1.0.2
}
unload() {
	bindings_are 0 60
	rmmod netmem_tx
}

# The host's stack copies fragments on receive, which it cannot here: what a
# container sends by forwarding is dropped there. Nothing worse.
forwarded() {
	redirect_down
	check "module for forwarding" module_load
	check "lease for forwarding" lease_add nk_guest
	sink_start remote --timeout 60 --write $TAKEN
	try in_guest devmem_send --server 10.2.0.2 --ifname nk_guest --size 64k \
		--timeout 4
	like "forwarding: bind and sendmsg succeed" "$(last_output)" '^sent: bytes=65536'
	like "forwarding: no completion" "$(last_output)" 'calls=[1-9].* seen=0'
	try sink_end 0
	check "forwarding: nothing arrives" nothing_came
	check "forwarding: redirect again" redirect_up nk_host nicA 10.1.0.2
	check "forwarding: by redirect it arrives" transfer remote 10.2.0.2 --size 64k
}

# A direct call that ftrace refuses under a livepatch stays in its table, and
# nobody gets another one: none is asked for.
lease_refused() { ! lease_add nk_guest; }
under_livepatch() {
	check "module beside a livepatch" module_load
	is "a livepatch comes" "$(owner_on livepatch skb_segment)" on
	check "lease: refused" lease_refused
	check "the module goes" rmmod netmem_tx
	owner_off livepatch
	is "then BPF gets its direct call" "$(owner_on fentry skb_segment)" on
	owner_off fentry
}

check "topology comes up" topology_up l2 redirect
check "sockets without owner give up soon" orphans_give_up guest
under_livepatch
stock_kernel
with_module
nic_gone
kernel_ge 6.17 || forwarded
