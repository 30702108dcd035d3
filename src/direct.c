// SPDX-License-Identifier: GPL-2.0
/*
 * Bindings made on a NIC itself, without a netkit. They are the kernel's; we
 * only see to it that they do not outlive their NIC with a pointer to it.
 *
 * Up to 7.1 the kernel clears the NIC in RX bindings alone when it goes. A
 * socket that is closed later uses freed memory, and so does the unmapping if
 * the NIC's parent is gone too. What was bound before the module was loaded
 * cannot be found; it stays as it is.
 */
#include "netmem_tx.h"

#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netdev_lock.h>
#include <net/netdev_netlink.h>

#include "binding.h"
#include "compat/bind_dmabuf.h"
#include "direct.h"
#include "hooks.h"
#include "layout.h"
#include "symbols.h"

/**
 * struct direct_binding - a binding that is watched
 * @node: hash by the kernel's binding; until that is freed
 * @binding: the kernel's binding
 * @nic: its NIC; NULL when that is gone. Compared, never dereferenced
 * @dma_dev: the NIC's device, a reference until the binding is freed
 * @freeing: the stock function is freeing the binding
 * @pins_module: holds a reference on this module
 * @rcu: for freeing
 */
struct direct_binding {
	struct hlist_node node;
	struct net_devmem_dmabuf_binding *binding;
	struct net_device *nic;
	struct device *dma_dev;
	bool freeing;
	bool pins_module;
	struct rcu_head rcu;
};

static DEFINE_HASHTABLE(direct_bindings, 8);
/* The table; a binding is not freed, and its dev is ours to clear, under it. */
static DEFINE_MUTEX(direct_mutex);

/**
 * struct direct_call - a bind-tx that we have passed on
 * @list: in direct_calls
 * @info: the request; its hook lets this one pass
 */
struct direct_call {
	struct list_head list;
	const struct genl_info *info;
};

static LIST_HEAD(direct_calls);
static DEFINE_SPINLOCK(direct_calls_lock);

/**
 * nmtx_direct_passed_on - is it us who call the stock function?
 * @info: the request
 *
 * Context: from ftrace, on entry of netdev_nl_bind_tx_doit().
 * Return: true inside nmtx_direct_bind_tx_doit() for @info.
 */
bool nmtx_direct_passed_on(const struct genl_info *info)
{
	struct direct_call *call;
	bool found = false;

	spin_lock(&direct_calls_lock);
	list_for_each_entry(call, &direct_calls, list)
		found |= call->info == info;
	spin_unlock(&direct_calls_lock);
	return found;
}

static struct direct_binding *find_rcu(const void *binding)
{
	struct direct_binding *entry;

	hash_for_each_possible_rcu(direct_bindings, entry, node,
				   (unsigned long)binding)
		if (entry->binding == binding)
			return entry;
	return NULL;
}

/*
 * Of a binding that is on a socket's list. One that is being freed is on none:
 * what lies at its address is a new one, and will be found before it.
 */
static bool is_known(const void *binding)
{
	const struct direct_binding *entry;
	bool known;

	rcu_read_lock();
	entry = find_rcu(binding);
	known = entry && !READ_ONCE(entry->freeing);
	rcu_read_unlock();
	/* The same socket may bind a netkit that leads to this NIC. */
	return known || nmtx_binding_is_known(binding);
}

/*
 * The binding that the stock function has just made: on @nic, for TX, and not
 * known yet. The newest is the first.
 */
static struct net_devmem_dmabuf_binding *new_binding(struct netdev_nl_sock *priv,
						     const struct net_device *nic)
{
	struct net_devmem_dmabuf_binding *binding;
	struct list_head *pos;

	lockdep_assert_held(&priv->lock);
	list_for_each(pos, &priv->bindings) {
		binding = (void *)pos - nmtx_layout.binding_list;
		if (READ_ONCE(*nmtx_binding_dev(binding)) == nic &&
		    *nmtx_private(binding, void *, binding_tx_vec) &&
		    !is_known(binding))
			return binding;
	}
	return NULL;
}

/*
 * 6.16 and 6.17 read the device of a binding in sendmsg() without a test for
 * NULL. Where it is cleared, our hook there has to stay until the binding is
 * gone. While the module is being unloaded that cannot be had.
 */
static bool clear_nic(struct direct_binding *entry)
{
	lockdep_assert_held(&direct_mutex);
	if (!nmtx_layout.bind_takes_dma_dev) {
		if (!try_module_get(THIS_MODULE))
			return false;
		entry->pins_module = true;
	}
	nmtx_binding_clear_dev(entry->binding);
	WRITE_ONCE(entry->nic, NULL);
	return true;
}

/* Put what was bound into the table. Meanwhile the NIC may have gone. */
static bool watch(struct direct_binding *entry, struct netdev_nl_sock *priv)
{
	struct net_device *nic = entry->nic;
	bool found;

	mutex_lock(&priv->lock);
	netdev_lock(nic);
	entry->binding = new_binding(priv, nic);
	found = entry->binding;
	if (found) {
		mutex_lock(&direct_mutex);
		hash_add_rcu(direct_bindings, &entry->node,
			     (unsigned long)entry->binding);
		if (nic->reg_state != NETREG_REGISTERED)
			clear_nic(entry);
		mutex_unlock(&direct_mutex);
	}
	netdev_unlock(nic);
	mutex_unlock(&priv->lock);
	return found;
}

