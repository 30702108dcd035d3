# shellcheck shell=bash
# Load and unload, attach and detach, and what many bindings and leases cost.

KO=/run/netmem_tx.ko

middle() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ms() { awk -v n="$1" 'BEGIN { printf "%.2f\n", n / 1000000 }'; }

# times NAME N COMMAND...: the median of field NAME, N times.
times() {
	local name=$1 n=$2
	shift 2
	while [ $((n--)) -gt 0 ]; do
		"$@" >"$ASKED"
		field "$name" "$ASKED"
	done | middle
}

load_and_unload() { # PARAMETERS
	nmtx_bench load "$KO" "$1"
	nmtx_bench unload netmem_tx
}

empty_attach() {
	local addrs
	addrs=$(awk '$3 ~ /^(validate_xmit_skb|skb_segment|skb_copy_and_csum_bits)$/ { print "0x" $1 }' \
		/proc/kallsyms | xargs)
	# shellcheck disable=SC2086 # three words
	ask attach $addrs
	cat "$ASKED"
}

# The mean of the middle half. What waits for RCU ends with a tick, so times come
# in steps of 4 ms; a median of few would be off by a whole step now and then.
middle_half() {
	sort -n | awk '{ v[NR] = $1 }
		END {
			skip = int(NR / 4)
			for (i = 1 + skip; i <= NR - skip; i++) { sum += v[i]; n++ }
			printf "%d\n", sum / n
		}'
}

# life_of NAME PARAMETERS: times of nine loads and unloads.
life_of() {
	local n
	for n in 1 2 3 4 5 6 7 8 9; do
		load_and_unload "$2" >"$ASKED"
		field median "$ASKED" load >>/run/bench.load
		field median "$ASKED" unload >>/run/bench.unload
	done
	: "$n"
	LOAD=$(middle_half </run/bench.load) UNLOAD=$(middle_half </run/bench.unload)
	rm -f /run/bench.load /run/bench.unload
	row "$1.load" "$(ms "$LOAD")" ms
	row "$1.unload" "$(ms "$UNLOAD")" ms
}

life_rows() {
	local load unload kind
	echo 0 >/sys/kernel/rcu_expedited
	find /lib/modules -name 'netmem_tx.ko*' | while read -r file; do
		case $file in
		*.xz) xz -dc "$file" ;;
		*) cat "$file" ;;
		esac
	done >"$KO"
	life_of idle ''
	load=$LOAD unload=$UNLOAD
	for kind in direct ipmodify; do
		life_of "$kind.always" "attach=always hook=$kind"
		row "$kind.attach" "$(ms $((LOAD - load)))" ms
		row "$kind.detach" "$(ms $((UNLOAD - unload)))" ms
	done
	row stock.empty.attach "$(ms "$(times attach 3 empty_attach)")" ms
	nmtx_bench load "$KO" '' >/dev/null
	row idle.empty.attach "$(ms "$(times attach 3 empty_attach)")" ms
	row idle.empty.detach "$(ms "$(times detach 3 empty_attach)")" ms
	nmtx_bench unload netmem_tx >/dev/null
	echo 1 >/sys/kernel/rcu_expedited
}

# --- scale --------------------------------------------------------------

# What one sender and one bind-tx see of the others.
scale_point() { # NAME
	send_row "$1.send" 10.2.0.2 in_guest nmtx_bench send --ifname nk_guest --rounds 31
	packet_rows "$1"
	in_guest nmtx_bench bind --ifname nk_guest --rounds 30 --batches 1 >"$ASKED"
	pair "$1.bind" 'bind '
}

scale_bindings() {
	local n held=1
	for n in 1 10 100 1000 10000; do
		[ "$n" = 1 ] || hold $((n - held))
		held=$n
		scale_point "bindings-$n"
	done
	let_go
}

# Memory that the module itself asks for and keeps, by the kernel's own events:
# slab counters are too coarse for it.
KMALLOC=/sys/kernel/tracing/events/kmem/kmalloc
HISTOGRAM='hist:keys=call_site.sym:vals=bytes_alloc:size=1024'
memory_begin() { echo "$HISTOGRAM" >"$KMALLOC/trigger"; }
# memory_row NAME N: since memory_begin, for N of something.
memory_row() {
	cp "$KMALLOC/hist" /run/bench.hist
	echo "!$HISTOGRAM" >"$KMALLOC/trigger"
	row "$1" "$(awk -v n="$2" '
		/\[netmem_tx\]/ { sub(/.*bytes_alloc: */, ""); sum += $1 }
		END { if (!sum) exit 1; printf "%.0f\n", sum / n }' /run/bench.hist)" bytes
}

# Beyond the kernel's own, of which /proc/slabinfo tells.
binding_bytes() {
	local start
	hold 1 direct
	start=$(slab_bytes)
	hold 1000 direct
	row binding.memory.kernel $((($(slab_bytes) - start) / 1000)) bytes
	memory_begin
	hold 1000
	memory_row binding.memory 1000
	let_go
}

scale_leases() {
	local n made=0
	quiet_sysctl net.ipv6.conf.default.disable_ipv6=1
	nmtx_bench netkits --dev nk --count 1000
	nmtx_bench lease --dev nkb1 --nic nicA --rounds 30 >"$ASKED"
	pair lease.add lease-add
	pair lease.del lease-del
	for n in 1 10 100 1000; do
		memory_begin
		nmtx_bench lease --dev nkb --nic nicA --from $((made + 1)) --count "$n"
		memory_row "lease.memory-$n" $((n - made))
		made=$n
		scale_point "leases-$n"
	done
}

scale_rows() {
	active_up direct
	ask guest:capture nk_guest
	send_row scale.capture 10.2.0.2 in_guest nmtx_bench send --ifname nk_guest \
		--rounds 1 >/dev/null
	ask captured
	scale_bindings
	hold 1
	binding_bytes
	hold 1
	has_kernel_leases || scale_leases
	ask release
	active_down
}
