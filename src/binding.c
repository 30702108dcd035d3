// SPDX-License-Identifier: GPL-2.0
/*
 * The bindings made through NO_DMA devices.
 *
 *   new ──► published ──► revoked ──► unbound ──► freeing ──► gone
 *                 └──────────────────────▲
 *
 * published: sendmsg() finds it by id, and may send through its vdev.
 * revoked: lease, vdev or NIC is gone, or the module is drained; vdev is NULL.
 * unbound: the socket was closed; packets in flight keep the binding.
 * freeing: the stock function unmaps it. Then we give back what we held.
 */
#include "netmem_tx.h"

#include <linux/dma-buf.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "binding.h"
#include "control.h"
#include "hooks.h"
#include "layout.h"
#include "netns.h"
#include "stats.h"
#include "symbols.h"
#include "trace.h"
#include "xmit_hook.h"

#define NMTX_HASH_BITS 12

static DEFINE_HASHTABLE(bindings_by_id, NMTX_HASH_BITS);
static DEFINE_HASHTABLE(bindings_by_ptr, NMTX_HASH_BITS);
static DEFINE_SPINLOCK(bindings_lock);		/* the tables, entry state */
/* A binding is not freed, and its dev is ours to clear, under this. */
static DEFINE_MUTEX(bindings_mutex);
static unsigned int n_bindings;
static bool draining;

static unsigned int max_bindings = 65536;
module_param(max_bindings, uint, 0644);
MODULE_PARM_DESC(max_bindings, "bindings through NO_DMA devices for each network namespace (default 65536)");

/**
 * nmtx_binding_new - an entry for a binding that is about to be made
 * @net: namespace that bind-tx was called in
 * @extack: gets the reason of a refusal
 *
 * It holds references on the module and the transmit hook: what
 * nmtx_xmit_hook_get() took goes over to the entry.
 *
 * Context: process context.
 * Return: the entry, or a negative errno as a pointer: -ENOSPC at the limit
 * of the namespace, -EOPNOTSUPP while draining or unloading, -ENOMEM.
 */
struct nmtx_binding *nmtx_binding_new(struct net *net,
				      struct netlink_ext_ack *extack)
{
	struct nmtx_netns *netns = nmtx_netns_of(net);
	struct nmtx_binding *entry;

	if (READ_ONCE(draining) || !try_module_get(THIS_MODULE)) {
		NL_SET_ERR_MSG(extack, "Driver does not support netmem TX");
		return ERR_PTR(-EOPNOTSUPP);
	}
	if (atomic_inc_return(&netns->bindings) > READ_ONCE(max_bindings)) {
		NL_SET_ERR_MSG(extack, "Too many bindings in this network namespace (max_bindings)");
		entry = ERR_PTR(-ENOSPC);
		goto err_count;
	}
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry) {
		entry = ERR_PTR(-ENOMEM);
		goto err_count;
	}
	entry->netns = nmtx_netns_get(netns);
	entry->uid = current_uid();
	entry->pid = get_pid(task_tgid(current));
	entry->pins_module = true;
	return entry;

err_count:
	atomic_dec(&netns->bindings);
	module_put(THIS_MODULE);
	return entry;
}

/**
 * nmtx_binding_discard - give an entry and all it holds back
 * @entry: not in any table, or never was
 *
 * Context: process context.
 */
void nmtx_binding_discard(struct nmtx_binding *entry)
{
	bool pins_module = entry->pins_module;

	put_device(entry->dma_dev);
	put_pid(entry->pid);
	atomic_dec(&entry->netns->bindings);
	nmtx_netns_put(entry->netns);
	nmtx_xmit_hook_put();
	kfree_rcu(entry, rcu);
	if (pins_module)
		module_put(THIS_MODULE);
}

/**
 * nmtx_binding_publish - let sends find a binding
 * @entry: with binding, vdev, nic and dma_dev set
 *
 * Context: process context, the NIC's instance lock held.
 * Return: 0; -EOPNOTSUPP when a drain came first: nothing was published.
 */
int nmtx_binding_publish(struct nmtx_binding *entry)
{
	struct dma_buf *dmabuf = *nmtx_private(entry->binding, struct dma_buf *,
					       binding_dmabuf);
	int err = 0;

	entry->id = nmtx_binding_id(entry->binding);
	entry->size = dmabuf->size;

	spin_lock_bh(&bindings_lock);
	if (draining) {
		err = -EOPNOTSUPP;
	} else {
		hash_add_rcu(bindings_by_id, &entry->by_id, entry->id);
		hash_add_rcu(bindings_by_ptr, &entry->by_ptr,
			     (unsigned long)entry->binding);
		n_bindings++;
	}
	spin_unlock_bh(&bindings_lock);
	if (err)
		return err;

	nmtx_count(NMTX_STAT_BIND);
	trace_netmem_tx_bind(entry->id, entry->vdev_ifindex, entry->nic_ifindex);
	return 0;
}

