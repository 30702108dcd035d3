// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_lab: transmit.
 *
 * A packet is a list of pieces of bus memory: its linear part and its
 * fragments. The CPU reads and writes headers only; everything else is known
 * by bus address alone, so device memory needs no case of its own beyond the
 * unmap. TSO is done here, on bus addresses: each segment gets its own header
 * from the header room and slices of the pieces. (QEMU up to 7.2 turns TSO of
 * the 82574 into IP fragments, and knows none for IPv6.)
 *
 *	pieces:    [ linear ][ frag 0 ][      frag 1      ][ frag 2 ]
 *	segments:  H[-----------]H[-----------]H[-----------]H[-----]
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/netdev_queues.h>
#include <net/netmem.h>

#include "lab.h"

/* In a domain of the IOMMU nothing of ours is mapped so low. */
#define LAB_BAD_ADDR	0x100000

static uint bad_dma;
module_param(bad_dma, uint, 0644);
MODULE_PARM_DESC(bad_dma, "let the next N packets with fragments be read from a bus address that is not mapped");

struct lab_piece {
	dma_addr_t dma;
	u32 len;
};

/*
 * One packet on its way into the ring. @next is the descriptor to fill next,
 * @piece and @off say where the next byte comes from.
 */
struct lab_packet {
	struct lab_piece pieces[MAX_SKB_FRAGS + 1];
	u32 nr_pieces;
	u32 first;
	u32 next;
	u32 sts;
	u32 piece;
	u32 off;
};

/**
 * lab_tx_alloc - get memory for the TX ring
 * @lab: the NIC
 *
 * Return: 0 or -ENOMEM.
 */
int lab_tx_alloc(struct lab *lab)
{
	struct device *dev = &lab->pdev->dev;
	struct lab_tx *tx = &lab->tx;

	tx->head = 0;
	tx->tail = 0;
	tx->desc = dma_alloc_coherent(dev, LAB_TX_DESCS * sizeof(*tx->desc),
				      &tx->dma, GFP_KERNEL);
	tx->hdr = dma_alloc_coherent(dev, LAB_TX_DESCS * LAB_HDR_ROOM,
				     &tx->hdr_dma, GFP_KERNEL);
	tx->buf = kvcalloc(LAB_TX_DESCS, sizeof(*tx->buf), GFP_KERNEL);
	if (tx->desc && tx->hdr && tx->buf)
		return 0;
	lab_tx_free(lab);
	return -ENOMEM;
}

static void lab_tx_unmap(struct lab *lab, struct lab_tx_buf *buf)
{
	struct device *dev = &lab->pdev->dev;

	if (!dma_unmap_len(buf, len))
		return;
	if (buf->page)
		netmem_dma_unmap_page_attrs(dev, dma_unmap_addr(buf, dma),
					    dma_unmap_len(buf, len),
					    DMA_TO_DEVICE, 0);
	else
		dma_unmap_single(dev, dma_unmap_addr(buf, dma),
				 dma_unmap_len(buf, len), DMA_TO_DEVICE);
	dma_unmap_len_set(buf, len, 0);
}

/* Undo the mappings kept in slots @first up to, not including, @end. */
static void lab_tx_unmap_slots(struct lab *lab, u32 first, u32 end)
{
	for (; first != end; first = (first + 1) % LAB_TX_DESCS)
		lab_tx_unmap(lab, &lab->tx.buf[first]);
}

/**
 * lab_tx_free - free the packets in the TX ring and its memory
 * @lab: the NIC, stopped
 */
void lab_tx_free(struct lab *lab)
{
	struct device *dev = &lab->pdev->dev;
	struct lab_tx *tx = &lab->tx;
	u32 i;

	netdev_reset_queue(lab->netdev);
	for (i = 0; tx->buf && i < LAB_TX_DESCS; i++) {
		lab_tx_unmap(lab, &tx->buf[i]);
		dev_kfree_skb_any(tx->buf[i].skb);
	}
	if (tx->desc)
		dma_free_coherent(dev, LAB_TX_DESCS * sizeof(*tx->desc),
				  tx->desc, tx->dma);
	if (tx->hdr)
		dma_free_coherent(dev, LAB_TX_DESCS * LAB_HDR_ROOM, tx->hdr,
				  tx->hdr_dma);
	kvfree(tx->buf);
	tx->desc = NULL;
	tx->hdr = NULL;
	tx->buf = NULL;
}

