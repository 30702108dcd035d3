# shellcheck shell=bash
# Library of the cases, inside the guest. A case begins with
#	. "${LAB:-/lab}/guest/lib.sh"
#
#  netns guest                init netns                          netns remote
#  nk_guest == netkit == nk_host - redirect or forwarding - nicA ~~ nicR
#  10.1.0.2             10.1.0.1                      10.2.0.1      10.2.0.2
#                                                                 netns other
#                                                         nicC ~~ nicS
#                                                     10.3.0.1      10.3.0.2
# IPv6 is the same with fd01::2 for 10.1.0.2, and so on.
set -euo pipefail

LAB=${LAB:-/lab}
# shellcheck source=tests/lab/guest/tap.sh
. "$LAB/guest/tap.sh"

# shellcheck source=tests/lab/guest/send.sh
. "$LAB/guest/send.sh"

KERNEL=$(cat "$LAB/kernel")
export KERNEL
USERNS_PID=/run/guest-userns.pid

# kernel_ge X.Y: does this kernel have that version or a later one?
kernel_ge() {
	printf '%s\n%s\n' "$1" "$(uname -r)" | sort -CV
}
has_module() { ! kernel_ge 7.2; }
has_kernel_leases() { kernel_ge 7.1; }

# --- NICs ---------------------------------------------------------------

declare -A NIC_PCI=([nicA]=0000:00:04.0 [nicR]=0000:00:05.0
	[nicC]=0000:00:06.0 [nicS]=0000:00:07.0)

# The name of a NIC in this network namespace now.
nic_netdev() { ls "/sys/bus/pci/devices/${NIC_PCI[$1]}/net" 2>/dev/null; }

# lab_driver_load [PARAMETER=VALUE...]
# shellcheck disable=SC2120
lab_driver_load() {
	[ -d /sys/module/nmtx_lab ] || insmod "$LAB/ko/nmtx_lab.ko" "$@"
}
lab_driver_unload() { [ ! -d /sys/module/nmtx_lab ] || rmmod nmtx_lab; }

nic_named() {
	local now
	wait_for 10 nic_netdev "$1" || return 1
	now=$(nic_netdev "$1")
	if [ "$now" != "$1" ]; then
		ip link set "$now" down
		ip link set "$now" name "$1"
	fi
}

# Drivers for all four; nicA and nicC here, under their names.
nics_up() {
	local nic
	modprobe e1000
	# shellcheck disable=SC2119
	lab_driver_load
	for nic in nicA nicC; do
		nic_named "$nic" || { complain "no network device for $nic" && return 1; }
	done
}

# --- topology -----------------------------------------------------------

quiet_sysctl() { sysctl -qw "$@"; }

# A TX binding leaves its dma-buf mapped when the NIC leaves its driver, with us
# as without: tests/debug/run.sh --prove unbind. A kernel with DMA_API_DEBUG
# would report that here; it keeps its eyes on one driver that is not there.
dma_reports() { # on|off
	local filter=/sys/kernel/debug/dma-api/driver_filter
	[ -e $filter ] || return 0
	case $1 in
	on) echo - >$filter ;;
	off) echo nobody >$filter ;;
	esac
}

# Idempotent: the NICs stay where they are from one topology to the next,
# because moving them and waiting for their link takes seconds.
far_end_up() { # NIC FAR NETNS NETWORK
	if ! ip netns exec "$3" test -e "/sys/class/net/$2" 2>/dev/null; then
		nic_named "$2"
		[ -e "/run/netns/$3" ] || ip netns add "$3"
		ip link set "$2" netns "$3"
	fi
	ip -batch - <<-END
		addr replace 10.$4.0.1/24 dev $1
		addr replace fd0$4::1/64 dev $1 nodad
		link set $1 up
	END
	ip -n "$3" -batch - <<-END
		link set lo up
		addr replace 10.$4.0.2/24 dev $2
		addr replace fd0$4::2/64 dev $2 nodad
		link set $2 up
		route replace default via 10.$4.0.1
		route replace default via fd0$4::1
	END
}

