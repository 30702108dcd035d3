// SPDX-License-Identifier: GPL-2.0
/*
 * Netfilter hands packets to user space, and up to 7.0 reads them for it:
 * nfnetlink_log ends in a BUG() where it cannot, and nfnetlink_queue with
 * NFQA_CFG_F_GSO gives out the fragments as if they were pages. Root of a
 * container may ask for both in its own network namespace. Since 7.1 user
 * space gets the headers only.
 */
#include "netmem_tx.h"

#include <linux/skbuff.h>
#include <net/netfilter/nf_log.h>

#include "netfilter.h"
#include "stats.h"
#include "trace.h"

/**
 * nmtx_nf_queue_refused - takes the place of nf_queue()
 * @skb: an unreadable packet; consumed
 * @state: not used
 * @index: not used
 * @verdict: not used
 *
 * Since 7.1 the headers are queued. Here the packet is dropped: what is queued
 * has to be the packet itself.
 *
 * Context: as nf_queue(): RCU read side, bottom halves may be off.
 * Return: 0: the packet does not go on.
 */
int nmtx_nf_queue_refused(struct sk_buff *skb, struct nf_hook_state *state,
			  unsigned int index, unsigned int verdict)
{
	nmtx_count(NMTX_DROP_LINEARIZE);
	trace_netmem_tx_drop(skb, skb->dev, NMTX_DROP_LINEARIZE);
	kfree_skb(skb);
	return 0;
}

/* A packet of the linear part alone; NULL without memory. */
static struct sk_buff *headers_of(const struct sk_buff *skb)
{
	unsigned int headroom = skb_headroom(skb), len = skb_headlen(skb);
	struct sk_buff *copy = alloc_skb(headroom + len, GFP_ATOMIC);

	if (!copy)
		return NULL;
	skb_reserve(copy, headroom);
	skb_put(copy, len);
	skb_copy_from_linear_data_offset(skb, -(int)headroom, copy->head,
					 headroom + len);
	skb_copy_header(copy, skb);
	copy->unreadable = 0;
	copy->sk = skb->sk;	/* loggers tell its user; no reference */
	return copy;
}

/* What the stock functions would do, with the headers alone. */
__printf(9, 0)
static void log_headers(bool trace, struct net *net, u8 pf,
			unsigned int hooknum, const struct sk_buff *skb,
			const struct net_device *in,
			const struct net_device *out,
			const struct nf_loginfo *info, const char *fmt,
			va_list args)
{
	struct sk_buff *copy = headers_of(skb);
	char prefix[NF_LOG_PREFIXLEN];

	if (!copy)
		return;
	vsnprintf(prefix, sizeof(prefix), fmt, args);
	/* This time our hook lets it pass. */
	if (trace)
		nf_log_trace(net, pf, hooknum, copy, in, out, info, "%s", prefix);
	else
		nf_log_packet(net, pf, hooknum, copy, in, out, info, "%s", prefix);
	copy->sk = NULL;
	consume_skb(copy);
}

/**
 * nmtx_nf_log_packet - takes the place of nf_log_packet()
 * @net: see there
 * @pf: see there
 * @hooknum: see there
 * @skb: an unreadable packet; its headers are logged, as since 7.1
 * @in: see there
 * @out: see there
 * @info: see there
 * @fmt: prefix in the log
 *
 * Context: as nf_log_packet(): any.
 */
void nmtx_nf_log_packet(struct net *net, u8 pf, unsigned int hooknum,
			const struct sk_buff *skb, const struct net_device *in,
			const struct net_device *out,
			const struct nf_loginfo *info, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_headers(false, net, pf, hooknum, skb, in, out, info, fmt, args);
	va_end(args);
}

/**
 * nmtx_nf_log_trace - takes the place of nf_log_trace()
 * @net: see there
 * @pf: see there
 * @hooknum: see there
 * @skb: an unreadable packet; its headers are logged, as since 7.1
 * @in: see there
 * @out: see there
 * @info: see there
 * @fmt: prefix in the log
 *
 * Context: as nf_log_trace(): any.
 */
void nmtx_nf_log_trace(struct net *net, u8 pf, unsigned int hooknum,
		       const struct sk_buff *skb, const struct net_device *in,
		       const struct net_device *out,
		       const struct nf_loginfo *info, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_headers(true, net, pf, hooknum, skb, in, out, info, fmt, args);
	va_end(args);
}
