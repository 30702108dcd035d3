// SPDX-License-Identifier: GPL-2.0
/*
 * An owner of a function that netmem_tx hooks: a livepatch of it.
 * insmod owner_klp.ko func=NAME; off: echo 0 >/sys/kernel/livepatch/owner_klp/enabled
 *
 * What it puts in place is good enough for ordinary traffic; devmem is refused.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <net/gso.h>

static char *func;
module_param(func, charp, 0444);
MODULE_PARM_DESC(func, "function to patch");

static struct sk_buff *new_validate_xmit_skb(struct sk_buff *skb,
					     struct net_device *dev, bool *again)
{
	netdev_features_t features = netif_skb_features(skb);
	struct sk_buff *segs;

	if (netif_needs_gso(skb, features)) {
		segs = __skb_gso_segment(skb, features, true);
		if (IS_ERR(segs))
			goto drop;
		if (!segs)
			return skb;
		consume_skb(skb);
		return segs;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_csum_hwoffload_help(skb, features))
		goto drop;
	return skb;

drop:
	kfree_skb(skb);
	return NULL;
}

static struct sk_buff *new_skb_segment(struct sk_buff *skb,
				       netdev_features_t features)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static __wsum new_copy_and_csum_bits(const struct sk_buff *skb, int offset,
				     u8 *to, int len)
{
	memset(to, 0, len);
	return 0;
}

static int new_bind_tx_doit(struct sk_buff *skb, struct genl_info *info)
{
	return -EOPNOTSUPP;
}

static void *new_get_binding(struct sock *sk, unsigned int id)
{
	return ERR_PTR(-EINVAL);
}

/* Nothing is bound while these two are patched. */
static void new_unbind(void *binding)
{
}

static void new_free(struct work_struct *work)
{
}

/* Nobody logs, queues or signs while these are. */
static int new_reader(void)
{
	return -EOPNOTSUPP;
}

static void new_log(void)
{
}

static struct klp_func known[] = {
	{ .old_name = "validate_xmit_skb", .new_func = new_validate_xmit_skb },
	{ .old_name = "skb_segment", .new_func = new_skb_segment },
	{ .old_name = "skb_copy_and_csum_bits", .new_func = new_copy_and_csum_bits },
	{ .old_name = "netdev_nl_bind_tx_doit", .new_func = new_bind_tx_doit },
	{ .old_name = "net_devmem_get_binding", .new_func = new_get_binding },
	{ .old_name = "net_devmem_unbind_dmabuf", .new_func = new_unbind },
	{ .old_name = "__net_devmem_dmabuf_binding_free", .new_func = new_free },
	{ .old_name = "nf_queue", .new_func = new_reader },
	{ .old_name = "nf_log_packet", .new_func = new_log },
	{ .old_name = "nf_log_trace", .new_func = new_log },
	{ .old_name = "tcp_sigpool_hash_skb_data", .new_func = new_reader },
	{ .old_name = "tcp_md5_hash_skb_data", .new_func = new_log },
};

static struct klp_func patched[2];	/* the last one ends the list */

static struct klp_object objects[] = {
	{ .funcs = patched },		/* no name: the kernel itself */
	{ },
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init owner_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!func || strcmp(known[i].old_name, func))
			continue;
		patched[0] = known[i];
		return klp_enable_patch(&patch);
	}
	return -EINVAL;
}
module_init(owner_init);

static void __exit owner_exit(void)
{
}
module_exit(owner_exit);

MODULE_DESCRIPTION("Test: livepatch of a function that netmem_tx hooks");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
