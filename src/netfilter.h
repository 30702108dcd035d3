/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_NETFILTER_H
#define NETMEM_TX_NETFILTER_H

#include <linux/types.h>

struct net;
struct net_device;
struct nf_hook_state;
struct nf_loginfo;
struct sk_buff;

int nmtx_nf_queue_refused(struct sk_buff *skb, struct nf_hook_state *state,
			  unsigned int index, unsigned int verdict);
__printf(8, 9)
void nmtx_nf_log_packet(struct net *net, u8 pf, unsigned int hooknum,
			const struct sk_buff *skb, const struct net_device *in,
			const struct net_device *out,
			const struct nf_loginfo *info, const char *fmt, ...);
__printf(8, 9)
void nmtx_nf_log_trace(struct net *net, u8 pf, unsigned int hooknum,
		       const struct sk_buff *skb, const struct net_device *in,
		       const struct net_device *out,
		       const struct nf_loginfo *info, const char *fmt, ...);

#endif
