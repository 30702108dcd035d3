// SPDX-License-Identifier: GPL-2.0
/*
 * Software that would copy or checksum unreadable fragments. skb_segment()
 * does not look: it sends what was in the new buffer before (7.2: zeros), with
 * good checksums. A container can ask for it by switching off tx or sg on its
 * netkit, also below a qdisc that segments (tbf, cake) and from IP output.
 */
#include "netmem_tx.h"

#include <linux/skbuff.h>
#include <net/checksum.h>

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

/**
 * nmtx_copy_and_csum_bits - takes the place of skb_copy_and_csum_bits()
 * @skb: an unreadable packet
 * @offset: where to begin in it
 * @to: where to copy to
 * @len: how much
 *
 * The stock function leaves @to as it was where it cannot read, and sums
 * nothing. ICMP errors about an unreadable packet, which quote it, then have
 * bad checksums, and up to 7.1 carry what was in the buffer before. Here they
 * have zeros, as since Linux 7.2, and a checksum that is right.
 *
 * Context: as skb_copy_and_csum_bits().
 * Return: the checksum of what was copied.
 */
__wsum nmtx_copy_and_csum_bits(const struct sk_buff *skb, int offset, u8 *to,
			       int len)
{
	int copy = clamp((int)skb_headlen(skb) - offset, 0, len);
	__wsum csum = 0;

	if (copy)
		csum = csum_partial_copy_nocheck(skb->data + offset, to, copy);
	memset(to + copy, 0, len - copy);	/* zeros add nothing to the sum */
	return csum;
}

/**
 * nmtx_sigpool_refused - takes the place of tcp_sigpool_hash_skb_data()
 * @hp: not used
 * @skb: an unreadable packet, about to be signed by TCP-MD5 or TCP-AO
 * @header_len: not used
 *
 * The stock function, native ones too, takes the fragments for pages. Any
 * process may ask for it: TCP_MD5SIG needs no privilege.
 *
 * Context: as tcp_sigpool_hash_skb_data(): any.
 * Return: 1: callers write a signature of zeros, and the other end drops the
 * packet.
 */
int nmtx_sigpool_refused(struct tcp_sigpool *hp, const struct sk_buff *skb,
			 unsigned int header_len)
{
	nmtx_count(NMTX_DROP_CHECKSUM);
	return 1;
}

/**
 * nmtx_md5_refused - takes the place of tcp_md5_hash_skb_data()
 * @ctx: not used
 * @skb: an unreadable packet, about to be signed by TCP-MD5
 * @header_len: not used
 *
 * The signature is that of the headers, and the other end drops the packet.
 *
 * Context: as tcp_md5_hash_skb_data(): any.
 */
void nmtx_md5_refused(struct md5_ctx *ctx, const struct sk_buff *skb,
		      unsigned int header_len)
{
	nmtx_count(NMTX_DROP_CHECKSUM);
}