# netns guest; with userns, owned by a user namespace of an unprivileged user.
guest_netns_up() {
	local pid
	if [ "$1" = 0 ]; then
		ip netns add guest
		return
	fi
	chmod 666 /dev/udmabuf
	setpriv --reuid=1000 --regid=1000 --clear-groups \
		unshare --user --map-root-user --net sleep infinity </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_for 5 grep -q sleep "/proc/$pid/comm"
	printf '%s\n' "$pid" >"$USERNS_PID"
	touch /run/netns/guest
	mount --bind "/proc/$pid/ns/net" /run/netns/guest
}

# netkit_up MODE: nk_host here, nk_guest in netns guest.
netkit_up() {
	ip -batch - <<-END
		link add nk_host numrxqueues 2 type netkit mode $1 peer name nk_guest numrxqueues 2
		link set nk_guest netns guest
		addr replace 10.1.0.1/24 dev nk_host
		addr replace fd01::1/64 dev nk_host nodad
		link set nk_host up
	END
	ip -n guest -batch - <<-END
		link set lo up
		addr replace 10.1.0.2/24 dev nk_guest
		addr replace fd01::2/64 dev nk_guest nodad
		link set nk_guest up
		route replace default via 10.1.0.1 dev nk_guest
		route replace default via fd01::1 dev nk_guest
	END
}

# topology_up [l2|l3] [redirect|forward] [userns]
# A lease is not made: see lease_add.
topology_up() {
	local mode=l2 path=forward userns=0 word
	for word; do
		case $word in
		l2 | l3) mode=$word ;;
		redirect | forward) path=$word ;;
		userns) userns=1 ;;
		*) complain "topology_up: what is $word?" && return 1 ;;
		esac
	done
	topology_down
	nics_up
	modprobe udmabuf 2>/dev/null || true
	quiet_sysctl net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	far_end_up nicA nicR remote 2
	far_end_up nicC nicS other 3
	guest_netns_up "$userns"
	netkit_up "$mode"
	[ "$path" = forward ] || redirect_up
	wait_for 10 in_guest ping -c1 -W1 10.2.0.2 ||
		{ complain "no ping from guest to remote" && return 1; }
	wait_for 10 in_guest ping -c1 -W1 fd02::2 ||
		{ complain "no IPv6 ping from guest to remote" && return 1; }
}

# Everything away again, from any state; the NICs' far ends stay.
topology_down() {
	redirect_down
	ip link del nk_host 2>/dev/null || true
	if [ -e "$USERNS_PID" ]; then
		kill "$(cat "$USERNS_PID")" 2>/dev/null || true
		rm -f "$USERNS_PID"
	fi
	[ ! -e /run/netns/guest ] || ip netns del guest || true
}

# What the runner does after each case: no program of the traffic tools, no
# topology, no module. Packets in flight keep a binding, and the module, for a
# while.
clean_up() {
	pkill -x "devmem_send|tcp_sink|plain_load|wire_check|nmtx" || true
	topology_down
	module_gone || wait_for 30 module_gone || {
		rmmod netmem_tx
		return 1
	}
}
module_gone() {
	[ -d /sys/module/netmem_tx ] || return 0
	nmtx drain >/dev/null
	rmmod netmem_tx
}

# Run in the guest's namespaces: as its root, which is nobody's in userns.
in_guest() {
	if [ -e "$USERNS_PID" ]; then
		nsenter --target "$(cat "$USERNS_PID")" --user --net --setuid 0 --setgid 0 -- "$@"
	else
		ip netns exec guest "$@"
	fi
}
in_remote() { ip netns exec remote "$@"; }
in_other() { ip netns exec other "$@"; }

# The NIC's counter: nic_stat nicA tx_netmem_bytes
nic_stat() { ethtool -S "$1" | awk -v k="$2:" '$1 == k { print $2 }'; }
tx_dropped() { # DEV [NETNS]
	ip ${2:+-n "$2"} -s -j link show "$1" |
		sed 's/.*"tx":{[^}]*"dropped":\([0-9]*\).*/\1/'
}
