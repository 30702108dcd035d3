#!/bin/bash
# The whole send on a kernel that has it: it proves the lab.
# kernels: native
# core: yes
# timeout: 600
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

check "topology comes up" topology_up l2 forward
check "bind-tx without a lease fails with 7.2's text" \
	bind_fails EOPNOTSUPP "No DMA-capable device found for netmem TX"
check "lease of a queue of nicA" lease_add
before=$(nic_stat nicA tx_netmem_bytes)
check "8 MiB by IPv4 forwarding, sha256 equal" transfer remote 10.2.0.2 --size 8M
check "8 MiB by IPv6 forwarding, sha256 equal" transfer remote fd02::2 --size 8M
after=$(nic_stat nicA tx_netmem_bytes)
check "they left nicA by DMA from the dma-buf" \
	test $((after - before)) -ge $((16 << 20))

check "redirect by BPF comes up" redirect_up
check "8 MiB by BPF redirect, IPv4" transfer remote 10.2.0.2 --size 8M
check "8 MiB by BPF redirect, IPv6" transfer remote fd02::2 --size 8M
check "64 MiB by BPF redirect" transfer remote 10.2.0.2 --size 64M
check "redirect goes" redirect_down

check "L3 topology comes up" topology_up l3 forward
check "lease there" lease_add
check "8 MiB through L3 netkit" transfer remote 10.2.0.2 --size 8M
check "in a user namespace: topology" topology_up userns
check "in a user namespace: lease" lease_add
check "in a user namespace: 8 MiB" transfer remote 10.2.0.2 --size 8M
