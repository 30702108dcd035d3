#!/bin/bash
# In a guest: load and unload the module while ordinary traffic flows and
# devices, namespaces, leases, routes and other owners of our hooks come and go.
# usage: run.sh CYCLES PREEMPT
set -euo pipefail
# shellcheck source=tests/lab/guest/lib.sh
. /lab/guest/lib.sh
# shellcheck source=tests/lab/guest/live.sh
. /lab/guest/live.sh
# shellcheck source=tests/lab/guest/load.sh
. /lab/guest/load.sh
# shellcheck source=tests/lab/guest/owners.sh
. /lab/guest/owners.sh
# shellcheck source=tests/soak/guest/churn.sh
. /lab/soak/churn.sh

CYCLES=$1 PREEMPT=$2

# --- ordinary traffic: every packet is counted ---------------------------

# rounds NAME PORT FROM TO ADDR [option of plain_load...]: until STOP is there.
rounds() {
	local name=$1 port=$2 from=$3 to=$4 addr=$5
	shift 5
	until [ -e "$STOP" ]; do
		bg "$name" "$to" plain_load --server --port "$port" --timeout 300
		bg_says "$name" '^listening'
		"$from" plain_load --addr "$addr" --port "$port" --seconds 15 "$@" \
			>>"/run/soak.$name" 2>&1 || true
		bg_end "$name"
	done
}
traffic_start() {
	rm -f "$STOP"
	rounds udp 5301 in_guest in_remote 10.2.0.2 --udp --rate 300 &
	rounds tcp 5401 in_guest in_remote 10.2.0.2 --rate 300 &
	# As fast as it goes; the lab's receiving NIC would lose packets of this.
	rounds fast 5501 in_guest here 10.1.0.1 --rate 0 --size 16384 &
}
traffic_is_whole() {
	local name
	for name in udp tcp fast; do
		check "$name: all that was sent was received" \
			all_rounds_ok "$name"
	done
}
all_rounds_ok() {
	cat "/run/soak.$1"
	grep -q '^result: ok' "/run/soak.$1" && ! grep -qv '^result: ok' "/run/soak.$1"
}
sum_of() { # NAME FIELD
	sed -n "s/.* $2=\([0-9]*\).*/\1/p" "/run/soak.$1" | awk '{ n += $1 } END { print n + 0 }'
}

# --- the module ----------------------------------------------------------

sent=0 refused=0
# Others may own a hook; then it is refused, and tried again.
load() {
	until modprobe netmem_tx "$@" 2>/dev/null; do
		refused=$((refused + 1))
		[ "$refused" -lt $((CYCLES * 40)) ] || return 1
		sleep 0.2
	done
}
cycle() { # NUMBER
	load "attach=$([ $(($1 % 3)) = 0 ] && echo always || echo auto)" \
		"hook=$([ $(($1 % 4)) = 0 ] && echo ipmodify || echo auto)"
	nmtx lease add dev nk_guest netns guest nic nicA >/dev/null 2>&1 || true
	if [ $(($1 % 2)) = 0 ] && transfer remote 10.2.0.2 --size 64k >/dev/null 2>&1; then
		sent=$((sent + 1))
	fi
	nmtx drain >/dev/null
	wait_for 60 rmmod netmem_tx
}
cycles() { # N
	local i
	for ((i = 1; i <= $1; i++)); do
		cycle "$i" || return
		[ $((i % 25)) != 0 ] || note "cycle $i of $1 after $SECONDS s"
	done
	echo "$sent $refused" >/run/soak.cycles
}

# --- module there all the time: NICs and their bindings -------------------

# Direct and through a netkit, and the NIC goes under them.
nic_round() {
	container_up 2
	nmtx lease add dev nk_guest2 netns guest2 nic nicC
	hold direct here nicC
	hold leased in_guest2 nk_guest2
	if [ $(($1 % 2)) = 0 ]; then container_down 2; fi
	nic_again
	bg_end direct
	bg_end leased
	container_down 2
}
# shellcheck disable=SC2119 # no parameters
nic_rounds() { # N
	local i
	module_load
	for ((i = 1; i <= $1; i++)); do nic_round "$i"; done
	bindings_are 0 60
	module_unload
}

# shellcheck disable=SC2119 # no parameters
works() {
	module_load
	has_kernel_leases || lease_add nk_guest
	transfer remote 10.2.0.2 --size 256k
	module_unload
}

# What the kernel makes once, for the first of each kind, is not what a cycle
# leaves: all of it goes on before the memory is measured.
first_round() {
	traffic_start
	churn_start
	cycles 3 || return
	wait_for 60 each_part_went_round
	touch "$STOP"
	churn_end
	wait
	nic_rounds 3
}
each_part_went_round() {
	local part
	for part in $PARTS; do [ -s "/run/churn.$part" ] || return; done
}

# Bytes in each slab cache, and the caches that grew most.
slab_bytes() { awk 'NR > 2 { print $1, $3 * $4 }' /proc/slabinfo | sort; }
slab_growth() { # BEFORE AFTER: files of slab_bytes
	join "$1" "$2" | awk '$3 > $2 { print int(($3 - $2) / 1024), $1 }' | sort -rn | head -n 8 |
		awk '{ printf "%s %s kB, ", $2, $1 } END { print "" }'
}

like "the kernel was told preempt=$PREEMPT" \
	"$(cat /sys/kernel/debug/sched/preempt)" "\\($PREEMPT\\)"
check "topology comes up" topology_up l2 forward
orphans_give_up guest || true
check "path without early drops" lossless
check "it works at first" works
check "a first round of all that comes and goes" first_round
before=$(kernel_memory)
slab_bytes >/run/soak.slab.before

traffic_start
churn_start
check "$CYCLES loads and unloads, preempt=$PREEMPT" cycles "$CYCLES"
touch "$STOP"
check "what came and went ends" churn_end
wait
traffic_is_whole
check "NICs go under their bindings, 20 times" nic_rounds 20
check "it works at the end" works
check "no dma-buf is held" dmabufs_are 0
after=$(kernel_memory)
slab_bytes >/run/soak.slab.after
note "kB of kernel memory before: $before"
note "kB of kernel memory after: $after"
note "slab caches that grew: $(slab_growth /run/soak.slab.before /run/soak.slab.after)"
check "kernel memory does not grow" test $((${after%% *} - ${before%% *})) -lt $((CYCLES * 3 + 1000))
read -r sent refused </run/soak.cycles || true
echo "soak: cycles $CYCLES sends $sent refused-loads $refused" \
	"udp-packets $(sum_of udp sent_packets) udp-lost $(($(sum_of udp sent_packets) - $(sum_of udp received_packets)))" \
	"tcp-kb $(($(sum_of tcp sent_bytes) / 1000)) fast-kb $(($(sum_of fast sent_bytes) / 1000))" \
	"$(churn_counts)"
echo "soak-end"
