// SPDX-License-Identifier: GPL-2.0
/* Tracepoints; perf and bpftrace see them as netmem_tx:*. */
#include "netmem_tx.h"

#include "layout.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * nmtx_trace_id - the dmabuf id of a packet's first fragment
 * @skb: an unreadable packet
 *
 * "nmtx top" counts by it. All fragments of a packet are of one binding when
 * they come from one sendmsg().
 *
 * Context: any.
 * Return: the id; 0 when the fragment is not of a dma-buf.
 */
u32 nmtx_trace_id(const struct sk_buff *skb)
{
	const struct net_iov *niov;
	netmem_ref netmem;

	if (!skb_shinfo(skb)->nr_frags)
		return 0;
	netmem = skb_frag_netmem(&skb_shinfo(skb)->frags[0]);
	if (!netmem_is_net_iov(netmem))
		return 0;
	niov = netmem_to_net_iov(netmem);
	if (niov->type != NET_IOV_DMABUF)
		return 0;
	return nmtx_binding_id(nmtx_niov_binding(niov));
}
