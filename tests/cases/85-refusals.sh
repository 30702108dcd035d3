#!/bin/bash
# The module does not load on a kernel that is not the one it knows: one line
# on the log says why, and nothing is left. The test build pretends.
# kernels: 6.18.15 7.1.13 7.2.12
# core: 7.1.13
# boot: smp1
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/owners.sh
. "$LAB/guest/owners.sh"

test_build() { insmod "$LAB/ko/test/netmem_tx.ko" "$@"; }

# finds_wrong KIND NAME REGEX
finds_wrong() {
	check "test_break=$1:$2" load_refused "^refused: .*$3" test_build "test_break=$1:$2"
}

native() {
	check "built by hand: not needed" load_refused \
		"not needed: Linux [^ ]+ sends device memory through netkit itself" \
		insmod "$LAB/ko/netmem_tx.ko"
}

# The last ones are looked for when other things are in place already.
symbols() {
	local name
	for name in btf_put genl_sk_priv_get net_devmem_bind_dmabuf \
		netdev_queue_get_dma_dev net_devmem_get_binding validate_xmit_skb \
		tcp_sync_mss; do
		finds_wrong symbol "$name" "has no function $name\$"
	done
}

prototypes() {
	local name
	for name in validate_xmit_skb net_devmem_get_binding net_devmem_bind_dmabuf \
		netdev_queue_get_dma_dev tcp_sync_mss; do
		finds_wrong proto "$name" "$name has a prototype that is not known: .*\\("
	done
}

layouts() {
	local name
	for name in sk_buff net_device net_iov_area inet_connection_sock; do
		finds_wrong struct "$name" "struct $name has [0-9]+ bytes, the headers say [0-9]+;"
	done
	for name in id list unbind_w; do
		finds_wrong member "$name" "struct net_devmem_dmabuf_binding has no member $name\$"
	done
	finds_wrong member binding "struct dmabuf_genpool_chunk_owner has no member binding\$"
	finds_wrong bit unreadable "skb->unreadable is not where the headers say"
}

# Looked for under the name of a function that every compiler clones.
clones() {
	finds_wrong clone skb_segment \
		"the compiler cloned skb_segment as finish_task_switch.isra.0\$"
}

if ! has_module; then
	native
	exit
fi
symbols
prototypes
layouts
finds_wrong version kernel "Linux [^ ]+ is outside 6.16 to 7.1"
clones
for wrong in hook=foo hook= attach=foo attach=; do
	check "$wrong" load_refused "^refused: $wrong; .* are known\$" modprobe netmem_tx "$wrong"
done
check "the test build loads when nothing is wrong" test_build test_break=symbol:nothing
check "and unloads" rmmod netmem_tx
check "nothing is left" nothing_left
