/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nmtx_lab: a NIC driver of the lab for the 82574L that QEMU emulates.
 *
 * It sends device memory, as a vendor's driver does: fragments go to the
 * NIC by their bus address and are never read by the CPU.
 */
#ifndef NMTX_LAB_H
#define NMTX_LAB_H

#include <linux/io.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>

#define LAB_NAME		"nmtx_lab"

#define LAB_TX_DESCS		4096
#define LAB_RX_DESCS		512
#define LAB_RX_BUF		2048
#define LAB_HDR_ROOM		128	/* headers of one TSO segment */
#define LAB_DESC_MAX		SZ_8K	/* bytes in one TX descriptor */
#define LAB_RX_QUEUES		2	/* only queue 0 carries traffic */

/* Registers */
#define LAB_CTRL		0x0000
#define  LAB_CTRL_FD		BIT(0)
#define  LAB_CTRL_SLU		BIT(6)
#define  LAB_CTRL_RST		BIT(26)
#define LAB_STATUS		0x0008
#define  LAB_STATUS_LU		BIT(1)
#define LAB_ICR			0x00c0
#define LAB_ITR			0x00c4
#define LAB_IMS			0x00d0
#define LAB_IMC			0x00d8
#define  LAB_INT_TXDW		BIT(0)
#define  LAB_INT_LSC		BIT(2)
#define  LAB_INT_RXDMT0		BIT(4)
#define  LAB_INT_RXO		BIT(6)
#define  LAB_INT_RXT0		BIT(7)
#define  LAB_INT_ALL		(LAB_INT_TXDW | LAB_INT_LSC | LAB_INT_RXDMT0 | \
				 LAB_INT_RXO | LAB_INT_RXT0)
#define LAB_RCTL		0x0100
#define  LAB_RCTL_EN		BIT(1)
#define  LAB_RCTL_UPE		BIT(3)
#define  LAB_RCTL_MPE		BIT(4)
#define  LAB_RCTL_BAM		BIT(15)
#define  LAB_RCTL_SECRC		BIT(26)
#define LAB_TCTL		0x0400
#define  LAB_TCTL_EN		BIT(1)
#define  LAB_TCTL_PSP		BIT(3)
#define LAB_RDBAL		0x2800
#define LAB_RDBAH		0x2804
#define LAB_RDLEN		0x2808
#define LAB_RDH			0x2810
#define LAB_RDT			0x2818
#define LAB_TDBAL		0x3800
#define LAB_TDBAH		0x3804
#define LAB_TDLEN		0x3808
#define LAB_TDH			0x3810
#define LAB_TDT			0x3818
#define LAB_RXCSUM		0x5000
#define  LAB_RXCSUM_IPOFL	BIT(8)
#define  LAB_RXCSUM_TUOFL	BIT(9)
#define LAB_RAL0		0x5400
#define LAB_RAH0		0x5404

/* TX descriptors: a context one sets offsets, data ones carry bytes */
#define LAB_TXD_DATA		(BIT(20) | BIT(29))
#define LAB_TXD_CONTEXT		BIT(29)
#define LAB_TXD_TCP		BIT(24)	/* context only */
#define LAB_TXD_IPV4		BIT(25)	/* context only */
#define LAB_TXD_EOP		BIT(24)	/* data only, as the next two */
#define LAB_TXD_IFCS		BIT(25)
#define LAB_TXD_RS		BIT(27)
#define LAB_TXD_DD		BIT(0)
#define LAB_TXD_TXSM		BIT(9)	/* insert the TCP or UDP checksum */

/**
 * struct lab_tx_desc - TX descriptor as the NIC reads it
 * @addr: bus address, or the checksum offsets of a context descriptor
 * @cmd: length and command
 * @sts: status and options
 */
struct lab_tx_desc {
	__le64 addr;
	__le32 cmd;
	__le32 sts;
};

#define LAB_RXD_DD		BIT(0)
#define LAB_RXD_EOP		BIT(1)
#define LAB_RXD_IXSM		BIT(2)
#define LAB_RXD_TCPCS		BIT(5)
#define LAB_RXD_BAD_CSUM	(BIT(5) | BIT(6))

