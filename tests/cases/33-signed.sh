#!/bin/bash
# TCP-MD5 and TCP-AO sign packets, and read them for it: device memory has no
# pages to read, and the kernel dies of it, native ones too. It needs no
# privilege. Here such packets leave with a signature that nobody would take.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi

checksum_drops_above() { [ "$(stat_of drop-checksum)" -gt "$1" ]; }

# Packets that the other end refused for their signature, by either way.
refused_there() {
	ip netns exec remote cat /proc/net/netstat | awk '
		$1 != "TcpExt:" { next }
		!n { n = split($0, name); next }
		{ for (i = 2; i <= n; i++) if (name[i] ~ /^TCP(MD5|AO)/) sum += $i }
		END { print sum + 0 }'
}
refused_above() { [ "$(refused_there)" -gt "$1" ]; }
has_ao() { grep -q ' tcp_v4_parse_ao$' /proc/kallsyms; }
not_all_arrived() { ! sums_equal; }

signed() { # NAME ADDR OPTION...
	local name=$1 addr=$2 drops refused
	shift 2
	drops=$(stat_of drop-checksum)
	refused=$(refused_there)
	sink_start remote --timeout 60
	check "$name: begins to sign half way" \
		send_begin "$addr" --size 256k --chunk 16k --pause-at 32k "$@"
	send_go
	[[ $name = plain* ]] || check "$name: it is not signed, and counted" \
		wait_for 20 checksum_drops_above "$drops"
	check "$name: it is refused where it arrives" \
		wait_for 20 refused_above "$refused"
	check "$name: not all bytes arrive" not_all_arrived
	try send_kill
	try sink_end 0
}

check "topology comes up" topology_up l2 "$path"
check "orphans give up" orphans_give_up guest
check "module loads" module_load
check "lease of nicA" lease_add
signed "plain, MD5" 10.2.0.2 --md5 secret --plain
signed "device memory, MD5" 10.2.0.2 --md5 secret
signed "device memory, MD5, IPv6" fd02::2 --md5 secret
if has_ao; then
	signed "plain, AO" 10.2.0.2 --ao secret --plain
	signed "device memory, AO" 10.2.0.2 --ao secret
	signed "device memory, AO, IPv6" fd02::2 --ao secret
elif kernel_ge 6.18; then
	check "this kernel has TCP-AO" false
else
	skip "AO" "this kernel has no TCP-AO"
fi
check "an ordinary send is as always" transfer remote 10.2.0.2 --size 64k
check "no binding is left" bindings_are 0 60
