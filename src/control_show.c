// SPDX-License-Identifier: GPL-2.0
/* What control shows of devices and bindings. */
#include "netmem_tx.h"

#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "binding.h"
#include "control.h"
#include "netns.h"

static enum netmem_tx_nl_source mode_source(const struct net_device *dev)
{
	if (netmem_tx_is_netkit(dev))
		return NETMEM_TX_NL_SOURCE_NETKIT;
	if (netmem_tx_registered_no_dma(dev))
		return NETMEM_TX_NL_SOURCE_HEADER;
	return dev->netmem_tx ? NETMEM_TX_NL_SOURCE_DRIVER :
				NETMEM_TX_NL_SOURCE_NONE;
}

static int fill_dev(struct sk_buff *msg, const struct net_device *dev)
{
	return nla_put_u32(msg, NETMEM_TX_A_DEV_IFINDEX, dev->ifindex) ?:
	       nla_put_string(msg, NETMEM_TX_A_DEV_IFNAME, dev->name) ?:
	       nla_put_u32(msg, NETMEM_TX_A_DEV_MODE, netmem_tx_mode(dev)) ?:
	       nla_put_u32(msg, NETMEM_TX_A_DEV_SOURCE, mode_source(dev));
}

/**
 * nmtx_control_dev_get - NETMEM_TX_CMD_DEV_GET for one device
 * @skb: the request
 * @info: the request, parsed
 *
 * Context: generic netlink.
 * Return: 0; -EINVAL, -ENODEV, -ENOMEM.
 */
int nmtx_control_dev_get(struct sk_buff *skb, struct genl_info *info)
{
	struct net_device *dev;
	struct sk_buff *rsp;
	int err = -ENODEV;
	void *hdr;

	if (GENL_REQ_ATTR_CHECK(info, NETMEM_TX_A_DEV_IFINDEX))
		return -EINVAL;
	rsp = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	hdr = rsp ? genlmsg_iput(rsp, info) : NULL;
	if (!hdr) {
		nlmsg_free(rsp);
		return -ENOMEM;
	}
	rcu_read_lock();
	dev = dev_get_by_index_rcu(genl_info_net(info),
				   nla_get_u32(info->attrs[NETMEM_TX_A_DEV_IFINDEX]));
	if (dev)
		err = fill_dev(rsp, dev);
	rcu_read_unlock();
	if (err) {
		nlmsg_free(rsp);
		return err;
	}
	genlmsg_end(rsp, hdr);
	return genlmsg_reply(rsp, info);
}

static void *dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &nmtx_family, NLM_F_MULTI, cmd);
}

static int dump_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/**
 * nmtx_control_dev_dump - NETMEM_TX_CMD_DEV_GET for all devices
 * @skb: where the answer goes
 * @cb: the dump
 *
 * Context: generic netlink.
 * Return: length of the answer so far, or a negative errno.
 */
int nmtx_control_dev_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net_device *dev;
	int err = 0;
	void *hdr;

	rcu_read_lock();
	for_each_netdev_dump(sock_net(skb->sk), dev, cb->args[0]) {
		hdr = dump_put(skb, cb, NETMEM_TX_CMD_DEV_GET);
		err = hdr ? dump_end(skb, hdr, fill_dev(skb, dev)) : -EMSGSIZE;
		if (err)
			break;
	}
	rcu_read_unlock();
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static u32 binding_state(const struct nmtx_binding *entry)
{
	if (entry->unbound)
		return NETMEM_TX_NL_BINDING_UNBOUND;
	return READ_ONCE(entry->vdev) ? NETMEM_TX_NL_BINDING_LIVE :
					NETMEM_TX_NL_BINDING_REVOKED;
}

/* @sk: a reader, whose user and pid namespaces count; NULL: the host's. */
static int fill_binding(struct sk_buff *msg, const struct nmtx_binding *entry,
			bool show_nic, struct user_namespace *user_ns,
			struct pid_namespace *pid_ns)
{
	int err;

	err = nla_put_u32(msg, NETMEM_TX_A_BINDING_ID, entry->id) ?:
	      nla_put_u32(msg, NETMEM_TX_A_BINDING_STATE, binding_state(entry)) ?:
	      nla_put_u32(msg, NETMEM_TX_A_BINDING_VDEV_IFINDEX, entry->vdev_ifindex) ?:
	      nla_put_u32(msg, NETMEM_TX_A_BINDING_VDEV_NETNS_INUM, entry->netns->inum) ?:
	      nla_put_u32(msg, NETMEM_TX_A_BINDING_UID,
			  from_kuid_munged(user_ns, entry->uid)) ?:
	      nla_put_u32(msg, NETMEM_TX_A_BINDING_PID,
			  pid_nr_ns(entry->pid, pid_ns)) ?:
	      nla_put_u64_64bit(msg, NETMEM_TX_A_BINDING_SIZE, entry->size,
				NETMEM_TX_A_BINDING_PAD);
	if (!err && show_nic)
		err = nla_put_u32(msg, NETMEM_TX_A_BINDING_NIC_IFINDEX,
				  entry->nic_ifindex);
	return err;
}

/**
 * struct binding_walk - a dump on its way
 * @skb: where it goes
 * @cb: the dump
 * @netns: namespace of the reader
 * @sees_all: show other namespaces, and NICs
 */
struct binding_walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct nmtx_netns *netns;
	bool sees_all;
};

static int dump_binding(const struct nmtx_binding *entry, void *data)
{
	struct binding_walk *walk = data;
	int err;
	void *hdr;

	if (!walk->sees_all && entry->netns != walk->netns)
		return 0;
	hdr = dump_put(walk->skb, walk->cb, NETMEM_TX_CMD_BINDING_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = fill_binding(walk->skb, entry, walk->sees_all, current_user_ns(),
			   task_active_pid_ns(current));
	return dump_end(walk->skb, hdr, err);
}

/**
 * nmtx_control_binding_dump - NETMEM_TX_CMD_BINDING_GET
 * @skb: where the answer goes
 * @cb: the dump
 *
 * Context: generic netlink.
 * Return: length of the answer so far, or a negative errno.
 */
int nmtx_control_binding_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct binding_walk walk = {
		.skb = skb,
		.cb = cb,
		.netns = nmtx_netns_of(sock_net(skb->sk)),
		.sees_all = nmtx_control_sees_all(cb->skb),
	};
	int err;

	err = nmtx_bindings_walk(&cb->args[0], dump_binding, &walk);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

/**
 * nmtx_control_binding_event - tell of a binding that came or went
 * @entry: the binding
 * @add: it came
 *
 * Told in the initial namespace, to the administrators of the host.
 *
 * Context: process context.
 */
void nmtx_control_binding_event(const struct nmtx_binding *entry, bool add)
{
	struct sk_buff *msg;
	void *hdr;

	if (!nmtx_control_heard(&init_net))
		return;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &nmtx_family, 0,
			  add ? NETMEM_TX_CMD_BINDING_ADD_NTF :
				NETMEM_TX_CMD_BINDING_DEL_NTF);
	if (!hdr || fill_binding(msg, entry, true, &init_user_ns,
				 &init_pid_ns)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	nmtx_control_notify(msg, &init_net);
}
