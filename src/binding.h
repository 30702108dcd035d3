/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_BINDING_H
#define NETMEM_TX_BINDING_H

#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/uidgid.h>

struct net_devmem_dmabuf_binding;
struct netlink_ext_ack;
struct nmtx_netns;
struct pid;
struct work_struct;

/**
 * struct nmtx_binding - a TX binding made through a NO_DMA device
 * @by_id: hash by dmabuf id; not in it after unbind
 * @by_ptr: hash by the kernel's binding; until that is freed
 * @binding: the kernel's binding
 * @vdev: the device that bind-tx named; NULL when it may not send any more.
 *        Compared, never dereferenced
 * @nic: the NIC that does the DMA; NULL when it is gone. Compared, and
 *       dereferenced only under its own lock in bind-tx
 * @dma_dev: the NIC's device, a reference until the binding is freed
 * @netns: namespace that bind-tx was called in
 * @id: dmabuf id
 * @vdev_ifindex: as it was in bind-tx
 * @nic_ifindex: as it was in bind-tx
 * @uid: who called bind-tx
 * @pid: who called bind-tx, a reference
 * @size: of the dma-buf, in bytes
 * @unbound: the socket is closed; packets may be in flight
 * @freeing: the stock function is freeing the binding
 * @pins_module: holds a reference on this module
 * @rcu: for freeing
 */
struct nmtx_binding {
	struct hlist_node by_id;
	struct hlist_node by_ptr;
	struct net_devmem_dmabuf_binding *binding;
	struct net_device *vdev;
	struct net_device *nic;
	struct device *dma_dev;
	struct nmtx_netns *netns;
	u32 id;
	int vdev_ifindex;
	int nic_ifindex;
	kuid_t uid;
	struct pid *pid;
	u64 size;
	bool unbound;
	bool freeing;
	bool pins_module;
	struct rcu_head rcu;
};

struct nmtx_binding *nmtx_binding_new(struct net *net,
				      struct netlink_ext_ack *extack);
void nmtx_binding_discard(struct nmtx_binding *entry);
int nmtx_binding_publish(struct nmtx_binding *entry);

struct nmtx_binding *nmtx_binding_by_id(u32 id);
bool nmtx_binding_is_known(const struct net_devmem_dmabuf_binding *binding);
void nmtx_binding_unbound(struct net_devmem_dmabuf_binding *binding);
bool nmtx_binding_free_is_ours(struct work_struct *work);
void nmtx_binding_free_work(struct work_struct *work);
void nmtx_binding_clear_dev(struct net_devmem_dmabuf_binding *binding);

void nmtx_bindings_revoke(const struct net_device *vdev,
			  const struct net_device *nic);
void nmtx_bindings_nic_gone(const struct net_device *nic);
unsigned int nmtx_bindings_drain(bool on);
bool nmtx_bindings_draining(void);
unsigned int nmtx_bindings_count(void);
unsigned int nmtx_bindings_max(void);
int nmtx_bindings_walk(unsigned long *pos,
		       int (*fn)(const struct nmtx_binding *entry, void *data),
		       void *data);
void nmtx_bindings_exit(void);

#endif