/**
 * lab_tx_start - tell the NIC of the TX ring and switch sending on
 * @lab: the NIC
 */
void lab_tx_start(struct lab *lab)
{
	struct lab_tx *tx = &lab->tx;

	lab_write(lab, LAB_TDBAL, lower_32_bits(tx->dma));
	lab_write(lab, LAB_TDBAH, upper_32_bits(tx->dma));
	lab_write(lab, LAB_TDLEN, LAB_TX_DESCS * sizeof(*tx->desc));
	lab_write(lab, LAB_TDH, 0);
	lab_write(lab, LAB_TDT, 0);
	lab_write(lab, LAB_TCTL, LAB_TCTL_EN | LAB_TCTL_PSP);
}

static u32 lab_tx_room(const struct lab_tx *tx)
{
	u32 used = READ_ONCE(tx->head) - READ_ONCE(tx->tail);

	return LAB_TX_DESCS - 1 - used % LAB_TX_DESCS;
}

/**
 * lab_tx_clean - free the packets that the NIC has sent
 * @lab: the NIC
 *
 * Context: NAPI.
 */
void lab_tx_clean(struct lab *lab)
{
	struct net_device *netdev = lab->netdev;
	struct lab_tx *tx = &lab->tx;
	u32 pkts = 0, bytes = 0, tail = tx->tail;

	/* Pairs with the release in lab_tx_post(): the slots are filled. */
	while (tail != smp_load_acquire(&tx->head)) {
		struct lab_tx_buf *buf = &tx->buf[tail];
		struct lab_tx_desc *last = &tx->desc[buf->last];
		u32 end = (buf->last + 1) % LAB_TX_DESCS;

		if (!(READ_ONCE(last->sts) & cpu_to_le32(LAB_TXD_DD)))
			break;
		lab_tx_unmap_slots(lab, tail, end);
		bytes += buf->skb->len;
		pkts++;
		napi_consume_skb(buf->skb, 1);
		buf->skb = NULL;
		tail = end;
	}
	/* The slots are empty before xmit may fill them again. */
	smp_store_release(&tx->tail, tail);
	netif_subqueue_completed_wake(netdev, 0, pkts, bytes, lab_tx_room(tx),
				      LAB_TX_DESCS / 2);
}

/* An upper bound for the descriptors that the packet needs. */
static u32 lab_tx_descs(const struct sk_buff *skb)
{
	u32 segs = 1;

	if (skb_is_gso(skb))
		segs = DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) + 1;
	return 1 + 2 * segs + skb_shinfo(skb)->nr_frags + 1 +
	       skb->len / LAB_DESC_MAX;
}

static int lab_tx_map_frag(struct lab *lab, struct lab_packet *pkt,
			   const skb_frag_t *frag)
{
	u32 slot = (pkt->first + pkt->nr_pieces) % LAB_TX_DESCS;
	struct lab_piece *piece = &pkt->pieces[pkt->nr_pieces];
	struct lab_tx_buf *buf = &lab->tx.buf[slot];

	piece->len = skb_frag_size(frag);
	piece->dma = skb_frag_dma_map(&lab->pdev->dev, frag, 0, piece->len,
				      DMA_TO_DEVICE);
	if (dma_mapping_error(&lab->pdev->dev, piece->dma))
		return -ENOMEM;
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), buf, dma, piece->dma);
	dma_unmap_len_set(buf, len, piece->len);
	buf->page = true;
	pkt->nr_pieces++;
	if (skb_frag_is_net_iov(frag)) {
		lab->counters[LAB_CNT_NETMEM_FRAGS]++;
		lab->counters[LAB_CNT_NETMEM_BYTES] += piece->len;
	}
	return 0;
}

