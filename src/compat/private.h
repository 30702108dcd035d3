/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prototypes of kernel functions that no header of the headers package has.
 * The module never links to them: symbols.c resolves them, after layout.c has
 * compared each prototype with the running kernel's BTF.
 */
#ifndef NETMEM_TX_COMPAT_PRIVATE_H
#define NETMEM_TX_COMPAT_PRIVATE_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct btf;
struct device;
struct genl_family;
struct genl_info;
struct net_device;
struct net_devmem_dmabuf_binding;
struct netdev_nl_sock;
struct netlink_ext_ack;
struct sk_buff;
struct sock;
struct work_struct;

/* kernel/kallsyms.c, kernel/bpf/btf.c */
int kallsyms_on_each_match_symbol(int (*fn)(void *, unsigned long),
				  const char *name, void *data);

/* net/netlink/genetlink.c */
void *genl_sk_priv_get(struct genl_family *family, struct sock *sk);

/* net/core/netdev-genl.c */
int netdev_nl_bind_tx_doit(struct sk_buff *skb, struct genl_info *info);

/* net/core/devmem.c */
struct net_devmem_dmabuf_binding *net_devmem_lookup_dmabuf(u32 id);
void net_devmem_unbind_dmabuf(struct net_devmem_dmabuf_binding *binding);
void __net_devmem_dmabuf_binding_free(struct work_struct *work);

/*
 * net_devmem_bind_dmabuf(): 6.16 and 6.17 use the parent device; since 6.18,
 * "net: devmem: get netdev DMA device", the caller says which device.
 */
struct net_devmem_dmabuf_binding *
nmtx_bind_dmabuf_parent(struct net_device *dev, enum dma_data_direction dir,
			unsigned int fd, struct netdev_nl_sock *priv,
			struct netlink_ext_ack *extack);
struct net_devmem_dmabuf_binding *
nmtx_bind_dmabuf_dma_dev(struct net_device *dev, struct device *dma_dev,
			 enum dma_data_direction dir, unsigned int fd,
			 struct netdev_nl_sock *priv,
			 struct netlink_ext_ack *extack);

/*
 * netdev_queue_get_dma_dev(): since 6.18; 7.1, with queue leasing, added the
 * queue's type.
 */
struct device *nmtx_get_dma_dev_idx(struct net_device *dev, int idx);
struct device *nmtx_get_dma_dev_type(struct net_device *dev, unsigned int idx,
				     unsigned int type);

#endif
