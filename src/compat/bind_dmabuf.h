/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net_devmem_bind_dmabuf() and the device that does the DMA. Which of them
 * the kernel has was read from its BTF, see layout.c.
 */
#ifndef NETMEM_TX_COMPAT_BIND_DMABUF_H
#define NETMEM_TX_COMPAT_BIND_DMABUF_H

#include <linux/netdevice.h>
#include <uapi/linux/netdev.h>

#include "../layout.h"
#include "../symbols.h"

/* The device that does DMA for a NIC's TX; NULL when there is none. */
static inline struct device *nmtx_dma_device(struct net_device *nic)
{
	switch (nmtx_layout.dma_dev) {
	case NMTX_DMA_DEV_IDX:
		return static_call(nmtx_dma_dev_idx)(nic, 0);
	case NMTX_DMA_DEV_TYPE:
		return static_call(nmtx_dma_dev_type)(nic, 0, NETDEV_QUEUE_TYPE_TX);
	default:
		/* What the later function does for most drivers. */
		return nic->dev.parent && nic->dev.parent->dma_mask ?
		       nic->dev.parent : NULL;
	}
}

/* Bind for TX; the NIC and the socket's @priv are locked. */
static inline struct net_devmem_dmabuf_binding *
nmtx_bind_dmabuf(struct net_device *nic, struct device *dma_dev, u32 fd,
		 struct netdev_nl_sock *priv, struct netlink_ext_ack *extack)
{
	if (nmtx_layout.bind_takes_dma_dev)
		return static_call(nmtx_bind_dma_dev)(nic, dma_dev,
						      DMA_TO_DEVICE, fd, priv,
						      extack);
	return static_call(nmtx_bind_parent)(nic, DMA_TO_DEVICE, fd, priv,
					     extack);
}

#endif
