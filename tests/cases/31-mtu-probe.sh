#!/bin/bash
# TCP's MTU probes are built from the send queue, and forget that their bytes
# are device memory: no check sees it any more. A socket that has sent device
# memory does not probe, whatever its container asks for.
#
# Native kernels do; there the case says what it saw of a send that goes well.
# kernels: 6.18.15 7.1.13 6.16.12 7.2.12
# timeout: 400
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi

# shellcheck disable=SC2016 # awk expands
tcp_ext() { # COUNTER
	in_guest awk -v k="$1" '$1 != "TcpExt:" { next }
		!n { for (i = 1; i <= NF; i++) if ($i == k) n = i; next }
		{ print $n }' /proc/net/netstat
}
probes() { echo $(($(tcp_ext TCPMTUPSuccess) + $(tcp_ext TCPMTUPFail))); }
probing() { in_guest sysctl -qw net.ipv4.tcp_mtu_probing="$1"; }

# probed WANT BEFORE NAME: native kernels only tell.
probed() {
	local now
	now=$(($(probes) - $2))
	if has_module; then
		is "$3: MTU probes" "$now" "$1"
	else
		note "$3: native: $now MTU probes"
	fi
}

control() {
	local before
	before=$(probes)
	check "plain bytes with probing arrive" transfer remote 10.2.0.2 --plain --size 1M
	check "control: they are probed with" test "$(probes)" -gt "$before"
}

from_the_start() {
	local before
	before=$(probes)
	check "device memory with probing arrives" \
		transfer remote 10.2.0.2 --size 1M --chunk 64k
	probed 0 "$before" "from the start"
}

# Plain bytes first, probed with; then device memory on the same connection.
after_plain() {
	local before
	before=$(probes)
	check "plain bytes and device memory in turn arrive" \
		transfer remote 10.2.0.2 --size 1M --chunk 64k \
		--mixed before --mixed-bytes 256k
	note "mixed: $(($(probes) - before)) MTU probes"
}

# sendmsg() waits for the connection, which sets up probing anew when it comes.
while_connecting() {
	local before
	before=$(probes)
	sink_start remote --timeout 90
	lost on
	check "a send that waits for its connection" send_begin 10.2.0.2 \
		--size 1M --chunk 64k --no-wait --pause-bound
	send_go
	sleep 1
	lost off
	check "it ends" send_end 60
	try sink_end 20
	check "all its bytes are right" sums_equal
	probed 0 "$before" "sent while connecting"
}

# tcp_mtu_probing=1: time-outs begin to probe, in the middle of one sendmsg().
timed_out_above() { [ "$(tcp_ext TCPTimeouts)" -gt "$1" ]; }
after_timeout() {
	local before timeouts
	in_guest sysctl -qw net.ipv4.tcp_retries1=1 net.ipv4.tcp_probe_interval=0
	before=$(probes)
	timeouts=$(tcp_ext TCPTimeouts)
	sink_start remote --timeout 90
	check "a send, connected" send_begin 10.2.0.2 --size 4M --chunk 4M \
		--connect-first --pause-bound
	lost on
	send_go
	check "its packets time out" wait_for 20 timed_out_above $((timeouts + 3))
	lost off
	check "they get through again, and it ends" send_end 60
	try sink_end 20
	check "all bytes are right" sums_equal
	probed 0 "$before" "after time-outs"
}
# The packets leave as always, for a station that is not there.
lost() { # on|off
	case $1 in
	on) ip neigh replace 10.2.0.2 lladdr 02:00:00:00:00:99 dev nicA nud permanent ;;
	off) ip neigh del 10.2.0.2 dev nicA ;;
	esac
}

# The checksum would have to be made by software, which cannot read the bytes.
software_would_read() {
	sink_start remote --timeout 90
	check "a send, half way" send_begin 10.2.0.2 --size 512k --chunk 64k \
		--pause-at 256k
	try in_guest ethtool -K nk_guest tx off
	send_go
	sleep 3
	try in_guest ethtool -K nk_guest tx on
	check "with tx on again it ends" send_end 60
	try sink_end 20
	check "tx off and on: all bytes are right" sums_equal
}

check "topology comes up" topology_up l2 "$path"
! has_module || check "module loads" module_load
check "lease of nicA" lease_add
probing 2
control
from_the_start
after_plain
while_connecting
! has_module || software_would_read
probing 1
after_timeout
! has_module || check "no binding is left" bindings_are 0 60
