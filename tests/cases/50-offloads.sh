#!/bin/bash
# Offloads switched off under device memory: it arrives as it is, or it is
# dropped and counted. Never a wrong byte or checksum on the wire, and when
# the offloads are back the same connection delivers all.
#
# Native kernels send zeros where software would have to read the bytes, or
# with init_on_alloc=0 what was in the memory before. There the case only says
# what it saw.
# kernels: all
# boot: default noinit
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

BEFORE=/run/counters.before
if kernel_ge 6.17; then path=forward; else path=redirect; fi

# Whatever counts a packet that does not go on: NAME VALUE. What is in the
# guest takes longer to ask, and says more only on native or with a qdisc.
ASK_GUEST=
counters() {
	[ ! -d /sys/module/netmem_tx ] || nmtx stats | grep '^drop'
	printf 'nicA %s\n' "$(</sys/class/net/nicA/statistics/tx_dropped)"
	awk '$1 == "Ip:" && !n { for (i = 1; i <= NF; i++) if ($i == "FragFails") n = i; next }
		$1 == "Ip:" { print "frag-fails", $n }' /proc/net/snmp
	[ -n "$ASK_GUEST" ] || return 0
	in_guest tc -s qdisc show dev nk_guest |
		sed -n 's/.*(dropped \([0-9]*\).*/qdisc \1/p'
	in_guest cat /sys/class/net/nk_guest/statistics/tx_dropped |
		sed 's/^/nk_guest /'
}
# The names of those that rose.
risen() {
	counters | awk -v old="$BEFORE" '
		BEGIN { while ((getline line <old) > 0) {
			split(line, f, " "); was[f[1]] = f[2] } }
		$2 > was[$1] { printf "%s%s", sep, $1; sep = " " }'
}

# outcome WANT: wait until the send ends or something is dropped; print which.
# With a smaller MTU (pmtu) first packets may be dropped: only the end counts.
outcome() {
	local end=$((SECONDS + 40)) rose
	while [ "$SECONDS" -lt "$end" ]; do
		if send_stopped 2>/dev/null; then
			sed -n 's/^result: fail errno=[0-9]* (\(.*\))/errno \1/p
				s/^result: ok.*/sent/p' "$SEND_OUT"
			return
		fi
		rose=$(risen)
		if [ -n "$rose" ] && [ "$1" != pmtu ]; then
			echo "dropped $rose"
			return
		fi
		sleep 0.1
	done
	echo stuck
}

# turn off|on WHAT: WHAT is DEV:FEATURE,FEATURE or nothing; mtu is a feature.
turn() {
	local dev=${2%%:*} word args=()
	[ "$2" != nothing ] || return 0
	for word in $(tr ',' ' ' <<<"${2#*:}"); do
		if [ "$word" = mtu ]; then
			ip link set nicA mtu "$([ "$1" = off ] && echo 1280 || echo 1500)"
		else
			args+=("$word" "$1")
		fi
	done
	[ "${#args[@]}" -gt 0 ] || return 0
	if [ "$dev" = nicA ]; then
		ethtool -K nicA "${args[@]}"
	else
		in_guest ethtool -K "$dev" "${args[@]}"
	fi
}

# attempt WANT WHEN WHAT SIZE ADDR: see the table below.
attempt() {
	local want=$1 when=$2 what=$3 size=$4 addr=$5 said args=()
	case $when in
	before) args=(--pause-bound) ;;
	after) args=(--connect-first --pause-bound) ;;
	middle) args=(--pause-at 50k) ;;
	esac
	case $size in
	small) args+=(--size 500) ;;
	big) args+=(--size 200k --chunk 64k) ;;
	esac
	sink_start remote --timeout 90 --verify 1
	send_begin "$addr" "${args[@]}"
	counters >"$BEFORE"
	turn off "$what"
	send_go
	said=$(outcome "$want")
	turn on "$what"
	echo "outcome: $said"
	send_end 40 || guest_sockets_end
	sink_end 5
	wire_good || return
	case $want in
	sent | pmtu) [ "$said" = sent ] && sums_equal ;;
	*) [[ $said =~ ^dropped.*\ $want ]] && sums_equal ;;
	esac
}

attempts() {
	local row want when what size addr name
	mapfile -t rows
	for row in "${rows[@]}"; do
		read -r want when what size addr <<<"$row"
		name="$what off $when connect, $size, to $addr: $want"
		if has_module; then
			check "$name" attempt "$want" "$when" "$what" "$size" "$addr"
			note "$(last_output | grep '^outcome:' || true)"
			continue
		fi
		try attempt "$want" "$when" "$what" "$size" "$addr"
		note "$name: native: $(last_output |
			grep -E '^(outcome|wire):' | tr '\n' ' ')"
	done
}

