// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "netmem-tx": status, counters, drain. The spec is
 * docs/netmem-tx.yaml.
 *
 * Everybody may read. What belongs to another network namespace is shown to
 * CAP_NET_ADMIN of the initial user namespace only, asking in the initial
 * network namespace. Leases need the same capability; so does drain, which
 * concerns all namespaces, and that network namespace. Events are heard with
 * CAP_NET_ADMIN in the user namespace that owns the network namespace.
 */
#include "netmem_tx.h"

#include <linux/rwsem.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "binding.h"
#include "compat/rxq_lease.h"
#include "control.h"
#include "lease.h"
#include "stats.h"
#include "xmit_hook.h"

/* Bindings may end, and tell of it, while the module is being unloaded. */
static DECLARE_RWSEM(open_lock);
static bool is_open;

/**
 * nmtx_control_sees_all - may this reader see other namespaces?
 * @request: its message
 *
 * Context: netlink.
 * Return: true for an administrator of the host, in its own namespace.
 */
bool nmtx_control_sees_all(struct sk_buff *request)
{
	return net_eq(sock_net(NETLINK_CB(request).sk), &init_net) &&
	       netlink_capable(request, CAP_NET_ADMIN);
}

/**
 * nmtx_control_heard - does anybody listen to notifications?
 * @net: in this namespace
 *
 * Asked first, so that bind-tx does not pay for messages to nobody.
 *
 * Context: any.
 * Return: true when nmtx_control_notify() has somebody to tell.
 */
bool nmtx_control_heard(struct net *net)
{
	return genl_has_listeners(&nmtx_family, net, 0);
}

/**
 * nmtx_control_notify - send a notification in a namespace
 * @msg: the message; consumed
 * @net: the namespace
 *
 * Context: process context.
 */
void nmtx_control_notify(struct sk_buff *msg, struct net *net)
{
	down_read(&open_lock);
	if (is_open)
		genlmsg_multicast_netns(&nmtx_family, net, msg, 0, 0, GFP_KERNEL);
	else
		nlmsg_free(msg);
	up_read(&open_lock);
}

/* A reply with header, or NULL. */
static struct sk_buff *reply_new(struct genl_info *info, void **hdr)
{
	struct sk_buff *rsp = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!rsp)
		return NULL;
	*hdr = genlmsg_iput(rsp, info);
	if (*hdr)
		return rsp;
	nlmsg_free(rsp);
	return NULL;
}

static int reply_send(struct sk_buff *rsp, void *hdr, struct genl_info *info,
		      int err)
{
	if (err) {
		nlmsg_free(rsp);
		return err;
	}
	genlmsg_end(rsp, hdr);
	return genlmsg_reply(rsp, info);
}

static int stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nmtx_stats sum;
	struct sk_buff *rsp;
	int i, err = 0;
	void *hdr;

	static_assert(NMTX_STATS - 1 ==
		      NETMEM_TX_A_STATS_MAX - NETMEM_TX_A_STATS_BIND);

	rsp = reply_new(info, &hdr);
	if (!rsp)
		return -ENOMEM;
	nmtx_stats_read(&sum);
	for (i = 0; !err && i < NMTX_STATS; i++)
		err = nla_put_u64_64bit(rsp, NETMEM_TX_A_STATS_BIND + i,
					sum.count[i], NETMEM_TX_A_STATS_PAD);
	return reply_send(rsp, hdr, info, err);
}

static int status_get(struct sk_buff *skb, struct genl_info *info)
{
	enum netmem_tx_nl_backend backend = nmtx_xmit_hook_backend();
	struct sk_buff *rsp;
	void *hdr;
	int err;

	rsp = reply_new(info, &hdr);
	if (!rsp)
		return -ENOMEM;
	err = nla_put_string(rsp, NETMEM_TX_A_STATUS_VERSION, NETMEM_TX_VERSION) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_NATIVE_LEASES, NMTX_NATIVE_LEASES) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_HOOK, nmtx_xmit_hook_wanted()) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_ATTACHED, !!backend) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_ATTACH_ALWAYS, nmtx_xmit_hook_always()) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_DRAINING, nmtx_bindings_draining()) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_LEASES, nmtx_leases_count()) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_BINDINGS, nmtx_bindings_count()) ?:
	      nla_put_u32(rsp, NETMEM_TX_A_STATUS_MAX_BINDINGS, nmtx_bindings_max());
	if (!err && backend)
		err = nla_put_u32(rsp, NETMEM_TX_A_STATUS_BACKEND, backend);
	return reply_send(rsp, hdr, info, err);
}

