#!/bin/bash
# Loading and unloading: when it is refused, what it leaves alone, and that it
# leaves nothing behind.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 900
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"
# shellcheck source=tests/lab/guest/load.sh
. "$LAB/guest/load.sh"

CYCLES=100
NO_SUPPORT="Driver does not support netmem TX"

unloaded() { [ ! -d /sys/module/netmem_tx ]; }
# Before 6.17 device memory gets out of a netkit by BPF redirect only.
path_up() { kernel_ge 6.17 || redirect_up; }
path_down() { redirect_down; }
guest_sends() { transfer remote 10.2.0.2 --size 256k; }
stock_answer() { bind_fails EOPNOTSUPP "$NO_SUPPORT"; }

# --- refused while bindings live ----------------------------------------

in_use() {
	check_fails "rmmod with a live binding fails" rmmod netmem_tx
	like "rmmod says: in use" "$(last_output)" "is in use"
}
live_binding() {
	check "module loads" module_load
	check "lease" lease_add
	check "guest sends" guest_sends
	check "binding" hold one in_guest nk_guest
	in_use
	check "drain" nmtx drain
	like "drain says what it did" "$(last_output)" "draining yes revoked 1"
	is "the binding is revoked" "$(state_of "$(id_of one)")" revoked
	check "new bindings are refused, as without the module" stock_answer
	check "rmmod after drain" rmmod netmem_tx
	check "bind-tx fails as stock, the old binding still open" stock_answer
	check "the old binding ends" bg_end one
	check "its memory is free" dmabufs_are 0
}

drain_off() {
	local id
	check "module loads again" module_load
	check "lease again" lease_again
	check "binding before drain" hold one in_guest nk_guest
	id=$(id_of one)
	check "drain, then drain off" sh -c 'nmtx drain on && nmtx drain off'
	like "drain off says so" "$(last_output)" "draining no"
	check "the drained binding cannot send" \
		send_fails remote 10.2.0.2 ENODEV --id "$id" --size 64k
	check "guest sends by a new one" guest_sends
	check "binding after drain off" hold two in_guest nk_guest
	in_use
	check "both bindings end" end_both
	check "rmmod without bindings, with a lease" rmmod netmem_tx
	check "no memory is held" dmabufs_are 0
}
end_both() {
	bg_end one
	bg_end two
}
# The module's leases go with it; the kernel's own stay.
lease_again() { has_kernel_leases || lease_add nk_guest; }

# Packets are on their way when the module goes.
drain_under_traffic() {
	check "module loads for traffic" module_load
	check "lease for traffic" lease_again
	try sink_start remote --conns 2 --timeout 100
	check "traffic flows" stream endless in_guest nk_guest 10.2.0.2
	check "a send half way" half_way
	check "drain and rmmod under traffic" sh -c 'nmtx drain && rmmod netmem_tx'
	bg_go waiting
	check "the next send gets ENODEV from the stock kernel" \
		bg_says waiting '^sendmsg: errno=.*ENODEV'
	try bg_end endless KILL
	try bg_end waiting KILL
	try sink_end 0
	check "the memory of both is free" dmabufs_are 0
}
half_way() {
	bg waiting in_guest devmem_send --server 10.2.0.2 --ifname nk_guest \
		--size 512k --chunk 16k --pause-at 128k --timeout 60
	bg_says waiting '^paused: at'
}

# --- what is not ours ---------------------------------------------------

# A binding of the NIC itself, while the module comes or goes.
direct_across() { # COMMAND...
	sink_start remote --timeout 60
	WITH_RUN=here WITH_DEV=nicA send_begin 10.2.0.2 --size 256k --chunk 16k \
		--pause-at 96k
	"$@"
	send_go
	send_end 40
	sink_end 20
	sums_equal
}
bound_before_load() {
	check "direct binding before load" hold early here nicA
	check "direct send across load" direct_across module_load
	check "binding made before load: not by the netkit" \
		send_fails remote 10.2.0.2 ENODEV --id "$(id_of early)" --size 64k
	WITH_RUN=here WITH_DEV=nicA check "binding made before load: by its NIC" \
		sends_id "$(id_of early)"
	check "direct send across unload" direct_across module_unload
	WITH_RUN=here WITH_DEV=nicA check "binding made before load: after unload" \
		sends_id "$(id_of early)"
	check "it ends" bg_end early
	check "nothing is left of it" dmabufs_are 0
}
# Its bytes are the same: same size, same seed.
sends_id() { transfer remote 10.2.0.2 --id "$1" --size 64k; }