# ICMP errors about device memory quote its headers; after those, zeros.
QUOTES=/run/icmp.pcap
quotes_watch() {
	ip netns exec guest tcpdump -U --immediate-mode -ni nk_guest -w "$QUOTES" \
		"icmp or (icmp6 and ip6[40] == 2)" >/run/tcpdump.out 2>&1 </dev/null &
	echo $! >/run/tcpdump.pid
	wait_for 10 grep -q 'listening on' /run/tcpdump.out
}
quotes_are_clean() {
	kill "$(</run/tcpdump.pid)"
	python3 -c '
import struct, sys
data, at, quotes, dirty = open(sys.argv[1], "rb").read(), 24, 0, 0
while at + 16 <= len(data):
    length = struct.unpack_from("<I", data, at + 8)[0]
    packet = data[at + 16:at + 16 + length]
    at += 16 + length
    if packet[12:14] == b"\x08\x00":
        quote = packet[14 + (packet[14] & 15) * 4 + 8:]
        tcp = quote[(quote[0] & 15) * 4:]
    else:
        quote = packet[14 + 40 + 8:]
        tcp = quote[40:]
    quotes += 1
    dirty += any(tcp[(tcp[12] >> 4) * 4:])
print("quotes", quotes, "dirty", dirty)
sys.exit(not quotes or dirty > 0)
' "$QUOTES"
}

wire_saw_all() { wire_stop | grep '^result: .* missed=0'; }
guest_sysctl() { in_guest sysctl -qw "$@"; }
tbf() { in_guest tc qdisc "$1" dev nk_guest root tbf rate 200mbit burst 2000 latency 200ms; }

has_module || ASK_GUEST=yes
note "$(grep -o 'init_on_alloc=0' /proc/cmdline || echo 'init_on_alloc as built')"
check "topology comes up" topology_up l2 "$path"
check "module loads" module_load
check "lease" lease_add
check "wire: watch" wire_start remote nicR
check "nothing is off: sent" attempt sent before nothing big 10.2.0.2

# WANT: sent, or what counts the dropped packets. WHEN: the offloads go
# off before or after connect, or when some was sent. What init_on_alloc=0
# changes is what is in a buffer that software fills.
attempts <<'END'
drop-checksum	after	nk_guest:tx		small	10.2.0.2
drop-linearize	after	nk_guest:tx,sg		small	fd02::2
drop-gso	after	nk_guest:tx		big	10.2.0.2
drop-gso	after	nk_guest:tx,sg		big	10.2.0.2
drop-gso	middle	nk_guest:tx,sg		big	fd02::2
drop-gso	after	nicA:tx			big	10.2.0.2
drop-gso	after	nicA:tx,sg		big	10.2.0.2
drop-linearize	after	nicA:tx,sg		small	10.2.0.2
END
# On native kernels many of them only wait for what never comes.
if has_module && ! grep -q init_on_alloc=0 /proc/cmdline; then
	attempts <<-'END'
		drop-linearize after  nk_guest:sg        small 10.2.0.2
		drop-gso       after  nk_guest:sg        big   10.2.0.2
		sent           after  nk_guest:tso       big   10.2.0.2
		sent           after  nk_guest:gso,tso   big   fd02::2
		drop-linearize before nk_guest:sg        small 10.2.0.2
		drop-gso       before nk_guest:tx,sg     big   10.2.0.2
		drop-linearize before nk_guest:gso,sg    small 10.2.0.2
		drop-gso       before nk_guest:gso,sg,tx big   10.2.0.2
		sent           before nk_guest:gso,tso   big   10.2.0.2
		drop-checksum  after  nicA:tx            small 10.2.0.2
		nicA           after  nicA:tx-checksum-ipv4 small 10.2.0.2
		drop-gso       after  nicA:tx-checksum-ipv4 big 10.2.0.2
		drop-linearize after  nicA:sg            small fd02::2
		drop-gso       middle nicA:sg            big   10.2.0.2
		drop-gso       before nicA:tx,sg         big   fd02::2
		sent           after  nicA:tso           big   10.2.0.2
		sent           before nicA:gso,tso       big   fd02::2
	END
fi

# A qdisc that segments in software, before the device is asked.
check "tbf on nk_guest" tbf add
ASK_GUEST=yes
attempts <<'END'
sent		before	nothing			big	10.2.0.2
drop-gso.*qdisc	after	nk_guest:tx,sg		big	10.2.0.2
drop-gso.*qdisc	middle	nk_guest:tx		big	fd02::2
END
! has_module || ASK_GUEST=
check "tbf goes" tbf del

# A smaller MTU behind the netkit; without DF the host has to fragment.
if [ "$path" = forward ]; then
	check "no DF" guest_sysctl net.ipv4.ip_no_pmtu_disc=1
	attempts <<-'END'
		frag-fails after nicA:mtu       big 10.2.0.2
		drop-gso   after nicA:mtu,tx,sg big 10.2.0.2
	END
	check "DF again" guest_sysctl net.ipv4.ip_no_pmtu_disc=0
	check "ICMP: watch" quotes_watch
	attempts <<-'END'
		pmtu after nicA:mtu big 10.2.0.2
		pmtu after nicA:mtu big fd02::2
	END
	check "ICMP errors quote headers, and nothing of the kernel's memory" \
		quotes_are_clean
	note "$(last_output)"
fi
check "wire: all of it was seen" wire_saw_all
