// SPDX-License-Identifier: GPL-2.0
/*
 * Leases: which NIC a NO_DMA device may bind to.
 *
 * From 7.1 on it is the kernel's own lease of an RX queue. Before, it is the
 * table here. The rules are those of 7.1: only the peer end of a netkit pair,
 * and one NIC for one device.
 */
#include "netmem_tx.h"

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>

#include "compat/rxq_lease.h"
#include "control.h"
#include "lease.h"
#include "xmit_hook.h"

/**
 * struct nmtx_lease - a lease of our own
 * @by_vdev: in leases_by_vdev
 * @list: in leases
 * @vdev: who may bind
 * @nic: where
 *
 * Both devices stay valid while the lease is in the list: it leaves the list
 * before either of them is freed, see nmtx_lease_device_gone().
 */
struct nmtx_lease {
	struct hlist_node by_vdev;
	struct list_head list;
	struct net_device *vdev;
	struct net_device *nic;
};

static DEFINE_HASHTABLE(leases_by_vdev, 8);
static LIST_HEAD(leases);		/* oldest first, for those who read them */
static DEFINE_MUTEX(leases_lock);	/* inside RTNL and instance locks */
static unsigned int n_leases;

static struct nmtx_lease *find_lease(const struct net_device *vdev)
{
	struct nmtx_lease *lease;

	lockdep_assert_held(&leases_lock);
	hash_for_each_possible(leases_by_vdev, lease, by_vdev,
			       (unsigned long)vdev)
		if (lease->vdev == vdev)
			return lease;
	return NULL;
}

/* Which end of its pair a netkit is: only its link attributes tell. */
static int check_netkit_end(struct net_device *vdev,
			    struct netlink_ext_ack *extack)
{
	const struct rtnl_link_ops *ops = vdev->rtnl_link_ops;
	const struct nlattr *attr;
	struct sk_buff *msg;
	int err, rem;

	if (!netmem_tx_is_netkit(vdev))
		return 0;
	msg = alloc_skb(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = ops->fill_info(msg, vdev);
	nla_for_each_attr(attr, (struct nlattr *)msg->data, msg->len, rem) {
		if (!err && nla_type(attr) == IFLA_NETKIT_PRIMARY &&
		    nla_get_u8(attr)) {
			NL_SET_ERR_MSG(extack, "netkit can only lease against the peer device");
			err = -EOPNOTSUPP;
		}
	}
	kfree_skb(msg);
	return err;
}

static int check_pair(struct net_device *vdev, struct net_device *nic,
		      struct netlink_ext_ack *extack)
{
	if (netmem_tx_mode(vdev) != NETMEM_TX_NO_DMA || vdev->dev.parent) {
		NL_SET_ERR_MSG(extack, "Only a netkit or another NO_DMA device can have a lease");
		return -EOPNOTSUPP;
	}
	if (!nic->dev.parent || netmem_tx_mode(nic) == NETMEM_TX_NO_DMA) {
		NL_SET_ERR_MSG(extack, "Only a physical NIC can be leased");
		return -EOPNOTSUPP;
	}
	return check_netkit_end(vdev, extack);
}

static int insert_lease(struct nmtx_lease *new, struct netlink_ext_ack *extack)
{
	struct nmtx_lease *lease;
	int err = 0;

	mutex_lock(&leases_lock);
	lease = find_lease(new->vdev);
	if (!lease) {
		hash_add(leases_by_vdev, &new->by_vdev,
			 (unsigned long)new->vdev);
		list_add_tail(&new->list, &leases);
		WRITE_ONCE(n_leases, n_leases + 1);
	} else if (lease->nic == new->nic) {
		NL_SET_ERR_MSG(extack, "The device has this lease already");
		err = -EEXIST;
	} else {
		NL_SET_ERR_MSG(extack, "Leasing queues from different devices not supported");
		err = -EOPNOTSUPP;
	}
	mutex_unlock(&leases_lock);
	return err;
}

/**
 * nmtx_lease_add - let a NO_DMA device bind to a NIC
 * @vdev: the device
 * @nic: the NIC
 * @extack: gets the reason of a refusal
 *
 * On success the lease owns one nmtx_xmit_hook_get() of the caller.
 *
 * Context: process context, RTNL.
 * Return: 0; -EOPNOTSUPP for devices that cannot; -EEXIST; -ENOMEM.
 */
int nmtx_lease_add(struct net_device *vdev, struct net_device *nic,
		   struct netlink_ext_ack *extack)
{
	struct nmtx_lease *lease;
	int err;

