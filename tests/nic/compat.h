/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between the kernels that the lab's drivers are built for. */
#ifndef NMTX_LAB_COMPAT_H
#define NMTX_LAB_COMPAT_H

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/netdev_lock.h>
#include <net/netdev_queues.h>
#include <net/netdev_rx_queue.h>

/*
 * Since 7.0 ndo_queue_mem_alloc() and ndo_queue_start() are also given the
 * configuration of the queue. LAB_QCFG stands in the parameter list.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define LAB_QCFG	struct netdev_queue_config *qcfg,
#else
#define LAB_QCFG
#endif

/*
 * Leased RX queues came with 7.1: a virtual device makes queues on request
 * of the user (queue-create), and gives the lease back when it goes.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)

static inline int virt_queue_create(struct net_device *dev,
				    struct netlink_ext_ack *extack)
{
	int idx = dev->real_num_rx_queues;
	int err = netif_set_real_num_rx_queues(dev, idx + 1);

	return err ? err : idx;
}

static inline void virt_setup_queues(struct net_device *dev)
{
	static const struct netdev_queue_mgmt_ops ops = {
		.ndo_queue_create = virt_queue_create,
	};

	dev->queue_mgmt_ops = &ops;
}

static inline unsigned int virt_num_rx_queues(void)
{
	return 2;
}

static inline void virt_init_queues(struct net_device *dev)
{
	dev->real_num_rx_queues = 1;
}

/* The kernel's own function for this is not exported. */
static inline void virt_unlease_queues(struct net_device *dev)
{
	unsigned int i;

	netdev_lock(dev);
	for (i = 1; i < dev->real_num_rx_queues; i++) {
		struct netdev_rx_queue *rxq = __netif_get_rx_queue(dev, i);
		struct netdev_rx_queue *phys = rxq->lease;
		struct net_device *phys_dev;

		if (!phys)
			continue;
		phys_dev = phys->dev;
		netdev_lock(phys_dev);
		WRITE_ONCE(phys->lease, NULL);
		WRITE_ONCE(rxq->lease, NULL);
		netdev_put(phys_dev, &phys->lease_tracker);
		netdev_unlock(phys_dev);
	}
	netdev_unlock(dev);
}

#else

static inline void virt_setup_queues(struct net_device *dev)
{
}

static inline unsigned int virt_num_rx_queues(void)
{
	return 1;
}

static inline void virt_init_queues(struct net_device *dev)
{
}

static inline void virt_unlease_queues(struct net_device *dev)
{
}

#endif

#endif /* NMTX_LAB_COMPAT_H */
