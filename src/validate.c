// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit validator for unreadable packets.
 *
 * On a NO_DMA device they pass on, as since Linux 7.2. On any device they are
 * dropped when they mix readable and unreadable fragments, carry a fragment
 * that was bound for another NIC, or would have to be read by software: native
 * kernels send zero or stale bytes then. All else is the stock validator's.
 */
#include "netmem_tx.h"

#include <linux/if_vlan.h>
#include <net/gso.h>
#include <net/netmem.h>
#include <net/sock.h>
#include <net/xfrm.h>

#include "layout.h"
#include "stats.h"
#include "trace.h"
#include "validate.h"

/* "No reason to drop"; not a drop counter. */
#define NMTX_KEEP NMTX_STATS

/*
 * The link ops of netkit, learnt from the first that was bound: it is built
 * in, so they stay. Every packet would compare the name otherwise.
 */
static const struct rtnl_link_ops *netkit_ops;

/**
 * nmtx_validate_learn - packets of this device will come
 * @dev: a NO_DMA device, held
 *
 * Context: any.
 */
void nmtx_validate_learn(const struct net_device *dev)
{
	if (IS_BUILTIN(CONFIG_NETKIT) && netmem_tx_is_netkit(dev))
		WRITE_ONCE(netkit_ops, dev->rtnl_link_ops);
}

static noinline enum netmem_tx_mode mode_by_name(const struct net_device *dev)
{
	return netmem_tx_mode(dev);
}

static __always_inline enum netmem_tx_mode packet_mode(const struct net_device *dev)
{
	const struct rtnl_link_ops *ops = READ_ONCE(dev->rtnl_link_ops);

	if (dev->netmem_tx)	/* no NO_DMA device has the bit */
		return NETMEM_TX_DMA;
	if (ops && ops == READ_ONCE(netkit_ops))
		return NETMEM_TX_NO_DMA;
	return mode_by_name(dev);
}

/* By pointers: the compiler bounds each index into frags with a test. */
#define for_each_frag(frag, end, skb)				\
	for (frag = skb_shinfo(skb)->frags,			\
	     end = frag + skb_shinfo(skb)->nr_frags;		\
	     frag < end; frag++)

/* Are all fragments unreadable? Each has the bit that says so. */
static enum nmtx_stat check_mixed(const struct sk_buff *skb)
{
	unsigned long all = NET_IOV;
	const skb_frag_t *frag, *end;

	for_each_frag(frag, end, skb)
		all &= (__force unsigned long)skb_frag_netmem(frag);
	return all ? NMTX_KEEP : NMTX_DROP_MIXED;
}

/*
 * The same, and is each devmem one bound for @nic? Those of one area, which is
 * an array, are of one binding; none but the first of them is looked into.
 */
static enum nmtx_stat check_owner(const struct sk_buff *skb,
				  const struct net_device *nic)
{
	unsigned long netmem, array = 0, bytes = 0;
	const struct net_iov_area *area;
	const skb_frag_t *frag, *end;
	struct net_iov *niov;

	for_each_frag(frag, end, skb) {
		netmem = (__force unsigned long)skb_frag_netmem(frag);
		if (netmem - array < bytes)
			continue;
		barrier();	/* read it again: the common case keeps no copy */
		if (!netmem_is_net_iov(skb_frag_netmem(frag)))
			return NMTX_DROP_MIXED;
		niov = netmem_to_net_iov(skb_frag_netmem(frag));
		if (niov->type == NET_IOV_DMABUF &&
		    READ_ONCE(*nmtx_binding_dev(nmtx_niov_binding(niov))) != nic)
			return NMTX_DROP_OWNER;
		area = net_iov_owner(niov);
		array = (__force unsigned long)net_iov_to_netmem(area->niovs);
		bytes = area->num_niovs * sizeof(*niov);
	}
	return NMTX_KEEP;
}

static bool needs_crypto(struct sk_buff *skb)
{
#ifdef CONFIG_SOCK_VALIDATE_XMIT
	const struct sock *sk = skb->sk;

	if (sk && sk_fullsock(sk) && sk->sk_validate_xmit_skb)
		return true;
#endif
#ifdef CONFIG_XFRM_OFFLOAD
	if (xfrm_offload(skb) && !(xfrm_offload(skb)->flags & XFRM_XMIT))
		return true;
#endif
	return skb_is_decrypted(skb);
}

/* Can the device do the checksum that is still missing? */
static bool hw_checksums(struct sk_buff *skb, netdev_features_t features)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	if (skb_csum_is_sctp(skb))
		return features & NETIF_F_SCTP_CRC;
	if (features & NETIF_F_HW_CSUM)
		return true;
	/* netif_skb_features() has cleared these if the protocol is another. */
	if (features & (NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM))
		return skb->csum_offset == offsetof(struct tcphdr, check) ||
		       skb->csum_offset == offsetof(struct udphdr, check);
	return false;
}

/* Would software have to read the packet, on a device with @features? */
static enum nmtx_stat check_software(struct sk_buff *skb,
				     netdev_features_t features)
{
	if (needs_crypto(skb))
		return NMTX_DROP_CRYPTO;
	if (netif_needs_gso(skb, features))
		return nmtx_segment_is_ours(skb, features) ? NMTX_DROP_GSO :
							     NMTX_KEEP;
	if ((skb_has_frag_list(skb) && !(features & NETIF_F_FRAGLIST)) ||
	    (skb_shinfo(skb)->nr_frags && !(features & NETIF_F_SG)))
		return NMTX_DROP_LINEARIZE;
	if (!hw_checksums(skb, features))
		return NMTX_DROP_CHECKSUM;
	return NMTX_KEEP;
}

