/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_LAYOUT_H
#define NETMEM_TX_LAYOUT_H

#include <linux/net.h>
#include <linux/types.h>
#include <net/netmem.h>

struct net_devmem_dmabuf_binding;
struct work_struct;

/* How the running kernel tells a queue's DMA device. */
enum nmtx_dma_dev {
	NMTX_DMA_DEV_PARENT,	/* 6.16, 6.17: always the parent device */
	NMTX_DMA_DEV_IDX,	/* 6.18 to 7.0: netdev_queue_get_dma_dev(dev, idx) */
	NMTX_DMA_DEV_TYPE,	/* 7.1: netdev_queue_get_dma_dev(dev, idx, type) */
};

/**
 * struct nmtx_layout - what BTF says of the running kernel; offsets in bytes
 * @binding_id: of the dmabuf id in a binding
 * @binding_dev: of the NIC in a binding
 * @binding_list: of the place in its socket's list of bindings
 * @binding_lock: of the mutex that guards @binding_dev
 * @binding_dmabuf: of the dma-buf in a binding
 * @binding_tx_vec: of the TX page table in a binding; NULL for RX bindings
 * @binding_sgt: of the mapped pages of a binding
 * @binding_work: of the work item that frees a binding
 * @owner_binding: of the binding in the owner of a net_iov area
 * @bind_takes_dma_dev: net_devmem_bind_dmabuf() is told the DMA device
 * @dma_dev: how to find that device
 */
struct nmtx_layout {
	u32 binding_id;
	u32 binding_dev;
	u32 binding_list;
	u32 binding_lock;
	u32 binding_dmabuf;
	u32 binding_tx_vec;
	u32 binding_sgt;
	u32 binding_work;
	u32 owner_binding;
	bool bind_takes_dma_dev;
	enum nmtx_dma_dev dma_dev;
};

extern struct nmtx_layout nmtx_layout;

int nmtx_layout_check(void) __init;

/* A member of a private struct, by the offset that BTF gave. */
#define nmtx_private(ptr, type, offset) \
	((type *)((void *)(ptr) + nmtx_layout.offset))

static inline u32
nmtx_binding_id(const struct net_devmem_dmabuf_binding *binding)
{
	return *nmtx_private(binding, u32, binding_id);
}

static inline struct net_device **
nmtx_binding_dev(const struct net_devmem_dmabuf_binding *binding)
{
	return nmtx_private(binding, struct net_device *, binding_dev);
}

/* The binding that a work item frees. */
static inline struct net_devmem_dmabuf_binding *
nmtx_work_binding(const struct work_struct *work)
{
	return (void *)work - nmtx_layout.binding_work;
}

/* The binding that a devmem net_iov belongs to. */
static inline struct net_devmem_dmabuf_binding *
nmtx_niov_binding(const struct net_iov *niov)
{
	return *nmtx_private(net_iov_owner(niov),
			     struct net_devmem_dmabuf_binding *, owner_binding);
}

#endif
