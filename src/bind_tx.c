// SPDX-License-Identifier: GPL-2.0
/*
 * bind-tx on a NO_DMA device: bind on the NIC that it has a lease of.
 *
 * Behaviour and texts: netdev_nl_bind_tx_doit() of Linux 7.2. What we add: the
 * NIC is looked at again under its lock, and the transmit hook is there first.
 */
#include "netmem_tx.h"

#include <linux/dma-buf.h>
#include <linux/scatterlist.h>
#include <net/genetlink.h>
#include <net/netdev_lock.h>
#include <net/netdev_netlink.h>
#include <uapi/linux/netdev.h>

#include "bind_tx.h"
#include "binding.h"
#include "compat/bind_dmabuf.h"
#include "control.h"
#include "hooks.h"
#include "layout.h"
#include "lease.h"
#include "stats.h"
#include "symbols.h"
#include "validate.h"
#include "xmit_hook.h"

/**
 * struct bind_request - one bind-tx on its way
 * @info: the request
 * @ifindex: device it names, in the namespace of the caller
 * @fd: the dma-buf
 * @priv: bindings of the netlink socket
 * @entry: our entry for the binding
 * @id: where the reply has room for the id of the binding
 */
struct bind_request {
	struct genl_info *info;
	u32 ifindex;
	u32 fd;
	struct netdev_nl_sock *priv;
	struct nmtx_binding *entry;
	struct nlattr *id;
};

/**
 * nmtx_bind_tx_mode - of which mode is the device that bind-tx names?
 * @info: the request
 *
 * Context: from ftrace, on entry of netdev_nl_bind_tx_doit().
 * Return: its mode: nmtx_bind_tx_doit() is for NO_DMA, nmtx_direct_bind_tx_doit()
 * for DMA. NONE also when there is no such device or an attribute is missing.
 */
enum netmem_tx_mode nmtx_bind_tx_mode(const struct genl_info *info)
{
	const struct nlattr *ifindex = info->attrs[NETDEV_A_DEV_IFINDEX];
	enum netmem_tx_mode mode;
	struct net_device *dev;

	if (!ifindex || !info->attrs[NETDEV_A_DMABUF_FD])
		return NETMEM_TX_NONE;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(genl_info_net(info), nla_get_u32(ifindex));
	mode = dev ? netmem_tx_mode(dev) : NETMEM_TX_NONE;
	rcu_read_unlock();
	return mode;
}

/* A registered, present device, locked; or NULL. */
static struct net_device *get_device_locked(struct net *net, u32 ifindex)
{
	struct net_device *dev = dev_get_by_index(net, ifindex);

	if (!dev)
		return NULL;
	netdev_lock(dev);
	if (dev->reg_state == NETREG_REGISTERED && netif_device_present(dev) &&
	    net_eq(dev_net(dev), net)) {
		dev_put(dev);	/* it cannot go while it is locked */
		return dev;
	}
	netdev_unlock(dev);
	dev_put(dev);
	return NULL;
}

/*
 * 7.1 refuses dma-bufs that do not come in whole pages; before it, they
 * corrupt memory. So the size is looked at before the stock function gets the
 * dma-buf, and the pages after. What attaching and mapping say comes first, as
 * in 7.2.
 */
static int check_dmabuf(struct dma_buf *dmabuf, struct device *dma_dev,
			struct netlink_ext_ack *extack)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
	int err = -EINVAL;

	if (IS_ALIGNED(dmabuf->size, PAGE_SIZE))
		return 0;
	attach = dma_buf_attach(dmabuf, dma_dev);
	if (IS_ERR(attach)) {
		NL_SET_ERR_MSG(extack, "Failed to bind dmabuf to device");
		return PTR_ERR(attach);
	}
	sgt = dma_buf_map_attachment_unlocked(attach, DMA_TO_DEVICE);
	if (IS_ERR(sgt)) {
		NL_SET_ERR_MSG(extack, "Failed to map dmabuf attachment");
		err = PTR_ERR(sgt);
	} else {
		NL_SET_ERR_MSG(extack, "TX dma-buf size must be a multiple of PAGE_SIZE");
		dma_buf_unmap_attachment_unlocked(attach, sgt, DMA_TO_DEVICE);
	}
	dma_buf_detach(dmabuf, attach);
	return err;
}

