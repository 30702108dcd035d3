/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM netmem_tx

#if !defined(NETMEM_TX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NETMEM_TX_TRACE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>

#include "stats.h"

/* Only while an event that tells it is on. */
u32 nmtx_trace_id(const struct sk_buff *skb);

TRACE_DEFINE_ENUM(NMTX_DROP_MIXED);
TRACE_DEFINE_ENUM(NMTX_DROP_OWNER);
TRACE_DEFINE_ENUM(NMTX_DROP_CHECKSUM);
TRACE_DEFINE_ENUM(NMTX_DROP_LINEARIZE);
TRACE_DEFINE_ENUM(NMTX_DROP_GSO);
TRACE_DEFINE_ENUM(NMTX_DROP_CRYPTO);

#define nmtx_show_reason(reason)				\
	__print_symbolic(reason,				\
		{ NMTX_DROP_MIXED, "mixed" },			\
		{ NMTX_DROP_OWNER, "owner" },			\
		{ NMTX_DROP_CHECKSUM, "checksum" },		\
		{ NMTX_DROP_LINEARIZE, "linearize" },		\
		{ NMTX_DROP_GSO, "gso" },			\
		{ NMTX_DROP_CRYPTO, "crypto" })

DECLARE_EVENT_CLASS(netmem_tx_binding,
	TP_PROTO(u32 id, int vdev, int nic),
	TP_ARGS(id, vdev, nic),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, vdev)
		__field(int, nic)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->vdev = vdev;
		__entry->nic = nic;
	),
	TP_printk("id=%u vdev=%d nic=%d",
		  __entry->id, __entry->vdev, __entry->nic)
);

DEFINE_EVENT(netmem_tx_binding, netmem_tx_bind,
	TP_PROTO(u32 id, int vdev, int nic),
	TP_ARGS(id, vdev, nic)
);

DEFINE_EVENT(netmem_tx_binding, netmem_tx_unbind,
	TP_PROTO(u32 id, int vdev, int nic),
	TP_ARGS(id, vdev, nic)
);

TRACE_EVENT(netmem_tx_pass,
	TP_PROTO(const struct sk_buff *skb, const struct net_device *dev),
	TP_ARGS(skb, dev),
	TP_STRUCT__entry(
		__field(const void *, skb)
		__field(int, ifindex)
		__field(unsigned int, len)
		__field(u32, id)
	),
	TP_fast_assign(
		__entry->skb = skb;
		__entry->ifindex = dev->ifindex;
		__entry->len = skb->len;
		__entry->id = nmtx_trace_id(skb);
	),
	TP_printk("skb=%p ifindex=%d len=%u id=%u",
		  __entry->skb, __entry->ifindex, __entry->len, __entry->id)
);

TRACE_EVENT(netmem_tx_drop,
	TP_PROTO(const struct sk_buff *skb, const struct net_device *dev,
		 int reason),
	TP_ARGS(skb, dev, reason),
	TP_STRUCT__entry(
		__field(const void *, skb)
		__field(int, ifindex)
		__field(unsigned int, len)
		__field(int, reason)
	),
	TP_fast_assign(
		__entry->skb = skb;
		__entry->ifindex = dev ? dev->ifindex : 0;
		__entry->len = skb->len;
		__entry->reason = reason;
	),
	TP_printk("skb=%p ifindex=%d len=%u reason=%s",
		  __entry->skb, __entry->ifindex, __entry->len,
		  nmtx_show_reason(__entry->reason))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
