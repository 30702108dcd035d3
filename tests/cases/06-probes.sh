#!/bin/bash
# What a kernel has is read from its headers, not from its version: built
# against headers that were altered as a foreign backport would.
# kernels: 6.18.15 7.1.13
# core: 7.1.13
# where: host
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/guest/tap.sh
. "$LAB/guest/tap.sh"

# shellcheck disable=SC2153 # set by run.sh
release=$(cat "$CACHE/kernels/$ROOT_ID/$KERNEL/release")
common=${release%-amd64}-common
# Beside the real ones: these have relative links.
here=/usr/src/probes-$KERNEL
work=$ROOT$here
out=$(mktemp -d)
trap 'rm -rf "$out" "$work"-*' EXIT
TAP_OUT=$out/said

# fresh: this kernel's headers, ours to alter, and the module's sources.
fresh() {
	rm -rf "$work"-*
	mkdir -p "$work-tree"
	cp -al "$ROOT/usr/src/linux-headers-$common" "$work-common"
	cp -a "$ROOT/usr/src/linux-headers-$release" "$work-build"
	sed -i "s#/usr/src/linux-headers-$common#$here-common#
		s#/usr/src/linux-headers-$release#$here-build#" \
		"$work-build/Makefile"
	cp -a "$TREE"/{Kbuild,dkms.conf,src,include} "$work-tree/"
	find "$work-tree" \( -name '*.o' -o -name '.*.cmd' -o -name '*.mod*' \) -delete
}

# alter HEADER SED-SCRIPT: fails when it changes nothing.
alter() {
	local file=$work-common/include/$1 before
	before=$(cat "$file")
	sed -i "$2" "$file"
	[ "$before" != "$(cat "$file")" ]
}

# built TARGET... [not] FLAG: the objects build, and FLAG was given or not.
built() {
	local object=$1 want=yes
	in_root nice make -s -C "$here-build" \
		M="$here-tree" "src/$object"
	[ "$2" != not ] || { want=no && shift; }
	if grep -q -e "-D$2" "$work-tree/src/.$object.cmd"; then
		[ "$want" = yes ]
	else
		[ "$want" = no ]
	fi
}
# The list of objects is that of the refusal, or of the real module.
kind_is() { # supported|refused
	in_root make -s -C "$here-build" \
		M="$here-tree" modules >"$out/make" 2>&1 || return 1
	if grep -q refused.o "$work-tree/src/netmem_tx.mod"; then
		[ "$1" = refused ]
	else
		[ "$1" = supported ]
	fi
}

if [ ! -d "$ROOT/usr/src/linux-headers-$common" ]; then
	skip "altered headers" "the headers of $release are not in Debian's two parts"
	exit
fi

fresh
if grep -q 'netdev_rx_queue[[:space:]]*\*lease;' "$work-common/include/net/netdev_rx_queue.h"; then
	check "headers as they are: leases of the kernel" built lease.o HAVE_RXQ_LEASE
	check "leases taken out" alter net/netdev_rx_queue.h '/\*lease;/d'
	check "then the module has its own" built lease.o not HAVE_RXQ_LEASE
else
	check "headers as they are: the module's own leases" built lease.o not HAVE_RXQ_LEASE
	check "leases put in, as a backport of 7.1 would" alter net/netdev_rx_queue.h \
		's/^struct netdev_rx_queue {/&\n\tstruct netdev_rx_queue\t*lease;/'
	check "then they are used" built lease.o HAVE_RXQ_LEASE
fi

fresh
check "two bits put in, as a backport of 7.2 would" alter linux/netdevice.h \
	's/netmem_tx:1;/netmem_tx:2;/
	s/^struct net_device {/enum netmem_tx_mode { NETMEM_TX_NONE, NETMEM_TX_DMA, NETMEM_TX_NO_DMA };\n\n&/'
check "then the module is only its refusal" kind_is refused
check "which says that it is not needed" built refused.o HAVE_NETMEM_TX_MODES

fresh
check "devmem TX taken out" alter linux/netdevice.h '/netmem_tx:1;/d'
check "then the module is only its refusal too" kind_is refused
check "which does not say that it is not needed" built refused.o not HAVE_NETMEM_TX_MODES
