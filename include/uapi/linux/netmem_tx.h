/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Generic netlink family "netmem-tx". The YAML spec beside the module,
 * Documentation in docs/netmem-tx.yaml, describes the same messages.
 *
 * UNSTABLE: until version 1.0 attributes and commands may still change.
 */
#ifndef _UAPI_LINUX_NETMEM_TX_H
#define _UAPI_LINUX_NETMEM_TX_H

#define NETMEM_TX_FAMILY_NAME		"netmem-tx"
#define NETMEM_TX_FAMILY_VERSION	1
#define NETMEM_TX_MCGRP_EVENTS		"events"

/* NETMEM_TX_A_DEV_MODE: the modes of Linux 7.2, by number. */
enum netmem_tx_nl_mode {
	NETMEM_TX_NL_MODE_NONE,
	NETMEM_TX_NL_MODE_DMA,
	NETMEM_TX_NL_MODE_NO_DMA,
};

/* NETMEM_TX_A_DEV_SOURCE: who said which mode a device has. */
enum netmem_tx_nl_source {
	NETMEM_TX_NL_SOURCE_NONE,	/* nobody: the mode is NONE */
	NETMEM_TX_NL_SOURCE_DRIVER,	/* the driver's own netmem_tx bit */
	NETMEM_TX_NL_SOURCE_NETKIT,	/* a netkit device */
	NETMEM_TX_NL_SOURCE_HEADER,	/* netmem_tx_set_mode(NO_DMA) */
};

/* NETMEM_TX_A_BINDING_STATE */
enum netmem_tx_nl_binding_state {
	NETMEM_TX_NL_BINDING_LIVE,	/* may send through its vdev */
	NETMEM_TX_NL_BINDING_REVOKED,	/* lease, vdev or NIC gone, or drained */
	NETMEM_TX_NL_BINDING_UNBOUND,	/* socket closed, packets in flight */
};

/* NETMEM_TX_A_STATUS_BACKEND, and the hook= parameter */
enum netmem_tx_nl_backend {
	NETMEM_TX_NL_BACKEND_AUTO,
	NETMEM_TX_NL_BACKEND_DIRECT,
	NETMEM_TX_NL_BACKEND_IPMODIFY,
};

enum {
	NETMEM_TX_A_DEV_IFINDEX = 1,	/* u32 */
	NETMEM_TX_A_DEV_IFNAME,		/* string */
	NETMEM_TX_A_DEV_MODE,		/* u32, enum netmem_tx_nl_mode */
	NETMEM_TX_A_DEV_SOURCE,		/* u32, enum netmem_tx_nl_source */

	__NETMEM_TX_A_DEV_MAX,
	NETMEM_TX_A_DEV_MAX = (__NETMEM_TX_A_DEV_MAX - 1)
};

enum {
	NETMEM_TX_A_LEASE_VDEV_IFINDEX = 1,	/* u32 */
	NETMEM_TX_A_LEASE_VDEV_IFNAME,		/* string, reply only */
	NETMEM_TX_A_LEASE_VDEV_NETNS_FD,	/* u32, request only: netns of vdev */
	NETMEM_TX_A_LEASE_VDEV_NETNS_INUM,	/* u32, reply only: as in stat(2) of the ns file */
	NETMEM_TX_A_LEASE_NIC_IFINDEX,		/* u32, in the caller's netns; reply: init netns admin only */
	NETMEM_TX_A_LEASE_NIC_IFNAME,		/* string, reply only, same rule */
	NETMEM_TX_A_LEASE_NATIVE,		/* flag: the kernel's own queue lease (7.1 and later) */

	__NETMEM_TX_A_LEASE_MAX,
	NETMEM_TX_A_LEASE_MAX = (__NETMEM_TX_A_LEASE_MAX - 1)
};

enum {
	NETMEM_TX_A_BINDING_ID = 1,		/* u32, dmabuf id */
	NETMEM_TX_A_BINDING_STATE,		/* u32, enum netmem_tx_nl_binding_state */
	NETMEM_TX_A_BINDING_VDEV_IFINDEX,	/* u32, as it was at bind time */
	NETMEM_TX_A_BINDING_VDEV_NETNS_INUM,	/* u32 */
	NETMEM_TX_A_BINDING_NIC_IFINDEX,	/* u32, init netns admin only */
	NETMEM_TX_A_BINDING_UID,		/* u32, as seen by the reader */
	NETMEM_TX_A_BINDING_PID,		/* u32, tgid in the reader's pid namespace, 0 if not visible */
	NETMEM_TX_A_BINDING_SIZE,		/* u64, bytes */
	NETMEM_TX_A_BINDING_PAD,

