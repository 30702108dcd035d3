# shellcheck shell=bash
# shellcheck disable=SC2034 # OPS and TOGETHER_OPS are for run.sh
# The operations in which a call is made to fail. Sourced by run.sh.
#
#	before_OP   what has to be there; the call cannot fail yet
#	op_OP       fails, or not, when the call fails
#	undo_OP     back to where before_OP left, after op_OP or half of it
#	again_OP    what has to work then; default: op_OP
#	fresh_OP    for the call that is in NAME, before op_OP: what else it needs
# Each begins and ends without the module; what is not defined does nothing. They
# run where errexit does nothing: each command says what its failure means.

TRACING=/sys/kernel/tracing
NMTX_LAB=/sys/bus/pci/drivers/nmtx_lab

# unload_direct before a direct call is made to fail: on 6.16 the kernel keeps a
# note of each that it refused, and refuses all after it.
OPS="load load_always load_ipmodify load_owned unload_direct netns
lease_add lease_ipmodify lease_del
bind bind_taken bind_odd bind_direct
status stats dev dev_one leases bindings drain
send send_direct send_gso send_vlan send_dropped send_rebuilt send_logged
traced perf
netkit_gone nic_gone linger unload unload_ipmodify"
# The kernel's own leases are not given back.
! has_kernel_leases || OPS=${OPS/lease_del/}

# Those where many calls can fail one after the other, before a look at what is
# left: before_OP is done once.
TOGETHER_OPS="load load_always load_ipmodify netns lease_add lease_ipmodify
lease_del bind bind_odd bind_direct status stats dev dev_one leases bindings drain"

# --- load ----------------------------------------------------------------

is_load() { [[ $1 = load* ]]; }

op_load() { modprobe netmem_tx; }
undo_load() { module_unload; }
op_load_always() { modprobe netmem_tx attach=always; }
undo_load_always() { module_unload; }
op_load_ipmodify() { modprobe netmem_tx attach=always hook=ipmodify; }
undo_load_ipmodify() { module_unload; }

# Refused: the module looks for who owns its hooks.
before_load_owned() { sysctl -qw kernel.ftrace_enabled=0; }
op_load_owned() { modprobe netmem_tx; }
undo_load_owned() { sysctl -qw kernel.ftrace_enabled=1; }
again_load_owned() { modprobe netmem_tx; }

# Where the kernel has leases of its own, the first binding attaches it.
hook_needed() { if has_kernel_leases; then binds; else lease_add; fi; }
# The transmit hook of a lease before stays a while.
hook_is_attached_anew() {
	case $NAME in
	nmtx_xmit_hook_* | nmtx_hooks_* | attach_*) wait_for 30 hook_is_off ;;
	esac
}
hook_is_off() { [ "$(backend)" = none ]; }

# --- namespaces and leases ------------------------------------------------

loaded() { module_load "$@"; }
# Somebody listens to what is told. It asks for counters, too.
heard() {
	loaded "$@" || return
	bg monitor here nmtx monitor
	bg guest_monitor in_guest nmtx monitor
}
leased() {
	loaded && lease_there
}
lease_there() { nmtx lease | grep -q nk_guest || lease_add; }
lease_away() { has_kernel_leases || ! nmtx lease | grep -q nk_guest || lease_del; }

before_netns() { loaded; }
op_netns() { ip netns add extra; }
undo_netns() { [ ! -e /run/netns/extra ] || ip netns del extra; }

kernel_lease_there() { ! has_kernel_leases || lease_there; }
before_lease_add() { heard && kernel_lease_there; }
op_lease_add() { hook_needed; }
undo_lease_add() { lease_away; }
fresh_lease_add() { hook_is_attached_anew; }
again_lease_add() {
	# What failed half way does not try again at once.
	[[ $NAME != attach_* ]] || sleep 1.5
	op_lease_add
}

before_lease_ipmodify() { heard hook=ipmodify && kernel_lease_there; }
op_lease_ipmodify() { hook_needed; }
undo_lease_ipmodify() { lease_away; }
fresh_lease_ipmodify() { hook_is_attached_anew; }
again_lease_ipmodify() {
	sleep 1.5
	op_lease_ipmodify
}

before_lease_del() {
	heard && lease_there
}
op_lease_del() { lease_del; }
undo_lease_del() { lease_there; }

# --- bind -----------------------------------------------------------------

binds() {
	in_guest devmem_send --ifname nk_guest --size 64k --bind-only && bindings_are 0
}
before_bind() {
	heard && lease_there
}
op_bind() { binds; }

# Somebody else has the one direct call: by way of IPMODIFY, and back when
# that fails in the middle.
before_bind_taken() {
	owner_on livepatch skb_copy_and_csum_bits
	loaded
}
op_bind_taken() { hook_needed; }
undo_bind_taken() { owner_off livepatch; }
again_bind_taken() {
	sleep 1.5
	lease_there
}

fid_there() { [ -e /dev/nmtx_fid ] || insmod /lab/ko/nmtx_fid.ko; }
before_bind_odd() {
	leased && fid_there
}
op_bind_odd() { in_guest python3 /lab/faults/odd.py nk_guest; }

# On the NIC itself: it is watched.
before_bind_direct() { loaded; }
op_bind_direct() { devmem_send --ifname nicA --size 64k --bind-only; }

# --- control --------------------------------------------------------------

