// SPDX-License-Identifier: GPL-2.0
/*
 * Segmentation that would copy or checksum unreadable fragments. skb_segment()
 * does not look: it sends what was in the new buffer before (7.2: zeros), with
 * good checksums. A container can ask for it by switching off tx or sg on its
 * netkit, also below a qdisc that segments (tbf, cake) and from IP output.
 */
#include "netmem_tx.h"

#include <linux/skbuff.h>

#include "stats.h"
#include "trace.h"
#include "validate.h"

static bool hw_checksums_segments(const struct sk_buff *skb,
				  netdev_features_t features)
{
	if (features & NETIF_F_HW_CSUM)
		return true;
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return features & NETIF_F_IP_CSUM;
	case htons(ETH_P_IPV6):
		return features & NETIF_F_IPV6_CSUM;
	default:
		return false;
	}
}

/**
 * nmtx_segment_is_ours - would skb_segment() read this packet?
 * @skb: an unreadable packet
 * @features: what the segments may make use of
 *
 * Context: as skb_segment(): any; from ftrace.
 * Return: true when nmtx_segment_refused() has to be called instead.
 */
bool nmtx_segment_is_ours(const struct sk_buff *skb,
			  netdev_features_t features)
{
	return !(features & NETIF_F_SG) ||
	       !hw_checksums_segments(skb, features) ||
	       (skb_has_frag_list(skb) &&
		skb_shinfo(skb)->gso_type & SKB_GSO_DODGY);
}

/**
 * nmtx_segment_refused - takes the place of skb_segment()
 * @skb: an unreadable packet that segmentation would have to read
 * @features: not used
 *
 * Context: as skb_segment().
 * Return: -EOPNOTSUPP as a pointer; callers drop the packet.
 */
struct sk_buff *nmtx_segment_refused(struct sk_buff *skb,
				     netdev_features_t features)
{
	nmtx_count(NMTX_DROP_GSO);
	trace_netmem_tx_drop(skb, skb->dev, NMTX_DROP_GSO);
	return ERR_PTR(-EOPNOTSUPP);
}