/**
 * nmtx_binding_by_id - find a binding that sends may use
 * @id: dmabuf id
 *
 * Context: RCU read side.
 * Return: the entry, valid under RCU; NULL when the id is not ours.
 */
struct nmtx_binding *nmtx_binding_by_id(u32 id)
{
	struct nmtx_binding *entry;

	hash_for_each_possible_rcu(bindings_by_id, entry, by_id, id)
		if (entry->id == id)
			return entry;
	return NULL;
}

static struct nmtx_binding *binding_by_ptr(const void *binding)
{
	struct nmtx_binding *entry;

	hash_for_each_possible_rcu(bindings_by_ptr, entry, by_ptr,
				   (unsigned long)binding)
		if (entry->binding == binding)
			return entry;
	return NULL;
}

/**
 * nmtx_binding_unbound - a binding is being unbound: no more sends
 * @binding: any binding, RX ones too
 *
 * Context: from ftrace, on entry of net_devmem_unbind_dmabuf().
 */
void nmtx_binding_unbound(struct net_devmem_dmabuf_binding *binding)
{
	struct nmtx_binding *entry;

	rcu_read_lock();
	entry = binding_by_ptr(binding);
	if (entry) {
		spin_lock_bh(&bindings_lock);
		WRITE_ONCE(entry->vdev, NULL);
		entry->unbound = true;
		hash_del_rcu(&entry->by_id);
		spin_unlock_bh(&bindings_lock);
		trace_netmem_tx_unbind(entry->id, entry->vdev_ifindex,
				       entry->nic_ifindex);
	}
	rcu_read_unlock();
}

/**
 * nmtx_binding_is_known - is this a binding of ours?
 * @binding: any binding
 *
 * Context: any.
 * Return: true while it is in the table and not being freed.
 */
bool nmtx_binding_is_known(const struct net_devmem_dmabuf_binding *binding)
{
	struct nmtx_binding *entry;
	bool known;

	rcu_read_lock();
	entry = binding_by_ptr(binding);
	known = entry && !READ_ONCE(entry->freeing);
	rcu_read_unlock();
	return known;
}

/**
 * nmtx_binding_free_is_ours - has our function to free this binding?
 * @work: the work item in the binding
 *
 * Context: from ftrace, on entry of __net_devmem_dmabuf_binding_free().
 * Return: true once for each binding of ours; false when it is our function
 * that calls the stock one.
 */
bool nmtx_binding_free_is_ours(struct work_struct *work)
{
	return nmtx_binding_is_known(nmtx_work_binding(work));
}

/**
 * nmtx_binding_free_work - takes the place of __net_devmem_dmabuf_binding_free()
 * @work: the work item in a binding of ours
 *
 * Calls the stock function, which unmaps the dma-buf, and gives back the
 * reference on the NIC's device only then. The call is a direct one; our hook
 * lets it pass.
 *
 * Context: process context, work queue.
 */
void nmtx_binding_free_work(struct work_struct *work)
{
	struct nmtx_binding *entry;

	nmtx_hooks_enter();
	mutex_lock(&bindings_mutex);
	rcu_read_lock();
	entry = binding_by_ptr(nmtx_work_binding(work));
	rcu_read_unlock();
	/* It is there: only this function takes it out, once. */
	WRITE_ONCE(entry->freeing, true);
	mutex_unlock(&bindings_mutex);

	static_call(nmtx_binding_free)(work);

	mutex_lock(&bindings_mutex);
	spin_lock_bh(&bindings_lock);
	hash_del_rcu(&entry->by_ptr);
	n_bindings--;
	spin_unlock_bh(&bindings_lock);
	mutex_unlock(&bindings_mutex);
	nmtx_control_binding_event(entry, false);
	nmtx_binding_discard(entry);
	nmtx_hooks_leave();
}

/**
 * nmtx_bindings_revoke - no more sends through a device
 * @vdev: bindings of this device, NULL for all
 * @nic: bindings to this NIC, NULL for all
 *
 * Context: any.
 */
void nmtx_bindings_revoke(const struct net_device *vdev,
			  const struct net_device *nic)
{
	struct nmtx_binding *entry;
	int bucket;

	if (!nmtx_bindings_count())
		return;
	spin_lock_bh(&bindings_lock);
	hash_for_each(bindings_by_ptr, bucket, entry, by_ptr)
		if ((!vdev || entry->vdev == vdev) &&
		    (!nic || entry->nic == nic))
			WRITE_ONCE(entry->vdev, NULL);
	spin_unlock_bh(&bindings_lock);
}

/**
 * nmtx_binding_clear_dev - the kernel's own way to say that a NIC is gone
 * @binding: the kernel's binding, not freed yet
 *
 * Context: process context.
 */
void nmtx_binding_clear_dev(struct net_devmem_dmabuf_binding *binding)
{
	struct mutex *lock = nmtx_private(binding, struct mutex, binding_lock);

	mutex_lock(lock);
	WRITE_ONCE(*nmtx_binding_dev(binding), NULL);
	mutex_unlock(lock);
}