held() {
	leased && hold held in_guest nk_guest
}
before_status() { held; }
op_status() { nmtx status; }
before_stats() { held; }
op_stats() { nmtx stats; }
before_dev() { held; }
op_dev() { nmtx dev; }
before_dev_one() { held; }
op_dev_one() { nmtx dev show nk_host; }
before_leases() { held; }
op_leases() { nmtx lease; }
before_bindings() { held; }
op_bindings() { nmtx binding; }
before_drain() { held; }
op_drain() { nmtx drain; }
undo_drain() { nmtx drain off; }

# --- send -----------------------------------------------------------------

sends() { transfer remote 10.2.0.2 --size 64k; }
# Dropped: it gives up.
lost() {
	local rc=0
	sink_start remote --timeout 20
	in_guest devmem_send --server 10.2.0.2 --ifname nk_guest --size 16k \
		--timeout 2 --abort || rc=$?
	sink_end 0
	guest_sockets_end
	return "$rc"
}

before_send() { leased; }
op_send() { sends; }

# From a binding of the NIC itself: on 6.16 and 6.17 by our hook, too.
before_send_direct() { leased; }
op_send_direct() { WITH_RUN=here WITH_DEV=nicA sends; }

# By a rule of the container: where its headers cannot be copied it is not logged.
before_send_logged() {
	leased && in_guest nft 'table inet lab { chain out {
		type filter hook output priority 0; meta l4proto tcp log group 5; }; }'
}
op_send_logged() { sends; }
undo_send_logged() { in_guest nft delete table inet lab; }
again_send_logged() { before_send_logged && sends; }

before_send_gso() {
	leased
	in_guest ethtool -K nk_guest tso off
}
op_send_gso() { sends; }
undo_send_gso() { in_guest ethtool -K nk_guest tso on; }
again_send_gso() { sends; }

# A tag is pushed into the packet, as the device cannot send it beside it. Where
# the kernel has leases, the binding brings the hook.
before_send_vlan() {
	held && fid_there && in_guest ethtool -K nk_guest tx-vlan-offload off
}
op_send_vlan() { python3 /lab/faults/tagged.py guest nk_guest; }
undo_send_vlan() { in_guest ethtool -K nk_guest tx-vlan-offload on; }

before_send_dropped() {
	leased
	echo 1 >$TRACING/events/netmem_tx/enable
	echo >$TRACING/trace
	in_guest ethtool -K nk_guest tx off sg off
}
op_send_dropped() {
	lost || true
	cat $TRACING/trace
}
undo_send_dropped() {
	in_guest ethtool -K nk_guest sg on tx on tso on
	echo 0 >$TRACING/events/netmem_tx/enable
}
again_send_dropped() { sends; }

# No route for a moment: the socket loses it, and its next send asks again.
before_send_rebuilt() { leased; }
op_send_rebuilt() {
	local rc=0
	sink_start remote --timeout 30
	send_begin 10.2.0.2 --size 64k --chunk 4k --pause-at 16k
	ip -n guest route add unreachable 10.2.0.2
	send_go
	send_end 10 || rc=$?
	sink_end 0
	return "$rc"
}
undo_send_rebuilt() {
	ip -n guest route del unreachable 10.2.0.2 || true
	guest_sockets_end
}
again_send_rebuilt() { sends; }

before_traced() {
	leased
	echo >$TRACING/trace
	echo 1 >$TRACING/events/netmem_tx/enable
}
op_traced() {
	sends && cat $TRACING/trace
}
undo_traced() { echo 0 >$TRACING/events/netmem_tx/enable; }

before_perf() {
	leased
	bg perf here python3 /lab/faults/perf.py
	bg_says perf '^counting'
}
op_perf() {
	sends || return
	in_guest ethtool -K nk_guest tx off sg off
	lost || true
	in_guest ethtool -K nk_guest sg on tx on tso on
}
undo_perf() {
	in_guest ethtool -K nk_guest sg on tx on tso on
	bg_end perf
}
again_perf() { sends; }

# --- what goes ------------------------------------------------------------

second_there() {
	[ -e /run/netns/guest2 ] || container_up 2
	nmtx lease | grep -q nk_guest2 || lease_add nk_guest2 nicC guest2
	hold second in_guest2 nk_guest2
}
before_netkit_gone() {
	heard && second_there
}
op_netkit_gone() { container_down 2; }
undo_netkit_gone() {
	bg_end second
	second_there
}

before_nic_gone() {
	heard && second_there
}
op_nic_gone() { echo "${NIC_PCI[nicC]}" >$NMTX_LAB/unbind; }
undo_nic_gone() {
	echo "${NIC_PCI[nicC]}" >$NMTX_LAB/bind
	nic_named nicC
	far_end_up nicC nicS other 3
	bg_end second
	container_down 2
	second_there
}

# The transmit hook goes some time after the last lease.
before_linger() { loaded; }
op_linger() {
	binds_once_leased && wait_for 20 hook_is_off
}
binds_once_leased() {
	lease_there && binds && lease_away
}
undo_linger() { lease_away; }

before_unload() { held; }
op_unload() {
	nmtx drain && unloads
}
undo_unload() { bg_end held; }
again_unload() {
	module_load && unloads
}

before_unload_direct() { loaded attach=always hook=direct; }
op_unload_direct() { unloads; }
again_unload_direct() { again_unload; }
before_unload_ipmodify() { loaded attach=always hook=ipmodify; }
op_unload_ipmodify() { unloads; }
again_unload_ipmodify() { again_unload; }