static int check_pages(const struct net_devmem_dmabuf_binding *binding,
		       const struct dma_buf *dmabuf,
		       struct netlink_ext_ack *extack)
{
	struct sg_table *sgt = *nmtx_private(binding, struct sg_table *,
					     binding_sgt);
	struct scatterlist *sg;
	int i;

	if (*nmtx_private(binding, struct dma_buf *, binding_dmabuf) != dmabuf)
		return -EBADF;	/* the fd was replaced meanwhile */
	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (IS_ALIGNED(sg_dma_len(sg), PAGE_SIZE))
			continue;
		NL_SET_ERR_MSG(extack, "dma-buf SG length must be PAGE_SIZE aligned");
		return -EINVAL;
	}
	return 0;
}

/* Bind on @nic; vdev, NIC and the socket are locked, the NIC was checked. */
static int bind_on_nic(struct bind_request *req, struct net_device *vdev,
		       struct net_device *nic, struct device *dma_dev,
		       struct dma_buf *dmabuf)
{
	struct netlink_ext_ack *extack = req->info->extack;
	struct nmtx_binding *entry = req->entry;
	struct net_devmem_dmabuf_binding *binding;
	int err;

	binding = nmtx_bind_dmabuf(nic, dma_dev, req->fd, req->priv, extack);
	if (IS_ERR(binding))
		return PTR_ERR(binding);

	err = check_pages(binding, dmabuf, extack);
	if (err)
		goto err_unbind;

	entry->binding = binding;
	entry->vdev = vdev;
	entry->nic = nic;
	entry->vdev_ifindex = vdev->ifindex;
	entry->nic_ifindex = nic->ifindex;
	entry->dma_dev = get_device(dma_dev);
	err = nmtx_lease_publish(entry);
	if (err) {
		NL_SET_ERR_MSG(extack, "No DMA-capable device found for netmem TX");
		goto err_unbind;
	}
	return 0;

err_unbind:
	static_call(nmtx_unbind_dmabuf)(binding);
	return err;
}

/* The dma-buf is looked at in the order of the stock handler. */
static int bind_dmabuf(struct bind_request *req, struct net_device *vdev,
		       struct net_device *nic)
{
	struct netlink_ext_ack *extack = req->info->extack;
	struct device *dma_dev = nmtx_dma_device(nic);
	struct dma_buf *dmabuf;
	int err;