/* The mapping of piece N is remembered in the Nth slot of the packet. */
static int lab_tx_map(struct lab *lab, struct lab_packet *pkt,
		      struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	struct lab_tx_buf *buf = &lab->tx.buf[pkt->first];
	struct lab_piece *head = &pkt->pieces[0];
	int i;

	head->len = skb_headlen(skb);
	head->dma = dma_map_single(&lab->pdev->dev, skb->data, head->len,
				   DMA_TO_DEVICE);
	if (dma_mapping_error(&lab->pdev->dev, head->dma))
		return -ENOMEM;
	dma_unmap_addr_set(buf, dma, head->dma);
	dma_unmap_len_set(buf, len, head->len);
	buf->page = false;
	pkt->nr_pieces = 1;

	for (i = 0; i < shinfo->nr_frags; i++)
		if (lab_tx_map_frag(lab, pkt, &shinfo->frags[i]))
			return -ENOMEM;

	if (unlikely(bad_dma) && pkt->nr_pieces > 1) {
		pkt->pieces[1].dma = LAB_BAD_ADDR;
		lab->counters[LAB_CNT_BAD_DMA]++;
		bad_dma--;
	}
	return 0;
}

static void lab_tx_desc(struct lab *lab, struct lab_packet *pkt,
			u64 addr, u32 cmd, u32 sts)
{
	struct lab_tx_desc *desc = &lab->tx.desc[pkt->next];

	desc->addr = cpu_to_le64(addr);
	desc->cmd = cpu_to_le32(cmd);
	desc->sts = cpu_to_le32(sts);
	pkt->next = (pkt->next + 1) % LAB_TX_DESCS;
}

/* Tell the NIC where the TCP or UDP checksum goes. */
static void lab_tx_csum(struct lab *lab, struct lab_packet *pkt,
			const struct sk_buff *skb)
{
	u32 start = skb_checksum_start_offset(skb);
	u32 cmd = LAB_TXD_CONTEXT;
	u64 offsets;

	offsets = (u64)(start | (start + skb->csum_offset) << 8) << 32;
	if (vlan_get_protocol(skb) == htons(ETH_P_IP)) {
		u32 ip = skb_network_offset(skb);

		cmd |= LAB_TXD_IPV4;
		offsets |= ip | (ip + offsetof(struct iphdr, check)) << 8 |
			   (start - 1) << 16;
	}
	if (skb->csum_offset == offsetof(struct tcphdr, check))
		cmd |= LAB_TXD_TCP;
	lab_tx_desc(lab, pkt, offsets, cmd, 0);
	pkt->sts = LAB_TXD_TXSM;
	lab->counters[LAB_CNT_CSUM]++;
}

/* Take the next @len bytes of the pieces; they end an Ethernet frame. */
static void lab_tx_take(struct lab *lab, struct lab_packet *pkt, u32 len)
{
	while (len) {
		const struct lab_piece *piece = &pkt->pieces[pkt->piece];
		u32 n = min3(len, piece->len - pkt->off, (u32)LAB_DESC_MAX);
		u32 cmd = LAB_TXD_DATA | LAB_TXD_IFCS | n;

		if (!n) {
			pkt->piece++;
			pkt->off = 0;
			continue;
		}
		len -= n;
		if (!len)
			cmd |= LAB_TXD_EOP;
		lab_tx_desc(lab, pkt, piece->dma + pkt->off, cmd, pkt->sts);
		pkt->off += n;
	}
}

/* Write the header of the segment of @len bytes at @off of the payload. */
static void lab_tso_header(const struct sk_buff *skb, u8 *hdr, u32 hdr_len,
			   u32 off, u32 len, bool last)
{
	u32 tcp_off = skb_transport_offset(skb);
	u8 *l3 = hdr + skb_network_offset(skb);
	struct tcphdr *th = (void *)(hdr + tcp_off);
	u32 tcp_len = hdr_len - tcp_off + len;

	memcpy(hdr, skb->data, hdr_len);
	th->seq = htonl(ntohl(th->seq) + off);
	if (off)
		th->cwr = 0;
	if (!last) {
		th->fin = 0;
		th->psh = 0;
	}
	if (skb_shinfo(skb)->gso_type & SKB_GSO_TCPV4) {
		struct iphdr *ip = (void *)l3;

		ip->tot_len = htons(hdr + hdr_len - l3 + len);
		ip->id = htons(ntohs(ip->id) + off / skb_shinfo(skb)->gso_size);
		ip_send_check(ip);
		th->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, tcp_len,
					       IPPROTO_TCP, 0);
	} else {
		struct ipv6hdr *ip6 = (void *)l3;

		ip6->payload_len = htons(hdr + hdr_len - l3 - sizeof(*ip6) +
					 len);
		th->check = ~csum_ipv6_magic(&ip6->saddr, &ip6->daddr, tcp_len,
					     IPPROTO_TCP, 0);
	}
}