/*
 * 6.16 and 6.17 read the device of a binding in sendmsg() without a test for
 * NULL. Where it is cleared, our hook has to stay until the binding is gone.
 */
static bool may_clear_dev(struct nmtx_binding *entry)
{
	if (entry->freeing)
		return false;
	if (!nmtx_layout.bind_takes_dma_dev && !entry->pins_module)
		entry->pins_module = try_module_get(THIS_MODULE);
	return nmtx_layout.bind_takes_dma_dev || entry->pins_module;
}

/**
 * nmtx_bindings_nic_gone - leave no pointer to a NIC that is going
 * @nic: the NIC, unregistering
 *
 * The kernel clears the device of RX bindings only; a TX binding would keep
 * it, and closing the socket would use it after it was freed.
 *
 * Context: process context, RTNL.
 */
void nmtx_bindings_nic_gone(const struct net_device *nic)
{
	struct nmtx_binding *entry;
	int bucket;

	if (!nmtx_bindings_count())
		return;
	nmtx_bindings_revoke(NULL, nic);
	mutex_lock(&bindings_mutex);
	hash_for_each(bindings_by_ptr, bucket, entry, by_ptr) {
		if (entry->nic != nic)
			continue;
		if (may_clear_dev(entry))
			nmtx_binding_clear_dev(entry->binding);
		WRITE_ONCE(entry->nic, NULL);
	}
	mutex_unlock(&bindings_mutex);
}

/* See may_clear_dev(). */
static bool must_pin(const struct nmtx_binding *entry)
{
	return !nmtx_layout.bind_takes_dma_dev && !entry->nic && !entry->unbound;
}

/**
 * nmtx_bindings_drain - revoke all bindings and take no new ones
 * @on: false ends it
 *
 * Afterwards no binding holds the module, so that it can be unloaded.
 *
 * Context: process context.
 * Return: how many bindings lost their right to send.
 */
unsigned int nmtx_bindings_drain(bool on)
{
	unsigned int revoked = 0, unpinned = 0;
	struct nmtx_binding *entry;
	int bucket;

	mutex_lock(&bindings_mutex);
	spin_lock_bh(&bindings_lock);
	WRITE_ONCE(draining, on);
	hash_for_each(bindings_by_ptr, bucket, entry, by_ptr) {
		if (!on)
			break;
		revoked += !!entry->vdev;
		WRITE_ONCE(entry->vdev, NULL);
		if (entry->pins_module && !entry->freeing && !must_pin(entry)) {
			entry->pins_module = false;
			unpinned++;
		}
	}
	spin_unlock_bh(&bindings_lock);
	mutex_unlock(&bindings_mutex);

	while (unpinned--)
		module_put(THIS_MODULE);
	return revoked;
}

/**
 * nmtx_bindings_draining - are new bindings refused?
 *
 * Context: any.
 * Return: true after nmtx_bindings_drain(true).
 */
bool nmtx_bindings_draining(void)
{
	return READ_ONCE(draining);
}

/**
 * nmtx_bindings_count - number of bindings that are not freed yet
 *
 * Context: any.
 * Return: the number.
 */
unsigned int nmtx_bindings_count(void)
{
	return READ_ONCE(n_bindings);
}

/**
 * nmtx_bindings_max - limit of bindings for each network namespace
 *
 * Context: any.
 * Return: the parameter max_bindings.
 */
unsigned int nmtx_bindings_max(void)
{
	return READ_ONCE(max_bindings);
}

/**
 * nmtx_bindings_walk - show bindings, from where the last walk stopped
 * @pos: bucket and place in it; 0 at first, kept by the caller
 * @fn: called with the bindings locked; an error ends the walk at @pos
 * @data: for @fn
 *
 * Context: process context.
 * Return: 0 at the end, or what @fn said.
 */
int nmtx_bindings_walk(unsigned long *pos,
		       int (*fn)(const struct nmtx_binding *entry, void *data),
		       void *data)
{
	unsigned long bucket = *pos >> 32, skip = (u32)*pos, n;
	struct nmtx_binding *entry;
	int err = 0;

	spin_lock_bh(&bindings_lock);
	for (; bucket < HASH_SIZE(bindings_by_ptr); bucket++, skip = 0) {
		n = 0;
		hlist_for_each_entry(entry, &bindings_by_ptr[bucket], by_ptr) {
			if (n >= skip)
				err = fn(entry, data);
			if (err)
				goto out;
			n++;
		}
	}
	n = 0;
out:
	spin_unlock_bh(&bindings_lock);
	*pos = bucket << 32 | n;
	return err;
}

/**
 * nmtx_bindings_exit - forget what is left, after a drain
 *
 * Bindings that live on are the kernel's alone from here.
 *
 * Context: process context, module exit, no hook is in place any more.
 */
void nmtx_bindings_exit(void)
{
	struct nmtx_binding *entry;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(bindings_by_ptr, bucket, next, entry, by_ptr) {
		hash_del_rcu(&entry->by_ptr);
		hash_del_rcu(&entry->by_id);
		nmtx_binding_discard(entry);
	}
}
