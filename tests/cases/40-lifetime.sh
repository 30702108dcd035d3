#!/bin/bash
# Leases and bindings when rights, devices and namespaces come and go, with
# traffic on its way: no crash, no leak, an errno, and then it works again.
# kernels: 6.18.15 7.1.13 6.16.12
# core: 7.1.13 6.16.12
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

NO_NIC="No DMA-capable device found for netmem TX"
DRIVER=/sys/bus/pci/drivers/nmtx_lab

# Before 6.17 device memory gets out of a netkit by BPF redirect only.
path_up() { # NETKIT ADDR
	kernel_ge 6.17 || {
		redirect_down
		redirect_up "$1" nicA "$2"
	}
}
new_container() {
	container_down 2
	container_up 2
	orphans_give_up guest2
	path_up nk_host2 10.12.0.2
}
leased_container() {
	new_container
	lease_add nk_guest2 nicA guest2
}
container_sends() {
	WITH_RUN=in_guest2 WITH_DEV=nk_guest2 transfer remote 10.2.0.2 --size 256k
}
container_cannot_bind() { # ERRNO TEXT [option...]
	local errno=$1 text=$2
	shift 2
	in_guest2 devmem_send --ifname nk_guest2 --size 4096 --bind-only \
		--expect-errno "$errno" --expect-extack "$text" "$@"
}

# Two sends: one goes on for ever, one waits with bytes on their way.
traffic() {
	sink_start remote --conns 2 --timeout 120
	stream endless in_guest2 nk_guest2 10.2.0.2
	bg waiting in_guest2 devmem_send --server 10.2.0.2 --ifname nk_guest2 \
		--size 512k --chunk 16k --pause-at 128k --timeout 60
	bg_says waiting '^paused: at'
}
next_send_fails() { # ERRNO...
	bg_go waiting
	bg_says waiting "^sendmsg: errno=[0-9]+ \\(($1)\\)"
}
stop_traffic() {
	bg_end endless KILL
	bg_end waiting KILL
	sink_end 0
}

# under_traffic NAME ERRNO COMMAND...
under_traffic() {
	local name=$1 errno=$2
	shift 2
	check "$name: container with a lease" leased_container
	check "$name: traffic flows" traffic
	check "$name: it happens" "$@"
	check "$name: the next send gets an errno" next_send_fails "$errno"
	try stop_traffic
	check "$name: no binding is left" bindings_are 0 60
	is "$name: nothing holds the module" "$(module_refs)" 0
}
again() { # NAME
	check "$1: a new container" leased_container
	check "$1: it sends, sha256 equal" container_sends
}

# --- the lease ----------------------------------------------------------

without_lease() {
	check "container without a lease" new_container
	check "no lease: EOPNOTSUPP and 7.2's text" container_cannot_bind EOPNOTSUPP "$NO_NIC"
	check "no lease: the same for a bad fd" container_cannot_bind EOPNOTSUPP "$NO_NIC" --bad fd
	is "and nothing was attached for it" "$(status_of attached)" no
}

# refused NAME TEXT LEASE...: nmtx lease add fails and says so.
refused() {
	local name=$1 text=$2
	shift 2
	check_fails "$name is refused" nmtx lease add "$@"
	like "$name: it says why" "$(last_output)" "$text"
}
rules() {
	local netns=(netns guest2)
	check "lease" lease_add nk_guest2 nicA guest2
	refused "lease to the primary end" \
		"netkit can only lease against the peer device" dev nk_host nic nicA
	refused "lease of a second NIC" \
		"Leasing queues from different devices not supported" \
		dev nk_guest2 "${netns[@]}" nic nicC
	if has_kernel_leases; then
		refused "lease to what is no netkit" "not a virtual device|queue creation" \
			dev nicC nic nicA
		refused "lease of what is no NIC" "virtual device" \
			dev nk_guest2 "${netns[@]}" nic nk_host
		return
	fi
	refused "the same lease again" "File exists" dev nk_guest2 "${netns[@]}" nic nicA
	refused "lease to what is no netkit" "Only a netkit or another NO_DMA device" \
		dev nicC nic nicA
	refused "lease of what is no NIC" "Only a physical NIC can be leased" \
		dev nk_guest2 "${netns[@]}" nic nk_host
	is "one lease is there" "$(status_of leases)" 1
	check "lease goes" lease_del nk_guest2 guest2
	check_fails "and is not there to go again" lease_del nk_guest2 guest2
	check "bind-tx fails as before the lease" container_cannot_bind EOPNOTSUPP "$NO_NIC"
}

