#!/bin/bash
# The module's netlink family and nmtx: what they show to whom, in text and
# JSON, what they refuse, limits and notifications.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 400
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

PARAM=/sys/module/netmem_tx/parameters
in_netns() { ip netns exec "$@"; }
as_user() { setpriv --reuid=1000 --regid=1000 --clear-groups "$@"; }

# json EXPRESSION: what Python makes of the JSON on stdin, called "d".
json() {
	python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}
index_of() { # DEV [NETNS]
	ip ${2:+-n "$2"} -j link show "$1" | json 'd[0]["ifindex"]'
}
inum_of() { ip netns exec "$1" stat -Lc %i /proc/self/ns/net; }

# --- what is shown ------------------------------------------------------

without_module() {
	local object
	for object in status dev binding stats drain monitor; do
		check_fails "nmtx $object fails without the module" nmtx "$object"
		like "nmtx $object: one line says why" "$(last_output)" \
			'^nmtx: module netmem_tx is not loaded$'
	done
}

status() {
	local native=no attached=False
	! has_kernel_leases || native=yes
	has_kernel_leases || attached=True # by the lease
	like "status: version" "$(nmtx status)" '^version [0-9]+\.[0-9]+\.[0-9]+'
	is "status: native-leases" "$(status_of native-leases)" "$native"
	is "status: what it counts" "$(status_of bindings)" 0
	is "status -json: keys" "$(nmtx -json status | json 'sorted(set(d) - {"backend"})')" \
		"['attach_always', 'attached', 'bindings', 'draining', 'hook', 'leases', 'max_bindings', 'native_leases', 'version']"
	is "status -json: types" "$(nmtx -json status | json \
		'[type(d[k]).__name__ for k in ("attached", "bindings", "hook", "version")]')" \
		"['bool', 'int', 'str', 'str']"
	is "status -json: attached" "$(nmtx -json status | json 'd["attached"]')" "$attached"
}

devices() {
	like "dev: the NIC, by its driver" "$(nmtx dev)" '^nicA: mode dma source driver$'
	like "dev: netkit" "$(nmtx dev)" '^nk_host: mode no-dma source netkit$'
	like "dev: lo" "$(nmtx dev)" '^lo: mode none'
	is "dev: one of them" "$(nmtx dev show nicA)" "nicA: mode dma source driver"
	check_fails "dev: one that is not there" nmtx dev show nosuch
	is "dev: only the reader's namespace" "$(in_guest nmtx -json dev |
		json 'sorted(x["dev"] for x in d)')" "['lo', 'nk_guest']"
	is "dev -json: shape" "$(nmtx -json dev show nicA)" \
		"[{\"dev\":\"nicA\",\"ifindex\":$(index_of nicA),\"mode\":\"dma\",\"source\":\"driver\"}]"
}

leases() {
	local native=False
	! has_kernel_leases || native=True
	like "lease: in text" "$(nmtx lease)" 'dev nk_guest .*netns guest .*nic nicA'
	is "lease -json" "$(nmtx -json lease | json \
		'[(x["dev"], x["ifindex"], x["netns"], x["nic"], x["nic_ifindex"], x["native"]) for x in d]')" \
		"[('nk_guest', $(index_of nk_guest guest), 'guest', 'nicA', $(index_of nicA), $native)]"
	like "lease: the container sees its own" "$(in_guest nmtx lease)" 'dev nk_guest'
	like "lease: but not the NIC" "$(in_guest nmtx -json lease | json \
		'[k for x in d for k in x if k.startswith("nic")]')" '^\[\]$'
	is "lease: another namespace sees none" "$(in_remote nmtx -json lease)" "[]"
}

bindings() {
	local id inum
	inum=$(inum_of guest)
	check "a binding" hold one in_guest nk_guest
	id=$(id_of one)
	is "binding -json" "$(nmtx -json binding | json \
		'[(x["id"], x["state"], x["ifindex"], x["netns"], x["netns_inum"], x["nic_ifindex"], x["uid"], x["pid"], x["size"]) for x in d]')" \
		"[($id, 'live', $(index_of nk_guest guest), 'guest', $inum, $(index_of nicA), 0, $(bg_pid one), 65536)]"
	like "binding: in text" "$(nmtx binding)" \
		"^id $id state live ifindex [0-9]+ netns guest nic-ifindex [0-9]+ uid 0 pid $(bg_pid one) size 65536$"
	is "binding: the container sees its own, not the NIC" \
		"$(in_guest nmtx -json binding | json \
			'[(x["id"], "nic_ifindex" in x) for x in d]')" "[($id, False)]"
	is "binding: another namespace sees none" "$(in_remote nmtx -json binding)" "[]"
	is "binding: nobody's container sees none" "$(in_nobodys nmtx -json binding)" "[]"
	is "status counts it" "$(status_of bindings)" 1
	try bg_end one
	check "it ends, and is not shown any more" bindings_are 0
	is "binding -json: none" "$(nmtx -json binding)" "[]"
}