rx_answers() {
	local dev request
	for dev in nicA nicC; do
		for request in "--rx 1" "--rx 0" "--rx 99" "--rx -1" \
			"--rx 1 --bad fd" "--rx 1 --bad file" "--rx 1 --bad no-fd" \
			"--rx 1 --bad no-ifindex"; do
			# shellcheck disable=SC2086 # words
			rx_answer here "$dev" $request
		done
	done
	rx_answer in_guest nk_guest --rx 0
	rx_answer in_guest nk_guest --rx 1
}
rx_answer() { # RUNNER DEV OPTION...
	local runner=$1 dev=$2
	shift 2
	printf '%s %s: ' "$dev" "$*"
	"$runner" devmem_send --ifname "$dev" --size 64k --bind-only "$@" |
		sed -n 's/^bind-rx: \(ok\).*/\1/p; s/^bind-rx: errno/errno/p' || true
}
rx_requests() {
	local before
	before=$(rx_answers 2>&1)
	note "$before"
	like "bind-rx answers without the module" "$before" "errno="
	module_load attach=always
	is "bind-rx answers with the module" "$(rx_answers 2>&1)" "$before"
	module_unload
	is "bind-rx answers after it" "$(rx_answers 2>&1)" "$before"
}

# --- again and again ----------------------------------------------------

cycle() {
	modprobe netmem_tx attach=always
	rmmod netmem_tx
}
cycles() { # N
	local i
	for ((i = 0; i < $1; i++)); do cycle; done
}
load_start() { # SECONDS
	local proto port=5301 option=
	for proto in tcp udp; do
		bg "${proto}_server" in_remote plain_load --server --port $port --timeout 300
		bg_says "${proto}_server" '^listening'
		# shellcheck disable=SC2086 # no option, or one
		bg "$proto" in_guest plain_load --addr 10.2.0.2 --port $port $option \
			--seconds "$1" --rate 300 --timeout 200
		port=5401 option=--udp
	done
}
load_ends() {
	local proto
	for proto in tcp udp; do
		bg_ends "$proto" 90
		bg_end "${proto}_server"
	done
}
under_load() {
	check "path without early drops" lossless
	check "ordinary traffic" load_start 20
	check "loads and unloads under it" cycles "$1"
	check "it runs to its end" load_ends
	note "$(
		bg_out tcp
		bg_out udp
	)"
	check "TCP: all that was sent was received" bg_says tcp '^result: ok' 0
	check "UDP: all packets that were sent were received" bg_says udp '^result: ok' 0
	bg_says udp '^result: ok' 0 >/dev/null || note "$(dropped_on_the_way)"
}
many_cycles() { # N
	local before after
	before=$(kernel_memory)
	check "$1 loads and unloads with the hook" cycles "$1"
	after=$(kernel_memory)
	note "kB of kernel memory before: $before"
	note "kB of kernel memory after: $after"
	before=${before%% *} after=${after%% *}
	# A leak of one page in each cycle would be more.
	check "kernel memory does not grow" test $((after - before)) -lt $(($1 * 3))
}
hooked_functions() {
	grep -Eo '^(validate_xmit_skb|skb_segment|net_devmem_get_binding|netdev_nl_bind_tx_doit) ' \
		/sys/kernel/tracing/enabled_functions | sort | xargs
}
hooks_go() {
	check "module loads with attach=always" module_load attach=always
	is "ftrace has its hooks" "$(hooked_functions)" \
		"net_devmem_get_binding netdev_nl_bind_tx_doit skb_segment validate_xmit_skb"
	check "module goes" module_unload
	is "ftrace has none of them any more" "$(hooked_functions)" ""
}

check "topology comes up" topology_up
check "path to the NIC" path_up
check "sockets without owner give up soon" orphans_give_up guest
check "before load: bind-tx fails as stock" stock_answer
live_binding
drain_off
drain_under_traffic
bound_before_load
rx_requests
check "after all that: unloaded" unloaded
check "bind-tx fails as stock" stock_answer
path_down
hooks_go
under_load 12
many_cycles $((CYCLES - 12))
check "module loads at the end" module_load
check "lease at the end" lease_again
check "path at the end" path_up
check "guest sends" guest_sends
