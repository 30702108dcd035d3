/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RX queue leases: Linux 7.1, "net: queue leasing". Below it the module has a
 * table of its own, lease.c.
 */
#ifndef NETMEM_TX_COMPAT_RXQ_LEASE_H
#define NETMEM_TX_COMPAT_RXQ_LEASE_H

#include <linux/netdevice.h>
#include <net/netdev_rx_queue.h>

#ifdef HAVE_RXQ_LEASE

#define NMTX_NATIVE_LEASES true

/* The NIC that RX queue @i of @dev is leased from; @dev is locked. */
static inline struct net_device *
nmtx_rxq_leased_from(struct net_device *dev, unsigned int i)
{
	struct netdev_rx_queue *rxq;

	rxq = READ_ONCE(__netif_get_rx_queue(dev, i)->lease);
	return rxq ? rxq->dev : NULL;
}

#else

#define NMTX_NATIVE_LEASES false

static inline struct net_device *
nmtx_rxq_leased_from(struct net_device *dev, unsigned int i)
{
	return NULL;
}

#endif
#endif