static int drain(struct sk_buff *skb, struct genl_info *info)
{
	unsigned int revoked;
	struct sk_buff *rsp;
	void *hdr;

	if (GENL_REQ_ATTR_CHECK(info, NETMEM_TX_A_DRAIN_ON))
		return -EINVAL;
	/* A container may have the capability, and no business of others. */
	if (!nmtx_control_sees_all(skb)) {
		NL_SET_ERR_MSG(info->extack, "Drain concerns all containers: only from the initial network namespace");
		return -EPERM;
	}
	rsp = reply_new(info, &hdr);
	if (!rsp)
		return -ENOMEM;
	revoked = nmtx_bindings_drain(nla_get_u32(info->attrs[NETMEM_TX_A_DRAIN_ON]));
	return reply_send(rsp, hdr, info,
			  nla_put_u32(rsp, NETMEM_TX_A_DRAIN_REVOKED, revoked));
}

static const struct nla_policy dev_policy[] = {
	[NETMEM_TX_A_DEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy lease_policy[] = {
	[NETMEM_TX_A_LEASE_VDEV_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[NETMEM_TX_A_LEASE_VDEV_NETNS_FD] = { .type = NLA_U32 },
	[NETMEM_TX_A_LEASE_NIC_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy drain_policy[] = {
	[NETMEM_TX_A_DRAIN_ON] = NLA_POLICY_MAX(NLA_U32, 1),
};

static const struct genl_split_ops ops[] = {
	{
		.cmd = NETMEM_TX_CMD_DEV_GET,
		.doit = nmtx_control_dev_get,
		.flags = GENL_CMD_CAP_DO,
		.policy = dev_policy,
		.maxattr = ARRAY_SIZE(dev_policy) - 1,
	}, {
		.cmd = NETMEM_TX_CMD_DEV_GET,
		.dumpit = nmtx_control_dev_dump,
		.flags = GENL_CMD_CAP_DUMP,
	}, {
		.cmd = NETMEM_TX_CMD_LEASE_ADD,
		.doit = nmtx_control_lease_add,
		.flags = GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
		.policy = lease_policy,
		.maxattr = ARRAY_SIZE(lease_policy) - 1,
	}, {
		.cmd = NETMEM_TX_CMD_LEASE_DEL,
		.doit = nmtx_control_lease_del,
		.flags = GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
		.policy = lease_policy,
		.maxattr = ARRAY_SIZE(lease_policy) - 1,
	}, {
		.cmd = NETMEM_TX_CMD_LEASE_GET,
		.dumpit = nmtx_control_lease_dump,
		.flags = GENL_CMD_CAP_DUMP,
	}, {
		.cmd = NETMEM_TX_CMD_BINDING_GET,
		.dumpit = nmtx_control_binding_dump,
		.flags = GENL_CMD_CAP_DUMP,
	}, {
		.cmd = NETMEM_TX_CMD_STATS_GET,
		.doit = stats_get,
		.flags = GENL_CMD_CAP_DO,
	}, {
		.cmd = NETMEM_TX_CMD_STATUS_GET,
		.doit = status_get,
		.flags = GENL_CMD_CAP_DO,
	}, {
		.cmd = NETMEM_TX_CMD_DRAIN,
		.doit = drain,
		.flags = GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
		.policy = drain_policy,
		.maxattr = ARRAY_SIZE(drain_policy) - 1,
	},
};

static const struct genl_multicast_group groups[] = {
	{
		.name = NETMEM_TX_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family nmtx_family __ro_after_init = {
	.name = NETMEM_TX_FAMILY_NAME,
	.version = NETMEM_TX_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.split_ops = ops,
	.n_split_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.module = THIS_MODULE,
};

/**
 * nmtx_control_init - open the control family
 *
 * Context: process context, module init, after everything it shows.
 * Return: 0 or a negative errno.
 */
int __init nmtx_control_init(void)
{
	int err = genl_register_family(&nmtx_family);

	is_open = !err;
	return err;
}

/**
 * nmtx_control_exit - close the control family
 *
 * Context: process context, module exit, first.
 */
void nmtx_control_exit(void)
{
	down_write(&open_lock);
	is_open = false;
	up_write(&open_lock);
	genl_unregister_family(&nmtx_family);
}
