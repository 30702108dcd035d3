#!/bin/bash
# IPsec in software reads what it encrypts. Device memory is dropped before,
# whether the host asks for IPsec or the container does; other bytes are
# encrypted as always, and without IPsec the same connection delivers all.
# kernels: 6.18.15 7.1.13 6.16.12
# timeout: 400
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/live.sh
. "$LAB/guest/live.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi
KEY=0x0123456789abcdef0123456789abcdef01234567
CONTAINER=10.1.0.2 REMOTE=10.2.0.2

# Who encrypts at our end, and how: the host for what it forwards, or the
# container for its own packets.
NEAR=$CONTAINER MODE=transport
states() { # in both directions
	local keys="mode $MODE reqid 1 aead rfc4106(gcm(aes)) $KEY 128"
	echo "xfrm state add src $NEAR dst $REMOTE proto esp spi 1 $keys"
	echo "xfrm state add src $REMOTE dst $NEAR proto esp spi 2 $keys"
}
policy() { # in|out|fwd, away|back
	local what="src $CONTAINER dst $REMOTE" by="src $NEAR dst $REMOTE"
	if [ "$2" = back ]; then
		what="src $REMOTE dst $CONTAINER" by="src $REMOTE dst $NEAR"
	fi
	echo "xfrm policy add $what proto tcp dir $1 tmpl $by proto esp reqid 1 mode $MODE"
}
ipsec_on() { # here|in_guest
	"$1" ip -batch - <<<"$(
		states
		policy out away
		policy in back
		policy fwd back
	)"
	in_remote ip -batch - <<<"$(
		states
		policy out back
		policy in away
	)"
}
ipsec_off() { # here|in_guest
	local run
	for run in "$1" in_remote; do
		"$run" ip xfrm policy flush
		"$run" ip xfrm state flush
	done
}

encrypted() { # bytes that came out of IPsec at the other end
	in_remote ip -s xfrm state list src "$NEAR" |
		sed -n 's/^[[:space:]]*\([0-9]*\)(bytes).*/\1/p' | tail -n 1
}

with_ipsec() { # here|in_guest CHUNK
	local cut name="IPsec of the container, pieces of $2"
	if [ "$1" = here ]; then
		NEAR=10.2.0.1 MODE=tunnel
		name="IPsec of the host, pieces of $2"
	fi
	check "$name: set up" ipsec_on "$1"
	check "$name: plain bytes arrive" transfer remote "$REMOTE" --plain --size 256k
	check "$name: by IPsec" test "$(encrypted)" -gt 262144
	ipsec_off "$1"
	sink_start remote --timeout 90
	check "$name: device memory is bound" send_begin "$REMOTE" --size 256k \
		--chunk "$2" --connect-first --pause-bound
	check "$name: set up again" ipsec_on "$1"
	cut=$(stat_of drop-gso)
	send_go
	check "$name: device memory is sent in vain" wait_for 20 tried_in_vain "$REMOTE"
	# What the host gets is one packet. The kernel would cut it up, into zeros.
	[ "$1 $2" != "here 64k" ] ||
		check "$name: not cut up" test "$(stat_of drop-gso)" -gt "$cut"
	check "$name: nothing of it arrives" test "$(encrypted)" -lt 500
	ipsec_off "$1"
	check "$name: without it the send ends" send_end 60
	try sink_end 20
	check "$name: all bytes are right" sums_equal
}

check "topology comes up" topology_up l2 "$path"
check "module loads" module_load
check "lease of nicA" lease_add
with_ipsec in_guest 64k
with_ipsec in_guest 500
if [ "$path" = forward ]; then
	with_ipsec here 64k
	with_ipsec here 500
fi
check "no binding is left" bindings_are 0 60