static void forget(struct direct_binding *entry)
{
	bool pins_module = entry->pins_module;

	put_device(entry->dma_dev);
	kfree_rcu(entry, rcu);
	if (pins_module)
		module_put(THIS_MODULE);
}

/* The NIC of the request and its DMA device, with references; or NULL. */
static struct net_device *get_nic(struct genl_info *info,
				  struct direct_binding *entry,
				  netdevice_tracker *tracker)
{
	u32 ifindex = nla_get_u32(info->attrs[NETDEV_A_DEV_IFINDEX]);
	struct net_device *nic;

	nic = netdev_get_by_index(genl_info_net(info), ifindex, tracker,
				  GFP_KERNEL);
	if (!nic)
		return NULL;
	netdev_lock(nic);
	if (nic->reg_state == NETREG_REGISTERED && netif_device_present(nic))
		entry->dma_dev = get_device(nmtx_dma_device(nic));
	netdev_unlock(nic);
	entry->nic = nic;
	return nic;
}

static int pass_on(struct sk_buff *skb, struct genl_info *info)
{
	struct direct_call call = { .info = info };
	int err;

	spin_lock(&direct_calls_lock);
	list_add(&call.list, &direct_calls);
	spin_unlock(&direct_calls_lock);
	err = static_call(nmtx_bind_tx_stock)(skb, info);
	spin_lock(&direct_calls_lock);
	list_del(&call.list);
	spin_unlock(&direct_calls_lock);
	return err;
}

static int bind_tx(struct sk_buff *skb, struct genl_info *info)
{
	struct direct_binding *entry;
	struct netdev_nl_sock *priv;
	netdevice_tracker tracker;
	struct net_device *nic;
	int err;

	priv = static_call(nmtx_genl_sk_priv_get)((void *)info->family,
						  NETLINK_CB(skb).sk);
	if (IS_ERR(priv))
		return PTR_ERR(priv);
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	nic = get_nic(info, entry, &tracker);

	err = pass_on(skb, info);

	/* Even if it failed: where only the answer had no room, it has bound. */
	if (!nic || !entry->dma_dev || !watch(entry, priv))
		forget(entry);
	if (nic)
		netdev_put(nic, &tracker);
	return err;
}

/**
 * nmtx_direct_bind_tx_doit - takes the place of netdev_nl_bind_tx_doit()
 * @skb: the request
 * @info: the request, parsed; both attributes are there
 *
 * Calls the stock function; the answer is all its own.
 *
 * Context: process context, generic netlink.
 * Return: what the stock function said; -ENOMEM.
 */
int nmtx_direct_bind_tx_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;

	nmtx_hooks_enter();
	err = bind_tx(skb, info);
	nmtx_hooks_leave();
	return err;
}

/**
 * nmtx_direct_nic_gone - leave no pointer to a NIC that is going
 * @nic: the NIC, unregistering
 *
 * Context: process context, RTNL.
 */
void nmtx_direct_nic_gone(const struct net_device *nic)
{
	struct direct_binding *entry;
	int bucket;

	mutex_lock(&direct_mutex);
	hash_for_each(direct_bindings, bucket, entry, node)
		if (entry->nic == nic && !entry->freeing)
			clear_nic(entry);
	mutex_unlock(&direct_mutex);
}

/**
 * nmtx_direct_free_is_ours - has our function to free this binding?
 * @work: the work item in the binding
 *
 * Context: from ftrace, on entry of __net_devmem_dmabuf_binding_free().
 * Return: true once for each binding that is watched; false when it is our
 * function that calls the stock one.
 */
bool nmtx_direct_free_is_ours(struct work_struct *work)
{
	struct direct_binding *entry;
	bool ours;

	rcu_read_lock();
	entry = find_rcu(nmtx_work_binding(work));
	ours = entry && !READ_ONCE(entry->freeing);
	rcu_read_unlock();
	return ours;
}

/**
 * nmtx_direct_free_work - takes the place of __net_devmem_dmabuf_binding_free()
 * @work: the work item in a binding that is watched
 *
 * Calls the stock function, and gives back the reference on the NIC's device
 * after it.
 *
 * Context: process context, work queue.
 */
void nmtx_direct_free_work(struct work_struct *work)
{
	struct direct_binding *entry;

	nmtx_hooks_enter();
	mutex_lock(&direct_mutex);
	rcu_read_lock();
	entry = find_rcu(nmtx_work_binding(work));
	rcu_read_unlock();
	/* It is there: only this function takes it out, once. */
	WRITE_ONCE(entry->freeing, true);
	mutex_unlock(&direct_mutex);

	static_call(nmtx_binding_free)(work);

	mutex_lock(&direct_mutex);
	hash_del_rcu(&entry->node);
	mutex_unlock(&direct_mutex);
	forget(entry);
	nmtx_hooks_leave();
}

/**
 * nmtx_direct_exit - watch no more
 *
 * Context: process context, module exit, no hook is in place any more.
 */
void nmtx_direct_exit(void)
{
	struct direct_binding *entry;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(direct_bindings, bucket, next, entry, node) {
		hash_del_rcu(&entry->node);
		forget(entry);
	}
}