	__NETMEM_TX_A_BINDING_MAX,
	NETMEM_TX_A_BINDING_MAX = (__NETMEM_TX_A_BINDING_MAX - 1)
};

/* All u64, counted since load. Whole host; readable by everyone. */
enum {
	NETMEM_TX_A_STATS_PAD = 1,
	NETMEM_TX_A_STATS_BIND,			/* bindings made through a NO_DMA device */
	NETMEM_TX_A_STATS_BIND_REFUSED,		/* bind-tx answered with an error by us */
	NETMEM_TX_A_STATS_SEND_REFUSED,		/* sendmsg answered with an error by us */
	NETMEM_TX_A_STATS_PASS,			/* unreadable packets passed on NO_DMA devices */
	NETMEM_TX_A_STATS_DROP_MIXED,		/* readable and unreadable fragments in one packet */
	NETMEM_TX_A_STATS_DROP_OWNER,		/* a fragment bound for another NIC */
	NETMEM_TX_A_STATS_DROP_CHECKSUM,	/* would need a software checksum */
	NETMEM_TX_A_STATS_DROP_LINEARIZE,	/* would need copying to linear memory */
	NETMEM_TX_A_STATS_DROP_GSO,		/* would need copying segmentation */
	NETMEM_TX_A_STATS_DROP_CRYPTO,		/* would need software TLS, PSP or IPsec */

	__NETMEM_TX_A_STATS_MAX,
	NETMEM_TX_A_STATS_MAX = (__NETMEM_TX_A_STATS_MAX - 1)
};

enum {
	NETMEM_TX_A_STATUS_VERSION = 1,		/* string, the module's version */
	NETMEM_TX_A_STATUS_NATIVE_LEASES,	/* u32, 1: the kernel has RX-queue leases */
	NETMEM_TX_A_STATUS_HOOK,		/* u32, enum netmem_tx_nl_backend: what was asked for */
	NETMEM_TX_A_STATUS_ATTACHED,		/* u32, 1: the validator hook is in place now */
	NETMEM_TX_A_STATUS_BACKEND,		/* u32, enum netmem_tx_nl_backend: in use; absent when not attached */
	NETMEM_TX_A_STATUS_ATTACH_ALWAYS,	/* u32, 1: attach=always */
	NETMEM_TX_A_STATUS_DRAINING,		/* u32, 1: no new binding is made */
	NETMEM_TX_A_STATUS_LEASES,		/* u32, number of own leases */
	NETMEM_TX_A_STATUS_BINDINGS,		/* u32, number of bindings tracked */
	NETMEM_TX_A_STATUS_MAX_BINDINGS,	/* u32, limit for each netns */

	__NETMEM_TX_A_STATUS_MAX,
	NETMEM_TX_A_STATUS_MAX = (__NETMEM_TX_A_STATUS_MAX - 1)
};

enum {
	NETMEM_TX_A_DRAIN_ON = 1,		/* u32, 1: revoke all and take no new; 0: take new again */
	NETMEM_TX_A_DRAIN_REVOKED,		/* u32, reply: bindings revoked */

	__NETMEM_TX_A_DRAIN_MAX,
	NETMEM_TX_A_DRAIN_MAX = (__NETMEM_TX_A_DRAIN_MAX - 1)
};

enum {
	NETMEM_TX_CMD_DEV_GET = 1,	/* do (ifindex), dump; the caller's netns */
	NETMEM_TX_CMD_LEASE_ADD,	/* do; CAP_NET_ADMIN in the initial user namespace */
	NETMEM_TX_CMD_LEASE_DEL,	/* do; same */
	NETMEM_TX_CMD_LEASE_GET,	/* dump */
	NETMEM_TX_CMD_BINDING_GET,	/* dump */
	NETMEM_TX_CMD_STATS_GET,	/* do */
	NETMEM_TX_CMD_STATUS_GET,	/* do */
	NETMEM_TX_CMD_DRAIN,		/* do; CAP_NET_ADMIN in the initial user namespace */
	NETMEM_TX_CMD_LEASE_ADD_NTF,	/* notifications: group "events" */
	NETMEM_TX_CMD_LEASE_DEL_NTF,
	NETMEM_TX_CMD_BINDING_ADD_NTF,
	NETMEM_TX_CMD_BINDING_DEL_NTF,

	__NETMEM_TX_CMD_MAX,
	NETMEM_TX_CMD_MAX = (__NETMEM_TX_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_NETMEM_TX_H */
