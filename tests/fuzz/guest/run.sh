#!/bin/bash
# In a guest: fuzz bind-tx and our family, as the host's root and as a container
# without rights, while devices come and go; then look at what is left.
# usage: run.sh SEED COUNT
set -euo pipefail
# shellcheck source=tests/lab/guest/lib.sh
. /lab/guest/lib.sh
# shellcheck source=tests/lab/guest/live.sh
. /lab/guest/live.sh

SEED=$1 COUNT=$2
DRIVER=/sys/bus/pci/drivers/nmtx_lab
TRACING=/sys/kernel/tracing
REACHED=/run/fuzz.reached

# --- which functions of the module were reached --------------------------

trace_start() {
	: >"$REACHED"
	# Of a module that is not there yet, too.
	echo ':mod:netmem_tx' >$TRACING/set_ftrace_filter
	echo function >$TRACING/current_tracer
	echo 1 >$TRACING/tracing_on
	awk '/<-/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^<-/ && !seen[$i]++) {
		print $i; fflush() } }' $TRACING/trace_pipe >"$REACHED" &
	TRACER=$!
}
# Nothing is left that the reader did not take. It needs time on a busy machine.
trace_is_read() { ! grep -q '^entries: [1-9]' $TRACING/per_cpu/cpu*/stats; }
trace_stop() {
	echo 0 >$TRACING/tracing_on
	wait_for 120 trace_is_read
	sleep 2
	kill "$TRACER"
	wait "$TRACER" 2>/dev/null || true
	echo nop >$TRACING/current_tracer
	echo >$TRACING/set_ftrace_filter
}
say_reached() {
	local all
	all=$(sort -u "$ALL")
	echo "reached: $(sort -u "$REACHED" | grep -cxFf - "$ALL") of $(wc -l <<<"$all") functions"
	grep -vxFf "$REACHED" <<<"$all" | sed 's/^/not reached: /' || true
}
ALL=/run/fuzz.all

# --- what goes on meanwhile ----------------------------------------------

netkit_again() {
	container_down 2
	container_up 2
	nmtx lease add dev nk_guest2 netns guest2 nic nicC || true
}
nic_again() {
	dma_reports off
	echo "${NIC_PCI[nicC]}" >$DRIVER/unbind || true
	dma_reports on
	echo "${NIC_PCI[nicC]}" >$DRIVER/bind || true
	nic_named nicC || true
	ip link set nicC up || true
}
lease_again() {
	nmtx lease del dev nk_guest netns guest || true
	nmtx lease add dev nk_guest netns guest nic nicA || true
}
look() {
	nmtx status
	nmtx binding
	nmtx lease
}
devices_change() {
	local n=0
	set +e # what goes away may be gone already
	while :; do
		n=$((n + 1))
		netkit_again
		[ $((n % 3)) != 0 ] || nic_again
		lease_again
		look
		nmtx drain off || true
		sleep 0.2
	done >/run/fuzz.devices 2>&1
}

# fuzz NAME RUNNER SEED COUNT [option...]
fuzz() {
	local name=$1 runner=$2 seed=$3 count=$4
	shift 4
	"$runner" nmtx_fuzz --seed "$seed" --count "$count" --churn "$@" \
		>"/run/fuzz.$name" 2>&1
}
all_fuzz() { # COUNT
	local host=$(($1 * 3 / 10)) rc=0 pids=() pid
	# nicC comes and goes.
	fuzz host here "$((SEED * 2))" "$host" --dev nicA --dev nicC \
		--dev "$GUEST_DEV" --other lo --other nk_host --other 4711 &
	pids+=($!)
	fuzz guest in_guest "$((SEED * 2 + 1))" "$(($1 - host))" --dev nk_guest \
		--other lo --other 4711 &
	pids+=($!)
	for pid in "${pids[@]}"; do wait "$pid" || rc=1; done
	grep -h . /run/fuzz.host /run/fuzz.guest | grep -v '^at '
	return $rc
}

# Sends and drops, so that the rest of the module has work.
# stuck [option of devmem_send...]: a send that nothing lets through.
stuck() {
	sink_start remote --timeout 20
	in_guest devmem_send --server 10.2.0.2 --ifname nk_guest --size 256k \
		--timeout 3 --abort "$@" || true
	sink_end 0
}
some_sends() {
	transfer remote 10.2.0.2 --size 256k
	in_guest ethtool -K nk_guest tx off sg off
	stuck
	in_guest tc qdisc add dev nk_guest root tbf rate 200mbit burst 2000 latency 200ms
	in_guest ethtool -K nk_guest sg on
	stuck --chunk 64k
	in_guest tc qdisc del dev nk_guest root
	in_guest ethtool -K nk_guest tx on
	ethtool -K nicA tx off sg off
	stuck --chunk 64k
	ethtool -K nicA sg on tx on tso on
	stuck --chunk 16k --md5 secret
	rule 'log group 5'
	transfer remote 10.2.0.2 --size 64k
	rule 'queue num 7 bypass'
	stuck
	in_guest nft delete table inet lab
	nmtx dev
	nmtx stats
	nmtx drain
	nmtx drain off
}
# rule STATEMENT: for the container's TCP, and no other.
rule() {
	in_guest nft -f - <<-END
		table inet lab
		delete table inet lab
		table inet lab {
			chain out {
				type filter hook output priority 0
				meta l4proto tcp $1
			}
		}
	END
}

# Module, leases, and a binding that keeps the transmit hook: to take that off
# takes long.
# shellcheck disable=SC2119 # no parameters
begin() {
	module_load
	lease_add
	nmtx lease add dev nk_guest2 netns guest2 nic nicC
	nmtx lease add dev nk_guest3 netns guest3 nic nicA
	hold keep in_guest3 nk_guest3
}
# Not before what has to go well is done.
changes_begin() {
	devices_change &
	changes=$!
}
# Nothing is left but what is held; it works as before; all goes.
end() {
	kill "$changes"
	wait "$changes" 2>/dev/null || true
	nmtx drain off >/dev/null
	bindings_are 1 60
	nic_again
	netkit_again
	lease_again
	transfer remote 10.2.0.2 --size 256k
	bg_end keep
	bindings_are 0 60
	nmtx lease del dev nk_guest netns guest
	nmtx lease del dev nk_guest2 netns guest2
	nmtx lease del dev nk_guest3 netns guest3
	sleep 4
	nmtx drain >/dev/null
	wait_for 30 rmmod netmem_tx
}
# Its output is shown when something in it fails; not behind "||", where a
# function goes on after a failure.
quietly() { "$@" >/run/fuzz.quiet 2>&1; }
trap '[ $? = 0 ] || cat /run/fuzz.quiet' EXIT

topology_up l2 forward userns
orphans_give_up guest || true
GUEST_DEV=$(in_guest ip -j link show nk_guest | sed 's/.*"ifindex":\([0-9]*\).*/\1/')
container_up 2
container_up 3

echo "first a little, traced from load to unload"
trace_start
quietly begin
# But for what TRACE_EVENT() makes.
grep '\[netmem_tx\]' $TRACING/available_filter_functions | cut -d' ' -f1 |
	grep -v '^__[a-z]*_netmem_tx_' | sort -u >"$ALL"
echo 1 >$TRACING/events/netmem_tx/enable
bg monitor here nmtx monitor
quietly some_sends
changes_begin
all_fuzz $((COUNT / 50))
quietly end
trace_stop
say_reached

echo "then all"
quietly begin
changes_begin
all_fuzz "$COUNT"
echo "devices changed: $(grep -c '^bindings' /run/fuzz.devices) times"
quietly end
echo "fuzz-end"
