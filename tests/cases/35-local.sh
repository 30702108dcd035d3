#!/bin/bash
# Device memory to an address on the same host: of the host, and of another
# container. It ends where a socket would get it, whoever asks: TCP there would
# look for urgent bytes in it (BUG() in tcp_urg()), kTLS copy it.
# kernels: all
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

bytes_arrived() { sink_end 10 | sed -n 's/^conn: n=1 bytes=\([0-9]*\).*/\1/p'; }

to() { # NAME NETNS ADDR [option of devmem_send...]
	local name=$1 netns=$2 addr=$3
	shift 3
	sink_start "$netns" --timeout 60
	check "$name: device memory is taken" send_begin "$addr" --size 64k \
		--chunk 4k --pause-at 4k --abort "$@"
	check "$name: it is sent in vain" wait_for 20 tried_in_vain "$addr"
	try send_kill
	is "$name: nothing of it arrives" "$(bytes_arrived)" 0
}

check "topology comes up" topology_up l2 forward
check "orphans give up" orphans_give_up guest
check "another container" container_up 2
check "the host's network namespace has a name" ip netns attach host $$
! has_module || check "module loads" module_load
check "lease of nicA" lease_add
check "host: plain bytes arrive" transfer host 10.1.0.1 --plain --size 64k
check "container: plain bytes arrive" transfer guest2 10.12.0.2 --plain --size 64k
to "host" host 10.1.0.1
to "host, IPv6" host fd01::1
to "host, urgent" host 10.1.0.1 --urgent
to "container" guest2 10.12.0.2
to "container, urgent" guest2 10.12.0.2 --urgent
! has_module || check "no binding is left" bindings_are 0 60
ip netns del host
container_down 2
