#!/bin/bash
# What bind-tx and sendmsg refuse, and with which errno. Expected: 7.2's.
# kernels: all
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

NO_LEASE="No DMA-capable device found for netmem TX"
NO_MODE="Driver does not support netmem TX"
if kernel_ge 6.17; then path=forward; else path=redirect; fi

# --- bind-tx ------------------------------------------------------------

bind_says() { # NAME ERRNO TEXT [option...]
	local name=$1 errno=$2 text=$3
	shift 3
	check "bind-tx, $name: $errno" in_guest devmem_send --size 4096 \
		--bind-only --expect-errno "$errno" --expect-extack "$text" "$@"
}

check "topology comes up" topology_up l2 "$path"
check "module loads" module_load
bind_says "no lease" EOPNOTSUPP "$NO_LEASE" --ifname nk_guest
bind_says "no lease and a bad fd" EOPNOTSUPP "$NO_LEASE" --ifname nk_guest --bad fd
WITH_DEV=nk_host WITH_RUN=here check "bind-tx, the host's end: EOPNOTSUPP" \
	bind_fails EOPNOTSUPP "$NO_LEASE"
check "lease" lease_add
bind_says "no device given" EINVAL "" --bad no-ifindex
bind_says "no fd given" EINVAL "" --ifname nk_guest --bad no-fd
bind_says "no such device" ENODEV "" --ifindex 4711
bind_says "a device of mode NONE" EOPNOTSUPP "$NO_MODE" --ifname lo
bind_says "a bad fd" EBADF "" --ifname nk_guest --bad fd
bind_says "an fd that is no dma-buf" EINVAL "" --ifname nk_guest --bad file
bind_says "nicA's number, in another namespace" ENODEV "" \
	--ifindex "$(</sys/class/net/nicA/ifindex)"
check "bind-tx works after that" in_guest devmem_send --ifname nk_guest \
	--size 4096 --bind-only

# --- sendmsg ------------------------------------------------------------

check "sendmsg without MSG_ZEROCOPY: EINVAL" \
	send_fails remote 10.2.0.2 EINVAL --no-zerocopy
check "sendmsg without SO_ZEROCOPY: EINVAL" \
	send_fails remote 10.2.0.2 EINVAL --no-so-zerocopy
check "sendmsg with an unknown id: EINVAL" \
	send_fails remote 10.2.0.2 EINVAL --id 4242
check "sendmsg past the end: EFAULT" \
	send_fails remote 10.2.0.2 EFAULT --size 4096 --offset 8192 --length 100
check "sendmsg across the end: EFAULT" \
	send_fails remote 10.2.0.2 EFAULT --size 8192 --offset 4096 --length 8192

# --- a route that changes under the connection --------------------------

# rerouted ADDR COMMAND...: pause in the middle, change routes, go on.
rerouted() {
	local addr=$1 rc=0
	shift
	sink_start remote --timeout 60
	send_begin "$addr" --size 400k --chunk 16k --pause-at 96k --timeout 20
	"$@"
	send_go
	send_end 40 || rc=$?
	sink_end "$([ "$rc" = 0 ] && echo 10 || echo 0)"
	[ "$rc" != 0 ] || sums_equal
	return "$rc"
}
guest_ip() { ip -n guest "$@"; }
expired() { guest_ip "$1" route flush cache; }
unreachable() { guest_ip "$1" route add unreachable "$2"; }
elsewhere() {
	guest_ip link add d0 type dummy
	guest_ip link set d0 up
	guest_ip "$1" route add "$2" dev d0
}
gone() { guest_ip "$1" route del default; }
refused() { # ERRNO COMMAND...: the send stops with that errno
	local errno=$1
	shift
	! "$@" || return 1
	cat "$SEND_OUT"
	grep -Eq "^sendmsg: errno=[0-9]* \(($errno)\)" "$SEND_OUT"
}

for v in 4 6; do
	if [ "$v" = 4 ]; then to=10.2.0.2 via=10.1.0.1; else to=fd02::2 via=fd01::1; fi
	check "IPv$v route expires: all arrives" rerouted "$to" expired "-$v"
	check "IPv$v route becomes unreachable: EHOSTUNREACH" \
		refused EHOSTUNREACH rerouted "$to" unreachable "-$v" "$to"
	guest_ip "-$v" route del unreachable "$to"
	check "IPv$v route leads elsewhere: ENODEV" \
		refused ENODEV rerouted "$to" elsewhere "-$v" "$to"
	guest_ip link del d0
	check "IPv$v route deleted: ENODEV or EHOSTUNREACH" \
		refused 'ENODEV|EHOSTUNREACH' rerouted "$to" gone "-$v"
	guest_ip "-$v" route add default via "$via" dev nk_guest
done
check "sends work after all that" transfer remote 10.2.0.2 --size 300k

# --- plain bytes and device memory in one packet ------------------------

# mixed_send OPTIONS...: prints "end: sent", "end: dropped" or "end: errno NAME".
mixed_over() { send_stopped || [ "$(stat_of drop-mixed)" -gt "$1" ]; }
mixed_send() {
	local was
	was=$(stat_of drop-mixed)
	sink_start remote --timeout 60
	# By nicA the stock kernel may crash on them when the module has gone.
	send_begin 10.2.0.2 --abort --pause-bound --size 100k --chunk 8k --timeout 30 "$@"
	send_go
	wait_for 40 mixed_over "$was" || true
	if ! send_stopped 2>/dev/null; then
		send_kill
		echo "end: dropped"
	elif grep -q '^result: ok' "$SEND_OUT"; then
		sink_end 10
		sums_equal && echo "end: sent"
	else
		sed -n 's/^result: fail errno=[0-9]* (\(.*\))/end: errno \1/p' "$SEND_OUT"
	fi
	cat "$SEND_OUT"
	sink_end 0
}
# mixed NAME WANT OPTIONS...
mixed() {
	local name=$1 want=$2
	shift 2
	check "mixed, $name: no crash" mixed_send "$@"
	if has_module; then
		like "mixed, $name: $want" "$(last_output)" "^end: ($want)"
	else
		note "$(last_output | grep '^end:')"
	fi
	guest_sockets_end
	ss -K >/dev/null 2>&1 || true
}

# Up to 7.0 such packets are built, and we drop them. 7.1 refuses to append
# device memory to plain bytes; what it still builds, we drop.
if kernel_ge 7.1; then
	first='errno EFAULT' last='dropped|errno EFAULT'
else
	first=dropped last=dropped
fi
check "wire: watch" wire_start remote nicR
mixed "plain first" "$first" --mixed before
mixed "plain last" "$last" --mixed after
mixed "plain first, by MSG_ZEROCOPY" "dropped|errno EFAULT" \
	--mixed before --mixed-zerocopy
mixed "plain last, by MSG_ZEROCOPY" "dropped|errno EFAULT" \
	--mixed after --mixed-zerocopy
if has_module; then
	WITH_RUN=here WITH_DEV=nicA mixed "directly by nicA" "$first" --mixed before
fi
check "no wrong byte or checksum left" wire_good
check "sends work after all that" transfer remote 10.2.0.2 --size 300k
