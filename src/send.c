// SPDX-License-Identifier: GPL-2.0
/*
 * sendmsg() with a dma-buf id: may this socket send it?
 *
 * Behaviour: net_devmem_get_binding() of Linux 7.2. On 6.16 and 6.17 the stock
 * function compares interface numbers without their namespace, so there we
 * answer for every id, by pointer.
 */
#include "netmem_tx.h"

#include <linux/xarray.h>
#include <net/dst.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "binding.h"
#include "layout.h"
#include "send.h"
#include "stats.h"
#include "symbols.h"

/* The kernel's table of bindings; only where we answer for every id. */
static struct xarray *all_bindings __ro_after_init;

/**
 * nmtx_send_init - find the kernel's bindings where we need them
 *
 * Context: process context, module init, after nmtx_layout_check().
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_send_init(void)
{
	if (nmtx_layout.bind_takes_dma_dev)
		return 0;
	all_bindings = (void *)nmtx_symbol("net_devmem_dmabuf_bindings");
	return all_bindings ? 0 : -ENOENT;
}

/**
 * nmtx_send_is_ours - is the look at this dma-buf id ours?
 * @id: from sendmsg()
 *
 * Context: from ftrace, on entry of net_devmem_get_binding().
 * Return: true when nmtx_get_binding() has to be called instead.
 */
bool nmtx_send_is_ours(unsigned int id)
{
	bool ours;

	if (all_bindings)
		return true;
	rcu_read_lock();
	ours = nmtx_binding_by_id(id);
	rcu_read_unlock();
	return ours;
}

/* The device a socket's packets leave by; the route is rebuilt if it expired. */
static struct net_device *route_device(struct sock *sk)
{
	struct dst_entry *dst = __sk_dst_get(sk);
	struct net_device *dev;

	if (unlikely(!dst)) {
		if (inet_csk(sk)->icsk_af_ops->rebuild_header(sk))
			return ERR_PTR(-EHOSTUNREACH);
		dst = __sk_dst_get(sk);
	}
	dev = dst ? READ_ONCE(dst->dev) : NULL;
	return dev ?: ERR_PTR(-ENODEV);
}

/*
 * The two devices that a binding may be sent by; RCU read side, which keeps
 * the binding: unbind waits for readers after it took the id away.
 */
static int allowed_devices(unsigned int id, const struct net_device **nic,
			   const struct net_device **vdev)
{
	const struct nmtx_binding *entry = nmtx_binding_by_id(id);
	struct net_devmem_dmabuf_binding *binding;

	if (entry) {
		*nic = READ_ONCE(entry->nic);
		*vdev = READ_ONCE(entry->vdev);
		return 0;
	}
	/* Not ours, or unbound since nmtx_send_is_ours() looked. */
	binding = all_bindings ? xa_load(all_bindings, id) : NULL;
	if (!binding || !*nmtx_private(binding, void *, binding_tx_vec))
		return -EINVAL;
	*nic = READ_ONCE(*nmtx_binding_dev(binding));
	*vdev = NULL;
	return 0;
}

static struct net_devmem_dmabuf_binding *get_binding(struct sock *sk,
						     unsigned int id)
{
	const struct net_device *nic, *vdev, *dev;
	int err;

	err = allowed_devices(id, &nic, &vdev);
	if (err)
		return ERR_PTR(err);
	dev = route_device(sk);
	if (IS_ERR(dev))
		return ERR_CAST(dev);
	if (dev != nic && dev != vdev)
		return ERR_PTR(-ENODEV);
	/* Takes the reference that sendmsg() puts. */
	return static_call(nmtx_lookup_dmabuf)(id) ?: ERR_PTR(-EINVAL);
}

/**
 * nmtx_get_binding - takes the place of net_devmem_get_binding()
 * @sk: the sending TCP socket, locked
 * @id: dmabuf id from the control message
 *
 * Context: process context.
 * Return: the binding with a reference; or a negative errno as a pointer:
 * -EINVAL for an id that is no TX binding, -EHOSTUNREACH when the route cannot
 * be rebuilt, -ENODEV when it leads elsewhere.
 */
struct net_devmem_dmabuf_binding *nmtx_get_binding(struct sock *sk,
						   unsigned int id)
{
	struct net_devmem_dmabuf_binding *binding;

	rcu_read_lock();
	binding = get_binding(sk, id);
	rcu_read_unlock();
	if (IS_ERR(binding))
		nmtx_count(NMTX_STAT_SEND_REFUSED);
	return binding;
}
