/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_VALIDATE_H
#define NETMEM_TX_VALIDATE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>

struct md5_ctx;
struct tcp_sigpool;

void nmtx_validate_learn(const struct net_device *dev);
bool nmtx_validate_is_ours(struct sk_buff *skb, const struct net_device *dev);
struct sk_buff *nmtx_validate_xmit_skb(struct sk_buff *skb,
				       struct net_device *dev, bool *again);
bool nmtx_segment_is_ours(const struct sk_buff *skb,
			  netdev_features_t features);
struct sk_buff *nmtx_segment_refused(struct sk_buff *skb,
				     netdev_features_t features);
__wsum nmtx_copy_and_csum_bits(const struct sk_buff *skb, int offset, u8 *to,
			       int len);
int nmtx_sigpool_refused(struct tcp_sigpool *hp, const struct sk_buff *skb,
			 unsigned int header_len);
void nmtx_md5_refused(struct md5_ctx *ctx, const struct sk_buff *skb,
		      unsigned int header_len);

#endif
