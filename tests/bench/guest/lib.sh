# shellcheck shell=bash
# What the benchmarks share in the guest. After /lab/guest/lib.sh.

ASKED=/run/bench.asked

# row NAME VALUE UNIT: one result.
row() { printf 'bench %s %s %s\n' "$1" "$2" "$3"; }
info() { printf 'bench-info %s %s\n' "$1" "$2"; }

# field NAME FILE [LINE-BEGIN]: the number after "NAME=".
field() {
	sed -n "s/^${3:-}.*\\b$1=\\([0-9]*\\).*/\\1/p" "$2" | tail -1 | grep .
}

# ask [NETNS:]COMMAND...: let nmtx_bench.ko count; its answer is in $ASKED.
ask() {
	local run=()
	case $1 in
	guest:*)
		run=(in_guest)
		set -- "${1#guest:}" "${@:2}"
		;;
	esac
	# shellcheck disable=SC2016 # expands there
	"${run[@]}" sh -c 'echo "$*" >/proc/nmtx_bench' - "$@" || {
		complain "nmtx_bench: $*: $(cat /proc/nmtx_bench)"
		return 1
	}
	cat /proc/nmtx_bench >"$ASKED"
}

# thousandths to a number without needless zeros
milli() { awk -v n="$1" 'BEGIN { printf "%.10g\n", n / 1000 }'; }

# The interrupt of a NIC: MSI if it has one, else its line.
nic_irq() {
	ls "/sys/bus/pci/devices/${NIC_PCI[$1]}/msi_irqs" 2>/dev/null ||
		cat "/sys/bus/pci/devices/${NIC_PCI[$1]}/irq"
}

# Nothing waits for more to come, or for a completion.
TCP=(net.ipv4.tcp_slow_start_after_idle=0 net.ipv4.tcp_congestion_control=reno
	net.ipv4.tcp_autocorking=0)

# The topology, quiet enough to count in.
bench_up() {
	topology_up l2 redirect >/dev/null
	echo 1 >/sys/kernel/rcu_expedited
	modprobe dummy numdummies=0
	ip link add dummy0 type dummy
	ip link set dummy0 up
	insmod "$LAB/ko/nmtx_bench.ko"
	ask irqs "$(nic_irq nicA)" "$(nic_irq nicR)"
	# A window that is open from the start and stays so.
	in_guest sysctl -qw "${TCP[@]}"
	quiet_sysctl "${TCP[@]}"
	ip -n guest route replace default via 10.1.0.1 dev nk_guest initcwnd 200
	ip route replace 10.2.0.0/24 dev nicA src 10.2.0.1 initcwnd 200
	in_remote sysctl -qw net.ipv4.tcp_rmem="4096 4194304 6291456"
	# No delayed acknowledgments: the round trip is short, so is nothing kept.
	ip -n remote route replace default via 10.2.0.1 quickack 1
	ip -n remote route replace 10.2.0.0/24 dev nicR src 10.2.0.2 quickack 1
	neighbours_fixed
}

# No ARP in between.
neighbours_fixed() {
	local mac
	mac=$(ip -n remote -j link show nicR | sed 's/.*"address":"\([^"]*\)".*/\1/')
	ip neigh replace 10.2.0.2 lladdr "$mac" nud permanent dev nicA
	mac=$(</sys/class/net/nicA/address)
	ip -n remote neigh replace 10.2.0.1 lladdr "$mac" nud permanent dev nicR
	mac=$(</sys/class/net/nk_host/address)
	ip -n guest neigh replace 10.1.0.1 lladdr "$mac" nud permanent dev nk_guest
}

machine() {
	local file
	info release "$(uname -r)"
	info cpu "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)"
	for file in /sys/devices/system/cpu/vulnerabilities/*; do
		grep -q 'Not affected' "$file" || info "${file##*/}" "$(cat "$file")"
	done
}

# --- rows ---------------------------------------------------------------

readable_rows() { # VARIANT
	ask validate dummy0
	row "$1.validate" "$(milli "$(field min "$ASKED")")" instructions
	ask xmit dummy0
	row "$1.xmit" "$(milli "$(field min "$ASKED")")" instructions
}

# By its own clock, with ticks: no promise is checked by it.
pktgen_row() { # VARIANT
	modprobe pktgen
	(
		cd /proc/net/pktgen || exit
		echo rem_device_all >kpktgend_0
		echo "add_device dummy0" >kpktgend_0
		for word in "count 20000" "pkt_size 60" "xmit_mode queue_xmit" \
			"dst 10.9.0.2" "dst_mac 02:00:00:00:00:01" "delay 0"; do
			echo "$word" >dummy0
		done
		echo start >pgctrl
		# Result: OK: 12345(c12345+d0) usec, 20000 (60byte,0frags)
		sed -n 's/^Result: OK: \([0-9]*\).*/\1/p' dummy0
	) >"$ASKED"
	row "$1.pktgen" "$(awk '{ printf "%.1f\n", $1 / 20 }' "$ASKED")" instructions
}