/*
 * Where the header of the segment that begins at the next slot goes: the room
 * of that slot or of the one after it, which is the segment's too, whichever is
 * odd. Then the address ends in 0x80. The kernel's memcpy() compares the last
 * bytes of its two addresses as signed numbers and copies backward, with four
 * instructions more, when that of the source is below: never, with 0x80. Else a
 * packet of 45 segments cost up to 96 more by where its header happened to lie.
 */
static u32 lab_tso_room(const struct lab_packet *pkt)
{
	BUILD_BUG_ON(LAB_HDR_ROOM != 0x80 || LAB_TX_DESCS % 2);
	return (pkt->next | 1) * LAB_HDR_ROOM;
}

static void lab_tx_tso(struct lab *lab, struct lab_packet *pkt,
		       const struct sk_buff *skb)
{
	u32 hdr_len = skb_tcp_all_headers(skb);
	u32 mss = skb_shinfo(skb)->gso_size;
	u32 payload = skb->len - hdr_len;
	u32 off, len;

	pkt->off = hdr_len;
	for (off = 0; off < payload; off += len) {
		u32 room = lab_tso_room(pkt);

		len = min(mss, payload - off);
		lab_tso_header(skb, lab->tx.hdr + room, hdr_len, off, len,
			       off + len == payload);
		lab_tx_desc(lab, pkt, lab->tx.hdr_dma + room,
			    LAB_TXD_DATA | LAB_TXD_IFCS | hdr_len, pkt->sts);
		lab_tx_take(lab, pkt, len);
		lab->counters[LAB_CNT_TSO_SEGS]++;
	}
	lab->counters[LAB_CNT_TSO]++;
}

/* Put a mapped packet into the ring and ring the bell. */
static void lab_tx_post(struct lab *lab, struct lab_packet *pkt,
			struct sk_buff *skb)
{
	struct lab_tx *tx = &lab->tx;
	u32 last;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		lab_tx_csum(lab, pkt, skb);
	if (skb_is_gso(skb))
		lab_tx_tso(lab, pkt, skb);
	else
		lab_tx_take(lab, pkt, skb->len);

	last = (pkt->next + LAB_TX_DESCS - 1) % LAB_TX_DESCS;
	tx->desc[last].cmd |= cpu_to_le32(LAB_TXD_RS);
	tx->buf[pkt->first].skb = skb;
	tx->buf[pkt->first].last = last;
	netdev_sent_queue(lab->netdev, skb->len);
	/* The slots are filled before lab_tx_clean() looks at them. */
	smp_store_release(&tx->head, pkt->next);
	wmb(); /* descriptors before the doorbell */
	lab_write(lab, LAB_TDT, pkt->next);
}

/**
 * lab_xmit - ndo_start_xmit
 * @skb: the packet
 * @netdev: the device
 *
 * Context: under the TX lock.
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY when the ring is full.
 */
netdev_tx_t lab_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct lab *lab = netdev_priv(netdev);
	u32 need = lab_tx_descs(skb), len = skb->len;
	struct lab_packet pkt = {
		.first = lab->tx.head,
		.next = lab->tx.head,
	};

	if (unlikely(need > LAB_TX_DESCS / 2))
		goto drop;
	if (!netif_subqueue_maybe_stop(netdev, 0, lab_tx_room(&lab->tx), need,
				       LAB_TX_DESCS / 2))
		return NETDEV_TX_BUSY;

	if (lab_tx_map(lab, &pkt, skb)) {
		lab_tx_unmap_slots(lab, pkt.first,
				   (pkt.first + pkt.nr_pieces) % LAB_TX_DESCS);
		lab->counters[LAB_CNT_MAP_ERRORS]++;
		goto drop;
	}
	lab_tx_post(lab, &pkt, skb);
	dev_sw_netstats_tx_add(netdev, 1, len);
	return NETDEV_TX_OK;

drop:
	dev_kfree_skb_any(skb);
	dev_core_stats_tx_dropped_inc(netdev);
	return NETDEV_TX_OK;
}
