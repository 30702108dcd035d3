# shellcheck shell=bash
# For cases about isolation, lifetime and unload: programs that wait in the
# background, more containers, captures, what is left. After lib.sh.

# --- programs in the background -----------------------------------------

# bg NAME RUNNER COMMAND...: RUNNER is here, in_guest, ...; stdin is a pipe
# that stays open. Its output is /run/bg.NAME.out, after one line with its pid.
bg() {
	local file=/run/bg.$1 runner=$2
	shift 2
	rm -f "$file".*
	mkfifo "$file.in"
	: >"$file.out"
	# shellcheck disable=SC2016 # expands there
	"$runner" sh -c 'echo $$; exec "$@" 2>&1' - "$@" \
		<>"$file.in" >"$file.out" 2>&1 &
	wait_for 20 grep -q '^[0-9]' "$file.out"
}
bg_pid() { head -n 1 "/run/bg.$1.out"; }
bg_out() { cat "/run/bg.$1.out"; }
bg_go() { printf . >"/run/bg.$1.in"; }
bg_running() { kill -0 "$(bg_pid "$1")" 2>/dev/null; }
bg_gone() { ! bg_running "$1"; }
# bg_says NAME REGEX [SECONDS]
bg_says() {
	wait_for "${3:-20}" grep -Eq "$2" "/run/bg.$1.out" && return
	bg_out "$1"
	return 1
}
# bg_end NAME [SIGNAL]: stop it, and wait until it is gone.
bg_end() {
	kill "-${2:-TERM}" "$(bg_pid "$1")" 2>/dev/null || true
	wait_for 20 bg_gone "$1"
}
bg_ends() { wait_for "${2:-20}" bg_gone "$1" || { bg_out "$1" && return 1; }; }

# hold NAME RUNNER DEV [option...]: a binding that lives until bg_end NAME.
hold() {
	local name=$1 runner=$2 dev=$3
	shift 3
	bg "$name" "$runner" devmem_send --ifname "$dev" --size 64k --bind-only \
		--hold "$@"
	bg_says "$name" '^holding'
}
id_of() { sed -n 's/^bind-tx: ok id=//p' "/run/bg.$1.out" | tail -n 1; }

# stream NAME RUNNER DEV ADDR [option...]: a send that goes on for long; back
# when it runs. Its receiver is the sink of sink_start.
stream() {
	local name=$1 runner=$2 dev=$3 addr=$4 before
	shift 4
	before=$(nic_stat nicA tx_netmem_bytes)
	bg "$name" "$runner" devmem_send --server "$addr" --ifname "$dev" \
		--size 256k --chunk 16k --count 100000 --timeout 120 "$@"
	bg_says "$name" '^connect: ok'
	wait_for 20 sent_more_than "$((before + 65536))"
}
sent_more_than() { [ "$(nic_stat nicA tx_netmem_bytes)" -gt "$1" ]; }

# --- more containers ----------------------------------------------------
# Container N has netns guestN, nk_guestN (10.1N.0.2) and here nk_hostN.

container_up() { # N [NETNS]
	local netns=${2:-guest$1}
	[ -e "/run/netns/$netns" ] || ip netns add "$netns"
	ip -batch - <<-END
		link add nk_host$1 numrxqueues 2 type netkit mode l2 peer name nk_guest$1 numrxqueues 2
		link set nk_guest$1 netns $netns
		addr replace 10.1$1.0.1/24 dev nk_host$1
		link set nk_host$1 up
	END
	ip -n "$netns" -batch - <<-END
		link set lo up
		addr replace 10.1$1.0.2/24 dev nk_guest$1
		link set nk_guest$1 up
	END
	ip -n "$netns" route add default via "10.1$1.0.1" dev "nk_guest$1" \
		2>/dev/null || true
}
container_down() { # N
	ip link del "nk_host$1" 2>/dev/null || true
	[ ! -e "/run/netns/guest$1" ] || ip netns del "guest$1"
}
in_guest2() { ip netns exec guest2 "$@"; }
in_guest3() { ip netns exec guest3 "$@"; }

# A container without any rights outside it; only lo and what it makes itself.
in_nobodys() {
	setpriv --reuid=1000 --regid=1000 --clear-groups \
		unshare --user --map-root-user --net "$@"
}

# --- what leaves nicC, as its other end sees it -------------------------

CAPTURE=/run/nicS.pcap
# TCP packets with payload, by IPv4 and IPv6.
WITH_PAYLOAD='(tcp and ip[2:2] - ((ip[0] & 15) << 2) - ((tcp[12] & 240) >> 2) > 0)
	or (ip6 proto 6 and ip6[4:2] - ((ip6[52] & 240) >> 2) > 0)'

capture_begin() {
	rm -f "$CAPTURE"
	bg capture in_other tcpdump -i nicS -B 32768 -U --immediate-mode \
		-w "$CAPTURE" tcp
	bg_says capture 'listening on'
}
# With all that came before it in the file: what tcpdump has not yet read when
# it is ended is lost, so a last packet of our own has to be there first.
capture_end() {
	timeout 10 bash -c ': >/dev/tcp/10.3.0.2/9' 2>/dev/null || true # refused
	wait_for 20 last_captured || return
	bg_end capture INT || return
	grep -q '^0 packets dropped by kernel' /run/bg.capture.out ||
		{ bg_out capture && return 1; }
}
last_captured() {
	[ -n "$(tcpdump -nr "$CAPTURE" 'tcp dst port 9' 2>/dev/null)" ]
}
payload_packets() {
	tcpdump -nr "$CAPTURE" "$WITH_PAYLOAD" 2>/dev/null | wc -l
}
# How many of the pieces of file $1 are somewhere in the capture.
pieces_captured() {
	python3 -c '
import sys
data, seen = (open(name, "rb").read() for name in sys.argv[1:])
print(sum(data[i:i + 16] in seen for i in range(0, len(data) - 16, 256)))
' "$1" "$CAPTURE"
}

# --- what is left -------------------------------------------------------

status_of() { nmtx status | awk -v k="$1" '$1 == k { print $2 }'; }
status_is() { [ "$(status_of "$1")" = "$2" ]; }
# bindings_are N [SECONDS]: packets in flight keep one for a while.
bindings_are() {
	wait_for "${2:-20}" status_is bindings "$1" || { nmtx binding && return 1; }
}
state_of() { nmtx binding | awk -v id="$1" '$2 == id { print $4 }'; }
# dmabufs_are N [SECONDS]: a binding holds its dma-buf until it is freed.
dmabufs_are() { wait_for "${2:-60}" dmabufs_are_now "$1"; }
dmabufs_are_now() {
	[ "$(grep -c 'udmabuf' /sys/kernel/debug/dma_buf/bufinfo)" = "$1" ]
}
module_refs() { cat /sys/module/netmem_tx/refcnt; }

# Sockets that nobody holds give up soon, and with them what they still had to
# send: for namespaces whose packets are dropped on purpose.
orphans_give_up() { # NETNS...
	local netns
	quiet_sysctl net.ipv4.tcp_orphan_retries=1
	for netns; do
		ip netns exec "$netns" sysctl -qw net.ipv4.tcp_orphan_retries=1
	done
}

# The last program's output has a line that matches.
said() { grep -Eq -- "$1" "$TAP_OUT"; }
