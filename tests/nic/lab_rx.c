// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_lab: receive. Every packet is copied out of a fixed buffer; the lab
 * measures what is sent, not how fast it receives.
 */
#include <linux/etherdevice.h>

#include "lab.h"

/**
 * lab_rx_alloc - get memory for the RX ring
 * @lab: the NIC
 *
 * Return: 0 or -ENOMEM.
 */
int lab_rx_alloc(struct lab *lab)
{
	struct device *dev = &lab->pdev->dev;
	struct lab_rx *rx = &lab->rx;

	rx->next = 0;
	rx->desc = dma_alloc_coherent(dev, LAB_RX_DESCS * sizeof(*rx->desc),
				      &rx->dma, GFP_KERNEL);
	rx->buf = dma_alloc_coherent(dev, LAB_RX_DESCS * LAB_RX_BUF,
				     &rx->buf_dma, GFP_KERNEL);
	if (rx->desc && rx->buf)
		return 0;
	lab_rx_free(lab);
	return -ENOMEM;
}

/**
 * lab_rx_free - give the memory of the RX ring back
 * @lab: the NIC, stopped
 */
void lab_rx_free(struct lab *lab)
{
	struct device *dev = &lab->pdev->dev;
	struct lab_rx *rx = &lab->rx;

	if (rx->desc)
		dma_free_coherent(dev, LAB_RX_DESCS * sizeof(*rx->desc),
				  rx->desc, rx->dma);
	if (rx->buf)
		dma_free_coherent(dev, LAB_RX_DESCS * LAB_RX_BUF, rx->buf,
				  rx->buf_dma);
	rx->desc = NULL;
	rx->buf = NULL;
}

/**
 * lab_rx_start - give all buffers to the NIC and switch reception on
 * @lab: the NIC
 *
 * Address filters stay open; the stack drops what is not for this host.
 */
void lab_rx_start(struct lab *lab)
{
	struct lab_rx *rx = &lab->rx;
	u32 i;

	for (i = 0; i < LAB_RX_DESCS; i++) {
		rx->desc[i].addr = cpu_to_le64(rx->buf_dma + i * LAB_RX_BUF);
		rx->desc[i].status = 0;
	}
	lab_write(lab, LAB_RDBAL, lower_32_bits(rx->dma));
	lab_write(lab, LAB_RDBAH, upper_32_bits(rx->dma));
	lab_write(lab, LAB_RDLEN, LAB_RX_DESCS * sizeof(*rx->desc));
	lab_write(lab, LAB_RDH, 0);
	lab_write(lab, LAB_RXCSUM, LAB_RXCSUM_IPOFL | LAB_RXCSUM_TUOFL);
	lab_write(lab, LAB_RCTL, LAB_RCTL_EN | LAB_RCTL_UPE | LAB_RCTL_MPE |
		  LAB_RCTL_BAM | LAB_RCTL_SECRC);
	lab_write(lab, LAB_RDT, LAB_RX_DESCS - 1);
}

static void lab_rx_one(struct lab *lab, struct lab_rx_desc *desc, u32 i)
{
	struct net_device *netdev = lab->netdev;
	u32 len = le16_to_cpu(desc->len);
	struct sk_buff *skb;

	if (!(desc->status & LAB_RXD_EOP) || len < ETH_HLEN ||
	    len > LAB_RX_BUF) {
		dev_core_stats_rx_dropped_inc(netdev);
		return;
	}
	skb = napi_alloc_skb(&lab->napi, len);
	if (!skb) {
		dev_core_stats_rx_dropped_inc(netdev);
		return;
	}
	skb_put_data(skb, lab->rx.buf + i * LAB_RX_BUF, len);
	if ((netdev->features & NETIF_F_RXCSUM) &&
	    (desc->status & LAB_RXD_TCPCS) && !(desc->status & LAB_RXD_IXSM) &&
	    !(desc->errors & LAB_RXD_BAD_CSUM))
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->protocol = eth_type_trans(skb, netdev);
	skb_record_rx_queue(skb, 0);
	dev_sw_netstats_rx_add(netdev, len);
	napi_gro_receive(&lab->napi, skb);
}

/**
 * lab_rx_poll - hand received packets to the stack
 * @lab: the NIC
 * @budget: how many at most
 *
 * Context: NAPI.
 * Return: how many.
 */
int lab_rx_poll(struct lab *lab, int budget)
{
	struct lab_rx *rx = &lab->rx;
	int done = 0;

	while (done < budget) {
		u32 i = rx->next;
		struct lab_rx_desc *desc = &rx->desc[i];

		if (!(READ_ONCE(desc->status) & LAB_RXD_DD))
			break;
		dma_rmb(); /* the rest of it was written before DD */
		lab_rx_one(lab, desc, i);
		desc->status = 0;
		rx->next = (i + 1) % LAB_RX_DESCS;
		wmb(); /* the NIC may own it only after that */
		lab_write(lab, LAB_RDT, i);
		done++;
	}
	return done;
}
