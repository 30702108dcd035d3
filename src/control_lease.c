// SPDX-License-Identifier: GPL-2.0
/* Control of leases: add, delete, show, tell. */
#include "netmem_tx.h"

#include <linux/rtnetlink.h>
#include <net/netdev_lock.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat/rxq_lease.h"
#include "control.h"
#include "lease.h"
#include "xmit_hook.h"

/* Namespace of the device: that of the caller, or the one of an open file. */
static struct net *get_vdev_net(struct genl_info *info)
{
	const struct nlattr *fd = info->attrs[NETMEM_TX_A_LEASE_VDEV_NETNS_FD];

	if (!fd)
		return get_net(genl_info_net(info));
	return get_net_ns_by_fd(nla_get_u32(fd));
}

static struct net_device *lease_device(struct genl_info *info, struct net *net,
				       int attrtype)
{
	const struct nlattr *attr = info->attrs[attrtype];
	struct net_device *dev;

	ASSERT_RTNL();
	dev = __dev_get_by_index(net, nla_get_u32(attr));
	if (!dev)
		NL_SET_BAD_ATTR(info->extack, attr);
	return dev;
}

static int lease_add(struct genl_info *info, struct net *vdev_net)
{
	struct net_device *vdev, *nic;
	int err = -ENODEV;

	rtnl_lock();
	vdev = lease_device(info, vdev_net, NETMEM_TX_A_LEASE_VDEV_IFINDEX);
	nic = lease_device(info, genl_info_net(info),
			   NETMEM_TX_A_LEASE_NIC_IFINDEX);
	if (vdev && nic)
		err = nmtx_lease_add(vdev, nic, info->extack);
	rtnl_unlock();
	return err;
}

/**
 * nmtx_control_lease_add - NETMEM_TX_CMD_LEASE_ADD
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: generic netlink, CAP_NET_ADMIN was checked.
 * Return: 0 or a negative errno.
 */
int nmtx_control_lease_add(struct sk_buff *skb, struct genl_info *info)
{
	struct net *vdev_net;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, NETMEM_TX_A_LEASE_VDEV_IFINDEX) ||
	    GENL_REQ_ATTR_CHECK(info, NETMEM_TX_A_LEASE_NIC_IFINDEX))
		return -EINVAL;
	if (NMTX_NATIVE_LEASES) {
		NL_SET_ERR_MSG(info->extack, "Kernel leases RX queues itself: queue-create of family netdev");
		return -EOPNOTSUPP;
	}
	vdev_net = get_vdev_net(info);
	if (IS_ERR(vdev_net))
		return PTR_ERR(vdev_net);

	err = nmtx_xmit_hook_get(info->extack);
	if (!err) {
		err = lease_add(info, vdev_net);
		if (err)
			nmtx_xmit_hook_put();
	}
	put_net(vdev_net);
	return err;
}

/**
 * nmtx_control_lease_del - NETMEM_TX_CMD_LEASE_DEL
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: generic netlink, CAP_NET_ADMIN was checked.
 * Return: 0 or a negative errno.
 */
int nmtx_control_lease_del(struct sk_buff *skb, struct genl_info *info)
{
	struct net_device *vdev, *nic = NULL;
	struct net *vdev_net;
	bool named_nic;
	int err = -ENODEV;

	if (GENL_REQ_ATTR_CHECK(info, NETMEM_TX_A_LEASE_VDEV_IFINDEX))
		return -EINVAL;
	if (NMTX_NATIVE_LEASES) {
		NL_SET_ERR_MSG(info->extack, "The kernel's leases end with their device");
		return -EOPNOTSUPP;
	}
	named_nic = info->attrs[NETMEM_TX_A_LEASE_NIC_IFINDEX];
	vdev_net = get_vdev_net(info);
	if (IS_ERR(vdev_net))
		return PTR_ERR(vdev_net);

	rtnl_lock();
	vdev = lease_device(info, vdev_net, NETMEM_TX_A_LEASE_VDEV_IFINDEX);
	if (named_nic)
		nic = lease_device(info, genl_info_net(info),
				   NETMEM_TX_A_LEASE_NIC_IFINDEX);
	if (vdev && (nic || !named_nic))
		err = nmtx_lease_del(vdev, nic, info->extack);
	rtnl_unlock();
	put_net(vdev_net);
	return err;
}

