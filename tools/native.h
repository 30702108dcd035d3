/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own RX-queue leases, Linux 7.1 and later: the numbers of the
 * netdev family that we use. Older build hosts lack some of them, and an
 * enum cannot be tested for by the preprocessor: so all under our names.
 */
#ifndef NMTX_NATIVE_H
#define NMTX_NATIVE_H

#define NATIVE_FAMILY		"netdev"

enum {
	NATIVE_CMD_QUEUE_GET = 10,	/* NETDEV_CMD_QUEUE_GET */
	NATIVE_CMD_QUEUE_CREATE = 16,	/* NETDEV_CMD_QUEUE_CREATE */
};

enum {
	NATIVE_A_QUEUE_ID = 1,		/* NETDEV_A_QUEUE_ID */
	NATIVE_A_QUEUE_IFINDEX = 2,	/* NETDEV_A_QUEUE_IFINDEX */
	NATIVE_A_QUEUE_TYPE = 3,	/* NETDEV_A_QUEUE_TYPE */
	NATIVE_A_QUEUE_LEASE = 8,	/* NETDEV_A_QUEUE_LEASE */
};

enum {
	NATIVE_A_LEASE_IFINDEX = 1,	/* NETDEV_A_LEASE_IFINDEX */
	NATIVE_A_LEASE_QUEUE = 2,	/* NETDEV_A_LEASE_QUEUE */
	NATIVE_A_LEASE_NETNS_ID = 3,	/* NETDEV_A_LEASE_NETNS_ID */
};

enum {
	NATIVE_QUEUE_TYPE_RX = 0,	/* NETDEV_QUEUE_TYPE_RX */
};

#endif /* NMTX_NATIVE_H */