# More than fits into one message of a dump.
many() {
	check "500 bindings of one socket" hold many in_guest nk_guest --binds 500
	is "binding: shows each of them once" "$(nmtx -json binding | json \
		'(len(d), len({x["id"] for x in d}))')" "(500, 500)"
	is "binding: in their namespace too" "$(in_guest nmtx -json binding | json 'len(d)')" 500
	try bg_end many
	check "they end" bindings_are 0 60
}

counters() {
	local bind refused
	is "stats -json: keys" "$(nmtx -json stats | json 'list(d)')" \
		"['bind', 'bind_refused', 'send_refused', 'pass', 'drop_mixed', 'drop_owner', 'drop_checksum', 'drop_linearize', 'drop_gso', 'drop_crypto']"
	bind=$(stat_of bind)
	check "bind" in_guest devmem_send --ifname nk_guest --size 4096 --bind-only
	is "stats: bind rises by one" "$(stat_of bind)" $((bind + 1))
	refused=$(stat_of bind-refused)
	check "bind that fails" in_guest devmem_send --ifname nk_guest --size 4096 \
		--bind-only --bad fd --expect-errno EBADF
	is "stats: bind-refused rises by one" "$(stat_of bind-refused)" $((refused + 1))
	is "stats: and bind does not" "$(stat_of bind)" $((bind + 1))
	refused=$(stat_of send-refused)
	check "binding of the guest" hold one in_guest nk_guest
	WITH_RUN=here WITH_DEV=nicC check "send by another device fails" \
		send_fails other 10.3.0.2 ENODEV --id "$(id_of one)" --size 4096
	check "stats: send-refused rises" test "$(stat_of send-refused)" -gt "$refused"
	try bg_end one
	like "stats: everybody may read" "$(in_nobodys nmtx stats)" '^bind [0-9]+'
}

# --- limits -------------------------------------------------------------

limit() {
	local text="Too many bindings in this network namespace (max_bindings)"
	echo 2 >$PARAM/max_bindings
	is "max_bindings: status says it" "$(status_of max-bindings)" 2
	check "max_bindings: two bind" hold two in_guest nk_guest --binds 2
	check "max_bindings: the third gets ENOSPC and a text" bind_fails ENOSPC "$text"
	container_up 2
	check "max_bindings: another namespace, with a lease" \
		lease_add nk_guest2 nicA guest2
	check "max_bindings: it has its own count" \
		in_guest2 devmem_send --ifname nk_guest2 --size 4096 --binds 2 --bind-only
	try bg_end two
	check "max_bindings: they end" bindings_are 0
	check "max_bindings: then there is room again" \
		in_guest devmem_send --ifname nk_guest --size 4096 --binds 2 --bind-only
	check "max_bindings: no new one at 0" max_is_0
	echo 65536 >$PARAM/max_bindings
	container_down 2
}
max_is_0() {
	echo 0 >$PARAM/max_bindings
	bind_fails ENOSPC
}

# --- notifications ------------------------------------------------------