	if (!dma_dev) {
		NL_SET_ERR_MSG(extack, "Device doesn't support DMA");
		return -EOPNOTSUPP;
	}
	dmabuf = dma_buf_get(req->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	err = check_dmabuf(dmabuf, dma_dev, extack) ?:
	      bind_on_nic(req, vdev, nic, dma_dev, dmabuf);
	dma_buf_put(dmabuf);
	return err;
}

/* vdev is locked. Order of locks: virtual, then physical, as in 7.2. */
static int bind_vdev(struct bind_request *req, struct net_device *vdev)
{
	struct netlink_ext_ack *extack = req->info->extack;
	netdevice_tracker tracker;
	struct net_device *nic;
	int err = -EOPNOTSUPP;

	if (netmem_tx_mode(vdev) != NETMEM_TX_NO_DMA) {
		NL_SET_ERR_MSG(extack, "Driver does not support netmem TX");
		return -EOPNOTSUPP;
	}
	nmtx_validate_learn(vdev);
	nic = nmtx_lease_get_nic(vdev, &tracker);
	if (!nic || !req->entry) {
		NL_SET_ERR_MSG(extack, "No DMA-capable device found for netmem TX");
		goto out_put;
	}

	/* Before 7.1 netkit and NIC share a lockdep class. */
	mutex_lock_nested(&nic->lock, SINGLE_DEPTH_NESTING);
	if (nic->reg_state == NETREG_REGISTERED && nmtx_lease_usable(nic))
		err = bind_dmabuf(req, vdev, nic);
	else
		NL_SET_ERR_MSG(extack, "No DMA-capable device found for netmem TX");
	netdev_unlock(nic);
out_put:
	if (nic)
		netdev_put(nic, &tracker);
	return err;
}

static int bind_locked(struct bind_request *req)
{
	struct net_device *vdev;
	int err = -ENODEV;

	mutex_lock(&req->priv->lock);
	vdev = get_device_locked(genl_info_net(req->info), req->ifindex);
	if (vdev) {
		err = bind_vdev(req, vdev);
		if (!err) {
			/* The socket's lock keeps the entry from going. */
			*(u32 *)nla_data(req->id) = req->entry->id;
			nmtx_control_binding_event(req->entry, true);
		}
		netdev_unlock(vdev);
	}
	mutex_unlock(&req->priv->lock);
	return err;
}

/* The hook and the entry, only where a lease makes success possible. */
static int prepare_entry(struct bind_request *req)
{
	struct net *net = genl_info_net(req->info);
	int err;

	if (!nmtx_lease_exists(net, req->ifindex))
		return 0;
	err = nmtx_xmit_hook_get(req->info->extack);
	if (err)
		return err;
	req->entry = nmtx_binding_new(net, req->info->extack);
	if (!IS_ERR(req->entry))
		return 0;
	err = PTR_ERR(req->entry);
	req->entry = NULL;
	nmtx_xmit_hook_put();
	return err;
}

static int bind_tx(struct sk_buff *skb, struct genl_info *info)
{
	struct bind_request req = {
		.info = info,
		.ifindex = nla_get_u32(info->attrs[NETDEV_A_DEV_IFINDEX]),
		.fd = nla_get_u32(info->attrs[NETDEV_A_DMABUF_FD]),
	};
	struct sk_buff *rsp;
	void *hdr;
	int err;

	req.priv = static_call(nmtx_genl_sk_priv_get)((void *)info->family,
						      NETLINK_CB(skb).sk);
	if (IS_ERR(req.priv))
		return PTR_ERR(req.priv);
	rsp = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!rsp)
		return -ENOMEM;
	hdr = genlmsg_iput(rsp, info);
	/* Before there is a binding: nobody could end one without an id. */
	req.id = hdr ? nla_reserve(rsp, NETDEV_A_DMABUF_ID, sizeof(u32)) : NULL;
	err = req.id ? prepare_entry(&req) : -EMSGSIZE;
	if (!err) {
		err = bind_locked(&req);
		if (err && req.entry)
			nmtx_binding_discard(req.entry);
	}
	if (err) {
		nlmsg_free(rsp);
		return err;
	}
	genlmsg_end(rsp, hdr);
	return genlmsg_reply(rsp, info);
}

/**
 * nmtx_bind_tx_doit - takes the place of netdev_nl_bind_tx_doit()
 * @skb: the request
 * @info: the request, parsed; both attributes are there
 *
 * Context: process context, generic netlink.
 * Return: 0; -ENODEV when the device is not there or not present;
 * -EOPNOTSUPP without a usable lease or while draining; -EBUSY when the
 * transmit hook is taken; -ENOSPC at the limit of the namespace; what
 * dma_buf_get() and the stock binding function say.
 */
int nmtx_bind_tx_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	nmtx_hooks_enter();
	err = bind_tx(skb, info);
	if (err)
		nmtx_count(NMTX_STAT_BIND_REFUSED);
	nmtx_hooks_leave();
	return err;
}
