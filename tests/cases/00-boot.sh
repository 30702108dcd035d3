#!/bin/bash
# The lab itself: NICs, IOMMU, namespaces, netkit; before any netmem.
# kernels: all
# core: yes
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

VERSION=${KERNEL%%-*}
like "kernel is the pinned one" "$(uname -r)" "^${VERSION//./\\.}"
is "panics on a warning" "$(cat /proc/sys/kernel/panic_on_warn)" 1
is "IOMMU is on" "$(grep -c intel_iommu=on /proc/cmdline)" 1

check "NICs come up under their drivers" nics_up
for nic in nicA nicC; do
	is "$nic: driver nmtx_lab" \
		"$(basename "$(readlink "/sys/class/net/$nic/device/driver")")" nmtx_lab
	like "$nic: has its own translated IOMMU domain" \
		"$(cat "/sys/class/net/$nic/device/iommu_group/type")" '^DMA'
done
is "stock driver e1000e is not loaded" "$(lsmod | grep -c '^e1000e ')" 0

# A lease adds the queue where the kernel has leases.
queues=2
if has_kernel_leases; then queues=1; fi
for mode in l2 l3; do
	check "topology comes up, netkit in $mode mode" topology_up "$mode"
	is "nk_guest has its RX queues" \
		"$(in_guest sh -c 'ls -d /sys/class/net/nk_guest/queues/rx-*' | wc -l)" "$queues"
	check "guest pings remote" in_guest ping -c 3 -i 0.2 -W 2 10.2.0.2
	check "guest pings remote by IPv6" in_guest ping -c 3 -i 0.2 -W 2 fd02::2
	check "guest pings other" in_guest ping -c 3 -i 0.2 -W 2 10.3.0.2
done
check "topology comes up in a user namespace" topology_up userns
check "guest there has no rights outside" in_guest sh -c \
	'! ip link add d0 type dummy 2>/dev/null || ! nsenter --net=/run/netns/remote true'
check "topology goes" topology_down
check "and goes again" topology_down