	ASSERT_RTNL();
	err = check_pair(vdev, nic, extack);
	if (err)
		return err;
	lease = kzalloc(sizeof(*lease), GFP_KERNEL);
	if (!lease)
		return -ENOMEM;
	lease->vdev = vdev;
	lease->nic = nic;
	err = insert_lease(lease, extack);
	if (err)
		kfree(lease);
	else
		nmtx_control_lease_event(vdev, nic, true);
	return err;
}

/* The bindings made with the lease may send no more. */
static void remove_lease(struct nmtx_lease *lease)
{
	lockdep_assert_held(&leases_lock);
	hash_del(&lease->by_vdev);
	list_del(&lease->list);
	WRITE_ONCE(n_leases, n_leases - 1);
	nmtx_bindings_revoke(lease->vdev, NULL);
	nmtx_control_lease_event(lease->vdev, lease->nic, false);
	kfree(lease);
	nmtx_xmit_hook_put();
}

/**
 * nmtx_lease_del - take a lease back
 * @vdev: the device
 * @nic: the NIC, NULL for whichever it is
 * @extack: gets the reason of a refusal
 *
 * Context: process context, RTNL.
 * Return: 0; -ENOENT when there is no such lease.
 */
int nmtx_lease_del(struct net_device *vdev, const struct net_device *nic,
		   struct netlink_ext_ack *extack)
{
	struct nmtx_lease *lease;
	int err = 0;