/*
 * A device that cannot gather or checksum at all. Where it is only this
 * packet that it cannot do, the stock body's own error path drops it, and
 * segmentation has a hook of its own; this test saves the common case the
 * look at its features.
 */
static bool lacks_offloads(const struct net_device *dev)
{
	return !(dev->features & NETIF_F_SG) ||
	       !(dev->features & NETIF_F_CSUM_MASK);
}

static enum nmtx_stat check_dma(struct sk_buff *skb,
				const struct net_device *dev)
{
	enum nmtx_stat reason = check_owner(skb, dev);

	if (reason == NMTX_DROP_OWNER && nmtx_test_no_owner_check())
		return NMTX_KEEP;
	if (reason == NMTX_KEEP && unlikely(lacks_offloads(dev)))
		return check_software(skb, netif_skb_features(skb));
	return reason;
}

/**
 * nmtx_validate_is_ours - does validate_xmit_skb() leave this packet to us?
 * @skb: an unreadable packet
 * @dev: the device it is about to leave by
 *
 * Context: as validate_xmit_skb(): any, BH disabled or not; from ftrace.
 * Return: true when nmtx_validate_xmit_skb() has to be called instead.
 */
bool nmtx_validate_is_ours(struct sk_buff *skb, const struct net_device *dev)
{
	switch (packet_mode(dev)) {
	case NETMEM_TX_NO_DMA:
		return true;
	case NETMEM_TX_DMA:
		return nmtx_test_no_owner_check() ||
		       check_dma(skb, dev) != NMTX_KEEP;
	default:
		return false;
	}
}

static struct sk_buff *drop(struct sk_buff *skb, struct net_device *dev,
			    enum nmtx_stat reason)
{
	static const enum skb_drop_reason core_reason[NMTX_STATS] = {
		[NMTX_DROP_MIXED] = SKB_DROP_REASON_NOT_SPECIFIED,
		[NMTX_DROP_OWNER] = SKB_DROP_REASON_NOT_SPECIFIED,
		[NMTX_DROP_CHECKSUM] = SKB_DROP_REASON_SKB_CSUM,
		[NMTX_DROP_LINEARIZE] = SKB_DROP_REASON_SKB_UCOPY_FAULT,
		[NMTX_DROP_GSO] = SKB_DROP_REASON_SKB_GSO_SEG,
		[NMTX_DROP_CRYPTO] = SKB_DROP_REASON_NOT_SPECIFIED,
	};

	nmtx_count(reason);
	trace_netmem_tx_drop(skb, dev, reason);
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb_reason(skb, core_reason[reason]);
	return NULL;
}

/* What the stock validator does after its test, for a packet without GSO. */
static struct sk_buff *finish_plain(struct sk_buff *skb)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return skb;
	if (skb->encapsulation)
		skb_set_inner_transport_header(skb, skb_checksum_start_offset(skb));
	else
		skb_set_transport_header(skb, skb_checksum_start_offset(skb));
	return skb;
}

static struct sk_buff *finish_gso(struct sk_buff *skb, struct net_device *dev,
				  netdev_features_t features)
{
	struct sk_buff *segs = __skb_gso_segment(skb, features, true);

	/* If that was because it would have been read, segment.c counted it. */
	if (IS_ERR(segs)) {
		dev_core_stats_tx_dropped_inc(dev);
		kfree_skb_reason(skb, SKB_DROP_REASON_SKB_GSO_SEG);
		return NULL;
	}
	if (!segs)
		return skb;
	consume_skb(skb);
	return segs;
}

static struct sk_buff *pass(struct sk_buff *skb, struct net_device *dev)
{
	netdev_features_t features = netif_skb_features(skb);
	enum nmtx_stat reason = check_software(skb, features);

	if (unlikely(reason != NMTX_KEEP))
		return drop(skb, dev, reason);

	nmtx_count(NMTX_STAT_PASS);
	trace_netmem_tx_pass(skb, dev);

	if (skb_vlan_tag_present(skb) &&
	    !vlan_hw_offload_capable(features, skb->vlan_proto)) {
		skb = __vlan_hwaccel_push_inside(skb);
		if (!skb) {
			dev_core_stats_tx_dropped_inc(dev);
			return NULL;
		}
	}
	if (netif_needs_gso(skb, features))
		return finish_gso(skb, dev, features);
	return finish_plain(skb);
}

/**
 * nmtx_validate_xmit_skb - takes the place of validate_xmit_skb()
 * @skb: an unreadable packet; consumed when NULL is returned
 * @dev: the device it is about to leave by
 * @again: not used: software crypto would have to read the packet
 *
 * Behaviour: validate_xmit_unreadable_skb() of Linux 7.2, but no packet that
 * software would have to read, and no mixed one, passes.
 *
 * Context: as validate_xmit_skb().
 * Return: the packet, or a list of segments; NULL when it was dropped.
 */
struct sk_buff *nmtx_validate_xmit_skb(struct sk_buff *skb,
				       struct net_device *dev, bool *again)
{
	enum nmtx_stat reason;

	if (packet_mode(dev) == NETMEM_TX_NO_DMA)
		reason = check_mixed(skb);
	else
		reason = check_dma(skb, dev);
	if (unlikely(reason != NMTX_KEEP))
		return drop(skb, dev, reason);
	return pass(skb, dev);
}