static int fill_lease(struct sk_buff *msg, const struct net_device *vdev,
		      const struct net_device *nic, bool native, bool show_nic)
{
	int err;

	err = nla_put_u32(msg, NETMEM_TX_A_LEASE_VDEV_IFINDEX, vdev->ifindex) ?:
	      nla_put_string(msg, NETMEM_TX_A_LEASE_VDEV_IFNAME, vdev->name) ?:
	      nla_put_u32(msg, NETMEM_TX_A_LEASE_VDEV_NETNS_INUM,
			  dev_net(vdev)->ns.inum);
	if (!err && native)
		err = nla_put_flag(msg, NETMEM_TX_A_LEASE_NATIVE);
	if (!err && show_nic)
		err = nla_put_u32(msg, NETMEM_TX_A_LEASE_NIC_IFINDEX, nic->ifindex) ?:
		      nla_put_string(msg, NETMEM_TX_A_LEASE_NIC_IFNAME, nic->name);
	return err;
}

/**
 * struct lease_walk - a dump on its way
 * @skb: where it goes
 * @cb: the dump
 * @sees_all: show other namespaces, and NICs
 */
struct lease_walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	bool sees_all;
};

static int dump_lease(const struct net_device *vdev,
		      const struct net_device *nic, void *data)
{
	struct lease_walk *walk = data;
	void *hdr;

	if (!walk->sees_all && !net_eq(dev_net(vdev), sock_net(walk->skb->sk)))
		return 0;
	hdr = genlmsg_put(walk->skb, NETLINK_CB(walk->cb->skb).portid,
			  walk->cb->nlh->nlmsg_seq, &nmtx_family, NLM_F_MULTI,
			  NETMEM_TX_CMD_LEASE_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (fill_lease(walk->skb, vdev, nic, NMTX_NATIVE_LEASES,
		       walk->sees_all)) {
		genlmsg_cancel(walk->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(walk->skb, hdr);
	return 0;
}

/* The kernel's leases of one device; one NIC for one device. */
static int dump_native_device(struct net_device *vdev, struct lease_walk *walk)
{
	struct net_device *nic = NULL;
	unsigned int i;
	int err = 0;

	if (netmem_tx_mode(vdev) != NETMEM_TX_NO_DMA)
		return 0;
	netdev_lock(vdev);
	for (i = 0; !nic && i < vdev->real_num_rx_queues; i++)
		nic = nmtx_rxq_leased_from(vdev, i);
	if (nic)
		err = dump_lease(vdev, nic, walk);
	netdev_unlock(vdev);
	return err;
}

/* They are found by the device that has them, in the reader's namespace. */
static int dump_native(struct lease_walk *walk)
{
	struct net_device *vdev;
	int err = 0;

	rtnl_lock();
	for_each_netdev_dump(sock_net(walk->skb->sk), vdev, walk->cb->args[0]) {
		err = dump_native_device(vdev, walk);
		if (err)
			break;
	}
	rtnl_unlock();
	return err;
}

/**
 * nmtx_control_lease_dump - NETMEM_TX_CMD_LEASE_GET
 * @skb: where the answer goes
 * @cb: the dump
 *
 * Context: generic netlink.
 * Return: length of the answer so far, or a negative errno.
 */
int nmtx_control_lease_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct lease_walk walk = {
		.skb = skb,
		.cb = cb,
		.sees_all = nmtx_control_sees_all(cb->skb),
	};
	int err;

	if (NMTX_NATIVE_LEASES)
		err = dump_native(&walk);
	else
		err = nmtx_leases_walk(&cb->args[0], dump_lease, &walk);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static void tell_lease(const struct net_device *vdev,
		       const struct net_device *nic, bool add, bool host)
{
	struct net *net = host ? &init_net : dev_net(vdev);
	struct sk_buff *msg;
	void *hdr;

	if (!nmtx_control_heard(net))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &nmtx_family, 0,
			  add ? NETMEM_TX_CMD_LEASE_ADD_NTF :
				NETMEM_TX_CMD_LEASE_DEL_NTF);
	if (!hdr || fill_lease(msg, vdev, nic, false, host)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	nmtx_control_notify(msg, net);
}

/**
 * nmtx_control_lease_event - tell of a lease that came or went
 * @vdev: the device
 * @nic: the NIC; told to the initial namespace only
 * @add: it came
 *
 * Context: process context.
 */
void nmtx_control_lease_event(const struct net_device *vdev,
			      const struct net_device *nic, bool add)
{
	tell_lease(vdev, nic, add, true);
	if (!net_eq(dev_net(vdev), &init_net))
		tell_lease(vdev, nic, add, false);
}
