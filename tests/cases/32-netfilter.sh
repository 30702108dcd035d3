#!/bin/bash
# Rules of a container that hand its packets to user space: up to 7.0 the kernel
# would read device memory for them, and die of it. As since 7.1 headers are
# logged; packets are not queued, which 7.1 does by their headers, too.
# kernels: 6.18.15 7.1.13 6.16.12 7.2.12
# timeout: 400
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi

# rule STATEMENT: for TCP that leaves the container.
rule() {
	in_guest nft -f - <<-END
		table inet lab {
			chain out {
				type filter hook output priority 0
				meta l4proto tcp $1
			}
		}
	END
}
no_rule() { in_guest nft delete table inet lab; }

# Packets with bytes that were logged to user space, and those of which more than
# the headers was: their dump goes on so far.
listen() {
	bg nflog in_guest tcpdump -xlni nflog:5
	bg_says nflog 'listening on'
}
logged() { bg_out nflog | grep -Ec 'length [1-9][0-9]*$' || true; }
bodies_logged() { bg_out nflog | grep -c '0x0100:' || true; }
to_a_group() {
	check "rule: log group 5" rule "log group 5"
	check "somebody listens" listen
	check "plain bytes arrive" transfer remote 10.2.0.2 --plain --size 64k
	sleep 1
	try bg_end nflog INT
	check "control: they are logged" test "$(logged)" -gt 0
	check "control: whole" test "$(bodies_logged)" -gt 0
	check "somebody listens again" listen
	check "device memory arrives" transfer remote 10.2.0.2 --size 256k
	sleep 1
	try bg_end nflog INT
	check "it is logged" test "$(logged)" -gt 0
	is "without its bytes" "$(bodies_logged)" 0
	no_rule
}

to_the_kernels_log() {
	quiet_sysctl net.netfilter.nf_log_all_netns=1
	check "rule: log" rule 'log prefix "lab-out "'
	check "device memory arrives, logged by the kernel" \
		transfer remote 10.2.0.2 --size 64k
	check "its headers are in the kernel's log" \
		sh -c 'dmesg | grep -q "lab-out .* LEN=[1-9][0-9]\{3\}"'
	no_rule
}

queued() { bg_out queue | awk '$2 > 1000' | wc -l; }
bodies_queued() { bg_out queue | awk '$2 > 1000 && $1 > 120' | wc -l; }
to_a_queue() {
	local before bodies
	check "rule: queue 7" rule "queue num 7"
	check "somebody takes packets from it" bg queue in_guest "$LAB/guest/nfqueue.py" 7
	try bg_says queue ready
	check "plain bytes arrive" transfer remote 10.2.0.2 --plain --size 64k
	check "control: they went through the queue" test "$(queued)" -gt 0
	bodies=$(bodies_queued)
	check "control: whole" test "$bodies" -gt 0
	before=$(queued)
	if kernel_ge 7.1; then
		check "device memory arrives through the queue" \
			transfer remote 10.2.0.2 --size 256k
		check "it was there" test "$(queued)" -gt "$before"
		is "without its bytes" "$(bodies_queued)" "$bodies"
	else
		is_not_queued
		is "none went through the queue" "$(($(queued) - before))" 0
	fi
	try bg_end queue
}
is_not_queued() {
	local drops
	drops=$(stat_of drop-linearize)
	sink_start remote --timeout 90
	check "a send of device memory begins" send_begin 10.2.0.2 --size 256k \
		--connect-first --pause-bound
	send_go
	check "its packets are dropped, and counted" wait_for 20 \
		drops_above "$drops"
	no_rule
	check "without the rule it ends" send_end 60
	try sink_end 20
	check "and all bytes are right" sums_equal
}
drops_above() { [ "$(stat_of drop-linearize)" -gt "$1" ]; }

check "topology comes up" topology_up l2 "$path"
! has_module || check "module loads" module_load
check "lease of nicA" lease_add
to_a_group
to_the_kernels_log
to_a_queue
! has_module || check "no binding is left" bindings_are 0 60