	mutex_lock(&leases_lock);
	lease = find_lease(vdev);
	if (lease && (!nic || lease->nic == nic)) {
		remove_lease(lease);
	} else {
		NL_SET_ERR_MSG(extack, "The device has no such lease");
		err = -ENOENT;
	}
	mutex_unlock(&leases_lock);
	return err;
}

/**
 * nmtx_lease_device_gone - a device goes, and its leases with it
 * @dev: the device, unregistering; either side of a lease
 *
 * Context: process context, RTNL.
 */
void nmtx_lease_device_gone(const struct net_device *dev)
{
	struct nmtx_lease *lease, *next;

	mutex_lock(&leases_lock);
	lease = find_lease(dev);
	if (lease)
		remove_lease(lease);
	/* Only a device with a parent can be the NIC of a lease. */
	if (dev->dev.parent)
		list_for_each_entry_safe(lease, next, &leases, list)
			if (lease->nic == dev)
				remove_lease(lease);
	mutex_unlock(&leases_lock);
}

/**
 * nmtx_leases_exit - forget all leases
 *
 * Context: process context, module exit.
 */
void nmtx_leases_exit(void)
{
	struct nmtx_lease *lease, *next;

	mutex_lock(&leases_lock);
	list_for_each_entry_safe(lease, next, &leases, list)
		remove_lease(lease);
	mutex_unlock(&leases_lock);
}

/**
 * nmtx_lease_usable - can a leased NIC be bound to?
 * @nic: the NIC
 *
 * Context: any; final only under the NIC's instance lock.
 * Return: true when it is present and in mode DMA.
 */
bool nmtx_lease_usable(const struct net_device *nic)
{
	return netif_device_present(nic) &&
	       netmem_tx_mode(nic) == NETMEM_TX_DMA;
}

static struct net_device *own_nic(const struct net_device *vdev,
				  netdevice_tracker *tracker)
{
	struct nmtx_lease *lease;
	struct net_device *nic = NULL;

	mutex_lock(&leases_lock);
	lease = find_lease(vdev);
	if (lease && nmtx_lease_usable(lease->nic)) {
		nic = lease->nic;
		netdev_hold(nic, tracker, GFP_KERNEL);
	}
	mutex_unlock(&leases_lock);
	return nic;
}

/**
 * nmtx_lease_get_nic - the NIC that a device may bind to
 * @vdev: the device, its instance lock held
 * @tracker: for the reference
 *
 * Behaviour: netdev_find_netmem_tx_dev() of Linux 7.2.
 *
 * Context: process context.
 * Return: the first usable NIC, with a reference; or NULL.
 */
struct net_device *nmtx_lease_get_nic(struct net_device *vdev,
				      netdevice_tracker *tracker)
{
	struct net_device *nic;
	unsigned int i;

	if (!NMTX_NATIVE_LEASES)
		return own_nic(vdev, tracker);
	for (i = 0; i < vdev->real_num_rx_queues; i++) {
		nic = nmtx_rxq_leased_from(vdev, i);
		if (nic && nmtx_lease_usable(nic)) {
			netdev_hold(nic, tracker, GFP_KERNEL);
			return nic;
		}
	}
	return NULL;
}

/**
 * nmtx_lease_exists - could bind-tx on a device succeed?
 * @net: namespace of the device
 * @ifindex: the device
 *
 * Asked before any lock is taken, so that a bind that has no lease does not
 * attach the transmit hook. The answer is a hint.
 *
 * Context: process context.
 * Return: true when the device has a usable lease.
 */
bool nmtx_lease_exists(struct net *net, int ifindex)
{
	netdevice_tracker tracker;
	struct net_device *vdev, *nic;

	vdev = dev_get_by_index(net, ifindex);
	if (!vdev)
		return false;
	netdev_lock(vdev);
	nic = vdev->reg_state == NETREG_REGISTERED ?
	      nmtx_lease_get_nic(vdev, &tracker) : NULL;
	netdev_unlock(vdev);
	dev_put(vdev);
	if (nic)
		netdev_put(nic, &tracker);
	return nic;
}

/**
 * nmtx_lease_publish - publish a binding if its lease still holds
 * @entry: the binding, complete
 *
 * Whoever takes the lease away afterwards finds the binding and revokes it.
 *
 * Context: process context, both devices' instance locks held.
 * Return: 0; -EOPNOTSUPP when the lease is gone or a drain came first.
 */
int nmtx_lease_publish(struct nmtx_binding *entry)
{
	struct nmtx_lease *lease;
	int err = -EOPNOTSUPP;

	/* The kernel's own leases change under the lock of the device. */
	if (NMTX_NATIVE_LEASES)
		return nmtx_binding_publish(entry);
	mutex_lock(&leases_lock);
	lease = find_lease(entry->vdev);
	if (lease && lease->nic == entry->nic)
		err = nmtx_binding_publish(entry);
	mutex_unlock(&leases_lock);
	return err;
}

/**
 * nmtx_leases_count - number of leases in the module's table
 *
 * Context: any.
 * Return: the number; 0 on kernels with leases of their own.
 */
unsigned int nmtx_leases_count(void)
{
	return READ_ONCE(n_leases);
}

/**
 * nmtx_leases_walk - show the module's leases
 * @pos: how many were shown; kept by the caller
 * @fn: called with the leases locked; an error ends the walk at @pos
 * @data: for @fn
 *
 * Context: process context.
 * Return: 0 at the end, or what @fn said.
 */
int nmtx_leases_walk(unsigned long *pos,
		     int (*fn)(const struct net_device *vdev,
			       const struct net_device *nic, void *data),
		     void *data)
{
	struct nmtx_lease *lease;
	unsigned long n = 0;
	int err = 0;

	mutex_lock(&leases_lock);
	list_for_each_entry(lease, &leases, list) {
		if (n >= *pos)
			err = fn(lease->vdev, lease->nic, data);
		if (err)
			break;
		n++;
	}
	mutex_unlock(&leases_lock);
	*pos = n;
	return err;
}