/**
 * struct lab_rx_desc - RX descriptor as the NIC writes it
 * @addr: bus address of the buffer
 * @len: received bytes
 * @csum: not used
 * @status: done, end of packet, checksum checked
 * @errors: what was wrong
 * @vlan: not used
 */
struct lab_rx_desc {
	__le64 addr;
	__le16 len;
	__le16 csum;
	u8 status;
	u8 errors;
	__le16 vlan;
};

/**
 * struct lab_tx_buf - what the CPU remembers of one TX descriptor
 * @skb: the packet, in the slot of its first descriptor
 * @last: index of its last descriptor, in the same slot
 * @page: @dma was mapped as a page, not as a single buffer
 * @dma: mapping to undo; 0 for device memory, which is mapped once for all
 * @len: its length
 */
struct lab_tx_buf {
	struct sk_buff *skb;
	u32 last;
	bool page;
	DEFINE_DMA_UNMAP_ADDR(dma);
	DEFINE_DMA_UNMAP_LEN(len);
};

/* Counters that ethtool -S shows; the names are in lab_ethtool.c. */
enum lab_counter {
	LAB_CNT_NETMEM_FRAGS,
	LAB_CNT_NETMEM_BYTES,
	LAB_CNT_TSO,
	LAB_CNT_TSO_SEGS,
	LAB_CNT_CSUM,
	LAB_CNT_BAD_DMA,
	LAB_CNT_MAP_ERRORS,
	LAB_CNT_MAX,
};

/**
 * struct lab_tx - the TX ring
 * @desc: descriptors, shared with the NIC
 * @dma: their bus address
 * @buf: one per descriptor
 * @hdr: header room, LAB_HDR_ROOM bytes per descriptor
 * @hdr_dma: its bus address
 * @head: next descriptor to fill; written by xmit
 * @tail: next descriptor to clean; written by NAPI
 */
struct lab_tx {
	struct lab_tx_desc *desc;
	dma_addr_t dma;
	struct lab_tx_buf *buf;
	u8 *hdr;
	dma_addr_t hdr_dma;
	u32 head;
	u32 tail;
};

/**
 * struct lab_rx - the RX ring
 * @desc: descriptors, shared with the NIC
 * @dma: their bus address
 * @buf: LAB_RX_BUF bytes per descriptor
 * @buf_dma: their bus address
 * @next: next descriptor to read
 */
struct lab_rx {
	struct lab_rx_desc *desc;
	dma_addr_t dma;
	u8 *buf;
	dma_addr_t buf_dma;
	u32 next;
};

/**
 * struct lab - one NIC
 * @netdev: its network device
 * @pdev: its PCI device
 * @regs: its registers
 * @napi: the one NAPI context, for TX and RX
 * @tx: the TX ring
 * @rx: the RX ring
 * @counters: see enum lab_counter; TX lock
 */
struct lab {
	struct net_device *netdev;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct napi_struct napi;
	struct lab_tx tx;
	struct lab_rx rx;
	u64 counters[LAB_CNT_MAX];
};

static inline u32 lab_read(struct lab *lab, u32 reg)
{
	return readl(lab->regs + reg);
}

static inline void lab_write(struct lab *lab, u32 reg, u32 val)
{
	writel(val, lab->regs + reg);
}

int lab_tx_alloc(struct lab *lab);
void lab_tx_free(struct lab *lab);
void lab_tx_start(struct lab *lab);
void lab_tx_clean(struct lab *lab);
netdev_tx_t lab_xmit(struct sk_buff *skb, struct net_device *netdev);

int lab_rx_alloc(struct lab *lab);
void lab_rx_free(struct lab *lab);
void lab_rx_start(struct lab *lab);
int lab_rx_poll(struct lab *lab, int budget);

extern const struct ethtool_ops lab_ethtool_ops;
extern const struct netdev_queue_mgmt_ops lab_queue_mgmt_ops;

#endif /* NMTX_LAB_H */