# As a container engine does: lease first, then move the netkit.
move_with_lease() {
	container_down 2
	ip netns add guest2
	ip link add nk_host2 numrxqueues 2 type netkit mode l2 \
		peer name nk_guest2 numrxqueues 2
	nmtx lease add dev nk_guest2 nic nicA
	ip link set nk_guest2 netns guest2
	ip addr add 10.12.0.1/24 dev nk_host2
	ip link set nk_host2 up
	ip -n guest2 -batch - <<-END
		addr add 10.12.0.2/24 dev nk_guest2
		link set nk_guest2 up
		route add default via 10.12.0.1 dev nk_guest2
	END
	orphans_give_up guest2
	path_up nk_host2 10.12.0.2
}
move_on() {
	ip -n guest2 link set nk_guest2 netns guest
	ip -n guest link show nk_guest2
}
moves() {
	check "lease, then move to the container" move_with_lease
	check "the lease holds: it sends" container_sends
	check "binding there" hold held in_guest2 nk_guest2
	check "the netkit moves on to another namespace" move_on
	is "the binding lives on" "$(state_of "$(id_of held)")" live
	check "and the lease: a bind there succeeds" \
		in_guest devmem_send --ifname nk_guest2 --size 4096 --bind-only
	check "binding ends" bg_end held
	check "no binding is left after the move" bindings_are 0
}

# --- the NIC ------------------------------------------------------------

nic_absent() {
	insmod "$LAB/ko/absent.ko" dev=nicA
}
states_of_nic() {
	check "container with a lease" leased_container
	check "NIC goes down" ip link set nicA down
	check "NIC down: bind-tx succeeds, as in 7.2" \
		in_guest2 devmem_send --ifname nk_guest2 --size 4096 --bind-only
	check "NIC up again" far_end_up nicA nicR remote 2
	check "NIC up again: it sends" container_sends

	check "NIC is made absent" nic_absent
	check "NIC absent: bind-tx says that there is none" \
		container_cannot_bind EOPNOTSUPP "$NO_NIC"
	WITH_RUN=here WITH_DEV=nicA check "NIC absent: bind-tx on itself: ENODEV" \
		bind_fails ENODEV
	check "NIC is there again" rmmod absent
	check "NIC there again: it sends" container_sends
}
unbind_nic() {
	dma_reports off
	echo "${NIC_PCI[nicA]}" >"$DRIVER/unbind"
	dma_reports on
	[ ! -e /sys/class/net/nicA ]
}
bind_nic() {
	echo "${NIC_PCI[nicA]}" >"$DRIVER/bind"
	nic_named nicA
	far_end_up nicA nicR remote 2
}
nic_unbound() {
	local id
	under_traffic "NIC unbound from its driver" "ENODEV|EHOSTUNREACH|ENETUNREACH" unbind_nic
	# From 7.1 on the kernel deletes a netkit with the NIC that it has a lease of.
	if has_kernel_leases; then
		check "NIC unbound: the netkit is gone" test ! -e /sys/class/net/nk_host2
	else
		is "NIC unbound: its lease is gone" "$(status_of leases)" 0
		check "NIC unbound: bind-tx says that there is none" \
			container_cannot_bind EOPNOTSUPP "$NO_NIC"
	fi
	check "NIC comes back" bind_nic
	again "NIC back"

	check "binding that stays" hold stays in_guest2 nk_guest2
	id=$(id_of stays)
	check "NIC goes and comes back under it" unbind_and_bind
	is "the binding is revoked" "$(state_of "$id")" revoked
	has_kernel_leases || check "and cannot send by the NIC that came" old_id_fails "$id"
	check "binding ends" bg_end stays
	check "no binding is left after that" bindings_are 0
}
unbind_and_bind() {
	unbind_nic
	bind_nic
	has_kernel_leases || path_up nk_host2 10.12.0.2
}
old_id_fails() {
	WITH_RUN=in_guest2 WITH_DEV=nk_guest2 send_fails remote 10.2.0.2 ENODEV \
		--id "$1" --size 64k
}
# Bound on the NIC itself, without a netkit: the kernel alone would use the NIC
# after it was freed when the socket is closed.
direct_nic_unbound() {
	local id
	check "binding of the NIC itself" hold direct here nicA
	id=$(id_of direct)
	sink_start remote --timeout 60
	WITH_RUN=here WITH_DEV=nicA check "a send of it, half way" \
		send_begin 10.2.0.2 --size 64k --chunk 8k --pause-at 32k
	check "its NIC goes and comes back" unbind_and_bind
	send_go
	try send_kill
	try sink_end 0
	WITH_RUN=here WITH_DEV=nicA check "the old id cannot be sent by the new NIC" \
		send_fails remote 10.2.0.2 ENODEV --id "$id" --size 64k
	check "its socket is closed" bg_end direct
	check "and its memory is free" dmabufs_are 0
	again "binding of the NIC itself gone"
}
# The same where the answer to bind-tx had no room: it fails, and has bound.
attached_are() {
	grep -Eq "^Total $1 devices attached" /sys/kernel/debug/dma_buf/bufinfo
}
direct_unanswered() {
	local n
	check "bindings of the NIC itself, answers unread" \
		bg unread here "$LAB/guest/bind_unread.py" nicA
	try bg_says unread '^bound'
	n=$(bg_out unread | sed -n 's/^bound //p')
	check "the last of ${n:-?} had no room for its answer, and is bound" \
		wait_for 5 attached_are "${n:-?}"
	check "its NIC goes and comes back" unbind_and_bind
	check "its socket is closed" bg_end unread
	check "and its memory is free" dmabufs_are 0
	again "binding of the NIC itself, unanswered"
}
lab_driver_again() { # MODE
	lab_driver_unload
	lab_driver_load mode="$1"
	nics_up
	far_end_up nicA nicR remote 2
	far_end_up nicC nicS other 3
}
mode_none() {
	check "driver that says NONE" lab_driver_again 0
	check "container and lease" leased_container
	check "NIC in mode NONE: bind-tx says that there is none" \
		container_cannot_bind EOPNOTSUPP "$NO_NIC"
	WITH_RUN=here WITH_DEV=nicA check "NIC in mode NONE: bind-tx on itself" \
		bind_fails EOPNOTSUPP "Driver does not support netmem TX"
	check "driver that says DMA" lab_driver_again 1
	again "driver back"
}

