# SPDX-License-Identifier: GPL-2.0
# Looks into the kernel's headers. A kernel with a foreign backport of one
# piece is told by what it has, not by its version.

nmtx-header = $(srctree)/include/$(1)
nmtx-has = $(shell grep -qE '$(2)' $(call nmtx-header,$(1)) 2>/dev/null && echo y)

# Linux 6.16, "net: devmem: TX path": the one-bit flag.
nmtx-one-bit := $(call nmtx-has,linux/netdevice.h,netmem_tx:1;)
# Linux 7.2, "net: netmem_tx modes": nothing for us to do.
nmtx-two-bits := $(call nmtx-has,linux/netdevice.h,netmem_tx:2;)
# Linux 7.1, "net: queue leasing": RX queues know their lease.
nmtx-rxq-lease := $(call nmtx-has,net/netdev_rx_queue.h,netdev_rx_queue[[:space:]]+\*lease;)

# After 6.18, and by 7.1: TCP-MD5 hashes by a function of its own.
nmtx-md5-lib := $(call nmtx-has,net/tcp.h,tcp_md5_hash_skb_data)

nmtx-probe-flags := $(if $(nmtx-rxq-lease),-DHAVE_RXQ_LEASE)
nmtx-probe-flags += $(if $(nmtx-md5-lib),-DHAVE_TCP_MD5_LIB)
nmtx-probe-flags += $(if $(nmtx-two-bits),-DHAVE_NETMEM_TX_MODES)
nmtx-kernel := $(if $(nmtx-one-bit),supported,refused)