monitors() {
	check "monitor here" bg events here nmtx monitor
	check "monitor in JSON" bg jevents here nmtx -json monitor
	check "monitor in the container" bg gevents in_guest nmtx monitor
	sleep 1
	container_up 2 guest
	has_kernel_leases || check "a lease comes" lease_add nk_guest2 nicA
	check "a binding comes and goes" \
		in_guest devmem_send --ifname nk_guest --size 4096 --bind-only
	try bindings_are 0
	ip link del nk_host2
	check "monitor: binding add" bg_says events '^binding add id [0-9]+ state live .*netns guest'
	check "monitor: binding del" bg_says events '^binding del id [0-9]+ state unbound'
	check "monitor -json: binding-add" bg_says jevents '^\{"event":"binding-add","id":[0-9]+,.*\}$'
	check "monitor -json: each line is JSON" json_lines jevents
	if ! has_kernel_leases; then
		check "monitor: lease add" bg_says events '^lease add dev nk_guest2 .*nic nicA'
		check "monitor: lease del, with its device" bg_says events '^lease del dev nk_guest2'
		check "monitor in the container: its lease" bg_says gevents '^lease add dev nk_guest2'
		check "monitor in the container: no NIC" not_said gevents nic
	fi
	check "monitor in the container: no binding's uid or pid" not_said gevents pid
	like "monitor as a user without rights" "$(as_user nmtx monitor 2>&1)" \
		'^nmtx: monitor: Operation not permitted$'
	check "monitor as root of a container of one's own" \
		bg nevents in_nobodys nmtx monitor
	sleep 1
	check "and it goes on" bg_running nevents
	try bg_end nevents
	try bg_end gevents
	try bg_end jevents
}
json_lines() { bg_out "$1" | sed 1d | while read -r line; do json d <<<"$line"; done; }
not_said() { ! bg_out "$1" | grep -q "$2"; }
monitor_ends() {
	check "monitor says that the module goes" \
		bg_says events 'module netmem_tx was unloaded'
	check "and ends" bg_ends events
}

# --- requests that no tool sends ----------------------------------------

raw() { # NAME REGEX RUNNER COMMAND ATTRIBUTE...
	local name=$1 want=$2 runner=$3
	shift 3
	like "$name" "$("$runner" "$LAB/guest/genl.py" netmem-tx "$@" 2>&1)" "$want"
}
# Commands: 1 dev-get 2 lease-add 3 lease-del 6 stats-get 8 drain
# Attributes of a lease: 1 vdev 3 netns fd 5 nic; of drain: 1 on
raw_requests() {
	local nic guest=netns:/run/netns/guest none=errno=ENODEV
	nic=$(index_of nicA)
	raw "dev-get without ifindex" '^errno=EINVAL' here 1
	raw "dev-get, ifindex 0" '^errno=(ERANGE|EINVAL)' here 1 1=0
	raw "dev-get, ifindex unknown" '^errno=ENODEV' here 1 1=999999
	raw "dev-get, attribute too short" '^errno=(EINVAL|ERANGE)' here 1 1=hex:01
	raw "dev-get, attribute unknown" '^errno=EINVAL' here 1 "1=$nic" 77=1
	raw "command unknown" '^errno=(EOPNOTSUPP|ENOTSUP)' here 99
	raw "drain without a value" '^errno=EINVAL' here 8
	raw "drain, neither on nor off" '^errno=(ERANGE|EINVAL)' here 8 1=2
	raw "lease-add without a device" '^errno=EINVAL' here 2 "5=$nic"
	raw "lease-add without a NIC" '^errno=EINVAL' here 2 1=1
	raw "lease-del without a device" '^errno=EINVAL' here 3
	# 7.1 and later: the module has no leases, whatever the request is.
	! has_kernel_leases || none="errno=(EOPNOTSUPP|ENOTSUP) text=(Kernel leases RX queues itself|The kernel's leases end)"
	raw "lease-add, device unknown" "^$none" here 2 1=999999 "5=$nic"
	raw "lease-add, NIC unknown" "^$none" here 2 \
		"1=$(index_of nk_guest guest)" "3=$guest" 5=999999
	raw "lease-del, device unknown" "^(errno=ENODEV|$none)" here 3 1=999999
	has_kernel_leases ||
		raw "lease-add, no namespace behind the fd" '^errno=(EINVAL|EBADF)' \
			here 2 1=1 3=netns:/dev/null "5=$nic"
	raw "lease-add from nobody's container" '^errno=EPERM' in_nobodys 2 1=1 5=1
	raw "lease-del from nobody's container" '^errno=EPERM' in_nobodys 3 1=1
	raw "drain from nobody's container" '^errno=EPERM' in_nobodys 8 1=1
	raw "drain from a container with the host's capabilities" \
		'^errno=EPERM text=Drain concerns all containers' in_guest 8 1=1
	is "nothing of it drained" "$(status_of draining)" no
}

check "topology comes up" topology_up
without_module
check "module loads" module_load
check "lease" lease_add nk_guest
status
devices
leases
bindings
many
counters
limit
raw_requests
monitors
check "module goes" module_unload
monitor_ends