# --- the netkit and its namespace ---------------------------------------

# A device that comes where the old one was does not inherit its bindings.
netkit_replaced() {
	local id
	check "container with a lease" leased_container
	check "binding before the netkit is replaced" hold old in_guest2 nk_guest2
	id=$(id_of old)
	check "netkit of the same name" replace_netkit
	is "its binding is revoked" "$(state_of "$id")" revoked
	check "the new netkit cannot send it" old_id_fails "$id"
	check "binding ends" bg_end old
	check "no binding is left after the netkit" bindings_are 0
}
replace_netkit() {
	ip link del nk_host2
	container_up 2
	path_up nk_host2 10.12.0.2
	lease_add nk_guest2 nicA guest2
}

delete_netns() {
	kill -KILL "$(bg_pid endless)" "$(bg_pid waiting)"
	ip netns del guest2
	wait_for 30 test ! -e /sys/class/net/nk_host2
}
netns_deleted() {
	check "netns deleted: container with a lease" leased_container
	check "netns deleted: traffic flows" traffic
	check "netns deleted: it happens, the netkit goes with it" delete_netns
	check "netns deleted: no binding is left" bindings_are 0 60
	is "netns deleted: nothing holds the module" "$(module_refs)" 0
	try sink_end 0
	again "netns deleted"
}

check "topology comes up" topology_up
check "module loads" module_load
without_lease
rules
moves
has_kernel_leases || {
	under_traffic "lease removed" ENODEV lease_del nk_guest2 guest2
	again "lease removed"
}
under_traffic "netkit deleted" "ENODEV|EHOSTUNREACH|ENETUNREACH" ip link del nk_host2
again "netkit deleted"
netkit_replaced
netns_deleted
states_of_nic
nic_unbound
direct_nic_unbound
direct_unanswered
mode_none
container_down 2
check "module can be unloaded" module_unload
