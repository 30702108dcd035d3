#!/bin/bash
# Sends of odd sizes, offsets and pieces arrive as they are, one completion
# for each.
# kernels: all
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

if kernel_ge 6.17; then path=forward; else path=redirect; fi
to=10.2.0.2

# shape NAME OPTIONS: one send; its connection is the next one of the sink.
CONN=/run/conn
shape_sent() {
	local n
	n=$(($(<"$CONN") + 1))
	echo "$n" >"$CONN"
	in_guest devmem_send --server "$to" --ifname nk_guest --timeout 40 "$@" \
		>"$SEND_OUT" 2>&1 </dev/null || {
		cat "$SEND_OUT"
		return 1
	}
	cat "$SEND_OUT"
	wait_for 10 grep -q "^conn: n=$n " "$SINK_OUT"
	grep "^conn: n=$n " "$SINK_OUT" >/run/conn.last
	cat /run/conn.last
	grep -q '^completions: .* copied=0 disordered=0' "$SEND_OUT"
	[ "$(sha_of "$SEND_OUT")" = "$(sha_of /run/conn.last)" ]
}
shape() {
	local name=$1
	shift
	check "$name" shape_sent "$@"
}

check "topology comes up" topology_up l2 "$path"
check "module loads" module_load
check "lease" lease_add
echo 0 >"$CONN"
check "sink starts" sink_start remote --conns 64 --timeout 230

shape "1 byte" --length 1
shape "4095 bytes" --length 4095
shape "4097 bytes" --length 4097
shape "1 byte at 4095" --offset 4095 --length 1
shape "2 bytes across a page" --offset 4095 --length 2
shape "12345 bytes at 4097" --offset 4097 --length 12345
shape "the last 3 bytes of 8192" --offset 8189 --length 3 --size 8192
shape "3-byte pieces, 1000 in one sendmsg" --length 30000 --iov 3 --iovs 1000
shape "17 pieces of 1000 bytes" --length 34000 --iov 1000 --iovs 17
shape "17 pieces of 5000 bytes, across pages" \
	--offset 100 --length 170000 --iov 5000 --iovs 17
shape "18 pieces of 4096 bytes" --length 147456 --iov 4096 --iovs 18
shape "a sendmsg for each byte" --length 60 --chunk 1 --nodelay
shape "small packets, MSS 536" --length 20000 --chunk 700 --nodelay --mss 536
shape "one sendmsg of 1 MiB" --size 1M --chunk 1M
shape "three times the same range" --offset 999 --length 50001 --count 3
to=fd02::2
shape "IPv6: 4097 bytes at 1" --offset 1 --length 4097
shape "IPv6: 3-byte pieces" --length 9999 --iov 3 --iovs 500
shape "IPv6: 17 pieces" --offset 50 --length 68000 --iov 4000 --iovs 17

if [ "$path" = forward ]; then
	check "redirect comes up" redirect_up
	shape "redirect: 1 byte" --length 1
	shape "redirect: 3-byte pieces" --length 9999 --iov 3 --iovs 500
	shape "redirect: 17 pieces across pages" \
		--offset 100 --length 170000 --iov 5000 --iovs 17
fi
check "sink ends" sink_end 0
! has_module || is "nothing was dropped" "$(drops)" 0