# pair NAME [LINE-BEGIN]: the median, and the smallest count, which may be one
# of luck.
pair() {
	row "$1" "$(field median "$ASKED" "${2:-}")" instructions
	row "$1.min" "$(field min "$ASKED" "${2:-}")" instructions
}

# send_row NAME ADDR COMMAND...: over many sendmsg calls.
send_row() {
	local name=$1 addr=$2
	shift 2
	sink_start remote --timeout 200
	"$@" --server "$addr" >"$ASKED" </dev/null
	pair "$name" send
	sink_end 0 >/dev/null
}

plain_rows() { # VARIANT
	send_row "$1.tcp" 10.2.0.2 in_guest nmtx_bench send --plain --rounds "${ROUNDS:-101}"
}

# devmem_rows VARIANT PATH: netkit by redirect or forward; or direct.
devmem_rows() {
	local run=(in_guest) dev=nk_guest ns=guest: name=$1.$2 sent
	if [ "$2" = direct ]; then
		run=() dev=nicA ns=
	fi
	send_row "$name.send" 10.2.0.2 "${run[@]}" nmtx_bench send --ifname "$dev" \
		--rounds "${ROUNDS:-101}"
	ask "${ns}capture" "$dev"
	send_row "$name.capture" 10.2.0.2 "${run[@]}" nmtx_bench send --ifname "$dev" \
		--rounds 1 >/dev/null
	ask captured
	packet_rows "$name"
}

# The captured packet again: its validator alone, and its way to the NIC.
packet_rows() { # NAME
	local sent len
	ask captured
	len=$(field len "$ASKED")
	ask validate-captured
	row "$1.validate" "$(milli "$(field min "$ASKED")")" instructions
	sent=$(nic_stat nicA tx_netmem_bytes)
	ask packet "${ROUNDS:-101}"
	sent=$(($(nic_stat nicA tx_netmem_bytes) - sent))
	[ "$sent" -ge $(((len - 200) * ${ROUNDS:-101})) ] || {
		complain "$1: $sent bytes left, not ${ROUNDS:-101} packets of $len"
		return 1
	}
	pair "$1.packet"
}

netkit_rows() { # VARIANT
	devmem_rows "$1" redirect
	redirect_down
	devmem_rows "$1" forward
	redirect_up
	ask release
}

bind_rows() { # VARIANT PATH
	local run=(in_guest) dev=nk_guest
	if [ "$2" = direct ]; then
		run=() dev=nicA
	fi
	"${run[@]}" nmtx_bench bind --ifname "$dev" --rounds 50 --batches 9 >"$ASKED"
	pair "$1.$2.bind" 'bind '
	pair "$1.$2.bind-close" bind-close
}

# --- bindings that stay -------------------------------------------------

HELD=/run/bench.held

# hold COUNT [direct]: so many more bindings, until let_go.
hold() {
	local run=(in_guest) dev=nk_guest
	if [ "${2:-}" = direct ]; then
		run=() dev=nicA
	fi
	[ -p "$HELD" ] || mkfifo "$HELD"
	: >/run/bench.hold.out
	"${run[@]}" nmtx_bench hold --ifname "$dev" --count "$1" \
		<>"$HELD" >/run/bench.hold.out 2>&1 &
	HOLDERS+=($!)
	wait_for 300 grep -q . /run/bench.hold.out
	grep -q holding /run/bench.hold.out
}
let_go() {
	local pid
	for pid in "${HOLDERS[@]}"; do
		pkill -P "$pid" nmtx_bench || kill "$pid" 2>/dev/null || true
	done
	wait "${HOLDERS[@]}" 2>/dev/null || true
	HOLDERS=()
}
HOLDERS=()

# Bytes in use of all slab caches.
slab_bytes() { awk 'NR > 2 { n += $2 * $4 } END { printf "%d\n", n }' /proc/slabinfo; }

# --- the module, with its hook in place ---------------------------------

# A lease and a binding, so that the hook is there for a reason.
active_up() { # BACKEND
	module_load "hook=$1"
	[ -n "${LEASED:-}" ] || lease_add >/dev/null
	! has_kernel_leases || LEASED=1
	hold 1
	[ "$(backend)" = "$1" ] || {
		complain "the hook is $(backend), not $1"
		return 1
	}
}
active_down() {
	let_go
	wait_for 10 module_unload
}

bystander_rows() { # VARIANT
	readable_rows "$1"
	[ "$PLAN" = readable ] || plain_rows "$1"
	[ "$PLAN" != full ] || pktgen_row "$1"
}

# The usual other ways to hook the function.
other_hooks() {
	insmod "$LAB/ko/bench_regs.ko"
	bystander_rows ftrace-regs
	rmmod bench_regs
	insmod "$LAB/ko/bench_klp.ko"
	wait_for 20 grep -q 0 /sys/kernel/livepatch/bench_klp/transition
	bystander_rows livepatch
	echo 0 >/sys/kernel/livepatch/bench_klp/enabled
	wait_for 20 eval '[ ! -e /sys/kernel/livepatch/bench_klp ]'
	wait_for 5 rmmod bench_klp
}
