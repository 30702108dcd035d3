# shellcheck shell=bash
# Leases, redirect, the module, and sends with a comparison. Sourced by lib.sh.

# --- module and lease ---------------------------------------------------

# module_load [PARAMETER=VALUE...]; nothing to load on native kernels.
module_load() {
	has_module || return 0
	[ -d /sys/module/netmem_tx ] || modprobe netmem_tx "$@"
}
module_unload() {
	[ ! -d /sys/module/netmem_tx ] || rmmod netmem_tx
}

# lease_add [DEV NIC NETNS]: the module's lease below 7.1, else the kernel's own.
# The kernel's lease goes with the netkit; it cannot be taken back otherwise.
lease_add() {
	nmtx lease add dev "${1:-nk_guest}" netns "${3:-guest}" nic "${2:-nicA}"
}
lease_del() {
	if has_kernel_leases; then
		complain "lease_del: the kernel's own leases cannot be taken back"
		return 1
	fi
	nmtx lease del dev "${1:-nk_guest}" netns "${2:-guest}"
}

# stat_of NAME: a counter of the module, as nmtx names it; 0 without the module.
stat_of() {
	[ -d /sys/module/netmem_tx ] || {
		echo 0
		return
	}
	nmtx stats | awk -v k="$1" '$1 == k { print $2; n = 1 } END { exit !n }'
}
# What the module has dropped, for all reasons.
drops() {
	[ -d /sys/module/netmem_tx ] || {
		echo 0
		return
	}
	nmtx stats | awk '/^drop-/ { n += $2 } END { print n + 0 }'
}
# How the transmit hook is attached: direct, ipmodify or none.
backend() { nmtx status | awk '$1 == "backend" { b = $2 } END { print b ? b : "none" }'; }

# --- redirect by BPF ----------------------------------------------------

