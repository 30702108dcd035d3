// SPDX-License-Identifier: GPL-2.0
/* What the module keeps of each network namespace. */
#include "netmem_tx.h"

#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "netns.h"

struct nmtx_pernet {
	struct nmtx_netns *netns;
};

static unsigned int pernet_id;

static int __net_init netns_init(struct net *net)
{
	struct nmtx_pernet *pernet = net_generic(net, pernet_id);

	pernet->netns = kzalloc(sizeof(*pernet->netns), GFP_KERNEL);
	if (!pernet->netns)
		return -ENOMEM;
	refcount_set(&pernet->netns->ref, 1);
	pernet->netns->inum = net->ns.inum;
	return 0;
}

/**
 * nmtx_netns_get - keep an entry beyond its namespace
 * @netns: the entry
 *
 * Context: any.
 * Return: @netns.
 */
struct nmtx_netns *nmtx_netns_get(struct nmtx_netns *netns)
{
	refcount_inc(&netns->ref);
	return netns;
}

/**
 * nmtx_netns_put - give an entry back
 * @netns: the entry
 *
 * Context: any.
 */
void nmtx_netns_put(struct nmtx_netns *netns)
{
	if (refcount_dec_and_test(&netns->ref))
		kfree(netns);
}

static void __net_exit netns_exit(struct net *net)
{
	struct nmtx_pernet *pernet = net_generic(net, pernet_id);

	nmtx_netns_put(pernet->netns);
}

static struct pernet_operations pernet_ops = {
	.init = netns_init,
	.exit = netns_exit,
	.id = &pernet_id,
	.size = sizeof(struct nmtx_pernet),
};

/**
 * nmtx_netns_of - what is kept of a network namespace
 * @net: the namespace
 *
 * Context: any; @net is held.
 * Return: its entry; valid while @net is.
 */
struct nmtx_netns *nmtx_netns_of(const struct net *net)
{
	struct nmtx_pernet *pernet = net_generic(net, pernet_id);

	return pernet->netns;
}

/**
 * nmtx_netns_init - start
 *
 * Context: process context, module init.
 * Return: 0 or a negative errno.
 */
int __init nmtx_netns_init(void)
{
	return register_pernet_subsys(&pernet_ops);
}

/**
 * nmtx_netns_exit - stop
 *
 * Context: process context, module exit, no binding is left.
 */
void nmtx_netns_exit(void)
{
	unregister_pernet_subsys(&pernet_ops);
}
