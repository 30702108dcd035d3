// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: a livepatch of validate_xmit_skb(). It does what the stock
 * function does with a readable packet, and the test of netmem_tx; the bench
 * sends no device memory while it is loaded.
 */
#include <linux/if_vlan.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/gso.h>
#include <net/sock.h>
#include <net/xfrm.h>

static struct sk_buff *crypto(struct sk_buff *skb, struct net_device *dev)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk))
		return skb;
	if (sk->sk_validate_xmit_skb)
		return sk->sk_validate_xmit_skb(sk, dev, skb);
	if (unlikely(skb_is_decrypted(skb))) {
		kfree_skb(skb);
		return NULL;
	}
#endif
	return skb;
}

static bool checksum(struct sk_buff *skb, netdev_features_t features)
{
	if (skb_needs_linearize(skb, features) && __skb_linearize(skb))
		return false;
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	if (skb->encapsulation)
		skb_set_inner_transport_header(skb, skb_checksum_start_offset(skb));
	else
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	return !skb_csum_hwoffload_help(skb, features);
}

static struct sk_buff *new_validate(struct sk_buff *skb, struct net_device *dev,
				    bool *again)
{
	netdev_features_t features = netif_skb_features(skb);
	struct sk_buff *segs;

	if (skb_vlan_tag_present(skb) &&
	    !vlan_hw_offload_capable(features, skb->vlan_proto))
		skb = __vlan_hwaccel_push_inside(skb);
	if (skb)
		skb = crypto(skb, dev);
	if (!skb)
		return NULL;
	if (unlikely(!skb_frags_readable(skb)))
		goto drop;
	if (netif_needs_gso(skb, features)) {
		segs = __skb_gso_segment(skb, features, true);
		if (IS_ERR(segs))
			goto drop;
		if (segs) {
			consume_skb(skb);
			skb = segs;
		}
	} else if (!checksum(skb, features)) {
		goto drop;
	}
	return validate_xmit_xfrm(skb, features, again);

drop:
	kfree_skb(skb);
	return NULL;
}

static struct klp_func funcs[] = {
	{ .old_name = "validate_xmit_skb", .new_func = new_validate },
	{ },
};

static struct klp_object objects[] = {
	{ .funcs = funcs },	/* no name: the kernel itself */
	{ },
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init klp_init(void)
{
	return klp_enable_patch(&patch);
}
module_init(klp_init);

static void __exit klp_exit(void)
{
}
module_exit(klp_exit);

MODULE_DESCRIPTION("Livepatch of validate_xmit_skb (benchmarks of netmem_tx)");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