redirect_up() { # [NETKIT NIC ADDR...]
	[ $# -gt 0 ] || set -- nk_host nicA 10.1.0.2 fd01::2
	nk_redirect add "$@"
}
redirect_down() { nk_redirect del >/dev/null 2>&1 || true; }

# --- sends --------------------------------------------------------------

SINK_OUT=/run/sink.out
SEND_OUT=/run/send.out

# sink_start NETNS [option of tcp_sink...]: the one before has to go.
sink_start() {
	local netns=$1
	shift
	if [ -e /run/sink.pid ] && ! sink_stopped 2>/dev/null; then
		sink_end 0 >/dev/null
		wait_for 5 sink_stopped
	fi
	: >"$SINK_OUT"
	ip netns exec "$netns" tcp_sink "$@" >"$SINK_OUT" 2>&1 </dev/null &
	printf '%s\n' $! >/run/sink.pid
	wait_for 10 grep -q '^listening' "$SINK_OUT"
}

# sink_end SECONDS: wait for its end; kills it when it is late.
sink_stopped() { ! kill -0 "$(</run/sink.pid)"; }
sink_end() {
	wait_for "$1" sink_stopped || kill "$(</run/sink.pid)" 2>/dev/null || true
	cat "$SINK_OUT"
}

# The sha256 that a program's lines give.
sha_of() { sed -n 's/.*sha256=\([0-9a-f]\{64\}\).*/\1/p' "$1" | tail -1; }

# Are the sums of the last sender and receiver there and equal?
sums_equal() {
	[ -n "$(sha_of "$SEND_OUT")" ] && [ "$(sha_of "$SEND_OUT")" = "$(sha_of "$SINK_OUT")" ]
}

# transfer NETNS ADDR [option of devmem_send...]: from guest, compare sha256.
# WITH_DEV names another device than nk_guest, WITH_RUN another namespace.
transfer() {
	local netns=$1 addr=$2 rc=0
	shift 2
	sink_start "$netns" --timeout 90
	"${WITH_RUN:-in_guest}" devmem_send --server "$addr" \
		--ifname "${WITH_DEV:-nk_guest}" --timeout 80 "$@" \
		>"$SEND_OUT" 2>&1 </dev/null || rc=$?
	cat "$SEND_OUT"
	[ "$rc" = 0 ] || {
		sink_end 0
		return "$rc"
	}
	sink_end 20
	sums_equal
}
here() { "$@"; }

# send_fails NETNS ADDR ERRNO [option of devmem_send...]
send_fails() {
	local netns=$1 addr=$2 errno=$3 rc=0
	shift 3
	sink_start "$netns" --timeout 30
	"${WITH_RUN:-in_guest}" devmem_send --server "$addr" \
		--ifname "${WITH_DEV:-nk_guest}" --timeout 20 \
		--expect-errno "$errno" "$@" </dev/null || rc=$?
	sink_end 0
	return "$rc"
}

# bind_fails ERRNO [EXTACK]: bind-tx on nk_guest.
bind_fails() {
	"${WITH_RUN:-in_guest}" devmem_send --ifname "${WITH_DEV:-nk_guest}" \
		--size 4096 --bind-only --expect-errno "$1" \
		${2:+--expect-extack "$2"} </dev/null
}

# --- a send that waits for us -------------------------------------------
# Between the steps the case may change things; all work inside "check".

SEND_FIFO=/run/send.fifo
SEND_PID=/run/send.pid

# send_begin ADDR [option of devmem_send...]: in the background, as far as its
# --pause-at or --pause-bound. Start a sink first.
send_begin() {
	local addr=$1
	shift
	rm -f "$SEND_FIFO" "$SEND_PID"
	mkfifo "$SEND_FIFO"
	: >"$SEND_OUT"
	# shellcheck disable=SC2016 # expands there
	"${WITH_RUN:-in_guest}" sh -c 'echo $$; exec devmem_send "$@" 2>&1' - \
		--server "$addr" --ifname "${WITH_DEV:-nk_guest}" --timeout 60 "$@" \
		<>"$SEND_FIFO" >"$SEND_OUT" 2>&1 &
	wait_for 10 grep -q '^[0-9]' "$SEND_OUT"
	head -1 "$SEND_OUT" >"$SEND_PID"
	wait_for 20 grep -q '^paused' "$SEND_OUT" || {
		cat "$SEND_OUT"
		return 1
	}
}
# It goes on, to its next pause or its end.
send_go() { printf . >"$SEND_FIFO"; }
send_running() { kill -0 "$(<"$SEND_PID")" 2>/dev/null; }
send_stopped() { ! send_running; }
send_kill() { kill "$(<"$SEND_PID")" 2>/dev/null || true; }

# send_end [SECONDS]: wait for its end; succeeds when it said "result: ok".
send_end() {
	local rc=0
	wait_for "${1:-60}" send_stopped || rc=1
	[ "$rc" = 0 ] || send_kill
	cat "$SEND_OUT"
	[ "$rc" = 0 ] && grep -q '^result: ok' "$SEND_OUT"
}

# tried_in_vain ADDR: the guest's TCP sent the same again, or could not send it.
tried_in_vain() {
	local addr=$1
	[[ $addr != *:* ]] || addr="[$addr]"
	in_guest ss -Hton dst "$addr" |
		grep -E 'timer:\((on|persist),[^,]*,([2-9]|[1-9][0-9]+)\)'
}

# Sockets whose sender was killed go on trying, and keep their binding.
guest_sockets_end() { in_guest ss -K >/dev/null 2>&1 || true; }

# --- what arrives on the wire -------------------------------------------

WIRE_OUT=/run/wire.out
WIRE_PID=/run/wire.pid

# wire_start [NETNS DEV [option of wire_check...]]
wire_start() {
	local netns=${1:-remote} dev=${2:-nicR}
	shift $(($# > 2 ? 2 : $#))
	wire_stop
	ip netns exec "$netns" ethtool -K "$dev" gro off
	: >"$WIRE_OUT"
	ip netns exec "$netns" wire_check --dev "$dev" "$@" \
		>"$WIRE_OUT" 2>&1 </dev/null &
	printf '%s\n' $! >"$WIRE_PID"
	wait_for 10 grep -q '^watching' "$WIRE_OUT"
}

# What came since the last report; fails when checksums or bytes are wrong.
wire_reports() { grep -c '^wire:' "$WIRE_OUT"; }
wire_told() { [ "$(wire_reports)" -gt "$1" ]; }
wire_good() {
	local n
	n=$(wire_reports || true)
	kill -USR1 "$(<"$WIRE_PID")"
	wait_for 10 wire_told "$n" || return 1
	tail -1 "$WIRE_OUT"
	tail -1 "$WIRE_OUT" | grep -q '^wire: good'
}
wire_gone() { ! kill -0 "$(<"$WIRE_PID")"; }
wire_stop() {
	[ -e "$WIRE_PID" ] || return 0
	kill "$(<"$WIRE_PID")" 2>/dev/null || true
	wait_for 10 wire_gone
	rm -f "$WIRE_PID"
	cat "$WIRE_OUT"
}
